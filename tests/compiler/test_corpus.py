"""What an author gets wrong in a sound book is told, each mistake once, at its place, with what to write."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from firedoor.compiler.book import compile_book
from firedoor.compiler.codes import CODES
from tests.compiler import corpus
from tests.compiler.corpus import Case

CASES = corpus.all_cases()
AGAIN = "run `python -m tests.compiler.corpus`, and look at the difference"


def _named(case: Case) -> str:
    return f"{case.path.stem}: {case.title}"


def test_the_book_that_the_cases_change_is_sound() -> None:
    book = compile_book(Path("book"), corpus.BASE)
    assert book.findings == ()
    assert book.plans.keys() == book.files.keys()


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_a_mistake_is_found_where_it_is_and_nothing_else(case: Case) -> None:
    assert case.expected, "a case says what is found"
    assert case.found == case.expected, AGAIN
    for found in case.book.findings:
        assert found.fix, found.message


def test_each_case_is_another_mistake_and_there_are_cases_of_every_code_that_a_change_can_cause() -> None:
    titles = Counter(_named(case) for case in CASES)
    assert [title for title, count in titles.items() if count > 1] == []
    assert len(CASES) >= 200
    found = {line.split(" ")[1] for case in CASES for line in case.expected}
    too_large = {"FD002", "FD004", "FD005", "FD119", "FD705"}
    of_rehearsals = {code for code in CODES if code.startswith("FD8")}  # golden cases have those
    assert set(CODES) - found - too_large - of_rehearsals == set()
