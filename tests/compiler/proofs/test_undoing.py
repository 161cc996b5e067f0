"""An undo that a run reaches is allowed by the activity that lets go, or the compiler has found it (FD406)."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedoor.plan import Plan
from firedoor.plan.expression import And
from tests.compiler.proofs.test_soundness import settled
from tests.run import plans as p
from tests.run.driver import Run, World
from tests.run.generated import Sight, conditions, sequences
from tests.run.test_properties import HAPPENINGS, THINGS, calm

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def undoing(draw: st.DrawFn) -> Plan:
    """Something is contained; then this and that; then it is undone, on what stands before or on anything."""
    sight = Sight(names=["lock"], contains=["lock"])
    lock = p.contain("lock_account", p.given("accounts"), name="lock")
    between = draw(sequences(sight, 4))
    signed = draw(st.sampled_from([None, *(p.is_(f"#{name}", "approved") for name in sight.approvals)]))
    more = draw(conditions(sight))
    when = And(of=(signed, more)) if signed is not None and more is not None else signed or more
    return p.plan(lock, *between, p.undo("#lock", name="loosen", when=when))


@given(plan=undoing(), happenings=HAPPENINGS)
@QUICK
def test_an_undo_that_is_reached_is_allowed_or_was_found(plan: Plan, happenings: list[int]) -> None:
    none_is_refused(plan, happenings)


@pytest.mark.long
@pytest.mark.timeout(7200)
@given(plan=undoing(), happenings=HAPPENINGS)
@LONG
def test_an_undo_that_is_reached_is_allowed_or_was_found_many_times(plan: Plan, happenings: list[int]) -> None:
    none_is_refused(plan, happenings)


def none_is_refused(plan: Plan, happenings: list[int]) -> None:
    """`tests.run.invariants` holds each release against the activity's rule, and a refusal against what was found."""
    plan = settled(plan)
    dice = Random(happenings[0])
    run = Run(plan, {"accounts": ["@a", "@b"], "office": dice.random() < 0.4}, world=World())
    run.stays = ["contain", "release", "notify", "read", "record"]
    run.launch()
    for seed in happenings[:20]:
        if run.state.phase == "closed":
            break
        dice = Random(seed)
        dice.choice(THINGS)(run, dice)
    calm(run)
