"""What an expression rests on: the inputs behind it, directly or through loops, steps and reads."""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.plan.expression import (
    Expr,
    InputValue,
    Item,
    Read,
    StepField,
)
from firedoor.plan.model import Plan


def parts(expr: Expr) -> Iterator[Expr]:
    """The expressions directly inside."""
    match expr.op:
        case "given" | "not" | "filter":
            yield expr.of
        case "and" | "or" | "list":
            yield from expr.of
        case "compare" | "in" | "math":
            yield expr.left
            yield expr.right
        case "read" if expr.argument is not None:
            yield expr.argument
        case "prose":
            for part in expr.of:
                if not isinstance(part, str):
                    yield part


def inputs_behind(plan: Plan, expr: Expr | None) -> frozenset[str]:
    """Names of the inputs that the expression's value can depend on. An item rests on its loop's list, and what a
    step holds on that step's targets; the outcome of a step (`is approved`) counts as resting on nothing."""
    found: set[str] = set()
    queue = [expr] if expr is not None else []
    seen: set[str] = set()
    while queue:
        node = queue.pop()
        if isinstance(node, InputValue):
            found.add(node.name)
        path = node.loop if isinstance(node, Item) else node.step if isinstance(node, StepField) else None
        if path is not None and path not in seen:
            seen.add(path)
            step = plan.by_path[path]
            behind = step.items if step.verb == "for_each" else getattr(step, "targets", None)
            if behind is not None:
                queue.append(behind)
        queue.extend(parts(node))
    return frozenset(found)


def sensitivities(plan: Plan, expr: Expr | None) -> frozenset[str]:
    """Kinds of sensitive data ("personal", "graphic") that the expression's value can hold."""
    behind = (plan.input_names.get(name) for name in inputs_behind(plan, expr))
    return frozenset(field.sensitive for field in behind if field is not None and field.sensitive)


def reads_in(expr: Expr) -> Iterator[Read]:
    if isinstance(expr, Read):
        yield expr
    for part in parts(expr):
        yield from reads_in(part)
