"""Runs beside us, as a program of its own: `python -I sandbox.py`. It renders templates that nobody has to trust.

It imports Jinja2 once, and for each template forks a child that has little memory, little time and no files. What the
child does to itself ends with it. The context is JSON, so no object of ours is within a template's reach.

On stdin and stdout, each message is four bytes of length and JSON: {"source", "context"} in, {"text"} or {"error"} out.
"""

from __future__ import annotations

import json
import os
import resource
import struct
from contextlib import suppress
from typing import Any

from jinja2 import StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_TEXT = 64 * 1024
CPU_SECONDS = 1
MEMORY = 192 * 1024 * 1024
FILES = 8

LIMITS = (
    (resource.RLIMIT_CPU, CPU_SECONDS),
    (resource.RLIMIT_AS, MEMORY),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NOFILE, FILES),
    (resource.RLIMIT_CORE, 0),
)


def main() -> None:
    while (request := read(0)) is not None:
        write(1, in_child(request))


def in_child(request: dict[str, Any]) -> dict[str, str]:
    """Render in a forked child. A child that was killed, or died without a word, was over its bounds."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        try:
            limit()
            write(writes, rendered(str(request["source"]), request["context"]))
        except BaseException:  # noqa: BLE001 - it is told by the status, and nothing else is left to do it
            os._exit(1)
        os._exit(0)
    os.close(writes)
    answer = read(reads)
    os.close(reads)
    _, status = os.waitpid(child, 0)
    if answer is None or status != 0:
        return {"error": "bounds"}
    return answer


def limit() -> None:
    for what, most in LIMITS:
        with suppress(ValueError, OSError):  # macOS knows no bound of RLIMIT_AS; time and length are bounded anyway
            resource.setrlimit(what, (most, most))


def rendered(source: str, context: dict[str, Any]) -> dict[str, str]:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, optimized=False, autoescape=False, finalize=said, keep_trailing_newline=False
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in ("count", "first", "last", "lower")}
    environment.filters.update(unique=unique, join=join)
    environment.tests = {"given": given}
    try:
        text = ""
        for part in environment.from_string(source).generate(
            {name: with_lists(value) for name, value in context.items()}
        ):
            text += part
            if len(text.encode()) > MOST_TEXT:
                return {"error": "long"}
    except MemoryError:
        return {"error": "bounds"}
    except UndefinedError:
        return {"error": "name"}
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return {"error": "broken"}
    return {"text": text}


class Long(list[Any]):
    """A long list, of which only the first few items are here (firedoor.plan.lists). It has its full length; in words, and
    one by one, it is those few and how many more there are. What nobody can tell of it here is broken, and not wrong."""

    def __init__(self, first: list[Any], count: int, *, is_unique: bool) -> None:
        more = count - len(first)
        super().__init__([*first, f"and {more} more"] if more else first)
        self._count = count
        self._is_unique = is_unique

    def __len__(self) -> int:
        return self._count

    def __contains__(self, item: object) -> bool:
        raise TypeError("only the first few items are here")

    def __reversed__(self) -> Any:
        raise TypeError("only the first few items are here")

    def each_once(self) -> Long:
        if not self._is_unique:
            raise TypeError("only the first few items are here")
        return self


def with_lists(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"digest", "count", "first", "unique"}:
        return Long(value["first"], value["count"], is_unique=value["unique"])
    return value


def said(value: Any) -> Any:
    """A value in words, as firedoor.plan.evaluate says it."""
    if value is None:
        return "(not given)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(str(said(item)) for item in value)
    return value


def given(value: Any) -> bool:
    return value is not None and not isinstance(value, StrictUndefined)


def unique(values: Any) -> list[Any]:
    if isinstance(values, Long):
        return values.each_once()
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def join(values: Any, between: str = ", ") -> str:
    return between.join(str(said(value)) for value in values)


def read(descriptor: int) -> dict[str, Any] | None:
    """One message; None at the end, or where what came is none."""
    head = _exactly(descriptor, 4)
    if len(head) < 4:
        return None
    body = _exactly(descriptor, struct.unpack(">I", head)[0])
    try:
        message = json.loads(body)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def write(descriptor: int, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    left = memoryview(struct.pack(">I", len(body)) + body)
    while left:
        left = left[os.write(descriptor, left) :]


def _exactly(descriptor: int, count: int) -> bytes:
    found = bytearray()
    while len(found) < count and (part := os.read(descriptor, count - len(found))):
        found += part
    return bytes(found)


if __name__ == "__main__":
    main()
