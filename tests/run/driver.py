"""A run in the hand of a test: a plan, a state, people, and a world whose answers are scripted.

Whatever happens goes through the reducer with the invariants checked (tests.run.invariants), and every word of a person
goes through `validity` first, as it does in a workflow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from activities.listing import answered, report_of
from firedoor.plan import Plan, paths
from firedoor.plan.lists import Opened, Question
from firedoor.protocol import (
    Answer,
    Command,
    CommandKind,
    ContainOrder,
    ContainReport,
    Delivery,
    Launch,
    NotifyEachOrder,
    NotifyReport,
    Page,
    ReadReport,
    Receipt,
    ReleaseOrder,
    ReleaseReport,
    Report,
    Row,
    SiftOrder,
    TargetOutcome,
)
from firedoor.run import State, launching, reduce, validity, wake_at
from firedoor.run.documents import hash_of
from firedoor.run.events import ActEnded, Answered, Cancelled, Commanded, Event, Launched, ReviewOpened, Time
from firedoor.run.orders import order_of
from firedoor.run.recording import carry
from firedoor.run.reducer import may_begin
from firedoor.run.state import Act, Ask, Hold, StepState
from tests.run.invariants import KEY, Invariants, dumped
from tests.run.looping import Looping

START = datetime(2026, 3, 4, 2, 45, tzinfo=UTC)
INCIDENT = "inc-1"

PEOPLE: dict[str, tuple[str, ...]] = {
    "luis": ("crt",),
    "ana": ("crt", "crt.on_shift"),
    "sam": ("crt", "crt.manager"),
    "omar": ("policy", "policy.on_shift"),
    "ines": ("policy",),
    "priya": ("policy", "policy.manager"),
    "tom": ("legal", "legal.on_shift"),
    "klara": ("legal",),
    "grace": ("legal", "legal.manager"),
    "ravi": ("engineering", "engineering.manager"),
    "li": ("engineering",),
    "noor": ("execs", "execs.manager"),
    "zoe": ("comms", "comms.manager"),
    "eoin": ("region.manager:emea",),
    "both": ("policy", "legal"),
    "nobody": (),
}
"""Who is what, as the front door would sign it."""

LAUNCHER = "luis"
COMMANDER = "ana"


class World:
    """The platforms, channels and systems of a test. Everything works, unless it was said otherwise.

    `targets["a"] = ["failed", "unknown"]` are the outcomes of the next acts and releases on target a; `acts["contain"]`
    and `acts["3"]` (a kind, or a step's path) are errors of whole acts; `reads["count_of"]` is an answer, a list of
    answers in turn (as a tuple), or an exception.
    """

    def __init__(self) -> None:
        self.targets: dict[str, list[str]] = defaultdict(list)
        self.acts: dict[str, list[str]] = defaultdict(list)
        self.reads: dict[str, Any] = {
            "count_of": 100,
            "matches_of": ["@copy"],
            "reports_per_hour": 5,
            "copies_of": ["@copy"],
            "owner_of": "@owner",
        }
        self.reports_when_ended = False
        """How an act that is ended ends: with a report of what was not tried, or cancelled without a word."""
        self.orders: list[Any] = []
        self.touched: list[tuple[str, str, str]] = []
        """(kind, path, target) of each thing that was done."""
        self.lists: dict[str, Opened] = {}
        self.contained: dict[tuple[str, str], int] = {}
        """The ordinal under which each (path, target) of a page was contained, while it is."""
        self.looping = Looping(self.reads, self.lists, self.contained)

    def keep(self, items: Sequence[str]) -> dict[str, Any]:
        """Write a long list down; it goes by reference."""
        kept = Opened(items)
        self.lists[kept.ref.digest] = kept
        return kept.ref.model_dump(mode="json")

    def page(self, page: Page) -> tuple[str, ...]:
        return tuple(self.lists[page.list][page.first : page.first + page.count])

    def end(self, plan: Plan, act: Act, order: Any, now: datetime) -> ActEnded:
        self.orders.append(order)
        for key in (act.kind, act.path, paths.static(act.path)):
            if self.acts[key]:
                return ActEnded(at=now, act=act.id, error=self.acts[key].pop(0), error_type="Down")
        if isinstance(order, ContainOrder | ReleaseOrder) and order.page is not None:
            return ActEnded(at=now, act=act.id, report=self.report(act, order, order.page, now))
        if isinstance(order, SiftOrder):
            found = self.looping.sift(plan, order)
            return ActEnded(at=now, act=act.id, report=ReadReport(value=found.model_dump(mode="json")))
        if isinstance(order, NotifyEachOrder):
            return ActEnded(at=now, act=act.id, report=self.looping.notify(order))
        match act.kind:
            case "contain":
                outcomes = tuple(self._outcome(act, target, "applied", now) for target in act.targets or [])
                return ActEnded(at=now, act=act.id, report=ContainReport(outcomes=outcomes))
            case "release":
                outcomes = tuple(self._outcome(act, target, "undone", now) for target in act.targets or [])
                return ActEnded(at=now, act=act.id, report=ReleaseReport(outcomes=outcomes))
            case "notify":
                sent = Delivery(recipient="someone", channel="chat", state="sent", id=act.id)
                return ActEnded(at=now, act=act.id, report=NotifyReport(deliveries=(sent,)))
            case "read" if act.question is not None:
                return ActEnded(at=now, act=act.id, report=ReadReport(value=self._worked_out(act.question)))
            case "read":
                return self._read(act, now)
            case "record":
                return ActEnded(at=now, act=act.id, report=Report())

    def report(self, act: Act, order: Any, page: Page, now: datetime, done: int | None = None) -> Any:
        """What an attempt has done to a page; `done`: to the first so many of it."""
        targets = self.page(page)

        def key(target: str) -> tuple[str, str]:
            return act.path, target

        if act.kind == "release":
            mine = [t for t in targets if page.since <= self.contained.get(key(t), 0) <= page.last]
            outcomes = [self._outcome(act, target, "undone", now) for target in mine[:done]]
            for outcome in outcomes:
                if outcome.state == "undone":
                    del self.contained[key(outcome.target)]
            return ReleaseReport(page=report_of(outcomes, len(mine[len(outcomes) :])))
        if page.failed:
            targets = tuple(t for t in targets if self.contained.get(key(t)) in (None, order.ordinal))
        there = [t for t in targets if self.contained.get(key(t)) == order.ordinal]
        fresh = [t for t in targets if t not in there]
        outcomes = [TargetOutcome(target=target, state="applied", number=1, at=now) for target in there]
        outcomes += [self._outcome(act, target, "applied", now) for target in fresh[:done]]
        for outcome in outcomes:
            if outcome.state in ("applied", "unknown"):
                self.contained[key(outcome.target)] = order.ordinal
        return ContainReport(page=report_of(outcomes, len(targets) - len(outcomes)))

    def _worked_out(self, question: Question) -> Any:
        """As the activity does, but that what it gives stays short only up to two items."""
        held = [target for path, target in self.contained if path == question.step]
        entries = [SimpleNamespace(target=target) for target in held]
        ledger: Any = SimpleNamespace(of_step=lambda *_: entries)
        lists: Any = SimpleNamespace(get=self.lists.__getitem__, inline=self._inline, keep=self.looping.keep)
        return answered(lists, ledger, INCIDENT, question)

    def _inline(self, items: list[str]) -> Any:
        return items if len(items) <= 2 else Opened(items).ref if self.keep(items) else None

    def ended(self, act: Act, now: datetime, order: Any = None) -> ActEnded:
        """The act was ended before it was done."""
        page = getattr(order, "page", None)
        if isinstance(order, NotifyEachOrder) and self.reports_when_ended:
            return ActEnded(at=now, act=act.id, report=self.looping.notify(order, 1), cancelled=True)
        if isinstance(order, NotifyEachOrder | SiftOrder):
            return ActEnded(at=now, act=act.id, cancelled=True)
        if self.reports_when_ended and page is not None:
            return ActEnded(at=now, act=act.id, report=self.report(act, order, page, now, done=1), cancelled=True)
        if not self.reports_when_ended or act.kind not in ("contain", "release"):
            return ActEnded(at=now, act=act.id, cancelled=True)
        state = "failed" if act.kind == "contain" else "undo_failed"
        outcomes = tuple(
            TargetOutcome.model_validate({"target": t, "state": state, "error": "not tried", "error_type": "NotTried"})
            for t in act.targets or []
        )
        report = ContainReport(outcomes=outcomes) if act.kind == "contain" else ReleaseReport(outcomes=outcomes)
        return ActEnded(at=now, act=act.id, report=report, cancelled=True)

    def _outcome(self, act: Act, target: str, fine: str, now: datetime) -> TargetOutcome:
        state = self.targets[target].pop(0) if self.targets[target] else fine
        if state == fine:
            self.touched.append((act.kind, act.path, target))
            return TargetOutcome.model_validate({"target": target, "state": state, "number": 1, "at": now})
        return TargetOutcome.model_validate(
            {"target": target, "state": state, "error": "the platform says no", "error_type": "Refused"}
        )

    def _read(self, act: Act, now: datetime) -> ActEnded:
        answer = self.reads[act.read]
        if isinstance(answer, tuple):
            answer, *rest = answer
            self.reads[act.read] = tuple(rest) if len(rest) > 1 else rest[0]
        if isinstance(answer, Exception):
            return ActEnded(at=now, act=act.id, error=str(answer))
        return ActEnded(
            at=now, act=act.id, report=ReadReport(value=answer(act.argument) if callable(answer) else answer)
        )


class Run:
    """One run. Paths may be given as the author's ids."""

    def __init__(
        self,
        plan: Plan,
        given: dict[str, Any] | None = None,
        *,
        world: World | None = None,
        launcher: str = LAUNCHER,
        aware_at: datetime = START,
        start: datetime = START,
    ) -> None:
        self.plan = plan
        self.world = world or World()
        self.now = start
        self.rows: list[Row] = []
        self.stays: list[str] = []
        """Kinds and paths of acts that `settle` leaves under way."""
        self.nonces = 0
        self.words: dict[str, Answer | Command] = {}
        """What was said, by nonce."""
        launch = Launch(
            person=launcher,
            incident=INCIDENT,
            plan=plan.digest,
            nonce="launch",
            issued=start,
            expires=start + timedelta(minutes=5),
            inputs={"accounts": ["@a"]} if given is None else given,
            aware_at=aware_at,
            region="emea",
        )
        self.state: State = launching.begin(plan, KEY.sign(launch), INCIDENT, start)
        self.invariants = Invariants(plan)

    # what happens

    def happen(self, event: Event) -> None:
        self.state = self.invariants.step(self.state, event)
        self.rows = self.invariants.rows

    def launch(self) -> Run:
        self.happen(Launched(at=self.now))
        return self.settle()

    def settle(self) -> Run:
        """Perform what the state asks for, until nothing is left to do now."""
        for _ in range(2_000):
            if self.state.review == "wanted":
                self.happen(ReviewOpened(at=self.now))
            act = next((act for act in self.state.acts.values() if self._ends(act)), None)
            if act is None:
                return self
            self.end(act)
        raise AssertionError("the run goes on and on without time passing")

    def _ends(self, act: Act) -> bool:
        if act.cancel:
            return True
        stays = any(key in self.stays for key in (act.kind, act.path, act.id))
        return not stays and may_begin(self.state, act)

    def end(self, act: Act, event: ActEnded | None = None) -> None:
        """End one act: as told, or as the world does it."""
        if event is None and act.cancel:
            event = self.world.ended(act, self.now, order_of(self.plan, self.state, act, ()))
        order = order_of(self.plan, self.state, act, carry(self.state, act))
        if isinstance(order, ContainOrder | ReleaseOrder):
            opened = order.model_copy(update={"targets": self.world.page(order.page)}) if order.page else order
            refused = self.invariants.warranted(self.state, opened, act.by_step, self.world.lists.__getitem__)
            if refused is not None:
                event = ActEnded(at=self.now, act=act.id, error=refused, error_type="NoWarrant")
        self.happen(event or self.world.end(self.plan, act, order, self.now))

    def wait(self, seconds: float) -> Run:
        """Let time pass, with everything that is due on the way."""
        until = self.now + timedelta(seconds=seconds)
        self.settle()
        for _ in range(2_000):
            wake = wake_at(self.state)
            if wake is None or wake > until or self.state.phase == "closed":
                break
            self.now = wake
            self.happen(Time(at=wake))
            self.settle()
        else:
            raise AssertionError("the timer goes off and on without end")
        self.now = until
        return self

    def cross(self) -> Run:
        """Continue as new: attempts end, and the state crosses as it does in a workflow."""
        for act in list(self.state.acts.values()):
            if act.id in self.state.acts and may_begin(self.state, act):
                carry(self.state, act)
                self.happen(self.world.ended(act, self.now, order_of(self.plan, self.state, act, ())))
        self.state = State.model_validate_json(self.state.model_dump_json(exclude_defaults=True))
        return self

    def cancel(self) -> Run:
        self.happen(Cancelled(at=self.now))
        return self.settle()

    # what people say

    def answer(
        self, ask: Ask | str, choice: str = "approve", *, by: str = "omar", nonce: str | None = None, **fields: Any
    ) -> Receipt:
        """Raises Refused."""
        asked = self.ask(ask) if isinstance(ask, str) else ask
        word = Answer(
            **self._statement(by, nonce),
            ask=asked.id,
            document=fields.pop("document", asked.hash),
            choice=choice,
            holds=fields.pop("holds", self.is_(by)),
            **fields,
        )
        return self.deliver(word)

    def keep(self) -> Run:
        """Keep whatever a response that has ended left contained, if anything, so that the run can close."""
        for ask in self.asks("", why="held"):
            assert self.phase == "holding"
            self.answer(ask, "keep", by=COMMANDER, reason="it stays")
        return self.settle()

    def command(
        self,
        command: CommandKind,
        step: str | None = None,
        *,
        by: str = COMMANDER,
        nonce: str | None = None,
        **fields: Any,
    ) -> Receipt:
        """Raises Refused."""
        return self.deliver(self._command(command, step, by, nonce, fields))

    def may(self, command: CommandKind, step: str | None = None, *, by: str = COMMANDER, **fields: Any) -> bool:
        """Whether the command would be let in."""
        try:
            validity.check_command(self.plan, self.state, self._command(command, step, by, "may", fields), self.now)
        except validity.Refused:
            return False
        return True

    def _command(
        self, command: CommandKind, step: str | None, by: str, nonce: str | None, fields: dict[str, Any]
    ) -> Command:
        given = {"reason": "because", "holds": self.is_(by), **fields}
        return Command(**self._statement(by, nonce), command=command, step=step, **given)

    def deliver(self, word: Answer | Command) -> Receipt:
        self.words[word.nonce] = word
        signed = KEY.sign(word)
        before = dumped(self.state)
        try:
            seen = validity.seen_before(self.state, word.nonce, signed)
            if seen is not None:
                return seen
            if isinstance(word, Answer):
                validity.check_answer(self.plan, self.state, word, self.now)
            else:
                validity.check_command(self.plan, self.state, word, self.now)
        finally:
            assert dumped(self.state) == before, "a validator has changed the state"
        if isinstance(word, Answer):
            self.happen(Answered(at=self.now, answer=word, signed=signed))
        else:
            self.happen(Commanded(at=self.now, command=word, signed=signed))
        return self.state.accepted[word.nonce].receipt

    def is_(self, person: str) -> tuple[str, ...]:
        """What the person is, as the front door would sign it now."""
        commands = person == (self.state.commander or COMMANDER)
        return (*PEOPLE.get(person, ()), *(("commander",) if commands else ()))

    def _statement(self, by: str, nonce: str | None) -> dict[str, Any]:
        self.nonces += 1
        return {
            "person": by,
            "incident": INCIDENT,
            "plan": self.plan.digest,
            "nonce": nonce or f"n{self.nonces}",
            "issued": self.now,
            "expires": self.now + timedelta(minutes=5),
        }

    # what is there

    @property
    def phase(self) -> str:
        return self.state.phase

    @property
    def ended(self) -> str | None:
        return self.state.ended

    def path(self, step: str) -> str:
        return self.plan.by_id[step].path if step in self.plan.by_id else step

    def step(self, step: str) -> StepState:
        return self.state.steps[self.path(step)]

    def status(self, step: str) -> str:
        found = self.state.steps.get(self.path(step))
        return found.status if found else "waiting"

    def holds(self, step: str = "lock") -> dict[str, str]:
        found = self.state.steps.get(self.path(step))
        return {target: hold.status for target, hold in found.holds.items()} if found else {}

    def hold(self, target: str, step: str = "lock") -> Hold:
        return self.step(step).holds[target]

    def asks(self, step: str | None = None, **like: Any) -> list[Ask]:
        path = None if step is None else self.path(step)
        return [
            ask
            for ask in self.state.asks.values()
            if (path is None or ask.step == path) and all(getattr(ask, key) == value for key, value in like.items())
        ]

    def ask(self, step: str | None = None, **like: Any) -> Ask:
        """The one ask of the step (that is like this)."""
        found = self.asks(step, **like)
        assert len(found) == 1, f"{len(found)} asks: {[ask.id for ask in self.state.asks.values()]}"
        return found[0]

    def act(self, kind: str, step: str | None = None) -> Act:
        path = None if step is None else self.path(step)
        found = [a for a in self.state.acts.values() if a.kind == kind and (path is None or a.path == path)]
        assert len(found) == 1, f"{len(found)} acts: {list(self.state.acts)}"
        return found[0]

    def told(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]

    def kinds(self) -> list[str]:
        return [row.kind for row in self.rows]

    def notices(self, prefix: str = "") -> list[str]:
        """Subjects of what was sent."""
        found = [order.subject for order in self.world.orders if hasattr(order, "subject")]
        return [subject for subject in found if subject.startswith(prefix)]


def refused(code: str, say: Callable[[], Any]) -> str:
    """Say something that is refused with this code. Returns why."""
    with pytest.raises(validity.Refused) as caught:
        say()
    assert caught.value.code == code, f"{caught.value.code}: {caught.value}"
    return str(caught.value)


__all__ = ["COMMANDER", "LAUNCHER", "PEOPLE", "START", "Run", "World", "hash_of", "reduce", "refused"]
