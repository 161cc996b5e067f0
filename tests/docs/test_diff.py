"""The page about differences: what its commands print of the author's book, and that it tells of every matter."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from firedoor.cli import cli
from firedoor.comparing import MATTERS
from firedoor.comparing.phrases import CATALOGUES
from tests.docs.pages import page, printed, prints
from tests.docs.test_author import spoil, written

PAGE = page("diff")


def test_the_commands_print_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = written(tmp_path)
    monkeypatch.chdir(tmp_path)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "the author's book"]):
        as_ = ["-c", "user.name=Ana", "-c", "user.email=ana@platform.example"]
        subprocess.run(["git", *as_, *words], check=True)
    for block in PAGE.blocks():
        if block.kind == "diff":
            spoil(book, block)
        for typed in printed(block) if block.kind == "console" else []:
            result = CliRunner().invoke(cli, shlex.split(typed.line)[1:], catch_exceptions=False)
            assert result.exit_code == 1
            assert prints(typed.prints, result.output), f"{typed.where}: $ {typed.line}\n{result.output}"


def test_every_matter_is_told_in_its_order() -> None:
    assert [row[0] for row in PAGE.table("About")] == [CATALOGUES["en"][f"matter.{matter}"] for matter in MATTERS]
