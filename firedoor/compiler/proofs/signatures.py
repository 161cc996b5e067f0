"""Proves that whatever an action requires has been signed, by one approval, on every path that reaches the act.

One forward pass finds what each approval covers (`firedoor.compiler.scope`), and the run contains nothing else: the two
cannot differ. Where an act is not covered, a situation is looked for in which it is reached unsigned, and is told as a
path. Where none is found the pass was too careful, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass

from firedoor.compiler.proofs.reaching import Flow, consequence
from firedoor.compiler.proofs.situations import Situation, Situations, TooMany, told
from firedoor.compiler.proofs.telling import described, says
from firedoor.plan.expression import Expr
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


def unsigned(plan: Plan, situations: Situations, flow: Flow) -> list[Unsigned]:
    acts = [step for step in plan.by_path.values() if step.verb == "contain" and plan.actions[step.action].requires]
    if not acts:
        return []
    approvals = [step for step in plan.by_path.values() if step.verb == "approve"]
    found = []
    for act in acts:
        requires = plan.actions[act.action].requires
        if any(act.path in one.unlocks and covers(one, requires) for one in approvals):
            continue
        asking = [one for one in approvals if flow.before(one.path, act.path) and covers(one, requires)]
        found.append(
            Unsigned(
                step=act,
                wants=tuple(str(seat.who) for seat in requires),
                asked=asking[-1] if asking else None,
                path=tuple(_way(plan, act, asking, situations, flow)),
            )
        )
    return found


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
    nearest = asking[-3:]
    try:
        for situation in situations.all(conditions, [one.path for one in nearest]):
            if (
                situations.holds(conditions, situation)
                and flow.reached(act.path, situation)
                and not any(situation.outcomes[one.path] == "approved" for one in nearest)
            ):
                return _told(plan, act, nearest, conditions, situation, situations)
    except TooMany:
        return []
    return []


def _told(
    plan: Plan,
    act: Contain,
    asking: list[Approve],
    conditions: tuple[Expr, ...],
    situation: Situation,
    situations: Situations,
) -> list[str]:
    looked = [*conditions]
    for one in asking:
        looked += situations.conditions(one.path)
    words = told(plan, situation, looked)
    lines = [f"when {' and '.join(words)}"] if words else []
    for one in asking:
        outcome = situation.outcomes[one.path]
        if outcome == "not_needed":
            lines.append(f"{one.at}: {described(one)} is not asked")
        else:
            lines.append(f"{one.at}: {described(one)} is {outcome}: {says(consequence(one, outcome))}")
    lines.append(f"{act.at}: {described(act)} happens all the same")
    return lines
