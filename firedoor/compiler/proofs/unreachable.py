"""Proves that each step can happen: in some situation its condition holds where it stands.

What is said to be unreachable never begins, however a severity changes, whatever is given late and whatever is tried
again: each condition is read at its own moment. What the launch gave is taken as not corrected in between. A condition
that compares two things, or asks a system, is taken as able to hold; where too many meet, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterable

from firedoor.compiler.proofs.reaching import Flow, consequence
from firedoor.compiler.proofs.situations import NOT_NEEDED, Question, Situation, Situations, TooMany, named
from firedoor.plan.model import Plan, walk
from firedoor.plan.steps import Step


def unreachable(plan: Plan, situations: Situations, flow: Flow) -> list[Step]:
    """The outermost steps that no situation reaches, without those that only follow from one of these."""
    found: list[Step] = []
    _look(plan.steps, situations, flow, found, set())
    return found


def _look(steps: Iterable[Step], situations: Situations, flow: Flow, found: list[Step], never: set[str]) -> None:
    """Adds to `found`, and to `never` the paths of all that follows from it."""
    for step in steps:
        if step.when is not None and not _reached(step, situations, flow):
            if not named(step.when) & never:
                found.append(step)
            never.update(inner.path for inner in walk((step,)))
        elif step.verb in ("parallel", "group", "for_each"):
            _look(step.steps, situations, flow, found, never)


def _reached(step: Step, situations: Situations, flow: Flow) -> bool:
    conditions = situations.conditions(step.path)
    question = situations.question(conditions, moments=True)

    def leads(one: Step, end: str) -> object:
        found = consequence(one, end)
        return None if found is None else (found.kind, found.may_continue)

    try:
        return any(
            question.holds(conditions, situation)
            and flow.reached(step.path, situation.outcomes)
            and _possible(question, situation)
            for situation in question.situations(leads, conditions)
        )
    except TooMany:
        return True


def _possible(question: Question, situation: Situation) -> bool:
    """Whether each step that has ended of itself has begun, so that its conditions held."""
    begun = {
        name
        for (kind, name, _), value in situation.values.items()
        if kind == "step" and value not in (NOT_NEEDED, "skipped")
    }
    return all(question.holds(question.guards[path], situation) for path in begun)
