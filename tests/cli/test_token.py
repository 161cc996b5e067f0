"""Tokens by command: made and shown once, taken away at once, and not made again by a start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from firedoor.cli import cli
from firedoor.installation import BOOK, HOME, Installation
from firedoor.people.signin import Tokens
from tests.docs.pages import ROOT
from tests.web.house import opened


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    installation = Installation.here(tmp_path / "home")
    installation.prepare()
    installation.hand_out(["ana", "omar"])
    return installation


def typed(home: Installation, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(
        cli,
        ["token", *words],
        env={HOME: str(home.folder), BOOK: str(ROOT / "playbooks")},
        prog_name="firedoor",
    )
    assert result.exit_code == code, result.output
    return result.output


def as_json(home: Installation, *words: str, code: int = 0) -> Any:
    return json.loads(typed(home, *words, "--json", code=code))


def test_a_token_is_made_shown_once_and_replaces_the_one_before(home: Installation) -> None:
    old = home.token_of("ana").read_text().strip()
    made = as_json(home, "make", "ana")
    assert (made["person"], made["replaced"]) == ("ana", True)
    tokens = Tokens(home.tokens)
    assert (tokens.person(made["token"]), tokens.person(old)) == ("ana", None)
    assert made["token"] not in home.tokens.read_text()
    assert home.token_of("ana").read_text().strip() == made["token"], "what waits to be handed over works"

    home.token_of("omar").unlink()
    said = typed(home, "make", "omar")
    assert tokens.person(said.splitlines()[0]) == "omar"
    assert "shown this once" in said
    assert "The one before does not work any more." in said
    assert not home.token_of("omar").exists(), "nothing lies about that was not there"


def test_a_token_is_taken_away_for_good(home: Installation) -> None:
    old = home.token_of("ana").read_text().strip()
    assert as_json(home, "revoke", "ana") == {"person": "ana", "revoked": True}
    assert Tokens(home.tokens).person(old) is None
    assert Tokens(home.tokens).person("") is None
    assert not home.token_of("ana").exists()
    assert not home.hand_out(["ana", "omar"]), "a start makes none anew"
    assert "had no token" in typed(home, "revoke", "ana")
    new = as_json(home, "make", "ana")
    assert (Tokens(home.tokens).person(new["token"]), new["replaced"]) == ("ana", False)


def test_who_has_one(home: Installation) -> None:
    home.token_of("omar").unlink()
    typed(home, "revoke", "ana")
    found = {one["person"]: one["state"] for one in as_json(home, "list")["tokens"]}
    assert (found["ana"], found["omar"], found["luis"]) == ("revoked", "handed over", "none yet")
    typed(home, "make", "ana")
    assert "handed over" in typed(home, "list")


def test_somebody_who_is_nobody(home: Installation) -> None:
    said = typed(home, "make", "omarr", code=1)
    assert "Nobody of the book is called 'omarr'" in said
    assert 'Write "omar"' in said
    assert as_json(home, "revoke", "../ana", code=1)["error"] == "unknown-person"
    assert "omarr" not in Tokens(home.tokens).people()


def test_without_an_installation_or_with_a_broken_file(home: Installation, tmp_path: Path) -> None:
    nowhere = Installation.here(tmp_path / "nowhere")
    assert "There is no installation" in typed(nowhere, "revoke", "ana", code=1)
    assert not nowhere.folder.exists()
    home.tokens.chmod(0o644)
    assert "chmod 600" in typed(home, "make", "ana", code=1)


def test_a_front_door_that_is_up_hears_of_it_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "home") as house:
        assert house.get("/api/me")["person"] == "ana"
        typed(house.installation, "revoke", "ana")
        house.get("/api/me", status=401)
        house.tokens["ana"] = as_json(house.installation, "make", "ana")["token"]
        assert house.get("/api/me")["person"] == "ana"
