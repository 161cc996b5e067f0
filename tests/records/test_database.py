"""Databases of one process that share what is compiled, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import event

from firedoor.protocol import Row
from firedoor.records.all import Records, open_records
from firedoor.records.database import Statements

ROW = Row(seq=1, at=datetime(2026, 3, 4, 9, tzinfo=UTC), kind="step.done", words="done")


@contextmanager
def opened(folder: Path, names: str, statements: Statements | None) -> Iterator[list[Records]]:
    """Opened at the same time, as the cases of a rehearsal are."""
    with ThreadPoolExecutor() as pool:
        made = list(
            pool.map(lambda name: open_records(f"sqlite:///{folder / name}.sqlite3", statements=statements), names)
        )
    yield made
    for records in made:
        records.close()


def compiled(records: Records) -> bool:
    """Whether anything was compiled when the timeline was read and written."""
    fresh: list[bool] = []

    @event.listens_for(records.database.engine, "before_cursor_execute")
    def _(_connection: object, _cursor: object, _text: object, _values: object, context: object, _many: object) -> None:
        fresh.append(getattr(context, "cache_hit").name == "CACHE_MISS")  # noqa: B009

    records.timeline.write("inc", [ROW])
    records.timeline.read("inc")
    return any(fresh)


def test_each_has_its_own_rows(tmp_path: Path) -> None:
    with opened(tmp_path, "abcdefgh", Statements()) as (first, *others):
        first.timeline.write("inc", [ROW])
        assert first.timeline.read("inc") == [ROW]
        assert [one.timeline.read("inc") for one in others] == [[]] * 7


def test_a_statement_is_compiled_once_for_all_of_them(tmp_path: Path) -> None:
    with opened(tmp_path, "ab", Statements()) as found:
        assert [compiled(one) for one in found] == [True, False]
    with opened(tmp_path, "cd", None) as found:
        assert [compiled(one) for one in found] == [True, True]
