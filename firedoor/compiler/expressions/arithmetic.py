"""Numbers, moments and durations, added and taken apart; each result with its type."""

from __future__ import annotations

from jinja2 import nodes

from firedoor.compiler import values
from firedoor.compiler.expressions.walk import BROKEN, Typed, Walk
from firedoor.compiler.kinds import (
    DATE_TIME,
    DURATION,
    NUMBER,
    Kind,
)
from firedoor.plan.expression import (
    Arithmetic,
    Const,
)


def signed(work: Walk, node: nodes.Neg | nodes.Pos, expect: Kind | None) -> Typed:
    of = work.value_of(node.node)
    if of.expr is None:
        return BROKEN
    if of.kind not in (NUMBER, DURATION):
        work.tell("FD212", node, f"{of.kind} has no sign", "only numbers and durations have one")
        return BROKEN
    if isinstance(node, nodes.Pos):
        return of
    if isinstance(of.expr, Const) and isinstance(of.expr.value, int | float):
        return Typed(Const(value=-of.expr.value, type=of.expr.type), of.kind)
    zero = Const(value=0, type=of.kind.value)
    return Typed(Arithmetic(sign="-", left=zero, right=of.expr), of.kind)


_SIGNS: dict[type[nodes.BinExpr], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
}
_RESULTS: dict[tuple[str, str], dict[str, Kind]] = {
    ("number", "number"): dict.fromkeys(("+", "-", "*", "/", "//", "%"), NUMBER),
    ("date_time", "date_time"): {"-": DURATION},
    ("date_time", "duration"): {"+": DATE_TIME, "-": DATE_TIME},
    ("duration", "date_time"): {"+": DATE_TIME},
    ("duration", "duration"): {"+": DURATION, "-": DURATION, "/": NUMBER},
    ("duration", "number"): {"*": DURATION, "/": DURATION},
    ("number", "duration"): {"*": DURATION},
}


def calculate(work: Walk, node: nodes.BinExpr, expect: Kind | None) -> Typed:
    sign = _SIGNS[type(node)]
    left, right = operand(work, node.left), operand(work, node.right)
    if left.expr is None or right.expr is None:
        return BROKEN
    gives = _result(sign, left.kind, right.kind)
    if gives is None:
        words = {"+": "added to", "-": "taken from", "*": "multiplied by"}.get(sign, "divided by")
        one, other = (right.kind, left.kind) if sign in ("+", "-") else (left.kind, right.kind)
        fix = 'calculate with numbers, moments and durations; a duration is quoted: "30m"'
        work.tell("FD212", node, f"{one} cannot be {words} {other}", fix)
        return BROKEN
    return Typed(Arithmetic(sign=sign, left=left.expr, right=right.expr), gives)  # type: ignore[arg-type]


def operand(work: Walk, node: nodes.Expr) -> Typed:
    """An operand of arithmetic: quoted text is a duration or a moment."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return work.value_of(node, DATE_TIME if values.MOMENT.fullmatch(node.value.strip()) else DURATION)
    return work.value_of(node)


def _result(sign: str, left: Kind, right: Kind) -> Kind | None:
    if left.listed or right.listed:
        return None
    return _RESULTS.get((left.base, right.base), {}).get(sign)
