"""The activities of rehearsals: the real ones, each order in the house of the case that it belongs to.

A worker of `firedoor rehearse` works for all cases of a book. Which house an order goes to is said by its launch, whose
nonce is the case's name.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.assembly import Assembly, acted_on, past_of, put_together
from activities.rendering import Renderer
from activities.warranting import Warrants
from firedoor.compiler.book import Book
from firedoor.people.signatures import Forged, KeyRing, read
from firedoor.protocol import (
    CONTAIN,
    LIST,
    NOTIFY,
    NOTIFY_EACH,
    READ,
    RECORD,
    RELEASE,
    SIFT,
    ContainOrder,
    ContainReport,
    ListOrder,
    NotifyEachOrder,
    NotifyEachReport,
    NotifyOrder,
    NotifyReport,
    Order,
    ReadOrder,
    ReadReport,
    RecordOrder,
    ReleaseOrder,
    ReleaseReport,
    Report,
    SiftOrder,
)
from firedoor.rehearsal.house import House, open_house

MOST_OPEN: Final = 64
"""Houses; the one that was needed longest ago is closed, and opened again where it is still needed."""

ACTIVITIES: Final = (CONTAIN, RELEASE, READ, LIST, SIFT, NOTIFY, NOTIFY_EACH, RECORD)
"""As a worker puts them together."""

_CASE: Final = re.compile(r"case-[0-9a-z-]{1,80}")


class Rehearsing:
    """`folder` holds the houses, by the names of their cases."""

    problems: dict[str, str] = {}
    connectors: tuple[str, ...] = ()

    def __init__(self, folder: Path, book: Book, keys: KeyRing) -> None:
        self._folder = folder
        self._book = book
        self._keys = keys
        self._renderer = Renderer()
        self._open: OrderedDict[str, tuple[House, dict[str, Callable[..., Any]]]] = OrderedDict()
        self._opening = asyncio.Lock()

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.contain,
            self.release,
            self.read,
            self.work_out,
            self.sift,
            self.notify,
            self.notify_each,
            self.record,
        ]

    @activity.defn(name=CONTAIN)
    async def contain(self, order: ContainOrder) -> ContainReport:
        report: ContainReport = await self._done(CONTAIN, order)
        return report

    @activity.defn(name=RELEASE)
    async def release(self, order: ReleaseOrder) -> ReleaseReport:
        report: ReleaseReport = await self._done(RELEASE, order)
        return report

    @activity.defn(name=READ)
    async def read(self, order: ReadOrder) -> ReadReport:
        report: ReadReport = await self._done(READ, order)
        return report

    @activity.defn(name=LIST)
    async def work_out(self, order: ListOrder) -> ReadReport:
        report: ReadReport = await self._done(LIST, order)
        return report

    @activity.defn(name=NOTIFY)
    async def notify(self, order: NotifyOrder) -> NotifyReport:
        report: NotifyReport = await self._done(NOTIFY, order)
        return report

    @activity.defn(name=SIFT)
    async def sift(self, order: SiftOrder) -> ReadReport:
        report: ReadReport = await self._done(SIFT, order)
        return report

    @activity.defn(name=NOTIFY_EACH)
    async def notify_each(self, order: NotifyEachOrder) -> NotifyEachReport:
        report: NotifyEachReport = await self._done(NOTIFY_EACH, order)
        return report

    @activity.defn(name=RECORD)
    async def record(self, order: RecordOrder) -> Report:
        report: Report = await self._done(RECORD, order)
        return report

    async def close(self) -> None:
        while self._open:
            _, (house, _) = self._open.popitem()
            await house.close()
        await self._renderer.close()

    async def _done(self, name: str, order: Order) -> Any:
        try:
            case = read(order.warrant.launch).nonce
        except Forged as error:
            raise ApplicationError(str(error), type="NoWarrant", non_retryable=True) from error
        acts = await self._acts(case)
        return await acts[name](order)

    async def _acts(self, case: str) -> dict[str, Callable[..., Any]]:
        async with self._opening:
            if case not in self._open:
                if not _CASE.fullmatch(case) or not (self._folder / case).is_dir():
                    raise ApplicationError("no case of this rehearsal has launched it", type="NoWarrant")
                self._open[case] = await asyncio.to_thread(self._opened, case)
            self._open.move_to_end(case)
            if len(self._open) > MOST_OPEN:
                _, (house, _) = self._open.popitem(last=False)
                await house.close()
            return self._open[case][1]

    def _opened(self, case: str) -> tuple[House, dict[str, Callable[..., Any]]]:
        house = open_house(self._folder / case, self._book)
        records = house.records
        verify = Warrants(self._keys, records.plans.get, acted_on(records), past_of(records), records.lists.get)
        made: Assembly = put_together(
            records, house.platforms, house.channels, house.organization, verify, {}, renderer=self._renderer
        )
        return house, dict(zip(ACTIVITIES, made.activities, strict=True))
