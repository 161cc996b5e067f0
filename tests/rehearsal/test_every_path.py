"""`--every-path`: a book of which something is not walked does not pass, though all that is played goes as expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor.cli.entry import run
from tests.compiler import golden

SAID = """\
rehearse: statement
at: 2026-03-04T02:45:00+00:00
given: {line: We are looking into it.}
cases:
  - name: It is said
    expect: {order: [said], ends: completed}
"""
NOT_SAID = """\
  - name: It cannot be said
    faults: [{refuses: notice}]
    people:
      - at: 5m
        commander: answer said with continue
    expect: {order: [said failed], ends: completed}
"""


def book(folder: Path, rehearsal: str) -> Path:
    for name, data in golden.laid_over({"rehearsals/one.yaml": rehearsal.encode()}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_what_no_case_walks_is_named_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rehearse", str(book(tmp_path, SAID)), "--every-path"]) == 1
    said = capsys.readouterr().out
    assert "✓ statement: It is said" in said
    assert "statement: 1 of 2 outcomes walked; not walked:" in said
    assert "said (statement.yaml:11): failed" in said


def test_where_everything_is_walked_it_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rehearse", str(book(tmp_path, SAID + NOT_SAID)), "--every-path"]) == 0
    assert "statement: 2 of 2 outcomes walked: all." in capsys.readouterr().out


def test_a_playbook_of_which_some_cases_are_not_played_does_not_pass(tmp_path: Path) -> None:
    typed = ["rehearse", str(book(tmp_path, SAID + NOT_SAID)), "--case", "It is said"]
    assert run(typed) == 0
    assert run([*typed, "--every-path"]) == 1
