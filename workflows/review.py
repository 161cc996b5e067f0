"""The review of an incident: chases its tasks after the response has ended, until someone else has verified each.

It is a workflow of its own because it outlives the incident. firedoor.run.review decides; here it is performed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from firedoor import protocol
    from firedoor.people.signatures import Forged, check_time
    from firedoor.plan import Who
    from firedoor.protocol import (
        Answer,
        NotifyOrder,
        Receipt,
        RecordOrder,
        Rendering,
        Report,
        ReviewView,
        Row,
        Signed,
        Warrant,
    )
    from firedoor.run import review
    from firedoor.run.documents import hash_of
    from firedoor.run.review import Item
    from firedoor.run.validity import Refused
    from workflows import arguments, crossing, trust
    from workflows.acting import ATTEMPT, RETRY
    from workflows.admission import refuse
    from workflows.crossing import handlers_finished
    from workflows.torn import Guard


@workflow.defn(name=protocol.REVIEW)
class ReviewWorkflow:
    """Arguments: what the review starts from, and, after a continue-as-new, its state as JSON."""

    @workflow.init
    def __init__(self, *given: Any) -> None:
        self._guard = Guard()
        self._changed = False
        self._updates = 0
        self._unfit: str | None = None
        try:
            order, crossed = arguments.of_review(given)
        except arguments.Wrong as wrong:
            self._unfit = str(wrong)
            return
        self._state = review.begin(order, workflow.now()) if crossed is None else crossed
        self._opened = crossed is not None

    @workflow.run
    async def run(self, *given: Any) -> int:
        """Returns the number of tasks that were done and verified. A cancellation from outside is told, and ends
        nothing: what is owed stays owed."""
        if self._unfit is not None:
            raise ApplicationError(f"This review cannot run: {self._unfit}", type="Unfit", non_retryable=True)
        chasing = asyncio.create_task(self._chase())
        while not chasing.done():
            try:
                await workflow.wait_condition(chasing.done)
            except asyncio.CancelledError:
                review.cancelled(self._state, workflow.now())
                self._changed = True
        ended = chasing.result()
        await handlers_finished()
        if not ended:
            workflow.continue_as_new(args=[self._state.order, self._state.model_dump_json()])
        return len(self._state.items)

    async def _chase(self) -> bool:
        """Until every task is verified; False where the history has become long before that."""
        if not self._opened:
            await self._record()
            for item in self._state.items:
                await self._tell(item, "Review task")
        while not review.closed(self._state):
            await self._wait()
            self._changed = False
            for item in review.due(self._state, workflow.now()):
                await self._tell(item, "Reminder")
            await self._record()
            if crossing.due(self._updates):
                return False
        await self._record()
        return True

    async def _wait(self) -> None:
        wake = review.wake_at(self._state)
        timeout = max(wake - workflow.now(), timedelta(milliseconds=1)) if wake else None
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._changed, timeout=timeout)
        self._guard.look()

    @workflow.update(name=protocol.ANSWER)
    def answer(self, signed: Signed) -> Receipt:
        word = Answer.model_validate_json(signed.body)
        seen = self._state.accepted.get(word.nonce)
        if seen is not None:
            return seen.receipt
        self._changed = True
        self._updates += 1
        return review.answered(self._state, word, signed, workflow.now())

    @answer.validator
    def _admit(self, signed: Signed) -> None:
        self._check_fit()
        if len(signed.body.encode()) > protocol.MOST_BYTES_IN:
            refuse("size", "This is too large.")
        try:
            word = trust.ring().verify_answer(signed)
            if word.incident != self._state.order.incident or word.plan != self._state.order.plan:
                refuse("forged", "This was signed for another review.")
            seen = self._state.accepted.get(word.nonce)
            if seen is not None and seen.body != hash_of(signed.body):
                refuse("nonce", "Another word was sent under this nonce. Send yours with a new one.")
            if seen is None:
                check_time(word, workflow.now())
                review.check(self._state, word, workflow.now())
        except Forged as error:
            refuse("forged", f"This word is not believed: {error}.")
        except Refused as error:
            refuse(error.code, str(error))

    @workflow.query(name=protocol.VIEW)
    def view(self) -> ReviewView:
        self._check_fit()
        return review.view(self._state)

    @workflow.query(name=protocol.DOCUMENT)
    def document(self, item: str) -> str:
        self._check_fit()
        for known in self._state.items:
            if known.id == item:
                return review.document(self._state, known)
        raise ApplicationError("There is no such task.", type="closed", non_retryable=True)

    def _check_fit(self) -> None:
        if self._unfit is not None:
            refuse("unfit", f"This review cannot run: {self._unfit}")

    async def _tell(self, item: Item, what: str) -> None:
        """A notice that fails is told in the record; the next reminder is its retry."""
        order, state = self._state.order, self._state
        who = Who(kind="on_shift", name=item.assign.name) if item.assign.kind == "team" else item.assign
        text = f"{what}: {item.words}. Due {item.due_at:%Y-%m-%d %H:%M UTC}. firedoor inbox"
        notice = NotifyOrder(
            incident=order.incident,
            warrant=Warrant(launch=order.launch),
            key=f"review:{item.id}:{state.reminders}",
            audience=(who,),
            severity="sev4",
            region=order.region,
            subject=f"{what}: {order.title}",
            texts=(Rendering(language="*", text=text),),
            languages=order.languages,
            commander=order.commander,
            drill=order.drill,
        )
        try:
            await workflow.execute_activity(
                protocol.NOTIFY,
                notice,
                result_type=protocol.NotifyReport,
                start_to_close_timeout=ATTEMPT,
                schedule_to_close_timeout=timedelta(minutes=5),
                retry_policy=RETRY,
            )
            self._guard.look()
        except ActivityError as error:
            self._guard.look()
            review.row(
                state,
                workflow.now(),
                "notice.failed",
                f"A notice about {item.words} was not delivered",
                item=item.id,
                number=state.reminders,
                error=str(error.cause),
            )

    async def _record(self) -> None:
        """Write the rows that are not in the record yet. Where the record refuses them, they go with the next."""
        rows = tuple(self._state.pending)
        if not rows:
            return
        order = self._state.order
        try:
            await workflow.execute_activity(
                protocol.RECORD,
                RecordOrder(
                    incident=order.incident,
                    warrant=Warrant(launch=order.launch),
                    rows=_beside(rows),
                ),
                result_type=Report,
                start_to_close_timeout=ATTEMPT,
                retry_policy=RETRY,
            )
            self._guard.look()
        except ActivityError as error:
            self._guard.look()
            workflow.logger.error("the record refused rows of a review", extra={"error": str(error.cause)})
            return
        self._state.pending = [row for row in self._state.pending if row not in rows]


AFTER_THE_RUN = 1_000_000
"""Rows of the review stand behind those of the run, in one timeline."""


def _beside(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(row.model_copy(update={"seq": AFTER_THE_RUN + row.seq}) for row in rows)
