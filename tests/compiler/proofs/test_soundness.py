"""What was proved of a plan holds in its runs: any plan, the real reducer, and people and systems that do anything.

The proofs are found from the plan alone; the run is driven by `tests.run.driver`, with the invariants checked besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from firedoor.compiler import scope
from firedoor.compiler.proofs.clocks import Shown, clocks
from firedoor.compiler.proofs.reaching import Flow
from firedoor.compiler.proofs.signatures import unsigned
from firedoor.compiler.proofs.situations import Situations
from firedoor.compiler.proofs.unreachable import unreachable
from firedoor.compiler.proofs.worst import NOTICE, Worst
from firedoor.plan import Plan, paths
from firedoor.plan.model import walk
from firedoor.run import tasks, validity, wake_at
from firedoor.run.events import ActEnded, Time
from firedoor.run.orders import budget
from firedoor.run.reducer import may_begin
from firedoor.run.state import Act, Ask
from tests.run.driver import PEOPLE, Run
from tests.run.generated import plans
from tests.run.test_properties import HAPPENINGS, THINGS, VALUES, whoever

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))


def settled(plan: Plan) -> Plan:
    """The plan as the compiler leaves it: what each approval unlocks, and which asks may offer to go on."""
    refused: list[object] = []
    steps = scope.settle(plan.steps, plan.actions, lambda step, _: refused.append(step))
    assume(not refused)
    inputs = [field.model_copy(update={"at_least": 1} if field.listed else {}).model_dump() for field in plan.inputs]
    return Plan.model_validate({**plan.model_dump(), "inputs": inputs, "steps": [step.model_dump() for step in steps]})


# --- what is signed, and what is reached


@pytest.fixture(autouse=True)
def nobody_corrects_what_the_launch_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unreachable is so as long as the inputs of the launch stay what they are."""
    monkeypatch.setitem(VALUES, "input", [value for value in VALUES["input"] if value != {"office": True}])


@given(plan=plans(), happenings=HAPPENINGS)
@QUICK
def test_what_is_proved_of_steps_holds_whatever_happens(plan: Plan, happenings: list[int]) -> None:
    steps_hold(plan, happenings)


@pytest.mark.long
@pytest.mark.timeout(7200)
@given(plan=plans(), happenings=HAPPENINGS)
@LONG
def test_what_is_proved_of_steps_holds_whatever_happens_many_times(plan: Plan, happenings: list[int]) -> None:
    steps_hold(plan, happenings)


def steps_hold(plan: Plan, happenings: list[int]) -> None:
    plan = settled(plan)
    dice = Random(happenings[0])
    given = {"accounts": ["@a", "@b", "@c"][: dice.randint(1, 3)], "office": dice.random() < 0.4}
    steps_hold_in_runs(plan, happenings, given)


def steps_hold_in_runs(plan: Plan, happenings: list[int], given: dict[str, Any]) -> None:
    """Whatever happens, nothing begins that was said never to happen, and nothing is refused that was said to be signed."""
    situations, flow = Situations(plan), Flow(plan)
    never = {inner.path for step in unreachable(plan, situations, flow) for inner in walk((step,))}
    free = {one.step.path for one in unsigned(plan, situations, flow)}
    acts = {step.path for step in walk(plan.steps) if step.verb == "contain" and plan.actions[step.action].requires}
    run = Run(plan, given)
    run.stays = ["contain", "release", "notify", "read", "record"]
    run.launch()
    for seed in happenings:
        if run.state.phase == "closed":
            break
        dice = Random(seed)
        dice.choice(THINGS)(run, dice)
    for path, state in run.state.steps.items():
        here = paths.static(path)
        assert here not in never or state.arrived_at is None, f"{here} was said never to happen"
        if here in acts - free:
            assert "has not signed" not in (state.reason or ""), f"{here} was said to be signed wherever it is reached"


# --- sums


@given(plan=plans())
@QUICK
def test_a_sum_is_what_its_parts_come_to_and_no_way_is_shorter_than_what_stands_at_its_end(plan: Plan) -> None:
    worst = Worst(plan)
    for end, step in plan.by_path.items():
        whole = worst.longest(end)
        assert whole.seconds == sum(part.seconds for part in whole.parts)
        assert whole.seconds >= worst.of(step)
        for since in plan.by_path:
            way = worst.longest(end, since)
            assert way.seconds == sum(part.seconds for part in way.parts)
            assert way.seconds <= whole.seconds


# --- clocks


@given(plan=plans(), seeds=st.lists(st.integers(0, 2**16 - 1), min_size=2, max_size=2), office=st.booleans())
@QUICK
def test_what_is_proved_of_clocks_holds_when_everything_takes_its_longest(
    plan: Plan, seeds: list[int], office: bool
) -> None:
    clocks_hold(plan, seeds, office)


@pytest.mark.long
@pytest.mark.timeout(7200)
@given(plan=plans(), seeds=st.lists(st.integers(0, 2**16 - 1), min_size=2, max_size=2), office=st.booleans())
@LONG
def test_what_is_proved_of_clocks_holds_when_everything_takes_its_longest_many_times(
    plan: Plan, seeds: list[int], office: bool
) -> None:
    clocks_hold(plan, seeds, office)


def clocks_hold(plan: Plan, seeds: list[int], office: bool) -> None:
    plan = settled(plan)
    situations, flow, worst = Situations(plan), Flow(plan), Worst(plan)
    shown = [one for one in clocks(plan, situations, flow, worst) if one.verdict in ("in time", "late")]
    assume(shown)
    for seed in seeds:
        dice = Random(seed)
        given: dict[str, Any] = {"accounts": ["@a", "@b", "@c"][: dice.randint(1, 3)], "office": office}
        if dice.random() < 0.5:
            given["order_at"] = "2026-03-04T02:45:00+00:00"
        drive(plan, shown, dice, given)


def drive(plan: Plan, shown: list[Shown], dice: Random, given: dict[str, Any]) -> None:
    """Everyone and everything answers, at the last moment or at once; nobody begins anything anew."""
    run = Run(plan, given)
    run.stays = ["contain", "release", "notify", "read", "record"]
    start = run.now
    run.launch()
    world = _World(run, dice)
    for _ in range(300):
        if run.state.ended is not None or world.anew or all(_is_over(run, one) for one in shown):
            break
        if not world.next():
            break
    if world.anew:
        return
    world.asked |= {ask.step for ask in run.state.asks.values() if tasks.is_kept(ask)}
    for one in shown:
        state = run.state.clocks.get(one.clock.name)
        if state is None or state.not_due:
            continue
        asked = {paths.static(path) for path in world.asked}
        meeting = [step.path for step in plan.by_path.values() if one.clock.name in step.meets]
        passed = [path for path in asked if any(paths.within(path, step) for step in meeting)]
        if state.met_at is None:
            assert passed, (one.clock.name, [(path, found.status) for path, found in run.state.steps.items()])
        elif not passed and not one.at_least:
            since = start if one.since is None else state.started_at
            assert state.met_at - since <= timedelta(seconds=one.longest.seconds), f"{one.clock.name} was met too late"


def _is_over(run: Run, one: Shown) -> bool:
    state = run.state.clocks.get(one.clock.name)
    return state is not None and (state.met_at is not None or state.not_due)


class _World:
    """When acts end, and when people answer."""

    def __init__(self, run: Run, dice: Random) -> None:
        self.run, self.dice = run, dice
        self.ends: dict[str, datetime] = {}
        self.failed: set[str] = set()
        self.asked: set[str] = set()
        """Steps that a person was asked about."""
        self.anew = False
        """Somebody had to begin something anew, or to end the response: no sum is claimed for that."""

    def next(self) -> bool:
        """Let the next thing happen. False when nothing will."""
        run = self.run
        due = [
            (self._when(act.id, 0 if act.cancel else budget(run.plan, act) or 0), act.id)
            for act in run.state.acts.values()
            if act.cancel or may_begin(run.state, act)
        ]
        for ask in run.state.asks.values():
            if ask.why == "clock":
                continue  # Nobody says that a law was kept: it has to be.
            if ask.kind == "question":
                self.asked.add(ask.step)
            if not ask.late:
                due.append((self._when(ask.id, self._patience(ask)), ask.id))
        wake = wake_at(run.state)
        first = min(due, default=None)
        if first is None or (wake is not None and wake < first[0]):
            if wake is None:
                return False
            run.now = max(run.now, wake)
            run.happen(Time(at=run.now))
            return True
        moment, name = first
        run.now = max(run.now, moment)
        del self.ends[name]
        if name in run.state.acts:
            self._end(run.state.acts[name])
        else:
            self._answer(run.state.asks[name])
        return True

    def _when(self, name: str, longest: float) -> datetime:
        if name not in self.ends:
            self.ends[name] = self.run.now + timedelta(seconds=self.dice.choice([0, longest, longest, longest]))
        return self.ends[name]

    def _patience(self, ask: Ask) -> float:
        if ask.kind == "question":
            return self.run.plan.commander.answers_within
        until = ask.deadline or (min(seat.deadline for seat in ask.seats) if ask.seats else None)
        silent = self.dice.random() < 0.3
        return (until - self.run.now).total_seconds() + (60 if silent else -1) if until is not None else NOTICE

    def _end(self, act: Act) -> None:
        run = self.run
        key = f"{act.kind}:{act.path}:{act.site}"
        if not act.cancel and act.kind != "record" and key not in self.failed and self.dice.random() < 0.3:
            self.failed.add(key)
            run.end(act, ActEnded(at=run.now, act=act.id, error="it is down", error_type="Down"))
        else:
            run.end(act)

    def _answer(self, ask: Ask) -> None:
        choices = [one for one in ask.choices if one not in ("stop", "undo_all", "again", "need_fact")]
        if ask.why != "read":
            choices = [one for one in choices if one != "retry"]
        else:
            choices = ["retry"]
        if not choices:
            self.anew = True
            return
        choice = self.dice.choice(choices)
        for person in self._people(ask):
            try:
                self.run.answer(ask, choice, by=person, reason="so", proof="CASE-1")
            except validity.Refused:
                continue
            return

    def _people(self, ask: Ask) -> Iterator[str]:
        people = whoever(self.run, ask) or [*PEOPLE]
        self.dice.shuffle(people)
        yield from people
