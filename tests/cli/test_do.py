"""`firedoor do`: every interruption can be said, and is typed on its way."""

from pathlib import Path

import pytest

from firedoor.cli.do import FORMS
from firedoor.protocol import Command, CommandKind
from tests.cli.conftest import Shell


def sent(shell: Shell) -> Command:
    return Command.model_validate_json(shell.house.engine.sent[-1].body)


def test_every_command_of_the_protocol_can_be_said() -> None:
    assert {kind for form in FORMS for kind in (form.kind, form.at_once) if kind} == set(CommandKind.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["note", "The owner called."], {"command": "note", "reason": "The owner called."}),
        (["add", "accounts=@b:x", "accounts=@c:x"], {"command": "add", "value": {"accounts": ["@b:x", "@c:x"]}}),
        (["input", "contact=a@b.example"], {"command": "input", "value": {"contact": "a@b.example"}}),
        (["severity", "sev1"], {"command": "severity", "value": "sev1"}),
        (["pause", "--reason", "wait"], {"command": "pause", "reason": "wait"}),
        (["skip", "identity", "--reason", "no"], {"command": "skip", "step": "identity", "reason": "no"}),
        (["extend", "ratify", "30m"], {"command": "extend", "step": "ratify", "value": 1800}),
        (["undo", "lock", "--target", "@a:x", "--yes"], {"command": "undo", "step": "lock", "target": ("@a:x",)}),
        (["hand-over", "luis"], {"command": "offer", "value": "luis"}),
        (["hand_over", "luis", "--reason", "a shift"], {"command": "offer", "value": "luis", "reason": "a shift"}),
        (["hand-over", "luis", "--now", "--reason", "ill"], {"command": "hand_over", "value": "luis", "reason": "ill"}),
        (["keep", "lock", "--yes", "--reason", "for good"], {"command": "keep", "step": "lock"}),
        (["stop", "--yes"], {"command": "stop"}),
        (["undo-all", "--yes", "--reason", "false alarm"], {"command": "undo_all", "reason": "false alarm"}),
    ],
)
def test_it_is_said_as_it_was_typed(shell: Shell, words: list[str], expected: dict[str, object]) -> None:
    incident = shell.launch()
    result = shell("do", incident, *words)
    said = sent(shell).model_dump()
    assert {name: said[name] for name in expected} == expected
    assert result.stdout.strip()


def test_a_clock_is_paused_on_a_ground_of_its_law_however_it_is_begun(shell: Shell) -> None:
    given = ("--set", "accounts=@a:x", "--set", "public_office=yes")
    incident = shell.json("launch", "takeover", "--yes", *given)["incident"]
    why = ("--reason", "no address in it")
    problem = shell("do", incident, "pause-clock", "tell", "we are busy", *why, code=1).stderr
    assert "give one of: the order is unclear; force majeure" in problem
    assert 'write "tell"' in shell("do", incident, "pause-clock", "tel", "force", *why, code=1).stderr
    assert "--reason" in shell("do", incident, "pause-clock", "tell", "force", code=2).stderr
    assert "is paused" in shell("do", incident, "pause-clock", "tell", "The order", *why).stdout
    assert sent(shell).value == {"clock": "tell", "ground": "the order is unclear"}
    assert "paused  the order is unclear" in shell("show", incident).stdout
    assert "goes on, until" in shell("do", incident, "resume-clock", "tell").stdout


def test_many_are_added_from_a_file(shell: Shell, tmp_path: Path) -> None:
    incident = shell.launch()
    file = tmp_path / "more.txt"
    file.write_text("\n".join(f"@user-{number}:x" for number in range(1_200)) + "\n")
    shell("do", incident, "add", "--list", f"accounts={file}")
    assert sent(shell).value["accounts"]["count"] == 1_200
    assert "NAME=VALUE, or --list" in shell("do", incident, "add", code=2).stderr


def test_refusals_and_wrong_usage(shell: Shell) -> None:
    incident = shell.launch()
    assert "commander's to say" in shell("do", incident, "stop", "--yes", person="ravi", code=1).stderr
    assert "is not paused" in shell("do", incident, "resume", code=1).stderr
    assert 'write "accounts"' in shell("do", incident, "add", "acounts=@b:x", code=1).stderr
    assert "--reason" in shell("do", incident, "skip", "identity", code=2).stderr
    assert "--reason" in shell("do", incident, "hand-over", "luis", "--now", code=2).stderr
    assert "NAME=VALUE" in shell("do", incident, "add", "accounts", code=2).stderr
    assert "No such command" in shell("do", incident, "explode", person=None, code=2).stderr
