"""Containment as a ledger of holds: targets that fail alone, sizes, leases, and what is let go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from firedoor.protocol import ContainReport, ReleaseReport, TargetOutcome
from firedoor.run.events import ActEnded
from tests.run.driver import Run, World, refused
from tests.run.plans import (
    DAY,
    HOUR,
    contain,
    for_each,
    given,
    item,
    lock,
    notify,
    parallel,
    plan,
    read,
    task,
    undo,
)

THREE = {"accounts": ["@a", "@b", "@c"]}
LEASED = contain("lock_account", given("accounts"), name="lock", expires=HOUR, on_expiry="ask policy")


def world(**targets: list[str]) -> World:
    made = World()
    for target, states in targets.items():
        made.targets[f"@{target}"] = states
    return made


# --- acting -----------------------------------------------------------------------------------------------------------


def test_each_target_is_entered_before_the_act() -> None:
    run = Run(plan(lock()), {"accounts": ["@a", "@b", "@a"]})
    run.stays = ["contain"]
    run.launch()
    assert run.holds() == {"@a": "entered", "@b": "entered"}
    assert run.act("contain").targets == ["@a", "@b"]
    assert [run.hold("@a").entered, run.hold("@b").entered] == [1, 2]


def test_no_target_is_nothing_to_do() -> None:
    run = Run(plan(contain("remove", read("matches_of", "m", given("accounts"), listed=True)), task(name="after")))
    run.world.reads["matches_of"] = []
    run.launch()
    assert run.status("0") == "done"
    assert run.status("after") == "asking"


def test_an_action_without_a_target() -> None:
    run = Run(plan(contain("freeze", name="x"), task("After")))
    assert run.launch().step("x").targets == [""]


@pytest.mark.parametrize("state", ["failed", "refused", "unknown"])
def test_a_target_that_fails_is_asked_about_alone_and_holds_up_nothing(state: str) -> None:
    run = Run(plan(lock(), task("After", name="after")), THREE, world=world(b=[state])).launch()
    assert run.status("lock") == "done"
    assert run.status("after") == "asking"
    ask = run.ask("lock", why="failure")
    assert ask.targets == ["@b"]
    assert not ask.blocks
    assert run.holds() == {"@a": "applied", "@b": state, "@c": "applied"}


def test_the_ask_about_one_target_outlives_the_response() -> None:
    run = Run(plan(lock()), THREE, world=world(b=["failed"])).launch()
    assert (run.ended, run.phase) == ("completed", "holding")
    run.answer(run.ask("lock"), "retry", by="ana")
    run.settle()
    assert run.hold("@b").status == "applied"
    assert run.hold("@b").ordinal == 2
    assert run.phase == "closed"


def test_trying_again_is_for_those_that_failed() -> None:
    run = Run(plan(lock(), task("After")), THREE, world=world(b=["failed", "failed"], c=["refused"])).launch()
    run.answer(run.ask("lock"), "retry", by="ana")
    run.settle()
    assert [target for kind, _, target in run.world.touched if kind == "contain"] == ["@a", "@c"]
    assert run.ask("lock").targets == ["@b"]
    run.answer(run.ask("lock"), "skip", by="ana")
    run.settle()
    assert run.status("lock") == "done"
    assert not run.asks("lock")


def test_when_all_fail_the_step_has_failed() -> None:
    run = Run(plan(lock(), task(name="after")), THREE, world=world(a=["failed"], b=["refused"], c=["unknown"])).launch()
    assert run.step("lock").pending == "failed"
    assert run.status("after") == "waiting"


def test_a_target_that_the_report_leaves_out_is_unknown() -> None:
    run = Run(plan(lock(), task("After")), THREE)
    run.stays = ["contain"]
    run.launch()
    act = run.act("contain")
    one = TargetOutcome(target="@a", state="applied", at=run.now)
    run.end(act, ActEnded(at=run.now, act=act.id, report=ContainReport(outcomes=(one,))))
    assert run.holds() == {"@a": "applied", "@b": "unknown", "@c": "unknown"}
    assert "nothing was reported" in run.ask("lock").words


def test_a_target_is_settled_where_its_question_is_moot() -> None:
    """What is undone otherwise is asked about no longer."""
    run = Run(plan(lock(), task("After")), THREE, world=world(b=["unknown"])).launch()
    assert run.asks("lock")
    run.command("undo", "lock")
    run.settle()
    assert not run.asks("lock")
    assert run.told("question.settled")


# --- size -------------------------------------------------------------------------------------------------------------


def test_above_a_size_it_is_asked_first() -> None:
    step = contain("lock_account", given("accounts"), name="lock", ask_above=2)
    run = Run(plan(step, task(name="after")), THREE).launch()
    ask = run.ask("lock", why="above")
    assert "3, more than 2" in ask.words
    assert not run.told("contain.begun")
    run.answer(ask, "continue", by="ana")
    run.settle()
    assert len(run.holds()) == 3
    assert run.status("after") == "asking"


def test_above_a_size_it_may_be_skipped() -> None:
    step = contain("lock_account", given("accounts"), name="lock", ask_above=2)
    run = Run(plan(step, task(name="after")), THREE).launch()
    run.answer(run.ask("lock"), "skip", by="ana")
    run.settle()
    assert (run.status("lock"), run.status("after")) == ("skipped", "asking")


def test_a_loop_above_its_size() -> None:
    loop = for_each(given("accounts"), contain("lock_account", item("#loop")), ask_above=2, at_once=9)
    run = Run(plan(loop, task(name="after")), THREE).launch()
    run.answer(run.ask("loop", why="above"), "continue", by="ana")
    run.settle()
    assert run.status("after") == "asking"


# --- leases -----------------------------------------------------------------------------------------------------------


def test_a_lease_counts_from_the_moment_its_target_was_contained() -> None:
    run = Run(plan(LEASED, task("After")))
    run.stays = ["contain"]
    run.launch()
    act = run.act("contain")
    at = run.now
    run.now += timedelta(minutes=3)
    one = TargetOutcome(target="@a", state="applied", at=at)
    run.end(act, ActEnded(at=run.now, act=act.id, report=ContainReport(outcomes=(one,))))
    assert run.hold("@a").until == at + timedelta(hours=1)


def test_nothing_expires_into_the_open_by_silence() -> None:
    run = Run(plan(LEASED, task("After"))).launch()
    run.wait(3 * DAY)
    assert run.hold("@a").status == "applied"
    assert str(run.ask("lock").to[0]) == "policy"


@pytest.mark.parametrize(
    ("choice", "status", "phase"),
    [("undo", "undone", "closed"), ("again", "applied", "holding"), ("keep", "applied", "closed")],
)
def test_what_is_decided_when_a_lease_is_over(choice: str, status: str, phase: str) -> None:
    run = Run(plan(LEASED)).launch()
    assert run.phase == "holding", "a lease keeps the run open"
    run.wait(HOUR)
    run.answer(run.ask("lock"), choice, by="omar", reason="its owner has not come back")
    run.settle()
    assert run.hold("@a").status == status
    assert run.phase == phase
    assert (run.hold("@a").until is not None) == (choice == "again")


def test_what_is_kept_for_good_when_a_lease_is_over_is_kept_for_a_reason() -> None:
    """A case that failed: `continue` sounded like going on, asked for nothing, and kept the account locked for good."""
    run = Run(plan(LEASED, task("Then", name="then"))).launch()
    run.wait(HOUR)
    ask = run.ask("lock")
    assert ask.choices == ["undo", "again", "keep"]
    refused("reason", lambda: run.answer(ask, "keep", by="omar"))
    run.answer(ask, "keep", by="omar", reason="its owner has not come back")
    assert run.told("question.answered")[0].words.endswith(": its owner has not come back")
    run.command("undo", "lock")
    run.settle()
    assert run.holds() == {"@a": "undone"}, "while the run is open it can be taken back"


def test_an_answer_that_an_older_worker_offered_when_a_lease_is_over_still_counts() -> None:
    run = Run(plan(LEASED)).launch()
    run.wait(HOUR)
    run.ask("lock").choices = ["undo", "again", "continue"]
    run.answer(run.ask("lock"), "continue", by="omar")
    run.settle()
    assert run.hold("@a").lasting


def test_a_lease_of_an_act_of_unknown_outcome_runs_out_as_well() -> None:
    """A case that failed: what may have been contained for an hour stayed so for ever."""
    step = contain(
        "lock_account", given("accounts"), name="lock", expires=HOUR, on_expiry="undo", on_failure="continue"
    )
    run = Run(plan(step), THREE, world=world(b=["unknown"])).launch()
    run.wait(HOUR)
    assert run.holds() == {"@a": "undone", "@b": "undone", "@c": "undone"}
    assert run.phase == "closed"


def test_a_lease_that_is_over_twice_is_told_twice() -> None:
    run = Run(plan(LEASED)).launch()
    run.wait(HOUR)
    run.answer(run.ask("lock"), "again", by="omar")
    run.wait(HOUR)
    assert len(run.told("hold.expired")) == 2


def test_what_is_kept_is_lasting() -> None:
    run = Run(plan(LEASED), THREE).launch()
    refused("reason", lambda: run.command("keep", "lock", reason=None))
    run.command("keep", "lock", target=("@a",))
    run.wait(HOUR)
    assert sorted(run.ask("lock").targets) == ["@b", "@c"]
    run.command("keep", "lock")
    run.settle()
    assert run.phase == "closed"
    assert set(run.holds().values()) == {"applied"}


def test_an_entry_without_an_end_is_lasting_once_the_response_has_ended() -> None:
    run = Run(plan(lock())).launch()
    assert run.phase == "closed"
    assert run.holds() == {"@a": "applied"}


def test_a_lease_that_ends_while_an_addition_acts_lets_go_of_its_own_targets_only() -> None:
    """A case that failed: the whole step was undone, what was being added included."""
    step = contain("lock_account", given("accounts"), name="lock", expires=HOUR, on_expiry="undo")
    run = Run(plan(step, task("After"))).launch()
    run.now += timedelta(minutes=59)
    run.stays = ["contain"]
    run.command("add", value={"accounts": ["@new"]})
    run.wait(2 * 60)
    assert run.hold("@a").status == "undone"
    assert run.hold("@new").status == "entered"
    run.stays = []
    run.settle()
    assert run.hold("@new").status == "applied"


# --- letting go -------------------------------------------------------------------------------------------------------


def test_an_undo_that_fails_is_asked_about() -> None:
    run = Run(plan(lock(), task("After")), THREE, world=world(b=[])).launch()
    run.world.targets["@b"] = ["undo_failed", "undo_failed"]
    run.command("undo", "lock")
    run.settle()
    assert run.holds() == {"@a": "undone", "@b": "undo_failed", "@c": "undone"}
    run.answer(run.ask("lock", why="undo_failed"), "retry", by="ana")
    run.settle()
    run.answer(run.ask("lock", why="undo_failed"), "continue", by="ana")
    run.settle()
    assert run.hold("@b").lasting
    assert not run.asks("lock")


def test_an_undo_that_failed_and_is_asked_for_again_closes_its_question() -> None:
    run = Run(plan(lock(), task("After"))).launch()
    run.world.targets["@a"] = ["undo_failed"]
    run.command("undo", "lock")
    run.settle()
    run.command("undo", "lock")
    run.settle()
    assert run.holds() == {"@a": "undone"}
    assert not run.asks("lock")


def test_what_others_hold_stays_contained_and_is_let_go_here() -> None:
    run = Run(plan(lock(), undo())).launch()
    run = Run(plan(lock(), task("Then"), undo()))
    run.launch()
    run.world.targets["@a"] = ["kept"]
    run.answer("1", "done", by="ana")
    run.settle()
    assert run.holds() == {"@a": "undone"}
    assert "someone else holds" in run.told("hold.undone")[0].words


def test_a_release_that_was_cut_off_goes_on_with_what_is_left() -> None:
    run = Run(plan(lock(), undo()), THREE)
    run.stays = ["release"]
    run.launch()
    act = run.act("release")
    outcomes = (
        TargetOutcome(target="@c", state="undone"),
        TargetOutcome(target="@b", state="undo_failed", error="not tried", error_type="NotTried"),
        TargetOutcome(target="@a", state="undo_failed", error="it refuses", error_type="Refused"),
    )
    run.end(act, ActEnded(at=run.now, act=act.id, report=ReleaseReport(outcomes=outcomes), cancelled=True))
    assert run.act("release").targets == ["@b"]
    assert run.ask("lock", why="undo_failed").targets == ["@a"]
    run.stays = []
    run.settle()
    assert run.holds() == {"@a": "undo_failed", "@b": "undone", "@c": "undone"}
    assert run.status("1") == "done"


# --- the verb undo ----------------------------------------------------------------------------------------------------


def test_undo_lets_go_of_everything_newest_first() -> None:
    run = Run(plan(lock(), undo()), THREE).launch()
    assert [target for kind, _, target in run.world.touched if kind == "release"] == ["@c", "@b", "@a"]


def test_undo_of_named_targets() -> None:
    loop = for_each(given("accounts"), task("Verify", name="identity"), undo("#lock", item("#loop")), at_once=3)
    run = Run(plan(lock(), loop), THREE).launch()
    run.answer(run.ask("1[1].0"), "done", by="ana")
    run.settle()
    assert run.holds() == {"@a": "applied", "@b": "undone", "@c": "applied"}


def test_undo_of_nothing_is_done() -> None:
    run = Run(plan(lock(when=None), undo(), undo())).launch()
    assert run.status("2") == "done"
    assert "nothing was contained" in run.told("step.done")[-1].words


def test_undo_waits_for_an_act_beside_it() -> None:
    """A case that failed: an undo in a parallel branch ran at the same time as the act that it undoes."""
    run = Run(plan(parallel(lock(), undo("#lock", name="x"))))
    run.stays = ["contain"]
    run.launch()
    assert run.status("x") == "waiting"
    run.stays = []
    run.settle()
    assert run.holds() == {"@a": "undone"}


def test_an_undo_that_fails_and_goes_on_is_still_asked_about() -> None:
    """A case that failed: what stayed contained against the plan's will had no owner."""
    run = Run(plan(lock(), undo(on_failure="continue"), notify(name="told")))
    run.stays = ["release"]
    run.launch()
    run.world.targets["@a"] = ["undo_failed"]
    run.stays = []
    run.settle()
    assert run.status("told") == "done"
    assert run.ask("lock", why="undo_failed").targets == ["@a"]
    assert run.phase == "holding"


def test_an_undo_that_fails_and_is_skipped_is_accepted() -> None:
    run = Run(plan(lock(), undo(name="x")))
    run.stays = ["release"]
    run.launch()
    run.world.targets["@a"] = ["undo_failed"]
    run.stays = []
    run.settle()
    run.answer(run.ask("x"), "skip", by="ana")
    run.settle()
    assert run.hold("@a").lasting
    assert run.phase == "closed"


def test_a_failed_step_is_not_tried_again_while_a_release_of_it_is_under_way() -> None:
    """A case that failed: the release ended on the new entry, and took it for let go while the act worked on it."""
    run = Run(plan(lock(), task("Then")), {"accounts": ["@a", "@b"]})
    run.stays = ["contain", "release"]
    run.launch()
    run.command("undo", "lock", target=("@b",))
    act = run.act("contain")
    run.end(act, ActEnded(at=run.now, act=act.id, error="it did not end in time"))
    run.stays = ["release"]
    run.settle()
    refused("state", lambda: run.answer("lock", "retry", by="ana"))
    run.stays = []
    run.settle()
    run.answer("lock", "retry", by="ana")
    run.settle()
    assert run.holds() == {"@a": "applied", "@b": "applied"}
