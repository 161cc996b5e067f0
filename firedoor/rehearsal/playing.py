"""One case, played on the real engine: launched by the front door, forwarded from one scripted moment to the next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError
from typing_extensions import override

from firedoor.compiler.book import Book
from firedoor.compiler.rehearsals.script import Case, Fault, Reply, Word
from firedoor.connectors.memory_channel import Sent
from firedoor.incidents import TemporalIncidents, Trouble
from firedoor.people import directory
from firedoor.people.directory import Situation
from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.plan import Plan, paths
from firedoor.protocol import Receipt, Row, Signed, View, review_id
from firedoor.rehearsal import calendar, doubles
from firedoor.rehearsal.clock import NotQuiet, Skipper
from firedoor.rehearsal.house import House
from firedoor.rehearsal.people import NotSaid, People
from firedoor.web import launching
from firedoor.web.door import NO_ROWS, Door
from firedoor.web.journal import Journal
from firedoor.web.messages import LaunchRequest
from firedoor.web.problems import Wrong

PATIENCE: Final = timedelta(seconds=60)
"""A word waits so long for an engine that has much to do."""
MOST_JUMPS: Final = 60
"""From one thing that comes due to the next, after the last word."""
BETWEEN_ATTEMPTS: Final = timedelta(seconds=30)
"""The longest that an act waits for its next attempt (workflows.acting)."""
A_MOMENT: Final = timedelta(seconds=1)
LOOKED_PAST: Final = timedelta(days=3)
"""Beyond the last scripted moment, for the choice of a calendar."""


@dataclass(frozen=True)
class Unexpected:
    """Something that went otherwise than the case has it, and that no expectation names."""

    at: timedelta
    says: str
    line: str
    seq: int | None = None
    """The row that tells of it, where one does."""


@dataclass
class Played:
    """What happened in a case. Moments of `rows` are the run's; `begin` is when it began, `later` by how much later
    than the case says."""

    case: Case
    plan: Plan
    begin: datetime
    later: timedelta
    incident: str = ""
    rows: list[Row] = field(default_factory=list)
    marks: list[tuple[datetime, str]] = field(default_factory=list)
    """What the case itself has done: faults that began or ended, answers that changed."""
    view: View | None = None
    sent: list[tuple[str, Sent]] = field(default_factory=list)
    """By channel, every message."""
    unexpected: list[Unexpected] = field(default_factory=list)
    spoke: dict[str, str] = field(default_factory=dict)
    """By line of a word, the person who said it."""
    seconds: float = 0.0
    ended_at: datetime | None = None
    """The run's own time when it was looked at last."""

    def since(self, moment: datetime) -> timedelta:
        return moment - self.begin

    @property
    def length(self) -> timedelta:
        return self.since(self.ended_at) if self.ended_at else timedelta()


class Nobody:
    """Nobody signs in to a rehearsal: its people speak by the door itself."""

    def person(self, credential: str) -> str | None:
        return None


class AtRest(TemporalIncidents):
    """While no word goes in and no time passes, a run at rest does not change: its view is asked for once."""

    _seen: View | None = None

    def forget(self) -> None:
        self._seen = None

    @override
    async def view(self, incident: str, since: int = 0) -> View:
        if since != NO_ROWS:
            return await super().view(incident, since)
        if self._seen is None:
            self._seen = await super().view(incident, since)
        return self._seen

    @override
    async def answer(self, incident: str, word: Signed, nonce: str) -> Receipt:
        self.forget()
        return await super().answer(incident, word, nonce)

    @override
    async def command(self, incident: str, word: Signed, nonce: str) -> Receipt:
        self.forget()
        return await super().command(incident, word, nonce)


@dataclass
class Playing:
    """Plays one case. `name` is the launch's nonce, by which the worker finds the case's house."""

    name: str
    case: Case
    plan: Plan
    book: Book
    house: House
    client: Client
    key: SigningKey
    ring: KeyRing

    async def play(self) -> Played:
        began = time.monotonic()
        self._prepare()
        try:
            await self._launch()
            await self._script()
            await self._see_out()
        except Wrong as wrong:
            says = "; ".join(str(problem) for problem in wrong.problems)
            self._note(f"it could not be launched: {says}", self.case.line)
        except Trouble as trouble:
            self._note(f"it could not go on: {trouble.says}", self.case.line)
        except NotQuiet as error:
            self._note(f"the engine is stuck: {error}", self.case.line)
        finally:
            await self._finish()
            self.played.seconds = time.monotonic() - began
        return self.played

    # --- beginning

    def _prepare(self) -> None:
        organization = self.house.organization
        length = timedelta(seconds=max(self._moments(), default=0)) + LOOKED_PAST
        zones = [region.timezone for region in organization.regions.values()]
        now = datetime.now(self.case.at.tzinfo)
        later = calendar.weeks_later(self.case.at, length, zones, now)
        self.played = Played(self.case, self.plan, self.case.at + later, later)
        self._now = self.played.begin
        self._skipper = Skipper(self.client, begins=self.played.begin)
        self._incidents = AtRest(self._skipper.client, patience=PATIENCE)
        self._door = Door(
            book=self.book,  # type: ignore[arg-type]  # its organization is there, or there were no house
            incidents=self._incidents,
            records=self.house.records,
            journal=Journal(self.house.records.database),
            key=self.key,
            signin=Nobody(),
            now=lambda: self._now,
            ring=self.ring,
        )

    def _moments(self) -> Iterator[int]:
        """Every scripted moment after the beginning, in seconds."""
        yield from (word.at for word in self.case.words)
        yield from (reply.at for reply in self.case.replies)
        for fault in self.case.faults:
            yield from (moment for moment in (fault.start, fault.until) if moment is not None)

    async def _launch(self) -> None:
        self._change(0)
        begin = self.played.begin
        launched = await launching.launch(
            self._door,
            self._launcher(),
            LaunchRequest(
                playbook=self.plan.playbook,
                nonce=self.name,
                inputs=self._moved(self.case.given),
                aware_at=begin - timedelta(seconds=self.case.aware),
            ),
        )
        self.played.incident = launched.incident
        self._handle: WorkflowHandle[Any, Any] = self._skipper.client.get_workflow_handle(launched.incident)
        self._people = People(self._door, launched.incident, self._moved, by=self.played.spoke)
        await self._forward(begin)

    def _launcher(self) -> str:
        """Who the case names, else whoever would command now."""
        if self.case.launcher:
            return self.case.launcher
        found = directory.commanders(self.house.organization, Situation(self.played.begin)).people
        return found[0].id if found else next(iter(self.house.organization.people))

    def _moved(self, given: dict[str, Any]) -> dict[str, Any]:
        """Inputs, with their moments in the calendar in which the case is played."""
        moments = {one.name for one in self.plan.inputs if one.type == "date_time"}
        return {name: self._later(value) if name in moments else value for name, value in given.items()}

    def _later(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._later(item) for item in value]
        return (datetime.fromisoformat(str(value)) + self.played.later).isoformat()

    # --- from moment to moment

    async def _script(self) -> None:
        for second in sorted(set(self._moments())):
            await self._forward(self.played.begin + timedelta(seconds=second))
            if second:
                self._change(second)
            for word in (word for word in self.case.words if word.at == second):
                await self._say(word)

    async def _say(self, word: Word) -> None:
        self._now = await self._skipper.now(self._handle)
        try:
            await self._people.say(word)
        except NotSaid as error:
            self._note(f"“{word.text}”: {error}", word.line)
        await self._settle()

    async def _forward(self, moment: datetime) -> None:
        await self._skipper.alone(self._handle, moment)
        await self._settle()

    async def _settle(self) -> None:
        await self._skipper.quiet(self._handle)
        self._incidents.forget()

    def _change(self, second: int) -> None:
        """Faults that end and begin at this moment, and what is answered from now on."""
        house = self.house
        for fault in self.case.faults:
            if fault.until == second:
                doubles.end(fault, house.platforms, house.channels)
                self._mark(second, fault, "is over")
            if fault.start == second:
                doubles.begin(fault, house.platforms, house.channels)
                self._mark(second, fault, "begins")
        for reply in (reply for reply in self.case.replies if reply.at == second):
            read = self.book.reads[reply.read]
            house.platforms[read.connector].replies(read, reply)
            if second:
                self._mark(second, reply, "answers otherwise from now on")

    def _mark(self, second: int, what: Fault | Reply, how: str) -> None:
        words = f"{what.text}: it {how}" if isinstance(what, Fault) else f"{what.read} {how}"
        self.played.marks.append((self.played.begin + timedelta(seconds=second), words))

    # --- ending

    async def _see_out(self) -> None:
        """Until nothing happens by itself any more: the response has ended, or waits for people alone."""
        if self.case.until is not None:
            await self._forward(self.played.begin + timedelta(seconds=self.case.until))
            return
        for _ in range(MOST_JUMPS):
            view = await self._incidents.view(self.played.incident, NO_ROWS)
            if view.ended is not None and not await self._skipper.tries_again(self._handle):
                return
            due = await self._next_due(view)
            if due is None:
                return
            await self._forward(due + A_MOMENT)
        self._note("it does not come to an end: say `until`, how long it is to be looked at", self.case.line)

    async def _next_due(self, view: View) -> datetime | None:
        """The next moment at which something happens though nobody says anything; a regular update does not count."""
        now = await self._skipper.now(self._handle)
        moments = [ask.deadline for ask in view.asks]
        moments += [clock.due_at for clock in view.clocks if clock.state == "running"]
        moments += [hold.until for hold in view.holds]
        moments += await asyncio.to_thread(self._waits, view)
        if await self._skipper.tries_again(self._handle):
            moments.append(now + BETWEEN_ATTEMPTS)
        return min((moment for moment in moments if moment is not None and moment > now), default=None)

    def _waits(self, view: View) -> list[datetime | None]:
        """When each wait that goes on is over at the latest."""
        begun = {row.step: row.at for row in self._rows() if row.kind == "wait.begun"}
        found: list[datetime | None] = []
        for one in view.steps:
            step = self.plan.by_path[paths.static(one.path)]
            if step.verb == "wait" and one.state == "asking" and one.path in begun:
                seconds = step.duration if step.duration is not None else step.at_most
                found.append(begun[one.path] + timedelta(seconds=seconds) if seconds is not None else None)
        return found

    def _rows(self) -> list[Row]:
        return self.house.records.timeline.read(self.played.incident)

    async def _finish(self) -> None:
        """Read what happened, and leave the server alone."""
        if not self.played.incident:
            return
        try:
            self._incidents.forget()
            self.played.ended_at = await self._skipper.now(self._handle)
            self.played.view = await self._incidents.view(self.played.incident, NO_ROWS)
        except (Trouble, RPCError) as error:
            self._note(f"how it stood at the end cannot be shown: {error}", self.case.line)
        self.played.rows = await asyncio.to_thread(self._rows)
        self.played.sent = [(name, one) for name, channel in self.house.channels.items() for one in channel.sent()]
        for workflow in (self.played.incident, review_id(self.played.incident)):
            await self._end(workflow)

    async def _end(self, workflow: str) -> None:
        handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(workflow)
        try:
            if (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
                await handle.terminate("the rehearsal is over")
        except RPCError:
            return

    def _note(self, says: str, line: str) -> None:
        at = self._now - self.played.begin
        self.played.unexpected.append(Unexpected(at, calendar.moved(says, -self.played.later), line))
