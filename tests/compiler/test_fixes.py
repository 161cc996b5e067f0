"""What a fix says to write can be written: in the place of what is underlined it makes the finding go away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from firedoor.compiler.book import compile_book
from firedoor.compiler.diagnostics import Finding
from tests.compiler import corpus, golden

_QUOTED = re.compile(r'write "(?P<text>[^"]+)"')
_PLAIN = re.compile(r"write (?P<text>[^\s,;:…]+|\[[^…]*\]|\S+ is [a-z_]+)")


@dataclass(frozen=True)
class Mend:
    name: str
    files: dict[str, bytes]
    found: Finding
    texts: tuple[str, ...]
    """What the fix can be read as; one of them is right."""

    def leaves(self, text: str) -> bool:
        """Whether the finding is still there when the text takes the underlined place."""
        found = self.found
        lines = self.files[found.file].decode("utf-8", "surrogateescape").splitlines(keepends=True)
        line = lines[found.line - 1]
        lines[found.line - 1] = line[: found.column - 1] + text + line[found.end_column - 1 :]
        files = {**self.files, found.file: "".join(lines).encode("utf-8", "surrogateescape")}
        again = compile_book(Path("book"), files).findings
        return any(
            (one.code, one.file, one.line, one.message) == (found.code, found.file, found.line, found.message)
            for one in again
        )


def _mends() -> Iterator[Mend]:
    cases = [(f"{case.path.stem}: {case.title}", case.files, case.book) for case in corpus.all_cases()]
    cases += [(case.name, golden.laid_over(case.files), case.book) for case in golden.cases("err")]
    for name, files, book in cases:
        for found in book.findings:
            fix = found.fix or ""
            underlined = (found.source or "")[found.column - 1 : found.end_column - 1]
            if (found.source or "").count(underlined) > 1:
                continue  # what is written in one place leaves the other
            if quoted := _QUOTED.fullmatch(fix):
                yield Mend(
                    f"{name} {found.line}", files, found, (quoted["text"], f'"{quoted["text"]}"', f"'{quoted['text']}'")
                )
            elif plain := _PLAIN.fullmatch(fix):
                yield Mend(f"{name} {found.line}", files, found, (plain["text"].strip("`"),))


MENDS = list(_mends())


@pytest.mark.parametrize("mend", MENDS, ids=lambda mend: mend.name)
def test_what_a_fix_says_to_write_mends_it(mend: Mend) -> None:
    assert any(not mend.leaves(text) for text in mend.texts), f"{mend.found.message}: {mend.found.fix}"


def test_there_are_many_fixes_to_try() -> None:
    assert len(MENDS) > 100
