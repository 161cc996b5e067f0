"""A clock that a loop meets, and one that a group meets: every round counts, and all that is held."""

from __future__ import annotations

import pytest

from firedoor.plan import Step
from firedoor.plan.expression import Compare, Const, InputValue
from tests.run.driver import Run, World
from tests.run.plans import (
    HOUR,
    approve,
    clock,
    contain,
    for_each,
    given,
    group,
    is_,
    item,
    lock,
    not_,
    notify,
    parallel,
    plan,
    task,
    then,
    wait,
    yes,
)

THREE = {"accounts": ["@a", "@b", "@c"]}


def started(*steps: Step, world: World | None = None, **inputs: object) -> Run:
    return Run(plan(*steps, clocks=(clock(),)), {**THREE, **inputs}, world=world or World()).launch().settle()


def is_met(run: Run) -> bool:
    return run.state.clocks["law"].met_at is not None


def each(*steps: Step, **options: object) -> Step:
    return for_each(given("accounts"), *steps, **options)  # type: ignore[arg-type]


def is_the(account: str) -> Compare:
    return Compare(sign="==", left=item("#loop"), right=Const(value=account, type="account"))


# --- loops ------------------------------------------------------------------------------------------------------------


def test_a_loop_meets_a_clock_when_every_round_has() -> None:
    run = started(each(task(name="x", meets="law")))
    for number in range(3):
        assert not is_met(run)
        run.answer(f"0[{number}].0", "done", by="ana")
        run.settle()
    assert run.state.clocks["law"].met_by == "0[2].0"
    assert len(run.told("clock.met")) == 1


def test_it_is_met_before_what_stands_after_it_in_the_last_round() -> None:
    run = Run(plan(each(task(meets="law"), wait(HOUR)), clocks=(clock(),)), {"accounts": ["@a"]}).launch()
    run.answer("0[0].0", "done", by="ana")
    assert is_met(run)


def test_an_older_run_meets_it_with_the_first_round() -> None:
    run = Run(plan(each(task(meets="law")), clocks=(clock(),)), THREE)
    run.state.engine = 2
    run.launch()
    run.answer("0[0].0", "done", by="ana")
    assert is_met(run)


def test_a_round_that_its_condition_passes_over_counts_as_done() -> None:
    run = started(each(task(meets="law", when=not_(is_the("@c")))))
    run.answer("0[0].0", "done", by="ana")
    run.settle()
    assert not is_met(run)
    run.answer("0[1].0", "done", by="ana")
    run.settle()
    assert run.state.clocks["law"].met_by == "0[1].0"


def test_rounds_that_are_all_passed_over_meet_nothing() -> None:
    run = started(each(task(meets="law", when=yes("office"))), task("Then"))
    assert not is_met(run)
    assert run.ask("", why="clock").about == "law"


def test_a_loop_without_rounds_meets_nothing() -> None:
    run = started(each(task(meets="law")), task("Then"), accounts=[])
    assert not is_met(run)
    assert run.asks("", why="clock")


def test_in_each_round_one_of_its_steps_is_enough() -> None:
    one = task(meets="law", when=is_the("@b"))
    run = started(each(one, task(meets="law", when=not_(is_the("@b")))))
    for step in ("0[0].1", "0[1].0"):
        run.answer(step, "done", by="ana")
        run.settle()
    assert not is_met(run)
    run.answer("0[2].1", "done", by="ana")
    assert is_met(run)


@pytest.mark.parametrize("end", ["failed", "skipped", "left", "unanswered"])
def test_a_round_that_did_not_do_it_leaves_the_clock_running(end: str) -> None:
    world = World()
    world.acts["0[1].0"] = ["it is down"] * 9
    steps: dict[str, tuple[Step, ...]] = {
        "failed": (notify(meets="law", on_failure="continue"),),
        "skipped": (task(meets="law"),),
        "left": (approve(on_reject="leave"), task(meets="law")),
        "unanswered": (task(meets="law", due=HOUR, on_timeout="continue"),),
    }
    run = started(each(*steps[end]), task("Then"), world=world)
    for number in range(3):
        match end:
            case "skipped" if number == 1:
                run.command("skip", "0[1].0")
            case "left":
                run.answer(f"0[{number}].0", "reject" if number == 1 else "approve")
            case "unanswered" if number == 1:
                run.wait(HOUR)
        run.settle()
        last = f"0[{number}].{1 if end == 'left' else 0}"
        if end != "failed" and number != 1:
            run.answer(last, "done", by="ana")
            run.settle()
    assert run.status("0") == "done"
    assert not is_met(run)
    assert run.ask("", why="clock").about == "law"


def test_nested_loops_count_every_round_of_every_round() -> None:
    inner = for_each(given("accounts"), task(meets="law"), name="inner")
    run = Run(plan(each(inner), clocks=(clock(),)), {"accounts": ["@a", "@b"]}).launch()
    for outer in range(2):
        for number in range(2):
            assert not is_met(run)
            run.answer(f"0[{outer}].0[{number}].0", "done", by="ana")
            run.settle()
    assert run.state.clocks["law"].met_by == "0[1].0[1].0"


def test_what_is_added_later_leaves_it_met() -> None:
    run = started(each(task(meets="law")), task("Then"))
    for number in range(3):
        run.answer(f"0[{number}].0", "done", by="ana")
        run.settle()
    run.command("add", value={"accounts": ["@d"]})
    run.settle()
    assert run.status("0[3].0") == "asking"
    assert is_met(run)


def test_what_is_added_before_counts() -> None:
    run = started(each(task(meets="law"), at_once=3))
    for number in range(2):
        run.answer(f"0[{number}].0", "done", by="ana")
    run.command("add", value={"accounts": ["@d"]})
    run.settle()
    run.answer("0[2].0", "done", by="ana")
    run.settle()
    assert not is_met(run)
    run.answer("0[3].0", "done", by="ana")
    assert is_met(run)


def test_undoing_one_round_starts_the_clock_again() -> None:
    run = started(each(contain("lock_account", item("#loop"), meets="law")), task("Then"))
    assert is_met(run)
    run.command("undo", "0[0].0")
    run.settle()
    assert not is_met(run)
    assert run.told("clock.restarted")
    run.command("retry", "0[0].0")
    run.settle()
    assert is_met(run)
    assert not run.asks("", why="clock")


def test_a_clock_that_starts_after_the_loop_is_met_at_once() -> None:
    late = clock(starts=InputValue(name="order_at", type="date_time"))
    run = Run(plan(each(notify(meets="law")), task("Then"), clocks=(late,)), THREE).launch().settle()
    run.command("input", value={"order_at": "2026-03-04T02:00:00+00:00"})
    assert is_met(run)


# --- groups -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [group, parallel])
def test_a_group_meets_its_clock_when_all_of_it_is_done(verb: type) -> None:
    run = started(verb(notify(), task(name="x"), task(when=yes("office")), meets="law"), task("Then"))
    assert not is_met(run)
    run.answer("x", "done", by="ana")
    run.settle()
    assert run.state.clocks["law"].met_by == "0"


def test_a_loop_that_meets_a_clock_itself_needs_all_of_every_round() -> None:
    run = started(each(notify(), task(), meets="law"))
    for number in range(3):
        assert not is_met(run)
        run.answer(f"0[{number}].1", "done", by="ana")
        run.settle()
    assert run.state.clocks["law"].met_by == "0"


def test_a_group_meets_nothing_while_something_after_it_in_order_is_left_to_do() -> None:
    run = started(group(notify(), wait(HOUR), meets="law"), task("Then"))
    assert not is_met(run)
    run.wait(HOUR)
    assert is_met(run)


def test_a_group_with_a_failure_in_it_does_not_meet_its_clock() -> None:
    world = World()
    world.acts["0.0"] = ["it is down"] * 9
    run = started(group(notify(on_failure="continue"), notify(), meets="law"), task("Then"), world=world)
    assert run.status("0") == "done"
    assert not is_met(run)
    assert run.asks("", why="clock")


def test_a_group_that_was_left_does_not_meet_its_clock() -> None:
    run = started(group(notify(), approve(name="ok", on_reject="leave"), notify(), meets="law"), task("Then"))
    run.answer("ok", "reject")
    run.settle()
    assert run.status("0") == "done"
    assert not is_met(run)


def test_a_group_of_which_nothing_was_needed_meets_nothing() -> None:
    run = started(group(notify(when=yes("office")), meets="law"), task("Then"))
    assert run.status("0") == "done"
    assert not is_met(run)


def test_an_act_on_nothing_does_not_keep_a_group_from_meeting_its_clock() -> None:
    run = started(group(lock(), notify(), meets="law"), task("Then"), accounts=[])
    assert is_met(run)


def test_what_a_group_contains_counts_until_it_is_let_go() -> None:
    run = started(group(lock(), notify(), meets="law"), task("Then"))
    assert is_met(run)
    run.command("undo", "lock")
    run.settle()
    assert not is_met(run)


def test_a_group_that_was_stopped_meets_nothing_and_is_asked_about() -> None:
    run = started(group(task(name="x"), meets="law"))
    run.command("stop")
    run.settle()
    assert not is_met(run)
    assert [ask.why for ask in run.asks()] == ["clock"]


# --- asked at once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["skip", "continue"])
def test_a_clock_that_nothing_is_left_to_meet_is_asked_about_at_once(answer: str) -> None:
    world = World()
    world.acts["0"] = ["it is down"] * 9
    asks = then("ask commander", may_continue=True)
    run = started(notify(meets="law", on_failure=asks), task("Then"), world=world)
    assert not run.asks("", why="clock"), "the failure is still open"
    run.answer("0", answer, by="ana")
    run.settle()
    ask = run.ask("", why="clock")
    assert run.ended is None
    assert (ask.about, ask.deadline) == ("law", run.state.clocks["law"].due_at)
    assert "The response has ended" not in ask.words
    run.answer(ask, "done", by="ana", reason="told by telephone")
    run.settle()
    assert is_met(run)


def test_not_while_another_step_may_still_meet_it() -> None:
    run = started(task(name="x", meets="law"), task(name="y", meets="law"))
    run.command("skip", "x")
    run.settle()
    assert not run.asks("", why="clock")
    run.command("skip", "y")
    run.settle()
    assert run.asks("", why="clock")


def test_it_is_withdrawn_when_the_step_is_tried_again() -> None:
    world = World()
    world.acts["0"] = ["it is down"]
    run = started(notify(name="tell", meets="law", on_failure="continue"), task("Then"), world=world)
    assert run.asks("", why="clock")
    run.command("retry", "tell")
    run.settle()
    assert is_met(run)
    assert run.told("question.settled")


def test_one_round_that_failed_is_enough_to_ask_while_the_others_go_on() -> None:
    run = started(each(task(meets="law"), at_once=3))
    run.command("skip", "0[1].0")
    run.settle()
    assert run.status("0") == "acting"
    assert run.asks("", why="clock")


def test_it_stays_open_over_the_end_of_the_response() -> None:
    run = started(task(name="x", meets="law"), task(name="then"))
    run.command("skip", "x")
    run.settle()
    ask = run.ask("", why="clock")
    run.answer("then", "done", by="ana")
    run.settle()
    assert (run.ended, run.phase) == ("completed", "holding")
    assert run.ask("", why="clock").id == ask.id
    run.answer(ask, "not_due", by="ana", reason="a false report")
    run.settle()
    assert run.phase == "closed"


def test_a_stop_leaves_it_open() -> None:
    run = started(task(name="x", meets="law"), task(name="then"))
    run.command("skip", "x")
    run.settle()
    ask = run.ask("", why="clock")
    run.command("stop")
    run.settle()
    assert run.ask("", why="clock").id == ask.id


def test_it_outlives_the_time_of_its_clock() -> None:
    run = started(task(name="x", meets="law"), task(name="then"))
    run.command("skip", "x")
    run.settle()
    run.wait(9 * HOUR)
    assert run.told("clock.breached")
    assert run.ask("", why="clock").deadline is None


def test_an_older_run_asks_when_it_has_ended() -> None:
    run = Run(plan(task(name="x", meets="law"), task(name="then"), clocks=(clock(),)), THREE)
    run.state.engine = 2
    run.launch()
    run.command("skip", "x")
    run.settle()
    assert not run.asks("", why="clock")
    run.answer("then", "done", by="ana")
    run.settle()
    assert "The response has ended" in run.ask("", why="clock").words


def test_a_clock_without_a_step_that_meets_it_is_asked_about_at_the_end() -> None:
    run = started(task(name="x"))
    assert not run.asks("", why="clock")


def test_what_was_not_needed_is_asked_about_and_withdrawn_when_it_is_after_all() -> None:
    run = started(notify(meets="law", when=yes("serious")), task("Then"))
    assert run.asks("", why="clock")
    run.command("input", value={"serious": True})
    run.settle()
    assert is_met(run)
    assert not run.asks("", why="clock")


def test_a_clock_met_by_a_step_or_by_what_a_no_leads_to() -> None:
    gate = approve(name="ok", on_reject="continue", on_timeout="continue")
    yes_way = task(name="x", meets="law", when=is_("#ok", "approved"))
    run = started(gate, yes_way, task(name="y", meets="law", when=not_(is_("#ok", "approved"))))
    run.answer("ok", "reject")
    run.settle()
    assert not run.asks("", why="clock")
    run.answer("y", "done", by="ana")
    assert is_met(run)
