"""Incidents without Temporal: the real core of a run and the real checks, with acts that succeed at once.

It stands where the front door's own behaviour is at issue; that the engine behaves so is proved on the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from firedoor.incidents import Health, Live, NoSuchIncident, Refused, Trouble
from firedoor.people.signatures import Forged, KeyRing, check_time
from firedoor.plan import Plan
from firedoor.protocol import (
    Answer,
    Command,
    ContainReport,
    Delivery,
    Forced,
    NotifyReport,
    Receipt,
    ReleaseReport,
    Report,
    ReviewView,
    Signed,
    TargetOutcome,
    View,
)
from firedoor.run import reduce, review
from firedoor.run.events import ActEnded, Answered, Commanded, Launched, ReviewOpened
from firedoor.run.launching import begin
from firedoor.run.orders import order_of
from firedoor.run.recording import carry
from firedoor.run.review import ReviewState
from firedoor.run.reviewing import review_of
from firedoor.run.state import Act, State
from firedoor.run.validity import Refused as NotValid
from firedoor.run.validity import check_answer, check_command, seen_before
from firedoor.run.view import next_due, view, waiting_on


@dataclass
class Engine:
    ring: KeyRing
    now: Callable[[], datetime]
    runs: dict[str, tuple[Plan, State]] = field(default_factory=dict)
    chased: dict[str, ReviewState] = field(default_factory=dict)
    started: int = 0
    sent: list[Signed] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    """Runs whose code fails at every try."""
    forced: dict[str, Forced] = field(default_factory=dict)
    """Runs that the server has ended."""
    trouble: Trouble | None = None
    """Raised by whatever is asked next, until it is taken away."""
    deaf: Trouble | None = None
    """Raised after a word was counted: its receipt is lost."""

    async def launch(self, plan: Plan, incident: str, launch: Signed) -> bool:
        self._trouble()
        if incident in self.runs:
            return False
        self.ring.verify_launch(launch)
        self.started += 1
        state = begin(plan, launch, incident, self.now())
        self.runs[incident] = (plan, state)
        self._happen(incident, Launched(at=self.now()))
        if self.deaf:
            raise self.deaf
        return True

    async def answer(self, incident: str, word: Signed, nonce: str) -> Receipt:
        plan, state = self._run(incident)
        self.sent.append(word)
        said = self.ring.verify_answer(word)
        assert said.nonce == nonce
        return self._said(incident, said, word, lambda: check_answer(plan, state, said, self.now()))

    async def command(self, incident: str, word: Signed, nonce: str) -> Receipt:
        plan, state = self._run(incident)
        self.sent.append(word)
        said = self.ring.verify_command(word)
        assert said.nonce == nonce
        return self._said(incident, said, word, lambda: check_command(plan, state, said, self.now()))

    async def view(self, incident: str, since: int = 0) -> View:
        plan, state = self._run(incident)
        found = view(plan, state, since)
        return found.model_copy(update={"ended": self.forced[incident]}) if incident in self.forced else found

    async def document(self, incident: str, ask: str) -> str:
        _, state = self._run(incident)
        if ask not in state.asks:
            raise Refused("This question is not open any more.", "closed")
        return state.asks[ask].document

    async def review(self, incident: str) -> ReviewView:
        return review.view(self._review(incident))

    async def review_document(self, incident: str, item: str) -> str:
        state = self._review(incident)
        return review.document(state, next(one for one in state.items if one.id == item))

    async def answer_review(self, incident: str, word: Signed, nonce: str) -> Receipt:
        state = self._review(incident)
        said = self.ring.verify_answer(word)
        try:
            review.check(state, said, self.now())
        except NotValid as error:
            raise Refused(str(error), error.code) from error
        return review.answered(state, said, word, self.now())

    async def listed(self, *, everything: bool = False) -> list[Live]:
        self._trouble()
        return [
            Live(
                incident=incident,
                playbook=plan.playbook,
                severity=state.severity,
                phase=state.phase,
                waiting_on=", ".join(waiting_on(state)) or None,
                next_due=next_due(state),
                launched_at=state.launched_at,
            )
            for incident, (plan, state) in self.runs.items()
            if incident not in self.forced and (everything or state.phase != "closed")
        ]

    async def stuck(self, incidents: Iterable[str]) -> frozenset[str]:
        return frozenset(self.failing.intersection(incidents))

    async def ended(self, incidents: Iterable[str]) -> dict[str, Forced | Literal["closed"]]:
        return {incident: self.forced[incident] for incident in incidents if incident in self.forced}

    async def reviews(self) -> list[str]:
        self._trouble()
        return list(self.chased)

    async def health(self) -> Health:
        return Health(server=self.trouble is None, worker=self.trouble is None)

    def _trouble(self) -> None:
        if self.trouble:
            raise self.trouble

    def _run(self, incident: str) -> tuple[Plan, State]:
        self._trouble()
        if incident not in self.runs:
            raise NoSuchIncident(incident)
        return self.runs[incident]

    def _review(self, incident: str) -> ReviewState:
        self._trouble()
        if incident not in self.chased:
            raise NoSuchIncident(incident)
        return self.chased[incident]

    def _said(self, incident: str, said: Answer | Command, word: Signed, check: Callable[[], None]) -> Receipt:
        _, state = self.runs[incident]
        try:
            receipt = seen_before(state, said.nonce, word)
            if receipt is None:
                check_time(said, self.now())
                check()
        except (NotValid, Forged) as error:
            raise Refused(str(error), getattr(error, "code", "forged")) from error
        if receipt is None:
            event = (
                Answered(at=self.now(), answer=said, signed=word)
                if isinstance(said, Answer)
                else Commanded(at=self.now(), command=said, signed=word)
            )
            self._happen(incident, event)
            receipt = state.accepted[said.nonce].receipt
        if self.deaf:
            raise self.deaf
        return receipt

    def _happen(self, incident: str, event: Launched | Answered | Commanded) -> None:
        plan, state = self.runs[incident]
        reduce(plan, state, event)
        self._perform(plan, state)
        if state.review == "wanted":
            self.chased[incident] = review.begin(review_of(plan, state), self.now())
            reduce(plan, state, ReviewOpened(at=self.now()))
            self._perform(plan, state)

    def _perform(self, plan: Plan, state: State) -> None:
        while state.acts:
            act = next(iter(state.acts.values()))
            order_of(plan, state, act, carry(state, act))
            reduce(plan, state, ActEnded(at=self.now(), act=act.id, report=self._report(act, state)))

    def _report(self, act: Act, state: State) -> Report:
        recorded = state.seq
        targets = act.targets if act.targets is not None else [""]
        match act.kind:
            case "contain":
                done = tuple(TargetOutcome(target=one, state="applied", number=1, at=self.now()) for one in targets)
                return ContainReport(recorded=recorded, outcomes=done)
            case "release":
                done = tuple(TargetOutcome(target=one, state="undone", number=2, at=self.now()) for one in targets)
                return ReleaseReport(recorded=recorded, outcomes=done)
            case "notify":
                return NotifyReport(
                    recorded=recorded, deliveries=(Delivery(recipient="ana", channel="chat", state="sent"),)
                )
            case _:
                return Report(recorded=recorded)
