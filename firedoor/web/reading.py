"""What is sent to the front door, read: bounded, as JSON that means one thing, and against its model."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from firedoor.plan.inputs import Problem
from firedoor.protocol import MOST_BYTES_IN
from firedoor.web.problems import TooLarge, Wrong

Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "missing": ("is missing", "give it"),
    "extra_forbidden": ("is not known here", "leave it out, or look for a misspelling"),
    "timezone_aware": ("does not say which zone's time it is", "write it with an offset, as 2026-03-04T02:45:00+00:00"),
}


async def body(request: Request, most: int = MOST_BYTES_IN) -> bytes:
    """Raises TooLarge without reading on."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > most:
            raise TooLarge(most)
    return bytes(found)


def read(sent: bytes, model: type[Model]) -> Model:
    """Raises Wrong with every problem."""
    try:
        data = json.loads(sent, parse_constant=_no_number, object_pairs_hook=_once)
        json.dumps(data, ensure_ascii=False).encode()  # half a character cannot be written again
    except (ValueError, RecursionError) as error:
        says = "is nested too deeply" if isinstance(error, RecursionError) else f"is no JSON that can be read ({error})"
        raise Wrong([Problem(name="body", says=says, give="send one JSON object, in UTF-8")]) from None
    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise Wrong([_problem(dict(one)) for one in error.errors(include_url=False)]) from None


def _problem(error: dict[str, Any]) -> Problem:
    name = ".".join(str(part) for part in error["loc"]) or "body"
    says, give = _WORDS.get(error["type"], ("", ""))
    if not says:
        text = str(error["msg"]).removeprefix("Value error, ")
        says, give = "cannot be used", text[:1].lower() + text[1:]
    return Problem(name=name[:200], says=says, give=give)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
