"""One SQL database for all records: SQLite in a file, or PostgreSQL by its URL.

What is written here must be there after a crash, because an act follows it. So SQLite runs with WAL and
synchronous=FULL, and everything that allocates a number does so in one transaction that takes the write lock first:
several workers, in one process or in many, may share one file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    TypeDecorator,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import StaticPool
from typing_extensions import override

BUSY: Final = timedelta(seconds=30)
"""How long a writer of another process is waited for."""

SCHEMA_LOCK: Final = 0xF12E_D002

Synchronous = Literal["OFF", "NORMAL", "FULL", "EXTRA"]

metadata: Final = MetaData()

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the type is INTEGER."""

JsonData = JSON(none_as_null=True)


class Instant(TypeDecorator[datetime]):
    """A moment: aware going in, UTC coming out. SQLite keeps no zone, so it is put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone: {value.isoformat()}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Statements:
    """Where one process opens many SQLite databases: each statement is compiled once, and not for every one of them."""

    def __init__(self) -> None:
        self._dialect: Dialect | None = None
        self._compiled: dict[Any, Any] = {}
        self._first = threading.Lock()

    def share(self, engine: Engine) -> None:
        """What is compiled belongs to a dialect, so that is shared as well; it is complete once something is connected."""
        with self._first:
            if self._dialect is None:
                engine.connect().close()
                self._dialect = engine.dialect
        engine.dialect = self._dialect
        engine.update_execution_options(compiled_cache=self._compiled)


class Database:
    """Transactions on one engine. Safe to use from many threads.

    `synchronous` is SQLite's: FULL survives a power cut, NORMAL only the death of the process (for tests and
    rehearsals).
    """

    def __init__(
        self,
        url: str,
        *,
        synchronous: Synchronous = "FULL",
        busy: timedelta = BUSY,
        statements: Statements | None = None,
    ) -> None:
        parsed = make_url(url)
        self._sqlite = parsed.get_backend_name() == "sqlite"
        self._alone: threading.RLock | None = None
        if self._sqlite:
            in_memory = parsed.database in (None, "", ":memory:")
            self.engine = create_engine(
                parsed,
                connect_args={"timeout": busy.total_seconds(), "check_same_thread": False},
                **({"poolclass": StaticPool} if in_memory else {}),
            )
            _prepare_sqlite(self.engine, synchronous)
            if statements is not None:
                statements.share(self.engine)
            self._alone = threading.RLock() if in_memory else None
        else:
            self.engine = create_engine(parsed, pool_pre_ping=True)
        # SQLite polls for its write lock, and unfairly; threads of one process queue here instead.
        self._writing: AbstractContextManager[Any] = self._alone or (
            threading.Lock() if self._sqlite else nullcontext()
        )

    def create_schema(self) -> None:
        """Make what is missing. Safe to run again, and by several processes at once."""
        from firedoor.records import (  # noqa: F401  they fill `metadata`
            deliveries,
            ledger,
            lists,
            plans,
            rounds,
            things,
            timeline,
        )

        with self.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(SCHEMA_LOCK)))
            metadata.create_all(connection)
            insert_new(connection, things.ledgers, [{"one": 1, "id": uuid4().hex}])

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent picture, which blocks nobody."""
        with self._alone or nullcontext(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block. On SQLite it holds the write lock from its beginning."""
        with self._writing, self.engine.connect() as connection:
            with connection.execution_options(firedoor_writes=True).begin():
                yield connection

    def close(self) -> None:
        self.engine.dispose()


def _prepare_sqlite(engine: Engine, synchronous: Synchronous) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin by itself, late and deferred
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        writes = connection.get_execution_options().get("firedoor_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert the rows whose keys are not there yet; returns how many were new."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = dialect.insert(table).values(rows).on_conflict_do_nothing()
    return connection.execute(added, execution_options={"preserve_rowcount": True}).rowcount
