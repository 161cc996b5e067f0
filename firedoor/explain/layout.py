"""An explanation as text for a terminal, or as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from firedoor.explain.folding import cells, fold
from firedoor.explain.prose import Explanation, Item

_ACTIVE = re.compile(r"[\\`*<>\[\]&|~]|(?<!\w)_|_(?!\w)")
"""What Markdown would not show as it is written."""


def text(told: Explanation, width: int | None = None) -> str:
    """For a terminal of so many columns; None folds nothing."""
    lines = [told.title, "=" * cells(told.title), *fold(told.under_title, width)]
    for section in told.sections:
        lines += ["", section.heading, "-" * cells(section.heading)]
        lines += [line for says in section.says for line in fold(says, width)]
        for item in section.items:
            lines += _item(item, width, "")
    return "".join(f"{line}\n" for line in lines)


def _item(item: Item, width: int | None, indent: str) -> Iterator[str]:
    if item.number:
        yield ""
        first = f"{indent}{item.number}  "
        inner = indent + "   "
        longest = f" ({item.longest})" if item.longest else ""
        yield from _hung(item.head + longest, width, first, " " * len(first))
        if item.says:
            yield from _hung(" ".join(item.says), width, inner, inner)
    else:
        inner = indent + "  "
        yield from _hung(" ".join([item.head, *item.says]), width, f"{indent}- ", inner)
    for point in item.points:
        yield from _hung(f"{point.label}: {point.says}", width, f"{inner}- ", f"{inner}  ")
    for below in item.items:
        yield from _item(below, width, inner)


def _hung(words: str, width: int | None, first: str, rest: str) -> Iterator[str]:
    room = None if width is None else max(width - len(first), 20)
    for number, line in enumerate(fold(words, room)):
        yield (rest if number else first) + line


def markdown(told: Explanation) -> str:
    """For a repository or a wiki: headings, numbered steps as nested lists."""
    parts = [f"# {escaped(told.title)}", escaped(told.under_title)]
    for section in told.sections:
        parts.append(f"## {escaped(section.heading)}")
        parts += [escaped(says) for says in section.says]
        listed = "\n".join(line for item in section.items for line in _listed(item, ""))
        parts += [listed] if listed else []
    return "\n\n".join(parts) + "\n"


def _listed(item: Item, indent: str) -> Iterator[str]:
    number = f"{item.number} " if item.number else ""
    longest = f" ({item.longest})" if item.longest else ""
    head = f"{indent}- **{number}{escaped(item.head)}**{longest}"
    yield f"{head}{'.' if number and item.says else ''} {escaped(' '.join(item.says))}".rstrip()
    for point in item.points:
        yield f"{indent}  - *{escaped(point.label)}:* {escaped(point.says)}"
    for below in item.items:
        yield from _listed(below, f"{indent}  ")


def escaped(words: str) -> str:
    """The words as Markdown that shows them, on one line."""
    backslash: Callable[[re.Match[str]], str] = lambda found: f"\\{found[0]}"  # noqa: E731
    return _ACTIVE.sub(backslash, " ".join(words.split()))
