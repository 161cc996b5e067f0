"""`firedoor explain` and `firedoor graph`, as somebody types them: which playbook, in which form, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from firedoor.cli import cli
from firedoor.cli.entry import run
from firedoor.compiler import load_book
from tests.explain import golden

FILE = str(golden.BOOK / "everything.yaml")
FORMS = {"explain": "# Everything at once", "graph": "sequenceDiagram"}
OTHER = {"explain": ("--format", "md"), "graph": ("--format", "mermaid")}


def _type(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [*words], env={"FIREDOOR_BOOK": str(golden.BOOK)})
    assert result.exit_code == code, result.output
    return result


def test_explain_tells_a_file_or_a_playbook_of_the_book() -> None:
    told = (golden.GOLDEN / "everything.txt").read_text(encoding="utf-8")
    assert _type("explain", FILE).stdout == told
    assert _type("explain", "everything").stdout == told
    assert _type("explain", "everything", "--book", str(golden.BOOK)).stdout == told


def test_explain_in_another_language() -> None:
    told = (golden.GOLDEN / "everything.de.txt").read_text(encoding="utf-8")
    assert _type("explain", "everything", "--language", "de").stdout == told
    assert "Diese Zeile veröffentlichen" in _type("graph", "statement", "--language", "de").stdout


def test_graph_draws_svg() -> None:
    drawn = _type("graph", "everything").stdout
    assert ElementTree.fromstring(drawn).get("width")  # noqa: S314  # our own


@pytest.mark.parametrize("command", FORMS)
def test_the_other_form_and_a_file(command: str, tmp_path: Path) -> None:
    shown = _type(command, "everything", *OTHER[command]).stdout
    assert shown.startswith(FORMS[command])
    to = tmp_path / "out"
    written = _type(command, "everything", *OTHER[command], "-o", str(to))
    assert to.read_text(encoding="utf-8") == shown
    assert written.stdout == ""
    assert str(to) in written.stderr


def test_json_is_for_programs() -> None:
    plan = load_book(golden.BOOK).plans["everything"]
    told = json.loads(_type("explain", "everything", "--json").stdout)
    assert told["digest"] == plan.digest
    headings = [section["heading"] for section in told["sections"]]
    assert "What happens, step by step" in headings
    drawn = json.loads(_type("graph", "everything", "--json").stdout)
    assert drawn["digest"] == plan.digest
    assert drawn["svg"].startswith("<svg")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["everithing"], "Did you mean everything?"),
        (["nothing-like-it"], "Choose one of everything, statement."),
        ([str(golden.BOOK)], "is a folder: name one of its playbooks"),
        ([str(golden.BOOK / "actions.yaml")], "is no playbook"),
        (["everything", "--language", "xx"], "this book speaks de, en"),
        (["everything", "--book", "/nowhere"], "There is no folder /nowhere"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_says_what_to_write(
    words: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIREDOOR_BOOK", str(golden.BOOK))
    assert run(["explain", *words]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("command", FORMS)
def test_a_playbook_with_mistakes_is_told_what_they_are(command: str, tmp_path: Path) -> None:
    for path in golden.BOOK.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    broken = tmp_path / "statement.yaml"
    broken.write_text(broken.read_text().replace("{team: legal}", "{team: legl}"))
    told = _type(command, str(broken), code=1)
    assert told.stdout == ""
    assert "statement.yaml:" in told.stderr
    assert 'no team is called "legl"' in told.stderr
    found = json.loads(_type(command, str(broken), "--json", code=1).stdout)
    assert "FD203" in json.dumps(found)


def test_a_file_that_cannot_be_written_is_told() -> None:
    assert "Name another file" in _type("graph", "everything", "-o", "/proc/nothing/x.svg", code=1).stderr
