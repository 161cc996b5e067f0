"""A stage for runs: a real server, a worker in this process, real acts over a platform in memory and a real ledger.

Every history that a test makes is replayed when its stage is struck.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.assembly import acted_on, acts_of, past_of
from activities.containing import Containing, Verify
from activities.notifying import Notifying
from activities.notifying_each import NotifyingEach
from activities.recording import Recording
from activities.rendering import Renderer
from activities.sifting import Sifting
from activities.warranting import Warrants
from firedoor import protocol
from firedoor.connectors.contract import Platform
from firedoor.connectors.memory import MemoryPlatform
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.incidents import seen
from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.plan import Plan
from firedoor.protocol import (
    Answer,
    AskView,
    Command,
    CommandKind,
    Delivery,
    Launch,
    NotifyOrder,
    NotifyReport,
    Order,
    Receipt,
    RecordOrder,
    Report,
    ReviewView,
    Row,
    Signed,
    View,
)
from firedoor.records.all import Records, open_records
from firedoor.records.plans import Incident
from firedoor.records.timeline import AFTER_THE_RUN
from firedoor.rehearsal.clock import Skipper
from tests.people.book import organization
from workflows import trust
from workflows.incident import IncidentWorkflow
from workflows.review import ReviewWorkflow

WORKFLOWS: Sequence[type] = (IncidentWorkflow, ReviewWorkflow)

CROSSES_AT = (9, 2)
"""Events and updates after which a run crosses, where crossing is forced: so few, that each link of the chain does one
thing or two."""

SMALL_PAGE = 50
"""Targets of a page, where runs are recorded with several."""

FEW_ROUNDS = 100
"""Items over which a loop goes in batches, where runs are recorded that do."""

HOLDS: dict[str, tuple[str, ...]] = {
    "ana": ("crt", "crt.on_shift", "commander"),  # launches
    "niamh": ("crt", "crt.on_shift", "commander"),
    "luis": ("crt", "crt.on_shift"),
    "boss": ("crt", "crt.manager"),
    "omar": ("policy", "policy.on_shift"),
    "yuki": ("policy",),
    "ines": ("policy", "policy.manager"),
    "maria": ("legal", "legal.on_shift"),
    "stranger": (),
}
"""Who is who. Ana and Niamh command, being on shift."""


def sandboxed() -> WorkflowRunner:
    """The sandbox, as CI runs it: what is imported is passed through, and what is called is watched. The two modules
    with something that a worker or a test sets are the process's own."""
    passed = ("firedoor", "pydantic", "annotated_types", "workflows.trust", "workflows.crossing")
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*passed))


class Doubles:
    """Notices, kept where a test can look, and the record, which can be made to refuse."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.verify: Verify | None = None
        self.notices: list[NotifyOrder] = []
        self.failing = 0
        self.refusing: str | None = None
        """Why the record writes nothing."""
        self.gate: tuple[asyncio.Event, asyncio.Event] | None = None
        """A step's notice sets the first and waits for the second."""
        self.gate_of_review: tuple[asyncio.Event, asyncio.Event] | None = None

    @activity.defn(name=protocol.NOTIFY)
    async def notify(self, order: NotifyOrder) -> NotifyReport:
        recorded = self._write(order)
        if self.gate is not None and order.step is not None and not order.urgent:
            self.gate[0].set()
            await self._wait(self.gate[1])
        if self.gate_of_review is not None and order.key.startswith("review:"):
            self.gate_of_review[0].set()
            await asyncio.wait_for(self.gate_of_review[1].wait(), 20)
            if self.failing:
                self.failing -= 1
                raise ApplicationError("the channel is down", type="Refused", non_retryable=True)
        if self.failing and order.step is not None and not order.urgent:
            self.failing -= 1
            raise ApplicationError("the channel is down", type="Refused", non_retryable=True)
        self.notices.append(order)
        sent = Delivery(recipient=str(order.audience[0]) if order.audience else "", channel="memory", state="sent")
        return NotifyReport(recorded=recorded, deliveries=(sent,))

    @activity.defn(name=protocol.RECORD)
    async def record(self, order: RecordOrder) -> Report:
        self._admit(order)
        assert self.verify is not None
        return await Recording(self.records.timeline, self.records.incidents, self.verify).record(order)

    def _write(self, order: Order) -> int:
        self._admit(order)
        return self.records.timeline.write(order.incident, order.rows)

    def _admit(self, order: Order) -> None:
        if self.refusing is not None:
            raise ApplicationError(self.refusing, type="Refused", non_retryable=True)
        assert self.verify is not None
        try:
            self.verify(order)
        except ValueError as error:
            raise ApplicationError(str(error), type="NoWarrant", non_retryable=True) from error

    async def _wait(self, go: asyncio.Event) -> None:
        while not go.is_set():
            activity.heartbeat()
            await asyncio.sleep(0.1)

    def told(self, ask_or_step: str) -> list[NotifyOrder]:
        return [notice for notice in self.notices if notice.key.startswith(ask_or_step)]


@dataclass
class Stage:
    """What a test plays on. `skipper` stands where time is skipped."""

    client: Client
    queue: str
    key: SigningKey
    ring: KeyRing
    records: Records
    platform: MemoryPlatform
    doubles: Doubles
    skipper: Skipper | None = None
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    """By which notices about the items of long loops go."""
    runs: list[Run] = field(default_factory=list)
    beside: dict[str, Platform] = field(default_factory=dict)
    """Platforms besides the one in memory, by the connector's name. Set before a worker begins."""

    def activities(self) -> list[Callable[..., Any]]:
        records = self.records
        verify = Warrants(self.ring, records.plans.get, acted_on(records), past_of(records), records.lists.get)
        self.doubles.verify = verify
        platforms = {"memory": self.platform, **self.beside}
        acts = Containing(platforms, records.ledger, records.timeline, verify, lists=records.lists)
        ways = dict.fromkeys(("page", "chat", "email", "platform"), self.channel)
        tells = Notifying(organization, ways, records.deliveries, records.timeline, verify, Renderer())
        each = NotifyingEach(tells, acts.ask, records, verify)
        sifting = Sifting(acts.ask, records, verify)
        return [*acts_of(acts), sifting.sift, each.notify_each, self.doubles.notify, self.doubles.record]

    def worker(self, *, decides: bool = True, acts: bool = True, **more: Any) -> Worker:
        given: dict[str, Any] = {
            "workflow_runner": UnsandboxedWorkflowRunner(),
            "max_heartbeat_throttle_interval": timedelta(seconds=1),
            "workflows": WORKFLOWS if decides else (),
            "activities": self.activities() if acts else (),
            **more,
        }
        return Worker(self.client, task_queue=self.queue, **given)

    def sign_launch(self, plan: Plan, incident: str, **more: Any) -> Signed:
        now = datetime.now(UTC)
        given: dict[str, Any] = {
            "person": "ana",
            "nonce": uuid4().hex,
            "inputs": {"accounts": ["@a:x", "@b:x"]},
            "aware_at": now,
            "region": "emea",
            "issued": now,
            "expires": now + timedelta(minutes=5),
            **more,
        }
        return self.key.sign(Launch(incident=incident, plan=plan.digest, **given))

    async def launch(
        self,
        plan: Plan,
        *,
        incident: str | None = None,
        known: bool = True,
        task_timeout: timedelta | None = None,
        **more: Any,
    ) -> Run:
        """Write the launch down and start its run; `known` False: past the front door, which writes nothing."""
        incident = incident or f"inc-{uuid4().hex[:10]}"
        signed = more.pop("signed", None) or self.sign_launch(plan, incident, **more)
        if known:
            self._write_down(plan, incident, signed)
        handle: WorkflowHandle[Any, Any] = await self.client.start_workflow(
            protocol.INCIDENT,
            args=[plan.pack(), signed, None],
            id=incident,
            task_queue=self.queue,
            task_timeout=task_timeout,
        )
        run = Run(self, plan, incident, self.client.get_workflow_handle(incident), handle.result_run_id or "")
        self.runs.append(run)
        return run

    def _write_down(self, plan: Plan, incident: str, signed: Signed) -> None:
        self.records.plans.keep(plan)
        self.records.incidents.launched(
            Incident(
                incident=incident,
                playbook=plan.playbook,
                title="Takeover",
                plan=plan.digest,
                launch=signed,
                launched_by="ana",
                launched_at=datetime.now(UTC),
            )
        )

    async def histories(self) -> list[WorkflowHistory]:
        """Those of all runs and their reviews, each link of a chain for itself."""
        found: list[WorkflowHistory] = []
        for run in self.runs:
            found += await self.chain(run.incident)
            found += await self.chain(protocol.review_id(run.incident))
        return found

    async def chain(self, workflow: str) -> list[WorkflowHistory]:
        """The histories of a workflow, the newest link first; none where it was never started."""
        found: list[WorkflowHistory] = []
        try:
            description = await self.client.get_workflow_handle(workflow).describe()
        except RPCError:
            return []
        run: str = description.run_id
        while run:
            history = await self.client.get_workflow_handle(workflow, run_id=run).fetch_history()
            found.append(history)
            run = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        return found

    async def strike(self) -> None:
        """End what still runs, so that the server is left alone."""
        for run in self.runs:
            for workflow in (run.incident, protocol.review_id(run.incident)):
                handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(workflow)
                try:
                    if (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
                        await handle.terminate()
                except RPCError:
                    continue


@dataclass
class Run:
    """One incident, and the people who speak to it."""

    stage: Stage
    plan: Plan
    incident: str
    handle: WorkflowHandle[Any, Any]
    first: str
    """The id of the first run of the chain."""
    was_reset: bool = False

    # seeing

    async def view(self, since: int = 0) -> View:
        found: View = await seen(lambda: self.handle.query(protocol.VIEW, since, result_type=View))
        return found

    async def until(self, holds: Callable[[View], Any], within: float = 60) -> View:
        """Look again and again until `holds`. Raises AssertionError with what is there instead."""
        end = time.monotonic() + within
        while True:
            view = await self.view()
            if holds(view):
                return view
            if time.monotonic() > end:
                raise AssertionError(f"it does not come to that; it is {view.model_dump_json(indent=1)}")
            await asyncio.sleep(0.03)

    async def ask(self, step: str | None = None, kind: str | None = None, *, but: Sequence[str] = ()) -> AskView:
        """The first open ask of that step and kind, when it is there."""

        def fits(ask: AskView) -> bool:
            return (step is None or ask.step == step) and (kind is None or ask.kind == kind) and ask.id not in but

        view = await self.until(lambda view: any(fits(ask) for ask in view.asks))
        return next(ask for ask in view.asks if fits(ask))

    async def document(self, ask: str) -> str:
        found: str = await seen(lambda: self.handle.query(protocol.DOCUMENT, ask, result_type=str))
        return found

    async def review(self) -> ReviewView:
        handle = self.of_review().handle
        found: ReviewView = await seen(lambda: handle.query(protocol.VIEW, result_type=ReviewView))
        return found

    def of_review(self) -> Run:
        """The incident's review, to be spoken to and forwarded like its run."""
        review = protocol.review_id(self.incident)
        return Run(self.stage, self.plan, self.incident, self.stage.client.get_workflow_handle(review), "")

    async def item(self, name: str) -> AskView:
        """A review's task, as something that can be answered."""
        (item,) = [item for item in (await self.review()).items if item.id == name]
        return AskView(
            id=item.id,
            kind="task",
            step="",
            words=item.words,
            to=(item.assign,),
            choices=(),
            opened_at=item.due_at,
            document=item.document,
        )

    async def result(self, within: float = 60) -> str:
        return str(await asyncio.wait_for(self.handle.result(), within))

    def rows(self) -> list[Row]:
        """The timeline, as it is in the record."""
        return self.stage.records.timeline.read(self.incident)

    def check_rows(self) -> None:
        """No two rows of a run say the same: else the record would take the second for a repetition."""
        told = [seq for seq in self.stage.records.timeline.told(self.incident) if seq < AFTER_THE_RUN]
        rows = [row for row in self.rows() if row.seq < AFTER_THE_RUN]
        assert self.was_reset or [row.seq for row in rows] == told, "a row was told twice, or was lost"

    def kinds(self) -> list[str]:
        return [row.kind for row in self.rows()]

    async def now(self) -> datetime:
        """The run's own time."""
        return await self.stage.skipper.now(self.handle) if self.stage.skipper else datetime.now(UTC)

    async def forward(self, **length: float) -> None:
        """Let that much time pass, at once."""
        assert self.stage.skipper is not None
        await self.stage.skipper.forward(self.handle, timedelta(**length))

    # speaking

    async def sign(self, person: str, ask: AskView, choice: str, **more: Any) -> Signed:
        now = more.pop("now", None) or await self.now()
        given: dict[str, Any] = {
            "person": person,
            "holds": HOLDS[person],
            "incident": self.incident,
            "plan": self.plan.digest,
            "nonce": uuid4().hex,
            "ask": ask.id,
            "document": ask.document,
            "choice": choice,
            "issued": now,
            "expires": now + timedelta(minutes=5),
            **more,
        }
        key = given.pop("key", self.stage.key)
        signed: Signed = key.sign(Answer(**given))
        return signed

    async def answer(self, person: str, ask: AskView, choice: str, **more: Any) -> Receipt:
        return await self.send(await self.sign(person, ask, choice, **more))

    async def send(self, word: Signed, name: str = protocol.ANSWER) -> Receipt:
        receipt: Receipt = await self.handle.execute_update(name, word, result_type=Receipt)
        return receipt

    async def keep(self, person: str = "niamh") -> Receipt:
        """Keep what a stopped response has left contained, so that the run can close."""
        view = await self.until(lambda view: any("keep" in ask.choices for ask in view.asks))
        (ask,) = [ask for ask in view.asks if "keep" in ask.choices]
        return await self.answer(person, ask, "keep", reason="it stays")

    async def command(self, person: str, command: CommandKind, **more: Any) -> Receipt:
        now = more.pop("now", None) or await self.now()
        given: dict[str, Any] = {
            "person": person,
            "holds": HOLDS[person],
            "incident": self.incident,
            "plan": self.plan.digest,
            "nonce": uuid4().hex,
            "issued": now,
            "expires": now + timedelta(minutes=5),
            **more,
        }
        return await self.send(self.stage.key.sign(Command(command=command, **given)), protocol.COMMAND)


async def refused(sending: Awaitable[Any]) -> tuple[str, str]:
    """The code and the words of a refusal."""
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await sending
    cause = caught.value.cause
    assert isinstance(cause, ApplicationError)
    return cause.type or "", cause.message


async def replayed(histories: Sequence[WorkflowHistory], runner: WorkflowRunner | None = None) -> None:
    """Raises where one of the histories does not replay."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=runner or UnsandboxedWorkflowRunner(),
    )
    for history in histories:
        await replayer.replay_workflow(history)


@asynccontextmanager
async def staged(
    client: Client,
    folder: Path,
    *,
    skipper: Skipper | None = None,
    platform: MemoryPlatform | None = None,
    channel: MemoryChannel | None = None,
    works: bool = True,
    **worker: Any,
) -> AsyncIterator[Stage]:
    """A stage with its worker at work, unless `works` is False. At the end all histories are replayed."""
    key = SigningKey.generate()
    ring = KeyRing()
    ring.add(key.public)
    trust.believe(ring)
    records = open_records(f"sqlite:///{folder / 'records.sqlite3'}", synchronous="OFF")
    stage = Stage(
        client=skipper.client if skipper else client,
        queue=f"test-{uuid4().hex[:10]}",
        key=key,
        ring=ring,
        records=records,
        platform=platform or MemoryPlatform("memory"),
        channel=channel or MemoryChannel(),
        doubles=Doubles(records),
        skipper=skipper,
    )
    try:
        if works:
            async with stage.worker(**worker):
                yield stage
        else:
            yield stage
        await replayed(await stage.histories())
        await stage.strike()
        for run in stage.runs:
            run.check_rows()
    finally:
        records.close()
        await stage.platform.close()
        await stage.channel.close()
