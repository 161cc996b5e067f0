"""A case that goes in several ways, as the cases that it stands for, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor.compiler.book import Book, compile_book
from firedoor.compiler.rehearsals.script import Case
from tests.compiler import golden

PLAYBOOK = """\
inputs:
  accounts: {type: list of account}
  threat: {type: yes_no, default: no}
steps:
  - contain: lock_account
    id: lock
    targets: accounts
  - approve: Keep it locked
    id: keep_it
    needs: [{team: policy}]
    deadline: 1h
    escalate: 30m
    on_reject: undo all
    on_timeout: ask commander
"""
REHEARSAL = """\
rehearse: case
at: 2026-03-04T09:00:00+00:00
given: {accounts: ["@a:x"]}
answers: {reports_per_hour: 1}
people:
  - at: 5m
    policy: note "we look at it"
cases:
  - name: Nobody signs
    people:
      - at: 2h
        commander: answer keep_it with each
    expect: {order: [lock], held: ["@a:x"], ends: waiting}
    each:
%s
"""


def book(ways: str) -> Book:
    indented = "\n".join(f"      {line}" for line in ways.splitlines())
    files = {"playbook.yaml": PLAYBOOK.encode(), "rehearsals/case.yaml": (REHEARSAL % indented).encode()}
    return compile_book(Path("book"), golden.laid_over(files))


def cases(ways: str) -> dict[str, Case]:
    found = book(ways)
    assert [str(finding) for finding in found.errors] == []
    return {case.name: case for case in found.rehearsals["rehearsals/case.yaml"].cases}


def test_it_is_one_case_for_each_way_and_none_besides() -> None:
    found = cases("again: {expect: {ends: waiting}}\nundo all: {expect: {ends: undone}}")
    assert list(found) == ["Nobody signs: again", "Nobody signs: undo all"]
    assert [case.line for case in found.values()] == ["rehearsals/case.yaml:15", "rehearsals/case.yaml:16"]


def test_the_name_of_the_way_is_what_is_answered() -> None:
    found = cases("again: {expect: {ends: waiting}}\nundo all: {expect: {ends: undone}}")
    assert [(case.words[-1].choice, case.words[-1].text) for case in found.values()] == [
        ("again", "answer keep_it with again"),
        ("undo_all", "answer keep_it with undo all"),
    ]


def test_what_stands_in_a_way_is_said_besides() -> None:
    found = cases(
        "again:\n"
        "  given: {threat: yes}\n"
        "  answers: {reports_per_hour: 7}\n"
        "  faults: [{down: lock_account}]\n"
        "  people: [{at: 1h, policy: approve keep_it}]\n"
        "  silent: [policy]\n"
        "  until: 3h\n"
        "  expect: {order: [keep_it approved], held: [], ends: completed}\n"
        "stop: {expect: {ends: stopped}}"
    )
    again, stop = found["Nobody signs: again"], found["Nobody signs: stop"]
    assert again.given == {"accounts": ["@a:x"], "threat": True}
    assert stop.given == {"accounts": ["@a:x"]}
    assert [reply.value for reply in again.replies] == [7]
    assert [reply.value for reply in stop.replies] == [1]
    assert [fault.text for fault in again.faults] == ["lock_account is down"]
    assert stop.faults == ()
    assert [word.text for word in again.words] == ["approve keep_it", "answer keep_it with again"]
    assert [word.text for word in stop.words] == ['note "we look at it"', "answer keep_it with stop"]
    assert (again.until, stop.until) == (10_800, None)


def test_who_is_silent_in_a_way_still_says_what_the_case_has_them_say() -> None:
    found = cases("stop: {silent: [policy, commander], expect: {ends: stopped}}")["Nobody signs: stop"]
    assert [word.text for word in found.words] == ["answer keep_it with stop"]


def test_everybody_is_silent_of_whom_the_file_has_words() -> None:
    found = cases("stop: {silent: everybody, expect: {ends: stopped}}\nagain: {expect: {ends: waiting}}")
    assert [word.text for word in found["Nobody signs: stop"].words] == ["answer keep_it with stop"]
    assert [word.text for word in found["Nobody signs: again"].words] == [
        'note "we look at it"',
        "answer keep_it with again",
    ]


def test_lists_of_what_is_expected_go_on_and_one_value_replaces_the_common_one() -> None:
    found = cases(
        "again: {expect: {order: [keep_it approved], held: [], ends: completed}}\nstop: {expect: {severity: sev2}}"
    )
    again, stop = found["Nobody signs: again"].expect, found["Nobody signs: stop"].expect
    assert [event.step.named for event in again.order] == ["lock", "keep_it"]
    assert [held.targets for held in again.held] == [()]
    assert [held.targets for held in stop.held] == [("@a:x",)]
    assert (again.ends, stop.ends, stop.severity) == ("completed", "waiting", "sev2")
    assert again.lines["ends"] == "rehearsals/case.yaml:15"
    assert stop.lines["ends"] == "rehearsals/case.yaml:13"


@pytest.mark.parametrize(
    ("ways", "code", "line", "says"),
    [
        ("agian: {expect: {ends: waiting}}", "FD805", 15, 'no question can be answered with "agian"'),
        ("stop: {}", "FD102", 15, "one way that a case goes needs `expect`"),
        ("stop: stopped", "FD103", 15, "`stop` must be a mapping with keys"),
        ("stop: {expects: {ends: stopped}}", "FD101", 15, 'no key "expects"'),
        ("stop: {given: {treat: yes}, expect: {ends: stopped}}", "FD806", 15, 'no input "treat"'),
        ("stop: {expect: {order: [unlock]}}", "FD802", 15, 'no step "unlock"'),
    ],
)
def test_what_is_wrong_in_a_way_is_told_once_where_it_stands(ways: str, code: str, line: int, says: str) -> None:
    (finding,) = book(ways).errors
    assert (finding.code, finding.line) == (code, line)
    assert says in finding.message


def test_a_word_about_each_way_needs_ways() -> None:
    files = {
        "playbook.yaml": PLAYBOOK.encode(),
        "rehearsals/case.yaml": (REHEARSAL.partition("    each:")[0]).encode(),
    }
    (finding,) = compile_book(Path("book"), golden.laid_over(files)).errors
    assert (finding.code, finding.line, finding.column) == ("FD805", 12, 40)
    assert "the case has none" in finding.message


def test_two_cases_of_one_name_are_told_though_one_is_a_way() -> None:
    text = (
        REHEARSAL % "      stop: {expect: {ends: stopped}}"
        + '  - {name: "Nobody signs: stop", expect: {ends: waiting}}\n'
    )
    files = {"playbook.yaml": PLAYBOOK.encode(), "rehearsals/case.yaml": text.encode()}
    (finding,) = compile_book(Path("book"), golden.laid_over(files)).errors
    assert finding.code == "FD810"
