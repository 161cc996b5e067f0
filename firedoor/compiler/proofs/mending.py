"""What to write where a clock is not shown to be met: the very words, as they compile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from firedoor.compiler.proofs.reaching import OPTION, consequence
from firedoor.compiler.proofs.situations import NOT_NEEDED
from firedoor.compiler.proofs.worst import Part, Worst
from firedoor.plan import paths
from firedoor.plan.expression import Expr, Filter, InputValue, StepField
from firedoor.plan.model import Clock, Plan
from firedoor.plan.references import parts
from firedoor.plan.steps import Step

Written = Callable[[Step], str | None]
"""A step's `when` as its author wrote it."""

_ANY = "let the step that meets it happen there as well, or ask someone when it fails"


def unmet(plan: Plan, clock: Clock, outcomes: dict[str, str], written: Written) -> str:
    """For a clock that in this situation starts and is met by nothing."""
    meeting = [step for step in plan.by_path.values() if clock.name in step.meets]
    for path, outcome in outcomes.items():
        step = plan.by_path[path]
        found = consequence(step, outcome) if any(paths.within(path, one.path) for one in meeting) else None
        if found is not None and found.kind != "ask" and outcome in OPTION:
            return f"write {OPTION[outcome]}: ask commander at {step.at}, so that somebody is asked who sees the clock"
    for path, outcome in outcomes.items():
        found = consequence(plan.by_path[path], outcome)
        if found is not None and found.kind in ("leave", "stop", "undo_all"):
            where = f"{OPTION.get(outcome, 'on_timeout')}: {found.kind.replace('_', ' ')} at {plan.by_path[path].at}"
            if found.kind == "leave":
                return f"let a task meet it as well that {where} does not leave out: after that group, or before it"
            return f"let a task meet it that stays behind {where}: in no loop, and itself rather than a group around it"
    if not all(outcomes.get(step.path) == NOT_NEEDED for step in meeting):
        return _ANY
    condition = _otherwise(plan, meeting, written)
    if condition is None:
        return _ANY
    last = max((step.at for step in meeting), key=lambda at: int(at.rpartition(":")[2]))
    return f"put after {last} a task for when it does not happen, with meets: {clock.name}, and when: {condition}"


def endless(part: Part, plan: Plan, worst: Worst) -> str:
    """For a way that has no bound, because of this part of it."""
    step = part.step
    if step.verb != "for_each":
        return f"give it {'due' if step.verb == 'task' else 'at_most'}, and on_timeout"
    if worst.most(step.items) is not None or not step.steps:
        return "give what is in the loop a bound: a task due, a wait at_most"
    bound = _input(step.items, plan)
    before = "put the step that meets the clock before the loop, or beside it in a parallel"
    return f"give the input {bound} at_most, or {before}" if bound is not None else before


def _input(items: Expr, plan: Plan) -> str | None:
    """The list among the inputs that bounds what a loop goes over."""
    match items:
        case InputValue(name=name, listed=True):
            return name if name in plan.input_names else None
        case Filter(name="unique", of=of):
            return _input(of, plan)
        case StepField(step=path):
            step = plan.by_path[path]
            return _input(step.targets, plan) if step.verb == "contain" and step.targets is not None else None
        case _:
            return None


def _otherwise(plan: Plan, meeting: list[Step], written: Written) -> str | None:
    """The condition that holds where those of all these steps do not; None where no one place could say it."""
    outer = {step.path.rpartition(".")[0] for step in meeting}
    around = next(iter(outer))
    if len(outer) > 1 or (around and plan.by_path[around].verb == "parallel"):
        return None
    said = []
    for step in meeting:
        text = written(step)
        if step.when is None or text is None:
            return None
        unsure = [f"{name} is given" for name in dict.fromkeys(_left_out(step.when, plan))]
        said.append(" and ".join([*unsure, f"({text})"]) if unsure else text)
    return f"not ({' or '.join(said)})"


def _left_out(condition: Expr, plan: Plan) -> Iterator[str]:
    """The inputs in it that may not be given, so that neither it nor its contrary holds."""
    if isinstance(condition, InputValue):
        known = plan.input_names.get(condition.name)
        if known is not None and known.optional and known.default is None:
            yield condition.name
    for part in parts(condition):
        yield from _left_out(part, plan)
