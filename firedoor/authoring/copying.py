"""A playbook that begins as another: its name, title and version are new, and the places to decide are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from firedoor.authoring.drafts import CannotStart
from firedoor.authoring.wording import quoted
from firedoor.compiler import Book
from firedoor.compiler import source as source_
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.nodes import Mapping, Node, Scalar, Sequence

_DECIDE = {
    "owner": "the team that owns it",
    "use_when": "when to launch it",
    "needs": "who must sign",
    "deadline": "how long they have",
    "escalate": "when their managers are told, and may sign",
    "on_reject": "what a no means",
    "on_timeout": "what silence means",
    "on_failure": "what a failure means",
    "expires": "when it lapses",
    "on_expiry": "what happens then",
    "due": "how long they have",
    "assign": "who does it",
    "notify": "who is told",
    "starts": "what starts the clock",
    "to": "who is told",
}
"""Keys under which an author decides something, and what."""
_RESET = ("playbook", "version", "title")
_COMMENT = re.compile(r"\s#")


def copy(book: Book, name: str, new: str, title: str) -> str:
    """The text of playbook `name` as the beginning of `new`. Raises CannotStart where it cannot be copied."""
    file = book.files[name]
    text = book.sources[file].text
    document = source_.read(file, text.encode(), Findings())
    root = document.root if document is not None else None
    if not isinstance(root, Mapping) or _spans(root, text) is None:
        raise CannotStart(f"{file} cannot be copied: its keys have to stand on lines of their own. Mend it first.")
    return _marked(_renamed(root, text, new, title))


def rehearsal(folder: Path, name: str, new: str) -> str | None:
    """The rehearsal of playbook `name`, for `new`; None where it has none."""
    of_it = re.compile(rf"(?m)^rehearse:[ ]*{re.escape(name)}(?=[ ]*$|[ ]+#)")
    for path in sorted((folder / "rehearsals").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if of_it.search(text):
            return of_it.sub(f"rehearse: {new}", text)
    return None


def _renamed(root: Mapping, text: str, new: str, title: str) -> str:
    values = {"playbook": f"playbook: {new}", "version": 'version: "0.1"', "title": f"title: {quoted(title)}"}
    lines = text.splitlines()
    kept: list[str] = []
    spans = _spans(root, text) or {}
    begun = {first: key for key, (first, _) in spans.items()}
    inside = {number for first, last in spans.values() for number in range(first, last)}
    for number, line in enumerate(lines):
        if number in begun:
            kept.append(values[begun[number]])
        elif number not in inside:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _spans(root: Mapping, text: str) -> dict[str, tuple[int, int]] | None:
    """The lines of each key that is reset, from 0; None where one shares its line with another."""
    starts = [key.place.line - 1 for key, _ in root.entries]
    if len(set(starts)) < len(starts) or any(key.place.column != 1 for key, _ in root.entries):
        return None
    lines = text.splitlines()
    found: dict[str, tuple[int, int]] = {}
    for (key, _), after in zip(root.entries, [*starts[1:], len(lines)], strict=True):
        if key.text in _RESET:
            last = after
            while last - 1 > key.place.line - 1 and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
                last -= 1
            found[key.text] = (key.place.line - 1, last)
    return found


def _marked(text: str) -> str:
    """With a plain comment at each place to decide; where there is a comment already, a line above it."""
    document = source_.read("playbook", text.encode(), Findings())
    decisions: dict[int, list[str]] = {}
    for key, value in _keys(document.root if document is not None else None):
        if key.text in _DECIDE and not _is_long(value, key):
            decisions.setdefault(key.place.line, []).append(_DECIDE[key.text])
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        lines += _with_decisions(line, list(dict.fromkeys(decisions.get(number, []))))
    return "\n".join(lines) + "\n"


def _with_decisions(line: str, decisions: list[str]) -> Iterator[str]:
    comment = f"# decide: {'; '.join(decisions)}"
    if decisions and _COMMENT.search(line):
        yield f"{line[: len(line) - len(line.lstrip())]}{comment}"
        yield line
    else:
        yield f"{line}  {comment}" if decisions else line


def _is_long(value: Node | None, key: Scalar) -> bool:
    """Whether the value goes on behind its line, where a comment would be part of it."""
    if isinstance(value, Scalar):
        return "\n" in value.source.text[value.start : value.end] or value.style in ("literal", "folded")
    return False


def _keys(node: Node | None) -> Iterator[tuple[Scalar, Node]]:
    """Every key below, with its value."""
    if isinstance(node, Mapping):
        for key, value in node.entries:
            yield key, value
            yield from _keys(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _keys(item)
