"""Answers to the rounds of a loop, on the shipped book: a step's name will do while one round asks."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.stage import INCIDENTS, SHIPPED, Stage, opened

INCIDENT = INCIDENTS[0]
LAUNCH = "firedoor launch high-profile-takeover --as ana --yes --set public_office=yes --set accounts="


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with opened(SHIPPED, tmp_path, monkeypatch) as found:
        yield found


def test_the_name_alone_will_do_while_one_round_asks(stage: Stage) -> None:
    stage.type(f"{LAUNCH}@a:x")
    stage.type(f"firedoor approve {INCIDENT} --as omar --yes")
    assert "is done." in stage.type(f"firedoor done {INCIDENT} identity --proof CASE-1 --as luis --yes")


def test_where_several_rounds_ask_the_command_for_each_is_shown(stage: Stage) -> None:
    stage.type(f"{LAUNCH}@a:x,@b:x,@c:x")
    stage.type(f"firedoor approve {INCIDENT} --as omar --yes")
    said = stage.type(f"firedoor done {INCIDENT} identity --proof 'CASE 1' --as luis --yes")
    lines = [line.strip() for line in said.splitlines() if line.startswith("  firedoor ")]
    assert [shlex.split(line)[3] for line in lines] == ["identity[1]", "identity[2]", "identity[3]"]
    assert "the owner of @b:x" in said
    for line in lines:
        assert "is done." in stage.type(f"{line} --yes")
    assert "identity" not in stage.type("firedoor inbox --as luis")


def test_who_is_not_asked_is_told_so_by_the_name_alone_as_well(stage: Stage) -> None:
    stage.type(f"{LAUNCH}@a:x")
    stage.type(f"firedoor approve {INCIDENT} --as omar --yes")
    assert "asked of crt.on_shift" in stage.type(f"firedoor done {INCIDENT} identity --proof 1 --as tom --yes")
