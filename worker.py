"""The Temporal worker: connect, build connectors, register, run; nothing else.

It reads where it belongs from the environment: TEMPORAL_ADDRESS or a profile (temporalio.envconfig), FIREDOOR_HOME,
FIREDOOR_BOOK, FIREDOOR_DATABASE_URL, and what the connectors name.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from typing_extensions import override

import workflows
from activities.assembly import Assembly, NoOrganization, assemble
from activities.rehearsing import Rehearsing
from firedoor.compiler.book import load_book
from firedoor.installation import BOOK, HOME, REHEARSAL, Installation
from firedoor.payloads import PayloadKeyFile, UnusablePayloadKeys, sealing_converter
from firedoor.people.signatures import KeyRing, UnusableKey
from firedoor.protocol import TASK_QUEUE
from workflows import trust
from workflows.incident import IncidentWorkflow
from workflows.review import ReviewWorkflow

log = structlog.get_logger("firedoor.worker")

CACHED_RUNS = 1_000
"""Runs that are kept in memory, about 100 KiB each; one that is not is replayed when something happens to it."""
HEARTBEATS = timedelta(seconds=1)
"""At most this long a heartbeat is held back: an act hears of a stop, and its worker's death is seen, that much sooner."""
WRONG_USAGE = 2


class NotSetUp(Exception):
    """Something that the worker needs is not there. Its text says what, and what to do."""


def check_beside() -> None:
    """`workflows` is a common name: refuse to run another one than that beside this file."""
    beside = Path(__file__).resolve().parent / "workflows"
    found = Path(str(workflows.__file__)).resolve().parent
    if found != beside:
        sys.exit(f"the workflows that were imported are those of {found}, not of {beside}; mend the PYTHONPATH")


async def run(stop: asyncio.Event) -> None:
    """Work until `stop` is set; then finish what is under way."""
    installation = Installation.here()
    trust.believe(believed(installation))
    async with contextlib.AsyncExitStack() as stack:
        assembly = assembled(installation)
        stack.push_async_callback(assembly.close)
        for name, problem in assembly.problems.items():
            log.warning("a connector is not set up", connector=name, problem=problem)
        client = await connected(sealing(installation))
        async with worker(client, assembly):
            log.info("working", task_queue=TASK_QUEUE, connectors=sorted(assembly.connectors))
            await stop.wait()
            log.info("stopping")


def believed(installation: Installation) -> KeyRing:
    """The public keys of the front doors. Raises NotSetUp."""
    path = installation.key_ring
    try:
        ring = KeyRing.load(path)
    except FileNotFoundError:
        raise NotSetUp(
            f"there is no key ring at {path}: start `firedoor up` once, or copy keys/believed.json from the front door's"
            f" folder; {HOME} names the folder"
        ) from None
    except (UnusableKey, OSError) as error:
        raise NotSetUp(f"the key ring cannot be read: {error}; copy it anew from the front door's folder") from error
    if not len(ring):
        raise NotSetUp(f"the key ring at {path} has no key: copy it anew from the front door's folder")
    return ring


def assembled(installation: Installation) -> Assembly | Rehearsing:
    """The real activities, or those of a rehearsal. Raises NotSetUp."""
    named = os.environ.get(BOOK)
    if not named:
        raise NotSetUp(f"it is not said which book it works for: name the book's folder in {BOOK}")
    book = Path(named)
    if not book.is_dir():
        raise NotSetUp(f"there is no book at {book}: name its folder in {BOOK}")
    if houses := os.environ.get(REHEARSAL):
        return Rehearsing(Path(houses), load_book(book), believed(installation))
    try:
        return assemble(book, installation)
    except NoOrganization as error:
        raise NotSetUp(str(error)) from error


def sealing(installation: Installation) -> DataConverter:
    """What the front door seals, its workers open. Raises NotSetUp."""
    path = installation.payload_keys
    try:
        return sealing_converter(PayloadKeyFile(path))
    except FileNotFoundError:
        raise NotSetUp(
            f"there are no payload keys at {path}: start `firedoor up` once, or copy keys/payloads.json from the front"
            f" door's folder; {HOME} names the folder"
        ) from None
    except (UnusablePayloadKeys, OSError) as error:
        raise NotSetUp(f"the payload keys cannot be read: {error}") from error


async def connected(converter: DataConverter) -> Client:
    """Raises NotSetUp."""
    connection = ClientConfig.load_client_connect_config()
    connection.setdefault("target_host", "127.0.0.1:7233")
    try:
        return await Client.connect(**connection, data_converter=converter)
    except RuntimeError as error:
        at = connection["target_host"]
        raise NotSetUp(
            f"no Temporal server can be reached at {at}: start it, or name it in TEMPORAL_ADDRESS"
        ) from error


def worker(client: Client, assembly: Assembly | Rehearsing) -> Worker:
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[IncidentWorkflow, ReviewWorkflow],
        activities=assembly.activities,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=CACHED_RUNS,
        max_heartbeat_throttle_interval=HEARTBEATS,
    )


class ToldInALine(logging.Filter):
    """What an act could not do and says in words (a channel that is not set up) is an outcome that the run hears of: a
    line in the log, and no traceback."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, ApplicationError):
            record.msg, record.args, record.exc_info = "%s: %s: %s", (record.msg, error.type, error.message), None
        return True


def main() -> None:
    check_beside()
    logging.getLogger("temporalio.activity").addFilter(ToldInALine())
    stop = asyncio.Event()

    async def until_told() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await run(stop)

    try:
        _loop()(until_told())
    except NotSetUp as error:
        sys.stderr.write(f"The worker cannot start: {error}.\n")
        sys.exit(WRONG_USAGE)


def _loop() -> Callable[[Coroutine[Any, Any, None]], None]:
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


if __name__ == "__main__":
    main()
