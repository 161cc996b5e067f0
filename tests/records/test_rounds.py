"""The items of long loops: written once, one that was unread anew; an answer counts from the first on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firedoor.records.all import Records, open_records
from firedoor.records.report import _rounds
from firedoor.records.rounds import Round, Rounds


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(f"sqlite:///{tmp_path / 'records.sqlite3'}", synchronous="OFF")
    yield opened
    opened.close()


@pytest.fixture
def rounds(records: Records) -> Rounds:
    return records.rounds


def test_what_was_settled_stays(rounds: Rounds) -> None:
    rounds.found("inc-1", "3.0", [Round("@a", "chosen", 0, ("@a",)), Round("@b", "not_needed")])
    rounds.found("inc-1", "3.0", [Round("@a", "not_needed", 1), Round("@c", "chosen", 1)])
    found = rounds.of("inc-1", "3.0", ["@a", "@b", "@c", "@d"])
    assert {item: (one.state, one.looked, one.targets) for item, one in found.items()} == {
        "@a": ("chosen", 0, ("@a",)),
        "@b": ("not_needed", 0, ()),
        "@c": ("chosen", 1, ()),
    }


def test_what_was_unread_is_written_anew(rounds: Rounds) -> None:
    rounds.found("inc-1", "3.0", [Round("@a", "unread", error="no answer")])
    rounds.found("inc-1", "3.0", [Round("@a", "chosen", 1, ("@a",))])
    assert rounds.of("inc-1", "3.0", ["@a"])["@a"] == Round("@a", "chosen", 1, ("@a",))


def test_who_was_told_stays_told(rounds: Rounds) -> None:
    rounds.found("inc-1", "3.1", [Round("@a", "chosen")])
    rounds.ended("inc-1", "3.1", "@a", "the channel is down")
    assert rounds.of("inc-1", "3.1", ["@a"])["@a"].error == "the channel is down"
    rounds.ended("inc-1", "3.1", "@a", None)
    rounds.ended("inc-1", "3.1", "@a", "a late attempt has failed")
    assert rounds.of("inc-1", "3.1", ["@a"])["@a"].state == "told"


def test_steps_and_incidents_are_apart(rounds: Rounds) -> None:
    rounds.found("inc-1", "3.0", [Round("@a", "chosen")])
    rounds.found("inc-2", "3.0", [Round("@a", "not_needed")])
    assert [(step, one.state) for step, one in rounds.of_incident("inc-1")] == [("3.0", "chosen")]
    assert not rounds.of("inc-1", "3.1", ["@a"])


def test_the_first_answer_counts(rounds: Rounds) -> None:
    assert rounds.answer("inc-1", "3.0", "site", "x") is None
    assert rounds.answered("inc-1", "3.0", "site", "x", None) == [None]
    assert rounds.answered("inc-1", "3.0", "site", "x", "later") == [None]


def test_many_items_at_once(rounds: Rounds) -> None:
    items = [f"@u{number}" for number in range(1_500)]
    rounds.found("inc-1", "3.0", [Round(item, "chosen") for item in items])
    assert rounds.of("inc-1", "3.0", items).keys() == set(items)


def test_the_report_counts_them(rounds: Rounds) -> None:
    rounds.found("inc-1", "3.0", [Round("@a", "chosen"), Round("@b", "not_needed"), Round("@c", "chosen")])
    assert "| 3.0 | chosen | 2 |" in _rounds(rounds.of_incident("inc-1"))
    assert "| 3.0 | not needed | 1 |" in _rounds(rounds.of_incident("inc-1"))
