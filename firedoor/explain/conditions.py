"""Conditions and values in a reader's words: no operators, steps by their numbers, questions by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firedoor.plan.countries import COUNTRIES
from firedoor.plan.evaluate import said, typed
from firedoor.plan.expression import (
    And,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Filter,
    Given,
    InputValue,
    Item,
    Listing,
    Not,
    Or,
    Prose,
    Read,
    RunField,
    SeverityNow,
    StepField,
    StepIs,
    Within,
)
from firedoor.plan.time import spelt_out

if TYPE_CHECKING:
    from firedoor.explain.reader import Reader

_RUN: Final = {
    "aware_at": "the moment it became known",
    "launched_at": "the launch",
    "launcher": "whoever launched",
    "region": "the region that responds",
}
_ENDED: Final = {
    "approved": "was approved",
    "rejected": "was refused",
    "unanswered": "was left unanswered",
    "done": "was done",
    "failed": "failed",
    "skipped": "was skipped",
}
_NOT_ENDED: Final = {
    "approved": "was not approved",
    "rejected": "was not refused",
    "unanswered": "was answered",
    "done": "was not done",
    "failed": "did not fail",
    "skipped": "was not skipped",
}
_NUMBER: Final = {
    "==": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
_MOMENT: Final = {
    "==": "is",
    "!=": "is not",
    "<": "is before",
    "<=": "is no later than",
    ">": "is after",
    ">=": "is no earlier than",
}
_SEVERITY: Final = {
    "==": "is {0}",
    "!=": "is not {0}",
    "<": "is less severe than {0}",
    "<=": "is {0} or less severe",
    ">": "is more severe than {0}",
    ">=": "is {0} or more severe",
}
_COUNT: Final = {
    "==": "there are exactly {0}",
    "!=": "there are not exactly {0}",
    "<": "there are fewer than {0}",
    "<=": "there are at most {0}",
    ">": "there are more than {0}",
    ">=": "there are {0} or more",
}
_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MATH: Final = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "//": "divided by", "%": "modulo"}


def named(name: str) -> str:
    """A name of the author's as a reader sees it: `public_office` → “public office”."""
    return f"“{plain(name)}”"


def plain(name: str) -> str:
    return name.rpartition("/")[2].replace("_", " ")


def clause(reader: Reader, expr: Expr) -> str:
    """A whole clause: “public office” is yes."""
    match expr:
        case Const(value=bool() as known):
            return "in any case" if known else "never"
        case InputValue() | Const() | Item() | Read():
            return f"{value(reader, expr)} is yes"
        case StepIs(step=path, outcome=outcome):
            return f"{reader.step(path)} {_ENDED[outcome]}"
        case Given(of=of):
            return f"{value(reader, of)} was given"
        case Not(of=of):
            return _negated(reader, of)
        case And(of=of):
            return " and ".join(_part(reader, part, Or) for part in of)
        case Or(of=of):
            return ", or ".join(_part(reader, part, And) for part in of)
        case Compare():
            return _comparison(reader, expr)
        case Within(left=left, right=Listing(of=of)):
            return f"{value(reader, left)} is {_either([value(reader, part) for part in of])}"
        case Within(left=left, right=right):
            return f"{value(reader, left)} is among {value(reader, right)}"
        case _:
            return f"{value(reader, expr)} holds"


def never(expr: Expr) -> bool:
    """Whether the condition is settled where a playbook is run by another, which passes nothing that could meet it."""
    match expr:
        case Const(value=False) | Given(of=Const(value=None)):
            return True
        case And(of=of):
            return any(never(part) for part in of)
        case Or(of=of):
            return all(never(part) for part in of)
        case _:
            return False


def _either(parts: list[str]) -> str:
    return " or ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _part(reader: Reader, expr: Expr, looser: type[And] | type[Or]) -> str:
    words = clause(reader, expr)
    return f"({words})" if isinstance(expr, looser) else words


def _negated(reader: Reader, of: Expr) -> str:
    """The opposite, said directly: of an `or` each part is denied, of an `and` one is. What is unknown denies neither."""
    match of:
        case StepIs(step=path, outcome=outcome):
            return f"{reader.step(path)} {_NOT_ENDED[outcome]}"
        case Given(of=inner):
            return f"{value(reader, inner)} was not given"
        case Not(of=inner):
            return clause(reader, inner)
        case Compare():
            return _comparison(reader, of.model_copy(update={"sign": _OPPOSITE[of.sign]}))
        case Or(of=parts):
            return clause(reader, And(of=tuple(Not(of=part) for part in parts)))
        case And(of=parts):
            return clause(reader, Or(of=tuple(Not(of=part) for part in parts)))
        case Within(left=left, right=right):
            return f"{value(reader, left)} is not among {value(reader, right)}"
        case _:
            return f"{value(reader, of)} is no"


def _comparison(reader: Reader, expr: Compare) -> str:
    left, right = expr.left, expr.right
    other = value(reader, right)
    if isinstance(left, SeverityNow):
        return f"the severity {_SEVERITY[expr.sign].format(other)}"
    if isinstance(left, Filter) and left.name == "count":
        return f"{_COUNT[expr.sign].format(other)} {_many(reader, left.of)}"
    words = _MOMENT if _is_moment(left) or _is_moment(right) else _NUMBER
    return f"{value(reader, left)} {words[expr.sign]} {other}"


def _is_moment(expr: Expr) -> bool:
    match expr:
        case RunField(field=field):
            return field.endswith("_at")
        case StepField(field=field):
            return field == "done_at"
        case Arithmetic(left=left, right=right):
            return _is_moment(left) != _is_moment(right)
        case _:
            return getattr(expr, "type", "") == "date_time"


def _many(reader: Reader, expr: Expr) -> str:
    """What is counted: “accounts”; entries in what step 1 still holds."""
    if isinstance(expr, InputValue):
        return named(expr.name)
    return f"entries in {value(reader, expr)}"


def value(reader: Reader, expr: Expr) -> str:  # noqa: C901 - one case for each node, and nothing else
    """What an expression stands for, as a noun."""
    match expr:
        case Const(value=None):
            return "what is not passed here"
        case Const(value=found, type=kind):
            return constant(found, kind)
        case InputValue(name=name):
            return named(name)
        case RunField(field=field):
            return _RUN[field]
        case SeverityNow():
            return "the severity"
        case Item(loop=loop):
            step = reader.plan.by_path[loop]
            return f"this {plain(step.item)}" if step.verb == "for_each" else "this one"
        case StepField(step=path, field="held"):
            return f"what {reader.step(path)} still holds"
        case StepField(step=path, field="targets"):
            return f"what {reader.step(path)} was to act on"
        case StepField(step=path):
            return f"the end of {reader.step(path)}"
        case Read(call=call, argument=argument):
            return _answer(reader, call, argument)
        case Arithmetic(sign=sign, left=left, right=right):
            return f"{value(reader, left)} {_MATH[sign]} {value(reader, right)}"
        case Filter(name=name, of=of):
            return _filtered(reader, name, of)
        case Listing(of=of):
            return ", ".join(value(reader, part) for part in of) or "nothing"
        case Prose(of=of):
            return "".join(part if isinstance(part, str) else f"[{hole(reader, part)}]" for part in of)
        case _:
            return f"whether {clause(reader, expr)}"


def _answer(reader: Reader, call: str, argument: Expr | None) -> str:
    """ "the owner of this copy (asked of the system)"."""
    if argument is None:
        return f"{named(call)} (asked of the system)"
    if call.endswith("_of"):
        return f"the {plain(call)} {value(reader, argument)} (asked of the system)"
    return f"{named(call)} for {value(reader, argument)} (asked of the system)"


def _filtered(reader: Reader, name: str, of: Expr) -> str:
    match name:
        case "count":
            return f"the number of {_many(reader, of)}"
        case "first" | "last":
            return f"the {name} of {value(reader, of)}"
        case "unique":
            return f"{value(reader, of)}, each once"
        case _:
            return value(reader, of)


def hole(reader: Reader, expr: Expr) -> str:
    """What is filled in at a hole of a text, without quotation marks: "severity", "number of accounts"."""
    match expr:
        case InputValue(name=name):
            return plain(name)
        case SeverityNow():
            return "severity"
        case Item(loop=loop):
            step = reader.plan.by_path[loop]
            return plain(step.item) if step.verb == "for_each" else "item"
        case Filter(name="count", of=InputValue(name=name)):
            return f"number of {plain(name)}"
        case _:
            return value(reader, expr)


def constant(found: object, kind: str) -> str:
    """A value that the author wrote."""
    if isinstance(found, list | tuple):
        return ", ".join(constant(one, kind) for one in found) or "nothing"
    match kind:
        case "duration" if isinstance(found, int | float):
            return spelt_out(found)
        case "country":
            return COUNTRIES.get(str(found), str(found))
        case "number" if isinstance(found, int | float) and not isinstance(found, bool):
            return f"{found:,}" if float(found).is_integer() and isinstance(found, int) else f"{found:g}"
        case _:
            return said(typed(found, kind))
