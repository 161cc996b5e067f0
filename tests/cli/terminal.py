"""A real terminal for the installed command: what is typed, and what is read until it shows."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import Protocol, Self

_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Somewhere(Protocol):
    """Where a command is typed: what its environment says."""

    def environment(self) -> dict[str, str]: ...


class Terminal:
    def __init__(self, shell: Somewhere, *words: str) -> None:
        self._read, write = pty.openpty()
        environment = {**os.environ, **shell.environment(), "TERM": "xterm", "COLUMNS": "120"}
        program = "import sys; from firedoor.cli import main; sys.argv[0] = 'firedoor'; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, *words],
            stdin=write,
            stdout=write,
            stderr=write,
            env=environment,
            start_new_session=True,
            preexec_fn=_control,
        )
        os.close(write)
        self._shown = ""

    def expect(self, words: str, within: float = 90) -> str:
        """Everything that was shown up to these words."""
        deadline = time.monotonic() + within
        while words not in self._shown:
            if time.monotonic() > deadline or not self._more():
                raise AssertionError(f"{words!r} did not show, but:\n{self._shown}")
        before, _, self._shown = self._shown.partition(words)
        return before

    def enter(self, line: str) -> None:
        os.write(self._read, line.encode() + b"\n")

    def interrupt(self) -> None:
        """Press Ctrl-C a moment later, as a person does: between a prompt and its read, C code hears it too late."""
        time.sleep(0.5)
        os.write(self._read, b"\x03")

    def code(self) -> int:
        while self._more():
            pass
        return self._process.wait(20)

    def _more(self) -> bool:
        ready, _, _ = select.select([self._read], [], [], 20)
        try:
            data = os.read(self._read, 4096) if ready else b""
        except OSError:  # the other end is closed
            return False
        self._shown += _STYLE.sub("", data.decode(errors="replace")).replace("\r\n", "\n")
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._read)


def _control() -> None:
    """Make the terminal the one whose Ctrl-C is heard, also where whoever started the tests ignores it (a job in the
    background does, and what it starts inherits that)."""
    import fcntl
    import signal
    import termios

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
