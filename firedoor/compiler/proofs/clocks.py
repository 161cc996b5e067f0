"""Proves that each clock that can start is met by some step, and in time.

Met: in every situation in which the clock starts, a step that meets it is reached and succeeds, or someone is asked. A
`stop` and an `undo all` are no way out of a law: steps that meet a started clock stay as tasks. In time: the longest
way to the first of the steps that meet it in that situation is within the limit; what is left over is the margin for
launching late. Both are shown over the situations that conditions tell apart, or it is said that they are not shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from firedoor.compiler.proofs.reaching import Flow, consequence
from firedoor.compiler.proofs.situations import NOT_NEEDED, Situation, Situations, TooMany, told
from firedoor.compiler.proofs.telling import described, says
from firedoor.compiler.proofs.worst import Longest, Worst
from firedoor.plan.expression import Arithmetic, Const, Expr, Given, InputValue, RunField, StepField
from firedoor.plan.model import Clock, Plan
from firedoor.plan.steps import Step

_SUCCEEDED = ("approved", "done")


@dataclass(frozen=True)
class Shown:
    """What was found of one clock."""

    clock: Clock
    verdict: Literal["in time", "late", "unmet", "not shown"]
    longest: Longest = field(default_factory=Longest)
    """The longest way, from the launch or from the step whose end starts the clock, to where it is met."""
    at: Step | None = None
    """The step that meets it last, in the worst situation."""
    margin: int = 0
    """Seconds left of the limit. For a clock that starts before the launch: how late a launch may be."""
    since: str | None = None
    """Static path of the step whose end starts the clock; None where it starts at a moment that is given."""
    situation: tuple[str, ...] = ()
    """Where it is not met: in which situation, and what happens there, in words."""
    why: str = ""
    """Why it is not shown."""


def clocks(plan: Plan, situations: Situations, flow: Flow, worst: Worst) -> list[Shown]:
    return [_shown(plan, clock, situations, flow, worst) for clock in plan.clocks]


def _shown(plan: Plan, clock: Clock, situations: Situations, flow: Flow, worst: Worst) -> Shown:
    meeting = [step for step in plan.by_path.values() if clock.name in step.meets]
    if not meeting:
        return Shown(clock, "unmet")
    start = _start(clock.starts)
    if start is None:
        return Shown(clock, "not shown", why="what starts it is worked out from several things")
    since, later, given = start
    conditions = [one for one in (clock.when, given) if one is not None]
    looked = [*conditions, *(part for step in meeting for part in situations.conditions(step.path))]
    deciding = {step.path for step in meeting} | {one.path for step in meeting for one in flow.leaving(step.path)}
    longest: Longest | None = None
    last: Step | None = None
    try:
        for situation in situations.all(looked, sorted(deciding)):
            if not situations.holds(conditions, situation):
                continue
            if since is not None and situation.outcomes.get(since) == NOT_NEEDED:
                continue
            reached = [step for step in meeting if _reached(step, situation, situations, flow)]
            met = [step for step in reached if _meets(step, situation)]
            if not met:
                words = (*told(plan, situation, looked), *_ends(plan, situation, deciding))
                return Shown(clock, "unmet", since=since, situation=words)
            first = min(((worst.until(step.path, since), step) for step in met), key=lambda way: way[0].rank)
            if longest is None or first[0].rank > longest.rank:
                longest, last = first
    except TooMany:
        return Shown(clock, "not shown", why="too many conditions meet")
    if longest is None:
        return Shown(clock, "not shown", why="no situation was found in which it starts")
    if longest.unbounded is not None:
        return Shown(clock, "not shown", longest=longest, at=last, since=since, why=longest.why)
    margin = clock.limit + later - longest.seconds
    return Shown(clock, "in time" if margin >= 0 else "late", longest, last, margin, since)


def _start(starts: Expr) -> tuple[str | None, int, Expr | None] | None:
    """(step whose end starts it, seconds that it starts later, the condition that it starts at all)."""
    match starts:
        case RunField():
            return None, 0, None
        case InputValue():
            return None, 0, Given(of=starts)
        case StepField(step=path, field="done_at"):
            return path, 0, None
        case Arithmetic(sign="+" | "-" as sign, left=left, right=Const(value=value, type="duration")) if isinstance(
            value, int | float
        ):
            found = _start(left)
            return None if found is None else (found[0], found[1] + int(value if sign == "+" else -value), found[2])
        case _:
            return None


def _reached(step: Step, situation: Situation, situations: Situations, flow: Flow) -> bool:
    return situations.holds(situations.conditions(step.path), situation) and flow.reached(
        step.path, situation, ends=False
    )


def _meets(step: Step, situation: Situation) -> bool:
    """Whether it succeeds, or a person is asked about its failure: who is asked knows of the clock."""
    outcome = situation.outcomes[step.path]
    if outcome in _SUCCEEDED or outcome == "skipped":
        return True
    found = consequence(step, outcome)
    return found is not None and found.kind in ("ask", "stop", "undo_all")


def _ends(plan: Plan, situation: Situation, deciding: set[str]) -> list[str]:
    lines = []
    for path in sorted(deciding, key=lambda path: [int(part) for part in path.split(".")]):
        step, outcome = plan.by_path[path], situation.outcomes[path]
        if outcome not in (*_SUCCEEDED, NOT_NEEDED):
            lines.append(f"{step.at}: {described(step)} is {outcome}: {says(consequence(step, outcome))}")
        elif outcome == NOT_NEEDED:
            lines.append(f"{step.at}: {described(step)} is not needed")
    return lines
