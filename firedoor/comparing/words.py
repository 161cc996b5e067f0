"""Two texts beside each other, word by word; languages that are written without spaces, sign by sign."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from firedoor.comparing.change import Piece, TextChange

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\{\{.*?\}\}|\{%.*?%\}|\w+|\s+|.", re.DOTALL)


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[TextChange, ...]:
    """The languages in which the texts differ, those that only one of them has included."""
    languages = dict.fromkeys((*new, *old))
    return tuple(
        TextChange(language=language, pieces=pieces(old.get(language, ""), new.get(language, "")))
        for language in languages
        if old.get(language) != new.get(language)
    )


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    found: list[Piece] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece(kind="same", text="".join(left[i1:i2])))
            continue
        found += [Piece(kind="gone", text="".join(left[i1:i2]))] if i1 < i2 else []
        found += [Piece(kind="new", text="".join(right[j1:j2]))] if j1 < j2 else []
    return tuple(found)
