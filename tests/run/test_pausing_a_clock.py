"""A clock stands still only on a ground that its law gives, is shown so, is not forgotten, and goes on with what is right."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from firedoor.run import view as picture
from firedoor.run.events import Time
from tests.run.driver import START, Run, refused
from tests.run.plans import DAY, HOUR, MINUTE, clock, lock, plan, task

UNCLEAR = "the order is unclear"


def paused(after: str = "the rest", limit: int = HOUR, **options: Any) -> Run:
    """Half an hour gone of an hour."""
    law = clock(limit=limit, may_pause=(UNCLEAR, "a flood"), after_pause=after)
    run = Run(plan(task(name="x", meets="law"), clocks=(law,), **options)).launch()
    run.wait(30 * MINUTE)
    run.command("pause_clock", value={"clock": "law", "ground": UNCLEAR}, reason="no address in it")
    return run


def shown(run: Run) -> tuple[str, str | None]:
    (one,) = picture.view(run.plan, run.state).clocks
    return one.state, one.ground


def test_a_paused_clock_does_not_run_out_and_says_on_what_it_is_paused() -> None:
    run = paused()
    assert shown(run) == ("paused", UNCLEAR)
    run.wait(5 * HOUR)
    assert not run.told("clock.breached")
    (row,) = run.told("clock.paused")
    assert (row.words, row.data["ground"]) == (f"Clock law is paused with 30m left: {UNCLEAR}", UNCLEAR)
    assert run.told("command.pause_clock")[0].words.endswith(f"on the ground “{UNCLEAR}”: no address in it")


def test_it_goes_on_with_what_was_left() -> None:
    run = paused()
    run.wait(2 * HOUR)
    run.command("resume_clock", value="law")
    assert run.state.clocks["law"].due_at == START + timedelta(hours=3)
    assert shown(run) == ("running", None)
    run.wait(31 * MINUTE)
    assert run.told("clock.breached")


def test_it_goes_on_anew_where_its_law_says_so() -> None:
    run = paused("anew")
    run.wait(2 * HOUR)
    run.command("resume_clock", value="law")
    assert run.state.clocks["law"].due_at == START + timedelta(hours=3, minutes=30)


def test_the_commander_is_told_again_until_it_goes_on() -> None:
    run = paused()
    run.wait(3 * HOUR + MINUTE)
    assert len(run.notices("Clock law is paused since")) == 3
    run.command("resume_clock", value="law")
    run.wait(5 * HOUR)
    assert len(run.notices("Clock law is paused since")) == 3


def test_of_reminders_that_were_slept_through_one_is_sent() -> None:
    run = paused(limit=3 * DAY)
    run.now += timedelta(days=5)
    run.happen(Time(at=run.now))
    run.settle()
    assert len(run.notices("Clock law is paused since")) == 1
    run.wait(DAY)
    assert len(run.notices("Clock law is paused since")) == 2


def test_what_meets_it_meets_it_also_while_it_is_paused() -> None:
    run = paused()
    run.wait(2 * HOUR)
    run.answer("x", "done", by="ana")
    law = run.state.clocks["law"]
    assert (law.met_by, law.paused_at, law.missed) == ("0", None, False)
    assert ", late" not in run.told("clock.met")[0].words


def test_what_is_undone_later_leaves_the_time_that_was_left() -> None:
    law = clock(limit=HOUR, may_pause=(UNCLEAR,))
    run = Run(plan(task(name="first"), lock(meets="law"), task("Then"), clocks=(law,))).launch()
    run.wait(20 * MINUTE)
    run.command("pause_clock", value={"clock": "law", "ground": UNCLEAR}, reason="so")
    run.wait(HOUR)
    run.answer("first", "done", by="ana")
    run.settle()
    run.command("undo", "lock")
    run.settle()
    assert run.state.clocks["law"].met_at is None
    assert run.state.clocks["law"].due_at == START + timedelta(hours=2)


def test_a_deadline_may_be_extended_as_far_as_the_clock_would_go() -> None:
    law = clock(limit=HOUR, may_pause=(UNCLEAR,))
    run = Run(plan(task(name="x", due=50 * MINUTE, on_timeout="continue"), clocks=(law,))).launch()
    refused("clock", partial(run.command, "extend", "x", value=20 * MINUTE))
    run.command("pause_clock", value={"clock": "law", "ground": UNCLEAR}, reason="so")
    run.wait(20 * MINUTE)
    run.command("extend", "x", value=20 * MINUTE)


@pytest.mark.parametrize(
    ("code", "value", "reason"),
    [
        ("clock", {"clock": "other", "ground": UNCLEAR}, "so"),
        ("clock", None, "so"),
        ("ground", {"clock": "law", "ground": "we are busy"}, "so"),
        ("ground", {"clock": "law"}, "so"),
        ("ground", {"clock": "never", "ground": UNCLEAR}, "so"),
        ("clock", {"clock": "done", "ground": UNCLEAR}, "so"),
        ("reason", {"clock": "law", "ground": UNCLEAR}, None),
    ],
)
def test_nothing_else_pauses_it(code: str, value: object, reason: str | None) -> None:
    clocks = (clock(limit=HOUR, may_pause=(UNCLEAR,)), clock("never"), clock("done", may_pause=(UNCLEAR,)))
    run = Run(plan(lock(meets="done"), task(name="x", meets=("law", "never")), clocks=clocks)).launch()
    refused(code, partial(run.command, "pause_clock", value=value, reason=reason))
    refused("role", partial(run.command, "pause_clock", by="omar", value=value, reason="so"))


def test_twice_and_too_late() -> None:
    run = paused()
    again = partial(run.command, "pause_clock", value={"clock": "law", "ground": "a flood"}, reason="so")
    refused("state", again)
    run.command("resume_clock", value="law")
    refused("state", partial(run.command, "resume_clock", value="law"))
    run.wait(31 * MINUTE)
    refused("late", again)


def test_a_response_that_has_ended_says_that_it_is_paused() -> None:
    run = paused()
    run.command("stop", reason="over")
    run.command("skip", "x", reason="nobody")
    run.settle()
    (ask,) = [ask for ask in run.state.asks.values() if ask.why == "clock"]
    assert f"is paused ({UNCLEAR})" in ask.words
    assert ask.deadline is None
    run.answer(ask, "not_due", by="ana", reason="the order was withdrawn")
    assert run.state.clocks["law"].not_due
    assert run.state.clocks["law"].paused_at is None


def test_what_is_asked_about_a_clock_is_asked_anew_when_it_is_paused() -> None:
    law = clock(limit=HOUR, may_pause=(UNCLEAR,))
    run = Run(plan(task(name="x", meets="law"), task("Then"), clocks=(law,))).launch()
    run.command("skip", "x", reason="nobody is there")
    (before,) = run.asks(why="clock")
    assert before.deadline == START + timedelta(hours=1)
    run.command("pause_clock", value={"clock": "law", "ground": UNCLEAR}, reason="no address in it")
    (after,) = run.asks(why="clock")
    assert (after.id != before.id, after.deadline, UNCLEAR in after.words) == (True, None, True)
    run.wait(2 * HOUR)
    run.command("resume_clock", value="law")
    (again,) = run.asks(why="clock")
    assert again.deadline == START + timedelta(hours=3)
