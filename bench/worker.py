"""The worker of one side, in a process of its own, so that its CPU is that side's alone.

It ends when its input does. On its output it says `ready`, and then the incident of each announced ask, as a pager
would: so nobody has to poll for what is to be signed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
)

from activities.containing import Containing, Verify
from bench.by_hand import TakeoverByHand
from bench.job import SIDES, Side
from bench.notifying import Doubles
from firedoor.connectors.memory import MemoryPlatform
from firedoor.people import warrants
from firedoor.people.signatures import KeyRing
from firedoor.protocol import ContainOrder, NotifyOrder, Order
from firedoor.records.all import Records, open_records
from workflows import trust
from workflows.incident import IncidentWorkflow

RECORDS: Final = "records.sqlite3"
KEYS: Final = "believed.json"
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


def make_worker(client: Client, side: Side, queue: str, records: Records, ring: KeyRing, announce: Announce) -> Worker:
    """Both sides get the same worker, but for the workflow."""
    trust.believe(ring)
    return Worker(
        client,
        task_queue=queue,
        workflows=[CLASSES[side]],
        activities=activities(records, ring),
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=[Pager(announce)],
    )


def activities(records: Records, ring: KeyRing) -> Sequence[Callable[..., Any]]:
    platforms = {"memory": MemoryPlatform()}
    containing = Containing(platforms, records.ledger, records.timeline, verifier(records, ring))
    doubles = Doubles(records)
    return [containing.contain, containing.release, containing.read, doubles.notify, doubles.record]


def verifier(records: Records, ring: KeyRing) -> Verify:
    """The check that every act makes, against the plan that the launch was signed for."""

    def verify(order: Order) -> None:
        plan = records.plans.get(warrants.launch_of(order, ring).plan)
        if plan is None or not isinstance(order, ContainOrder):
            raise warrants.Unwarranted("the bench launched no such plan, or asks for no such act")
        entries = records.ledger.of_step(order.incident, order.step)
        acted = {entry.target for entry in entries}
        warrants.check_act(plan, order, ring, activity.info().started_time, acted)

    return verify


async def serve(side: Side, address: str, queue: str, folder: Path) -> None:
    records = open_records(f"sqlite:///{folder / RECORDS}", synchronous="NORMAL")
    ring = KeyRing.load(folder.parent / KEYS)
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), over.set)
    try:
        async with make_worker(client, side, queue, records, ring, _say):
            _say(READY)
            await over.wait()
    finally:
        records.close()


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
        runner.run(serve(given.side, given.address, given.queue, given.folder))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
