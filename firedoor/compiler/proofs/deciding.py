"""Finds the approvals that decide nothing: after a no the run goes on exactly as after a yes.

A no is told from a yes by `on_reject`, by what names the outcome (`is approved`, `is rejected`: a condition, a seat, a
clock, a task of the review), or by a clock that the approval meets. What an approval covers rests on these as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from firedoor.plan.expression import StepIs
from firedoor.plan.model import Plan
from firedoor.plan.steps import Approve


def undecided(plan: Plan) -> list[Approve]:
    """The approvals of which a no changes nothing, in the order of the text."""
    asked = [step for step in plan.by_path.values() if step.verb == "approve"]
    idle = [step for step in asked if step.on_reject.kind == "continue" and not step.meets]
    told_apart = set(_told_apart(plan)) if idle else set()
    return [step for step in idle if step.path not in told_apart]


def _told_apart(value: object) -> Iterator[str]:
    """Paths of the steps of which something asks whether they are approved, or rejected."""
    if isinstance(value, StepIs):
        if value.outcome in ("approved", "rejected"):
            yield value.step
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _told_apart(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _told_apart(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _told_apart(one)
