"""What is held: one row per thing, with the number that only grows and the state that the thing should be in.

A thing is what a call does to one target: (connector, effect, identity). Each entry and each release on it takes the
next number. The state that is *wanted* follows from the holds that are open:

- the newest open hold's call and arguments, if any hold is open;
- else what was there before the first of them.

`wanted_number` is the number at which that last changed, so a second hold of the same kind, and a release that is not
the last one, change nothing on the platform; and whoever acts for a state, however many of them and however often,
acts under one number. `begun_number` is the newest number that was sent there, `settled_number` the newest whose state
has been seen, or acknowledged, there.

`before` is stored before the first act (`before_by` says for which entry), and forgotten when a thing that was let go
is held anew: while it is empty, nothing has been done to the thing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, Connection, Integer, RowMapping, String, Table, Text, bindparam, select, update
from sqlalchemy.types import BigInteger

from firedoor.records.database import BigId, JsonData, insert_new, metadata

ledgers = Table(
    "ledgers",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False),
)
"""A single row: a name of its own for this ledger, so that the keys of one that was lost are not those of its heir."""

things = Table(
    "things",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("last_number", BigInteger, nullable=False),
    Column("wanted_number", BigInteger, nullable=False),
    Column("wanted", JsonData, nullable=False),
    Column("begun_number", BigInteger, nullable=False),
    Column("settled_number", BigInteger, nullable=False),
    Column("before", JsonData),
    Column("before_by", BigId),
)


@dataclass(frozen=True, slots=True)
class State:
    """What a thing should be: held by an act, or free, by the act's undo."""

    held: bool
    call: str
    undo: str | None
    target: str
    arguments: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "held": self.held,
            "call": self.call,
            "undo": self.undo,
            "target": self.target,
            "arguments": self.arguments,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """The newest state of a thing, by the ledger: contained by `call` with `arguments`, or let go by `undo`."""

    thing: str
    number: int
    held: bool
    call: str
    undo: str | None
    target: str
    arguments: dict[str, Any]
    before: dict[str, Any] | None
    before_by: int | None
    settled: bool
    doubted: bool
    """Another state was sent to the platform, and has not been seen there: it may land yet."""

    @property
    def state(self) -> State:
        return State(self.held, self.call, self.undo, self.target, self.arguments)

    def same_state(self, other: State) -> bool:
        if not self.held or not other.held:
            return self.held == other.held
        return (self.call, self.arguments) == (other.call, other.arguments)


def ledger_id(connection: Connection) -> str:
    return str(connection.execute(select(ledgers.c.id)).scalar_one())


def key_of(ledger: str, connector: str, effect: str, identity: str) -> str:
    """The opaque name of a thing. It goes to platforms, so it says nothing about the target."""
    text = json.dumps([ledger, connector, effect, identity], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def lock_or_make(connection: Connection, key: str, connector: str, effect: str, identity: str) -> int:
    """The id of the thing's row, locked until the transaction ends."""
    there = select(things.c.id).where(things.c.key == key).with_for_update()
    found = connection.execute(there).scalar_one_or_none()
    if found is None:
        insert_new(connection, things, [_made(key, connector, effect, identity)])
        found = connection.execute(there).scalar_one()
    return int(found)


@dataclass(slots=True)
class Locked:
    """The row of a thing that is locked, while several intentions are entered."""

    id: int
    last: int
    wanted: Wanted
    changes: dict[str, Any]

    def take(self, state: State) -> int:
        """The next number, for a hold or a release that brings the state about: as `next_number` and `want`, kept by
        `keep_all`."""
        self.last += 1
        changed = _changed(self.wanted, state, self.last)
        if not changed:
            return self.last
        self.changes |= changed
        new: dict[str, Any] = {"number": self.last, "settled": False} if "wanted_number" in changed else {}
        now = replace(self.wanted, **state.as_json(), **new)
        self.wanted = replace(now, before=None, before_by=None) if "before" in changed else now
        return self.last


def lock_or_make_all(connection: Connection, named: dict[str, tuple[str, str, str]]) -> dict[str, Locked]:
    """The rows of the things of these keys, locked until the transaction ends, in one order for all who do that."""
    new = [_made(key, *name) for key, name in sorted(named.items())]
    insert_new(connection, things, new)
    query = select(things).where(things.c.key.in_(list(named))).order_by(things.c.key).with_for_update()
    return {row["key"]: _locked(row) for row in connection.execute(query).mappings()}


def locked_all(connection: Connection, ids: Sequence[int]) -> dict[int, Locked]:
    """The rows of these things, held until the transaction ends."""
    lock_all(connection, ids)
    query = select(things).where(things.c.id.in_(ids))
    return {row["id"]: _locked(row) for row in connection.execute(query).mappings()}


def _locked(row: RowMapping) -> Locked:
    return Locked(row["id"], row["last_number"], _wanted(row), {})


def keep_all(connection: Connection, locked: list[Locked]) -> None:
    """Write what was taken."""
    columns = ("wanted", "wanted_number", "before", "before_by")
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for thing in locked:
        changes = {"last": thing.last, **{f"new_{name}": value for name, value in thing.changes.items()}}
        names = tuple(name for name in columns if name in thing.changes)
        by_columns.setdefault(names, []).append({"thing": thing.id, **changes})
    for names, rows in by_columns.items():
        values = {name: bindparam(f"new_{name}", type_=things.c[name].type) for name in names}
        kept = update(things).where(things.c.id == bindparam("thing")).values(last_number=bindparam("last"), **values)
        connection.execute(kept, rows)


def _made(key: str, connector: str, effect: str, identity: str) -> dict[str, Any]:
    return {
        "key": key,
        "connector": connector,
        "effect": effect,
        "identity": identity,
        "last_number": 0,
        "wanted_number": 0,
        "wanted": State(held=False, call=effect, undo=None, target="", arguments={}).as_json(),
        "begun_number": 0,
        "settled_number": 0,
    }


def lock(connection: Connection, thing: int) -> None:
    """Hold the thing's row until the transaction ends. On SQLite a transaction that writes holds everything."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(things.c.id).where(things.c.id == thing).with_for_update()).one()


def next_number(connection: Connection, thing: int) -> int:
    grown = update(things).where(things.c.id == thing).values(last_number=things.c.last_number + 1)
    return int(connection.execute(grown.returning(things.c.last_number)).scalar_one())


def wanted(connection: Connection, thing: int) -> Wanted:
    return _wanted(connection.execute(select(things).where(things.c.id == thing)).mappings().one())


def want(connection: Connection, thing: int, state: State, number: int) -> None:
    """From `number` on the thing should be in `state`; nothing changes where it should be already.

    Several targets can be one thing: then another one's hold carries the state on, under the old number.
    """
    changed = _changed(wanted(connection, thing), state, number)
    if changed:
        connection.execute(update(things).where(things.c.id == thing).values(changed))


def _changed(now: Wanted, state: State, number: int) -> dict[str, Any]:
    changed: dict[str, Any] = {"wanted": state.as_json()}
    if not now.same_state(state):
        changed["wanted_number"] = number
        if now.settled and not now.held:
            changed |= {"before": None, "before_by": None}
    elif not state.held:
        return {}
    return changed


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was found `before` a state is brought about for an entry, under `number`; `acts`: and that is sent now."""

    entry: int
    thing: int
    number: int
    before: dict[str, Any]
    acts: bool


def begin_all(connection: Connection, beginnings: Sequence[Beginning]) -> list[bool]:
    """Store what was found before the first act on each (the first one counts), and that a number is sent.

    False for each whose number is not the newest.
    """
    now = wanted_all(connection, [one.thing for one in beginnings])
    sent = [{"id_": one.thing, "begun_number": one.number} for one in beginnings if one.acts and _is_newest(now, one)]
    found: dict[int, dict[str, Any]] = {}
    for one in beginnings:
        if _is_newest(now, one) and now[one.thing].before is None and one.thing not in found:
            found[one.thing] = {"id_": one.thing, "before": one.before, "before_by": one.entry}
    mine = update(things).where(things.c.id == bindparam("id_"))
    for rows in (sent, list(found.values())):
        if rows:
            connection.execute(mine, rows)
    return [_is_newest(now, one) for one in beginnings]


def _is_newest(now: dict[int, Wanted], one: Beginning) -> bool:
    return now[one.thing].number == one.number


def settle_all(connection: Connection, shown: Sequence[tuple[int, int]]) -> list[Wanted | None]:
    """The platform shows the state of a number of each thing. Returns how each stood before; None where the number is not
    the newest any more."""
    now = wanted_all(connection, [thing for thing, _ in shown])
    found = [now[thing] if now[thing].number == number else None for thing, number in shown]
    rows = [
        {"id_": thing, "settled_number": number}
        for (thing, number), one in zip(shown, found, strict=True)
        if one is not None
    ]
    if rows:
        connection.execute(update(things).where(things.c.id == bindparam("id_")), rows)
    return found


def lock_all(connection: Connection, ids: Sequence[int]) -> None:
    """Hold the rows of these things until the transaction ends, in one order for all who do that."""
    if connection.dialect.name != "sqlite":
        query = select(things.c.id).where(things.c.id.in_(ids)).order_by(things.c.key).with_for_update()
        connection.execute(query).all()


def wanted_all(connection: Connection, ids: Sequence[int]) -> dict[int, Wanted]:
    lock_all(connection, ids)
    query = select(things).where(things.c.id.in_(ids))
    return {row["id"]: _wanted(row) for row in connection.execute(query).mappings()}


def renew(connection: Connection, thing: int, number: int, found: dict[str, Any] | None) -> None:
    """The state of `number` has to be done again: it gets a new number. `found`: what is there before that."""
    if wanted(connection, thing).number == number:
        values: dict[str, Any] = {"wanted_number": next_number(connection, thing)}
        if found is not None:
            values["before"] = found
        connection.execute(update(things).where(things.c.id == thing).values(values))


def _wanted(row: RowMapping) -> Wanted:
    return Wanted(
        thing=row["key"],
        number=row["wanted_number"],
        settled=row["settled_number"] == row["wanted_number"],
        doubted=row["settled_number"] < row["begun_number"] != row["wanted_number"],
        before=row["before"],
        before_by=row["before_by"],
        **row["wanted"],
    )
