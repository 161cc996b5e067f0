"""The ledger as the fence of one entry: what firedoor.connectors.fencing asks, answered by SQL in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from firedoor.connectors.contract import Found, Order
from firedoor.connectors.fencing import Wanted
from firedoor.records import things
from firedoor.records.ledger import Entry, EntryState, Ledger, Shown
from firedoor.records.things import Beginning, State

Asked = TypeVar("Asked")
Given = TypeVar("Given")


class Together(Generic[Asked, Given]):
    """Calls of acts that go on beside each other, answered together: those that come while one is answered wait for the
    next."""

    def __init__(self, answer: Callable[[list[Asked]], list[Given]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Asked, asyncio.Future[Given]]] = []
        self._answering: asyncio.Future[None] | None = None

    async def __call__(self, asked: Asked) -> Given:
        given: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, given))
        if self._answering is None or self._answering.done():
            self._answering = asyncio.ensure_future(self._answer_all())
        return await given

    async def _answer_all(self) -> None:
        await asyncio.sleep(0)
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            answers = await asyncio.gather(
                asyncio.to_thread(self._answer, [asked for asked, _ in waiting]), return_exceptions=True
            )
            for number, (_, given) in enumerate(waiting):
                if given.done():  # whoever asked has been ended
                    continue
                if isinstance(answers[0], BaseException):
                    given.set_exception(answers[0])
                else:
                    given.set_result(answers[0][number])


@dataclass(frozen=True, slots=True)
class Page:
    """How the acts, or the releases, of a page write beside each other."""

    begin: Together[Beginning, bool]
    settled: Together[Shown, Entry | None]


class LedgerFence:
    """Acts for one entry, or releases it: whichever state it is in. `now` gives the moments that are stored.

    `sent` is what an earlier attempt may have brought about. `known`: how the thing stood when the entry was written; what
    has changed since is found when the act begins.
    """

    def __init__(
        self,
        ledger: Ledger,
        entry: Entry,
        now: Callable[[], datetime],
        expires: timedelta | None = None,
        sent: State | None = None,
        known: things.Wanted | None = None,
        page: Page | None = None,
    ) -> None:
        self._ledger = ledger
        self._entry = entry
        self._now = now
        self._expires = expires
        self._sent = [] if sent is None else [sent]
        self._known = known
        self._page = page
        self.settled: Entry | None = None
        """The entry as it was written when its act was settled, where that is known."""
        self._newest: State | None = None
        self.acting = False
        """An act was announced, and what came since is its answer."""

    async def newest(self) -> Wanted:
        self.acting = False
        wanted = self._known
        self._known = None
        if wanted is None:
            wanted = await asyncio.to_thread(self._ledger.wanted, self._entry.thing)
        self._newest = wanted.state
        return Wanted(
            order=Order(
                thing=wanted.thing,
                number=wanted.number,
                call=wanted.call,
                undo=wanted.undo,
                target=wanted.target or None,
                arguments=wanted.arguments,
            ),
            held=wanted.held,
            before=None if wanted.before is None else Found(**wanted.before),
            settled=wanted.settled,
            doubted=wanted.doubted,
        )

    async def begin(self, number: int, before: Found, *, acts: bool) -> bool:
        entry, thing = self._entry.id, self._entry.thing
        stored = _stored(before)
        if self._page is not None:
            newest = await self._page.begin(Beginning(entry, thing, number, stored, acts))
        else:
            newest = await asyncio.to_thread(self._ledger.begin, entry, thing, number, stored, acts=acts)
        self.acting = acts and newest
        if self.acting and self._newest is not None:
            self._sent.append(self._newest)
        return newest

    async def overtaken(self, number: int, *, refused: bool) -> bool:
        if refused:
            self._sent.pop()
        return (await asyncio.to_thread(self._ledger.wanted, self._entry.thing)).number != number

    def sent(self, *, harmless: bool) -> Sequence[State]:
        """What may have reached the platform, or may yet. `harmless`: not the last of it."""
        return self._sent[:-1] if harmless else self._sent

    async def settle(self, number: int) -> bool:
        if self._page is not None:
            self.settled = await self._page.settled(Shown(self._entry.id, number, self._now()))
            return self.settled is not None
        if self._entry.state == EntryState.UNDOING:
            return await asyncio.to_thread(self._ledger.undone, self._entry.id, number, self._now())
        return await asyncio.to_thread(self._ledger.applied, self._entry.id, number, self._now(), self._expires)

    async def renew(self, number: int, found: Found | None = None) -> None:
        stored = None if found is None else _stored(found)
        await asyncio.to_thread(self._ledger.renew, self._entry.thing, number, stored)


def _stored(found: Found) -> dict[str, Any]:
    return {"held": found.held, "detail": found.detail, "seen": found.seen}
