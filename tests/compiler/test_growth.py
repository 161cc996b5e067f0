"""Work grows with what is written, and no faster: so many calls for each line and each step, however many there are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bench.compiling import long_book, long_plan
from firedoor.compiler import grammar
from firedoor.compiler.book import compile_book
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.proofs.proving import prove

TOLERANCE = 1.25
"""How many more calls for each, when there is four times as much: what is sorted or searched takes a few."""


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, of Python's and of C's."""
    count = 0

    def one(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(one)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def proving(steps: int) -> int:
    plan = long_plan(steps)
    return calls(lambda: prove(plan, None, {}, Findings()))


def compiling(lines: int) -> int:
    book = long_book(lines)
    grammar.parse.cache_clear()
    return calls(lambda: compile_book(Path("book"), book))


@pytest.mark.parametrize(("work", "few"), [(proving, 400), (compiling, 500)])
def test_four_times_as_much_takes_four_times_the_calls(work: Callable[[int], int], few: int) -> None:
    work(25)  # what is made once, such as a validator, is made now
    assert work(4 * few) <= work(few) * 4 * TOLERANCE


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ten_thousand_steps_are_proved_with_as_many_calls_a_step_as_a_thousand() -> None:
    assert proving(10_000) <= proving(1_000) * 10 * TOLERANCE
