"""`and`, `or` and comparisons: which values can be compared, and how a bare word gets its type from the other side."""

from __future__ import annotations

from jinja2 import nodes

from firedoor.compiler.expressions.walk import BROKEN, Typed, Walk
from firedoor.compiler.kinds import (
    ANYTHING,
    ORDERED,
    YES_NO,
    Kind,
    alike,
)
from firedoor.plan.expression import (
    And,
    Compare,
    Expr,
    Not,
    Or,
    Within,
)

_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}


def junction(work: Walk, node: nodes.And | nodes.Or, expect: Kind | None) -> Typed:
    """`a and b and c`, as one node: Jinja2 nests them to the left."""
    flat: list[nodes.Expr] = []
    waiting: list[nodes.Expr] = [node]
    while waiting:
        here = waiting.pop()
        if type(here) is type(node):
            waiting += [here.right, here.left]
        else:
            flat.append(here)
    parts = [work.condition_of(part) for part in flat]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return BROKEN
    return Typed(And(of=tuple(known)) if isinstance(node, nodes.And) else Or(of=tuple(known)), YES_NO)


def negation(work: Walk, node: nodes.Not, expect: Kind | None) -> Typed:
    inner = work.condition_of(node.node)
    return Typed(Not(of=inner), YES_NO) if inner is not None else BROKEN


def compare(work: Walk, node: nodes.Compare, expect: Kind | None) -> Typed:
    parts = [node.expr, *(operand.expr for operand in node.ops)]
    found = [
        one_comparison(work, operand, left, right)
        for operand, left, right in zip(node.ops, parts, parts[1:], strict=False)
    ]
    known = [part for part in found if part is not None]
    if len(known) < len(found):
        return BROKEN
    return Typed(known[0] if len(known) == 1 else And(of=tuple(known)), YES_NO)


def one_comparison(work: Walk, operand: nodes.Operand, left: nodes.Expr, right: nodes.Expr) -> Expr | None:
    one, other = sides(work, left, right)
    if one.expr is None or other.expr is None:
        return None
    if operand.op in ("in", "notin"):
        return inside_list(work, operand, one, other, left, right)
    sign = _SIGNS[operand.op]
    if one.kind.listed or other.kind.listed:
        listed, node = (one, left) if one.kind.listed else (other, right)
        fix = f"write {work.source(node)} | count, or VALUE in {work.source(node)}"
        work.tell("FD212", node, f"{listed.kind} cannot be compared by {sign}", fix)
        return None
    if not alike(one.kind, other.kind):
        work.tell(
            "FD212",
            both(work, left, right),
            f"{one.kind} is compared with {other.kind}",
            _mend(one, other, work.source(right)),
        )
        return None
    if sign not in ("==", "!=") and one.kind.base not in ORDERED:
        work.tell("FD212", both(work, left, right), f"{one.kind} has no order, so {sign} means nothing", "use == or !=")
        return None
    return Compare(sign=sign, left=one.expr, right=other.expr)  # type: ignore[arg-type]


def inside_list(
    work: Walk, operand: nodes.Operand, one: Typed, other: Typed, left: nodes.Expr, right: nodes.Expr
) -> Expr | None:
    if not other.kind.listed:
        work.tell(
            "FD212",
            right,
            f"`in` looks into a list, and this is {other.kind}",
            f"write [{work.source(right)}], or ==",
        )
        return None
    if one.kind.listed or not alike(one.kind, other.kind.one):
        work.tell(
            "FD212",
            both(work, left, right),
            f"{one.kind} is looked for in {other.kind}",
            "compare values of one type",
        )
        return None
    if one.expr is None or other.expr is None:
        return None
    within = Within(left=one.expr, right=other.expr)
    return Not(of=within) if operand.op == "notin" else within


def sides(work: Walk, left: nodes.Expr, right: nodes.Expr) -> tuple[Typed, Typed]:
    """Both sides, the one that cannot say its own type by the other's."""
    if needs_other(work, left) and not needs_other(work, right):
        other = work.value_of(right)
        return work.value_of(left, other.kind.one if other.expr is not None else ANYTHING), other
    one = work.value_of(left)
    if one.expr is None and needs_other(work, right):
        # The mistake on the left has been told; a word on the right could be anything.
        return one, BROKEN
    return one, work.value_of(right, one.kind.one)


def needs_other(work: Walk, node: nodes.Node) -> bool:
    match node:
        case nodes.Const():
            return isinstance(node.value, str)
        case nodes.List():
            return all(needs_other(work, item) for item in node.items)
        case nodes.Name():
            return work.scope.value(node.name) is None and node.name not in work.scope.words()
    return False


def both(work: Walk, left: nodes.Node, right: nodes.Node) -> tuple[int, int]:
    return work.parsed.span(left)[0], work.parsed.span(right)[1]


def _mend(one: Typed, other: Typed, right: str) -> str:
    if {one.kind.base, other.kind.base} == {"number", "text"} and right.strip("\"'").isdecimal():
        return f"write the number without quotes: {right.strip(chr(34) + chr(39))}"
    if "duration" in (one.kind.base, other.kind.base) and "number" in (one.kind.base, other.kind.base):
        return f'quote a length of time: "{right}m"'
    if "yes_no" in (one.kind.base, other.kind.base):
        return "write the name of what is yes or no alone, or with `not` before it"
    return "compare values of one type"
