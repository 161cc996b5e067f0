"""Breaks text into lines by a measure: at spaces, between characters of East Asian scripts, and else where it must."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

_NOT_FIRST: Final = frozenset(",.;:?!…、。・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
"""What does not begin a line, besides what closes a bracket or a quotation; full width counts as half width."""
_JOINT: Final = re.compile(r"[-/_.:](?=\w)")
"""After which a word that is too long for a line is cut, rather than anywhere."""


@lru_cache(maxsize=4_096)
def wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def cells(text: str) -> int:
    """Columns of a terminal."""
    return sum(0 if unicodedata.combining(one) else 2 if wide(one) else 1 for one in text)


def fold(text: str, room: float | None, measure: Callable[[str], float] = cells) -> list[str]:
    """Lines that each measure at most `room`; a single word that is wider is cut. None folds nothing.

    What `measure` says of a text is the sum of what it says of its characters.
    """
    words = " ".join(text.split())
    if room is None or measure(words) <= room:
        return [words] if words else []
    lines: list[str] = []
    line, used = "", 0.0
    for piece in _pieces(words):
        if used + measure(piece.rstrip()) <= room:
            line += piece
            used += measure(piece)
            continue
        if line.strip():
            lines.append(line.rstrip())
        *cut, line = _cut(piece, room, measure)
        lines += cut
        used = measure(line)
    return [*lines, *([line.rstrip()] if line.strip() else [])]


def _pieces(words: str) -> Iterator[str]:
    """What is kept on one line, each with the space that follows it."""
    piece = ""
    for one, after in zip(words, words[1:] + " ", strict=True):
        piece += one
        if one == " " or ((wide(one) or wide(after)) and after != " " and _may_begin(after)):
            yield piece
            piece = ""
    if piece:
        yield piece


def _may_begin(character: str) -> bool:
    return unicodedata.normalize("NFKC", character) not in _NOT_FIRST and unicodedata.category(character) not in (
        "Pe",
        "Pf",
    )


def _cut(word: str, room: float, measure: Callable[[str], float]) -> list[str]:
    """A word in as many lines as it needs, broken at its joints where it has them."""
    lines = []
    while measure(word.rstrip()) > room:
        fits = next((end for end in range(len(word) - 1, 0, -1) if measure(word[:end]) <= room), 1)
        joints = [found.end() for found in _JOINT.finditer(word) if found.end() <= fits]
        end = joints[-1] if joints else fits
        lines.append(word[:end])
        word = word[end:]
    return [*lines, word]
