"""A channel that reaches nobody: it keeps the contract, counts what it sent, and fails when it is told to.

For tests, drills, rehearsals and the bench. What it sent is in a SQLite database, in memory or in a file: a file is
shared by processes and outlives a worker that was killed, so that afterwards one can ask how often it really sent.

Settings: `path`, `delay`, `room`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from firedoor.connectors.channel import OutgoingMessage, one_line
from firedoor.connectors.errors import BadSettings, ConnectorError, Refused, TargetMissing, Unavailable
from firedoor.connectors.settings import Settings
from firedoor.people.recipients import Recipient

FAULTS: Final[dict[str, type[ConnectorError]]] = {
    kind.__name__: kind for kind in (TargetMissing, Refused, BadSettings, Unavailable)
}

SCHEMA: Final = """
create table if not exists sent (id integer primary key, key text unique, message text, pid integer);
create table if not exists tries (id integer primary key, key text, pid integer);
create table if not exists faults (
    id integer primary key, address text, error text, retry_after real, after integer, times integer);
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that arrived, once. `pid` is the process that sent it."""

    id: str
    message: OutgoingMessage
    pid: int


class MemoryChannel:
    """`delay` is how long each sending takes, in seconds. Each recipient has an address; with `room` all share that."""

    once = True

    def __init__(
        self,
        name: str = "memory",
        *,
        path: Path | None = None,
        delay: float = 0.0,
        at_once: int = 8,
        room: str | None = None,
    ) -> None:
        self.name = name
        self.at_once = at_once
        self.delay = delay
        self._room = room
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
        if path is not None:
            self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=off")
        with self._changing() as database:
            for statement in SCHEMA.split(";"):
                database.execute(statement)

    @classmethod
    def from_settings(cls, settings: Settings) -> MemoryChannel:
        path = settings.text("path", "")
        delay = settings.number("delay", 0.0, least=0, most=3600)
        room = settings.text("room", "")
        settings.done()
        return cls(settings.connector, path=Path(path) if path else None, delay=delay, room=room or None)

    # --- the contract -------------------------------------------------------------------------------------------------

    def address(self, recipient: Recipient) -> str | None:
        return self._room or recipient.id

    async def send(self, message: OutgoingMessage) -> str:
        with self._changing() as database:
            database.execute("insert into tries (key, pid) values (?, ?)", (message.key, os.getpid()))
        if self.delay:
            await asyncio.sleep(self.delay)
        self._fault(message, after=False)
        with self._changing() as database:
            row = (message.key, _text(replace(message, subject=one_line(message.subject))), os.getpid())
            database.execute("insert into sent (key, message, pid) values (?, ?, ?) on conflict do nothing", row)
            (number,) = database.execute("select id from sent where key = ?", (message.key,)).fetchone()
        self._fault(message, after=True)
        return f"{self.name}-{number}"

    async def check(self) -> None:
        """There is nothing to be wrong."""

    async def close(self) -> None:
        self._database.close()

    # --- what a script tells it, and asks it --------------------------------------------------------------------------

    def fail(
        self,
        error: type[ConnectorError],
        *,
        address: str | None = None,
        times: int = 1,
        after: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        """The next `times` messages (to `address`) fail; with `after`, once they have arrived, as when an answer is lost."""
        seconds = retry_after.total_seconds() if retry_after else None
        with self._changing() as database:
            database.execute(
                "insert into faults (address, error, retry_after, after, times) values (?, ?, ?, ?, ?)",
                (address, error.__name__, seconds, int(after), times),
            )

    def mend(self, address: str | None = None) -> None:
        """No more faults; for one address, where that is named."""
        with self._changing() as database:
            database.execute("delete from faults where ? is null or address = ?", (address, address))

    def sent(self, address: str | None = None) -> list[Sent]:
        """What arrived (at `address`), in order."""
        with self._changing() as database:
            rows = database.execute("select id, message, pid from sent order by id").fetchall()
        found = [Sent(f"{self.name}-{number}", _message(text), pid) for number, text, pid in rows]
        return [one for one in found if address is None or one.message.address == address]

    def tries(self) -> int:
        """How often `send` was called, whatever came of it."""
        with self._changing() as database:
            (count,) = database.execute("select count(*) from tries").fetchone()
        return int(count)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _fault(self, message: OutgoingMessage, *, after: bool) -> None:
        with self._changing() as database:
            row = database.execute(
                "select id, error, retry_after from faults where after = ? and times > 0 and "
                "(address is null or address = ?) order by id limit 1",
                (int(after), message.address),
            ).fetchone()
            if row is not None:
                database.execute("update faults set times = times - 1 where id = ?", (row[0],))
        if row is not None:
            raise _fault_of(row[1], row[2], f"{self.name} was told to fail")

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("begin immediate")
            try:
                yield self._database
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")


def _fault_of(error: str, seconds: float | None, text: str) -> ConnectorError:
    kind = FAULTS[error]
    if issubclass(kind, Unavailable):
        return kind(text, retry_after=timedelta(seconds=seconds) if seconds is not None else None)
    return kind(text)


def _text(message: OutgoingMessage) -> str:
    return json.dumps({name: getattr(message, name) for name in OutgoingMessage.__slots__}, ensure_ascii=False)


def _message(text: str) -> OutgoingMessage:
    data = json.loads(text)
    return OutgoingMessage(**{**data, "to": tuple(data["to"]), "mentions": tuple(data["mentions"])})
