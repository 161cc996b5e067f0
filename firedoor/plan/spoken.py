"""Expressions and people as text again, close to how the author wrote them: for forms, previews and outlines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

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
from firedoor.plan.model import Plan
from firedoor.plan.steps import Consequence, Seat
from firedoor.plan.who import Who


def expression(plan: Plan, expr: Expr) -> str:  # noqa: C901 - one case for each node, and nothing else
    match expr:
        case Const(value=value, type=kind):
            return said(typed(value, kind))
        case InputValue(name=name):
            return name
        case RunField(field=field):
            return f"run.{field}"
        case SeverityNow():
            return "severity"
        case Item(loop=loop):
            step = plan.by_path[loop]
            return step.item if step.verb == "for_each" else "item"
        case StepIs(step=path, outcome=outcome):
            return f"{step_name(plan, path)} is {outcome}"
        case StepField(step=path, field=field):
            return f"{step_name(plan, path)}.{field}"
        case Read(call=call, argument=argument):
            return f"{call}({expression(plan, argument)})" if argument else call
        case Given(of=of):
            return f"{expression(plan, of)} is given"
        case Not(of=of):
            return f"not {_inner(plan, of)}"
        case And(of=of):
            return " and ".join(_inner(plan, part) for part in of)
        case Or(of=of):
            return " or ".join(_inner(plan, part) for part in of)
        case Compare(sign=sign, left=left, right=right) | Arithmetic(sign=sign, left=left, right=right):
            return f"{_inner(plan, left)} {sign} {_inner(plan, right)}"
        case Within(left=left, right=right):
            return f"{_inner(plan, left)} in {_inner(plan, right)}"
        case Filter(name=name, of=of, argument=argument):
            by = f' by "{argument}"' if argument is not None else ""
            return f"{name} of {_inner(plan, of)}{by}"
        case Listing(of=of):
            return "[" + ", ".join(expression(plan, part) for part in of) + "]"
        case Prose(of=of):
            return "".join(part if isinstance(part, str) else f"{{{expression(plan, part)}}}" for part in of)


def _inner(plan: Plan, expr: Expr) -> str:
    text = expression(plan, expr)
    return f"({text})" if isinstance(expr, And | Or | Compare | Within | Arithmetic) else text


def step_name(plan: Plan, path: str) -> str:
    step = plan.by_path[path]
    return step.id or (step.action if step.verb == "contain" else f"step {path}")


def seats(plan: Plan, needed: Iterable[Seat]) -> tuple[str, ...]:
    """ "policy", "2 of legal", "legal, when severity is sev1"."""
    return tuple(
        (f"{seat.seats} of {seat.who}" if seat.seats > 1 else str(seat.who))
        + (f", when {expression(plan, seat.when)}" if seat.when else "")
        for seat in needed
    )


def consequence(
    plan: Plan,
    means: Consequence,
    who: Callable[[Who], str] = str,
    step: Callable[[str], str] | None = None,
    *,
    at: str = "",
) -> str:
    """What a no, a silence or a failure of the step at the path leads to. `who` and `step` name people and steps, where
    not as authors do."""
    named = step or partial(step_name, plan)
    match means.kind:
        case "ask":
            return f"{who(means.asks) if means.asks else 'the commander'} is asked"
        case "undo":
            return f"{named(means.step)} is undone" if means.step else "it is undone"
        case "undo_all":
            return "everything is undone, and the response ends"
        case "stop":
            return "the response ends, and what is contained stays so"
        case "leave" if at and "." not in at:
            return "everything behind it is left out, and the response ends"
        case "leave":
            return "this part ends, and what stands after it goes on"
        case "continue":
            return "it goes on"
