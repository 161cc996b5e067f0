"""Keys by command: each is listed by its id, none is shown, and a rotation leaves what was sealed readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from firedoor.cli import cli
from firedoor.installation import HOME, Installation
from firedoor.payloads import PayloadKeys


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    installation = Installation.here(tmp_path / "home")
    installation.prepare()
    installation.open_keys()
    installation.open_payload_keys()
    return installation


def typed(home: Installation, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["keys", *words], env={HOME: str(home.folder)}, prog_name="firedoor")
    assert result.exit_code == code, result.output
    return result.output


def as_json(home: Installation, *words: str, code: int = 0) -> Any:
    return json.loads(typed(home, *words, "--json", code=code))


def secrets(home: Installation) -> list[str]:
    return [one["key"] for one in json.loads(home.payload_keys.read_text())["keys"].values()]


def test_each_key_is_listed_by_its_id_and_none_is_shown(home: Installation) -> None:
    own = home.open_keys().id
    uses = {one["key"]: one["use"] for one in as_json(home, "list")["keys"]}
    assert uses[own] == "signs words, and is believed"
    assert uses[PayloadKeys.load(home.payload_keys).current] == "seals payloads"
    shown = typed(home, "list")
    assert own in shown
    assert not any(secret in shown for secret in secrets(home))


def test_a_rotation_leaves_what_was_sealed_readable(home: Installation) -> None:
    before = PayloadKeys.load(home.payload_keys)
    name, sealed = before.seal(b"words", b"")
    new = as_json(home, "rotate")["key"]
    after = PayloadKeys.load(home.payload_keys)
    assert after.current == new != name
    assert after.open(name, sealed, b"") == b"words"
    assert "is current" in typed(home, "rotate")


def test_only_an_old_key_is_forgotten_and_only_when_it_is_sure(home: Installation) -> None:
    old = PayloadKeys.load(home.payload_keys).current
    assert "rotate first" in typed(home, "forget", old, "--yes", code=1)
    typed(home, "rotate")
    assert "say --yes" in typed(home, "forget", old, code=2)
    assert old in PayloadKeys.load(home.payload_keys)
    typed(home, "forget", old, "--yes")
    assert old not in PayloadKeys.load(home.payload_keys)
    assert "no payload key is called" in typed(home, "forget", old, "--yes", code=1)


def test_without_an_installation_and_with_a_file_that_is_none(home: Installation, tmp_path: Path) -> None:
    assert as_json(Installation.here(tmp_path / "none"), "list", code=1)["error"] == "no-installation"
    home.payload_keys.write_text("nonsense")
    assert "Bring it back from a backup" in typed(home, "rotate", code=1)
