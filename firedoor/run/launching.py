"""From a signed launch to the first state of a run."""

from __future__ import annotations

from datetime import datetime

from firedoor.plan import Plan
from firedoor.plan.inputs import check_inputs
from firedoor.protocol import Launch, Signed
from firedoor.run import bounds
from firedoor.run.state import ENGINE, State


class Unfit(ValueError):
    """The launch does not fit the plan. It fails as a launch: no run begins."""


def begin(
    plan: Plan, signed: Signed, incident: str, now: datetime, engine: int = ENGINE, *, batches: bool = True
) -> State:
    """Raises Unfit, in plain words. Who signed is verified by whoever acts: a run that nobody launched does nothing."""
    try:
        launch = Launch.model_validate_json(signed.body)
    except ValueError as error:
        raise Unfit("this is no launch") from error
    if launch.incident != incident or launch.plan != plan.digest:
        raise Unfit("the launch was signed for another run")
    checked = check_inputs(plan, launch.inputs)
    if checked.problems:
        raise Unfit("; ".join(str(problem) for problem in checked.problems))
    many = bounds.too_many(plan, checked.values) if engine >= 2 else None
    if many is not None:
        raise Unfit(many)
    return State(
        engine=engine,
        batches=batches,
        incident=incident,
        launch=signed,
        launcher=launch.person,
        region=launch.region,
        aware_at=launch.aware_at,
        launched_at=now,
        drill=launch.drill,
        title=launch.title,
        inputs=checked.values,
        now=now,
    )
