"""A question to a system: its arguments by name, and an answer that is of the type the book promises."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any, Final

from firedoor.connectors.contract import Json
from firedoor.connectors.errors import Refused
from firedoor.plan import ReadAction
from firedoor.plan.lists import BY_REFERENCE, MOST_LIST_BYTES

MOST_BYTES: Final = 1024 * 1024
"""Temporal carries payloads up to 2 MB; an answer over half of that is refused here, where it can be said clearly."""


def arguments_of(read: ReadAction, argument: Json) -> dict[str, Json]:
    """A read takes its arguments by position; a platform gets them by the names of their types."""
    if not read.takes:
        return {}
    if len(read.takes) == 1:
        return {read.takes[0][0]: argument}
    if not isinstance(argument, list | tuple) or len(argument) != len(read.takes):
        raise Refused(f"{read.name} takes {len(read.takes)} arguments")
    names = [kind for kind, _ in read.takes]
    return {
        kind if names.count(kind) == 1 else f"{kind}_{index + 1}": value
        for index, (kind, value) in enumerate(zip(names, argument, strict=True))
    }


def checked(read: ReadAction, value: Json) -> Json:
    """The answer, if the book's conditions can rely on it; None says that the system does not know.

    Raises Refused for an answer of another type, and for one over MOST_BYTES.
    """
    if read.gives_list:
        fits = isinstance(value, list) and all(_is(read.gives, item) for item in value)
    else:
        fits = value is None or _is(read.gives, value)
    if not fits:
        expected = f"a list of {read.gives}" if read.gives_list else f"a {read.gives}"
        raise Refused(f"{read.name} should give {expected}, and {read.connector} gave {_shown(value)}")
    size = len(json.dumps(value, ensure_ascii=False).encode())
    most = MOST_LIST_BYTES if goes_by_reference(read) else MOST_BYTES
    if size > most:
        raise Refused(f"{read.name} gave {size} bytes; at most {most} are taken")
    return value


def goes_by_reference(read: ReadAction) -> bool:
    """Whether a long answer is written down, and travels by reference."""
    return read.gives_list and read.gives in BY_REFERENCE


def _is(kind: str, value: Any) -> bool:
    if kind == "yes_no":
        return isinstance(value, bool)
    if kind in ("number", "duration"):
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "date_time":
        return isinstance(value, str) and _is_moment(value)
    return isinstance(value, str)


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _shown(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "yes or no", int: "a number", float: "a number"}
    return kinds.get(type(value), "nothing")
