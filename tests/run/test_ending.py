"""How a response ends, and what keeps its run open after that."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from firedoor.plan import Review, ReviewTask, Span
from firedoor.protocol import CommandKind, ContainReport, TargetOutcome
from firedoor.run.events import ActEnded, Cancelled, Launched, ReviewOpened, Time
from tests.run.driver import Run, World, refused
from tests.run.plans import (
    COMMANDER,
    DAY,
    HOUR,
    MINUTE,
    approve,
    at_sev1,
    clock,
    contain,
    for_each,
    given,
    group,
    is_,
    lock,
    notify,
    parallel,
    plan,
    task,
    text,
    who,
    yes,
)

TWO = {"accounts": ["@a", "@b"]}


def released(run: Run) -> list[tuple[str, str]]:
    return [(path, target) for kind, path, target in run.world.touched if kind == "release"]


# --- undo all ---------------------------------------------------------------------------------------------------------


def test_undo_all_goes_newest_first_across_steps() -> None:
    """In the order of the entries: what was added later to the first step goes first."""
    run = Run(plan(lock(), contain("remove", given("accounts"), name="hide"), task("Then")), TWO).launch()
    run.command("add", value={"accounts": ["@new"]})
    run.settle()
    run.command("undo_all")
    run.settle()
    assert released(run) == [
        ("1", "@new"),
        ("0", "@new"),
        ("1", "@b"),
        ("1", "@a"),
        ("0", "@b"),
        ("0", "@a"),
    ]


def test_undo_all_asks_about_what_fails_and_the_others_go_on() -> None:
    run = Run(plan(lock(), contain("remove", given("accounts"), name="hide"), task("Then")), TWO).launch()
    run.world.targets["@b"] = ["undo_failed"]
    run.command("undo_all")
    run.settle()
    assert run.holds("hide") == {"@a": "undone", "@b": "undo_failed"}
    assert set(run.holds().values()) == {"undone"}
    assert (run.ended, run.phase) == ("undone", "holding")
    run.answer(run.ask("hide"), "retry", by="ana")
    run.settle()
    assert run.phase == "closed"


def test_undo_all_lets_go_of_acts_of_unknown_outcome_and_of_what_was_kept() -> None:
    world = World()
    world.targets["@b"] = ["unknown"]
    run = Run(plan(lock(), task("Then")), TWO, world=world).launch()
    run.command("keep", "lock", target=("@a",))
    run.command("undo_all")
    run.settle()
    assert run.holds() == {"@a": "undone", "@b": "undone"}


def test_undo_all_tries_again_what_could_not_be_undone_before() -> None:
    """A case that failed: it was neither undone nor asked about."""
    run = Run(plan(lock(), task("Then"))).launch()
    run.world.targets["@a"] = ["undo_failed"]
    run.command("undo", "lock")
    run.settle()
    run.command("undo_all")
    run.settle()
    assert run.holds() == {"@a": "undone"}
    assert run.phase == "closed"


def test_undo_all_awaits_an_act_and_keeps_its_outcome() -> None:
    run = Run(plan(parallel(lock(), task("Beside")), task("After")), TWO)
    run.stays = ["contain"]
    run.launch()
    act = run.act("contain")
    run.command("undo_all")
    run.happen(Time(at=run.now))
    assert not released(run)
    outcomes = tuple(TargetOutcome(target=target, state="applied", at=run.now) for target in ("@a", "@b"))
    run.end(act, ActEnded(at=run.now, act=act.id, report=ContainReport(outcomes=outcomes)))
    run.settle()
    assert run.status("lock") == "done"
    assert run.holds() == {"@a": "undone", "@b": "undone"}


def test_undo_all_after_a_stop() -> None:
    run = Run(plan(lock(), task(name="x", meets="law"), clocks=(clock(),))).launch()
    run.command("stop")
    run.settle()
    assert (run.ended, run.phase) == ("stopped", "holding")
    run.command("undo_all")
    run.settle()
    assert (run.ended, run.phase) == ("undone", "holding")
    run.answer("x", "done", by="ana")
    run.settle()
    assert (run.ended, run.phase) == ("undone", "closed")
    refused("closed", lambda: run.command("undo_all"))


def test_undo_all_while_the_run_holds() -> None:
    leased = contain("lock_account", given("accounts"), name="lock", expires=DAY, on_expiry="ask policy")
    run = Run(plan(leased)).launch()
    assert run.phase == "holding"
    run.command("undo_all")
    run.settle()
    assert (run.ended, run.phase) == ("undone", "closed")


def test_undo_all_twice_is_refused() -> None:
    run = Run(plan(lock(), task("Then")))
    run.stays = ["release"]
    run.launch()
    run.command("undo_all")
    refused("state", lambda: run.command("undo_all"))
    refused("ended", lambda: run.command("stop"))


def test_nothing_goes_forward_after_undo_all() -> None:
    run = Run(plan(parallel(lock(), notify(name="told")), notify(name="then")))
    run.stays = ["contain", "notify"]
    run.launch()
    run.command("undo_all")
    assert all(act.cancel for act in run.state.acts.values())
    run.stays = []
    run.settle()
    assert run.status("told") == "stopped"
    assert not run.notices("SEV")


def test_a_notice_that_was_ended_by_a_stop_does_not_go_again() -> None:
    """A case that failed: the notice was sent after the response had ended."""
    run = Run(plan(notify(name="told"), task("Then")))
    run.stays = ["notify"]
    run.launch()
    run.command("stop")
    run.stays = []
    run.settle()
    assert run.status("told") == "stopped"
    assert run.phase == "closed"


# --- stop -------------------------------------------------------------------------------------------------------------


def test_stop_writes_what_a_question_had_left_open() -> None:
    """A failed outcome is written when its ask has closed, by whatever closes it."""
    world = World()
    world.acts["contain"] = ["it is down"]
    run = Run(plan(lock()), world=world).launch()
    run.command("stop")
    run.settle()
    assert run.status("lock") == "failed"
    assert run.ended == "stopped"


def test_stop_drops_additions_that_are_not_walked() -> None:
    run = Run(plan(lock(), task("Then"))).launch()
    run.command("pause")
    run.command("add", value={"accounts": ["@new"]})
    run.command("stop")
    run.settle().keep()
    assert run.holds() == {"@a": "applied"}
    assert run.phase == "closed"


def test_stop_of_a_paused_run() -> None:
    run = Run(plan(task("First"), lock()))
    run.launch()
    run.command("pause")
    run.command("stop")
    run.settle()
    assert run.phase == "closed"


def test_stop_when_the_response_has_ended_is_refused() -> None:
    leased = contain("lock_account", given("accounts"), name="lock", expires=DAY, on_expiry="ask policy")
    run = Run(plan(leased)).launch()
    commands: tuple[CommandKind, ...] = ("stop", "pause", "skip", "add", "input", "retry")
    for command in commands:
        refused("ended", partial(run.command, command, "lock", value={"accounts": ["@x"]}))


# --- tasks that a stop keeps ------------------------------------------------------------------------------------------


def test_the_due_of_a_kept_task_counts_from_the_stop() -> None:
    run = Run(plan(task(name="x", meets="law", due=HOUR, on_timeout="undo all"), clocks=(clock(limit=DAY),))).launch()
    run.wait(50 * MINUTE)
    run.command("stop")
    run.settle()
    assert run.ask("x").deadline == run.now + timedelta(hours=1)
    run.wait(2 * HOUR)
    assert run.ask("x").late
    assert run.ended == "stopped", "its silence rule was the response's"
    run.answer("x", "done", by="ana")
    run.settle()
    assert run.phase == "closed"


def test_a_kept_task_goes_when_its_clock_was_met_by_another() -> None:
    """Two ways to meet one clock: when one is done, the other is not waited for."""
    run = Run(plan(parallel(task(name="x", meets="law"), task(name="y", meets="law")), clocks=(clock(),))).launch()
    run.command("stop")
    run.settle()
    run.answer("x", "done", by="ana")
    run.settle()
    assert (run.status("x"), run.status("y")) == ("done", "stopped")
    assert run.phase == "closed"


def test_a_kept_task_may_be_skipped_and_given_to_someone_else() -> None:
    run = Run(plan(task(name="x", meets="law"), clocks=(clock(),))).launch()
    run.command("stop")
    run.command("reassign", "x", value="omar")
    refused("role", lambda: run.answer("x", "done", by="ana"))
    run.command("skip", "x")
    run.settle()
    assert run.status("x") == "skipped"
    assert [ask.why for ask in run.asks()] == ["clock"], "the clock runs on, and is not left alone"


def test_an_act_that_meets_a_clock_and_was_ended_by_the_stop_is_kept_as_a_task() -> None:
    """A case that failed: the clock ran on with nobody on it."""
    run = Run(plan(lock(meets="law"), clocks=(clock(),)))
    run.stays = ["contain"]
    run.launch()
    run.command("stop")
    run.settle()
    kept = run.ask("lock", kind="task")
    assert kept.words.startswith("By hand: ")
    run.answer(kept, "done", by="ana")
    run.settle().keep()
    assert run.phase == "closed"
    assert run.state.clocks["law"].met_at is not None


def test_what_cannot_apply_is_not_kept() -> None:
    steps = (
        task("First"),
        task(name="x", meets="law", when=yes("office")),
        group(task(name="y", meets="law"), when=at_sev1()),
        task(name="z", meets="house"),
    )
    run = Run(plan(*steps, clocks=(clock(), clock("house", starts=given("order_at", "date_time", listed=False)))))
    run.launch()
    run.command("stop")
    run.settle()
    assert [ask.why for ask in run.asks()] == ["clock"]


def test_rounds_of_a_loop_that_were_reached_are_kept() -> None:
    run = Run(
        plan(for_each(given("accounts"), task(name="x", meets="law"), at_once=2), clocks=(clock(),)), TWO
    ).launch()
    run.command("stop")
    run.settle()
    assert [ask.step for ask in run.asks()] == ["0[0].0", "0[1].0"]
    run.answer(run.ask("0[1].0"), "done", by="ana")
    run.settle()
    assert not run.told("clock.met")
    run.answer(run.ask("0[0].0"), "done", by="ana")
    run.settle()
    assert run.told("clock.met")
    assert run.phase == "closed"


# --- holding and closed -----------------------------------------------------------------------------------------------

REVIEW = Review(
    owner=COMMANDER,
    meeting_within={"sev1": Span(seconds=DAY)},
    tasks=(ReviewTask(words=text("Look back"), assign=who("crt"), due=Span(seconds=DAY), at="x"),),
)


def test_the_run_holds_until_the_review_is_open() -> None:
    run = Run(plan(lock(), review=REVIEW))
    run.happen(Launched(at=run.now))
    for _ in range(9):
        for act in list(run.state.acts.values()):
            run.end(act)
    assert (run.state.review, run.phase) == ("wanted", "holding")
    assert not run.state.acts
    run.happen(ReviewOpened(at=run.now))
    run.settle()
    assert run.phase == "closed"
    assert len(run.told("review.opened")) == 1


def test_a_review_that_opens_twice_is_told_once() -> None:
    leased = contain("lock_account", given("accounts"), name="lock", expires=DAY, on_expiry="ask policy")
    run = Run(plan(leased, review=REVIEW)).launch()
    run.happen(ReviewOpened(at=run.now))
    assert len(run.told("review.opened")) == 1


def test_a_lease_of_fourteen_days_has_an_owner_on_day_fourteen() -> None:
    leased = contain("lock_account", given("accounts"), name="lock", expires=14 * DAY, on_expiry="ask policy")
    run = Run(plan(leased)).launch()
    assert (run.ended, run.phase) == ("completed", "holding")
    run.wait(14 * DAY)
    assert str(run.ask("lock").to[0]) == "policy"
    run.answer("lock", "undo", by="omar")
    run.settle()
    assert run.phase == "closed"


def test_a_closed_run_hears_nothing() -> None:
    run = Run(plan(lock(meets="law"), clocks=(clock(),))).launch()
    assert run.phase == "closed"
    before = run.state.model_dump_json(exclude={"now"})
    run.happen(Time(at=run.now + timedelta(days=9)))
    run.happen(Cancelled(at=run.now))
    assert run.state.model_dump_json(exclude={"now"}) == before
    refused("closed", lambda: run.command("note"))


def test_the_response_is_over_only_when_what_was_added_is() -> None:
    run = Run(plan(lock(), task("Last", name="last"))).launch()
    run.command("pause")
    run.command("add", value={"accounts": ["@new"]})
    run.answer("last", "done", by="ana")
    run.settle()
    assert run.ended is None
    run.command("resume")
    run.settle()
    assert run.hold("@new").status == "applied"
    assert run.phase == "closed"


# --- cancelled from outside -------------------------------------------------------------------------------------------


def test_a_cancellation_of_the_workflow_is_a_question() -> None:
    run = Run(plan(lock(), task(name="x"))).launch()
    run.cancel()
    run.cancel()
    assert run.state.intent == "respond"
    run.answer(run.ask("", why="cancelled"), "continue", by="ana")
    assert run.status("x") == "asking"
    run.cancel()
    run.answer(run.ask("", why="cancelled"), "undo_all", by="ana")
    run.settle()
    assert run.ended == "undone"
    assert len(run.told("run.cancel_asked")) == 3


# --- whose word -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["omar", "luis", "nobody", "eoin"])
def test_commands_are_the_commanders_and_those_of_the_ladder(person: str) -> None:
    run = Run(plan(task(name="x"))).launch()
    if person == "eoin":
        run.command("stop", by=person)
    else:
        refused("role", lambda: run.command("stop", by=person))


def test_a_note_is_anybodys_of_the_organization() -> None:
    run = Run(plan(task(name="x"))).launch()
    run.command("note", by="li", reason="Seen on the news")
    assert "Seen on the news" in run.told("command.note")[0].words
    refused("role", lambda: run.command("note", by="nobody"))


def test_a_hand_over() -> None:
    run = Run(plan(task(name="x"), approve("Go?", "commander", "policy", name="ok", when=is_("#x", "done")))).launch()
    for nobody in (None, "", "legal.on_shift", "crt.manager", "commander", "some body", {"name": "li"}):
        refused("value", partial(run.command, "hand_over", value=nobody))
    run.command("hand_over", value="li")
    run.command("note", by="ana")
    run.answer("x", "done", by="ana")
    run.settle()
    refused("seat", lambda: run.answer("ok", by="ana"))
    run.answer("ok", by="li")
    assert run.ask("ok").signatures[0].person == "li"


def test_a_word_about_what_has_changed_since_is_refused() -> None:
    run = Run(plan(task(name="x"))).launch()
    refused("changed", lambda: run.command("skip", "x", expects="waiting"))
    run.command("skip", "x", expects="asking")


@pytest.mark.parametrize(
    "step", ["nothing", "7", "0.0", "1", "1[0]", "1[5].0", "1[x].0", "1[00].0", "1[0][0].0", "1.0"]
)
def test_a_step_that_is_not_there(step: str) -> None:
    """In a loop, a path names the round."""
    run = Run(plan(task("First"), for_each(given("accounts"), task(name="inside")))).launch()
    run.answer("0", "done", by="ana")
    run.settle()
    if step == "1":
        refused("state", lambda: run.command("skip", step))
    else:
        refused("step", lambda: run.command("skip", step))
    refused("step", lambda: run.command("skip", None))
    run.command("skip", "1[0].0")


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("severity", ["sev1"]),
        ("severity", "sev9"),
        ("severity", None),
        ("extend", True),
        ("extend", -5),
        ("extend", "1h"),
        ("reassign", {"a": 1}),
        ("reassign", ""),
        ("add", None),
        ("add", {"office": ["yes"]}),
        ("add", {"strangers": ["@x"]}),
        ("input", {"order_at": "soon"}),
        ("input", {"accounts": ["@x"]}),
        ("input", {}),
    ],
)
def test_values_that_make_no_sense(command: CommandKind, value: object) -> None:
    run = Run(plan(task(name="x", due=HOUR, on_timeout="continue"))).launch()
    refused("value", lambda: run.command(command, "x", value=value))
