"""A YAML document as authors see it: text, lists and keys, each with its place. Nothing is typed here."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from firedoor.compiler.diagnostics import Place

Style = Literal["plain", "single", "double", "literal", "folded"]

LINE_BREAK = re.compile(r"\r\n|\r|\n")
_FOLD = re.compile(r"[ \t]*(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))*[ \t]*")
_ESCAPED = {"x": 4, "u": 6, "U": 10}


class Source:
    """One file of a book: its text, and its lines by number."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]

    def line(self, number: int) -> str:
        """The text of a line, without its break; lines count from 1."""
        if not 1 <= number <= len(self._starts):
            return ""
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\r\n")

    def place(self, start: int, end: int) -> Place:
        """The place of text[start:end], as far as the end of its first line."""
        number = self.number(start)
        first = self._starts[number - 1]
        column = start - first + 1
        last = len(self.line(number)) + 1
        return Place(self.name, number, column, max(column + 1, min(end - first + 1, last)))

    def number(self, offset: int) -> int:
        """The number of the line that holds text[offset]."""
        return bisect_right(self._starts, offset)


@dataclass(slots=True)
class Scalar:
    """A piece of text as it is meant, after quotes and folding; `start` and `end` are offsets in the file."""

    text: str
    style: Style
    source: Source
    start: int
    end: int
    lost: bool = False
    """It stands for what was refused, which has been told: nothing more is to be said of it."""
    _origins: list[int] | None = field(default=None, repr=False)

    @property
    def first(self) -> int:
        """The offset at which its place begins."""
        return self.start

    @property
    def place(self) -> Place:
        return self.source.place(self.start, self.end)

    @property
    def is_empty(self) -> bool:
        """Nothing was written at all, not even quotes."""
        return not self.text and self.style == "plain"

    def at(self, start: int, end: int) -> Place:
        """The place of text[start:end] in the file, through quotes, escapes and folded lines."""
        if self._origins is None:
            self._origins = _origins(self)
        if not self._origins:
            return self.place
        first = self._origins[min(start, len(self._origins) - 1)]
        if start >= len(self._origins):
            return self.source.place(first + 1, first + 2)
        last = self._origins[min(max(end - 1, start), len(self._origins) - 1)]
        after = self._origins[end] if start < end < len(self._origins) else last + 1
        return self.source.place(first, max(after, last + 1))


@dataclass(slots=True)
class Sequence:
    items: list[Node]
    source: Source
    start: int
    end: int
    flow: bool

    @property
    def first(self) -> int:
        return self.start

    @property
    def place(self) -> Place:
        return self.source.place(self.start, self.end)


@dataclass(slots=True)
class Mapping:
    """Keys in the order of the text, none of them twice."""

    entries: list[tuple[Scalar, Node]]
    source: Source
    start: int
    end: int
    flow: bool
    refused: bool = False
    """A key was refused, which has been told: what seems to be missing may have been it."""

    @property
    def first(self) -> int:
        return self.entries[0][0].start if self.entries and not self.flow else self.start

    @property
    def place(self) -> Place:
        if self.entries and not self.flow:
            return self.entries[0][0].place
        return self.source.place(self.start, self.end)

    def get(self, name: str) -> Node | None:
        for key, value in self.entries:
            if key.text == name:
                return value
        return None

    def key(self, name: str) -> Scalar | None:
        for key, _ in self.entries:
            if key.text == name:
                return key
        return None

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries)


Node = Scalar | Sequence | Mapping


def _origins(scalar: Scalar) -> list[int]:
    """For each character of the text, the offset in the file that it comes from."""
    raw = scalar.source.text[scalar.start : scalar.end]
    if scalar.style in ("literal", "folded"):
        found = _of_block(raw, scalar.text)
    else:
        found = _of_line(raw, scalar)
    return [scalar.start + offset for offset in found]


def _of_line(raw: str, scalar: Scalar) -> list[int]:
    position = 0 if scalar.style == "plain" else 1
    found: list[int] = []
    text = scalar.text
    while len(found) < len(text) and position < len(raw):
        here = raw[position]
        fold = _FOLD.match(raw, position) if here in " \t\r\n" else None
        if fold:
            breaks = len(LINE_BREAK.findall(fold.group()))
            found += [position] * (1 if breaks == 1 else breaks - 1)
            position = fold.end()
        elif here == "\\" and scalar.style == "double":
            after = raw[position + 1 : position + 2]
            if after in ("\r", "\n"):
                skipped = _FOLD.match(raw, position + 1)
                position = skipped.end() if skipped else position + 2
                continue
            found.append(position)
            position += _ESCAPED.get(after, 2)
        else:
            found.append(position)
            position += 2 if here == "'" and scalar.style == "single" else 1
    return found[: len(text)] + [max(len(raw) - 1, 0)] * (len(text) - len(found))


def _of_block(raw: str, text: str) -> list[int]:
    header = LINE_BREAK.search(raw)
    if header is None:
        return [0] * len(text)
    body = raw[header.end() :]
    written = re.match(r"(?:[ \t]*(?:\r\n|\r|\n))*([ ]*)", body)
    indent = len(written.group(1)) if written else 0
    found: list[int] = []
    position = header.end() + _indented(raw, header.end(), indent)
    for wanted in text:
        while position < len(raw) and raw[position] in "\r\n" and wanted not in " \n":
            position = _next_line(raw, position, indent)
        found.append(min(position, len(raw) - 1))
        if position < len(raw) and raw[position] in "\r\n":
            position = _next_line(raw, position, indent)
        else:
            position += 1
    return found


def _next_line(raw: str, position: int, indent: int) -> int:
    ended = LINE_BREAK.match(raw, position)
    position = ended.end() if ended else position + 1
    return position + _indented(raw, position, indent)


def _indented(raw: str, position: int, indent: int) -> int:
    spaces = 0
    while spaces < indent and raw[position + spaces : position + spaces + 1] == " ":
        spaces += 1
    return spaces
