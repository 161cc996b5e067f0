"""All records on one database, opened together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from firedoor.records.database import BUSY, Database, Statements, Synchronous
from firedoor.records.deliveries import Deliveries
from firedoor.records.ledger import Ledger
from firedoor.records.lists import Lists
from firedoor.records.plans import Incidents, Plans
from firedoor.records.rounds import Rounds
from firedoor.records.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Records:
    database: Database
    ledger: Ledger
    timeline: Timeline
    plans: Plans
    incidents: Incidents
    deliveries: Deliveries
    lists: Lists
    rounds: Rounds

    def close(self) -> None:
        self.database.close()


def open_records(
    url: str,
    *,
    synchronous: Synchronous = "FULL",
    busy: timedelta = BUSY,
    statements: Statements | None = None,
) -> Records:
    """Open the database and make what is missing in it.

    `url` is SQLAlchemy's: "sqlite:////var/lib/firedoor/records.db", "postgresql+psycopg://…".
    `busy`: how long a writer of another process is waited for. `statements`: shared with other databases of the process.
    """
    database = Database(url, synchronous=synchronous, busy=busy, statements=statements)
    database.create_schema()
    return Records(
        database=database,
        ledger=Ledger(database),
        timeline=Timeline(database),
        plans=Plans(database),
        incidents=Incidents(database),
        deliveries=Deliveries(database),
        lists=Lists(database),
        rounds=Rounds(database),
    )
