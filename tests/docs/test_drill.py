"""The page about drills: its commands are typed."""

from pathlib import Path

import pytest

from tests.docs.pages import page, printed
from tests.docs.stage import SHIPPED, opened

PAGE = page("drill")


def test_the_commands_print_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(SHIPPED, tmp_path, monkeypatch) as stage:
        for block in PAGE.blocks("console"):
            stage.play(printed(block))
