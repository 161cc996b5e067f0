"""Findings as they are printed: whole first lines, carets under what is wrong, and nothing that a terminal obeys."""

from __future__ import annotations

import json
from pathlib import Path

from firedoor.compiler import look, renderers
from firedoor.compiler.diagnostics import Finding

FOUND = Finding(
    code="FD203",
    severity="error",
    file="playbooks/election.yaml",
    line=12,
    column=16,
    end_column=21,
    message='no team is called "polcy"',
    fix='write "policy"',
    source="      - {team: polcy}",
)


BOOK = Path(__file__).parents[2] / "playbooks"


def test_json_holds_findings_and_clocks() -> None:
    checked = look([BOOK])
    made = json.loads(renderers.as_json([FOUND], checked.clocks))
    assert [(one["code"], one["docs"]) for one in made["findings"]] == [("FD203", "docs/codes/FD203.md")]
    (gdpr,) = [one for one in made["clocks"] if one["playbook"] == "high-profile-takeover"]
    assert (gdpr["clock"], gdpr["verdict"]) == ("gdpr-breach-authority", "in time")
    assert gdpr["limit"] - gdpr["worst"] == gdpr["margin"]
    assert sum(part["seconds"] for part in gdpr["parts"]) == gdpr["worst"]


def test_an_annotation_is_one_line_and_its_words_steer_no_command() -> None:
    found = FOUND.model_copy(
        update={"file": "a,b:c.yaml", "message": "50% of it\n::error::no", "notes": ("see line 3",)}
    )
    assert renderers.github([found]) == (
        "::error file=a%2Cb%3Ac.yaml,line=12,col=16,endColumn=21,title=FD203::"
        '50%25 of it<U+000A>::error::no%0Asee line 3%0Afix: write "policy"\n'
    )


def test_the_text_has_the_shape_of_the_language() -> None:
    assert renderers.text([FOUND]) == (
        'playbooks/election.yaml:12:16: error[FD203]: no team is called "polcy"\n'
        "   |\n"
        "12 |       - {team: polcy}\n"
        "   |                ^^^^^\n"
        '   = fix: write "policy"\n'
        "   = docs: docs/codes/FD203.md\n"
    )


def test_what_it_means_in_a_crisis_stands_before_the_fix_and_notes_before_both() -> None:
    lines = renderers.text(
        [FOUND.model_copy(update={"meaning": "nobody is asked", "notes": ("see line 3",)})]
    ).splitlines()
    assert [line.split(":")[0].strip() for line in lines[-4:]] == ["= note", "= in a crisis", "= fix", "= docs"]


def test_one_line_is_one_line_for_each() -> None:
    assert (
        renderers.one_line([FOUND, FOUND]).splitlines()
        == ['playbooks/election.yaml:12:16: error[FD203]: no team is called "polcy" (write "policy")'] * 2
    )


def test_json_says_the_same() -> None:
    (data,) = json.loads(renderers.as_json([FOUND]))["findings"]
    assert data["code"] == "FD203"
    assert data["docs"] == "docs/codes/FD203.md"
    assert (data["line"], data["column"], data["end_column"]) == (12, 16, 21)


def test_colour_is_only_where_it_is_asked_for() -> None:
    assert "\x1b" not in renderers.text([FOUND])
    assert "\x1b[31m" in renderers.text([FOUND], colour=True)


def test_nothing_that_a_terminal_obeys_gets_through() -> None:
    bad = FOUND.model_copy(update={"message": "a\x1b[2Jb\u202ec\nd", "source": "x: \x1b]0;\u200b"})
    shown = renderers.text([bad])
    assert not set("\x1b\u202e\u200b") & set(shown)
    assert shown.splitlines()[0].endswith("a<U+001B>[2Jb<U+202E>c<U+000A>d")


def test_a_caret_stands_under_wide_letters() -> None:
    wide = FOUND.model_copy(update={"source": "名前: まちがい", "column": 5, "end_column": 9})
    assert renderers.text([wide]).splitlines()[3] == "   |       ^^^^^^^^"


def test_a_long_line_is_cut_around_what_is_wrong() -> None:
    long = FOUND.model_copy(update={"source": "x" * 500 + "wrong" + "y" * 500, "column": 501, "end_column": 506})
    lines = renderers.text([long]).splitlines()
    assert len(lines[2]) < 180
    column = lines[3].index("^")
    assert lines[2][column : column + 5] == "wrong"


def test_a_file_without_text_has_no_caret() -> None:
    assert len(renderers.text([FOUND.model_copy(update={"source": None})]).splitlines()) == 3


def test_the_summary_counts() -> None:
    warning = FOUND.model_copy(update={"severity": "warning"})
    assert renderers.summary([FOUND, warning, FOUND]) == "2 errors, 1 warning"
    assert renderers.summary([]) == "nothing found"
