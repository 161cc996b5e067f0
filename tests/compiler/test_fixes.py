"""What a fix says to write can be written: in the place of what is underlined it makes the finding go away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from firedoor.compiler.book import Book, compile_book
from firedoor.compiler.diagnostics import Finding
from tests.compiler import corpus, golden

_QUOTED = re.compile(r'write "(?P<text>[^"]+)"')
_PLAIN = re.compile(r"write (?P<text>[^\s,;:…]+|\[[^…]*\]|\S+ is [a-z_]+)")
CORPUS = [case for case in corpus.all_cases() if any(" write " in line for line in case.expected)]
GOLDEN = [case for case in golden.cases("err") if "fix: write " in case.out.read_text()]


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: f"{case.path.stem}: {case.title}")
def test_what_a_fix_of_the_corpus_says_to_write_mends_it(case: corpus.Case) -> None:
    _check(case.book, case.files)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_what_a_fix_of_a_golden_case_says_to_write_mends_it(case: golden.Case) -> None:
    _check(case.book, golden.laid_over(case.files))


def test_there_are_many_fixes_to_try() -> None:
    assert sum(bool(_read(line.partition("» ")[2])) for case in CORPUS for line in case.expected) > 80


def _check(book: Book, files: dict[str, bytes]) -> None:
    for found in book.findings:
        texts = list(_read(found.fix or ""))
        if texts and not _stands_twice(found):
            assert any(_mends(found, files, text) for text in texts), f"{found.message}: {found.fix}"


def _read(fix: str) -> Iterator[str]:
    """What a fix can be read as: quotes around a name are the sentence's, or those that it needs."""
    if quoted := _QUOTED.fullmatch(fix):
        yield from (quoted["text"], f'"{quoted["text"]}"', f"'{quoted['text']}'")
    elif plain := _PLAIN.fullmatch(fix):
        yield plain["text"].strip("`")


def _stands_twice(found: Finding) -> bool:
    """Then what is written in one place leaves the other, which is told as the same mistake."""
    line = found.source or ""
    return line.count(line[found.column - 1 : found.end_column - 1]) > 1


def _mends(found: Finding, files: dict[str, bytes], text: str) -> bool:
    lines = files[found.file].decode("utf-8", "surrogateescape").splitlines(keepends=True)
    line = lines[found.line - 1]
    lines[found.line - 1] = line[: found.column - 1] + text + line[found.end_column - 1 :]
    again = compile_book(Path("book"), {**files, found.file: "".join(lines).encode("utf-8", "surrogateescape")})
    return not any(
        (one.code, one.file, one.line, one.message) == (found.code, found.file, found.line, found.message)
        for one in again.findings
    )
