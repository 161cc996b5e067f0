"""The page for counsel: the commands print what it shows, and the signs that it explains are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firedoor.explain import Reader
from firedoor.graph import svg
from tests.docs.pages import page, printed
from tests.docs.stage import opened
from tests.docs.test_author import written
from tests.explain import golden

PAGE = page("explain")


def test_the_commands_print_what_is_shown(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = written(tmp_path)
    monkeypatch.chdir(book.parent)
    with opened(book, tmp_path_factory.mktemp("home"), monkeypatch) as stage:
        for block in PAGE.blocks("console"):
            stage.play(printed(block))


def test_the_headings_are_those_of_an_explanation() -> None:
    told = re.findall(r"^(.+)\n-+$", (golden.GOLDEN / "everything.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert [" ".join(found.split()) for found in re.findall(r"\*\*(.+?)\*\*", PAGE.prose, re.DOTALL)] == told


def test_what_the_tables_quote_is_said_and_drawn() -> None:
    everything = (golden.GOLDEN / "everything.txt").read_text(encoding="utf-8")
    for phrase in ("(asked of the system)", "open-ended", "step 2.1", "is asked"):
        assert phrase in everything
        assert phrase.strip("()") in PAGE.prose
    drawn = svg(Reader(golden.book().plans["everything"], golden.book().organization))
    for sign in ("box dashed", "frame dashed", 'class="bar"', 'class="target"', "unlocks", "undoes dashed"):
        assert sign in drawn
