"""One outside program: started, waited for, watched, and ended, so that it never outlives us and never fails unheard."""

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

LIFELINE: Final = Path(__file__).with_name("lifeline.py")

LOG_LIMIT: Final = 8 * 1024 * 1024
"""Bytes; a longer log is put aside at the next start."""

Progress = Callable[[str], None]
"""Is told, in words for a person, what a start is waiting for."""


class ProgramFailed(RuntimeError):
    """A program ended, or did not become ready. The text says which, and quotes the end of its log."""

    def __init__(self, what: str, tail: str = "") -> None:
        super().__init__(f"{what}\n{tail}" if tail else what)
        self.tail = tail


class Program:
    """A child process in a process group of its own, whose output goes to a log file.

    It is killed by the kernel when this process dies (Linux). `start` must be called on a thread that lives as long as
    the program shall: the kernel watches the thread, not the process.

    `lock` names a file that the program holds locked for as long as it lives, however its end comes: two must not run
    on the same data.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        lock: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._env = env
        self._lock = lock
        self._process: subprocess.Popen[bytes] | None = None
        self._log_began = 0

    @property
    def pid(self) -> int:
        """The program's process id; it stays known after the end."""
        if self._process is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs (or was never started); negative: the signal that ended it."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self, *, patience: float = 5.0) -> None:
        """Raises ProgramFailed when another one still holds the lock after `patience` seconds."""
        if self.running:
            raise RuntimeError(f"{self.name} is already running")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        held = await self._take_lock(patience)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.old"))
        try:
            with self.log.open("ab") as log:
                self._log_began = log.tell()
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(LIFELINE), str(os.getpid()), *self._command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._env,
                    pass_fds=held,
                    start_new_session=True,  # Ctrl-C in the terminal reaches us, and we end it in our order
                )
        finally:
            for descriptor in held:
                os.close(descriptor)  # the program keeps its own, and the lock with it

    async def _take_lock(self, patience: float) -> tuple[int, ...]:
        if self._lock is None:
            return ()
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise ProgramFailed(f"{self.name} already runs on {self._lock.parent}") from None
                await asyncio.sleep(0.05)
            else:
                return (descriptor,)

    async def until_ready(
        self, ready: Callable[[], Awaitable[bool]], *, within: float, progress: Progress | None = None
    ) -> None:
        """Polls `ready` until it is true.

        Raises ProgramFailed as soon as the program ends, or when `within` seconds have passed; then it is killed.
        `progress` hears of it every two seconds.
        """
        began = time.monotonic()
        told = began
        pause = 0.02
        while not await ready():
            now = time.monotonic()
            if not self.running:
                raise ProgramFailed(f"{self.name} ended with {self.exit_code} while it started", self.tail())
            if now - began > within:
                self.kill()
                raise ProgramFailed(f"{self.name} was not ready within {within:g} s", self.tail())
            if progress is not None and now - told >= 2:
                progress(f"waiting for {self.name} ({now - began:.0f} s)")
                told = now
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.25)

    async def stop(self, *, patience: float = 10.0) -> None:
        """Asks it to end, and kills what is left after `patience` seconds. Safe to call again."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
        deadline = time.monotonic() + patience
        while self._process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group, at once: what a power cut does. Returns when the program is gone."""
        if self._process is None or self._process.poll() is not None:
            return  # its number may be somebody else's by now
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def tail(self, lines: int = 25) -> str:
        """The end of what it has logged since it was started, indented for a message."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(self._log_began, log.seek(0, os.SEEK_END) - 32_768))
            text = log.read().decode(errors="replace")
        return "\n".join("  | " + line for line in text.splitlines()[-lines:])


async def listens(port: int) -> bool:
    """Whether somebody listens on that port of 127.0.0.1."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now. Somebody may take it before it is used: be ready to retry."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def bare_environment(*, without: Sequence[str] = (), **extra: str) -> dict[str, str]:
    """This process's environment for a child: less the variables with these prefixes, plus `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(tuple(without))}
    return {**kept, **extra}
