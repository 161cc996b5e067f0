"""Personal tokens: they say who speaks, and the file that knows them lets nobody in."""

import stat
from pathlib import Path

import pytest

from firedoor.people.signin import PREFIX, Tokens, UnusableTokens


def test_a_token_is_its_persons_and_outlives_a_restart(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    ana, omar = tokens.issue("ana"), tokens.issue("omar")
    assert ana.startswith(PREFIX)
    again = Tokens(tmp_path / "tokens.json")
    assert (again.person(ana), again.person(omar)) == ("ana", "omar")
    assert again.person("") is None
    assert again.person(ana[:-1]) is None
    assert again.person("\ud800") is None


def test_a_token_that_is_taken_away_elsewhere_ends_at_once(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    token = Tokens(path).issue("ana")
    front = Tokens(path)
    assert front.person(token) == "ana"
    Tokens(path).issue("ana")
    assert front.person(token) is None


def test_the_file_holds_no_token_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    token = Tokens(path).issue("ana")
    assert token not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(UnusableTokens, match="chmod 600"):
        Tokens(path)


def test_a_new_token_ends_the_old_one_and_whoever_left_has_none(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    old, new = tokens.issue("ana"), tokens.issue("ana")
    assert (tokens.person(old), tokens.person(new)) == (None, "ana")
    tokens.keep_only(["omar"])
    assert Tokens(tmp_path / "tokens.json").person(new) is None


@pytest.mark.parametrize("text", ["", "[]", '{"tokens": 1}', "{}"])
def test_a_broken_file_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(UnusableTokens):
        Tokens(path)
