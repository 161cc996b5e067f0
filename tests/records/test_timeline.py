"""The timeline keeps each row once, in order, and loses none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from firedoor.protocol import Row, Signed
from firedoor.records.all import open_records
from firedoor.records.timeline import AT_ONCE, Timeline

NOW = datetime(2026, 3, 4, 2, 45, 0, 123456, tzinfo=UTC)


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    return open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF").timeline


def row(seq: int, words: str = "something happened") -> Row:
    return Row(seq=seq, at=NOW + timedelta(seconds=seq), kind="test.row", words=words)


def test_rows_come_back_as_they_were(timeline: Timeline) -> None:
    full = Row(
        seq=1,
        at=NOW,
        kind="approval.signed",
        words="Ana signed: „weiter“ 🔥",
        step="3[1].0",
        by="ana",
        data={"choice": "approve", "targets": ["@a:x"], "none": None},
        signed=Signed(body="{}", key="k", signature="s"),
    )
    assert timeline.write("one", [full, row(2)]) == 2
    assert timeline.read("one") == [full, row(2)]
    assert timeline.read("two") == []


def test_the_same_rows_again_change_nothing(timeline: Timeline) -> None:
    rows = [row(1), row(2)]
    timeline.write("one", rows)
    moved = [found.model_copy(update={"at": found.at.astimezone(timezone(timedelta(hours=9)))}) for found in rows]
    assert timeline.write("one", [*moved, row(3)]) == 3
    assert timeline.read("one") == [*rows, row(3)]
    assert timeline.conflicts("one") == []


def test_another_row_under_the_same_number_is_kept_beside_it(timeline: Timeline) -> None:
    timeline.write("one", [row(1), row(2)])
    for _ in range(2):
        assert timeline.write("one", [row(2, "told otherwise"), row(3)]) == 3
    assert [found.words for found in timeline.read("one")] == ["something happened"] * 3
    assert timeline.conflicts("one") == [row(2, "told otherwise")]


def test_what_is_recorded_ends_at_the_first_gap(timeline: Timeline) -> None:
    assert timeline.recorded("one") == 0
    assert timeline.write("one", [row(3), row(4)]) == 0
    assert timeline.write("one", [row(1)]) == 1
    assert timeline.write("one", [row(6)]) == 1
    assert timeline.write("one", [row(2)]) == 4
    assert timeline.write("one", []) == 4


def test_it_is_read_in_parts(timeline: Timeline) -> None:
    count = AT_ONCE * 2 + 3
    assert timeline.write("one", [row(seq) for seq in range(1, count + 1)]) == count
    assert [found.seq for found in timeline.read("one", since=count - 2)] == [count - 1, count]
    assert [found.seq for found in timeline.read("one", since=10, limit=2)] == [11, 12]
