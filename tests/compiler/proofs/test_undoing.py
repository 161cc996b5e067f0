"""An undo that a run reaches is allowed by the activity that lets go, or the compiler has found it (FD406)."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedoor.compiler import scope
from firedoor.compiler.proofs.reaching import Flow
from firedoor.compiler.proofs.undoing import refused
from firedoor.plan import Approve, Expr, Plan, Step, Undo, Wait
from firedoor.plan.expression import And, Compare, StepField
from tests.compiler.proofs.test_soundness import settled
from tests.run import plans as p
from tests.run.driver import Run, World
from tests.run.generated import Sight, conditions, sequences
from tests.run.test_properties import HAPPENINGS, THINGS, calm, whoever

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


# --- what is found is refused, and what is not is allowed ---------------------------------------------------------------

SITES = count()


def few() -> Compare:
    """A question to a system, whose answer no word shows."""
    return p.below(p.read("count_of", f"site{next(SITES)}"), 20)


def sign(name: str = "sd", **more: Any) -> Approve:
    return p.approve("Let it go?", name=name, on_reject="continue", **more)


def until_calm() -> Wait:
    return p.wait(until=few(), check_every=p.MINUTE)


def loosen(when: Expr | None = None, **more: Any) -> Undo:
    return p.undo("#lock", name="loosen", when=when, **more)


APPROVED = p.is_("#sd", "approved")
HELD = p.held("#lock")
LOCKED_AT = StepField(step="#lock", field="done_at")

ALLOWED: dict[str, tuple[Step, ...]] = {
    "nothing before it": (loosen(),),
    "a time": (p.wait(3 * p.HOUR), loosen()),
    "a time that it names": (p.wait(3 * p.HOUR, name="pause"), loosen(p.is_("#pause", "done"))),
    "work": (p.task(name="see"), loosen()),
    "work that it names": (p.task(name="see"), loosen(p.is_("#see", "done"))),
    "an approval after a wait for a condition": (until_calm(), sign(), loosen(APPROVED)),
    "an approval that always comes first": (
        until_calm(),
        p.approve("Let it go?", on_reject="stop", on_timeout="stop"),
        loosen(),
    ),
    "an approval after that wait in a group": (p.group(until_calm(), sign()), loosen(APPROVED)),
    "an approval after that wait in a branch": (
        p.parallel(p.group(until_calm(), sign()), p.notify()),
        loosen(APPROVED),
    ),
    "a question to a system beside an approval": (sign(), loosen(And(of=(APPROVED, few())))),
    "a question to a system before work, then an approval": (p.task(when=few()), sign(), loosen(APPROVED)),
    "that wait in another branch": (p.parallel(p.group(until_calm()), p.group(loosen())),),
    "the severity": (loosen(p.at_sev1()),),
    "work at a severity": (p.task(when=p.not_(p.at_sev1())), loosen()),
    "work after a no": (sign(), p.task(when=p.is_("#sd", "rejected")), loosen(p.is_("#sd", "rejected"))),
    "work of a round": (
        p.for_each(HELD, p.task(name="see"), loosen(p.is_("#see", "done"), targets=p.item("#round")), name="round"),
    ),
    "an approval of a round after that wait": (
        p.for_each(p.given("accounts"), until_calm(), sign(), loosen(APPROVED, targets=p.item("#round")), name="round"),
    ),
}

REFUSED: dict[str, tuple[Step, ...]] = {
    "a wait for a condition": (until_calm(), loosen()),
    "that wait in a group": (p.group(until_calm()), loosen()),
    "that wait in a parallel before it": (p.parallel(until_calm(), p.notify()), loosen()),
    "that wait and work": (until_calm(), p.task(name="see"), loosen(p.is_("#see", "done"))),
    "that wait beside an approval": (p.parallel(until_calm(), sign()), loosen(APPROVED)),
    "that wait after an approval": (sign(), until_calm(), loosen(APPROVED)),
    "that wait, where a no leads on as well": (until_calm(), sign(), loosen()),
    "that wait, named": (p.wait(until=few(), check_every=p.MINUTE, name="calm"), loosen(p.is_("#calm", "done"))),
    "a question to a system": (loosen(few()),),
    "a question to a system before work": (p.task(when=p.not_(few())), loosen()),
    "how an act went": (p.contain(targets=p.given("accounts"), name="more"), loosen(p.is_("#more", "done"))),
    "when an act was done": (loosen(Compare(sign=">=", left=LOCKED_AT, right=p.AWARE_AT)),),
    "work in a round before it": (p.for_each(p.given("accounts"), p.task()), loosen()),
    "a round of what is held, without work": (p.for_each(HELD, loosen(targets=p.item("#round")), name="round"),),
    "an approval of a round of what is held": (
        p.for_each(HELD, sign(), loosen(APPROVED, targets=p.item("#round")), name="round"),
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_compiles_is_let_go(case: str) -> None:
    plan = compiled(*ALLOWED[case])
    assert not [*refused(plan, Flow(plan))]
    told = [ended(plan, choice) for choice in ("approve", "reject")]
    assert "hold.undone" in [*told[0], *told[1]]
    assert "hold.undo_failed" not in [*told[0], *told[1]]


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_found_would_be_refused(case: str) -> None:
    plan = compiled(*REFUSED[case])
    (found,) = refused(plan, Flow(plan))
    assert found.step.id == "loosen"
    assert "hold.undo_failed" in [*ended(plan, "approve"), *ended(plan, "reject")]


def compiled(*steps: Step) -> Plan:
    """As the compiler leaves it: with what each approval unlocks."""
    plan = p.plan(p.lock(), *steps)
    placed = scope.settle(plan.steps, plan.actions, lambda step, _: pytest.fail(f"{step.path} goes on after a silence"))
    return Plan.model_validate({**plan.model_dump(), "steps": [step.model_dump() for step in placed]})


def ended(plan: Plan, choice: str) -> list[str]:
    """What is told of a run in which the systems are calm, work is done at once, and each approval is answered so."""
    run = Run(plan, {"accounts": ["@a", "@b"], "office": True}, world=World())
    run.world.reads["count_of"] = 1
    run.launch()
    for _ in range(20):
        if run.phase != "responding" or "hold.undo_failed" in run.kinds():
            break
        for ask in run.asks():
            if ask.id in run.state.asks and ask.kind != "question":
                run.answer(ask, choice if ask.kind == "approval" else "done", by=whoever(run, ask)[0])
                run.settle()
        run.wait(3 * p.HOUR if not run.state.asks else 0)
    return run.kinds()
