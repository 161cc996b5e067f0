"""Clocks: when they start, what stops them, and what starts them again."""

from __future__ import annotations

from datetime import timedelta

from firedoor.plan.expression import InputValue
from tests.run.driver import START, Run, World
from tests.run.plans import (
    HOUR,
    MINUTE,
    approve,
    clock,
    contain,
    given,
    is_,
    lock,
    notify,
    parallel,
    plan,
    task,
    undo,
    wait,
    yes,
)

ORDER_AT = InputValue(name="order_at", type="date_time")


def test_a_clock_starts_at_its_expression() -> None:
    run = Run(plan(task("Then"), clocks=(clock(limit=4 * HOUR),)), aware_at=START - timedelta(hours=1)).launch()
    assert run.state.clocks["law"].due_at == START + timedelta(hours=3)


def test_a_clock_whose_condition_is_unknown_does_not_start() -> None:
    clocks = (clock("one", when=yes("serious")), clock("two", starts=ORDER_AT))
    run = Run(plan(task("Then"), clocks=clocks)).launch()
    assert not run.state.clocks
    run.command("input", value={"serious": True, "order_at": "2026-03-04T02:00:00+00:00"})
    assert [*run.state.clocks] == ["one", "two"]


def test_a_fixed_clock_is_breached_and_a_standard_one_missed() -> None:
    clocks = (clock("law", limit=HOUR), clock("house", limit=2 * HOUR, fixed=False))
    run = Run(plan(task(name="x", meets=("law", "house")), clocks=clocks)).launch()
    run.wait(3 * HOUR)
    assert [row.data["clock"] for row in run.told("clock.breached")] == ["law"]
    assert [row.data["clock"] for row in run.told("clock.missed")] == ["house"]
    assert len(run.notices("Clock law was breached")) == 1
    run.answer("x", "done", by="ana")
    assert "late" in run.told("clock.met")[0].words


def test_a_clock_that_starts_after_its_end_is_breached_at_once() -> None:
    run = Run(plan(task("Then"), clocks=(clock(limit=HOUR),)), aware_at=START - timedelta(hours=2)).launch()
    assert run.told("clock.breached")


def test_each_verb_that_succeeds_meets_its_clocks() -> None:
    names = ("a", "b", "c", "d", "e", "f")
    steps = (
        notify(meets="a"),
        lock(meets="b"),
        approve(name="ok", meets="c"),
        task(name="x", meets="d"),
        wait(MINUTE, meets="e"),
        undo(meets="f"),
    )
    run = Run(plan(*steps, clocks=tuple(clock(name) for name in names))).launch()
    run.answer("ok")
    run.settle()
    run.answer("x", "done", by="ana")
    run.wait(MINUTE)
    assert [row.data["clock"] for row in run.told("clock.met")] == list(names)


def test_a_containment_meets_its_clock_when_all_of_it_is_contained() -> None:
    world = World()
    world.targets["@b"] = ["failed"]
    run = Run(
        plan(lock(meets="law"), task("Then"), clocks=(clock(),)), {"accounts": ["@a", "@b"]}, world=world
    ).launch()
    assert run.status("lock") == "done"
    assert run.state.clocks["law"].met_at is None
    run.answer(run.ask("lock"), "retry", by="ana")
    run.settle()
    assert run.state.clocks["law"].met_by == "0"


def test_a_failure_meets_nothing() -> None:
    world = World()
    world.acts["notify"] = ["it is down"]
    run = Run(plan(notify(meets="law", on_failure="continue"), task("Then"), clocks=(clock(),)), world=world).launch()
    assert run.state.clocks["law"].met_at is None


def test_undoing_what_met_a_clock_starts_it_again_with_the_same_due_time() -> None:
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(),))).launch()
    due = run.state.clocks["law"].due_at
    run.wait(HOUR)
    run.command("undo", "lock")
    run.settle()
    law = run.state.clocks["law"]
    assert (law.met_at, law.due_at) == (None, due)
    run.command("retry", "lock")
    run.settle()
    assert law.met_at is not None
    assert run.told("clock.restarted")


def test_undoing_a_part_leaves_it_met() -> None:
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(),)), {"accounts": ["@a", "@b"]}).launch()
    run.command("undo", "lock", target=("@a",))
    run.settle()
    assert run.state.clocks["law"].met_at is not None


def test_a_clock_that_another_step_met_as_well_stays_met() -> None:
    steps = (lock(meets="law"), contain("remove", given("accounts"), name="hide", meets="law"), task("Then"))
    run = Run(plan(*steps, clocks=(clock(),))).launch()
    run.command("undo", "lock")
    run.settle()
    assert run.state.clocks["law"].met_by == "1"
    run.command("undo", "hide")
    run.settle()
    assert run.state.clocks["law"].met_at is None


def test_what_was_undone_while_it_acted_has_met_nothing() -> None:
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(),)))
    run.stays = ["contain"]
    run.launch()
    run.command("undo", "lock")
    run.stays = []
    run.settle()
    assert run.status("lock") == "done"
    assert not run.told("clock.met")


def test_a_clock_that_starts_after_the_step_that_meets_it_is_met_at_once() -> None:
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(starts=ORDER_AT),))).launch()
    run.command("input", value={"order_at": "2026-03-04T02:00:00+00:00"})
    assert run.state.clocks["law"].met_by == "0"


def test_a_clock_that_starts_after_the_step_was_undone_runs() -> None:
    """A case that failed: a step that holds nothing any more was taken for one that had succeeded."""
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(starts=ORDER_AT),))).launch()
    run.command("undo", "lock")
    run.settle()
    run.command("input", value={"order_at": "2026-03-04T02:00:00+00:00"})
    assert run.state.clocks["law"].met_at is None


def test_a_clock_that_is_not_owed() -> None:
    law = clock(not_due=is_("#ok", "rejected"))
    run = Run(plan(approve(name="ok", on_reject="continue"), task("Then"), clocks=(law,))).launch()
    run.answer("ok", "reject")
    assert run.state.clocks["law"].not_due
    run.wait(9 * HOUR)
    assert not run.told("clock.breached")


def test_several_clocks_of_one_step() -> None:
    steps = (parallel(task(name="x", meets=("one", "two")), task(name="y", meets="two")), task("Then"))
    run = Run(plan(*steps, clocks=(clock("one"), clock("two")))).launch()
    run.answer("y", "done", by="ana")
    run.answer("x", "done", by="ana")
    assert {name: clock.met_by for name, clock in run.state.clocks.items()} == {"one": "0.0", "two": "0.1"}
