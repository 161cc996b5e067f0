"""The table of SEMANTICS, cell by cell: what each interruption does to a step that waits, asks, acts or is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from firedoor.plan import Step
from firedoor.protocol import CommandKind, ContainReport, TargetOutcome
from firedoor.run import State
from firedoor.run.events import ActEnded
from firedoor.run.reducer import may_begin
from tests.run.driver import Run, World, refused
from tests.run.plans import (
    HOUR,
    MINUTE,
    approve,
    at_sev1,
    clock,
    contain,
    for_each,
    given,
    group,
    lock,
    notify,
    parallel,
    plan,
    seat,
    task,
    undo,
    wait,
)

TWO = {"accounts": ["@a", "@b"]}

VERBS: dict[str, Callable[[], Step]] = {
    "notify": lambda: notify(name="x"),
    "contain": lambda: contain("lock_account", given("accounts"), name="x"),
    "undo": lambda: undo("#before", name="x"),
    "approve": lambda: approve(name="x", on_timeout="continue"),
    "task": lambda: task(name="x", due=HOUR, on_timeout="continue"),
    "wait": lambda: wait(HOUR, name="x"),
    "parallel": lambda: parallel(task("Inside"), name="x"),
    "group": lambda: group(task("Inside"), name="x"),
    "for_each": lambda: for_each(given("accounts"), task("Inside"), name="x"),
}
"""One step of each verb (`run` is a group when it is compiled)."""

ACTS = ("notify", "contain", "undo")
ASKS: dict[str, Callable[[], Step]] = {
    "contain": lambda: contain("lock_account", given("accounts"), name="x", ask_above=1),
    "for_each": lambda: for_each(given("accounts"), task("Inside"), name="x", ask_above=1),
    "approve": VERBS["approve"],
    "task": VERBS["task"],
    "wait": VERBS["wait"],
}
"""Steps that ask when they are reached; a wait asks the clock."""


def waiting(step: Step) -> Run:
    """A run in which the step x waits for the one before it."""
    run = Run(plan(lock("before"), task("First", name="first"), step, task("After", name="after")), TWO).launch()
    assert run.status("x") == "waiting"
    return run


def reach(run: Run) -> Run:
    run.answer("first", "done", by="ana")
    return run.settle()


def asking(step: Step) -> Run:
    run = reach(waiting(step))
    assert run.status("x") == "asking"
    return run


def acting(verb: str) -> Run:
    run = waiting(VERBS[verb]())
    run.stays = [run.path("x")]
    if verb == "undo":
        run.stays = ["release"]
    reach(run)
    assert run.status("x") == "acting"
    return run


def over(step: Step, world: World | None = None) -> Run:
    """A run in which x is over, and the one after it is reached."""
    run = Run(plan(lock("before"), step, task("After", name="after")), TWO, world=world).launch()
    assert run.status("after") == "asking"
    return run


def down(*kinds: str) -> World:
    world = World()
    for kind in kinds:
        world.acts[kind] = ["it is down"]
    return world


# --- pause ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_pause_holds_the_start_of_acts_and_nothing_else(verb: str) -> None:
    run = waiting(VERBS[verb]())
    run.command("pause")
    reach(run)
    assert (run.status("x") == "waiting") == (verb in ("notify", "contain"))
    run.command("resume")
    run.settle()
    assert run.status("x") != "waiting"


@pytest.mark.parametrize("verb", ["approve", "task", "wait"])
def test_pause_while_it_asks_goes_on(verb: str) -> None:
    run = asking(ASKS[verb]())
    run.command("pause")
    run.wait(HOUR)
    assert run.status("x") in ("unanswered", "done")


def test_pause_while_it_asks_takes_answers() -> None:
    run = asking(VERBS["approve"]())
    run.command("pause")
    run.answer("x")
    assert run.status("x") == "approved"


@pytest.mark.parametrize("verb", ["notify", "contain"])
@pytest.mark.parametrize("reports", [False, True])
def test_pause_while_it_acts_ends_the_attempt_and_does_not_try_again(verb: str, reports: bool) -> None:
    run = acting(verb)
    run.world.reports_when_ended = reports
    act = run.act(verb, "x")
    run.command("pause")
    assert act.cancel
    run.settle()
    act = run.act(verb, "x")
    assert not act.cancel
    assert not may_begin(run.state, act)
    assert run.status("x") == "acting"
    run.stays = []
    run.command("resume")
    run.settle()
    assert run.status("x") == "done"
    assert not run.asks("x")


def test_pause_while_it_undoes_goes_on() -> None:
    run = acting("undo")
    run.command("pause")
    run.stays = []
    run.settle()
    assert run.status("x") == "done"


def test_pause_records_what_it_says() -> None:
    """A case that failed: rows waited for an act that a pause held."""
    run = acting("contain")
    run.command("pause")
    run.settle()
    assert not run.state.pending


# --- skip -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_skip_while_it_waits(verb: str) -> None:
    run = waiting(VERBS[verb]())
    run.command("skip", "x")
    assert run.status("x") == "skipped"
    reach(run)
    assert run.status("after") == "asking"
    assert not run.told("contain.begun")[1:]


def test_skip_wants_a_reason() -> None:
    run = waiting(VERBS["task"]())
    refused("reason", lambda: run.command("skip", "x", reason=None))


@pytest.mark.parametrize("verb", [verb for verb in ASKS if verb != "approve"])
def test_skip_while_it_asks(verb: str) -> None:
    run = asking(ASKS[verb]())
    run.command("skip", "x")
    run.settle()
    assert run.status("x") == "skipped"
    assert not run.asks("x")
    assert run.status("after") == "asking"


def test_skip_of_an_approval_that_is_asked_takes_a_second_person_and_goes_on_as_its_silence() -> None:
    run = asking(approve(name="x", on_timeout="stop"))
    assert "second person" in run.command("skip", "x", by="ana").says
    assert run.status("x") == "asking"
    refused("second", lambda: run.command("skip", "x", by="ana"))
    run.command("skip", "x", by="sam")
    run.settle()
    assert run.status("x") == "skipped"
    assert run.ended == "stopped"


def test_skip_of_an_approval_that_waits_owes_its_silence() -> None:
    """Skipping ahead lets nobody pass by an approval: what silence means follows when it is reached."""
    run = waiting(approve(name="x", on_timeout="stop"))
    run.command("skip", "x")
    assert run.status("x") == "skipped"
    assert run.state.intent == "respond"
    reach(run)
    assert run.ended == "stopped"
    assert run.status("after") == "waiting"


def test_skip_of_an_approval_that_waits_and_does_not_apply_owes_nothing() -> None:
    run = waiting(approve(name="x", on_timeout="stop", when=at_sev1()))
    run.command("skip", "x")
    reach(run)
    assert run.status("after") == "asking"


def test_skip_of_an_approval_whose_silence_asks_is_asked_about() -> None:
    run = waiting(approve(name="x", on_timeout="ask commander"))
    run.command("skip", "x")
    reach(run)
    assert run.status("after") == "waiting"
    run.answer(run.ask("x", why="timeout"), "again", by="ana")
    run.settle()
    run.answer("x")
    run.settle()
    assert run.status("x") == "approved"
    assert run.status("after") == "asking"


@pytest.mark.parametrize("verb", [*ACTS, "parallel", "group", "for_each"])
def test_skip_while_it_acts_is_refused(verb: str) -> None:
    run = acting(verb)
    refused("state", lambda: run.command("skip", "x"))


@pytest.mark.parametrize("verb", ["notify", "contain"])
def test_skip_of_what_is_over(verb: str) -> None:
    done = over(VERBS[verb]())
    refused("state", lambda: done.command("skip", "x"))
    failing = VERBS[verb]().model_copy(update={"on_failure": task(on_timeout="continue").on_timeout})
    run = over(failing, down("1"))
    assert run.status("x") == "failed"
    run.command("skip", "x")
    assert run.status("x") == "skipped"
    assert run.step("x").ordinal == 2
    assert run.step("x").past == ["failed"]


# --- retry ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_retry_while_it_waits_is_refused(verb: str) -> None:
    run = waiting(VERBS[verb]())
    refused("state", lambda: run.command("retry", "x"))


@pytest.mark.parametrize("verb", ASKS)
def test_retry_while_it_asks_is_refused(verb: str) -> None:
    run = asking(ASKS[verb]())
    refused("state", lambda: run.command("retry", "x"))


@pytest.mark.parametrize("verb", [*ACTS, "parallel", "group", "for_each"])
def test_retry_while_it_acts_is_refused(verb: str) -> None:
    run = acting(verb)
    refused("state", lambda: run.command("retry", "x"))


@pytest.mark.parametrize("verb", ACTS)
def test_retry_of_what_failed_is_a_new_ordinal(verb: str) -> None:
    kind = "release" if verb == "undo" else "1"
    run = Run(plan(lock("before"), VERBS[verb](), task("After", name="after")), TWO, world=down(kind)).launch()
    assert run.step("x").pending == "failed"
    run.command("retry", "x")
    run.settle()
    assert run.status("x") == "done"
    assert run.step("x").ordinal == 2
    assert not run.asks("x")
    assert run.status("after") == "asking"


def test_retry_of_what_was_undone_is_a_new_ordinal() -> None:
    run = over(VERBS["contain"]())
    refused("state", lambda: run.command("retry", "x"))
    run.command("undo", "x")
    run.settle()
    run.command("retry", "x")
    run.settle()
    assert run.holds("x") == {"@a": "applied", "@b": "applied"}
    assert run.hold("@a", "x").ordinal == 2


@pytest.mark.parametrize("verb", ["approve", "task", "wait"])
def test_retry_of_what_was_answered_is_refused(verb: str) -> None:
    run = asking(ASKS[verb]())
    run.wait(2 * HOUR)
    refused("state", lambda: run.command("retry", "x"))


# --- severity ---------------------------------------------------------------------------------------------------------


def test_severity_while_it_waits_counts_on_arrival() -> None:
    run = waiting(task(name="x", when=at_sev1()))
    run.command("severity", value="sev1")
    reach(run)
    assert run.status("x") == "asking"


def test_severity_while_it_asks_voids_what_was_signed_and_asks_the_seats_again() -> None:
    run = asking(approve("Go?", "policy", seat("legal", when=at_sev1()), "execs", name="x"))
    run.answer("x", by="omar")
    assert [str(seat.who) for seat in run.ask("x").seats] == ["policy", "execs"]
    old = run.ask("x").hash
    run.command("severity", value="sev1")
    assert run.ask("x").signatures == []
    assert [str(seat.who) for seat in run.ask("x").seats] == ["policy", "legal", "execs"]
    refused("changed", lambda: run.answer("x", by="noor", document=old))
    for person in ("omar", "tom", "noor"):
        run.answer("x", by=person)
    assert run.status("x") == "approved"


def test_severity_does_not_touch_a_task() -> None:
    run = asking(VERBS["task"]())
    run.command("severity", value="sev1")
    run.answer("x", "done", by="ana")
    assert run.status("x") == "done"


def test_severity_of_what_is_over_is_offered_to_the_commander() -> None:
    run = over(notify(name="x", when=at_sev1()))
    assert run.status("x") == "not_needed"
    run.command("severity", value="sev1")
    run.settle()
    assert run.status("x") == "not_needed"
    offer = run.ask("x", why="severity")
    assert not offer.blocks
    run.answer("after", "done", by="ana")
    run.settle()
    assert run.ended is None, "the offer is still open"
    run.answer(offer, "retry", by="ana")
    run.settle()
    assert run.status("x") == "done"
    assert run.phase == "closed"


# --- extend -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_extend_while_it_waits_is_refused(verb: str) -> None:
    run = waiting(VERBS[verb]())
    refused("state", lambda: run.command("extend", "x", value=60))


@pytest.mark.parametrize("verb", ["approve", "task"])
def test_extend_while_it_asks_moves_the_deadline(verb: str) -> None:
    run = asking(ASKS[verb]())
    run.command("extend", "x", value=30 * MINUTE)
    run.wait(HOUR)
    assert run.status("x") == "asking"
    run.wait(30 * MINUTE)
    assert run.status("x") == "unanswered"


def test_extend_past_a_clock_is_refused() -> None:
    late = task(name="x", due=HOUR, on_timeout="continue", meets="law")
    run = Run(plan(late, clocks=(clock(limit=90 * MINUTE),))).launch()
    refused("clock", lambda: run.command("extend", "x", value=HOUR))
    run.command("extend", "x", value=30 * MINUTE)


def test_extend_of_a_time_that_is_over_is_refused() -> None:
    """A case that failed: a deadline that had passed, and whose timer was late, could be extended."""
    run = asking(VERBS["task"]())
    run.now = run.ask("x").deadline or run.now
    refused("late", lambda: run.command("extend", "x", value=60))


@pytest.mark.parametrize("verb", ACTS)
def test_extend_while_it_acts_is_refused(verb: str) -> None:
    run = acting(verb)
    refused("state", lambda: run.command("extend", "x", value=60))


def test_extend_of_what_is_over_is_for_a_lease() -> None:
    leased = contain("lock_account", given("accounts"), name="x", expires=HOUR, on_expiry="undo")
    run = over(leased)
    run.command("extend", "x", value=HOUR, target=("@a",))
    run.wait(HOUR)
    assert run.holds("x") == {"@a": "applied", "@b": "undone"}
    run.wait(HOUR)
    assert run.holds("x") == {"@a": "undone", "@b": "undone"}
    lasting = over(VERBS["contain"]())
    refused("state", lambda: lasting.command("extend", "x", value=60))


# --- undo -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_undo_while_it_waits_is_refused(verb: str) -> None:
    run = waiting(VERBS[verb]())
    refused("state", lambda: run.command("undo", "x"))


@pytest.mark.parametrize("verb", ASKS)
def test_undo_while_it_asks_is_refused(verb: str) -> None:
    run = asking(ASKS[verb]())
    refused("state", lambda: run.command("undo", "x"))


@pytest.mark.parametrize("how", ["ended", "reports", "done"])
def test_undo_while_it_acts_ends_it_awaits_its_end_and_then_undoes(how: str) -> None:
    run = acting("contain")
    run.world.reports_when_ended = how == "reports"
    act = run.act("contain", "x")
    run.command("undo", "x")
    assert act.cancel
    assert not [act for act in run.state.acts.values() if act.kind == "release"], "its end is awaited"
    if how == "done":
        outcomes = tuple(TargetOutcome(target=target, state="applied", at=run.now) for target in act.targets or [])
        run.end(act, ActEnded(at=run.now, act=act.id, report=ContainReport(outcomes=outcomes)))
    run.stays = []
    run.settle()
    assert run.status("x") == "done"
    assert set(run.holds("x").values()) <= {"undone", "failed"}
    assert run.status("after") == "asking"


def test_undo_of_what_is_over_undoes_its_entries() -> None:
    run = over(VERBS["contain"]())
    run.command("undo", "x", target=("@b",))
    run.settle()
    assert run.holds("x") == {"@a": "applied", "@b": "undone"}
    assert run.status("x") == "done", "undone is a state of the ledger, never an outcome of the step"
    run.command("undo", "x")
    run.settle()
    refused("state", lambda: run.command("undo", "x"))


# --- stop -------------------------------------------------------------------------------------------------------------

ENDS: tuple[CommandKind, ...] = ("stop", "undo_all")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("verb", VERBS)
def test_an_end_while_it_waits(verb: str, end: CommandKind) -> None:
    run = waiting(VERBS[verb]())
    run.command(end)
    run.settle().keep()
    assert run.phase == "closed"
    assert run.status("x") in ("waiting", "stopped")
    assert run.holds("before") == dict.fromkeys(("@a", "@b"), "applied" if end == "stop" else "undone")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("verb", ASKS)
def test_an_end_while_it_asks(verb: str, end: CommandKind) -> None:
    run = asking(ASKS[verb]())
    run.command(end)
    run.settle().keep()
    assert run.status("x") == "stopped"
    assert run.phase == "closed"


@pytest.mark.parametrize("verb", ACTS)
@pytest.mark.parametrize("reports", [False, True])
def test_stop_while_it_acts_ends_the_attempt(verb: str, reports: bool) -> None:
    run = acting(verb)
    run.world.reports_when_ended = reports
    run.command("stop")
    run.stays = []
    run.settle().keep()
    assert run.status("x") == ("done" if verb == "undo" else "stopped")
    assert run.ended == "stopped"
    assert run.phase == "closed"


@pytest.mark.parametrize("verb", ACTS)
def test_undo_all_while_it_acts_ends_it_and_then_undoes(verb: str) -> None:
    run = acting(verb)
    run.command("undo_all")
    run.stays = []
    run.settle()
    assert run.ended == "undone"
    assert set(run.holds("before").values()) == {"undone"}
    assert set(run.holds("x").values()) <= {"undone"}


@pytest.mark.parametrize("verb", ["parallel", "group", "for_each"])
@pytest.mark.parametrize("end", ENDS)
def test_an_end_within_a_branch(verb: str, end: CommandKind) -> None:
    run = acting(verb)
    run.command(end)
    run.settle().keep()
    assert run.status("x") == "stopped"
    assert run.phase == "closed"


def test_stop_keeps_what_is_over() -> None:
    run = over(VERBS["contain"]())
    run.command("stop")
    run.settle().keep()
    assert run.status("x") == "done"
    assert set(run.holds("x").values()) == {"applied"}
    assert run.phase == "closed"


def test_undo_all_undoes_what_is_over_newest_first() -> None:
    run = over(VERBS["contain"]())
    run.command("undo_all")
    run.settle()
    assert [path for kind, path, _ in run.world.touched if kind == "release"] == ["1", "1", "0", "0"]


MET: dict[str, Callable[[], Step]] = {
    "notify": lambda: notify(name="x", meets="law"),
    "contain": lambda: contain("lock_account", given("accounts"), name="x", meets="law", ask_above=1),
    "approve": lambda: approve(name="x", meets="law"),
    "task": lambda: task(name="x", meets="law", due=HOUR, on_timeout="stop", proof="number"),
    "wait": lambda: wait(HOUR, name="x", meets="law"),
}


@pytest.mark.parametrize("verb", MET)
@pytest.mark.parametrize("reached", [False, True])
def test_stop_keeps_steps_that_meet_a_clock_which_runs_as_tasks(verb: str, reached: bool) -> None:
    before = () if reached else (task("First"),)
    run = Run(plan(*before, MET[verb](), clocks=(clock(),)), TWO)
    run.stays = ["notify"] if verb == "notify" else []
    run.launch()
    run.stays = []
    run.command("stop")
    run.settle()
    kept = run.ask("x", kind="task")
    assert run.ended == "stopped"
    assert run.phase == "holding"
    run.answer(kept, "done", by="ana", proof="7")
    run.settle()
    assert run.status("x") == "done"
    assert run.state.clocks["law"].met_at is not None
    assert run.phase == "closed"


@pytest.mark.parametrize("verb", MET)
@pytest.mark.parametrize("reached", [False, True])
def test_undo_all_keeps_them_too_but_nothing_is_contained_by_hand(verb: str, reached: bool) -> None:
    """Against the table, which stops them: a law's clock does not end because a lock was undone."""
    before = () if reached else (task("First"),)
    run = Run(plan(*before, MET[verb](), clocks=(clock(),)), TWO)
    run.stays = ["notify"] if verb == "notify" else []
    run.launch()
    run.stays = []
    run.command("undo_all")
    run.settle()
    assert (run.ended, run.phase) == ("undone", "holding")
    if verb == "contain":
        assert run.ask("", why="clock").about == "law"
        return
    run.answer(run.ask("x", kind="task"), "done", by="ana", proof="7")
    run.settle()
    assert run.state.clocks["law"].met_at is not None
    assert run.phase == "closed"


# --- time -------------------------------------------------------------------------------------------------------------


def test_time_while_it_waits_does_nothing() -> None:
    run = waiting(VERBS["task"]())
    run.wait(10 * HOUR)
    assert run.status("x") == "waiting"


def test_time_while_it_asks_reminds_escalates_and_ends() -> None:
    run = asking(approve(name="x", escalate=40 * MINUTE, on_timeout="continue"))
    run.wait(30 * MINUTE)
    assert len(run.told("ask.reminded")) == 1
    run.wait(10 * MINUTE)
    assert run.told("ask.escalated")[0].data["to"] == ["policy.manager"]
    run.wait(19 * MINUTE)
    assert run.status("x") == "asking"
    run.wait(MINUTE)
    assert run.status("x") == "unanswered"


def test_time_while_it_acts_is_the_budget_of_its_retries() -> None:
    run = acting("contain")
    act = run.act("contain", "x")
    run.end(act, ActEnded(at=run.now, act=act.id, error="it did not end in time", error_type="Timeout"))
    assert run.step("x").pending == "failed"
    assert run.ask("x", why="failure").to[0].kind == "commander"


@pytest.mark.parametrize("on_expiry", ["undo", "ask policy"])
def test_time_when_it_is_over_ends_a_lease(on_expiry: str) -> None:
    run = over(contain("lock_account", given("accounts"), name="x", expires=HOUR, on_expiry=on_expiry))
    run.wait(HOUR)
    if on_expiry == "undo":
        assert set(run.holds("x").values()) == {"undone"}
    else:
        assert set(run.holds("x").values()) == {"applied"}
        assert run.ask("x", why="expiry").to[0].name == "policy"


# --- crash, and continue-as-new ---------------------------------------------------------------------------------------


def reborn(run: Run) -> Run:
    """What a worker finds that takes over: the state, and nothing else."""
    run.state = State.model_validate_json(run.state.model_dump_json())
    return run


@pytest.mark.parametrize("after", [reborn, Run.cross])
@pytest.mark.parametrize("verb", VERBS)
def test_a_crash_or_a_crossing_while_it_waits_changes_nothing(verb: str, after: Callable[[Run], Run]) -> None:
    run = waiting(VERBS[verb]())
    run.stays = [run.path("x")]
    before = run.state.model_dump_json()
    after(run)
    assert run.state.model_dump_json() == before


@pytest.mark.parametrize("after", [reborn, Run.cross])
@pytest.mark.parametrize("verb", ASKS)
def test_a_crash_or_a_crossing_while_it_asks_changes_nothing(verb: str, after: Callable[[Run], Run]) -> None:
    run = asking(ASKS[verb]())
    before = run.state.model_dump_json()
    after(run)
    assert run.state.model_dump_json() == before


@pytest.mark.parametrize("after", [reborn, Run.cross])
@pytest.mark.parametrize("verb", ACTS)
def test_a_crash_or_a_crossing_while_it_acts_goes_on_with_the_same_number(
    verb: str, after: Callable[[Run], Run]
) -> None:
    run = acting(verb)
    before = {act.id: act.ordinal for act in run.state.acts.values()}
    after(run)
    assert {act.id: act.ordinal for act in run.state.acts.values()} == before
    run.stays = []
    run.settle()
    assert run.status("x") == "done"


def test_a_crossing_that_cuts_off_many_targets_goes_on_with_those_that_are_left() -> None:
    """A case that failed: what an ended attempt had not tried was taken for failed, and asked about."""
    run = acting("contain")
    act = run.act("contain", "x")
    outcomes = (
        TargetOutcome(target="@a", state="applied", at=run.now),
        TargetOutcome(target="@b", state="failed", error="not tried", error_type="NotTried"),
    )
    run.end(act, ActEnded(at=run.now, act=act.id, report=ContainReport(outcomes=outcomes), cancelled=True))
    run.stays = []
    run.settle()
    assert run.holds("x") == {"@a": "applied", "@b": "applied"}
    assert run.hold("@b", "x").ordinal == 2
    assert not run.asks("x")


@pytest.mark.parametrize("after", [reborn, Run.cross])
@pytest.mark.parametrize("verb", ["notify", "contain"])
def test_a_crash_or_a_crossing_when_it_is_over_changes_nothing(verb: str, after: Callable[[Run], Run]) -> None:
    run = over(VERBS[verb]())
    before = run.state.model_dump_json()
    after(run)
    assert run.state.model_dump_json() == before
