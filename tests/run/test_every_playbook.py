"""Every shipped playbook, from launch to end: with everyone agreeing, with everyone refusing, and with nobody there.

Each is walked as its form can be filled in: with everything that it asks for, and with the least. The rules of every run
are checked after each event (tests.run.invariants); here, that whatever needs a signature or cannot be undone was signed.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from firedoor.compiler import load_book
from firedoor.compiler.book import Book
from firedoor.compiler.proofs.signatures import covers
from firedoor.people import directory
from firedoor.people.organization import Organization
from firedoor.plan import Plan, paths
from firedoor.plan.model import Input
from firedoor.run import wake_at
from firedoor.run.state import Ask
from firedoor.run.validity import Refused
from tests.run.driver import LAUNCHER, Run, World
from tests.run.plans import HOUR

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
NAMES = sorted(path.stem for path in PLAYBOOKS.glob("*.yaml") if path.stem not in ("organization", "actions", "clocks"))

ONES: dict[str, Any] = {
    "text": "words",
    "number": 200_000,
    "date_time": "2026-03-04T02:30:00+00:00",
    "duration": 3_600,
    "url": "https://platform.example/facts",
    "email": "someone@elsewhere.example",
    "document": "order.pdf",
    "country": "IN",
    "language": "de",
    "account": "@mayor:platform.example",
    "content": "mxc://platform.example/one",
    "person": "mei",
}
ANSWERS: dict[str, Any] = {
    "owner_of": "@viewer:platform.example",
    "matches_of": ["mxc://platform.example/copy"],
    "hundredth_of": ["mxc://platform.example/one"],
    "tenth_of": ["mxc://platform.example/one"],
    "uploads_blocked_per_hour": 3,
}


@cache
def book() -> Book:
    return load_book(PLAYBOOKS)


def organization() -> Organization:
    found = book().organization
    assert found is not None
    return found


@cache
def holds(person: str, at: datetime, commander: str | None) -> tuple[str, ...]:
    return directory.holds(organization(), person, at, region="emea", commander=commander)


def filled(plan: Plan, *, whole: bool) -> dict[str, Any]:
    """The launch form: with everything, the worst in each; or only with what must be given, and the best."""
    return {
        one.name: _value(one, whole) for one in plan.inputs if whole or not (one.optional or one.default is not None)
    }


def _value(field: Input, whole: bool) -> Any:
    if field.type == "yes_no":
        return whole
    one: Any
    if field.type == "choice":
        one = field.choices[0]
    elif field.type == "number":
        one = ONES["number"] if whole else 1
    else:
        one = ONES[field.type]
    return [one] if field.listed else one


class Crowd(Run):
    """A run in which everyone of the organization is there, and says what `word` has them say."""

    def is_(self, person: str) -> tuple[str, ...]:
        return holds(person, self.now, self.state.commander)

    def say(self, ask: Ask, choices: tuple[str, ...]) -> None:
        """Somebody who may say the first of these that is offered says it. Of an approval, everyone who is needed."""
        choice = next(one for one in choices if one in ask.choices)
        for person in self.asked(ask):
            try:
                self.answer(ask, choice, by=person, reason="so it is", proof="number 1" if ask.proof else None)
            except Refused:
                continue
            self.settle()
            if ask.id not in self.state.asks or self.state.asks[ask.id].hash != ask.hash:
                return
        raise AssertionError(f"nobody can say {choice} to “{ask.words}”, asked of {[str(who) for who in ask.to]}")

    def asked(self, ask: Ask) -> list[str]:
        """Everyone but the launcher whom it is for; the managers of teams last."""
        state, found = self.state, []
        situation = directory.Situation(self.now, state.region, state.commander, state.launcher)
        for who in (*(seat.who for seat in ask.seats), *ask.to):
            found += [person.id for person in directory.people_of(organization(), who, situation).people]
        return [one for one in dict.fromkeys(found) if one != LAUNCHER]

    def walk(self, choices: tuple[str, ...]) -> None:
        """Everything that is asked is answered at once; then time passes to what comes next, until the run is closed."""
        for _ in range(1_000):
            if self.phase == "closed":
                return
            if asks := list(self.state.asks.values()):
                self.say(asks[0], choices)
                continue
            wake = wake_at(self.state)
            assert wake is not None, "the run waits for nobody, and for nothing"
            self.wait((wake - self.now).total_seconds())
        raise AssertionError(f"it does not end: {[ask.words for ask in self.state.asks.values()]}")


def launched(name: str, *, whole: bool) -> Crowd:
    """The regular updates are left out: nobody answers them, and there is one every half hour."""
    plan = book().plans[name].model_copy(update={"updates": None})
    world = World()
    world.reads = dict(ANSWERS)
    return Crowd(plan, filled(plan, whole=whole), world=world).launch()  # type: ignore[return-value]


def unsigned(run: Run) -> list[str]:
    """What was contained though nobody who had to sign for it had."""
    found = []
    for kind, path, target in run.world.touched:
        step = run.plan.by_path[paths.static(path)]
        if kind != "contain" or step.verb != "contain":
            continue
        action = run.plan.actions[step.action]
        if not (action.requires or action.irreversible):
            continue
        covering = [
            one
            for one in run.plan.by_path.values()
            if one.verb == "approve" and step.path in one.unlocks and covers(one, action.requires)
        ]
        if not any(run.status(paths.in_run(one.path, path)) == "approved" for one in covering):
            found.append(f"{step.action} of {target}")
    return found


def grave(run: Run) -> list[str]:
    """What was done that needs a signature, or that nothing takes back."""
    done = {paths.static(path) for kind, path, _ in run.world.touched if kind == "contain"}
    acts = [run.plan.actions[step.action] for path in done if (step := run.plan.by_path[path]).verb == "contain"]
    return [action.name for action in acts if action.requires or action.irreversible]


AGREE = ("approve", "done", "continue", "keep", "retry", "answer")
REFUSE = ("reject", "done", "leave", "continue", "undo", "keep", "stop")


@pytest.mark.parametrize("whole", [True, pytest.param(False, marks=pytest.mark.long)], ids=["everything", "the least"])
@pytest.mark.parametrize("name", NAMES)
def test_everyone_agrees(name: str, whole: bool) -> None:
    run = launched(name, whole=whole)
    run.walk(AGREE)
    assert (run.ended, run.phase) == ("completed", "closed")
    assert not unsigned(run)
    left = [path for path, step in run.state.steps.items() if step.status in ("failed", "unanswered", "rejected")]
    assert not left


@pytest.mark.parametrize("name", NAMES)
def test_everyone_refuses(name: str) -> None:
    """And whoever is asked what follows from that, goes on where that is offered: the furthest that a no can go."""
    run = launched(name, whole=True)
    run.walk(REFUSE)
    assert run.phase == "closed"
    assert not unsigned(run)
    assert not grave(run)


@pytest.mark.parametrize("hours", [5, pytest.param(26, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_there(name: str, hours: int) -> None:
    """Only time passes, first past what is decided in a shift, then past everything: nothing grave is done, and what is
    left are questions that somebody still has."""
    run = launched(name, whole=True)
    run.wait(hours * HOUR)
    assert not grave(run)
    assert run.phase == "responding"
    assert run.state.asks
