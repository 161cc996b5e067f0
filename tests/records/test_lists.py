"""Long lists are written down once, and given out only as what they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from firedoor.plan.lists import INLINE, ListRef
from firedoor.records import lists as module
from firedoor.records.all import Records, open_records
from firedoor.records.lists import OPEN, Lists, TooLong, UnknownList, lists_table

MANY = [f"@user{number}:例え" for number in range(700)]


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")


def test_it_is_kept_once_and_found_by_its_digest(records: Records) -> None:
    ref = records.lists.keep(MANY)
    assert records.lists.keep(list(MANY)) == ref
    for lists in (records.lists, Lists(records.database)):
        assert list(lists.get(ref.digest)) == MANY
        assert lists.get(ref.digest).ref == ref


def test_only_a_long_one_is_by_reference(records: Records) -> None:
    assert records.lists.inline(MANY[:INLINE]) == MANY[:INLINE]
    assert isinstance(records.lists.inline(MANY[: INLINE + 1]), ListRef)


def test_one_that_was_never_kept_or_is_another_by_now_is_not_given_out(records: Records) -> None:
    ref, other = records.lists.keep(MANY), records.lists.keep(["@mallory"])
    with pytest.raises(UnknownList, match="not written down"):
        records.lists.get("0" * 64)
    with records.database.write() as connection:
        packed = lists_table.select().where(lists_table.c.digest == other.digest)
        row = connection.execute(packed).one()
        connection.execute(update(lists_table).where(lists_table.c.digest == ref.digest).values(packed=row.packed))
    with pytest.raises(UnknownList, match="another"):
        records.lists.get(ref.digest)


def test_there_is_a_bound(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LISTED", 600)
    with pytest.raises(TooLong, match="600 items"):
        records.lists.keep(MANY)


def test_a_few_stay_opened(records: Records) -> None:
    refs = [records.lists.keep([f"@{number}"]) for number in range(OPEN + 2)]
    assert [records.lists.get(ref.digest)[0] for ref in refs] == [f"@{number}" for number in range(OPEN + 2)]
    assert records.lists.get(refs[-1].digest) is records.lists.get(refs[-1].digest)
