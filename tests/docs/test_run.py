"""The page about runs: its states and numbers are those of the core."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from firedoor.plan import lists
from firedoor.protocol import Phase
from firedoor.run import asking, containment, pages, recording, walking
from firedoor.run.state import HELD, HoldStatus, StepStatus
from tests.docs.pages import page

PAGE = page("run")


def _tables(head: str) -> list[list[str]]:
    """The first cells of each table that begins with this heading."""
    parts = PAGE.prose.split(f"| {head} |")[1:]
    return [
        [line.split("|")[1].strip(" `") for line in part.partition("\n\n")[0].splitlines()[2:] if line.startswith("|")]
        for part in parts
    ]


def test_the_phases_are_those_of_a_run() -> None:
    assert _tables("Phase") == [list(get_args(Phase))]


def test_the_states_are_those_of_steps_and_of_entries() -> None:
    steps, entries = _tables("State")
    assert sorted(steps) == sorted(get_args(StepStatus))
    assert sorted(entries) == sorted(get_args(HoldStatus))


def test_what_counts_as_held_does() -> None:
    told = PAGE.prose.partition("What somebody else\nhad done before stays done. ")[2].partition("count as held")[0]
    assert {word.strip("`,\n ") for word in told.replace(" and ", " ").split()} == HELD


def test_the_numbers_are_those_of_the_core() -> None:
    text = " ".join(PAGE.prose.split())
    assert timedelta(minutes=4) == 2 * asking.LEAST_REMINDER
    assert "while more than four minutes are" in text
    assert timedelta(minutes=1) == containment.TOGETHER
    assert "whose times lie within a minute" in text
    assert timedelta(minutes=5) == recording.TRY_AGAIN
    assert "again every five minutes" in text
    assert f"A list of more than {lists.INLINE} names" in text
    assert f"in pages of {pages.SIZE:,} targets" in text
    assert (lists.FIRST, pages.SIZE, lists.WHOLE) == (5, 2_000, 2_000)
    assert f"{lists.MOST_LISTED:,} items and {lists.MOST_LIST_BYTES // 1024 // 1024} MiB" in text
    assert f"takes {walking.MOST_ROUNDS_WITH_PEOPLE} items, any other one {walking.MOST_ROUNDS}" in text
