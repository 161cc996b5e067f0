"""The book's messages: `messages/NAME.LOCALE.md.j2`, each vetted, by name and language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from firedoor.compiler import source, templates, values
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.nodes import Source
from firedoor.plan.model import Message

_NAMED = "name it NAME.LANGUAGE.md.j2, such as statement-of-reasons.en.md.j2"
_FILE = re.compile(r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)\.(?P<language>[A-Za-z-]+)\.md\.j2")


@dataclass
class Template:
    """A message of the book: its text by language, and the names that each takes from its context."""

    name: str
    by_language: dict[str, str] = field(default_factory=dict)
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    broken: bool = False

    @property
    def message(self) -> Message:
        return Message(by_language=dict(sorted(self.by_language.items())))

    @property
    def all_names(self) -> list[str]:
        return sorted(frozenset[str]().union(*self.names.values()))


def _place(text: Source, problem: templates.Problem) -> Place:
    """Where the problem is: what is wrong on its line, or the whole of it."""
    line = text.line(problem.line)
    wrong = re.escape(problem.text) if problem.text else r"\S.*"
    if problem.text[:1].isalpha():
        wrong = rf"\b{wrong}"
    found = re.search(wrong, line)
    start, end = found.span() if found else (0, len(line))
    return Place(text.name, problem.line, start + 1, max(start, end - (problem.text[-1:] == "(")) + 1)


def named(path: str) -> str | None:
    """The name of the message that lies in this file; None where it is not named as one."""
    match = _FILE.fullmatch(path.rpartition("/")[2])
    return match["name"] if match is not None and values.is_language(match["language"]) else None


def read(files: Mapping[str, bytes], findings: Findings) -> tuple[dict[str, Template], list[Source]]:
    """The messages of a book's files (name relative to the book → content), and their sources."""
    found: dict[str, Template] = {}
    sources: list[Source] = []
    for path, data in sorted(files.items()):
        match = _FILE.fullmatch(path.rpartition("/")[2])
        if match is None or not values.is_language(match["language"]):
            findings.add("FD702", Place(path), f'"{path}" is not named as a message', fix=_NAMED)
            continue
        template = found.setdefault(match["name"], Template(match["name"]))
        text = source.decode(path, data, findings)
        if text is None:
            template.broken = True
            sources.append(Source(path, data.decode("utf-8", "replace").removeprefix("\ufeff")))
            continue
        sources.append(text)
        vetted = templates.vet(text.text)
        for problem in vetted.problems:
            findings.add(problem.code, _place(text, problem), problem.message, fix=problem.fix)
        template.broken |= bool(vetted.problems)
        template.by_language[match["language"]] = text.text
        template.names[match["language"]] = vetted.names
    return found, sources
