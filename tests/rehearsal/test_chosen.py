"""What is rehearsed, before any server starts: nothing by a wrong name, and nothing that has mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firedoor.cli.entry import run
from tests.compiler import golden

CASE = """\
rehearse: statement
at: 2026-03-04T02:45:00+00:00
given: {line: We are looking into it.}
cases:
  - name: It is said
    expect: {order: [%s]}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    for name, data in golden.laid_over({"rehearsals/one.yaml": (CASE % "said").encode()}).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def test_a_name_that_no_case_has_is_wrong_usage(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rehearse", str(book), "--case", "It was said"]) == 2
    assert "No case is called 'It was said'." in capsys.readouterr().err


def test_a_file_without_cases_is_wrong_usage(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rehearse", str(book / "clocks.yaml"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"] == "usage"


def test_a_rehearsal_with_mistakes_is_told_and_not_played(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (book / "rehearsals" / "one.yaml").write_text(CASE % "sayd")
    assert run(["rehearse", str(book)]) == 1
    said = capsys.readouterr().err
    assert "rehearsals/one.yaml:6:22: error[FD802]" in said
    assert "Nothing can be rehearsed: 1 error." in said


def test_a_playbook_with_mistakes_is_not_rehearsed(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = book / "statement.yaml"
    path.write_text(path.read_text().replace("notify: users", "notify: nobody"))
    assert run(["rehearse", str(book)]) == 1
    said = capsys.readouterr().err
    assert "statement.yaml" in said
    assert "FD80" not in said
