"""Walking an expression: pure, three-valued, and total. Nothing is called, nothing is generated.

An unknown value is None: an input that was not given, a comparison with one, the negation of one. A condition holds
only when it is True. Dates are `datetime`, durations `timedelta`, all else is plain JSON.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from firedoor.plan.expression import (
    Expr,
    Outcome,
    Prose,
    Read,
)
from firedoor.plan.lists import ListRef, Question, reference
from firedoor.plan.time import written

WITHHELD = "[withheld]"


class Unread(Exception):
    """The expression needs the answer of a read that is not recorded yet."""

    def __init__(self, read: Read, argument: Any) -> None:
        super().__init__(read.site)
        self.read = read
        self.argument = argument


class Unworked(Unread):
    """The expression needs to know something about a long list, which is not worked out yet."""

    def __init__(self, question: Question) -> None:
        super().__init__(Read(call=question.asks, site=question.key), None)
        self.question = question


class Known(Protocol):
    """What a run knows, as an expression sees it from where it stands. Values are as recorded (JSON)."""

    def input(self, name: str) -> Any: ...
    def run(self, field: str) -> Any: ...
    def severity(self) -> str: ...
    def item(self, loop: str) -> Any: ...
    def is_(self, step: str, outcome: Outcome) -> bool: ...
    def field(self, step: str, field: str) -> Any: ...
    def read(self, read: Read, argument: Any) -> Any:
        """The recorded answer; raises Unread where there is none."""
        ...

    def worked_out(self, question: Question) -> Any:
        """The recorded answer; raises Unworked where there is none."""
        ...


def holds(condition: Expr | None, known: Known) -> bool:
    """Whether a condition holds; an absent one does, an unknown one does not."""
    return condition is None or value_of(condition, known) is True


def value_of(expr: Expr, known: Known) -> Any:  # noqa: C901 - one case for each node, and nothing else
    """The value of an expression; None where it is unknown. Raises Unread."""
    match expr.op:
        case "const":
            return typed(expr.value, expr.type)
        case "input":
            return typed(known.input(expr.name), expr.type)
        case "run":
            return typed(known.run(expr.field), "date_time" if expr.field.endswith("_at") else "text")
        case "severity":
            return known.severity()
        case "item":
            return typed(known.item(expr.loop), expr.type)
        case "is":
            return known.is_(expr.step, expr.outcome)
        case "field":
            return typed(known.field(expr.step, expr.field), "date_time" if expr.field == "done_at" else "text")
        case "read":
            given = None if expr.argument is None else plain(value_of(expr.argument, known))
            return typed(known.read(expr, given), expr.type)
        case "given":
            return value_of(expr.of, known) is not None
        case "not":
            inner = value_of(expr.of, known)
            return None if inner is None else not inner
        case "and":
            return _all(expr.of, known, stop=False)
        case "or":
            return _all(expr.of, known, stop=True)
        case "compare":
            return _compare(expr.sign, value_of(expr.left, known), value_of(expr.right, known))
        case "in":
            item, items = value_of(expr.left, known), value_of(expr.right, known)
            if item is not None and isinstance(items, ListRef):
                return known.worked_out(Question(asks="in", lists=(items,), argument=plain(item)))
            return None if item is None or items is None else item in items
        case "math":
            return _arithmetic(expr.sign, value_of(expr.left, known), value_of(expr.right, known))
        case "filter":
            value, text = value_of(expr.of, known), expr.argument
            if isinstance(value, ListRef):
                return _of_many(expr.name, value, text, known)
            return _filter(expr.name, value, text)
        case "list":
            return [value_of(part, known) for part in expr.of]
        case "prose":
            return render(expr, known)


def render(prose: Prose, known: Known, withheld: Callable[[Expr], bool] = lambda _: False) -> str:
    """The text with its holes filled. Holes for which `withheld` is true say so instead. Raises Unread."""
    parts: list[str] = []
    for part in prose.of:
        if isinstance(part, str):
            parts.append(part)
        else:
            parts.append(WITHHELD if withheld(part) else said(value_of(part, known)))
    return "".join(parts)


def said(value: Any) -> str:
    """A value in words."""
    match value:
        case None:
            return "(not given)"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        case timedelta():
            return written(value.total_seconds())
        case float() if value.is_integer():
            return str(int(value))
        case list() | tuple():
            return ", ".join(said(item) for item in value)
        case _:
            return str(value)


def typed(value: Any, kind: str) -> Any:
    """A recorded value as the evaluator sees it."""
    if value is None:
        return None
    if isinstance(value, dict):
        return reference(value) or value
    if isinstance(value, list | tuple):
        return [typed(item, kind) for item in value]
    if kind == "date_time" and isinstance(value, str):
        return datetime.fromisoformat(value)
    if kind == "duration" and not isinstance(value, timedelta):
        return timedelta(seconds=value)
    return value


def plain(value: Any) -> Any:
    """A value as it is recorded: JSON."""
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return [plain(item) for item in value]
        case ListRef():
            return value.model_dump(mode="json")
        case _:
            return value


def _all(parts: tuple[Expr, ...], known: Known, *, stop: bool) -> bool | None:
    """`and` (stop=False) and `or` (stop=True): the first part that decides, else unknown if any is."""
    unknown = False
    for part in parts:
        value = value_of(part, known)
        if value is None:
            unknown = True
        elif bool(value) is stop:
            return stop
    return None if unknown else not stop


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_URGENCY = {"sev1": 4, "sev2": 3, "sev3": 2, "sev4": 1}


def _compare(sign: str, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    if sign not in ("==", "!=") and left in _URGENCY and right in _URGENCY:
        left, right = _URGENCY[left], _URGENCY[right]
    return _COMPARE[sign](left, right)


def _arithmetic(sign: str, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    try:
        return _ARITHMETIC[sign](left, right)
    except (ZeroDivisionError, OverflowError):
        return None


def _filter(name: str, value: Any, argument: str | None) -> Any:
    if value is None:
        return None
    match name:
        case "count":
            return len(value)
        case "first":
            return value[0] if value else None
        case "last":
            return value[-1] if value else None
        case "unique":
            return unique(value)
        case "lower":
            return str(value).lower()
        case _:
            return (argument if argument is not None else ", ").join(said(item) for item in value)


def _of_many(name: str, value: ListRef, argument: str | None, known: Known) -> Any:
    """A filter on a long list. In words it is its first few items, and how many more there are."""
    match name:
        case "count":
            return value.count
        case "first":
            return value.first[0]
        case "last":
            return known.worked_out(Question(asks="last", lists=(value,)))
        case "unique" if value.unique:
            return value
        case "unique":
            return typed(known.worked_out(Question(asks="unique", lists=(value,))), "text")
        case _:
            return value.joined(argument if argument is not None else ", ")


def unique(values: Sequence[Any]) -> list[Any]:
    """Each value once, in the order of their first appearance."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
