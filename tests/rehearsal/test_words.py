"""What people say in a rehearsal, as a table: an author's sentence, and the word that it is."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.compiler.book import Book, compile_book
from firedoor.compiler.rehearsals.script import Word
from firedoor.compiler.rehearsals.words import BECAUSE, FORMS
from tests.compiler import golden

PLAYBOOK = """\
inputs:
  accounts: {type: list of account}
  views: {type: number, optional: yes}
clocks:
  - {clock: prompt, starts: run.aware_at}
steps:
  - contain: lock_account
    meets: prompt
    id: lock
    targets: accounts
  - approve: Keep it all locked
    id: keep_it
    needs: [{team: policy}]
    deadline: 1h
    on_reject: undo all
    on_timeout: ask commander
  - approve: Stand down
    needs: [{team: policy}]
    deadline: 1h
    on_reject: leave
    on_timeout: leave
  - for_each: account in accounts
    steps:
      - task: Call the owner of {{ account }}
        id: call
        assign: crt.on_shift
        due: 1h
        on_timeout: ask commander
        proof: number
"""

REHEARSAL = """\
rehearse: case
at: 2026-03-04T02:45:00+00:00
given: {{accounts: ["@a:x"]}}
cases:
  - name: One
    people:
      - at: 5m
        {says}
    expect: {{ends: stopped}}
"""


def book(says: str) -> Book:
    files = {golden.PLAYBOOK: PLAYBOOK.encode(), "rehearsals/one.yaml": REHEARSAL.format(says=says).encode()}
    return compile_book(golden.HERE, golden.laid_over(files))


def word(text: str) -> Word:
    found = book(f"commander: {text}")
    assert [finding.message for finding in found.errors] == []
    (case,) = found.rehearsals["rehearsals/one.yaml"].cases
    (said,) = case.words
    return said


@pytest.mark.parametrize(
    ("text", "is_"),
    [
        ("approve keep_it", {"choice": "approve", "paths": ("1",)}),
        ("""'approve keep_it only "@a:x", "@b:x"'""", {"choice": "approve", "targets": ("@a:x", "@b:x")}),
        ("approve Stand down", {"choice": "approve", "paths": ("2",)}),
        ("approve Keep it all", {"choice": "approve", "paths": ("1",)}),
        ("""'approve "Stand down"'""", {"choice": "approve", "paths": ("2",)}),
        ("reject keep_it", {"choice": "reject", "reason": BECAUSE}),
        ("reject keep_it because it is theirs to say", {"choice": "reject", "reason": "it is theirs to say"}),
        ("""'need fact keep_it with "Whose is it?"'""", {"choice": "need_fact", "reason": "Whose is it?"}),
        (
            """'finish call[2] with "CASE 1"'""",
            {"choice": "done", "proof": "CASE 1", "rounds": (2,), "paths": ("3.0",)},
        ),
        ("finish every call with X", {"choice": "done", "proof": "X", "every": True}),
        ("finish Call the owner of", {"choice": "done", "paths": ("3.0",)}),
        ("answer lock with retry", {"choice": "retry", "paths": ("0",)}),
        ("answer lock with undo all", {"choice": "undo_all"}),
        ("""'answer keep_it with "It is the mayor"'""", {"choice": "answer", "reason": "It is the mayor"}),
        ("answer held with keep because of the law", {"choice": "keep", "about": "held", "reason": "of the law"}),
        ("stop", {"command": "stop", "reason": BECAUSE}),
        ("undo all because it is over", {"command": "undo_all", "reason": "it is over"}),
        ("""'undo lock for "@a:x"'""", {"command": "undo", "paths": ("0",), "targets": ("@a:x",)}),
        ("severity sev1", {"command": "severity", "value": "sev1"}),
        ("""'add accounts "@b:x", "@c:x"'""", {"command": "add", "value": {"accounts": ["@b:x", "@c:x"]}}),
        ("""'add accounts @b:x, @c:x'""", {"command": "add", "value": {"accounts": ["@b:x", "@c:x"]}}),
        ("give views 2000", {"command": "input", "value": {"views": 2000}}),
        ("pause because it rains", {"command": "pause", "reason": "it rains"}),
        (
            """'pause clock prompt on "court" because "no address"'""",
            {"command": "pause_clock", "value": {"clock": "prompt", "ground": "court"}, "reason": "no address"},
        ),
        ("resume clock prompt", {"command": "resume_clock", "value": "prompt", "reason": BECAUSE}),
        ("note seen on the news", {"command": "note", "reason": "seen on the news"}),
        ("skip keep_it", {"command": "skip", "reason": BECAUSE}),
        ("extend keep_it by 1h 30m", {"command": "extend", "value": 5400}),
        ("reassign call to legal.on_shift", {"command": "reassign", "value": "legal.on_shift"}),
        ("hand over to omar", {"command": "offer", "value": {"kind": "person", "name": "omar"}, "reason": None}),
        ("hand over now to omar", {"command": "hand_over", "reason": BECAUSE}),
        ("answer handover with accept", {"choice": "accept", "about": "handover"}),
        ("""'note "three: more with it"'""", {"command": "note", "reason": "three: more with it"}),
    ],
)
def test_a_sentence_is_a_word(text: str, is_: dict[str, Any]) -> None:
    said = word(text)
    step = said.step.model_dump() if said.step else {}
    there = {**step, **said.model_dump()}
    assert {key: there[key] for key in is_} == is_


def test_each_form_is_read() -> None:
    """What a fix tells an author to write is read, but for its place-holders."""
    filled = {
        "STEP": "keep_it",
        "CHOICE": "again",
        "INPUT VALUE": "views 3",
        'INPUT "…", "…"': "accounts @b:x",
        "WHO": "omar",
    }
    for verb, form in FORMS.items():
        text = form.partition(", or ")[0]
        for name, value in filled.items():
            text = text.replace(name, value)
        if verb == "finish":
            text = text.replace("keep_it", "call")
        if verb == "undo":
            text = text.replace("keep_it", "lock")
        assert word(f"'{text}'").text == text


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ("commander: approve kep_it", "FD802"),
        ("commander: finish wait", "FD802"),
        ("commander: approve lock", "FD805"),
        ("commander: answer lock with nothing", "FD805"),
        ("commander: answer lock", "FD804"),
        ("commander: severity high", "FD804"),
        ("commander: extend keep_it", "FD804"),
        ("commander: extend keep_it by soon", "FD804"),
        ("commander: pause for a while", "FD804"),
        ("commander: pause clock pormpt on court", "FD804"),
        ("commander: pause clock prompt on a whim", "FD804"),
        ("commander: pause clock prompt", "FD804"),
        ("commander: resume clock", "FD804"),
        ("commander: need to know", "FD804"),
        ("commander: hand over", "FD804"),
        ("commander: hand over to nobody", "FD803"),
        ("commander: reassign call to nobody", "FD803"),
        ("commander: add account @b:x", "FD806"),
        ("commander: give views many", "FD806"),
        ("commander: aprove keep_it", "FD804"),
        ("hotline: stop", "FD803"),
        ("users: stop", "FD803"),
        ('commander: ""', "FD104"),
    ],
)
def test_what_cannot_be_said_is_one_finding(says: str, code: str) -> None:
    assert [found.code for found in book(says).findings] == [code]
