"""One change, as it is told: what it is about, its sentence, and where it stands."""

from __future__ import annotations

from typing import Final, Literal, get_args

from firedoor.plan.base import Frozen

Matter = Literal[
    "broken",  # it does not compile any more
    "unsigned",  # something is done without a signature that was needed
    "silence",  # what a no, a silence, a failure or an expiry means
    "law",  # the clocks whose time a law sets
    "signs",  # who signs, and what for
    "acts",  # what is done, to what, in which order
    "time",  # deadlines and limits
    "told",  # who is told, and by which channel
    "undo",
    "launch",  # what is asked at launch, and how severe it is
    "people",  # who is who
    "review",
    "texts",
]
MATTERS: Final[tuple[Matter, ...]] = get_args(Matter)
"""What matters most comes first."""


class Piece(Frozen):
    """A stretch of a changed text: in both versions, in the old one only, in the new one only."""

    kind: Literal["same", "gone", "new"]
    text: str


class TextChange(Frozen):
    """A text that changed: its language ("*" where it was written once), and its words old and new."""

    language: str
    pieces: tuple[Piece, ...]


class Change(Frozen):
    """`kind` names the phrase, for programs; `says` is the sentence in the language that was asked for."""

    matter: Matter
    kind: str
    says: str
    at: str | None = None
    """file:line, relative to the book: in the new version; in the old one where it is `gone`."""
    gone: bool = False
    texts: tuple[TextChange, ...] = ()

    @property
    def place(self) -> tuple[str, int]:
        file, _, line = (self.at or "").rpartition(":")
        return (file, int(line)) if line.isdigit() else (self.at or "", 0)


def ordered(changes: list[Change]) -> tuple[Change, ...]:
    """By what matters most, then by place; what is told twice is told once."""
    found = sorted(dict.fromkeys(changes), key=lambda change: (MATTERS.index(change.matter), change.place))
    return tuple(found)
