"""What of a case's failures is its own fault, and what the playbook could not have otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firedoor.compiler.book import compile_book
from firedoor.compiler.rehearsals.script import Case
from firedoor.protocol import Row
from firedoor.rehearsal.playing import Played
from firedoor.rehearsal.verdict import judge
from tests.compiler import golden

PLAYBOOK = """\
inputs:
  accounts: {type: list of account}
steps:
  - contain: lock_account
    id: lock
    targets: accounts
  - approve: Give it
    id: ok
    needs: [{team: legal}]
    deadline: 1h
    escalate: 30m
    on_reject: stop
    on_timeout: stop
  - contain: disclose_data
    id: disclosed
    targets: accounts
"""
BEGIN = datetime(2026, 3, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        ("0", "hold.undo_failed", True),
        ("2", "hold.undo_failed", False),
        ("2", "hold.failed", True),
    ],
)
def test_that_what_cannot_be_taken_back_is_not_undone_is_no_failure(path: str, kind: str, told: bool) -> None:
    book = compile_book(Path("book"), golden.laid_over({"playbook.yaml": PLAYBOOK.encode()}))
    assert book.organization is not None
    row = Row(seq=1, at=BEGIN + timedelta(hours=1), kind=kind, step=path, words="it failed")
    case = Case(name="x", line="rehearsals/x.yaml:1", at=BEGIN)
    played = Played(case, book.plans["case"], BEGIN, timedelta(), rows=[row])
    unexpected = [one.says for one in judge(played, book.organization).unexpected]
    assert unexpected == (["it failed, though the case has no fault"] if told else [])
