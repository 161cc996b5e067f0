"""Text in lines, measured for the box that it has to stay in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from firedoor.explain.folding import fold
from firedoor.graph.measure import width

Style = Literal["title", "lane", "tag", "head", "note", "warn"]

SIZES: Final[dict[Style, float]] = {"title": 22, "lane": 13, "tag": 10.5, "head": 13, "note": 11.5, "warn": 11.5}
BOLD: Final = frozenset({"title", "lane", "tag", "head", "warn"})
_LEADING: Final = 1.32
LEADS_TO: Final = " → "
SAYS: Final = ": "


@dataclass(frozen=True)
class Run:
    text: str
    bold: bool = False


@dataclass(frozen=True)
class Block:
    """Lines of one style, from a top left corner."""

    x: float
    y: float
    style: Style
    lines: tuple[tuple[Run, ...], ...]

    @property
    def size(self) -> float:
        return SIZES[self.style]

    @property
    def leading(self) -> float:
        return SIZES[self.style] * _LEADING

    @property
    def height(self) -> float:
        return self.leading * len(self.lines)

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def width(self) -> float:
        """The most that its longest line can take."""
        return max((sum(width(run.text, self.size, bold=run.bold) for run in line) for line in self.lines), default=0)


def block(text: str, style: Style, x: float, y: float, room: float) -> Block:
    bold = style in BOLD
    lines = fold(text, room, partial(width, size=SIZES[style], bold=bold))
    return Block(x, y, style, tuple((Run(line, bold),) for line in lines))


def labelled(label: str, text: str, x: float, y: float, room: float, joint: str = SAYS) -> Block:
    """A bold label, and what it says or leads to."""
    lines = fold(f"{label}{joint}{text}", room, partial(width, size=SIZES["note"], bold=True))
    left = len(label.replace(" ", ""))
    found = []
    for line in lines:
        end = _after(line, left)
        left -= len(line[:end].replace(" ", ""))
        found.append(tuple(run for run in (Run(line[:end], bold=True), Run(line[end:])) if run.text))
    return Block(x, y, "note", tuple(found))


def _after(line: str, count: int) -> int:
    """Where the first so many characters of a line, spaces aside, end."""
    end = 0
    while count and end < len(line):
        count -= line[end] != " "
        end += 1
    return end


def below(blocks: Iterable[Block], otherwise: float) -> float:
    """Where the last of the blocks ends."""
    return max((one.bottom for one in blocks), default=otherwise)
