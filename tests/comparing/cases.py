"""Reads changes.txt: edits of the book in tests/comparing/subject.py, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from firedoor.compiler import Book
from tests.comparing.subject import book

CHANGES = Path(__file__).with_name("changes.txt")


@dataclass
class Edit:
    version: str
    """new, old, both"""
    file: str
    gone: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)


@dataclass
class Case:
    name: str
    edits: list[Edit] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def book(self, version: str) -> Book:
        found: dict[str, list[tuple[str, str]]] = {}
        for edit in self.edits:
            if edit.version in (version, "both"):
                found.setdefault(edit.file, []).append(("\n".join(edit.gone), "\n".join(edit.came)))
        return book(found)


def cases() -> Iterator[Case]:
    for section in CHANGES.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, *lines = section.splitlines()
        case = Case(name)
        for line in lines:
            match line[:1]:
                case "-":
                    case.edits[-1].gone.append(line[1:])
                case "+":
                    case.edits[-1].came.append(line[1:])
                case "=":
                    case.told.append(line[2:])
                case "n" | "o" | "b":
                    version, file = line.split()
                    case.edits.append(Edit(version, file))
        yield case
