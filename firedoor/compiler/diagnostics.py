"""Findings: what is wrong with a book, where, what it would mean in a crisis, and how to mend it.

Checks append to `Findings` and carry on, so that three mistakes are three findings, told at once. How they are printed
is the business of `firedoor.compiler.renderers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from firedoor.compiler.codes import CODES
from firedoor.plan.base import Frozen

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line of a file: 1-based line and columns, `end_column` being the first one after it."""

    file: str
    line: int = 1
    column: int = 1
    end_column: int = 2

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Finding(Frozen):
    """One mistake at one place. `file` is relative to the book; lines and columns count from 1."""

    code: str
    severity: Severity
    file: str
    line: int
    column: int
    end_column: int
    """The first column after what is wrong."""
    message: str
    """Whole by itself: what is wrong, naming the thing."""
    meaning: str | None = None
    """What it would mean in a crisis."""
    fix: str | None = None
    notes: tuple[str, ...] = ()
    source: str | None = None
    """The line that is wrong."""

    @property
    def docs(self) -> str:
        return f"docs/codes/{self.code}.md"

    @property
    def place(self) -> Place:
        return Place(self.file, self.line, self.column, self.end_column)


MOST_OF_A_FILE = 500
"""Findings; whoever has so many mends these first."""


class Findings:
    """Findings as they are made. The same one twice, from a playbook that is inlined twice, is one."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int, int, str], Finding] = {}
        self._of_file: dict[str, int] = {}
        self.errors = 0

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def add(
        self,
        code: str,
        place: Place,
        message: str,
        *,
        fix: str | None = None,
        notes: Iterable[str] = (),
        meaning: str | None = None,
    ) -> None:
        if self._of_file.get(place.file, 0) >= MOST_OF_A_FILE:
            return
        known = CODES[code]
        finding = Finding(
            code=code,
            severity=known.severity,
            file=place.file,
            line=place.line,
            column=place.column,
            end_column=max(place.end_column, place.column + 1),
            message=message,
            meaning=meaning or known.meaning,
            fix=fix,
            notes=tuple(notes),
        )
        self.extend([finding])

    def extend(self, findings: Iterable[Finding]) -> None:
        for found in findings:
            key = (found.code, found.file, found.line, found.column, found.message)
            if key not in self._found:
                self._found[key] = found
                self._of_file[found.file] = self._of_file.get(found.file, 0) + 1
                self.errors += found.severity == "error"

    def sorted(self) -> list[Finding]:
        return sorted(self, key=lambda found: (found.file, found.line, found.column, found.code, found.message))


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing stops a launch, 1 where something does. (2 is a wrong usage, 3 a bug of ours.)"""
    return int(any(found.severity == "error" for found in findings))
