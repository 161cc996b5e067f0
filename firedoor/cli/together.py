"""All parts of Firedoor in one command: the Temporal server, a worker, the front door. A part that dies is told, and
started again; the runs do not notice, because what they know is in the server's file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

import uvicorn
from starlette.applications import Starlette
from typing_extensions import override

import firedoor
from firedoor.compiler import Finding
from firedoor.embedded.process import Program, ProgramFailed, bare_environment
from firedoor.embedded.temporal import TemporalServer
from firedoor.incidents import TemporalIncidents, Trouble, connect, connect_as_set_up
from firedoor.installation import BOOK, DATABASE_URL, HOME, Installation
from firedoor.payloads import sealing_converter
from firedoor.people.organization import Organization
from firedoor.people.signatures import KeyRing
from firedoor.people.signin import Tokens
from firedoor.plan import Plan
from firedoor.records.all import open_records
from firedoor.web.app import create_app
from firedoor.web.door import Book, Door
from firedoor.web.journal import Journal

HERE: Final = "127.0.0.1"
LOOK_EVERY: Final = 0.5
MOST_PATIENCE: Final = 30.0
"""Seconds between two starts of a part that keeps dying."""
WAITS_TO_WRITE: Final = timedelta(seconds=5)
"""How long a person who said something waits for another writer of the records."""

Say = Callable[[str], None]


class Part(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def running(self) -> bool: ...
    async def start(self) -> None:
        """Raises ProgramFailed."""
        ...

    async def stop(self) -> None: ...


class WorkerPart:
    """The worker, as a process of its own: it runs the book's connectors, and never has the signing key."""

    name = "the worker"

    def __init__(
        self,
        installation: Installation,
        address: str,
        book: Path,
        workers: Callable[[], Awaitable[Sequence[str]]],
        *,
        outside: bool,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """`outside`: the server is somebody else's, and the environment says how it is reached. `more`: variables."""
        script = Path(firedoor.__file__).parents[1] / "worker.py"
        self._workers = workers
        self._program = Program(
            self.name,
            [sys.executable, script],
            log=installation.logs / "worker.log",
            env=bare_environment(
                without=() if outside else ("TEMPORAL_",),
                **{
                    **({} if outside else {"TEMPORAL_CONFIG_FILE": os.devnull}),
                    "TEMPORAL_ADDRESS": address,
                    HOME: str(installation.folder),
                    BOOK: str(book),
                    DATABASE_URL: installation.database_url,
                    **(more or {}),
                },
            ),
        )

    @property
    def running(self) -> bool:
        return self._program.running

    @property
    def pid(self) -> int:
        return self._program.pid

    async def start(self) -> None:
        await self._program.start()
        await self._program.until_ready(self._works, within=120)

    async def _works(self) -> bool:
        """Whether this very process has asked for work: the server remembers the one before it for a while."""
        return any(name.startswith(f"{self.pid}@") for name in await self._workers())

    async def stop(self) -> None:
        await self._program.stop(patience=15)


class FrontPart:
    """The front door, in this process, on a port of loopback."""

    name = "the front door"

    def __init__(self, app: Starlette, port: int | None, preferred: int) -> None:
        self._app = app
        self._port = port
        self._preferred = preferred
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://{HERE}:{self._port}"

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        listener = self._listen()
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        self._server = _Quiet(config)
        self._task = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started and self.running:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.02)
        if not self.running:
            raise ProgramFailed(f"{self.name} did not start")

    async def stop(self) -> None:
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await asyncio.wait([self._task], timeout=10)

    def _listen(self) -> socket.socket:
        wanted = [self._port] if self._port else [self._preferred, 0]
        for port in wanted:
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HERE, port))
            except OSError as error:
                listener.close()
                if port == wanted[-1]:
                    raise ProgramFailed(f"the front door cannot listen on port {port}: {error.strerror}") from error
            else:
                return listener
        raise ProgramFailed("the front door found no port")


class _Quiet(uvicorn.Server):
    """Signals are this process's to hear, not the front door's."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Served:
    """A compiled book whose organization is there."""

    organization: Organization
    plans: Mapping[str, Plan]
    findings: Sequence[Finding]


class Together:
    """`await start()`, then `await watch(until)`, then `await stop()`."""

    def __init__(
        self,
        installation: Installation,
        book: Book,
        book_path: Path,
        *,
        say: Say,
        port: int | None = None,
        preferred: int = 7878,
        address: str | None = None,
        worker: bool = True,
    ) -> None:
        self._installation = installation
        self._book = book
        self._book_path = book_path
        self._say = say
        self._port = port
        self._preferred = preferred
        self._address = address
        self._with_worker = worker
        self._parts: list[Part] = []
        self._closing = contextlib.ExitStack()
        self.server: TemporalServer | None = None
        self.worker: WorkerPart | None = None
        self.front: FrontPart | None = None
        self.incidents: TemporalIncidents | None = None

    @property
    def address(self) -> str:
        """Of the Temporal server."""
        return self.server.address if self.server else str(self._address)

    async def start(self) -> None:
        """Raises ProgramFailed; what was started is for `stop` to end."""
        home = self._installation
        home.logs.mkdir(parents=True, exist_ok=True)
        self._log_to(home.logs / "front-door.log")
        sealing = sealing_converter(home.open_payload_keys())
        if self._address is None:
            self.server = TemporalServer(home.temporal, progress=self._say)
            await self._begin(self.server)
            self.incidents = TemporalIncidents(await connect(self.address, converter=sealing))
        else:
            self.incidents = TemporalIncidents(await connect_as_set_up(self._address, converter=sealing))
            if not (await self.incidents.health()).server:
                raise ProgramFailed(f"the Temporal server at {self._address} does not answer")
            try:
                await self.incidents.prepare()
            except Trouble as trouble:
                raise ProgramFailed(str(trouble)) from trouble
        if self._with_worker:
            outside = self.server is None
            self.worker = WorkerPart(home, self.address, self._book_path, self.incidents.workers, outside=outside)
            await self._begin(self.worker)
        records = open_records(home.database_url, busy=WAITS_TO_WRITE)
        self._closing.callback(records.close)
        door = Door(
            book=self._book,
            incidents=self.incidents,
            records=records,
            journal=Journal(records.database),
            key=home.open_keys(),
            signin=Tokens(home.tokens),
        )
        self.front = FrontPart(create_app(door, KeyRing.load(home.key_ring)), self._port, self._preferred)
        await self._begin(self.front)

    async def watch(self, until: asyncio.Event) -> None:
        """Start again whatever dies, until it is enough."""
        waits: dict[str, float] = {}
        while not until.is_set():
            for part in self._parts:
                if part.running:
                    continue
                self._say(f"{_capital(part.name)} has ended. Starting it again; what runs goes on.")
                await _first(until, waits.get(part.name, 0.0))
                if until.is_set():
                    return
                waits[part.name] = min(MOST_PATIENCE, waits.get(part.name, 0.5) * 2)
                try:
                    await part.start()
                except ProgramFailed as failure:
                    self._say(str(failure))
                else:
                    self._say(f"{_capital(part.name)} is back.")
            await _first(until, LOOK_EVERY)

    async def stop(self) -> None:
        """End the parts, the last started first. Safe to call again."""
        while self._parts:
            await self._parts.pop().stop()
        self._closing.close()

    async def _begin(self, part: Part) -> None:
        self._parts.append(part)
        await part.start()

    def _log_to(self, path: Path) -> None:
        handler = logging.FileHandler(path)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        for name in ("uvicorn", "firedoor"):
            logger = logging.getLogger(name)
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False
            self._closing.callback(logger.removeHandler, handler)
        self._closing.callback(handler.close)


async def _first(event: asyncio.Event, seconds: float) -> None:
    """Until the event, or the seconds are over."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def described(installation: Installation) -> str:
    """The folder as one would type it."""
    with contextlib.suppress(ValueError):
        return os.path.relpath(installation.folder)
    return str(installation.folder)
