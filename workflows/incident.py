"""A Plan's run on Temporal: two updates, two queries, one timer, five search attributes, continue-as-new.

The core decides (firedoor.run); here it is performed. Handlers never await: a validator and a synchronous handler are
atomic. Whatever happens becomes an event, and after each event the run starts the acts that the state asks for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from firedoor import protocol
    from firedoor.plan.batches import may_go_in_batches
    from firedoor.plan.evaluate import Unread
    from firedoor.plan.model import unpack
    from firedoor.protocol import Answer, Command, Receipt, ReviewOrder, Signed, View
    from firedoor.run import notifying, reduce, wake_at
    from firedoor.run.events import ActEnded, Answered, Cancelled, Commanded, Event, Launched, ReviewOpened, Time
    from firedoor.run.launching import begin
    from firedoor.run.orders import order_of
    from firedoor.run.recording import carry
    from firedoor.run.reducer import may_begin
    from firedoor.run.reviewing import review_of
    from firedoor.run.state import State
    from firedoor.run.view import NOT_REACHED, next_due, nobody_reached, roles_waited_for, view
    from workflows import arguments, crossing
    from workflows.acting import perform
    from workflows.admission import admit, refuse
    from workflows.crossing import handlers_finished
    from workflows.torn import Guard

SEVERITY = SearchAttributeKey.for_keyword(protocol.SEARCH_SEVERITY)
PHASE = SearchAttributeKey.for_keyword(protocol.SEARCH_PHASE)
WAITING_ON = SearchAttributeKey.for_keyword(protocol.SEARCH_WAITING_ON)
NEXT_DUE = SearchAttributeKey.for_datetime(protocol.SEARCH_NEXT_DUE)

FAULTS = (ArithmeticError, LookupError, ValueError, TypeError, AttributeError, AssertionError, Unread)
"""What the core raises when it is given what it cannot carry out."""


@workflow.defn(name=protocol.INCIDENT)
class IncidentWorkflow:
    """Arguments (workflows.arguments): the packed plan, the signed launch, and, after a continue-as-new, the packed state."""

    @workflow.init
    def __init__(self, *given: Any) -> None:
        self._unfit: str | None = None
        self._changed = False
        self._crossing = False
        self._updates = 0
        self._running: dict[str, asyncio.Task[None]] = {}
        self._begun: list[str] = []
        self._ending: list[str] = []
        self._timer: asyncio.Task[None] | None = None
        self._armed: datetime | None = None
        self._reviewing: asyncio.Task[None] | None = None
        self._broken: BaseException | None = None
        self._stays_until = 0
        """The length of the history from which on a state that was too large to cross is tried again."""
        self._guard = Guard()
        # An update may be delivered before `run` begins, so the run is launched here. A plan that cannot be walked was
        # made by hand: it fails as a launch.
        try:
            packed, launch, crossed = arguments.of_incident(given)
            self._plan = unpack(packed)
            if crossed is None:
                now, engine = workflow.now(), crossing.engine()
                batches = may_go_in_batches(self._plan) and workflow.patched("long-loops-go-in-batches")
                incident = workflow.info().workflow_id
                self._state = begin(self._plan, launch, incident, now, engine, batches=batches)
                self._happen(Launched(at=workflow.now()))
        except FAULTS as error:
            self._unfit = str(error) if isinstance(error, ValueError) else f"the plan cannot be walked: {error!r}"
            return
        if crossed is not None:
            try:
                self._state = crossing.unpacked(crossed)
            except crossing.NoState as error:
                self._unfit = str(error)

    @workflow.run
    async def run(self, *given: Any) -> str:
        """Returns how the response ended: "completed", "stopped" or "undone"."""
        if self._unfit is not None:
            raise ApplicationError(f"This launch cannot run: {self._unfit}", type="Unfit", non_retryable=True)
        while self._state.phase != "closed":
            self._changed = False
            self._perform()
            if self._crossing and not self._running and self._reviewing is None:
                await self._cross(given[0], given[1])
            try:
                await workflow.wait_condition(lambda: self._changed)
            except asyncio.CancelledError:
                self._happen(Cancelled(at=workflow.now()))
            if self._broken is not None:
                raise self._broken
        self._show()
        await handlers_finished()
        return self._state.ended or "completed"

    # What people say

    @workflow.update(name=protocol.ANSWER)
    def answer(self, signed: Signed) -> Receipt:
        word = Answer.model_validate_json(signed.body)
        return self._said(word.nonce, Answered(at=workflow.now(), answer=word, signed=signed))

    @answer.validator
    def _admit_answer(self, signed: Signed) -> None:
        self._check_fit()
        admit(self._plan, self._state, signed, Answer, workflow.now())

    @workflow.update(name=protocol.COMMAND)
    def command(self, signed: Signed) -> Receipt:
        word = Command.model_validate_json(signed.body)
        return self._said(word.nonce, Commanded(at=workflow.now(), command=word, signed=signed))

    @command.validator
    def _admit_command(self, signed: Signed) -> None:
        self._check_fit()
        admit(self._plan, self._state, signed, Command, workflow.now())

    def _said(self, nonce: str, event: Answered | Commanded) -> Receipt:
        seen = self._state.accepted.get(nonce)
        if seen is not None:
            return seen.receipt
        self._updates += 1
        before = self._state.model_copy(deep=True)
        try:
            self._happen(event)
        except FAULTS as error:
            self._state = before
            workflow.logger.exception("a word could not be carried out", extra={"nonce": nonce})
            raise ApplicationError(
                "This could not be carried out; nothing was changed. It is a fault of ours.",
                type="fault",
                non_retryable=True,
            ) from error
        return self._state.accepted[nonce].receipt

    def _check_fit(self) -> None:
        if self._unfit is not None:
            refuse("unfit", f"This launch cannot run: {self._unfit}")

    # What people see

    @workflow.query(name=protocol.VIEW)
    def view(self, since: int = 0) -> View:
        self._check_fit()
        return view(self._plan, self._state, since)

    @workflow.query(name=protocol.DOCUMENT)
    def document(self, ask: str) -> str:
        self._check_fit()
        if ask not in self._state.asks:
            raise ApplicationError("This question is not open any more.", type="closed", non_retryable=True)
        return self._state.asks[ask].document

    # Performing

    def _happen(self, event: Event) -> None:
        self._guard.look()
        reduce(self._plan, self._state, event)
        self._changed = True

    def _perform(self) -> None:
        """Start, and end, what the state asks for."""
        stays = workflow.info().get_current_history_length() < self._stays_until
        self._crossing = not stays and (self._crossing or crossing.due(self._updates))
        for act in list(self._state.acts.values()):
            if act.id not in self._state.acts:
                continue
            if act.id in self._running:
                if act.cancel or self._crossing:
                    self._end(act.id)
            elif act.cancel:
                self._happen(ActEnded(at=workflow.now(), act=act.id, cancelled=True))
            elif not self._crossing and may_begin(self._state, act):
                self._running[act.id] = self._begin(self._act(act.id))
        if not self._crossing:
            self._arm()
            self._open_review()
        self._show()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work beside `run`. A fault of ours in it fails the workflow task, where it is seen and tried again with
        mended code; left in the task, it would stop the run in silence."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken, self._changed = error, True

    async def _act(self, name: str) -> None:
        act = self._state.acts[name]
        if act.cancel or self._crossing:
            ended = ActEnded(at=workflow.now(), act=name, cancelled=True)
        else:
            self._begun.append(name)
            order = order_of(self._plan, self._state, act, carry(self._state, act))
            ended = await perform(self._plan, act, order)
            if ended.error is not None and notifying.is_repeated(self._state, act):
                ended = ended.model_copy(update={"follows": workflow.patched("repeated-notices-follow")})
            self._begun.remove(name)
        del self._running[name]
        if name in self._ending:
            self._ending.remove(name)
            ended = ended.model_copy(update={"cancelled": True})
        self._happen(ended)

    def _end(self, name: str) -> None:
        """End the attempt, once. One that has not begun looks for itself (a task that is cancelled before its first
        step would never say that it has ended)."""
        if name in self._begun and name not in self._ending:
            self._ending.append(name)
            self._running[name].cancel()

    def _arm(self) -> None:
        """One timer, re-armed only for something earlier."""
        wake = wake_at(self._state)
        if wake is None or (self._armed is not None and self._armed <= wake):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed = wake
        self._timer = self._begin(self._tick(wake))

    async def _tick(self, wake: datetime) -> None:
        try:
            await workflow.sleep(max(wake - workflow.now(), timedelta(milliseconds=1)))
        except asyncio.CancelledError:
            return
        self._armed = self._timer = None
        self._happen(Time(at=max(workflow.now(), wake)))

    def _open_review(self) -> None:
        if self._state.review == "wanted" and self._reviewing is None:
            self._reviewing = self._begin(self._review(review_of(self._plan, self._state)))

    async def _review(self, order: ReviewOrder) -> None:
        """The review outlives the incident. After a reset it is there already, and stays as it is."""
        try:
            await workflow.start_child_workflow(
                protocol.REVIEW,
                args=[order, None],
                id=protocol.review_id(self._state.incident),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("the review was opened before")
        self._reviewing = None
        self._happen(ReviewOpened(at=workflow.now()))

    def _show(self) -> None:
        """Search attributes: those that differ from what is there, in one go. No decision reads them.

        Who only writes the last rows down is closed, as the record has it: nothing else can happen any more.
        """
        state = self._state
        wanted: list[tuple[SearchAttributeKey[Any], Any]] = [
            (SEVERITY, state.severity),
            (PHASE, "closed" if state.closing else state.phase),
            (WAITING_ON, _waited_for(state)),
            (NEXT_DUE, next_due(state)),
        ]
        there = workflow.info().typed_search_attributes
        changed: list[SearchAttributeUpdate[Any]] = [
            key.value_unset() if value is None else key.value_set(value)
            for key, value in wanted
            if there.get(key) != value
        ]
        if changed:
            workflow.upsert_search_attributes(changed)

    async def _cross(self, packed: Any, launch: Any) -> None:
        """A state that is too large to cross stays where it is, since crossing would end it now; it is tried again from
        time to time, as states also shrink."""
        await handlers_finished()
        try:
            state = crossing.packed(self._state)
        except crossing.TooLarge:
            workflow.logger.exception("the run cannot continue as new")
            self._stays_until = workflow.info().get_current_history_length() + crossing.BOUNDS.again
            self._crossing, self._changed = False, True
            return
        if self._timer is not None:
            self._timer.cancel()
        workflow.continue_as_new(args=[packed, launch, state])


def _waited_for(state: State) -> str | None:
    roles = ", ".join(roles_waited_for(state))
    if nobody_reached(state) and workflow.patched("lists-say-nobody-was-reached"):
        return f"{roles[:170]} ({NOT_REACHED})"
    return roles[:200] or None
