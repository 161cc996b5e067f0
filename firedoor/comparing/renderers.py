"""A difference as text for people, as Markdown for a pull request, and as JSON. They differ in form alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from firedoor.comparing.books import Difference, Part
from firedoor.comparing.change import Piece, TextChange
from firedoor.comparing.speech import Speech
from firedoor.comparing.versions import Compared
from firedoor.compiler import renderers
from firedoor.compiler.diagnostics import Finding

_RED, _GREEN, _BOLD, _DIM, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
_AROUND: Final = 40
"""Characters of what stayed the same that are shown beside what changed."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#])")


def summary(difference: Difference, speech: Speech) -> str:
    """One line: how many changes, and what they are about."""
    parts = difference.parts
    if not parts:
        return speech("summary.none")
    counts = [
        speech("summary.matter", count=str(len(list(found))), matter=speech(f"matter.{matter}"))
        for matter, found in groupby(parts, key=lambda part: part.change.matter)
    ]
    matters = speech("comma").join(counts)
    return speech("summary.one" if len(parts) == 1 else "summary.many", count=str(len(parts)), matters=matters)


# --- for people


def text(compared: Compared, speech: Speech, *, texts: bool = False, colour: bool = False) -> str:
    """The summary, and a sentence a line under what it is about. `texts`: changed texts, word by word."""

    def dyed(words: str, code: str) -> str:
        return f"{code}{words}{_PLAIN}" if colour else words

    lines = [summary(compared.difference, speech)]
    for matter, parts in groupby(compared.difference.parts, key=lambda part: part.change.matter):
        lines += ["", dyed(speech(f"matter.{matter}"), _BOLD)]
        for part in parts:
            place = dyed(f"  {_beside(compared, part, speech)}", _DIM) if _beside(compared, part, speech) else ""
            lines.append(f"  {_shown(part.change.says)}{place}")
            lines += [f"      {line}" for line in _word_lines(part.change.texts, colour=colour)] if texts else []
    found = renderers.text(_findings(compared), colour=colour)
    return "\n".join(lines) + "\n" + (f"\n{found}" if found else "")


def _beside(compared: Compared, part: Part, speech: Speech) -> str:
    """ "(playbooks/takeover.yaml:33)", with the playbooks that it concerns where the file does not say it."""
    file, line = _place(compared, part)
    named = [name for name in part.playbooks if f"{name}.yaml" != part.change.place[0]]
    place = f"{file}:{line}" if line else file
    several = named if len(_playbooks(compared)) > 1 else []
    words = speech("comma").join([place, *several] if place else several)
    return f"({words})" if words else ""


def _playbooks(compared: Compared) -> set[str]:
    return {*compared.old.book.files, *compared.new.book.files}


def _word_lines(texts: tuple[TextChange, ...], *, colour: bool) -> Iterator[str]:
    marks = {"gone": (_RED, _PLAIN), "new": (_GREEN, _PLAIN)} if colour else {"gone": ("[-", "-]"), "new": ("{+", "+}")}
    for one in texts:
        said = "".join(_marked(piece, marks) for piece in _cut(one.pieces))
        first, *rest = said.split("\n")
        yield f"{one.language}: {first}" if one.language != "*" else first
        yield from rest


def _marked(piece: Piece, marks: dict[str, tuple[str, str]]) -> str:
    before, after = marks.get(piece.kind, ("", ""))
    return f"{before}{_shown(piece.text, newlines=True)}{after}"


def _cut(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    """Without most of what stayed the same."""
    for number, piece in enumerate(pieces):
        words = piece.text
        if piece.kind == "same" and len(words) > 2 * _AROUND:
            head = "" if number == 0 else words[:_AROUND]
            tail = "" if number == len(pieces) - 1 else words[-_AROUND:]
            words = f"{head} … {tail}"
        yield Piece(kind=piece.kind, text=words)


def _shown(words: str, *, newlines: bool = False) -> str:
    """Without what a terminal would obey."""
    kept = "\n" if newlines else ""
    return "".join(one if one.isprintable() or one in kept else " " for one in words)


# --- for a pull request


def markdown(compared: Compared, speech: Speech, *, texts: bool = False) -> str:
    lines = [f"**{_escaped(summary(compared.difference, speech))}**"]
    for matter, parts in groupby(compared.difference.parts, key=lambda part: part.change.matter):
        lines += ["", f"### {speech(f'matter.{matter}')}", ""]
        for part in parts:
            lines.append(f"- {_escaped(part.change.says)}{_link(compared, part)}")
            lines += [f"  - {line}" for line in _word_items(part.change.texts)] if texts else []
    found = renderers.one_line(_findings(compared))
    if found:
        lines += ["", "```", found.rstrip("\n"), "```"]
    return "\n".join(lines) + "\n"


def _link(compared: Compared, part: Part) -> str:
    """To the line in the new version; what is gone has none to lead to."""
    file, line = _place(compared, part)
    if not file:
        return ""
    place = f"`{file}:{line}`" if line else f"`{file}`"
    if part.change.gone:
        return f" ({place})"
    return f" ([{place}]({file.replace(' ', '%20')}{f'#L{line}' if line else ''}))"


def _word_items(texts: tuple[TextChange, ...]) -> Iterator[str]:
    """As HTML, since Markdown's own marks fail beside a space or another sign."""
    marks = {"gone": ("<del>", "</del>"), "new": ("<ins>", "</ins>"), "same": ("", "")}
    for one in texts:
        words = "".join(
            f"{marks[piece.kind][0]}{_escaped(piece.text)}{marks[piece.kind][1]}" for piece in _cut(one.pieces)
        )
        yield f"{one.language}: {words}" if one.language != "*" else words


def _escaped(words: str) -> str:
    """As it is written, also where it looks like Markdown; and nobody is mentioned."""
    return _SPECIAL.sub(r"\\\1", _shown(words)).replace("@", "@<!-- -->")


# --- for programs


def as_json(compared: Compared, speech: Speech) -> str:
    data = {
        "language": speech.language,
        "summary": summary(compared.difference, speech),
        "changes": [_data(compared, part) for part in compared.difference.parts],
        "findings": [found.model_dump(mode="json") for found in _findings(compared)],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _data(compared: Compared, part: Part) -> dict[str, Any]:
    file, line = _place(compared, part)
    return {
        "matter": part.change.matter,
        "kind": part.change.kind,
        "says": part.change.says,
        "version": "old" if part.change.gone else "new",
        "file": file or None,
        "line": line or None,
        "playbooks": part.playbooks,
        "texts": [one.model_dump(mode="json") for one in part.change.texts],
    }


def _place(compared: Compared, part: Part) -> tuple[str, int]:
    file, line = part.change.place
    version = compared.old if part.change.gone else compared.new
    return (version.shown(file) if file else ""), line


def _findings(compared: Compared) -> list[Finding]:
    return [found.model_copy(update={"file": compared.new.shown(found.file)}) for found in compared.difference.findings]
