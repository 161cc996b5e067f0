"""Loops over long lists, and which of them go in batches.

A loop over more than WHOLE items keeps no round of its own for each. Its steps are done one after the other, each for all
items: the step looks at the list page by page (which items its condition holds for, and what they give), and acts on
what it found page by page. That is only the same as one round after the other where no round waits for a person or for
time, and where nothing that happens in a round ends it or reaches beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from firedoor.plan import paths
from firedoor.plan.expression import Expr, Item, Read, StepField, StepIs
from firedoor.plan.model import Plan, walk
from firedoor.plan.references import parts
from firedoor.plan.steps import Contain, ForEach, Notify, Step
from firedoor.plan.text import MessageRef

GO_ON: Final = ("ask", "continue", "stop", "undo_all")
"""What a failure may lead to there: the others would have to end a round, or undo what a round holds."""

AUTOMATIC: Final = ("contain", "notify", "group", "parallel")


def may_go_in_batches(plan: Plan) -> bool:
    """Whether some loop of the plan would, if its list were long."""
    return any(isinstance(step, ForEach) and why_not(plan, step) is None for step in plan.by_path.values())


def why_not(plan: Plan, loop: ForEach) -> str | None:
    """Why the loop cannot go in batches, in plain words; None where it can.

    It can where all of its steps are `contain`, `notify`, and `group` or `parallel` of these; where a failure of them asks,
    goes on, stops or undoes all; where a `contain` in it has targets, no `ask_above`, and a `with` that is the same for
    each item; and where no condition, target or text in it looks at another step of the loop.
    """
    for step in walk(loop.steps):
        reason = _why_not(plan, loop, step)
        if reason is not None:
            return reason
    return None


def _why_not(plan: Plan, loop: ForEach, step: Step) -> str | None:
    if step.verb not in AUTOMATIC:
        return f"it holds {_NAMED[step.verb]} ({step.at})"
    if any(_looks_inside(expr, loop) for expr in expressions(step)):
        return f"a step of it looks at another one of the same round ({step.at})"
    if step.verb in ("contain", "notify") and step.on_failure.kind not in GO_ON:
        return f"a failure in it would {_ENDS[step.on_failure.kind]} ({step.at})"
    if isinstance(step, Contain) and step.targets is None:
        return f"a contain in it has no targets ({step.at})"
    if isinstance(step, Contain) and step.ask_above is not None:
        return f"a contain in it has an ask_above of its own ({step.at})"
    if isinstance(step, Contain) and any(_differs(expr, loop) for expr in step.arguments.values()):
        return f"a contain in it has another “with” for each item ({step.at})"
    return None


_NAMED: Final = {
    "approve": "an approval",
    "task": "a task",
    "wait": "a wait",
    "undo": "an undo",
    "for_each": "another loop",
}
_ENDS: Final = {"leave": "end one round", "undo": "undo what one round holds"}


def expressions(step: Step) -> Iterator[Expr]:
    """Everything that the step evaluates when it begins."""
    if step.when is not None:
        yield step.when
    match step:
        case Contain():
            yield from [] if step.targets is None else [step.targets]
            yield from step.arguments.values()
        case Notify():
            yield from (member.of for member in step.audience if member.of is not None)
            yield from step.say.context.values() if isinstance(step.say, MessageRef) else step.say.by_language.values()


def around(plan: Plan, loop: str, path: str) -> Sequence[Step]:
    """The step at a static path, and those inside of the loop that it stands in, from the outermost on."""
    found: list[Step] = []
    while path != loop:
        found.append(plan.by_path[path])
        path = paths.parent(path)
    return found[::-1]


def before(plan: Plan, loop: str, path: str) -> list[str]:
    """The acts of the loop that are over for an item when the one at this static path begins."""
    acts = [step.path for step in walk(_loop(plan, loop).steps) if step.verb in ("contain", "notify")]
    return [act for act in acts if act != path and _stands_before(plan, act, path)]


def _loop(plan: Plan, loop: str) -> ForEach:
    step = plan.by_path[loop]
    if not isinstance(step, ForEach):
        raise TypeError(f"{loop} is no loop")
    return step


def _stands_before(plan: Plan, one: str, other: str) -> bool:
    mine, theirs = one.split("."), other.split(".")
    same = next(n for n, (left, right) in enumerate(zip(mine, theirs, strict=False)) if left != right)
    common = plan.by_path[".".join(mine[:same])]
    return common.verb != "parallel" and int(mine[same]) < int(theirs[same])


def _nodes(expr: Expr) -> Iterator[Expr]:
    yield expr
    for part in parts(expr):
        yield from _nodes(part)


def nodes(step: Step) -> Iterator[Expr]:
    """Every node of what the step evaluates."""
    for expr in expressions(step):
        yield from _nodes(expr)


def _looks_inside(expr: Expr, loop: ForEach) -> bool:
    return any(isinstance(node, StepIs | StepField) and paths.within(node.step, loop.path) for node in _nodes(expr))


def _differs(expr: Expr, loop: ForEach) -> bool:
    return any(isinstance(node, Read) or (isinstance(node, Item) and node.loop == loop.path) for node in _nodes(expr))


__all__ = ["GO_ON", "around", "before", "expressions", "nodes", "why_not"]
