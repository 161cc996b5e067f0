"""What can happen in a playbook, as a rehearsal lists it: everything that can, and nothing that the plan rules out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from firedoor.compiler.book import compile_book
from firedoor.rehearsal import coverage
from tests.compiler import golden

APPROVED = """\
inputs:
  accounts: {type: list of account}
  threat: {type: yes_no, default: no}
steps:
  - group: Decide
    steps:
      - approve: Lock it
        id: ok
        needs: [{team: policy}]
        deadline: 1h
        escalate: 30m
        on_reject: %s
        on_timeout: %s
      - contain: lock_account
        id: lock
        when: %s
        targets: accounts
  - contain: lock_account
    id: later
    when: ok is approved
    targets: accounts
"""
INNER = """\
playbook: inner
version: "1"
owner: crt
title: Inner
use_when: Never.
severity: {sev2: otherwise}
steps:
  - task: Look at it
    id: look
    assign: policy
    due: 1h
    on_timeout: ask commander
"""
OUTER = """\
inputs:
  threat: {type: yes_no, default: no}
steps:
  - run: inner
  - run: inner
    when: threat
"""


def listed(files: dict[str, str], rehearsed: Collection[str] = ()) -> list[str]:
    found = compile_book(Path("book"), golden.laid_over({name: text.encode() for name, text in files.items()}))
    assert [str(finding) for finding in found.errors] == []
    walked = coverage.of(found.plans["case"], [], rehearsed)
    return [
        walked.says(outcome).partition(" (")[0] + walked.says(outcome).partition(")")[2] for outcome in walked.missing
    ]


@pytest.mark.parametrize(
    ("on_reject", "on_timeout", "when", "can_be_false"),
    [
        ("leave", "leave", "ok is approved", False),
        ("stop", "undo all", "ok is approved", False),
        ("leave", "leave", "ok is approved and threat", True),
        ("continue", "leave", "ok is approved", True),
        ("leave", "continue", "ok is approved", True),
    ],
)
def test_a_condition_that_is_true_wherever_it_is_read_is_not_listed_as_false(
    on_reject: str, on_timeout: str, when: str, can_be_false: bool
) -> None:
    found = listed({"playbook.yaml": APPROVED % (on_reject, on_timeout, when)})
    assert "lock: when true" in found
    assert ("lock: when false" in found) is can_be_false


def test_where_a_question_offers_to_go_on_it_can_be_false() -> None:
    found = listed({"playbook.yaml": APPROVED % ("leave", "ask commander", "ok is approved")})
    assert "ok: after silence, the answer “continue”" in found
    assert "lock: when false" in found


def test_behind_the_group_that_was_left_the_same_condition_can_be_false() -> None:
    found = listed({"playbook.yaml": APPROVED % ("leave", "leave", "ok is approved")})
    assert {"later: when true", "later: when false"} <= set(found)


def test_what_is_rehearsed_by_itself_is_one_outcome_where_it_is_run() -> None:
    found = listed({"playbook.yaml": OUTER, "inner.yaml": INNER}, rehearsed={"inner"})
    assert found == ["run inner: run", "run inner: when true", "run inner: when false", "run inner: run"]


def test_what_is_not_rehearsed_by_itself_is_listed_wherever_it_is_run() -> None:
    found = listed({"playbook.yaml": OUTER, "inner.yaml": INNER})
    assert len([one for one in found if "unanswered" in one]) == 2
