"""What is asked is found by the name that inbox and show print; and what is not there to answer is said to its asker."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from firedoor.incidents import NoAnswer
from firedoor.protocol import Answer
from tests.cli.conftest import Shell
from tests.docs.stage import INCIDENTS, SHIPPED, Stage, opened

INCIDENT = INCIDENTS[0]
LAUNCH = "firedoor launch high-profile-takeover --as ana --yes --set public_office=yes --set accounts="


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with opened(SHIPPED, tmp_path, monkeypatch) as found:
        yield found


def offered(said: str) -> str:
    """The command that inbox prints."""
    return said.partition("To answer: ")[2].splitlines()[0]


def said_last(shell: Shell) -> Answer:
    return Answer.model_validate_json(shell.house.engine.sent[-1].body)


def test_a_question_without_a_step_is_answered_by_what_inbox_prints(shell: Shell) -> None:
    incident = shell.launch()
    shell("do", incident, "stop", "--yes")
    inbox = shell("inbox").stdout
    assert " held " in inbox
    assert "held · keep/undo" in shell("show", incident).stdout
    words = shlex.split(offered(inbox).replace("CHOICE", "keep"))
    assert words == ["firedoor", "answer", incident, "held", "keep"]
    shell(*words[1:], "--yes", "--reason", "not verified yet")
    assert (said_last(shell).choice, said_last(shell).ask.split(":")[2]) == ("keep", "held")


def test_a_choice_alone_will_do_where_one_question_takes_it(shell: Shell) -> None:
    incident = shell.launch()
    shell("do", incident, "stop", "--yes")
    shell("answer", incident, "undo", "--yes")
    assert said_last(shell).choice == "undo"


def test_a_clock_is_met_without_the_tasks_of_the_review(shell: Shell) -> None:
    given = ("--set", "accounts=@a:x", "--set", "public_office=yes")
    incident = shell.json("launch", "takeover", "--yes", *given)["incident"]
    shell("do", incident, "undo-all", "--yes")
    words = shlex.split(offered(shell("inbox").stdout).replace("CHOICE", "done"))
    assert words[2:] == [incident, "clock", "done"]
    shell("answer", incident, "done", "--yes", "--reason", "told by telephone")
    assert said_last(shell).ask.startswith("question::clock:")


@pytest.mark.parametrize("named", ["ratify", None])
def test_the_same_again_is_counted_once_and_gets_its_receipt(shell: Shell, named: str | None) -> None:
    incident = shell.launch()
    shell.house.engine.deaf = NoAnswer("No worker is running.", "Your word may still be counted.")
    words = ["reject", "--yes", incident, *([named] if named else []), "--reason", "it's so"]
    lost = shell(*words, person="omar", code=1).stderr
    shell.house.engine.deaf = None
    again = next(line for line in lost.splitlines() if line.startswith("The same again: firedoor "))
    for _ in range(2):
        told = shell(*shlex.split(again)[4:], person=None)
        assert "is refused." in told.stdout
    bodies = {word.body for word in shell.house.engine.sent if '"kind":"answer"' in word.body}
    assert len(bodies) == 1


def test_the_same_again_names_the_document_that_was_sent(shell: Shell) -> None:
    incident = shell.launch()
    seen = shell.json("inbox", person="omar")["asks"][0]["document"]
    shell.house.engine.deaf = NoAnswer("No worker is running.", "Your word may still be counted.")
    lost = shell("approve", "--yes", incident, "--document", seen, person="omar", code=1).stderr
    assert f"--document {seen}" in lost


def test_whoever_decides_is_shown_what_a_no_does(shell: Shell) -> None:
    incident = shell.launch()
    for command in ("approve", "reject"):
        seen = shell(command, incident, "--yes", "--document", "0" * 64, person="omar", code=1).stderr
        assert "If it is refused: everything is undone, and the response ends." in seen


def test_a_drill_is_told_where_people_decide(shell: Shell) -> None:
    incident = shell.launch("--drill")
    assert "DRILL" in shell("inbox", person="omar").stdout
    assert "DRILL" in shell("approve", incident, "--yes", person="omar").stderr
    preview = ("launch", "takeover", "--yes", "--set", "accounts=@a:x", "--set", "public_office=no")
    assert "DRILL" in shell(*preview, "--drill").stderr
    assert "DRILL" not in shell(*preview).stderr


def test_who_cannot_sign_is_told_why(shell: Shell) -> None:
    incident = shell.launch()
    assert (
        "You launched it, so you sign nothing; policy: ines, omar, yuki can."
        in shell("approve", incident, "--yes", code=1).stderr
    )
    assert "policy signs this: ines, omar, yuki." in shell("approve", incident, "--yes", person="ravi", code=1).stderr


def test_what_was_decided_is_told_with_who_decided_it(shell: Shell) -> None:
    incident = shell.launch()
    shell("approve", incident, "--yes", person="omar")
    for named in ((), ("ratify",)):
        late = shell("reject", incident, *named, "--yes", person="omar", code=1).stderr
        assert "omar signed approval “Keep these accounts locked” for policy, at 2026-03-04 18:45 UTC" in late
    shell("done", incident, "identity", "--proof", "CASE-1", "--yes")
    assert "ana did" in shell("done", incident, "identity", "--proof", "CASE-1", "--yes", code=1).stderr


def test_a_choice_that_a_question_does_not_have_is_refused_before_it_is_shown(shell: Shell) -> None:
    incident = shell.launch()
    told = shell("answer", incident, "ratify", "retry", "--yes", person="omar", code=1).stderr
    assert "“retry” is no choice here; it is one of approve, reject, need-fact." in told
    assert "Document " not in told


def test_a_name_that_is_nearly_right_is_told(shell: Shell) -> None:
    incident = shell.launch()
    assert 'write "ratify"' in shell("approve", incident, "ratfy", "--yes", person="omar", code=1).stderr


def test_a_reason_that_is_missing_is_asked_for_before_anything_is_shown(shell: Shell) -> None:
    incident = shell.launch()
    for words, option in (
        (["answer", incident, "ratify", "need-fact"], "--reason"),
        (["answer", incident, "ratify", "need-fact", "--proof", "x"], "--reason"),
    ):
        told = shell(*words, "--yes", person="omar", code=2).stderr
        assert f"Say which fact you need: {option}" in told
        assert "Document " not in told
    shell("approve", incident, "--yes", person="omar")
    told = shell("done", incident, "--yes", code=2).stderr
    assert "Give the case number as proof: --proof" in told
    assert "Document " not in told


def test_several_that_fit_are_listed_as_they_can_be_typed(stage: Stage) -> None:
    stage.type(f"{LAUNCH}@a:x,@b:x")
    stage.type(f"firedoor approve {INCIDENT} --as omar --yes")
    said = stage.type(f"firedoor done {INCIDENT} --as luis --yes")
    lines = [line.strip() for line in said.splitlines() if line.startswith("  firedoor ")]
    assert [shlex.split(line)[3] for line in lines] == ["identity[1]", "identity[2]"]
    assert all("--yes" in line and "--proof" in line for line in lines), lines
    others = stage.type(f"firedoor done {INCIDENT} identity --proof 1 --as tom --yes")
    assert "  firedoor " not in others
    assert "crt.on_shift" in others


def test_a_round_is_quoted_where_it_is_offered(stage: Stage) -> None:
    stage.type(f"{LAUNCH}@a:x,@b:x")
    stage.type(f"firedoor approve {INCIDENT} --as omar --yes")
    assert offered(stage.type("firedoor inbox --as luis")) == f"firedoor done {INCIDENT} 'identity[1]' --proof …"


def test_a_command_takes_the_names_that_answers_take(stage: Stage) -> None:
    stage.type(f"{LAUNCH}@a:x")
    stage.type(f"firedoor approve {INCIDENT} --as omar --yes")
    assert "luis" in stage.type(f"firedoor do {INCIDENT} reassign identity luis --as luis", codes=(0,))
