"""What is typed wrong, or cannot be done here, is told with what to type instead: never with a traceback."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from firedoor.cli import cli, entry
from tests.cli.conftest import Shell
from tests.docs.pages import ROOT
from tests.web.book import ExampleBook, Finding


def typed(*words: str, code: int) -> str:
    """By nobody, and where no front door is asked."""
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_a_folder_without_an_organization_is_no_book(tmp_path: Path) -> None:
    assert "FD020" in typed("check", str(tmp_path), code=1)
    assert "FD020" in typed("check", str(ROOT / "docs"), code=1)
    assert typed("check", str(tmp_path / "nowhere"), code=2)


def test_check_says_what_it_looked_at() -> None:
    said = typed("check", str(ROOT / "playbooks"), code=0)
    playbooks = {path.name for path in (ROOT / "playbooks").glob("*.yaml")} - {
        "organization.yaml",
        "actions.yaml",
        "clocks.yaml",
    }
    messages = list((ROOT / "playbooks" / "messages").iterdir())
    assert f"{len(playbooks)} playbooks, {len(messages)} messages: 1 warning" in said
    one = typed("check", str(ROOT / "playbooks" / "high-profile-takeover.yaml"), code=0)
    assert "1 playbook: " in one


def test_a_hash_that_is_none_is_wrong_usage(shell: Shell) -> None:
    incident = shell.launch()
    for command in (["approve"], ["reject"], ["done"]):
        assert "64 characters" in shell(*command, incident, "--document", "abc", "--yes", code=2).stderr
    assert "8 to 100 characters" in shell("approve", incident, "--nonce", "N", "--yes", code=2).stderr


def test_an_export_that_cannot_be_written_is_told(shell: Shell, tmp_path: Path) -> None:
    incident = shell.launch()
    told = shell("export", incident, "-o", str(tmp_path / "nowhere" / "x.md"), code=1).stderr
    assert "cannot be written: No such file or directory" in told
    file = tmp_path / "x.json"
    assert shell.json("export", incident, "-o", str(file)) == {"written": str(file)}
    assert json.loads(file.read_text())["incident"]


def test_up_refuses_a_port_and_a_folder_that_it_cannot_have(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"), "--book", str(ROOT / "playbooks"))
    assert "99999 is not in the range" in typed("up", "--port", "99999", *home, code=2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = typed("up", "--port", str(taken.getsockname()[1]), *home, code=1)
    assert "Choose another --port, or leave it out." in said
    assert not (tmp_path / "home").exists()
    (tmp_path / "file").touch()
    nowhere = ("--home", str(tmp_path / "file" / "home"), "--book", str(ROOT / "playbooks"))
    assert "Name another folder with --home." in typed("up", *nowhere, code=1)


def test_a_playbook_with_a_mistake_is_not_told_to_be_missing(shell: Shell) -> None:
    book = shell.house.door.book
    assert isinstance(book, ExampleBook)
    book.findings = (Finding("attack.yaml"),)
    told = shell("launch", "attack", "--yes", code=1).stderr
    assert "attack.yaml has mistakes, so it cannot be launched." in told
    assert "`firedoor check`" in told


def test_a_launch_that_lacks_something_says_how_it_is_given(shell: Shell) -> None:
    told = shell("launch", "takeover", "--yes", "--region", "nowhere", code=1).stderr
    assert "Give: --set accounts=… --set public_office=… --region NAME" in told


def test_a_token_that_nobody_has_is_told_with_the_next_step(shell: Shell) -> None:
    environment = {**shell.environment(), "FIREDOOR_TOKEN": "fd_wrong"}
    told = CliRunner().invoke(cli, ["list"], env=environment)
    assert told.exit_code == 1
    assert "FIREDOOR_TOKEN is not known here." in told.stderr
    assert "Ask the operator" in told.stderr
    waiting = shell.house.installation.token_of("ana")
    waiting.unlink()
    assert "It was handed over: ana puts it into FIREDOOR_TOKEN." in shell("list", code=1).stderr


@pytest.mark.parametrize("words", [["list", "--json", "--nothing"], ["answer", "--json", "inc-x"]])
def test_a_wrong_usage_is_json_for_programs(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(words) == 2
    assert json.loads(capsys.readouterr().out)["error"] == "usage"


def test_what_goes_into_a_pipe_is_not_folded(shell: Shell) -> None:
    title = "A title that is long, " * 9
    shell.launch("--title", title.strip())
    assert title.strip() in shell("list").stdout
