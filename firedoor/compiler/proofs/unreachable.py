"""Proves that each step can happen: in some situation its condition holds where it stands.

Exact for conditions on inputs, severity and outcomes; a condition that compares two of them, or asks a system, is taken
as able to hold. Where too many conditions meet, nothing is claimed.
"""

from __future__ import annotations

from firedoor.compiler.proofs.reaching import Flow
from firedoor.compiler.proofs.situations import Situations, TooMany
from firedoor.plan.model import Plan
from firedoor.plan.steps import Step


def unreachable(plan: Plan, situations: Situations, flow: Flow) -> list[Step]:
    """The outermost steps that no situation reaches."""
    found: list[Step] = []

    def look(steps: tuple[Step, ...]) -> None:
        for step in steps:
            if step.when is not None and not _reached(step, situations, flow):
                found.append(step)
            elif step.verb in ("parallel", "group", "for_each"):
                look(step.steps)

    look(plan.steps)
    return found


def _reached(step: Step, situations: Situations, flow: Flow) -> bool:
    conditions = situations.conditions(step.path)
    try:
        return any(
            situations.holds(conditions, situation) and flow.reached(step.path, situation)
            for situation in situations.all(conditions)
        )
    except TooMany:
        return True
