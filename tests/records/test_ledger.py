"""The ledger of holds: one row and one number for each intention, whoever asks and however often."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from firedoor.records import ledger as ledger_module
from firedoor.records import things
from firedoor.records.all import Records, open_records
from firedoor.records.ledger import Entry, EntryConflict, EntryState, Intention, Ledger, Shown
from firedoor.records.things import Beginning

NOW = datetime(2026, 3, 4, 2, 45, tzinfo=UTC)
FREE = {"held": False, "detail": None, "seen": True}
MAYOR = "@mayor:platform.example"


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")


@pytest.fixture
def ledger(records: Records) -> Ledger:
    return records.ledger


def intention(incident: str = "one", target: str = MAYOR, **changes: Any) -> Intention:
    given: dict[str, Any] = {
        "incident": incident,
        "step": "0",
        "target": target,
        "ordinal": 1,
        "action": "lock_account",
        "connector": "memory",
        "call": "lock_user",
        "undo": "unlock_user",
        "arguments": {},
        "identity": target,
    }
    return Intention(**{**given, **changes})


def hold(ledger: Ledger, *given: Any, expires: timedelta | None = None, **changes: Any) -> Entry:
    """Enter and apply, as an act does that meets no difficulty."""
    entry = ledger.enter(intention(*given, **changes), NOW)
    number = ledger.wanted(entry.thing).number
    assert ledger.begin(entry.id, entry.thing, number, FREE, acts=True)
    assert ledger.applied(entry.id, number, NOW, expires)
    found = ledger.find(entry.incident, entry.step, entry.target, entry.ordinal)
    assert found is not None
    return found


def let_go(ledger: Ledger, entry: Entry, ordinal: int = 1) -> Entry:
    released = ledger.release(entry.id, ordinal, "test", NOW)
    assert ledger.undone(entry.id, ledger.wanted(entry.thing).number, NOW)
    return ledger.find(entry.incident, entry.step, entry.target, entry.ordinal) or released


def test_entering_again_gives_the_same_row_and_number(ledger: Ledger) -> None:
    first = ledger.enter(intention(), NOW)
    again = ledger.enter(intention(), NOW + timedelta(hours=1))
    assert again == first
    assert (first.state, first.number, first.entered_at) == (EntryState.ENTERED, 1, NOW)


def test_each_change_of_a_thing_takes_its_next_number(ledger: Ledger) -> None:
    one = hold(ledger, "one")
    two = hold(ledger, "two")
    other = hold(ledger, "one", "@other:x")
    assert (one.number, two.number, other.number) == (1, 2, 1)
    assert let_go(ledger, one).release_number == 3
    assert hold(ledger, "one", ordinal=2).number == 4


def test_another_order_under_the_same_key_is_a_conflict(ledger: Ledger) -> None:
    ledger.enter(intention(), NOW)
    with pytest.raises(EntryConflict, match="orders something else"):
        ledger.enter(intention(arguments={"days": 3}), NOW)


def test_only_the_first_hold_and_the_last_release_change_what_is_wanted(ledger: Ledger) -> None:
    one = ledger.enter(intention("one"), NOW)
    numbers = [ledger.wanted(one.thing).number]
    two = ledger.enter(intention("two"), NOW)
    numbers.append(ledger.wanted(one.thing).number)
    ledger.release(one.id, 1, "test", NOW)
    numbers.append(ledger.wanted(one.thing).number)
    assert ledger.wanted(one.thing).held
    ledger.release(two.id, 1, "test", NOW)
    numbers.append(ledger.wanted(one.thing).number)
    assert not ledger.wanted(one.thing).held
    assert numbers == [1, 1, 1, 4]


def test_the_newest_hold_decides_the_arguments(ledger: Ledger) -> None:
    one = hold(ledger, "one", arguments={"days": 90})
    two = hold(ledger, "two", arguments={"days": 180})
    assert ledger.wanted(one.thing).arguments == {"days": 180}
    ledger.release(two.id, 1, "test", NOW)
    wanted = ledger.wanted(one.thing)
    assert (wanted.arguments, wanted.held, wanted.settled) == ({"days": 90}, True, False)


def test_what_was_there_before_is_kept_from_the_first_until_the_last(ledger: Ledger) -> None:
    others = {"held": True, "detail": "theirs", "seen": True}
    one = ledger.enter(intention("one"), NOW)
    assert ledger.begin(one.id, one.thing, 1, others, acts=False)
    assert ledger.applied(one.id, 1, NOW, None)
    two = ledger.enter(intention("two"), NOW)
    assert ledger.begin(two.id, two.thing, 1, FREE, acts=True)  # too late: it is known what was there
    assert ledger.applied(two.id, 1, NOW, None)
    assert let_go(ledger, one).kept
    assert ledger.wanted(one.thing).before == others
    assert let_go(ledger, two).kept  # others hold it
    fresh = ledger.enter(intention("three"), NOW)
    assert ledger.wanted(fresh.thing).before is None


def test_an_overtaken_number_neither_begins_nor_settles(ledger: Ledger) -> None:
    one = ledger.enter(intention("one"), NOW)
    ledger.release(one.id, 1, "test", NOW)
    assert not ledger.begin(one.id, one.thing, 1, FREE, acts=True)
    assert not ledger.applied(one.id, 1, NOW, None)
    assert ledger.wanted(one.thing).before is None


def test_a_release_again_keeps_its_number_and_a_new_one_after_a_failure_does_not(ledger: Ledger) -> None:
    one = hold(ledger)
    first = ledger.release(one.id, 1, "test", NOW)
    assert ledger.release(one.id, 1, "test", NOW) == first
    ledger.undo_failed(one.id, "no", "Refused")
    assert ledger.release(one.id, 1, "test", NOW).state == EntryState.UNDO_FAILED
    again = ledger.release(one.id, 2, "test", NOW)
    assert again.state == EntryState.UNDOING
    assert again.release_number is not None
    assert first.release_number is not None
    assert again.release_number > first.release_number


def test_a_refused_act_holds_nothing(ledger: Ledger) -> None:
    one = ledger.enter(intention(), NOW)
    assert ledger.begin(one.id, one.thing, 1, FREE, acts=True)
    refused = ledger.refuse(one.id, "no", "Refused", harmless=1)
    assert refused.state == EntryState.REFUSED
    wanted = ledger.wanted(one.thing)
    assert (wanted.held, wanted.settled) == (False, True)
    assert ledger.release(one.id, 1, "test", NOW).state == EntryState.REFUSED


def test_an_uncertain_refusal_stays_open(ledger: Ledger) -> None:
    one = ledger.enter(intention(), NOW)
    assert ledger.begin(one.id, one.thing, 1, FREE, acts=True)
    assert ledger.refuse(one.id, "no", "Refused", harmless=0).state == EntryState.UNKNOWN
    assert ledger.wanted(one.thing).held


def test_a_refusal_leaves_nobody_elses_act_without_an_owner(ledger: Ledger) -> None:
    one = ledger.enter(intention("one"), NOW)
    assert ledger.begin(one.id, one.thing, 1, FREE, acts=True)
    assert ledger.applied(one.id, 1, NOW, None)
    two = ledger.enter(intention("two"), NOW)
    assert let_go(ledger, one).kept  # two holds it now
    assert ledger.refuse(two.id, "no", "Refused", harmless=1).state == EntryState.UNKNOWN


def test_a_deed_shares_nothing(ledger: Ledger) -> None:
    one = ledger.enter(intention("one", undo=None, shared=False), NOW)
    two = ledger.enter(intention("two", undo=None, shared=False), NOW)
    assert one.thing != two.thing
    assert (one.number, two.number) == (1, 1)
    assert ledger.wanted(one.thing).thing != ledger.wanted(two.thing).thing


def test_the_names_of_things_are_this_ledgers_own(ledger: Ledger, tmp_path: Path) -> None:
    heir = open_records(f"sqlite:///{tmp_path}/heir.db", synchronous="OFF").ledger
    mine, theirs = ledger.enter(intention(), NOW), heir.enter(intention(), NOW)
    assert ledger.wanted(mine.thing).thing != heir.wanted(theirs.thing).thing


def test_leases_that_have_ended_are_listed_until_they_are_let_go(ledger: Ledger) -> None:
    lease = hold(ledger, "one", expires=timedelta(hours=4))
    hold(ledger, "one", "@lasting:x")
    assert lease.until == NOW + timedelta(hours=4)
    later = NOW + timedelta(hours=5)
    assert [entry.id for entry in ledger.overdue(later)] == [lease.id]
    assert ledger.overdue(NOW + timedelta(hours=3)) == []
    let_go(ledger, lease)
    assert ledger.overdue(later) == []


def test_what_has_no_outcome_is_listed(ledger: Ledger) -> None:
    stuck = ledger.enter(intention("one"), NOW)
    undoing = hold(ledger, "two", "@b:x")
    ledger.release(undoing.id, 1, "test", NOW)
    hold(ledger, "two", "@c:x")
    assert {entry.id for entry in ledger.unsettled(NOW + timedelta(minutes=1))} == {stuck.id, undoing.id}
    assert ledger.unsettled(NOW) == []


def test_questions_about_incidents_steps_and_things(ledger: Ledger) -> None:
    one = hold(ledger, "one", step="0")
    two = hold(ledger, "two", step="3[1].0")
    hold(ledger, "two", "@b:x", step="1")
    assert [entry.incident for entry in ledger.of_incident("two")] == ["two", "two"]
    assert ledger.of_step("two", "3[1].0") == [two]
    assert ledger.of_step("two", "3[1].0", [EntryState.UNDONE]) == []
    assert [entry.id for entry in ledger.holders(one.thing)] == [one.id, two.id]
    let_go(ledger, one)
    assert [entry.id for entry in ledger.holders(one.thing)] == [two.id]
    assert ledger.held("one") == []


def test_threads_that_enter_at_once_get_numbers_of_their_own(ledger: Ledger) -> None:
    with ThreadPoolExecutor(16) as threads:
        entered = list(threads.map(lambda n: ledger.enter(intention(f"incident-{n % 50}"), NOW), range(200)))
    assert sorted({entry.number for entry in entered}) == list(range(1, 51))
    assert len({entry.id for entry in entered}) == 50


def _enter_many(url: str, name: str, count: int) -> list[int]:
    ledger = open_records(url, synchronous="OFF").ledger
    return [ledger.enter(intention(f"{name}-{number}"), NOW).number for number in range(count)]


def test_processes_that_enter_at_once_get_numbers_of_their_own(tmp_path: Path) -> None:
    """They make the schema at once, too."""
    url = f"sqlite:///{tmp_path}/shared.db"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        results = pool.starmap(_enter_many, [(url, f"process-{number}", 40) for number in range(4)])
    assert sorted(number for numbers in results for number in numbers) == list(range(1, 161))


def test_moments_must_have_a_zone(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="without a zone"):
        ledger.enter(intention(), NOW.replace(tzinfo=None))


def test_sqlite_is_set_up_to_survive_a_power_cut(tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path}/records.db")
    with records.database.read() as connection:
        assert connection.execute(text("pragma journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("pragma synchronous")).scalar_one() == 2
        assert connection.execute(text("pragma foreign_keys")).scalar_one() == 1


# --- many at once -------------------------------------------------------------------------------------------------------


def written(records: Records) -> list[list[Any]]:
    """All entries and all things, but for the ids and keys, which are each ledger's own."""
    entries, found = ledger_module.entries, things.things
    mine = [column for column in entries.c if column.name not in ("id", "thing")]
    theirs = [column for column in found.c if column.name not in ("id", "key", "before_by")]
    with records.database.read() as connection:
        return [
            list(connection.execute(select(*mine).order_by(entries.c.incident, entries.c.target))),
            list(connection.execute(select(*theirs).order_by(found.c.identity))),
        ]


@pytest.mark.parametrize("before", ["nothing", "held by another", "let go before", "entered in part"])
def test_intentions_that_are_entered_together_are_as_if_entered_one_by_one(tmp_path: Path, before: str) -> None:
    wanted = [intention(target=f"@user{number}") for number in range(4)]
    wanted.append(intention(target="@alias", identity="@user1"))
    found = []
    for name in ("one", "all"):
        records = open_records(f"sqlite:///{tmp_path}/{name}.db", synchronous="OFF")
        if before == "held by another":
            hold(records.ledger, "other", "@user1", arguments={"for": "ever"})
        elif before == "let go before":
            let_go(records.ledger, hold(records.ledger, "other", "@user1"))
        elif before == "entered in part":
            records.ledger.enter(wanted[2], NOW)
        if name == "one":
            entered = [records.ledger.enter(one, NOW) for one in wanted]
            newest = [records.ledger.wanted(entry.thing) for entry in entered]
        else:
            both = records.ledger.enter_all(wanted, NOW)
            entered, newest = [entry for entry, _ in both], [one for _, one in both]
            assert [records.ledger.wanted(entry.thing) for entry in entered] == newest
        assert [entry.target for entry in entered] == [one.target for one in wanted]
        found.append(written(records))
    assert found[0] == found[1]


def test_entered_together_again_is_the_same_and_something_else_is_a_conflict(ledger: Ledger) -> None:
    wanted = [intention(target=f"@user{number}") for number in range(3)]
    first = ledger.enter_all(wanted, NOW)
    assert ledger.enter_all(wanted, NOW + timedelta(minutes=1)) == first
    with pytest.raises(EntryConflict):
        ledger.enter_all([wanted[0], intention(target="@user1", arguments={"for": "ever"})], NOW)


def test_what_is_settled_together_leaves_out_what_was_overtaken(ledger: Ledger) -> None:
    wanted = [intention(target=f"@user{number}") for number in range(3)]
    entries = [entry for entry, _ in ledger.enter_all(wanted, NOW)]
    began = [Beginning(entry.id, entry.thing, 1, FREE, acts=True) for entry in entries]
    assert ledger.begin_all(began) == [True] * 3
    ledger.release(entries[1].id, 1, "test", NOW)
    assert ledger.begin_all(began) == [True, False, True]
    done = ledger.applied_all([Shown(entry.id, 1, NOW) for entry in entries], timedelta(hours=1))
    assert [entry and (entry.state, entry.until) for entry in done] == [
        (EntryState.APPLIED, NOW + timedelta(hours=1)),
        None,
        (EntryState.APPLIED, NOW + timedelta(hours=1)),
    ]
    assert [entry.target for entry in ledger.of_targets("one", "0", ["@user2", "@user0"])] == ["@user0", "@user2"]
    assert ledger.entered("one", "0") == [("0", f"@user{number}") for number in range(3)]


@pytest.mark.parametrize("other", [None, "holds one of them", "let one of them go before"])
def test_what_is_let_go_together_is_as_if_let_go_one_by_one(tmp_path: Path, other: str | None) -> None:
    found = []
    for name in ("one", "all"):
        records = open_records(f"sqlite:///{tmp_path}/{name}.db", synchronous="OFF")
        ledger = records.ledger
        if other is not None:
            there = hold(ledger, "other", "@user1", arguments={"for": "ever"})
            if "before" in other:
                let_go(ledger, there)
        held = [hold(ledger, "one", f"@user{number}") for number in range(5)]
        held.append(hold(ledger, "one", "@alias", identity="@user2"))
        held.append(ledger.enter(intention(target="@never"), NOW))
        let_go(ledger, held[3])
        ledger.release(held[4].id, 1, "test", NOW)
        ledger.undo_failed(held[4].id, "no", "Refused")
        ids = [entry.id for entry in held]
        if name == "one":
            begun = [ledger.release(entry, 2, "test", NOW) for entry in ids]
            newest = [ledger.wanted(entry.thing) for entry in begun]
            for entry, wanted in zip(begun, newest, strict=True):
                ledger.undone(entry.id, wanted.number, NOW)
        else:
            both = ledger.release_all(ids, 2, "test", NOW)
            begun, newest = [entry for entry, _ in both], [one for _, one in both]
            assert newest == [ledger.wanted(entry.thing) for entry in begun]
            shown = [Shown(entry.id, wanted.number, NOW) for entry, wanted in both]
            assert [entry and entry.id for entry in ledger.undone_all(shown)] == ids
        assert [entry.id for entry in begun] == ids
        assert not ledger.held("one")
        found.append(written(records))
    assert found[0] == found[1]
