"""Changes as they are found, each told by a phrase."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from firedoor.comparing.change import Change, Matter, TextChange
from firedoor.comparing.speech import Speech

T = TypeVar("T")
_IDENTIFIER = re.compile(r"[\w.-]+( ?[(\uff08][^ ]+[)\uff09])?")
"""A name that authors gave, such as "lock_account (lock)", which a sentence may begin with as it is written."""


@dataclass(kw_only=True)
class Telling:
    speech: Speech
    changes: list[Change] = field(default_factory=list)

    def tell(
        self, matter: Matter, kind: str, at: str | None, texts: tuple[TextChange, ...] = (), /, **holes: str
    ) -> None:
        self.changes.append(Change(matter=matter, kind=kind, says=self._says(kind, holes), at=at, texts=texts))

    def tell_gone(self, matter: Matter, kind: str, at: str | None, /, **holes: str) -> None:
        """Tell what is not there any more: `at` is its place in the old version."""
        self.changes.append(Change(matter=matter, kind=kind, says=self._says(kind, holes), at=at, gone=True))

    def value(
        self, matter: Matter, kind: str, at: str | None, old: T, new: T, say: Callable[[T], str] = str, /, **holes: str
    ) -> None:
        """Tell a value that has changed, in a phrase with the holes `old` and `new`."""
        if old != new:
            self.tell(matter, kind, at, **{**holes, "old": say(old), "new": say(new)})

    def length(
        self, matter: Matter, kind: str, at: str | None, old: int | None, new: int | None, none: str, /, **holes: str
    ) -> None:
        """The same for a length of time; `none` is the word for where there is none."""
        if old == new:
            return
        if old is not None and new is not None:
            now, before = self.speech.lengths(new, old)
        else:
            now, before = (self.speech(none) if one is None else self.speech.length(one) for one in (new, old))
        self.tell(matter, kind, at, **{**holes, "old": before, "new": now})

    def _says(self, kind: str, holes: dict[str, str]) -> str:
        says = self.speech(kind, **holes)
        begins = self.speech.begins_with(kind)
        named = begins is not None and _IDENTIFIER.fullmatch(holes[begins])
        return says if named else says[:1].upper() + says[1:]
