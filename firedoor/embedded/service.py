"""What the outside programs have in common: a data folder, a port of loopback, and a start that can be repeated."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from firedoor.embedded.process import Program, ProgramFailed, Progress, bare_environment, free_port


class Service(ABC):
    """A server beside us, as an async context manager. Everything it writes is in `data_dir`.

    `stop` and `start` again, or `kill` and `start`, go on with the same data on the same port. A free port is taken
    unless one is given. A second server on the same data is refused.
    """

    name: ClassVar[str]
    """As it is called in messages: `the homeserver`."""
    file_name: ClassVar[str]
    """Its log and its lock are called so."""
    clean_of: ClassVar[tuple[str, ...]]
    """Prefixes of environment variables that must not reach it."""
    patience: ClassVar[float]
    """Seconds that a start may take, unless its caller says otherwise."""

    def __init__(self, data_dir: Path, *, port: int | None = None, progress: Progress | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.log = self.data_dir / f"{self.file_name}.log"
        self._port = port
        self._progress = progress
        self._program: Program | None = None

    @abstractmethod
    async def _command(self, port: int) -> Sequence[str | Path]:
        """The program and its arguments; what it reads from files has been written."""

    @abstractmethod
    async def _ready(self, port: int) -> bool:
        """Whether it does its work, and not only listens."""

    @property
    def port(self) -> int:
        """Known once it has been started."""
        if self._port is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._port

    @property
    def pid(self) -> int:
        return self._started.pid

    @property
    def running(self) -> bool:
        return self._program is not None and self._program.running

    async def start(self, *, within: float | None = None) -> None:
        """Returns when it is ready. Raises ProgramFailed with the end of its log."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        tries = 3
        while True:
            tries -= 1
            try:
                await self._start_on(self._port or free_port(), within or self.patience)
            except ProgramFailed as failure:
                # Between looking for a free port and listening on it, somebody can be quicker.
                if tries and "address already in use" in failure.tail.lower():
                    continue
                raise
            return

    async def _start_on(self, port: int, within: float) -> None:
        program = self._program = Program(
            self.name,
            await self._command(port),
            log=self.log,
            env=bare_environment(without=self.clean_of),
            lock=self.data_dir / f"{self.file_name}.lock",
        )
        await program.start()
        await program.until_ready(lambda: self._ready(port), within=within, progress=self._progress)
        self._port = port

    async def stop(self) -> None:
        """Ends it in its own time, or kills it after ten seconds. Safe to call again."""
        if self._program is not None:
            await self._program.stop()

    def kill(self) -> None:
        """SIGKILL, as a fault does it."""
        self._started.kill()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def _started(self) -> Program:
        if self._program is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._program
