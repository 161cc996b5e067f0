"""All cases of a book, played side by side on one server: as many at once as the machine bears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from temporalio.client import Client

from firedoor.compiler.book import Book
from firedoor.compiler.rehearsals.script import Case, Rehearsal
from firedoor.embedded.process import Progress
from firedoor.embedded.temporal import TemporalServer
from firedoor.incidents import TemporalIncidents, connect
from firedoor.installation import Installation
from firedoor.payloads import sealing_converter
from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.rehearsal.house import open_house
from firedoor.rehearsal.playing import Played, Playing

NAMESPACE: Final = "rehearsals"
AT_ONCE: Final = 8


class Worker(Protocol):
    """The process that runs workflows and activities; whoever starts the rehearsal knows how to make one."""

    async def start(self) -> None:
        """Raises ProgramFailed."""
        ...

    async def stop(self) -> None: ...


class MakeWorker(Protocol):
    def __call__(self, installation: Installation, address: str, houses: Path, incidents: TemporalIncidents) -> Worker:
        """A worker for the cases whose houses are in `houses`."""
        ...


@dataclass(frozen=True)
class Part:
    """One case of one file."""

    rehearsal: Rehearsal
    case: Case
    number: int


@dataclass
class Company:
    """A server and a worker for one book. `async with assembled(...) as company: async for played in company.play(…)`."""

    book: Book
    houses: Path
    client: Client
    key: SigningKey
    ring: KeyRing

    async def play(self, parts: Sequence[Part], at_once: int = AT_ONCE) -> AsyncIterator[tuple[Part, Played]]:
        """Each case as it is over."""
        gate = asyncio.Semaphore(at_once)

        async def one(part: Part) -> tuple[Part, Played]:
            async with gate:
                return part, await self._play(part)

        tasks = [asyncio.ensure_future(one(part)) for part in parts]
        try:
            for done in asyncio.as_completed(tasks):
                yield await done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _play(self, part: Part) -> Played:
        name = f"case-{part.number:04}"
        house = await asyncio.to_thread(open_house, self.houses / name, self.book)
        try:
            plan = self.book.plans[part.rehearsal.playbook]
            return await Playing(name, part.case, plan, self.book, house, self.client, self.key, self.ring).play()
        finally:
            await house.close()


@asynccontextmanager
async def assembled(book: Book, folder: Path, make: MakeWorker, progress: Progress) -> AsyncIterator[Company]:
    """Raises ProgramFailed where the server or the worker does not start. Everything is in `folder`."""
    installation = Installation(folder / "home")
    installation.prepare()
    houses = folder / "houses"
    houses.mkdir(parents=True)
    key = installation.open_keys()
    server = TemporalServer(
        folder / "temporal", sync="1", time_skipping=True, namespaces=[NAMESPACE], progress=progress
    )
    async with server:
        client = await connect(
            server.address, namespace=NAMESPACE, converter=sealing_converter(installation.open_payload_keys())
        )
        worker = make(installation, server.address, houses, TemporalIncidents(client))
        await worker.start()
        try:
            yield Company(book, houses, client, key, KeyRing.load(installation.key_ring))
        finally:
            await worker.stop()
