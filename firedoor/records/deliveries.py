"""Who was sent what: one row per message, recipient and channel, so that a retry sends only what was not sent.

A row that is `sending` belongs to a try that has not ended, or that died. Whoever finds it sends again under the same
key; a channel that knows the key sends nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Column, ColumnElement, Integer, RowMapping, String, Table, Text, and_, select, update

from firedoor.records.database import Database, Instant, insert_new, metadata

SendingState = Literal["sending", "sent", "failed"]

MOST_ERROR: Final = 2_000

deliveries_table = Table(
    "deliveries",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("state", String(8), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("provider_id", Text),
    Column("error", Text),
)


@dataclass(frozen=True, slots=True)
class Sending:
    """`key` names the message in its incident. `at` is when the state was reached, in UTC."""

    incident: str
    key: str
    recipient: str
    channel: str
    state: SendingState
    tries: int
    language: str
    at: datetime
    provider_id: str | None
    error: str | None


class Deliveries:
    """Methods are synchronous, one transaction each, and safe to call from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, incident: str, key: str, recipient: str, channel: str, at: datetime, language: str = ""
    ) -> Sending | None:
        """Claim the sending, before it is tried. None: it has been sent already."""
        mine = _is(incident, key, recipient, channel)
        with self._database.write() as connection:
            new = {"incident": incident, "key": key, "recipient": recipient, "channel": channel}
            new_state = {"state": "sending", "tries": 0, "language": language, "at": at}
            insert_new(connection, deliveries_table, [{**new, **new_state}])
            claim = update(deliveries_table).where(mine, deliveries_table.c.state != "sent")
            again = claim.values(state="sending", tries=deliveries_table.c.tries + 1, language=language, at=at)
            claimed = connection.execute(again.returning(*deliveries_table.c)).mappings().one_or_none()
            return _sending(claimed) if claimed is not None else None

    def sent(
        self, incident: str, key: str, recipient: str, channel: str, at: datetime, provider_id: str | None = None
    ) -> None:
        values = {"state": "sent", "at": at, "provider_id": provider_id, "error": None}
        with self._database.write() as connection:
            connection.execute(update(deliveries_table).where(_is(incident, key, recipient, channel)).values(values))

    def failed(self, incident: str, key: str, recipient: str, channel: str, at: datetime, error: str) -> None:
        """What was sent stays sent, whatever a late try says."""
        change = update(deliveries_table).where(
            _is(incident, key, recipient, channel), deliveries_table.c.state != "sent"
        )
        with self._database.write() as connection:
            connection.execute(change.values(state="failed", at=at, error=error[:MOST_ERROR]))

    def of(self, incident: str, key: str | None = None) -> list[Sending]:
        """All sendings of an incident, or of one of its messages."""
        query = select(deliveries_table).where(deliveries_table.c.incident == incident)
        if key is not None:
            query = query.where(deliveries_table.c.key == key)
        order = (deliveries_table.c.key, deliveries_table.c.recipient, deliveries_table.c.channel)
        with self._database.read() as connection:
            return [_sending(row) for row in connection.execute(query.order_by(*order)).mappings()]


def _is(incident: str, key: str, recipient: str, channel: str) -> ColumnElement[bool]:
    columns = deliveries_table.c
    return and_(
        columns.incident == incident,
        columns.key == key,
        columns.recipient == recipient,
        columns.channel == channel,
    )


def _sending(row: RowMapping) -> Sending:
    return Sending(**row)
