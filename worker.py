"""The Temporal worker: connect, build connectors, register, run; nothing else.

It reads where it belongs from the environment: TEMPORAL_ADDRESS or a profile (temporalio.envconfig), FIREDOOR_HOME,
FIREDOOR_BOOK, FIREDOOR_DATABASE_URL, and what the connectors name.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import workflows
from activities.assembly import Assembly, assemble
from firedoor.installation import BOOK, Installation
from firedoor.people.signatures import KeyRing
from firedoor.protocol import TASK_QUEUE
from workflows import crossing, trust
from workflows.incident import IncidentWorkflow
from workflows.review import ReviewWorkflow

log = structlog.get_logger("firedoor.worker")

CACHED_RUNS = 1_000
"""Runs that are kept in memory, about 100 KiB each; one that is not is replayed when something happens to it."""
MOST_EVENTS = "FIREDOOR_MOST_EVENTS"
"""Events after which a run crosses into a fresh history; for tests. It must not change while runs are open."""


def check_beside() -> None:
    """`workflows` is a common name: refuse to run another one than that beside this file."""
    beside = Path(__file__).resolve().parent / "workflows"
    found = Path(str(workflows.__file__)).resolve().parent
    if found != beside:
        sys.exit(f"the workflows that were imported are those of {found}, not of {beside}; mend the PYTHONPATH")


async def run(stop: asyncio.Event) -> None:
    """Work until `stop` is set; then finish what is under way."""
    installation = Installation.here()
    trust.believe(KeyRing.load(installation.key_ring))
    if events := os.environ.get(MOST_EVENTS):
        crossing.BOUNDS.events = int(events)
    async with contextlib.AsyncExitStack() as stack:
        assembly = assemble(Path(os.environ[BOOK]), installation)
        stack.push_async_callback(assembly.close)
        for name, problem in assembly.problems.items():
            log.warning("a connector is not set up", connector=name, problem=problem)
        connection = ClientConfig.load_client_connect_config()
        connection.setdefault("target_host", "127.0.0.1:7233")
        client = await Client.connect(**connection, data_converter=pydantic_data_converter)
        async with worker(client, assembly):
            log.info("working", task_queue=TASK_QUEUE, connectors=sorted(assembly.connectors))
            await stop.wait()
            log.info("stopping")


def worker(client: Client, assembly: Assembly) -> Worker:
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[IncidentWorkflow, ReviewWorkflow],
        activities=assembly.activities,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=CACHED_RUNS,
    )


def main() -> None:
    check_beside()
    stop = asyncio.Event()

    async def until_told() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await run(stop)

    try:
        import uvloop
    except ImportError:
        asyncio.run(until_told())
    else:
        uvloop.run(until_told())


if __name__ == "__main__":
    main()
