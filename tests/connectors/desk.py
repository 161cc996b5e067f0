"""Two lines to hold and let go through a real ledger, for tests that are about platforms."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from activities.holding import LedgerFence
from firedoor.connectors.contract import Order as Act
from firedoor.connectors.contract import Platform
from firedoor.connectors.fencing import Wanted, settle
from firedoor.records.all import Records
from firedoor.records.ledger import Entry, EntryState, Intention


def now() -> datetime:
    return datetime.now(UTC)


class Desk:
    def __init__(self, records: Records, platform: Platform, call: str, undo: str | None) -> None:
        self.ledger = records.ledger
        self._platform = platform
        self._call = call
        self._undo = undo

    async def enter(self, incident: str, target: str, **arguments: Any) -> Entry:
        identity = await self._platform.identify(Act("", 0, self._call, self._undo, target, arguments))
        name, shared = self._platform.name, self._undo is not None
        intention = Intention(
            incident, "0", target, 1, "act", name, self._call, self._undo, arguments, identity, shared=shared
        )
        return await asyncio.to_thread(self.ledger.enter, intention, now())

    async def hold(self, incident: str, target: str, **arguments: Any) -> Wanted:
        entry = await self.enter(incident, target, **arguments)
        return await settle(self._platform, LedgerFence(self.ledger, entry, now))

    async def let_go(self, incident: str, target: str) -> Entry:
        entry = self.ledger.find(incident, "0", target, 1)
        assert entry is not None
        again = entry.state == EntryState.UNDOING
        released = await asyncio.to_thread(self.ledger.release, entry.id, 1, "test", now())
        if released.state == EntryState.UNDOING:
            await settle(self._platform, LedgerFence(self.ledger, released, now), trust=not again)
        found = self.ledger.find(incident, "0", target, 1)
        assert found is not None
        return found
