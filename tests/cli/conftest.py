"""The command line against a front door on a port of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from firedoor.cli import cli
from tests.web.house import House, opened


@dataclass
class Shell:
    """Types commands, as somebody, at no terminal."""

    house: House

    def __call__(self, *words: str, person: str | None = "ana", code: int = 0) -> Result:
        who = ["--as", person] if person else []
        result = CliRunner().invoke(cli, [*words, *who], env=self.environment(), catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    def json(self, *words: str, person: str | None = "ana", code: int = 0) -> Any:
        return json.loads(self(*words, "--json", person=person, code=code).stdout)

    def environment(self) -> dict[str, str]:
        return {
            "FIREDOOR_URL": self.house.url,
            "FIREDOOR_HOME": str(self.house.installation.folder),
            "FIREDOOR_TOKEN": "",
            "FIREDOOR_BOOK": "",
        }

    def launch(self, *more: str) -> str:
        found = self.json("launch", "takeover", "--yes", "--set", "accounts=@a:x", "--set", "public_office=no", *more)
        incident: str = found["incident"]
        return incident


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with opened(tmp_path / "home") as house:
        yield Shell(house)
