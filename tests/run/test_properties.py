"""Any plan, and anything that can happen to it: the invariants hold after every event, and every run comes to its end.

The invariants themselves are in tests.run.invariants; they are checked at each event of each test of this folder.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, cast, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedoor.plan import Plan, Who
from firedoor.protocol import (
    CommandKind,
    ContainReport,
    NotifyReport,
    ReadReport,
    Receipt,
    ReleaseReport,
    TargetOutcome,
)
from firedoor.run import pages, validity, wake_at, walking
from firedoor.run.events import ActEnded, Time
from firedoor.run.orders import order_of
from firedoor.run.reducer import may_begin
from firedoor.run.state import Act, Ask
from firedoor.run.view import view
from tests.run.driver import PEOPLE, Run, World
from tests.run.generated import plans
from tests.run.invariants import dumped

QUICK = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))

HAPPENINGS = st.integers(1, 60).flatmap(lambda n: st.lists(st.integers(0, 2**16 - 1), min_size=n, max_size=n))
"""What happens next, as seeds: each decides what happens, among what can happen then."""


@given(plan=plans(), happenings=HAPPENINGS)
@QUICK
def test_whatever_happens(plan: Plan, happenings: list[int]) -> None:
    live(plan, happenings)


@pytest.mark.long
@pytest.mark.timeout(7200)
@given(plan=plans(), happenings=HAPPENINGS)
@LONG
def test_whatever_happens_many_times(plan: Plan, happenings: list[int]) -> None:
    live(plan, happenings)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SIZE", 2)


def live(plan: Plan, happenings: list[int], inputs: dict[str, Any] | None = None) -> None:
    """Let that happen to a run of the plan, and then whatever brings it to its end."""
    dice = Random(happenings[0])
    world = World()
    some: Any = ["@a", "@b", "@c"][: dice.randint(1, 3)]
    if dice.random() < 0.4:
        some = world.keep(["@a", "@b", "@c", "@d", "@e"][: dice.randint(3, 5)])
    given = {"accounts": some, "office": dice.random() < 0.4}
    many = isinstance(some, dict) and dice.random() < 0.8
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(walking, "MOST_ROUNDS", 2 if many else walking.MOST_ROUNDS)
        _live(plan, happenings, given if inputs is None else inputs, world)


def _live(plan: Plan, happenings: list[int], inputs: dict[str, Any], world: World) -> Run:
    run = Run(plan, inputs, world=world)
    run.stays = ["contain", "release", "notify", "read", "record"]
    run.launch()
    for seed in happenings:
        if run.state.phase == "closed":
            break
        dice = Random(seed)
        dice.choice(THINGS)(run, dice)
    calm(run)
    assert run.state.phase == "closed", view(plan, run.state).next_act
    return run


# --- what happens -----------------------------------------------------------------------------------------------------


def act(run: Run, dice: Random) -> None:
    """An act comes to its end, one way or another."""
    if run.state.review == "wanted":
        run.settle()
    going = [act for act in run.state.acts.values() if act.cancel or may_begin(run.state, act)]
    if not going:
        time(run, dice)
        return
    one = dice.choice(going)
    run.world.reports_when_ended = dice.random() < 0.5
    run.world.looping.silent = {"@b"} if dice.random() < 0.2 else set()
    run.world.looping.deaf = {"@c"} if dice.random() < 0.2 else set()
    match dice.choice(["fine", "fine", "fine", "partly", "error", "ended"]):
        case "partly" if one.kind in ("contain", "release"):
            run.end(one, partly(run, one, dice))
        case "error":
            run.end(one, ActEnded(at=run.now, act=one.id, error="it is down", error_type="Down"))
        case "ended":
            run.end(one, run.world.ended(one, run.now, order_of(run.plan, run.state, one, ())))
        case _ if one.kind == "read" and one.question is None:
            more = [run.world.keep(["@copy", "@a", "@more"])] if one.read == "matches_of" else []
            value = dice.choice([*ANSWERS[one.read], *more])
            run.end(one, ActEnded(at=run.now, act=one.id, report=ReadReport(value=value)))
        case _:
            run.end(one)


def acts(run: Run, dice: Random) -> None:
    """All that goes on comes to a good end."""
    stays, run.stays = run.stays, []
    run.settle()
    run.stays = stays


MATCHES: list[Any] = [[], ["@copy"], ["@copy", "@other"], ["@a", "@copy"], "no list"]
ANSWERS: dict[str, list[Any]] = {
    "count_of": [5, 100],
    "reports_per_hour": [5, 100, "many"],
    "matches_of": MATCHES,
    "copies_of": MATCHES,
    "owner_of": ["@a", "@owner", 7],
}
"""What systems answer, by read; some of it is not what the read says."""


def partly(run: Run, one: Act, dice: Random) -> ActEnded:
    fine, others = ("applied", CONTAINED) if one.kind == "contain" else ("undone", RELEASED)
    order: Any = order_of(run.plan, run.state, one, ())
    if order.page is not None:
        for target in run.world.page(order.page):
            run.world.targets[target] = [dice.choice([fine, fine, *(state for state in others if state != "missing")])]
        report = run.world.report(one, order, order.page, run.now)
        run.world.targets.clear()
        return ActEnded(at=run.now, act=one.id, report=report)
    outcomes = tuple(
        TargetOutcome.model_validate({"target": target, "state": state, "at": run.now, "error_type": "NotTried"})
        for target in one.targets or []
        if (state := dice.choice([fine, fine, *others])) != "missing"
    )
    report = ContainReport(outcomes=outcomes) if one.kind == "contain" else ReleaseReport(outcomes=outcomes)
    return ActEnded(at=run.now, act=one.id, report=report)


CONTAINED = ("refused", "failed", "unknown", "missing", "undone")
RELEASED = ("kept", "undo_failed", "missing", "unknown")


def time(run: Run, dice: Random) -> None:
    wake = wake_at(run.state)
    match dice.choice(["next", "next", "next", "a little", "late"]):
        case "next" if wake is not None:
            run.now = max(run.now, wake)
        case "late" if wake is not None:
            run.now = max(run.now, wake) + timedelta(hours=9)
        case _:
            run.now += timedelta(minutes=3)
    run.happen(Time(at=run.now))


def answer(run: Run, dice: Random) -> None:
    """Someone answers something: often the right person, sometimes not."""
    asks = list(run.state.asks.values())
    if not asks:
        act(run, dice)
        return
    ask = dice.choice(asks)
    right = whoever(run, ask) if dice.random() < 0.9 else [*PEOPLE]
    fields: dict[str, Any] = {"reason": "so", "proof": dice.choice(["CASE-1", "CASE-1", None])}
    if ask.kind == "approval" and dice.random() < 0.2:
        fields["targets"] = dice.choice([("@a",), ("@b",), ("@a", "@copy"), ("@new",)])
    if dice.random() < 0.05:
        fields["document"] = "0" * 64
    choices = [choice for choice in ask.choices if choice not in ("stop", "undo_all") or dice.random() < 0.2]
    choice, by = dice.choice([*choices, "approve"]), dice.choice(right or [*PEOPLE])
    say(run, dice, lambda: run.answer(ask, choice, by=by, **fields))


COMMANDS = cast("tuple[CommandKind, ...]", get_args(CommandKind))
VALUES: dict[str, list[Any]] = {
    "severity": ["sev1", "sev2", "sev4"],
    "add": [{"accounts": ["@new"]}, {"accounts": ["@a", "@newer", "@newest"]}, {"office": True}],
    "input": [{"office": True}, {"serious": True}, {"order_at": "2026-03-04T03:00:00+00:00"}, {"note": "Bo"}],
    "extend": [600, 7200, 400 * 86_400],
    "reassign": ["omar", "legal.on_shift"],
    "offer": ["sam", "zoe", "ana"],
    "hand_over": ["sam", "ana"],
    "pause_clock": [{"clock": "law", "ground": "a flood"}, {"clock": "law", "ground": "none"}],
    "resume_clock": ["law"],
}
LIKELY: tuple[CommandKind, ...] = (
    "skip",
    "skip",
    "retry",
    "undo",
    "undo",
    "add",
    "input",
    "severity",
    "extend",
    "keep",
)


def command(run: Run, dice: Random) -> None:
    """A command, mostly one that this run can be given now."""
    kind = dice.choice([*LIKELY, *LIKELY, *(one for one in COMMANDS if one != "undo_all" or dice.random() < 0.3)])
    value = dice.choice(VALUES[kind]) if kind in VALUES else None
    if kind == "add" and dice.random() < 0.3:
        value = {"accounts": run.world.keep(["@a", "@many", "@more", "@most"])}
    by = dice.choice(["ana", "ana", "ana", "sam", "omar"])
    target = dice.choice([None, None, None, ("@a",), ("@b",)])
    steps: list[str | None] = [None, *run.state.steps, *run.plan.by_path]
    if dice.random() < 0.9:
        steps = [step for step in steps if run.may(kind, step, by=by, value=value)] or steps
    step = dice.choice(steps)
    say(run, dice, lambda: run.command(kind, step, by=by, value=value, target=target))


def say(run: Run, dice: Random, speak: Callable[[], Receipt]) -> None:
    """A word is refused and changes nothing, or it is counted; and the same word again gets the same receipt."""
    before = dumped(run.state)
    try:
        receipt = speak()
    except validity.Refused:
        assert dumped(run.state) == before
        return
    assert run.state.accepted[receipt.nonce].receipt == receipt
    assert any(row.seq == receipt.row and row.data.get("nonce") == receipt.nonce for row in run.rows)
    if dice.random() < 0.2:
        before = dumped(run.state)
        assert run.deliver(run.words[receipt.nonce]) == receipt
        assert dumped(run.state) == before


def cross(run: Run, dice: Random) -> None:
    run.world.reports_when_ended = dice.random() < 0.5
    run.cross()


def odd(run: Run, dice: Random) -> None:
    match dice.choice(["cancelled", "unknown act", "review", "old time"]):
        case "cancelled":
            run.cancel()
        case "unknown act":
            run.happen(ActEnded(at=run.now, act="contain:9:1", report=NotifyReport()))
        case "review":
            run.settle()
        case _:
            run.happen(Time(at=run.now - timedelta(hours=1)))


THINGS = (*(act,) * 5, *(acts,) * 2, *(time,) * 2, *(answer,) * 4, *(command,) * 3, cross, odd)


# --- and then everyone does what is asked -----------------------------------------------------------------------------

GO_ON = ("accept", "approve", "done", "continue", "skip", "answer", "keep", "undo", "stop", "reject")


def calm(run: Run) -> None:
    """From here on everything works and everyone answers: every run comes to its end, within a bound of events."""
    run.stays = []
    before, run.world = run.world, World()
    run.world.lists, run.world.contained = before.lists, before.contained
    run.world.looping = before.looping
    run.world.looping.silent, run.world.looping.deaf = set(), set()
    run.world.reads["count_of"] = 1
    for _ in range(400):
        run.settle()
        if run.state.phase == "closed":
            return
        if run.state.paused:
            run.command("resume")
        elif not any(answered(run, ask) for ask in list(run.state.asks.values())):
            wake = wake_at(run.state)
            assert wake is not None, "nobody can answer, and nothing will happen"
            run.now = wake
            run.happen(Time(at=wake))


def answered(run: Run, ask: Ask) -> bool:
    choice = next(choice for choice in GO_ON if choice in ask.choices)
    for person in whoever(run, ask):
        try:
            run.answer(ask, choice, by=person, reason="so", proof="CASE-1")
        except validity.Refused:
            continue
        return True
    return False


def whoever(run: Run, ask: Ask) -> list[str]:
    return [person for person in PEOPLE if any(_is(run, who, person) for who in ask.to)]


def _is(run: Run, who: Who, person: str) -> bool:
    if who.kind == "commander":
        return person == (run.state.commander or "ana")
    held = PEOPLE[person]
    manages = who.kind == "team" and f"{who.name}.manager" in held
    return person == who.name or str(who) in held or manages or (who.kind == "region_manager" and person == "eoin")
