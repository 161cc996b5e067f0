"""The acts of one order: every target that has no outcome yet, each through the ledger and the fence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from temporalio import activity

from activities.attempt import LEAST_ATTEMPTS, Attempt, work_through
from activities.failures import as_failure
from activities.holding import LedgerFence, Page, Together
from firedoor.connectors.contract import Order as Act
from firedoor.connectors.contract import Platform
from firedoor.connectors.errors import ConnectorError, TargetMissing, Unavailable
from firedoor.connectors.fencing import held_by, settle
from firedoor.protocol import ContainOrder, TargetOutcome
from firedoor.records.ledger import Entry, EntryConflict, EntryState, Intention, Ledger, Shown, agree, held_state
from firedoor.records.things import State, Wanted

ODD: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What a connector raises when a platform answers what nobody expected: one target's failure, and no other's."""

ENDED_WELL: Final = (EntryState.APPLIED, EntryState.UNDOING, EntryState.UNDONE, EntryState.UNDO_FAILED)
"""States of an entry whose target was contained: it is not tried again as one that failed."""

OutcomeState = Literal["applied", "refused", "failed", "unknown", "undone", "undo_failed", "kept"]

NOT_TRIED: Final = "NotTried"
TOGETHER: Final = 100
"""Targets of a page whose intentions are written in one transaction, before the first of them is acted on."""

GAVE_UP: Final = frozenset({"Unavailable", "Unconfirmed", NOT_TRIED})
"""Failures that are nobody's refusal: the time was not enough."""


@dataclass(frozen=True, slots=True)
class Left:
    """A target without an outcome: one that was not reached, or failed in a way that another attempt may mend."""

    target: str
    entry: Entry | None
    error: ConnectorError | None = None


class Acts:
    """One attempt at an order. `connector` is the name that the ledger knows the platform by."""

    def __init__(
        self, ledger: Ledger, platform: Platform, connector: str, order: ContainOrder, attempt: Attempt
    ) -> None:
        self._ledger = ledger
        self._platform = platform
        self._connector = connector
        self._order = order
        self._attempt = attempt
        self.left = 0
        """Targets of a page that were not worked through, since the run asked to stop. The ledger has how far they are."""
        self._known: dict[str, Wanted] = {}
        self._page = None if order.page is None else Page(Together(ledger.begin_all), Together(self._applied_all))
        self._shared = order.action.undo is not None or platform.call(order.action.call).undo is not None

    async def work(self) -> tuple[TargetOutcome, ...]:
        """Raises ApplicationError when targets are left and another attempt fits in the budget, and EntryConflict."""
        order, action = self._order, self._order.action
        entries = await asyncio.to_thread(self._ledger.of_targets, order.incident, order.step, order.targets)
        there = {entry.target: entry for entry in entries if entry.ordinal == order.ordinal}
        targets = list(dict.fromkeys(order.targets))
        if order.page is not None and order.page.failed:
            contained = {
                entry.target for entry in entries if entry.ordinal < order.ordinal and entry.state in ENDED_WELL
            }
            targets = [target for target in targets if target in there or target not in contained]
        for target in targets:
            if target in there:
                agree(there[target], self._connector, action.call, action.undo, order.arguments)
        outcomes: dict[str, TargetOutcome] = {}
        left: dict[str, Left] = {}

        async def act(target: str) -> None:
            done = await self._contain(target, there.get(target))
            if isinstance(done, Left):
                left[target] = done
            else:
                outcomes[target] = done

        at_once = min(self._platform.at_once, order.at_once or self._platform.at_once)
        for part in self._parts(targets):
            await self._enter_all([target for target in part if target not in there], there)
            await work_through(part, at_once, self._attempt, act)
        self._attempt.check_interrupted(len(targets) - len(outcomes))
        if left and self._attempt.stopped is None:
            self._try_again(list(left.values()))
        if order.page is not None and self._attempt.stopped == "asked":
            self.left = len(targets) - len(outcomes)
            return tuple(outcomes.values())
        for target in targets:
            if target not in outcomes:
                outcomes[target] = await self._give_up(left.get(target) or Left(target, there.get(target)))
        return tuple(outcomes[target] for target in targets)

    def _parts(self, targets: list[str]) -> list[list[str]]:
        """All at once, but of a page some at a time: their intentions are written together."""
        if self._order.page is None:
            return [targets]
        return [targets[first : first + TOGETHER] for first in range(0, len(targets), TOGETHER)]

    async def _enter_all(self, targets: list[str], there: dict[str, Entry]) -> None:
        """Write the intentions for these targets of a page. One that cannot be told who it is, is left to its act."""
        if self._order.page is None or self._attempt.stopped is not None:
            return
        intentions: list[Intention] = []

        async def tell(target: str) -> None:
            with suppress(ConnectorError, *ODD):
                intentions.append(await self._intention(target))

        await work_through(targets, self._platform.at_once, self._attempt, tell)
        if intentions:
            for entry, wanted in await asyncio.to_thread(self._ledger.enter_all, intentions, self._attempt.now()):
                there[entry.target], self._known[entry.target] = entry, wanted

    def _try_again(self, left: list[Left]) -> None:
        """Raises for another attempt, unless none fits."""
        errors = [one.error for one in left if one.error is not None]
        waits = [error.retry_after for error in errors if isinstance(error, Unavailable) and error.retry_after]
        wait = max(waits, default=None)
        if errors and self._attempt.allows_another(wait) and self._in_budget(left):
            others = f" ({len(errors)} targets are left)" if len(errors) > 1 else ""
            raise as_failure(errors[0], text=f"{errors[0]}{others}", wait=wait)

    def _in_budget(self, left: list[Left]) -> bool:
        """Where the run sets no bound, as on long lists, each target has the action's own, from when it was entered."""
        if self._attempt.left() is not None or self._attempt.info.attempt < LEAST_ATTEMPTS:
            return True
        budget = timedelta(seconds=self._order.action.retries_for)
        since = [one.entry.entered_at if one.entry else self._attempt.info.scheduled_time for one in left]
        return max(since) + budget > self._attempt.now()

    async def _contain(self, target: str, there: Entry | None) -> TargetOutcome | Left:
        entry = there
        fence: LedgerFence | None = None
        try:
            entry = entry or await self._enter(target)
            if entry.state not in (EntryState.ENTERED, EntryState.UNKNOWN):
                return outcome_of(entry)
            sent, doubted = None, None
            if entry.tried:
                sent, doubted = held_state(entry), held_by(entry.call, entry.arguments)
            known = self._known.pop(target, None)
            fence = LedgerFence(self._ledger, entry, self._attempt.now, self._lasts(), sent, known, self._page)
            async with self._attempt.in_time():
                await settle(self._platform, fence, maybe_done=doubted)
        except ConnectorError as error:
            if entry is None:
                return Left(target, None, error)
            return await self._failed(entry, fence, error)
        except EntryConflict:
            raise
        except ODD as error:
            activity.logger.exception("a connector failed in a way of its own")
            odd = Unavailable(f"the connector failed in a way of its own ({type(error).__name__}); it is in the log")
            return Left(target, None, odd) if entry is None else await self._failed(entry, fence, odd)
        return outcome_of(fence.settled or await self._read_again(entry))

    async def _enter(self, target: str) -> Entry:
        """Write the intention."""
        intention = await self._intention(target)
        return await asyncio.to_thread(self._ledger.enter, intention, self._attempt.now())

    async def _intention(self, target: str) -> Intention:
        """A target that is known to be missing is entered too, and then refused."""
        order, action = self._order, self._order.action
        asked = Act("", 0, action.call, action.undo, target or None, order.arguments)
        try:
            identity = await self._platform.identify(asked)
        except ConnectorError as error:
            if error.retryable:
                raise
            identity = target
        return Intention(
            incident=order.incident,
            step=order.step,
            target=target,
            ordinal=order.ordinal,
            action=action.name,
            connector=self._connector,
            call=action.call,
            undo=action.undo,
            arguments=order.arguments,
            identity=identity,
            shared=self._shared,
        )

    async def _failed(self, entry: Entry, fence: LedgerFence | None, error: ConnectorError) -> TargetOutcome | Left:
        acting = fence is not None and fence.acting
        harmless = acting and (not error.retryable or await self._harmless(entry, error))
        sent = () if fence is None else fence.sent(harmless=harmless)
        if not error.retryable:
            return await self._refuse(entry, error, harmless=int(harmless), sent=sent)
        doubted = await asyncio.to_thread(
            self._ledger.doubt, entry.id, str(error), error.type, harmless=harmless, sent=sent
        )
        return Left(entry.target, doubted, error)

    async def _give_up(self, left: Left) -> TargetOutcome:
        """The outcome of a target that nothing more is tried for."""
        error = left.error or NotTried("the run asked to stop, or the time was up, before it was tried")
        if left.entry is None:
            return TargetOutcome(target=left.target, state="failed", error=str(error), error_type=error.type)
        entry = await self._read_again(left.entry)
        if entry.state not in (EntryState.ENTERED, EntryState.UNKNOWN):
            return outcome_of(entry)
        return await self._refuse(entry, error, harmless=0)

    async def _refuse(
        self, entry: Entry, error: ConnectorError, *, harmless: int, sent: Sequence[State] = ()
    ) -> TargetOutcome:
        gone = isinstance(error, TargetMissing)
        refused = await asyncio.to_thread(
            self._ledger.refuse, entry.id, str(error), error.type, harmless=harmless, gone=gone, sent=sent
        )
        return outcome_of(refused)

    async def _harmless(self, entry: Entry, error: ConnectorError) -> bool:
        """Whether the try that failed is known not to have acted: it never arrived, or was answered, and a look shows."""
        if not isinstance(error, Unavailable):
            return False
        if error.untouched or not error.answered:
            return error.untouched
        act = Act("", 0, entry.call, entry.undo, entry.target or None, entry.arguments)
        try:
            return self._platform.call(entry.call).looks and not (await self._platform.look(act)).held
        except ConnectorError:
            return False

    async def _read_again(self, entry: Entry) -> Entry:
        found = await asyncio.to_thread(self._ledger.find, entry.incident, entry.step, entry.target, entry.ordinal)
        return found or entry

    def _applied_all(self, shown: list[Shown]) -> list[Entry | None]:
        return self._ledger.applied_all(shown, self._lasts())

    def _lasts(self) -> timedelta | None:
        return None if self._order.expires is None else timedelta(seconds=self._order.expires)


class NotTried(ConnectorError):
    """Nothing was done to the target."""


def outcome_of(entry: Entry) -> TargetOutcome:
    """What a report says of an entry. `failed`: nothing was done, because time ran out and not because of a refusal."""
    return TargetOutcome(
        target=entry.target,
        state=_state_of(entry),
        number=entry.number,
        at=entry.undone_at or entry.applied_at,
        error=entry.error,
        error_type=entry.error_type,
    )


def _state_of(entry: Entry) -> OutcomeState:
    match entry.state:
        case EntryState.APPLIED:
            return "applied"
        case EntryState.REFUSED:
            return "failed" if entry.error_type in GAVE_UP else "refused"
        case EntryState.UNDONE:
            return "kept" if entry.kept else "undone"
        case EntryState.UNDO_FAILED:
            return "undo_failed"
        case EntryState.ENTERED | EntryState.UNKNOWN | EntryState.UNDOING:
            return "unknown"
