"""Sift: the items of a page of a long loop, looked at for one of its steps.

For each item the step's conditions are read, once, and what it would act on is found. What an item came to is written
down, so that an attempt that dies is gone on with, and nothing is decided twice. An item for which an act before has
failed is left alone while somebody still has to decide about that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.acting import ENDED_WELL
from activities.attempt import LEAST_ATTEMPTS, Attempt, work_through
from activities.containing import Verify
from activities.failures import as_failure
from activities.listing import targets_of
from activities.rounds import Ask, Rounds, texts
from firedoor.connectors.errors import ConnectorError, Unavailable
from firedoor.people.signatures import read
from firedoor.plan import Contain, Notify, Plan, Step, paths
from firedoor.plan.batches import around
from firedoor.plan.evaluate import holds
from firedoor.plan.lists import ListRef
from firedoor.protocol import SIFT, Order, ReadReport, Sifted, SiftOrder
from firedoor.records.all import Records
from firedoor.records.lists import TooLong, UnknownList
from firedoor.records.rounds import Round
from firedoor.run import saying
from firedoor.run.rounds import Round as Seen

PART: Final = 100
"""Items whose outcomes are written in one transaction."""
BUDGET: Final = timedelta(minutes=5)
"""How long a page's reads are tried again, from when it was ordered."""
MOST_PROBLEMS: Final = 5
MOST_PROBLEM: Final = 300


class Sifting:
    def __init__(self, ask: Ask, records: Records, verify: Verify) -> None:
        self._ask = ask
        self._records = records
        self._verify = verify

    @activity.defn(name=SIFT)
    async def sift(self, order: SiftOrder) -> ReadReport:
        """Raises ApplicationError: retryable while items are left that another attempt may manage."""
        attempt = Attempt()
        return await attempt.run(self._sift(order, attempt))

    async def _sift(self, order: SiftOrder, attempt: Attempt) -> ReadReport:
        recorded, plan = await admitted(self._records, self._verify, order)
        try:
            items = await asyncio.to_thread(targets_of, order.page, self._records.lists)
            work = Page(self._records, self._ask, plan, order, list(items), attempt)
            value = await work.work()
        except (UnknownList, TooLong) as error:
            raise ApplicationError(str(error), type="NoList", non_retryable=True) from error
        return ReadReport(recorded=recorded, value=value.model_dump(mode="json"))


async def admitted(records: Records, verify: Verify, order: Order) -> tuple[int, Plan]:
    """Fail closed without a warrant; then write the rows that travel with the order. The highest one, and the plan that
    was launched."""
    try:
        await asyncio.to_thread(verify, order)
        plan = await asyncio.to_thread(records.plans.get, read(order.warrant.launch).plan)
    except ValueError as error:
        raise ApplicationError(str(error), type="NoWarrant", non_retryable=True) from error
    if plan is None:
        raise ApplicationError("the plan that was launched is not in the record", type="NoWarrant", non_retryable=True)
    return await asyncio.to_thread(records.timeline.write, order.incident, order.rows), plan


class Page:
    """One attempt at a page."""

    def __init__(
        self, records: Records, ask: Ask, plan: Plan, order: SiftOrder, items: list[str], attempt: Attempt
    ) -> None:
        self._records = records
        self._plan = plan
        self._order = order
        self._items = items
        self._attempt = attempt
        static = paths.static(order.step)
        *self._outer, self._step = around(plan, paths.static(order.loop), static)
        self._rounds = Rounds(records, ask, plan, order.incident, order.step, order.loop, order.around)
        self._conditions: dict[str, dict[str, Round]] = {}
        self._left: dict[str, ConnectorError] = {}

    async def work(self) -> Sifted:
        order, attempt = self._order, self._attempt
        there = await asyncio.to_thread(self._records.rounds.of, order.incident, order.step, self._items)
        held = await asyncio.to_thread(self._held_back)
        for outer in self._conditional():
            self._conditions[outer] = await asyncio.to_thread(
                self._records.rounds.of, order.incident, outer, self._items
            )
        wanted = [item for item in self._items if item not in held and self._is_open(there.get(item))]
        found: dict[str, Round] = {}

        async def look(item: str) -> None:
            try:
                found[item] = await self._rounds.evaluate(item, lambda seen: self._found(item, seen))
            except ConnectorError as error:
                self._left[item] = error

        for first in range(0, len(wanted), PART):
            part = wanted[first : first + PART]
            await work_through(part, order.at_once, attempt, look)
            await self._write([found[item] for item in part if item in found])
        attempt.check_interrupted(len(wanted) - len(found))
        if attempt.stopped == "asked":
            raise asyncio.CancelledError("the run asked to stop before the page was looked through")
        self._try_again()
        untried = [item for item in wanted if item not in found]
        await self._write([self._unread(item) for item in untried])
        return await asyncio.to_thread(self._sifted, len(held - there.keys()))

    def _is_open(self, there: Round | None) -> bool:
        return there is None or (there.state == "unread" and there.looked < self._order.again)

    def _conditional(self) -> list[str]:
        """Groups around the step that have a condition, by their paths in the run: it is read once for each item."""
        return [paths.in_run(step.path, self._order.step) for step in self._outer if step.when is not None]

    def _found(self, item: str, seen: Seen) -> Round:
        """What the step does for the item. Raises Unread."""
        order, needed = self._order, True
        for step in self._outer:
            needed = needed and self._condition(step, item, seen)
        if not needed or not holds(self._step.when, seen):
            return Round(item, "not_needed", order.again)
        match self._step:
            case Contain(targets=targets) if targets is not None:
                return Round(item, "chosen", order.again, tuple(texts(saying.value(targets, seen), self._records)))
            case Notify() as notify:
                saying.audience(self._plan, notify, seen, self._records.lists.get)
                saying.words(self._plan, notify, seen)
        return Round(item, "chosen", order.again)

    def _condition(self, step: Step, item: str, seen: Seen) -> bool:
        if step.when is None:
            return True
        known = self._conditions[paths.in_run(step.path, self._order.step)]
        if item not in known:
            known[item] = Round(item, "chosen" if holds(step.when, seen) else "not_needed")
        return known[item].state == "chosen"

    async def _write(self, rounds: Sequence[Round]) -> None:
        if not rounds:
            return
        order = self._order
        for outer, known in self._conditions.items():
            of = [known[one.item] for one in rounds if one.item in known]
            await asyncio.to_thread(self._records.rounds.found, order.incident, outer, of)
        await asyncio.to_thread(self._records.rounds.found, order.incident, order.step, rounds)

    def _try_again(self) -> None:
        """Raises for another attempt, unless none fits."""
        errors = [error for error in self._left.values() if error.retryable]
        waits = [error.retry_after for error in errors if isinstance(error, Unavailable) and error.retry_after]
        wait, info = max(waits, default=None), self._attempt.info
        in_budget = info.attempt < LEAST_ATTEMPTS or info.scheduled_time + BUDGET > self._attempt.now()
        if errors and self._attempt.stopped is None and in_budget and self._attempt.allows_another(wait):
            raise as_failure(errors[0], text=f"{errors[0]} ({len(errors)} items are left)", wait=wait)

    def _unread(self, item: str) -> Round:
        error = self._left.get(item)
        text = f"{item}: {error or 'the time was up before it was looked at'}"
        return Round(item, "unread", self._order.again, error=text)

    def _held_back(self) -> set[str]:
        """Items for which an act before has failed, while that waits for a decision."""
        found: set[str] = set()
        for act in self._order.behind:
            rounds = self._records.rounds.of(self._order.incident, act, self._items)
            found |= {item for item in self._items if item not in rounds}
            found |= {item for item, one in rounds.items() if one.state in ("unread", "missed")}
            step = self._plan.by_path[paths.static(act)]
            if isinstance(step, Contain):
                found |= self._uncontained(act, [one for one in rounds.values() if one.state == "chosen"])
        return found

    def _uncontained(self, act: str, rounds: Sequence[Round]) -> set[str]:
        targets = list(dict.fromkeys(target for one in rounds for target in one.targets))
        entries = self._records.ledger.of_targets(self._order.incident, act, targets) if targets else []
        well = {entry.target for entry in entries if entry.state in ENDED_WELL}
        return {one.item for one in rounds if one.targets and well.isdisjoint(one.targets)}

    def _sifted(self, held_back: int) -> Sifted:
        order, records = self._order, self._records
        there = records.rounds.of(order.incident, order.step, self._items)
        mine = [there[item] for item in self._items if item in there and there[item].looked == order.again]
        chosen = [one for one in mine if one.state not in ("not_needed", "unread")]
        unread = [one for one in mine if one.state == "unread"]
        if isinstance(self._step, Contain):
            named = list(dict.fromkeys(target for one in chosen for target in one.targets))
        else:
            named = [one.item for one in chosen]
        of: ListRef | None = records.lists.keep(named) if named else None
        return Sifted(
            of=of,
            chosen=len(chosen),
            not_needed=sum(one.state == "not_needed" for one in mine),
            held_back=held_back,
            unread=len(unread),
            problems=tuple((one.error or one.item)[:MOST_PROBLEM] for one in unread[:MOST_PROBLEMS]),
        )
