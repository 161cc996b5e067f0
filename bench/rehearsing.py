"""What a rehearsal costs: a response of three days on the real engine, against a hand-written workflow that only sleeps
as long on the same server, in turns.

Both skip time. A rehearsal's seconds are those that `firedoor rehearse` says of its case: from the launch by the front
door to the last look at how it ended. The server and the worker have started by then, and are warm.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.job import BOOK, read_book
from bench.measures import Figure, Spread, ratio
from firedoor.cli.together import WorkerPart
from firedoor.compiler.book import Book
from firedoor.incidents import TemporalIncidents
from firedoor.installation import REHEARSAL, Installation
from firedoor.rehearsal.clock import Skipper
from firedoor.rehearsal.company import NAMESPACE, Company, Part, assembled
from firedoor.rehearsal.verdict import judge

CASES: Final = "rehearsals/siege.yaml"
LASTS: Final = timedelta(hours=72)
QUEUE: Final = "bench-sleep"


@workflow.defn(name="bench_sleep")
class Sleep:
    """Nothing but the time."""

    @workflow.run
    async def run(self, seconds: int) -> None:
        await asyncio.sleep(seconds)


class Rehearsing:
    """Measures in rounds, one of each in turn."""

    def __init__(self, book: Book, company: Company) -> None:
        self._book = book
        self._company = company
        self._played = 0
        self.lasted: list[float] = []
        """Hours of the run's own time."""
        self.rehearsed: list[float] = []
        self.slept: list[float] = []

    async def round(self) -> None:
        lasted, seconds = await self._rehearse()
        self.lasted.append(lasted)
        self.rehearsed.append(seconds)
        self.slept.append(await self._sleep())

    async def warm_up(self) -> None:
        await self._rehearse()
        await self._sleep()

    async def _rehearse(self) -> tuple[float, float]:
        """Raises where the case did not go as it says, or did not last so long."""
        rehearsal = self._book.rehearsals[CASES]
        part = Part(rehearsal, rehearsal.cases[0], self._played)
        self._played += 1
        assert self._book.organization is not None
        async for _, played in self._company.play([part]):
            judged = judge(played, self._book.organization)
            if not judged.passed or played.length < LASTS:
                raise RuntimeError(f"{part.case.name}: {judged.first_difference or f'over after {played.length}'}")
            return played.length / timedelta(hours=1), played.seconds
        raise RuntimeError(f"{part.case.name} was not played")

    async def _sleep(self) -> float:
        """Raises where less time than that has passed for the workflow."""
        skipper = Skipper(self._company.client)
        began = time.monotonic()
        handle = await skipper.client.start_workflow(
            Sleep.run, round(LASTS.total_seconds()), id=f"sleep-{uuid4().hex[:10]}", task_queue=QUEUE
        )
        await skipper.forward(handle, LASTS + timedelta(seconds=1))
        await handle.result()
        seconds = time.monotonic() - began
        found = await handle.describe()
        if found.close_time is None or found.close_time - found.start_time < LASTS:
            raise RuntimeError(f"the workflow by hand slept from {found.start_time} to {found.close_time}")
        return seconds

    def figures(self) -> tuple[Figure, ...]:
        hours = f"{LASTS / timedelta(hours=1):.0f}"
        skipped = ratio([3_600 * one for one in self.lasted], self.rehearsed)
        return (
            Figure(name="a rehearsal, hours it spans", value=Spread.of(self.lasted)),
            Figure(name="a rehearsal, s", value=Spread.of(self.rehearsed)),
            Figure(name="time it spans ÷ it takes", value=skipped),
            Figure(name=f"{hours} h slept by hand, s", value=Spread.of(self.slept)),
            Figure(name="rehearsed ÷ slept by hand", value=ratio(self.rehearsed, self.slept)),
        )


@asynccontextmanager
async def rehearsing() -> AsyncIterator[Rehearsing]:
    """A server that skips time, Firedoor's worker and one for the sleeper. Leaves nothing behind."""
    book = read_book()

    def make(installation: Installation, address: str, houses: Path, incidents: TemporalIncidents) -> WorkerPart:
        more = {REHEARSAL: str(houses), "TEMPORAL_NAMESPACE": NAMESPACE}
        return WorkerPart(installation, address, BOOK, incidents.workers, outside=False, more=more)

    with tempfile.TemporaryDirectory(prefix="firedoor-bench-") as folder:
        async with assembled(book, Path(folder), make, _in_silence) as company:
            client = await _connected(company.client)
            async with Worker(client, task_queue=QUEUE, workflows=[Sleep], workflow_runner=UnsandboxedWorkflowRunner()):
                yield Rehearsing(book, company)


async def _connected(lazy: Client) -> Client:
    """Another client of the same server: a worker takes none that connects only when it is used."""
    return await Client.connect(
        lazy.service_client.config.target_host, namespace=lazy.namespace, data_converter=lazy.data_converter
    )


def _in_silence(_: str) -> None:
    """What is told while the server starts is not for the table."""
