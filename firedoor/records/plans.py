"""Plans by their digest, and the incidents that were launched on them: the lists that work while Temporal is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    RowMapping,
    String,
    Table,
    Text,
    or_,
    select,
    update,
)

from firedoor.plan import Plan
from firedoor.plan.model import Severity, unpack
from firedoor.protocol import Phase, Signed
from firedoor.records.database import Database, Instant, JsonData, insert_new, metadata

plans_table = Table(
    "plans",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("packed", LargeBinary, nullable=False),
)

incidents_table = Table(
    "incidents",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("playbook", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("plan", String(64), ForeignKey("plans.digest"), nullable=False),
    Column("launch", JsonData, nullable=False),
    Column("launched_by", Text, nullable=False),
    Column("launched_at", Instant, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("phase", String(16), nullable=False),
    Column("severity", String(8)),
    Column("closed_at", Instant),
    Index("incidents_by_launch", "launched_at"),
)


@dataclass(frozen=True, slots=True)
class Incident:
    """One line of a list. `severity` is None until the run has said it. Moments are in UTC."""

    incident: str
    playbook: str
    title: str
    plan: str
    launch: Signed
    launched_by: str
    launched_at: datetime
    drill: bool = False
    phase: Phase = "responding"
    severity: Severity | None = None
    closed_at: datetime | None = None


class Plans:
    """Content-addressed: a plan is kept once, under the digest that is computed here and never one that is claimed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, plan: Plan) -> str:
        """Store the plan, unless it is there. Returns its digest."""
        with self._database.write() as connection:
            insert_new(connection, plans_table, [{"digest": plan.digest, "packed": plan.pack()}])
        return plan.digest

    def packed(self, digest: str) -> bytes | None:
        """The compressed bytes, as a launch takes them."""
        with self._database.read() as connection:
            query = select(plans_table.c.packed).where(plans_table.c.digest == digest)
            return connection.execute(query).scalar_one_or_none()

    def get(self, digest: str) -> Plan | None:
        """Raises ValueError where what was stored is no longer that plan."""
        packed = self.packed(digest)
        if packed is None:
            return None
        plan = unpack(packed)
        if plan.digest != digest:
            raise ValueError(f"the plan that is stored as {digest} is another one")
        return plan


class Incidents:
    """What was launched, and how far it is by its last word."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def launched(self, incident: Incident) -> bool:
        """Write a launch down, before its workflow starts. False where it is there already; then it stays as it is.

        Its plan must be kept first.
        """
        values = {name: getattr(incident, name) for name in Incident.__dataclass_fields__}
        with self._database.write() as connection:
            new = insert_new(
                connection, incidents_table, [{**values, "launch": incident.launch.model_dump(mode="json")}]
            )
            return bool(new)

    def progressed(
        self,
        incident: str,
        *,
        phase: Phase,
        severity: Severity | None = None,
        closed_at: datetime | None = None,
        at: datetime | None = None,
    ) -> None:
        """What lists show of it from now on. What a run says late, having closed, changes nothing; one that was reset
        speaks `at` a moment after it had closed, and is open again."""
        changes: dict[str, object] = {"phase": phase, "closed_at": closed_at}
        if severity is not None:
            changes["severity"] = severity
        change = update(incidents_table).where(incidents_table.c.incident == incident)
        if phase != "closed":
            closed = incidents_table.c.closed_at
            change = change.where(
                or_(incidents_table.c.phase != "closed", closed.is_(None), *([closed < at] if at else []))
            )
        with self._database.write() as connection:
            connection.execute(change.values(changes))

    def get(self, incident: str) -> Incident | None:
        with self._database.read() as connection:
            query = select(incidents_table).where(incidents_table.c.incident == incident)
            row = connection.execute(query).mappings().one_or_none()
        return _incident(row) if row is not None else None

    def list(self, *, closed: bool = True, limit: int = 100) -> list[Incident]:
        """The newest first; with `closed` False only those that still run."""
        query = select(incidents_table).order_by(incidents_table.c.launched_at.desc()).limit(limit)
        if not closed:
            query = query.where(incidents_table.c.phase != "closed")
        with self._database.read() as connection:
            return [_incident(row) for row in connection.execute(query).mappings()]


def _incident(row: RowMapping) -> Incident:
    return Incident(**{**row, "launch": Signed.model_validate(row["launch"])})
