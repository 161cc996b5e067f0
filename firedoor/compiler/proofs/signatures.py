"""Proves that whatever an action requires has been signed, by one approval, on every path that reaches the act.

One forward pass finds what each approval covers (`firedoor.compiler.scope`), and the run contains nothing else: the two
cannot differ. Where an act is not covered, a situation is looked for in which it is reached unsigned, and is told as a
path. Where none is found the pass was too careful, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firedoor.compiler.proofs.reaching import Flow, consequence
from firedoor.compiler.proofs.situations import NOT_NEEDED, Question, Situation, Situations, TooMany, told
from firedoor.compiler.proofs.telling import described, says
from firedoor.plan.model import Plan
from firedoor.plan.steps import Approve, Contain, Seat


@dataclass(frozen=True)
class Unsigned:
    """An act that can be reached without the signatures that its action requires."""

    step: Contain
    wants: tuple[str, ...]
    """Who must have signed."""
    asked: Approve | None
    """The nearest approval that asks all of them."""
    path: tuple[str, ...]
    """A way on which it happens, a step a line; empty where none could be shown."""


def unsigned(plan: Plan, situations: Situations, flow: Flow) -> Iterator[Unsigned]:
    acts = [step for step in plan.by_path.values() if step.verb == "contain" and plan.actions[step.action].requires]
    if not acts:
        return
    approvals = [step for step in plan.by_path.values() if step.verb == "approve"]
    signs = {
        name: [one for one in approvals if covers(one, plan.actions[name].requires)]
        for name in {act.action for act in acts}
    }
    covered = {name: frozenset(path for one in covering for path in one.unlocks) for name, covering in signs.items()}
    for act in acts:
        if act.path in covered[act.action]:
            continue
        asking = [one for one in signs[act.action] if flow.before(one.path, act.path)]
        yield Unsigned(
            step=act,
            wants=tuple(str(seat.who) for seat in plan.actions[act.action].requires),
            asked=asking[-1] if asking else None,
            path=tuple(_way(plan, act, asking[-_NEAREST:], situations, flow)),
        )


_NEAREST = 3
"""Approvals that a counter-example tells of."""


def covers(approval: Approve, requires: tuple[Seat, ...]) -> bool:
    """Whether the approval's seats, those without a condition, are what is required."""
    have: dict[tuple[str, str | None], int] = {}
    for seat in approval.needs:
        if seat.when is None:
            key = (seat.who.kind, seat.who.name)
            have[key] = have.get(key, 0) + seat.seats
    return all(have.get((seat.who.kind, seat.who.name), 0) >= seat.seats for seat in requires)


def _way(plan: Plan, act: Contain, asking: list[Approve], situations: Situations, flow: Flow) -> list[str]:
    conditions = situations.conditions(act.path)
    question = situations.question(conditions, [one.path for one in asking])
    try:
        for situation in question.situations(lambda step, end: (consequence(step, end), end == "approved")):
            if (
                question.holds(conditions, situation)
                and flow.reached(act.path, situation.outcomes)
                and not any(situation.outcomes[one.path] == "approved" for one in asking)
                and _possible(question, situation, flow)
            ):
                return _told(act, asking, question, situation)
    except TooMany:
        return []
    return []


def _possible(question: Question, situation: Situation, flow: Flow) -> bool:
    """Whether what has ended was reached, and what was surely reached has ended."""
    outcomes = situation.outcomes
    return all(
        not (holds and flow.surely_reached(path, outcomes, meets=False))
        if outcomes[path] == NOT_NEEDED
        else holds and flow.reached(path, outcomes)
        for path, guards in question.guards.items()
        for holds in [question.holds(guards, situation)]
    )


def _told(act: Contain, asking: list[Approve], question: Question, situation: Situation) -> list[str]:
    words = told(question, situation)
    lines = [f"when {' and '.join(words)}"] if words else []
    for one in asking:
        outcome = situation.outcomes[one.path]
        if outcome == NOT_NEEDED:
            lines.append(f"{one.at}: {described(one)} is not asked")
        else:
            lines.append(f"{one.at}: {described(one)} is {outcome}: {says(consequence(one, outcome))}")
    lines.append(f"{act.at}: {described(act)} happens all the same")
    return lines
