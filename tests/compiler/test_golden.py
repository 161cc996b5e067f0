"""What the compiler says of each case, word for word; and the pages that show it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firedoor.compiler import renderers
from firedoor.compiler.book import compile_book
from firedoor.compiler.codes import CODES
from tests.compiler import golden
from tests.compiler.golden import Case

COMPILER = Path(golden.__file__).parents[2] / "firedoor" / "compiler"
AGAIN = "run `python -m tests.compiler.golden`, and look at the difference"


def _named(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", golden.cases("err"), ids=_named)
def test_a_bad_book_is_told_in_these_words(case: Case) -> None:
    assert case.says == case.out.read_text(), AGAIN


@pytest.mark.parametrize("case", golden.cases("err"), ids=_named)
def test_every_finding_points_at_text(case: Case) -> None:
    book = case.book
    assert book.findings
    for found in book.findings:
        assert found.code in CODES
        assert found.fix, found.message
        assert found.meaning
        if found.source is not None:
            assert 1 <= found.column <= len(found.source) + 1, found
            assert found.column < found.end_column <= len(found.source) + 2, found


@pytest.mark.parametrize("case", golden.cases("err"), ids=_named)
def test_a_case_that_is_named_after_a_code_shows_that_code_alone(case: Case) -> None:
    if case.name in CODES:
        assert {found.code for found in case.book.findings} == {case.name}


@pytest.mark.parametrize("case", golden.cases("ok"), ids=_named)
def test_a_good_book_has_no_findings_and_its_plans(case: Case) -> None:
    book = case.book
    assert renderers.one_line(book.findings) == ""
    assert book.plans.keys() == book.files.keys()


@pytest.mark.parametrize("code", golden.MADE)
def test_what_is_too_large_for_a_file_is_told_as_well(code: str) -> None:
    _, files = golden.MADE[code]
    assert [found.code for found in compile_book(Path("book"), golden.laid_over(files)).findings] == [code]


def test_ten_mistakes_are_ten_findings() -> None:
    case = next(case for case in golden.cases("err") if case.name == "ten-mistakes")
    assert len(case.book.findings) == 10


def test_one_mistake_is_one_finding() -> None:
    """One in each step of the case, and two in its last."""
    case = next(case for case in golden.cases("err") if case.name == "once")
    assert [found.code for found in case.book.findings] == ["FD101", "FD101", "FD210", "FD210", "FD205", "FD208"]


def test_every_code_has_a_case_that_is_wrong_and_one_that_is_right() -> None:
    wrong = {case.name for case in golden.cases("err")} | golden.MADE.keys()
    right = {case.name for case in golden.cases("ok")}
    assert CODES.keys() <= wrong
    assert CODES.keys() <= right


def test_every_code_that_the_compiler_can_emit_is_known_and_every_known_one_is_emitted() -> None:
    emitted: set[str] = set()
    for path in COMPILER.rglob("*.py"):
        if path.name != "codes.py":
            emitted |= set(re.findall(r'"(FD\d{3})"', path.read_text()))
    assert emitted == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_page_of_a_code_says_what_the_compiler_says(code: str) -> None:
    assert (golden.PAGES / f"{code}.md").read_text() == golden.page(code), AGAIN


def test_there_is_no_page_without_a_code() -> None:
    assert {path.stem for path in golden.PAGES.glob("FD*.md")} == set(CODES)
    assert (golden.PAGES / "README.md").read_text() == golden.index(), AGAIN
