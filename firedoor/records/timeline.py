"""The timeline: what happened in an incident, row by row, as its run told it.

Rows are numbered by the run, from 1 without gaps, and written with whatever act comes next; so the same row arrives
more than once. And a run that was reset tells its story anew: the same things at other moments, and under other numbers
as soon as one thing went otherwise. So a row is known by what it says, not by when and where it was said: the first to
arrive stays, and a new one whose number is taken gets the next that is free. Each thing is told once, and none is lost.

A row that tells of moved leases carries them for the ledger (firedoor.run.leases), which learns them with the row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, Connection, RowMapping, String, Table, Text, UniqueConstraint, func, select
from sqlalchemy.types import BigInteger

from firedoor.protocol import Row, Signed
from firedoor.records import ledger
from firedoor.records.database import Database, Instant, JsonData, insert_new, metadata
from firedoor.run.leases import LEASES, Lease

AT_ONCE: Final = 500
"""Rows in one statement; SQLite bounds its parameters."""

AFTER_THE_RUN: Final = 1_000_000
"""The review's rows are recorded under numbers above this one (workflows.review)."""

rows_table = Table(
    "timeline_rows",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("identity", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("step", Text),
    Column("by", Text),
    Column("data", JsonData, nullable=False),
    Column("signed", JsonData),
    UniqueConstraint("incident", "seq"),
)

told_table = Table(
    "timeline_told",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
)
"""The numbers that have arrived, by which a gap is found."""


class Timeline:
    """Methods are synchronous, one transaction each, and safe to call from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, incident: str, rows: Sequence[Row]) -> int:
        """Add what is not there yet. Returns the highest number that was told and has no gap below it."""
        if not rows:
            return self.recorded(incident)
        leases = [Lease.model_validate(lease) for row in rows for lease in row.data.get(LEASES, ())]
        rows = [_without_leases(row) for row in rows]
        with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(incident))))
            for lease in leases:
                ledger.move_lease(connection, incident, lease)
            for first in range(0, len(rows), AT_ONCE):
                _add(connection, incident, rows[first : first + AT_ONCE])
            return _recorded(connection, incident)

    def read(self, incident: str, since: int = 0, limit: int | None = None) -> list[Row]:
        """The rows after `since`, in order, `limit` of them at most. No two have the same number."""
        query = select(rows_table).where(rows_table.c.incident == incident, rows_table.c.seq > since)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(rows_table.c.seq).limit(limit)).mappings().all()
        return [_row(row) for row in found]

    def signed(self, incident: str) -> list[Signed]:
        """What came with a signature, in the order of the rows; whoever uses it verifies it."""
        query = select(rows_table.c.signed).where(rows_table.c.incident == incident).order_by(rows_table.c.seq)
        with self._database.read() as connection:
            return [Signed.model_validate(found) for found in connection.execute(query).scalars() if found is not None]

    def recorded(self, incident: str) -> int:
        """The highest number that was told and has no gap below it; 0 where there is none."""
        with self._database.read() as connection:
            return _recorded(connection, incident)

    def told(self, incident: str) -> list[int]:
        """All numbers that have arrived, in order."""
        with self._database.read() as connection:
            return _told(connection, incident)


def _without_leases(row: Row) -> Row:
    if LEASES not in row.data:
        return row
    return row.model_copy(update={"data": {name: value for name, value in row.data.items() if name != LEASES}})


def identity(row: Row) -> str:
    """What a row says, as a hash: all of it but its number and its moment."""
    said = row.model_dump(mode="json", exclude={"seq", "at"})
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _add(connection: Connection, incident: str, rows: Sequence[Row]) -> None:
    mine = rows_table.c.incident == incident
    new = {identity(row): row for row in reversed(rows)}
    known = select(rows_table.c.identity).where(mine, rows_table.c.identity.in_(list(new)))
    for name in connection.execute(known).scalars():
        del new[name]
    if new:
        numbers = [row.seq for row in new.values()]
        taken = set(connection.execute(select(rows_table.c.seq).where(mine, rows_table.c.seq.in_(numbers))).scalars())
        values = []
        for name, row in sorted(new.items(), key=lambda one: one[1].seq):
            seq = row.seq if row.seq not in taken else _next_free(connection, incident, row.seq, [*taken, *numbers])
            taken.add(seq)
            values.append({**_values(incident, row), "identity": name, "seq": seq})
        insert_new(connection, rows_table, values)
    insert_new(connection, told_table, [{"incident": incident, "seq": row.seq} for row in rows])


def _next_free(connection: Connection, incident: str, seq: int, besides: Sequence[int]) -> int:
    """Behind all others: those of the run among themselves, and those of its review."""
    first, last = (AFTER_THE_RUN, 2 * AFTER_THE_RUN) if seq > AFTER_THE_RUN else (0, AFTER_THE_RUN)
    column = rows_table.c.seq
    query = select(func.max(column)).where(rows_table.c.incident == incident, column > first, column < last)
    highest = connection.execute(query).scalar_one_or_none() or first
    return 1 + max([highest, *(other for other in besides if first < other < last)])


def _values(incident: str, row: Row) -> dict[str, Any]:
    data = row.model_dump(mode="json", exclude={"at"})
    return {"incident": incident, "at": row.at, **data}


def _row(found: RowMapping) -> Row:
    return Row.model_validate({name: value for name, value in found.items() if name not in ("incident", "identity")})


def _told(connection: Connection, incident: str) -> list[int]:
    query = select(told_table.c.seq).where(told_table.c.incident == incident)
    return list(connection.execute(query.order_by(told_table.c.seq)).scalars())


def _recorded(connection: Connection, incident: str) -> int:
    mine = told_table.c.incident == incident
    highest, count = connection.execute(
        select(func.coalesce(func.max(told_table.c.seq), 0), func.count()).where(mine, told_table.c.seq < AFTER_THE_RUN)
    ).one()
    if highest == count:
        return int(highest)
    last = 0
    for seq in _told(connection, incident):
        if seq != last + 1:
            break
        last = seq
    return last
