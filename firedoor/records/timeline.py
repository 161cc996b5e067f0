"""The timeline: what happened in an incident, row by row, as its run told it.

Rows are numbered by the run, from 1 without gaps, and written with whatever act comes next; so the same row arrives
more than once. The first to arrive stays. Another row under the same number (a run that was reset tells its story
anew) is kept beside it: nothing is lost, and nothing is overwritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final

from sqlalchemy import Column, Connection, RowMapping, String, Table, Text, exists, func, select
from sqlalchemy.types import BigInteger

from firedoor.protocol import Row
from firedoor.records.database import Database, Instant, JsonData, insert_new, metadata

AT_ONCE: Final = 500
"""Rows in one statement; SQLite bounds its parameters."""

rows_table = Table(
    "timeline",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("step", Text),
    Column("by", Text),
    Column("data", JsonData, nullable=False),
    Column("signed", JsonData),
)

conflicts_table = Table(
    "timeline_conflicts",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("row", JsonData, nullable=False),
)


class Timeline:
    """Methods are synchronous, one transaction each, and safe to call from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, incident: str, rows: Sequence[Row]) -> int:
        """Add the rows that are not there yet. Returns the highest row of the record that has no gap below it."""
        if not rows:
            return self.recorded(incident)
        with self._database.write() as connection:
            for first in range(0, len(rows), AT_ONCE):
                part = rows[first : first + AT_ONCE]
                new = insert_new(connection, rows_table, [_values(incident, row) for row in part])
                if new != len(part):
                    _keep_conflicts(connection, incident, part)
            return _recorded(connection, incident)

    def read(self, incident: str, since: int = 0, limit: int | None = None) -> list[Row]:
        """The rows after `since`, in order, `limit` of them at most."""
        query = select(rows_table).where(rows_table.c.incident == incident, rows_table.c.seq > since)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(rows_table.c.seq).limit(limit)).mappings().all()
        return [_row(row) for row in found]

    def recorded(self, incident: str) -> int:
        """The highest row that has no gap below it; 0 where there is none."""
        with self._database.read() as connection:
            return _recorded(connection, incident)

    def conflicts(self, incident: str) -> list[Row]:
        """Rows that came under a number that was taken by another."""
        query = select(conflicts_table.c.row).where(conflicts_table.c.incident == incident)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(conflicts_table.c.seq)).scalars().all()
        return [Row.model_validate(row) for row in found]


def _values(incident: str, row: Row) -> dict[str, Any]:
    data = row.model_dump(mode="json", exclude={"at"})
    return {"incident": incident, "at": row.at, **data}


def _row(found: RowMapping) -> Row:
    return Row.model_validate({name: value for name, value in found.items() if name != "incident"})


def _recorded(connection: Connection, incident: str) -> int:
    mine = rows_table.c.incident == incident
    highest, count = connection.execute(
        select(func.coalesce(func.max(rows_table.c.seq), 0), func.count()).where(mine)
    ).one()
    if highest == count:
        return int(highest)
    after = rows_table.alias("after")
    follows = exists().where(after.c.incident == incident, after.c.seq == rows_table.c.seq + 1)
    ends = select(func.min(rows_table.c.seq)).where(mine, ~follows)
    begins = connection.execute(select(rows_table.c.seq).where(mine, rows_table.c.seq == 1)).scalar_one_or_none()
    return int(connection.execute(ends).scalar_one()) if begins else 0


def _keep_conflicts(connection: Connection, incident: str, rows: Sequence[Row]) -> None:
    numbers = [row.seq for row in rows]
    query = select(rows_table).where(rows_table.c.incident == incident, rows_table.c.seq.in_(numbers))
    there = {found["seq"]: _row(found) for found in connection.execute(query).mappings()}
    others = [row for row in rows if _canonical(there[row.seq]) != _canonical(row)]
    insert_new(
        connection,
        conflicts_table,
        [
            {
                "incident": incident,
                "seq": row.seq,
                "digest": hashlib.sha256(_canonical(row)).hexdigest(),
                "row": row.model_dump(mode="json"),
            }
            for row in others
        ],
    )


def _canonical(row: Row) -> bytes:
    # A moment may come back in another zone than it went in; it is the same moment.
    return row.model_copy(update={"at": row.at.astimezone(UTC)}).model_dump_json().encode()
