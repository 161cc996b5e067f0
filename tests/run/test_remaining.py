"""What a response leaves behind: containment that nobody has decided about, and clocks that nobody is on."""

from __future__ import annotations

import pytest

from firedoor.plan import Review, Step
from firedoor.run.reviewing import review_of
from tests.run.driver import Run, World, refused
from tests.run.plans import (
    COMMANDER,
    DAY,
    HOUR,
    approve,
    clock,
    contain,
    for_each,
    given,
    group,
    held,
    is_,
    item,
    lock,
    notify,
    plan,
    task,
    undo,
)

TWO = {"accounts": ["@a", "@b"]}
REVIEW = Review(owner=COMMANDER, meeting_within={}, tasks=())


def stopped(*steps: Step, review: Review | None = None) -> Run:
    run = Run(plan(*(steps or (lock(), task("Then"))), review=review), TWO).launch()
    run.command("stop")
    return run.settle()


# --- after a stop -----------------------------------------------------------------------------------------------------


def test_a_stop_asks_what_becomes_of_what_is_contained() -> None:
    run = stopped()
    ask = run.ask("", why="held")
    assert (run.ended, run.phase) == ("stopped", "holding")
    assert ask.to[0].kind == "commander"
    assert "lock_account for @a, @b" in ask.words
    assert ask.targets == ["lock_account: @a", "lock_account: @b"]
    run.wait(DAY)
    assert run.phase == "holding"
    assert run.told("ask.escalated")[-1].data["to"] == ["region.manager"], "it goes up the ladder"


def test_keeping_it_needs_a_reason_and_closes_the_run() -> None:
    run = stopped()
    refused("reason", lambda: run.answer("", "keep", by="ana"))
    run.answer("", "keep", by="ana", reason="the owner was not reached")
    run.settle()
    assert run.holds() == {"@a": "applied", "@b": "applied"}
    assert run.phase == "closed"
    assert "the owner was not reached" in run.told("question.answered")[0].words


def test_undoing_it_releases_every_step_and_closes_the_run() -> None:
    run = stopped(lock(), contain("remove", given("accounts"), name="hide"), task("Then"))
    run.answer("", "undo", by="ana")
    assert [act.path for act in run.state.acts.values() if act.kind == "release"] == ["1", "0"]
    run.settle()
    assert set(run.holds().values()) | set(run.holds("hide").values()) == {"undone"}
    assert (run.ended, run.phase) == ("stopped", "closed")


def test_after_a_stop_each_target_may_be_decided_on_alone() -> None:
    run = stopped()
    run.command("undo", "lock", target=("@a",))
    run.settle()
    assert run.ask("", why="held").targets == ["lock_account: @b"]
    run.command("keep", "lock", target=("@b",))
    run.settle()
    assert run.told("question.settled")
    assert run.phase == "closed"


def test_after_a_stop_everything_may_be_undone() -> None:
    run = stopped()
    run.command("undo_all")
    run.settle()
    assert (run.ended, run.phase) == ("undone", "closed")


def test_an_undo_that_fails_after_a_stop_asks_by_itself() -> None:
    run = stopped()
    run.world.targets["@a"] = ["undo_failed"]
    run.answer("", "undo", by="ana")
    run.settle()
    assert [ask.why for ask in run.asks()] == ["undo_failed"]
    run.answer(run.ask("lock", why="undo_failed"), "continue", by="ana")
    run.settle()
    assert run.phase == "closed"


def test_what_an_ended_question_about_an_undo_leaves_is_asked_about() -> None:
    """A case that failed: whoever answered the failed undo with a stop left it contained, and nobody asked."""
    world = World()
    run = Run(plan(lock(), task(name="x"), undo(), task("Then")), {"accounts": ["@a"]}, world=world).launch()
    world.targets["@a"] = ["undo_failed"]
    run.answer("x", "done", by="ana")
    run.settle()
    for ask in run.asks():
        if "stop" in ask.choices:
            run.answer(ask, "stop", by="ana")
    run.settle()
    assert run.phase == "holding"
    assert run.asks()


def test_a_lease_is_not_asked_about_before_its_time() -> None:
    leased = contain("lock_account", given("accounts"), name="lock", expires=DAY, on_expiry="undo")
    run = stopped(leased, task("Then"))
    assert not run.asks()
    assert run.phase == "holding"
    run.wait(2 * DAY)
    assert run.phase == "closed"


def test_a_question_about_thousands_says_how_many() -> None:
    accounts = [f"@{number}" for number in range(500)]
    run = Run(plan(lock(), task("Then")), {"accounts": accounts}).launch()
    run.command("stop")
    run.settle()
    ask = run.ask("", why="held")
    assert "497 more" in ask.words
    assert len(ask.targets) == 100


def test_the_review_says_how_much_is_held_and_lists_nothing_that_may_be_undone_since() -> None:
    run = stopped(review=REVIEW)
    order = review_of(run.plan, run.state)
    assert (order.held, order.items) == (2, ())
    again = Run(plan(lock(), task("Then"), review=REVIEW), TWO).launch()
    again.command("stop")
    again.command("undo_all")
    again.settle()
    assert review_of(again.plan, again.state).held == 0


# --- after a response that has completed ------------------------------------------------------------------------------


def test_what_a_playbook_leaves_contained_is_lasting() -> None:
    run = Run(plan(lock())).launch()
    assert (run.ended, run.phase) == ("completed", "closed")


def test_a_skipped_undo_is_asked_about() -> None:
    run = Run(plan(lock(), task(name="x"), undo(name="back"))).launch()
    run.command("skip", "back")
    run.answer("x", "done", by="ana")
    run.settle()
    assert (run.ended, run.phase) == ("completed", "holding")
    run.answer("", "undo", by="ana")
    run.settle()
    assert run.holds() == {"@a": "undone"}
    assert run.phase == "closed"


def test_an_undo_that_rests_on_a_skipped_task_is_asked_about() -> None:
    """The shipped playbook: whoever was not verified stays locked, and somebody has to know."""
    verify = task("Verify", name="verify")
    back = undo(targets=item("#loop"), when=is_("#verify", "done"))
    run = Run(plan(lock(), for_each(held("#lock"), verify, back), review=REVIEW), TWO).launch()
    run.command("skip", "1[0].0")
    run.settle()
    run.answer("1[1].0", "done", by="ana")
    run.settle()
    assert run.holds() == {"@a": "applied", "@b": "undone"}
    assert run.ask("", why="held").targets == ["lock_account: @a"]
    assert review_of(run.plan, run.state).held == 1


def test_an_undo_that_the_playbook_itself_has_decided_against_is_not_asked_about() -> None:
    gate = approve("Right?", name="ok", on_reject="continue", on_timeout="leave")
    run = Run(plan(lock(), gate, undo(when=is_("#ok", "rejected")))).launch()
    run.answer("ok")
    run.settle()
    assert run.holds() == {"@a": "applied"}
    assert run.phase == "closed"


def test_an_undo_that_was_left_out_by_a_silence_is_asked_about() -> None:
    gate = approve("Right?", name="ok", on_reject="continue", on_timeout="leave")
    run = Run(plan(lock(), gate, undo(when=is_("#ok", "rejected")))).launch()
    run.wait(2 * HOUR)
    assert (run.ended, run.phase) == ("completed", "holding")
    assert run.asks("", why="held")


def test_a_silence_that_goes_on_where_a_no_would_have_undone_is_asked_about() -> None:
    gate = approve("Right?", name="ok", on_reject="undo all", on_timeout="continue")
    run = Run(plan(lock(), gate)).launch()
    run.wait(2 * HOUR)
    assert run.asks("", why="held")


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_undo_all_keeps_the_task_that_meets_a_running_clock() -> None:
    run = Run(plan(lock(), task(name="x", meets="law"), clocks=(clock(),))).launch()
    run.command("undo_all")
    run.settle()
    assert (run.ended, run.phase) == ("undone", "holding")
    assert run.holds() == {"@a": "undone"}
    run.answer("x", "done", by="ana")
    run.settle()
    assert run.state.clocks["law"].met_at is not None
    assert run.phase == "closed"


def test_a_refusal_that_undoes_everything_keeps_it_as_well() -> None:
    gate = approve("Right?", name="ok", on_reject="undo all")
    run = Run(plan(lock(), gate, task(name="x", meets="law"), clocks=(clock(),))).launch()
    run.answer("ok", "reject")
    run.settle()
    assert run.phase == "holding"
    assert run.asks("x", kind="task")


def test_undo_all_after_a_stop_leaves_a_kept_task_as_it_is() -> None:
    run = Run(plan(lock(), task(name="x", meets="law", due=HOUR, on_timeout="stop"), clocks=(clock(),))).launch()
    run.command("stop")
    run.settle()
    until = run.ask("x").deadline
    run.wait(600)
    run.command("undo_all")
    run.settle()
    assert run.ask("x").deadline == until
    assert [ask.step for ask in run.asks()] == ["1"]


def test_what_would_contain_again_is_no_task_after_undo_all() -> None:
    """Nobody is told to contain by hand what everybody undoes; the clock has an owner all the same."""
    run = Run(plan(task("First"), lock(meets="law"), clocks=(clock(),))).launch()
    run.command("undo_all")
    run.settle()
    assert [ask.why for ask in run.asks()] == ["clock"]


def test_a_clock_that_runs_again_by_an_undo_has_an_owner() -> None:
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(),))).launch()
    run.command("undo_all")
    run.settle()
    ask = run.ask("", why="clock")
    assert ask.about == "law"
    assert ask.deadline == run.state.clocks["law"].due_at
    run.wait(3 * HOUR)
    assert run.phase == "holding"
    assert any(row.data["ask"] == ask.id for row in run.told("ask.reminded"))
    refused("reason", lambda: run.answer(ask, "done", by="ana"))
    run.answer(ask, "done", by="ana", reason="told the authority by telephone")
    run.settle()
    assert run.state.clocks["law"].met_by == "ana"
    assert "by telephone" in run.told("clock.met")[-1].words
    assert run.phase == "closed"


def test_a_clock_that_a_person_says_is_not_owed() -> None:
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(),))).launch()
    run.command("undo_all")
    run.settle()
    refused("reason", lambda: run.answer("", "not_due", by="ana"))
    run.answer("", "not_due", by="ana", reason="a false report")
    run.settle()
    assert run.state.clocks["law"].not_due
    assert run.phase == "closed"


def test_a_kept_task_that_is_skipped_leaves_its_clock_to_be_asked_about() -> None:
    run = Run(plan(task(name="x", meets="law"), clocks=(clock(),))).launch()
    run.command("stop")
    run.command("skip", "x")
    run.settle()
    assert run.asks("", why="clock")
    assert run.phase == "holding"


def test_a_response_that_completes_with_a_clock_running_asks_about_it() -> None:
    steps = (task(name="x", meets="law"), notify())
    run = Run(plan(*steps, clocks=(clock(limit=HOUR),))).launch()
    run.command("skip", "x")
    run.settle()
    assert (run.ended, run.phase) == ("completed", "holding")
    run.wait(2 * HOUR)
    assert run.told("clock.breached")
    run.answer("", "done", by="ana", reason="late, by letter")
    run.settle()
    assert run.phase == "closed"


def test_a_clock_that_was_not_owed_after_all_is_asked_about_no_more() -> None:
    gate = group(approve("Right?", name="ok", on_reject="leave"))
    owed = clock(not_due=is_("#ok", "rejected"))
    run = Run(plan(gate, task(name="x", meets="law"), clocks=(owed,))).launch()
    run.command("skip", "x")
    run.answer("ok", "reject")
    run.settle()
    assert not run.asks()
    assert run.phase == "closed"


@pytest.mark.parametrize("end", ["stop", "undo_all"])
def test_an_older_run_ends_as_it_did(end: str) -> None:
    """What a run that began under the first engine does was recorded; it goes on so until it crosses."""
    run = Run(plan(lock(), task(name="x", meets="law", due=DAY, on_timeout="stop"), clocks=(clock(),)), TWO)
    run.state.engine = 1
    run.launch()
    run.command("stop" if end == "stop" else "undo_all")
    run.settle()
    assert [ask.step for ask in run.asks()] == (["1"] if end == "stop" else [])
    if end == "stop":
        run.answer("x", "done", by="ana")
        run.settle()
    assert run.phase == "closed"


def test_a_question_about_a_clock_ends_with_its_time_for_nobody() -> None:
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(limit=HOUR),))).launch()
    run.command("undo_all")
    run.settle()
    run.wait(HOUR + 60)
    ask = run.ask("", why="clock")
    assert ask.deadline is None
    run.answer(ask, "done", by="ana", reason="late")
    run.settle()
    assert run.phase == "closed"
