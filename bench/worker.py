"""The worker of one side, in a process of its own, so that its CPU is that side's alone.

It ends when its input does. On its output it says `ready`, and then the incident of each announced ask, as a pager
would: so nobody has to poll for what is to be signed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
)

from activities.assembly import Assembly, assemble
from bench.by_hand import TakeoverByHand
from bench.job import BOOK, SIDES, Side
from firedoor.installation import Installation
from firedoor.people.signatures import KeyRing
from firedoor.protocol import NotifyOrder
from worker import CACHED_RUNS
from workflows import trust
from workflows.incident import IncidentWorkflow

READY: Final = "ready"

CLASSES: Final[dict[Side, type]] = {"compiled": IncidentWorkflow, "by hand": TakeoverByHand}

Announce = Callable[[str], None]


class Pager(Interceptor):
    """Tells of each ask that has been announced."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Paging(next, self._announce)


class _Paging(ActivityInboundInterceptor):
    def __init__(self, next_: ActivityInboundInterceptor, announce: Announce) -> None:
        super().__init__(next_)
        self._announce = announce

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        result = await super().execute_activity(input)
        order = input.args[0] if input.args else None
        if isinstance(order, NotifyOrder) and order.urgent:
            self._announce(order.incident)
        return result


def make_worker(client: Client, side: Side, queue: str, assembly: Assembly, announce: Announce) -> Worker:
    """As Firedoor's own worker, with one side's workflow alone."""
    return Worker(
        client,
        task_queue=queue,
        workflows=[CLASSES[side]],
        activities=assembly.activities,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=CACHED_RUNS,
        interceptors=[Pager(announce)],
    )


async def serve(side: Side, address: str, queue: str, installation: Installation) -> None:
    trust.believe(KeyRing.load(installation.key_ring))
    assembly = assemble(BOOK, installation)
    if "memory" in assembly.problems:
        raise SystemExit(assembly.problems["memory"])
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), over.set)
    try:
        async with make_worker(client, side, queue, assembly, _say):
            _say(READY)
            await over.wait()
    finally:
        await assembly.close()


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())  # in one piece, whichever thread says it


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.worker")
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("address")
    parser.add_argument("queue")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(given.side, given.address, given.queue, Installation(given.folder)))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
