"""Contain, release and read: the acts of a run on platforms.

Each target is entered in the ledger, with its number, before anything is done to it; what is there is looked up and
stored before the first act; the act goes through the fence; its outcome is recorded. A target that fails holds up none
of the others. An attempt that dies anywhere in between is repeated by Temporal, and finds in the ledger what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.acting import Acts, outcome_of
from activities.attempt import Attempt
from activities.failures import as_failure
from activities.listing import Paged, answered, report_of, with_targets
from activities.reading import arguments_of, checked, goes_by_reference
from activities.releasing import Releases
from firedoor.connectors.contract import Json, Platform
from firedoor.connectors.errors import BadSettings, ConnectorError
from firedoor.connectors.memory import MemoryPlatform
from firedoor.plan import ReadAction
from firedoor.plan.evaluate import plain
from firedoor.plan.lists import opened
from firedoor.protocol import (
    CONTAIN,
    LIST,
    READ,
    RELEASE,
    ContainOrder,
    ContainReport,
    ListOrder,
    Order,
    ReadOrder,
    ReadReport,
    ReleaseOrder,
    ReleaseReport,
    TargetOutcome,
)
from firedoor.records.ledger import EntryConflict, Ledger
from firedoor.records.lists import Lists, UnknownList
from firedoor.records.timeline import Timeline

DRILL: Final = "drill:"


def _no_list(error: Exception) -> ApplicationError:
    return ApplicationError(str(error), type="NoList", non_retryable=True)


class Verify(Protocol):
    def __call__(self, order: Order) -> None:
        """Check the order's warrant, in a thread. Raises ValueError, in plain words, when it does not cover this act."""
        ...


class Containing:
    """`platforms` go by the names that the book's actions use. `verify` is asked before anything is done or written.
    `problems` says of a connector that could not be made why not.

    A drill acts on a platform in memory (`drill` makes one for each name) and shares no hold with what is real. Its
    reads are real: they change nothing.
    """

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        ledger: Ledger,
        timeline: Timeline,
        verify: Verify,
        *,
        lists: Lists,
        drill: Callable[[str], Platform] = MemoryPlatform,
        problems: Mapping[str, str] | None = None,
    ) -> None:
        self._platforms = dict(platforms)
        self._problems = problems or {}
        self._ledger = ledger
        self._timeline = timeline
        self._verify = verify
        self._lists = lists
        self._drill = drill

    @activity.defn(name=CONTAIN)
    async def contain(self, order: ContainOrder) -> ContainReport:
        """Act on every target that has no outcome yet.

        Raises ApplicationError: retryable, when targets are left that another attempt may manage; not retryable, when
        the order as a whole cannot be carried out. When the budget (schedule-to-close) is used up, or the run cancels,
        it reports what became of each target instead.
        """
        attempt = Attempt()
        return await attempt.run(self._contain(order, attempt))

    @activity.defn(name=RELEASE)
    async def release(self, order: ReleaseOrder) -> ReleaseReport:
        """Let go of what the step holds, newest entry first. Raises and reports as `contain` does."""
        attempt = Attempt()
        return await attempt.run(self._release(order, attempt))

    @activity.defn(name=READ)
    async def read(self, order: ReadOrder) -> ReadReport:
        """Ask a system. Raises ApplicationError; the answer is of the type that the book declares."""
        attempt = Attempt()
        return await attempt.run(self._read(order))

    @activity.defn(name=LIST)
    async def work_out(self, order: ListOrder) -> ReadReport:
        """What a run needs to know about long lists. Raises ApplicationError."""
        recorded = await self._admit(order)
        try:
            value = await asyncio.to_thread(answered, self._lists, self._ledger, order.incident, order.question)
        except (UnknownList, ValueError) as error:
            raise _no_list(error) from error
        return ReadReport(recorded=recorded, value=value)

    async def _contain(self, order: ContainOrder, attempt: Attempt) -> ContainReport:
        order = await self._opened(order)
        recorded = await self._admit(order)
        connector = DRILL + order.action.connector if order.drill else order.action.connector
        try:
            acts = Acts(self._ledger, self._platform(connector), connector, order, attempt)
        except ConnectorError as error:
            outcomes = await self._not_begun(order, error)
            page = report_of(outcomes, 0) if order.page else None
            return ContainReport(recorded=recorded, outcomes=() if page else outcomes, page=page)
        try:
            outcomes = await acts.work()
        except EntryConflict as error:
            raise ApplicationError(str(error), type="EntryConflict", non_retryable=True) from error
        page = report_of(outcomes, acts.left) if order.page else None
        return ContainReport(recorded=recorded, outcomes=() if page else outcomes, page=page)

    async def _not_begun(self, order: ContainOrder, error: ConnectorError) -> tuple[TargetOutcome, ...]:
        """The platform cannot be asked: nothing was touched but what an attempt elsewhere has entered."""
        entries = await asyncio.to_thread(self._ledger.of_targets, order.incident, order.step, order.targets)
        there = {entry.target: outcome_of(entry) for entry in entries if entry.ordinal == order.ordinal}
        text = f"nothing was touched: {error}"
        return tuple(
            there.get(target) or TargetOutcome(target=target, state="refused", error=text, error_type=error.type)
            for target in dict.fromkeys(order.targets)
        )

    async def _release(self, order: ReleaseOrder, attempt: Attempt) -> ReleaseReport:
        order = await self._opened(order)
        recorded = await self._admit(order)
        try:
            releases = Releases(self._ledger, self._platform, order, attempt)
            outcomes = await releases.work()
            page = report_of(outcomes, releases.left) if order.page else None
            return ReleaseReport(recorded=recorded, outcomes=() if page else outcomes, page=page)
        except ConnectorError as error:
            raise as_failure(error) from error

    async def _read(self, order: ReadOrder) -> ReadReport:
        recorded = await self._admit(order)
        try:
            value = await self.ask(order.read, order.argument)
        except ConnectorError as error:
            raise as_failure(error) from error
        except (UnknownList, ValueError) as error:
            raise _no_list(error) from error
        return ReadReport(recorded=recorded, value=value)

    async def ask(self, read: ReadAction, argument: Json) -> Json:
        """The answer of a system; a long list by reference. Raises ConnectorError, and UnknownList or ValueError where the
        argument is a list that is not here."""
        given = await asyncio.to_thread(opened, argument, self._lists.get)
        value = checked(read, await self._platform(read.connector).read(read.call, arguments_of(read, given)))
        return plain(await asyncio.to_thread(self._lists.inline, value)) if goes_by_reference(read) else value

    async def _opened(self, order: Paged) -> Paged:
        """The order with the targets of its page. Raises ApplicationError."""
        try:
            return await asyncio.to_thread(with_targets, order, self._lists)
        except UnknownList as error:
            raise _no_list(error) from error

    async def _admit(self, order: Order) -> int:
        """Fail closed without a warrant; then write the rows that travel with the order. Returns the highest one."""
        try:
            await asyncio.to_thread(self._verify, order)
        except ValueError as error:
            raise ApplicationError(str(error), type="NoWarrant", non_retryable=True) from error
        return await asyncio.to_thread(self._timeline.write, order.incident, order.rows)

    def _platform(self, connector: str) -> Platform:
        if connector not in self._platforms:
            if not connector.startswith(DRILL):
                wrong = self._problems.get(connector, f"no connector is set up as {connector}")
                raise BadSettings(f"{wrong}. Set it up for the worker, start the worker again, then retry")
            self._platforms[connector] = self._drill(connector)
        return self._platforms[connector]
