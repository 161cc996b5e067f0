"""Answers from the command line: what is signed is shown first, and the ask is found by what people call it."""

import shlex

import pytest

from firedoor.incidents import NoAnswer
from firedoor.protocol import Answer
from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal


def test_policy_approves_what_was_shown(shell: Shell) -> None:
    incident = shell.launch("--set", "internal_tool_suspected=yes")
    inbox = shell("inbox", person="omar").stdout
    assert "ratify" in inbox
    assert f"firedoor approve {incident} ratify" in inbox
    result = shell("approve", "--yes", incident, "--reason", "It is so", person="omar")
    assert "Keep these accounts locked" in result.stderr
    assert "accounts: @a:x" in result.stderr
    assert "If it is approved" in result.stderr
    assert "freeze_posting" in result.stderr
    assert "If nobody answers: after 1h: ask commander" in result.stderr
    assert "Document " in result.stderr
    assert "is approved." in result.stdout
    assert "Nothing waits for omar." in shell("inbox", person="omar").stderr


def test_reject_done_answer_and_verify(shell: Shell) -> None:
    incident = shell.launch()
    shell("approve", "--yes", incident, "ratify", person="omar")
    shell("done", "--yes", incident, code=1, person="omar")
    assert shell("done", "--yes", incident, "identity", "--proof", "CASE-1").exit_code == 0
    other = shell.launch()
    receipt = shell.json("reject", "--yes", other, "--reason", "on purpose", person="omar")
    assert receipt["says"].endswith("is refused.")
    shell("done", "--yes", other, "--proof", "DOC-7", person="ravi")
    shell("answer", "--yes", other, "task-1", "verify", person="li")
    assert shell.json("inbox", person="li")["asks"] == [
        ask for ask in shell.json("inbox", person="li")["asks"] if ask["incident"] != other
    ]


def test_the_launcher_is_told_why_not(shell: Shell) -> None:
    incident = shell.launch()
    result = shell("approve", "--yes", incident, "ratify", code=1)
    assert "You launched this run, so you do not sign." in result.stderr
    assert "See `firedoor inbox`" in shell("approve", "--yes", incident, code=1).stderr
    problem = shell.json("approve", "--yes", incident, "ratify", person="ravi", code=1)
    assert problem["error"] == "refused-seat"


def test_a_document_of_before_is_not_signed(shell: Shell) -> None:
    incident = shell.launch()
    seen = shell.json("inbox", person="omar")["asks"][0]["document"]
    shell("do", incident, "severity", "sev1")
    result = shell("approve", "--yes", incident, "--document", seen, person="omar", code=1)
    assert "has changed since you looked" in result.stderr
    shell("approve", "--yes", incident, person="omar")


def test_a_word_whose_fate_is_unknown_can_be_said_again_as_it_was(shell: Shell) -> None:
    incident = shell.launch()
    shell.house.engine.deaf = NoAnswer("No worker is running.", "Your word may still be counted.")
    result = shell("approve", "--yes", incident, "--reason", "it's so", person="omar", code=1)
    again = next(line for line in result.stderr.splitlines() if line.startswith("The same again: "))
    shell.house.engine.deaf = None
    words = shlex.split(again.removeprefix("The same again: firedoor "))
    assert words[:3] == ["approve", incident, "approve:2:1"]
    assert words[words.index("--reason") + 1] == "it's so"


@pytest.mark.parametrize(("choice", "code"), [("y", 0), ("n", 1)])
def test_on_a_terminal_it_asks_before_it_signs(shell: Shell, choice: str, code: int) -> None:
    incident = shell.launch()
    with Terminal(shell, "approve", incident, "--as", "omar") as terminal:
        terminal.expect("Keep these accounts locked")
        terminal.expect("Approve?")
        terminal.enter(choice)
        terminal.expect("is approved." if code == 0 else "Nothing was done.")
        assert terminal.code() == code
    signed = any('"kind":"answer"' in word.body for word in shell.house.engine.sent)
    assert signed == (code == 0)


def test_on_a_terminal_a_task_asks_for_its_proof(shell: Shell) -> None:
    incident = shell.launch()
    shell("approve", "--yes", incident, person="omar")
    with Terminal(shell, "done", incident, "--as", "luis") as terminal:
        terminal.expect("Case number:")
        terminal.enter("CASE-9")
        terminal.expect("Done?")
        terminal.enter("y")
        assert terminal.code() == 0


@pytest.mark.parametrize("choice", ["need-fact", "need_fact"])
def test_one_fact_can_be_asked_for_in_either_spelling(shell: Shell, choice: str) -> None:
    incident = shell.launch()
    shell("answer", incident, "ratify", choice, "--reason", "Is the owner travelling?", "--yes", person="omar")
    said = Answer.model_validate_json(shell.house.engine.sent[-1].body)
    assert said.choice == "need_fact"


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("omar", ["approve"]),
        ("omar", ["reject"]),
        ("omar", ["answer", "ratify", "need-fact", "--reason", "Is she there?"]),
        ("ana", ["do", "stop"]),
        ("ana", ["do", "undo-all"]),
        ("ana", ["do", "undo", "lock"]),
    ],
)
def test_without_a_terminal_nothing_is_signed_or_ended_without_a_yes(
    shell: Shell, person: str, words: list[str]
) -> None:
    incident = shell.launch()
    command, *rest = words
    for more in ([], ["--json"]):
        result = shell(command, incident, *rest, *more, person=person, code=2)
        assert "nothing was done: say --yes" in result.stderr
    assert shell.house.engine.sent == []
