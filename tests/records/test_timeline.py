"""The timeline keeps each row once, in order, and loses none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from firedoor.protocol import Row, Signed
from firedoor.records import report
from firedoor.records.all import open_records
from firedoor.records.timeline import AFTER_THE_RUN, AT_ONCE, Timeline

NOW = datetime(2026, 3, 4, 2, 45, 0, 123456, tzinfo=UTC)


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    return open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF").timeline


def row(seq: int, words: str = "", at: datetime = NOW) -> Row:
    return Row(seq=seq, at=at + timedelta(seconds=seq), kind="test.row", words=words or f"row {seq}")


def words(timeline: Timeline) -> list[str]:
    return [found.words for found in timeline.read("one")]


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


def test_a_run_that_was_reset_tells_each_thing_once(timeline: Timeline) -> None:
    """At other moments, and under other numbers from the first thing on that went otherwise."""
    timeline.write("one", [row(1), row(2, "asked"), row(3, "signed"), row(4, "ended")])
    later = NOW + timedelta(hours=1)
    again = [row(1, at=later), row(2, "asked", later), row(3, "refused", later), row(4, "signed", later)]
    for _ in range(2):
        assert timeline.write("one", again[:2]) == 4
        assert timeline.write("one", again[2:]) == 4
    assert timeline.write("one", [row(5, "ended", later), row(6, "closed", later)]) == 6
    assert words(timeline) == ["row 1", "asked", "signed", "ended", "refused", "closed"]
    assert [found.seq for found in timeline.read("one")] == [1, 2, 3, 4, 5, 6]
    assert [found.at - NOW for found in timeline.read("one")][:4] == [timedelta(seconds=seq) for seq in range(1, 5)]
    assert report.gaps(timeline.told("one")) == ()


def test_what_is_new_under_numbers_that_are_taken_keeps_its_order(timeline: Timeline) -> None:
    timeline.write("one", [row(seq) for seq in range(1, 6)])
    timeline.write("one", [row(3, "a"), row(4, "b"), row(7, "e"), row(5, "c")])
    timeline.write("one", [row(6, "d")])
    assert words(timeline) == ["row 1", "row 2", "row 3", "row 4", "row 5", "d", "e", "a", "b", "c"]


def test_the_review_stands_behind_its_run(timeline: Timeline) -> None:
    beside = AFTER_THE_RUN + 1
    timeline.write("one", [row(1), row(beside, "a task")])
    timeline.write("one", [row(1, "otherwise"), row(beside, "another task")])
    assert [(found.seq, found.words) for found in timeline.read("one")] == [
        (1, "row 1"),
        (2, "otherwise"),
        (beside, "a task"),
        (beside + 1, "another task"),
    ]
    assert timeline.recorded("one") == 1


def test_the_same_row_twice_in_one_load(timeline: Timeline) -> None:
    assert timeline.write("one", [row(1), row(2, "row 1"), row(3)]) == 3
    assert words(timeline) == ["row 1", "row 3"]


def test_what_is_merged_is_told_once() -> None:
    """The record's rows, and those that the run still has: after a reset under other numbers."""
    recorded = [row(1), row(2, "signed")]
    cut = row(2, "sig…").model_copy(update={"data": {"cut": True}})
    found = report.merged(recorded, [row(1), cut, row(2, "refused"), row(3, "signed"), row(4)])
    assert [(one.seq, one.words) for one in found] == [(1, "row 1"), (2, "signed"), (3, "refused"), (4, "row 4")]


def test_what_is_recorded_ends_at_the_first_gap(timeline: Timeline) -> None:
    assert timeline.recorded("one") == 0
    assert timeline.write("one", [row(3), row(4)]) == 0
    assert timeline.write("one", [row(1)]) == 1
    assert timeline.write("one", [row(6)]) == 1
    assert timeline.write("one", [row(2)]) == 4
    assert timeline.write("one", []) == 4
    assert timeline.told("one") == [1, 2, 3, 4, 6]


def test_it_is_read_in_parts(timeline: Timeline) -> None:
    count = AT_ONCE * 2 + 3
    assert timeline.write("one", [row(seq) for seq in range(1, count + 1)]) == count
    assert [found.seq for found in timeline.read("one", since=count - 2)] == [count - 1, count]
    assert [found.seq for found in timeline.read("one", since=10, limit=2)] == [11, 12]
