"""A drill's plan: everything that is waited for passes faster, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firedoor.plan import Plan, Updates
from firedoor.plan.expression import Arithmetic, Const
from firedoor.plan.model import unpack
from firedoor.plan.pace import MOST_PACE, paced
from tests.workflows import plans as p

LATER = Arithmetic(sign="+", left=p.AWARE, right=Const(value=3600, type="duration"))
PLAN = p.plan(
    p.approve(deadline=3600, escalate=1800),
    p.contain(expires=14_400, on_expiry=p.ASK),
    p.group(p.task(due=p.due(4)), p.wait(duration=600), p.wait(until=Const(value=True, type="yes_no"), held_for=7200)),
    clocks=(p.clock("gdpr", 72 * 3600, starts=LATER),),
    updates=Updates(every={"sev1": 1800}, to=(), say=p.text("How it stands")),
)


def test_what_is_waited_for_passes_faster() -> None:
    found = paced(PLAN, 10)
    approve, contain, group = found.steps
    assert (approve.verb, contain.verb, group.verb) == ("approve", "contain", "group")
    assert approve.verb == "approve"
    assert (approve.deadline, approve.escalate) == (360, 180)
    assert contain.verb == "contain"
    assert contain.expires == 1440
    assert group.verb == "group"
    task, wait, until = group.steps
    assert task.verb == "task"
    assert task.due is not None
    assert task.due.seconds == 1440
    assert (wait.verb, until.verb) == ("wait", "wait")
    assert [getattr(wait, "duration", None), getattr(until, "held_for", None)] == [60, 720]
    assert found.clocks[0].limit == 72 * 360
    assert found.clocks[0].starts == LATER.model_copy(update={"right": Const(value=360, type="duration")})
    assert found.updates is not None
    assert found.updates.every == {"sev1": 180}
    assert found.commander.answers_within == 60
    assert found.actions == PLAN.actions, "an act is retried as long as ever"


@given(st.integers(2, MOST_PACE))
@settings(max_examples=20)
def test_a_faster_plan_is_another_plan_that_travels_like_any(pace: int) -> None:
    found = paced(PLAN, pace)
    assert found.digest != PLAN.digest
    assert unpack(found.pack()).digest == found.digest
    assert found.pace == pace
    assert _shape(found) == _shape(PLAN)


def test_at_its_own_pace_it_is_the_same_plan() -> None:
    assert paced(PLAN, 1) is PLAN
    assert "pace" not in PLAN.canonical.decode()


@pytest.mark.parametrize("pace", [0, -1, MOST_PACE + 1])
def test_a_pace_that_is_none(pace: int) -> None:
    with pytest.raises(ValueError, match="from 1 to"):
        paced(PLAN, pace)


def _shape(plan: Plan) -> list[tuple[str, str]]:
    return [(step.path, step.verb) for step in plan.by_path.values()]
