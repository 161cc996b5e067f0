"""A platform that is not there: it keeps the contract, counts its effects, and fails when it is told to.

For tests, drills, rehearsals and the bench. Its state is in a SQLite database, in memory or in a file: a file is shared
by processes and outlives a worker that was killed, so that afterwards one can ask how often it really acted.

It takes any call with any target, except targets that were declared missing.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

from firedoor.connectors.contract import Call, Found, Json, Order, plain_identity
from firedoor.connectors.errors import (
    BadSettings,
    ConnectorError,
    Overtaken,
    Refused,
    TargetMissing,
    Unavailable,
    UnknownCall,
)
from firedoor.connectors.settings import Settings

Moment = Literal["look", "apply", "restore", "read"]

FAULTS: Final[dict[str, type[ConnectorError]]] = {
    kind.__name__: kind for kind in (TargetMissing, Refused, UnknownCall, BadSettings, Unavailable)
}

SCHEMA: Final = """
create table if not exists effects (
    id integer primary key, key text, thing text, number integer, moment text, call text, target text,
    arguments text, pid integer);
create index if not exists effects_by_key on effects (key);
create table if not exists states (call text, identity text, arguments text, primary key (call, identity));
create table if not exists numbers (thing text primary key, number integer);
create table if not exists faults (
    id integer primary key, moment text, call text, target text, error text, retry_after real, after integer,
    times integer);
create table if not exists missing (target text primary key);
create table if not exists answers (call text primary key, value text);
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that the platform really did, once. `pid` is the process that asked for it."""

    key: str
    number: int
    moment: Literal["apply", "restore"]
    call: str
    target: str | None
    arguments: dict[str, Json]
    pid: int


class MemoryPlatform:
    """`fences` says whether it compares numbers itself, `keys` whether it knows a number again and acts on it once, and
    `looks` whether its state can be seen; real platforms differ.

    `interpose` is awaited before an act lands, when the request is on its way: tests let others overtake there.
    `delay` is how long each act takes, in seconds.
    """

    def __init__(
        self,
        name: str = "memory",
        *,
        path: Path | None = None,
        fences: bool = True,
        keys: bool = True,
        looks: bool = True,
        at_once: int = 8,
        delay: float = 0.0,
    ) -> None:
        self.name = name
        self.at_once = at_once
        self.fences = fences
        self.keys = keys
        self.looks = looks
        self.delay = delay
        self.interpose: Callable[[Moment, Order], Awaitable[None]] | None = None
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
        if path is not None:
            self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=off")
        with self._changing() as database:
            for statement in SCHEMA.split(";"):
                database.execute(statement)

    @classmethod
    def from_settings(cls, settings: Settings) -> MemoryPlatform:
        path = settings.text("path", "")
        at_once = settings.number("at_once", 8, least=1, most=64)
        delay = settings.number("delay", 0.0, least=0, most=3600)
        settings.done()
        return cls(settings.connector, path=Path(path) if path else None, at_once=int(at_once), delay=delay)

    # --- the contract -----------------------------------------------------------------------------------------------

    def call(self, name: str) -> Call:
        return Call(name, looks=self.looks)

    async def identify(self, order: Order) -> str:
        return plain_identity(order)

    async def look(self, order: Order) -> Found:
        self._fault("look", order, after=False)
        with self._changing() as database:
            self._must_exist(database, order.target)
            return self._found(database, order)

    async def apply(self, order: Order) -> Found | None:
        await self._act("apply", order, _text(order.arguments))
        return None

    async def restore(self, order: Order, before: Found) -> Found | None:
        if order.undo is None:
            raise UnknownCall(f"{self.name}: {order.call} has no undo")
        put_back = _text(order.arguments) if before.held else None if before.detail is None else _text(before.detail)
        await self._act("restore", order, put_back)
        return None

    async def read(self, call: str, arguments: Mapping[str, Json]) -> Json:
        self._fault("read", Order(thing="", number=0, call=call, arguments=arguments), after=False)
        with self._changing() as database:
            row = database.execute("select value from answers where call = ?", (call,)).fetchone()
        if row is None:
            raise UnknownCall(f"{self.name} was given no answer to {call}")
        return json.loads(row[0])

    async def check(self) -> None:
        """There is nothing to be wrong."""

    async def close(self) -> None:
        self._database.close()

    # --- what a script tells it, and asks it --------------------------------------------------------------------------

    def fail(
        self,
        error: type[ConnectorError],
        *,
        on: Moment = "apply",
        call: str | None = None,
        target: str | None = None,
        times: int = 1,
        after: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        """The next `times` such requests fail; with `after`, once they have acted, as when an answer is lost."""
        seconds = retry_after.total_seconds() if retry_after else None
        row = (on, call, target, error.__name__, seconds, int(after), times)
        with self._changing() as database:
            database.execute(
                "insert into faults (moment, call, target, error, retry_after, after, times) values (?,?,?,?,?,?,?)",
                row,
            )

    def mend(self, *, on: Moment | None = None, call: str | None = None, target: str | None = None) -> None:
        """No more faults; or of those that were told so, where something is named, none of exactly these."""
        everything = on is None and call is None and target is None
        with self._changing() as database:
            database.execute(
                "delete from faults where ? or (moment is ? and call is ? and target is ?)",
                (everything, on, call, target),
            )

    def missing(self, target: str) -> None:
        """That target does not exist."""
        with self._changing() as database:
            database.execute("insert or ignore into missing values (?)", (target,))

    def answer(self, call: str, value: Json) -> None:
        """What a read gives from now on."""
        with self._changing() as database:
            database.execute("insert or replace into answers values (?, ?)", (call, json.dumps(value)))

    def hold(self, call: str, target: str, arguments: Mapping[str, Json] | None = None) -> None:
        """Someone else brings the state about, past Firedoor."""
        with self._changing() as database:
            database.execute("insert or replace into states values (?, ?, ?)", (call, target, _text(arguments or {})))

    def free(self, call: str, target: str) -> None:
        """Someone else ends the state, past Firedoor."""
        with self._changing() as database:
            database.execute("delete from states where call = ? and identity = ?", (call, target))

    def held(self, call: str, target: str) -> bool:
        with self._changing() as database:
            query = "select 1 from states where call = ? and identity = ?"
            return database.execute(query, (call, target)).fetchone() is not None

    def effects(self, *, target: str | None = None) -> list[Effect]:
        """What it really did, in order."""
        columns = "key, number, moment, call, target, arguments, pid"
        with self._changing() as database:
            rows = database.execute(
                f"select {columns} from effects where ? is null or target = ? order by id",  # noqa: S608
                (target, target),
            ).fetchall()
        return [
            Effect(key, number, kind, call, on, json.loads(given), pid)
            for key, number, kind, call, on, given, pid in rows
        ]

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _act(self, moment: Literal["apply", "restore"], order: Order, state: str | None) -> None:
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.interpose is not None:
            await self.interpose(moment, order)
        self._fault(moment, order, after=False)
        with self._changing() as database:
            self._must_exist(database, order.target)
            self._fence(database, order)
            if not self.keys or not database.execute("select 1 from effects where key = ?", (order.key,)).fetchone():
                row = (order.key, order.thing, order.number, moment, order.call, order.target, _text(order.arguments))
                database.execute("insert into effects values (null,?,?,?,?,?,?,?,?)", (*row, os.getpid()))
                _put(database, order.call, plain_identity(order), state)
        self._fault(moment, order, after=True)

    def _fence(self, database: sqlite3.Connection, order: Order) -> None:
        row = database.execute("select number from numbers where thing = ?", (order.thing,)).fetchone()
        newest = row[0] if row else 0
        if self.fences and order.number < newest:
            raise Overtaken(f"{self.name} has seen number {newest}, and got {order.number}")
        database.execute("insert or replace into numbers values (?, ?)", (order.thing, max(newest, order.number)))

    def _found(self, database: sqlite3.Connection, order: Order) -> Found:
        query = "select arguments from states where call = ? and identity = ?"
        row = database.execute(query, (order.call, plain_identity(order))).fetchone()
        if row is None:
            return Found(held=False)
        return Found(held=row[0] == _text(order.arguments), detail=json.loads(row[0]))

    def _must_exist(self, database: sqlite3.Connection, target: str | None) -> None:
        if database.execute("select 1 from missing where target = ?", (target,)).fetchone():
            raise TargetMissing(f"{self.name} knows no {target}")

    def _fault(self, moment: Moment, order: Order, *, after: bool) -> None:
        with self._changing() as database:
            row = database.execute(
                "select id, error, retry_after from faults where moment = ? and after = ? and times > 0 and "
                "(call is null or call = ?) and (target is null or target = ?) order by id limit 1",
                (moment, int(after), order.call, order.target),
            ).fetchone()
            if row is not None:
                database.execute("update faults set times = times - 1 where id = ?", (row[0],))
        if row is not None:
            text = f"{self.name} was told to fail {order.call} on {order.target}"
            raise _fault_of(row[1], row[2], text, answered=not after)

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


def _fault_of(error: str, seconds: float | None, text: str, *, answered: bool) -> ConnectorError:
    kind = FAULTS[error]
    if issubclass(kind, Unavailable):
        wait = timedelta(seconds=seconds) if seconds is not None else None
        return kind(text, retry_after=wait, answered=answered)
    return kind(text)


def _put(database: sqlite3.Connection, call: str, identity: str, state: str | None) -> None:
    if state is None:
        database.execute("delete from states where call = ? and identity = ?", (call, identity))
    else:
        database.execute("insert or replace into states values (?, ?, ?)", (call, identity, state))


def _text(arguments: Any) -> str:
    return json.dumps(arguments, sort_keys=True)
