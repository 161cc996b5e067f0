"""Leases that people move reach the ledger with the rows that tell of it, in any order and any number of times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firedoor.protocol import Row
from firedoor.records.all import Records, open_records
from firedoor.run.leases import LEASES, Lease
from tests.records.test_ledger import NOW, hold, let_go

HOUR = timedelta(hours=1)
NAMES = ("@a:x", "@b:x", "@c:x")


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Three targets are contained for four hours."""
    records = open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")
    for name in NAMES:
        hold(records.ledger, "one", name, expires=4 * HOUR)
    return records


def row(seq: int, *leases: Lease) -> Row:
    data = {"value": 3600, LEASES: [lease.model_dump(mode="json") for lease in leases]}
    return Row(seq=seq, at=NOW, kind="command.extend", words=f"extended {seq}", step="0", data=data)


def lease(until: datetime | None, *targets: str) -> Lease:
    return Lease(step="0", targets=targets or NAMES, until=until)


def ends(records: Records) -> list[datetime | None]:
    return [entry.until for entry in records.ledger.of_incident("one")]


def overdue(records: Records, hours: int) -> list[str]:
    return [entry.target for entry in records.ledger.overdue(NOW + hours * HOUR)]


def test_a_watchdog_goes_by_the_lease_that_was_moved(records: Records) -> None:
    records.timeline.write("one", [row(1, lease(NOW + 9 * HOUR, "@a:x"), lease(None, "@b:x"))])
    assert ends(records) == [NOW + 9 * HOUR, None, NOW + 4 * HOUR]
    assert overdue(records, 5) == ["@c:x"]
    assert overdue(records, 10) == ["@a:x", "@c:x"]


def test_a_row_is_recorded_without_the_leases_that_it_carried(records: Records) -> None:
    records.timeline.write("one", [row(1, lease(NOW + 9 * HOUR))])
    records.timeline.write("one", [row(1, lease(NOW + 10 * HOUR))])
    assert [found.data for found in records.timeline.read("one")] == [{"value": 3600}]
    assert ends(records) == [NOW + 10 * HOUR] * 3


def test_what_arrives_late_moves_no_lease_back(records: Records) -> None:
    records.timeline.write("one", [row(2, lease(NOW + 9 * HOUR))])
    records.timeline.write("one", [row(1, lease(NOW + 6 * HOUR))])
    assert ends(records) == [NOW + 9 * HOUR] * 3
    records.timeline.write("one", [row(3, lease(None))])
    records.timeline.write("one", [row(2, lease(NOW + 9 * HOUR))])
    assert ends(records) == [None] * 3


def test_only_what_is_held_for_that_step_of_that_incident_is_moved(records: Records) -> None:
    other = hold(records.ledger, "two", "@a:x", expires=4 * HOUR)
    for entry in records.ledger.of_incident("one")[:1]:
        let_go(records.ledger, entry)
    records.timeline.write("one", [row(1, lease(NOW + 9 * HOUR), Lease(step="1", targets=NAMES, until=None))])
    assert ends(records) == [NOW + 4 * HOUR, NOW + 9 * HOUR, NOW + 9 * HOUR]
    assert records.ledger.find("two", "0", "@a:x", 1) == other


def test_a_long_list_is_moved(tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path}/long.db", synchronous="OFF")
    names = tuple(f"@{number}:x" for number in range(1_001))
    for name in names:
        hold(records.ledger, "one", name, expires=HOUR)
    records.timeline.write("one", [row(1, Lease(step="0", targets=names, until=NOW.astimezone(UTC) + 2 * HOUR))])
    assert set(ends(records)) == {NOW + 2 * HOUR}
