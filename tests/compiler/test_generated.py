"""Any book that an author could write: it compiles, one broken thing in it is found where it is, and its runs end and
obey what was proved."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedoor.compiler import renderers
from firedoor.compiler.book import compile_book
from firedoor.plan import Plan
from tests.compiler.broken import WAYS, Way
from tests.compiler.generated import MADE, Book, books
from tests.compiler.proofs.test_soundness import drive, steps_hold_in_runs
from tests.run.test_properties import HAPPENINGS, live

SEEDS = st.integers(0, 2**16 - 1)


def _few(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


def _plan(book: Book) -> Plan:
    made = compile_book(Path("book"), book.files)
    assert not made.findings, renderers.text(made.findings) + book.text
    return made.plans["made"]


def _found_alone(way: Way, book: Book, dice: Random) -> bool:
    """Whether there was something to break in this way: then exactly that is found, where it is."""
    broken = way.broken(book, dice)
    if broken is None:
        return False
    made = compile_book(Path("book"), {**book.files, MADE: broken.text.encode()})
    found = [(one.file, one.line, one.column, one.code) for one in made.findings]
    assert found == [(MADE, broken.line, broken.column, way.code)], f"{way.name}\n{renderers.text(made.findings)}"
    assert ("made" in made.plans) == (made.findings[0].severity == "warning")
    return True


@given(book=books(), seed=SEEDS)
@_few(40)
def test_a_made_book_compiles_and_one_broken_thing_is_found_where_it_is(book: Book, seed: int) -> None:
    _plan(book)
    dice = Random(seed)
    for way in dice.sample(WAYS, 6):
        _found_alone(way, book, dice)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_each_way_to_break_a_book_is_found_many_times() -> None:
    tried = dict.fromkeys((way.name for way in WAYS), 0)

    @given(book=books(), seed=SEEDS)
    @_few(1_000)
    def each(book: Book, seed: int) -> None:
        _plan(book)
        for way in WAYS:
            tried[way.name] += _found_alone(way, book, Random(seed))

    each()
    assert len(tried) >= 60
    assert min(tried.values()) >= 5, tried


@given(book=books(), happenings=HAPPENINGS)
@_few(12)
def test_a_run_of_a_made_book_comes_to_its_end_and_obeys_what_was_proved(book: Book, happenings: list[int]) -> None:
    _obeys(book, happenings)


@pytest.mark.long
@pytest.mark.timeout(7200)
@given(book=books(), happenings=HAPPENINGS)
@_few(1_000)
def test_a_run_of_a_made_book_comes_to_its_end_and_obeys_what_was_proved_many_times(
    book: Book, happenings: list[int]
) -> None:
    _obeys(book, happenings)


def _obeys(book: Book, happenings: list[int]) -> None:
    made = compile_book(Path("book"), book.files)
    plan, given = made.plans["made"], book.given()
    live(plan, happenings, given)
    steps_hold_in_runs(plan, happenings, given)
    shown = [one for one in made.clocks_shown["made"] if one.verdict in ("in time", "late")]
    assert {one.clock.name for one in shown} == {"prompt", "breach"}
    drive(plan, shown, Random(happenings[0]), given)
