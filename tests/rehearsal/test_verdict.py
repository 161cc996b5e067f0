"""What of a case's failures is its own fault, which ends its expectations mean, and what counts as held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firedoor.compiler.book import Book, compile_book
from firedoor.compiler.rehearsals.script import Case
from firedoor.protocol import Row
from firedoor.rehearsal.playing import Played
from firedoor.rehearsal.verdict import Judged, judge
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
  - undo: lock
  - notify: crt.on_shift
    say: It is locked
  - wait: reports_per_hour < 10
    check_every: 15m
    at_most: 6h
    on_timeout: continue
"""
REHEARSAL = """\
rehearse: case
at: 2026-03-04T09:00:00+00:00
given: {accounts: ["@a:x", "@b:x"]}
answers: {reports_per_hour: 1}
cases:
  - name: one
    expect: %s
    %s
"""
BEGIN = datetime(2026, 3, 4, 9, tzinfo=UTC)
LOCK, OK, DISCLOSED, UNDO, NOTIFY, WAIT = "0", "1", "2", "3", "4", "5"


@dataclass(frozen=True)
class Told:
    """A row of the timeline, as short as it can be."""

    kind: str
    step: str | None = None
    words: str = "it failed"
    minutes: int = 5
    data: tuple[tuple[str, Any], ...] = ()


def about(*targets: str, **data: Any) -> tuple[tuple[str, Any], ...]:
    return (("targets", list(targets)), *data.items())


def compiled(expect: str, faults: str) -> tuple[Book, Case]:
    files = {"playbook.yaml": PLAYBOOK, "rehearsals/case.yaml": REHEARSAL % (expect, faults and f"faults: {faults}")}
    book = compile_book(Path("book"), golden.laid_over({name: text.encode() for name, text in files.items()}))
    assert [str(finding) for finding in book.errors] == []
    (case,) = book.rehearsals["rehearsals/case.yaml"].cases
    return book, case


def judged(*rows: Told, expect: str = "{ends: waiting}", faults: str = "") -> Judged:
    book, case = compiled(expect, faults)
    assert book.organization is not None
    told = [
        Row(
            seq=number,
            at=BEGIN + timedelta(minutes=row.minutes),
            kind=row.kind,
            step=row.step,
            words=row.words,
            data=dict(row.data),
        )
        for number, row in enumerate(rows, 1)
    ]
    return judge(Played(case, book.plans["case"], BEGIN, timedelta(), rows=told), book.organization)


def unexpected(row: Told, faults: str = "", expect: str = "{ends: waiting}") -> list[str]:
    return [one.says for one in judged(row, faults=faults, expect=expect).unexpected]


# --- failures


@pytest.mark.parametrize(
    ("path", "kind", "meant"),
    [
        (LOCK, "hold.failed", "{down: lock_account} or {refuses: lock_account} under `faults`"),
        (LOCK, "hold.undo_failed", "{refuses: undo lock_account} under `faults`"),
        (UNDO, "step.failed", "{refuses: undo lock_account} under `faults`"),
        (DISCLOSED, "hold.failed", "{down: disclose_data} or {refuses: disclose_data} under `faults`"),
        (NOTIFY, "step.failed", "the channel under `faults`, such as {down: page}"),
    ],
)
def test_without_a_fault_what_fails_is_told_and_how_to_expect_it(path: str, kind: str, meant: str) -> None:
    assert unexpected(Told(kind, path)) == [f"it failed, though the case has no fault; if it is meant, write {meant}"]


def test_that_what_cannot_be_taken_back_is_not_undone_is_no_failure() -> None:
    assert unexpected(Told("hold.undo_failed", DISCLOSED)) == []


FAILED_FOR_A = Told("hold.failed", LOCK, data=about("@a:x"))
FAILED_FOR_BOTH = Told("hold.failed", LOCK, data=about("@a:x", "@b:x"))
UNDO_FAILED = Told("hold.undo_failed", LOCK, data=about("@a:x"))
READ_FAILED = Told("read.failed", WAIT, words="reports_per_hour did not answer; looking again in 900 s")
NOT_REACHED = Told("step.failed", NOTIFY, words="notify failed: 1 of 1 were not reached (chat: Unavailable)")
NOT_SENT = Told("notice.failed", words="omar by mail: failed", data=(("channel", "mail"),))


@pytest.mark.parametrize(
    ("row", "faults", "explained"),
    [
        (FAILED_FOR_A, "[{down: lock_account}]", True),
        (FAILED_FOR_A, '[{refuses: lock_account, of: ["@a:x"]}]', True),
        (FAILED_FOR_A, '[{refuses: lock_account, of: ["@b:x"]}]', False),
        (FAILED_FOR_A, '[{missing: "@a:x"}]', True),
        (FAILED_FOR_BOTH, '[{missing: "@a:x"}]', False),
        (FAILED_FOR_BOTH, '[{missing: "@a:x"}, {refuses: lock_account, of: ["@b:x"]}]', True),
        (FAILED_FOR_A, "[{refuses: undo lock_account}]", False),
        (FAILED_FOR_A, "[{down: chat}]", False),
        (FAILED_FOR_A, "[{down: lock_account, to: 10m}]", True),
        (FAILED_FOR_A, "[{down: lock_account, to: 2m}]", False),
        (FAILED_FOR_A, "[{down: lock_account, from: 10m}]", False),
        (UNDO_FAILED, "[{refuses: undo lock_account}]", True),
        (UNDO_FAILED, "[{down: lock_account}]", False),
        (UNDO_FAILED, "[{refuses: undo lock_account, once: yes}]", True),
        (READ_FAILED, "[{down: reports_per_hour}]", True),
        (READ_FAILED, "[{down: lock_account}]", False),
        (NOT_REACHED, "[{down: chat}]", True),
        (NOT_REACHED, "[{down: mail}]", False),
        (NOT_REACHED, "[{down: chat, to: 1m}]", True),
        (NOT_SENT, "[{down: mail}]", True),
        (NOT_SENT, "[{down: chat}]", False),
    ],
)
def test_a_fault_explains_what_it_is_about_and_nothing_else(row: Told, faults: str, *, explained: bool) -> None:
    found = unexpected(row, faults)
    assert len(found) == (not explained)
    assert all("no fault of the case explains that" in says for says in found)


@pytest.mark.parametrize(
    ("row", "expect", "expected"),
    [
        (FAILED_FOR_A, "{order: [lock failed]}", True),
        (FAILED_FOR_A, "{times: {lock failed: within 10m}}", True),
        (FAILED_FOR_A, "{order: [undo lock failed]}", False),
        (UNDO_FAILED, "{order: [undo lock failed]}", True),
        (UNDO_FAILED, "{order: [lock failed]}", False),
    ],
)
def test_what_the_case_says_to_fail_may_fail(row: Told, expect: str, *, expected: bool) -> None:
    assert (unexpected(row, expect=expect) == []) is expected


# --- ends


@pytest.mark.parametrize(
    ("path", "kind", "named", "kept"),
    [
        (LOCK, "step.done", "lock", True),
        (LOCK, "hold.failed", "lock", False),
        (LOCK, "hold.failed", "lock failed", True),
        (OK, "step.approved", "ok", True),
        (OK, "step.rejected", "ok", False),
        (OK, "step.unanswered", "ok", False),
        (OK, "step.rejected", "ok rejected", True),
        (UNDO, "step.done", "undo lock", True),
        (UNDO, "step.failed", "undo lock", False),
        (UNDO, "step.failed", "undo lock failed", True),
        (WAIT, "step.done", "wait", True),
        (WAIT, "step.unanswered", "wait", False),
        (NOTIFY, "step.failed", "notify", False),
    ],
)
def test_a_name_alone_is_that_the_step_succeeded(path: str, kind: str, named: str, *, kept: bool) -> None:
    for expect in (f"{{order: [{named}]}}", f"{{times: {{{named}: within 10m}}}}"):
        (verdict,) = judged(Told(kind, path), expect=expect).verdicts
        assert verdict.kept is kept
        if not kept:
            assert verdict.because.startswith("it ended at +5m as ")


# --- what is held


CONTAINED = Told("hold.applied", LOCK, data=about("@a:x"))
UNDOING = Told("hold.undoing", LOCK, data=about("@a:x", release=1))
UNDONE = Told("hold.undone", LOCK, data=about("@a:x", release=1))
ENDED = Told("run.completed")


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ((CONTAINED, ENDED), '["@a:x"]'),
        ((CONTAINED, UNDOING, UNDONE, ENDED), "[]"),
        ((CONTAINED, UNDOING, ENDED, UNDONE), "[]"),
        ((CONTAINED, UNDOING, ENDED), '["@a:x"]'),
        ((CONTAINED, ENDED, UNDOING, UNDONE), '["@a:x"]'),
    ],
)
def test_what_was_being_undone_when_the_response_ended_is_not_held(rows: tuple[Told, ...], held: str) -> None:
    (verdict,) = judged(*rows, expect=f"{{held: {held}}}").verdicts
    assert (verdict.kept, verdict.because) == (True, "")
