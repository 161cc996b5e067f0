"""Findings as text for people, as one line each for grep, as JSON, as GitHub's annotations and as SARIF. They differ in
form, never in what they say."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from firedoor.compiler import figures as figures_
from firedoor.compiler.codes import CODES
from firedoor.compiler.diagnostics import Finding
from firedoor.compiler.figures import Figures

_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"
MOST_COLUMNS = 160
"""A longer source line is cut around what is wrong."""


def text(findings: Iterable[Finding], *, colour: bool = False) -> str:
    """Each finding with its line, a caret, what it means in a crisis, and the fix; an empty line between two."""
    return "\n".join(_text(finding, colour=colour) for finding in findings)


def one_line(findings: Iterable[Finding]) -> str:
    """Each finding on a line of its own, with its fix."""
    lines = []
    for finding in findings:
        fix = f" ({_shown(finding.fix)})" if finding.fix else ""
        lines.append(f"{_first(finding)}{fix}\n")
    return "".join(lines)


def as_json(findings: Iterable[Finding], figures: Iterable[Figures] = ()) -> str:
    """A JSON object: `findings`, one object for each, `docs` naming its page; and `clocks`, what is shown of each."""
    found = [{**finding.model_dump(mode="json"), "docs": finding.docs} for finding in findings]
    data = {"findings": found, "clocks": figures_.data(figures)}
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def github(findings: Iterable[Finding]) -> str:
    """Workflow commands that GitHub shows beside the lines of a change."""
    lines = []
    for finding in findings:
        at = {
            "file": finding.file,
            "line": finding.line,
            "col": finding.column,
            "endColumn": finding.end_column,
            "title": finding.code,
        }
        options = ",".join(f"{name}={_escaped(str(value), _IN_OPTION)}" for name, value in at.items())
        lines.append(f"::{finding.severity} {options}::{_escaped(_words(finding), _IN_WORDS)}\n")
    return "".join(lines)


_IN_WORDS: dict[str, str | int | None] = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_OPTION: dict[str, str | int | None] = {**_IN_WORDS, ":": "%3A", ",": "%2C"}


def _escaped(words: str, by: dict[str, str | int | None]) -> str:
    return words.translate(str.maketrans(by))


SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Iterable[Finding]) -> str:
    """A SARIF 2.1.0 log with one run; each code is a rule. Columns count code points."""
    found = list(findings)
    codes = sorted({finding.code for finding in found})
    run = {
        "tool": {
            "driver": {
                "name": "firedoor",
                "semanticVersion": version("firedoor"),
                "rules": [_rule(code) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes.index(finding.code)) for finding in found],
    }
    log = {"$schema": SARIF, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    known = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.meaning},
        "defaultConfiguration": {"level": known.severity},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.line,
        "endColumn": finding.end_column,
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": _words(finding)},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": quote(finding.file)}, "region": region}},
        ],
    }


def _words(finding: Finding) -> str:
    """The message, what is to be known besides, and the fix, a line each."""
    lines = [finding.message, *finding.notes, *([f"fix: {finding.fix}"] if finding.fix else [])]
    return "\n".join(_shown(line) for line in lines)


def summary(findings: Iterable[Finding]) -> str:
    """How many there are: `3 errors, 1 warning`."""
    found = list(findings)
    errors = sum(finding.severity == "error" for finding in found)
    counts = [(errors, "error"), (len(found) - errors, "warning")]
    return ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts if count) or "nothing found"


def _first(finding: Finding) -> str:
    return f"{_place(finding)} {finding.severity}[{finding.code}]: {_shown(finding.message)}"


def _place(finding: Finding) -> str:
    return f"{_shown(finding.file)}:{finding.line}:{finding.column}:"


def _text(finding: Finding, *, colour: bool) -> str:
    def dyed(words: str, *codes: str) -> str:
        return f"{''.join(codes)}{words}{_PLAIN}" if colour else words

    signal = _RED if finding.severity == "error" else _YELLOW
    place = _place(finding)
    kind = f"{finding.severity}[{finding.code}]"
    lines = [f"{dyed(place, _BOLD)} {dyed(kind, signal, _BOLD)}: {dyed(_shown(finding.message), _BOLD)}"]
    bar = dyed("|", _BLUE)
    gutter = " " * (len(str(finding.line)) + 1)
    if finding.source is not None:
        source, column, width = _cut(finding)
        lines += [
            f"{gutter}{bar}",
            f"{dyed(str(finding.line), _BLUE)} {bar} {source}",
            f"{gutter}{bar} {' ' * column}{dyed('^' * width, signal, _BOLD)}",
        ]
    notes = [
        *(("note", note) for note in finding.notes),
        ("in a crisis", finding.meaning),
        ("fix", finding.fix),
        ("docs", finding.docs),
    ]
    sign = dyed("=", _BLUE)
    lines += [f"{gutter}{sign} {dyed(name, _BOLD)}: {_shown(words)}" for name, words in notes if words]
    return "\n".join(lines) + "\n"


def _cut(finding: Finding) -> tuple[str, int, int]:
    """The source line as it is shown, and the caret's offset and width in it, in columns of a terminal."""
    source = finding.source or ""
    start = min(finding.column - 1, len(source))
    end = max(min(finding.end_column - 1, len(source)), start)
    shift = 0
    if len(source) > MOST_COLUMNS:
        shift = max(0, min(start - MOST_COLUMNS // 3, len(source) - MOST_COLUMNS))
    shown = source[shift : shift + MOST_COLUMNS]
    start, end = start - shift, min(end - shift, len(shown))
    head = "… " if shift else ""
    tail = " …" if shift + MOST_COLUMNS < len(source) else ""
    before, within = _shown(shown[:start]), _shown(shown[start:end])
    return f"{head}{_shown(shown)}{tail}", _columns(head + before), max(1, _columns(within))


def _shown(text: str) -> str:
    """The text without what a terminal would obey, and without what nobody sees."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character == "\t":
        return "  "
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"):
        return f"<U+{ord(character):04X}>"
    return character


def _columns(text: str) -> int:
    """Columns of a terminal: East Asian wide characters take two, combining ones none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    combining = sum(unicodedata.combining(character) > 0 for character in text)
    return len(text) + wide - combining
