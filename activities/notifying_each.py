"""Notify each: one notice about each item of a page of a long loop, each with a key of its own.

Whom it is for, and what it says, is found for the item; then it is sent as any notice is. An attempt that dies is gone
on with where it was: who was told about an item is told nothing twice.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.attempt import LEAST_ATTEMPTS, Attempt, work_through
from activities.containing import Verify
from activities.listing import targets_of
from activities.notifying import Tells
from activities.rounds import Ask, Rounds, digest_of
from activities.sifting import BUDGET, MOST_PROBLEM, MOST_PROBLEMS, admitted
from firedoor.connectors.errors import ConnectorError
from firedoor.plan import ForEach, Notify, Plan, paths
from firedoor.protocol import NOTIFY_EACH, NotifyEachOrder, NotifyEachReport, NotifyOrder
from firedoor.records.all import Records
from firedoor.records.lists import UnknownList
from firedoor.run import saying
from firedoor.run.rounds import Round

AGAIN: Final = timedelta(seconds=10)
"""How long a page waits at least before it is tried again."""


class NotifyingEach:
    def __init__(self, tells: Tells, ask: Ask, records: Records, verify: Verify) -> None:
        self._tells = tells
        self._ask = ask
        self._records = records
        self._verify = verify

    @activity.defn(name=NOTIFY_EACH)
    async def notify_each(self, order: NotifyEachOrder) -> NotifyEachReport:
        """Raises ApplicationError: retryable while items are left that another attempt may manage."""
        attempt = Attempt()
        return await attempt.run(self._notify(order, attempt))

    async def _notify(self, order: NotifyEachOrder, attempt: Attempt) -> NotifyEachReport:
        recorded, plan = await admitted(self._records, self._verify, order)
        step = plan.by_path[paths.static(order.step or "")]
        if not isinstance(step, Notify):
            raise ApplicationError("the step of this order tells nobody", type="NoWarrant", non_retryable=True)
        try:
            items = await asyncio.to_thread(targets_of, order.page, self._records.lists)
        except UnknownList as error:
            raise ApplicationError(str(error), type="NoList", non_retryable=True) from error
        work = Page(self._records, self._tells, self._ask, plan, step, order, attempt)
        report = await work.work(list(items))
        return report.model_copy(update={"recorded": recorded})


class Page:
    """One attempt at a page."""

    def __init__(
        self,
        records: Records,
        tells: Tells,
        ask: Ask,
        plan: Plan,
        step: Notify,
        order: NotifyEachOrder,
        attempt: Attempt,
    ) -> None:
        self._records = records
        self._tells = tells
        self._plan = plan
        self._step = step
        self._order = order
        self._attempt = attempt
        self._path = order.step or ""
        self._rounds = Rounds(records, ask, plan, order.incident, self._path, order.loop, order.around)
        self._again: dict[str, str] = {}
        self._missed: dict[str, str] = {}

    async def work(self, items: list[str]) -> NotifyEachReport:
        attempt, order = self._attempt, self._order
        there = await asyncio.to_thread(self._records.rounds.of, order.incident, self._path, items)
        wanted = [item for item in items if item in there and there[item].state != "told"]
        before = sum(one.state == "told" for one in there.values())
        self._missed = {item: "it was not looked at before" for item in items if item not in there}
        told: set[str] = set()

        async def tell(item: str) -> None:
            if await self._tell(item):
                told.add(item)

        await work_through(wanted, order.at_once, attempt, tell)
        left = [item for item in wanted if item not in told and item not in self._missed]
        attempt.check_interrupted(len(left))
        if self._again and attempt.stopped is None and self._fits():
            first = next(iter(self._again.values()))
            raise ApplicationError(
                f"{first} ({len(self._again)} items are left)", type="NotReachedYet", next_retry_delay=AGAIN
            )
        if attempt.stopped == "asked":
            return self._report(before + len(told), left=len(left))
        for item in left:
            self._missed[item] = self._again.get(item, "the time was up before it was tried")
            await asyncio.to_thread(self._records.rounds.ended, order.incident, self._path, item, self._missed[item])
        return self._report(before + len(told))

    async def _tell(self, item: str) -> bool:
        """Whether everyone whom the notice about the item is for was told."""
        rounds, incident = self._records.rounds, self._order.incident
        try:
            notice = await self._rounds.evaluate(item, lambda seen: self._notice(item, seen))
            await self._tells.tell(notice, self._attempt)
        except asyncio.CancelledError:
            if self._attempt.stopped != "asked":
                raise
            return False
        except ConnectorError as error:
            failed, again = str(error), error.retryable
        except ApplicationError as error:
            if error.type == "Interrupted":
                raise
            failed, again = error.message, not error.non_retryable
        else:
            await asyncio.to_thread(rounds.ended, incident, self._path, item, None)
            return True
        if again:
            self._again[item] = failed
        else:
            self._missed[item] = failed
            await asyncio.to_thread(rounds.ended, incident, self._path, item, failed)
        return False

    def _notice(self, item: str, seen: Round) -> NotifyOrder:
        """Raises Unread."""
        order = self._order
        texts, named = saying.words(self._plan, self._step, seen)
        loop = self._plan.by_path[paths.static(order.loop)]
        if order.message is not None and isinstance(loop, ForEach):
            named = {loop.item: item, **named}
        given = {name: getattr(order, name) for name in NotifyOrder.model_fields}
        return NotifyOrder(
            **{
                **given,
                "rows": (),
                "key": f"{self._path}:{digest_of(item)[:32]}",
                "audience": tuple(saying.audience(self._plan, self._step, seen, self._records.lists.get)),
                "texts": tuple(texts),
                "context": {**order.context, **named},
            }
        )

    def _fits(self) -> bool:
        info = self._attempt.info
        in_budget = info.attempt < LEAST_ATTEMPTS or info.scheduled_time + BUDGET > self._attempt.now()
        return in_budget and self._attempt.allows_another(AGAIN)

    def _report(self, told: int, left: int = 0) -> NotifyEachReport:
        problems = [f"{item}: {error}"[:MOST_PROBLEM] for item, error in self._missed.items()]
        return NotifyEachReport(
            told=told, missed=len(self._missed), left=left, problems=tuple(problems[:MOST_PROBLEMS])
        )
