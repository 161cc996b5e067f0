"""The releases of one order: what a step holds, newest entry first, acts of unknown outcome included."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from temporalio import activity

from activities.acting import ODD, TOGETHER, outcome_of
from activities.attempt import LEAST_ATTEMPTS, Attempt, work_through
from activities.failures import as_failure
from activities.holding import LedgerFence, Page, Together
from firedoor.connectors.contract import Platform
from firedoor.connectors.errors import ConnectorError, Unavailable
from firedoor.connectors.fencing import FREE, settle
from firedoor.protocol import ReleaseOrder, TargetOutcome
from firedoor.records.ledger import TO_RELEASE, Entry, EntryState, Ledger, free_state
from firedoor.records.things import Wanted

IRREVERSIBLE: Final = "Irreversible"
NOT_TRIED: Final = "NotTried"

WORST_FIRST: Final = ("undo_failed", "unknown", "kept", "undone")


class Releases:
    """One attempt at an order. `platform_of` gives the platform by the name that the ledger knows it by."""

    def __init__(
        self, ledger: Ledger, platform_of: Callable[[str], Platform], order: ReleaseOrder, attempt: Attempt
    ) -> None:
        self._ledger = ledger
        self._platform_of = platform_of
        self._order = order
        self._attempt = attempt
        self._errors: list[ConnectorError] = []
        self._page = None if order.page is None else Page(Together(ledger.begin_all), Together(ledger.undone_all))
        self._begun: dict[int, tuple[Entry, Wanted]] = {}
        self.left = 0
        """Targets of a page that were not worked through, since the run asked to stop."""

    async def work(self) -> tuple[TargetOutcome, ...]:
        """Raises ApplicationError when holds are left and another attempt fits in the budget."""
        order = self._order
        entries = [entry for entry in await self._entries() if self._concerned(entry)]
        groups: dict[str, list[Entry]] = {target: [] for target in order.targets or ()}
        for entry in reversed(entries):
            groups.setdefault(entry.target, []).append(entry)
        outcomes: dict[str, TargetOutcome] = {}

        async def let_go(target: str) -> None:
            outcomes[target] = worst(target, [await self._release(entry) for entry in groups[target]])

        at_once = min((self._platform_of(entry.connector).at_once for entry in entries), default=1)
        for part in self._parts(list(groups)):
            await self._begin_all([entry for target in part for entry in groups[target]])
            await work_through(part, at_once, self._attempt, let_go)
        self._attempt.check_interrupted(len(groups) - len(outcomes) + len(self._errors))
        if self._errors and self._attempt.stopped is None:
            self._try_again()
        if order.page is not None and self._attempt.stopped == "asked":
            self.left = sum(target not in outcomes for target in groups)
            return tuple(outcomes.values())
        for target, group in groups.items():
            if target not in outcomes or outcomes[target].state == "unknown":
                outcomes[target] = worst(target, [await self._give_up(entry) for entry in group])
        return tuple(outcomes[target] for target in groups)

    def _parts(self, targets: list[str]) -> list[list[str]]:
        """All at once, but of a page some at a time: their releases are written together."""
        if self._order.page is None:
            return [targets]
        return [targets[first : first + TOGETHER] for first in range(0, len(targets), TOGETHER)]

    async def _begin_all(self, entries: list[Entry]) -> None:
        """Write the releases of a page's entries, but for acts that cannot be taken back."""
        ids = [entry.id for entry in entries if entry.undo is not None or not entry.tried]
        if self._order.page is None or self._attempt.stopped is not None or not ids:
            return
        order, now = self._order, self._attempt.now()
        begun = await asyncio.to_thread(self._ledger.release_all, ids, order.ordinal, order.cause, now)
        self._begun.update({row.id: (row, wanted) for row, wanted in begun})

    async def _entries(self) -> list[Entry]:
        """Of a page: those that it stands for, and no other's of the same targets."""
        order = self._order
        if order.targets is None:
            return await asyncio.to_thread(self._ledger.of_step, order.incident, order.step)
        found = await asyncio.to_thread(self._ledger.of_targets, order.incident, order.step, order.targets)
        page = order.page
        return [entry for entry in found if page is None or page.since <= entry.ordinal <= page.last]

    def _concerned(self, entry: Entry) -> bool:
        """What is to be let go, and what an earlier attempt at this very order has let go."""
        named = self._order.targets is None or entry.target in self._order.targets
        mine = entry.release_ordinal == self._order.ordinal
        return named and (mine or entry.state in TO_RELEASE)

    def _try_again(self) -> None:
        """Raises for another attempt, unless none fits."""
        waits = [error.retry_after for error in self._errors if isinstance(error, Unavailable) and error.retry_after]
        wait = max(waits, default=None)
        if self._attempt.allows_another(wait) and self._in_budget():
            raise as_failure(self._errors[0], wait=wait)

    def _in_budget(self) -> bool:
        """Where the run sets no bound, as on long lists, the action's own counts from the order."""
        if self._attempt.left() is not None or self._attempt.info.attempt < LEAST_ATTEMPTS:
            return True
        budget = timedelta(seconds=self._order.action.retries_for)
        return self._attempt.info.scheduled_time + budget > self._attempt.now()

    async def _release(self, entry: Entry) -> TargetOutcome:
        """The outcome; `unknown` where another attempt may mend what failed, or nothing was tried."""
        if entry.undo is None and entry.tried:
            return _irreversible(entry)
        doubted = entry.state == EntryState.UNDOING and entry.undo_tried > 0
        order, known = self._order, None
        if entry.id in self._begun:
            row, known = self._begun.pop(entry.id)
        else:
            now = self._attempt.now()
            row = await asyncio.to_thread(self._ledger.release, entry.id, order.ordinal, order.cause, now)
        if row.state != EntryState.UNDOING:
            return outcome_of(row)
        sent = free_state(row) if doubted else None
        fence = LedgerFence(self._ledger, row, self._attempt.now, sent=sent, known=known, page=self._page)
        try:
            platform = self._platform_of(row.connector)
            async with self._attempt.in_time():
                await settle(platform, fence, trust=not doubted, maybe_done=FREE if doubted else None)
        except ConnectorError as error:
            return await self._failed(row, fence, error)
        except ODD as error:
            activity.logger.exception("a connector failed in a way of its own")
            odd = Unavailable(f"the connector failed in a way of its own ({type(error).__name__}); it is in the log")
            return await self._failed(row, fence, odd)
        return outcome_of(fence.settled or await self._read_again(row))

    async def _failed(self, entry: Entry, fence: LedgerFence, error: ConnectorError) -> TargetOutcome:
        harmless = fence.acting and (error.untouched if isinstance(error, Unavailable) else True)
        sent = fence.sent(harmless=harmless)
        if not error.retryable:
            failed = await asyncio.to_thread(self._ledger.undo_failed, entry.id, str(error), error.type, sent=sent)
            return outcome_of(failed)
        self._errors.append(error)
        doubted = await asyncio.to_thread(
            self._ledger.doubt, entry.id, str(error), error.type, harmless=harmless, sent=sent
        )
        return outcome_of(doubted)

    async def _give_up(self, entry: Entry) -> TargetOutcome:
        row = await self._read_again(entry)
        if row.state == EntryState.UNDOING:
            text, kind = row.error or "the time was up", row.error_type or NOT_TRIED
            return outcome_of(await asyncio.to_thread(self._ledger.undo_failed, row.id, text, kind))
        if row.open:
            text = "the run asked to stop, or the time was up, before it was let go"
            return TargetOutcome(
                target=row.target, state="undo_failed", number=row.number, error=text, error_type=NOT_TRIED
            )
        return outcome_of(row)

    async def _read_again(self, entry: Entry) -> Entry:
        found = await asyncio.to_thread(self._ledger.find, entry.incident, entry.step, entry.target, entry.ordinal)
        return found or entry


def worst(target: str, outcomes: list[TargetOutcome]) -> TargetOutcome:
    """One outcome for a target that several entries held. A target that nothing held is let go, as is a refused act."""
    held = [outcome for outcome in outcomes if outcome.state in WORST_FIRST]
    if not held:
        return TargetOutcome(target=target, state="undone")
    return min(held, key=lambda outcome: WORST_FIRST.index(outcome.state))


def _irreversible(entry: Entry) -> TargetOutcome:
    text = f"{entry.call} cannot be taken back"
    return TargetOutcome(
        target=entry.target, state="undo_failed", number=entry.number, error=text, error_type=IRREVERSIBLE
    )
