"""Findings: what is wrong with a book, where, what it would mean in a crisis, and how to mend it.

Checks append to `Findings` and carry on, so that three mistakes are three findings, told at once. How they are printed
is the business of `firedoor.compiler.renderers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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


@dataclass
class _Told:
    """A finding, and where else in its file the same name is wrong."""

    finding: Finding
    places: set[Place] = field(default_factory=set)

    def whole(self) -> Finding:
        first = min(self.places)
        lines = sorted({place.line for place in self.places} - {first.line})
        if not lines:
            return self.finding
        *most, last = [str(line) for line in lines]
        said = f"the same on line{'s' * bool(most)} {', '.join(most)}{' and ' * bool(most)}{last}"
        return self.finding.model_copy(update={"notes": (*self.finding.notes, said)})


class Findings:
    """Findings as they are made. The same one twice, from a playbook that is inlined twice, is one; and so is a name
    that nothing has, wherever it stands in a file: it was misspelt once, or what had it is gone."""

    def __init__(self) -> None:
        self._told: dict[tuple[object, ...], _Told] = {}
        self._of_file: dict[str, int] = {}
        self.errors = 0
        self.wrong: set[str] = set()
        """Files in which something stops a launch."""

    def __iter__(self) -> Iterator[Finding]:
        return (told.whole() for told in self._told.values())

    def __len__(self) -> int:
        return len(self._told)

    def add(
        self,
        code: str,
        place: Place,
        message: str,
        *,
        fix: str | None = None,
        notes: Iterable[str] = (),
        meaning: str | None = None,
        name: str | None = None,
    ) -> None:
        """`name` is the name that is wrong, where the finding is about nothing else."""
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
        key: tuple[object, ...] = (code, place, message) if name is None else (place.file, name)
        self._take(key, _Told(finding, {finding.place}))

    def extend(self, findings: Findings) -> None:
        for key, told in findings._told.items():
            self._take(key, told)

    def _take(self, key: tuple[object, ...], told: _Told) -> None:
        known = self._told.get(key)
        if known is None:
            file = told.finding.file
            self._told[key] = told
            self._of_file[file] = self._of_file.get(file, 0) + 1
            if told.finding.severity == "error":
                self.errors += 1
                self.wrong.add(file)
        elif not told.places <= known.places:
            first = min((known.finding, told.finding), key=lambda one: one.place)
            self._told[key] = _Told(first, known.places | told.places)

    def sorted(self) -> list[Finding]:
        return sorted(self, key=lambda found: (found.file, found.line, found.column, found.code, found.message))


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing stops a launch, 1 where something does. (2 is a wrong usage, 3 a bug of ours.)"""
    return int(any(found.severity == "error" for found in findings))
