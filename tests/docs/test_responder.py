"""The responder's page: its commands are typed, its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from firedoor.protocol import CommandKind
from firedoor.run.asking import CHOICES
from tests.docs.pages import ROOT, page, printed
from tests.docs.stage import SHIPPED, opened

PAGE = page("responder")
FAILURE = "synapse answered 503"


def test_the_commands_print_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(SHIPPED, tmp_path, monkeypatch) as stage:
        for block in PAGE.blocks("console"):
            if target := block.options.get("fails"):
                stage.engine.fails[target] = FAILURE
            stage.play(printed(block))


def test_every_command_is_told() -> None:
    told = [re.match(r"`([a-z-]+)", row[0]) for row in PAGE.table("Command")]
    said = [kind for kind in get_args(CommandKind) if kind != "offer"]  # as hand-over without --now
    assert [found[1].replace("-", "_") for found in told if found] == said


def test_every_answer_to_a_question_is_told() -> None:
    told = {row[0].strip("`").replace("-", "_") for row in PAGE.table("Answer")}
    assert told == CHOICES.keys() - {"approve", "reject", "need_fact", "done"}


def test_what_it_says_is_what_it_says() -> None:
    said = "".join(path.read_text() for path in (ROOT / "firedoor").rglob("*.py"))
    for row in PAGE.table("It says"):
        assert row[0].strip("`") in said, row[0]
