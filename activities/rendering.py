"""Renders message templates: vetted, then in a program beside this one, within bounds, with a context of plain JSON.

A template stands in the signed plan, and was vetted when it was compiled. It is vetted again here, and then still not
trusted: see activities.sandbox. What goes wrong says which bound or name, and never what the context held.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from firedoor.compiler.templates import vet

MOST_SOURCE: Final = 8 * 1024
MOST_CONTEXT: Final = 64 * 1024
MOST_ANSWER: Final = 512 * 1024
PATIENCE: Final = 5.0
"""Seconds for one message, starting the program included; the time of the processor is bounded within."""

PROGRAM: Final = Path(__file__).with_name("sandbox.py")

REASONS: Final = {
    "refused": "it holds something that messages do not have",
    "source": f"it is longer than {MOST_SOURCE} bytes",
    "context": f"what it may say is more than {MOST_CONTEXT} bytes",
    "long": "the text is longer than 65536 bytes",
    "bounds": "it took more time or memory than a message may",
    "name": "it names something that it was not given",
    "broken": "it does something with a value that cannot be done with it",
}


class RenderFailed(ValueError):
    """A template that gives no text. `reason` is a key of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


class Renderer:
    """Keeps one program for all messages, and starts another when it has died. One message at a time."""

    def __init__(self) -> None:
        self._program: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def render(self, source: str, context: Mapping[str, Any]) -> str:
        """The text of a template. Raises RenderFailed."""
        if len(source.encode(errors="surrogatepass")) > MOST_SOURCE:
            raise RenderFailed("source")
        if not _is_vetted(source):
            raise RenderFailed("refused")
        return await self.sandboxed(source, context)

    async def sandboxed(self, source: str, context: Mapping[str, Any]) -> str:
        """The text of any template at all, within the bounds of the sandbox. Raises RenderFailed."""
        request = _request(source, context)
        async with self._turn:
            try:
                async with asyncio.timeout(PATIENCE):
                    answer = await self._ask(request)
            except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError) as error:
                await self._end()
                raise RenderFailed("bounds") from error
            except asyncio.CancelledError:
                await self._end()
                raise
        if "text" not in answer:
            raise RenderFailed(answer.get("error", "bounds"))
        return answer["text"]

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    async def _ask(self, request: bytes) -> dict[str, str]:
        program = self._program
        if program is None or program.returncode is not None:
            program = self._program = await _start()
        if program.stdin is None or program.stdout is None:
            raise OSError("the program has no pipes")
        program.stdin.write(struct.pack(">I", len(request)) + request)
        await program.stdin.drain()
        (size,) = struct.unpack(">I", await program.stdout.readexactly(4))
        if size > MOST_ANSWER:
            raise ValueError("the answer is too long")
        answer = json.loads(await program.stdout.readexactly(size))
        return {str(name): str(value) for name, value in answer.items()}

    async def _end(self) -> None:
        """End the program, with whatever child is at work in it."""
        program, self._program = self._program, None
        if program is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        await program.wait()


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )


def _request(source: str, context: Mapping[str, Any]) -> bytes:
    try:
        said = json.dumps(dict(context), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise RenderFailed("context") from error
    if len(said.encode()) > MOST_CONTEXT:
        raise RenderFailed("context")
    return json.dumps({"source": source, "context": json.loads(said)}).encode()


@lru_cache(maxsize=256)
def _is_vetted(source: str) -> bool:
    return not vet(source).problems
