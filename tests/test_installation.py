"""The folder of an installation: its keys, its tokens, and who is up on it."""

import stat
from pathlib import Path

import pytest

from firedoor.installation import AlreadyUp, Installation, UpState
from firedoor.people.signatures import KeyRing
from firedoor.people.signin import Tokens


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    found = Installation.here(tmp_path / "home")
    found.prepare()
    return found


def test_keys_are_made_once_and_believed(installation: Installation) -> None:
    key = installation.open_keys()
    assert installation.open_keys().id == key.id
    assert key.id in KeyRing.load(installation.key_ring)
    assert stat.S_IMODE(installation.folder.stat().st_mode) == 0o700


def test_tokens_are_handed_out_once(installation: Installation) -> None:
    made = installation.hand_out(["ana", "omar"])
    assert set(made) == {"ana", "omar"}
    assert installation.token_of("ana").read_text().strip() == made["ana"]
    assert set(installation.hand_out(["ana", "omar", "mei"])) == {"mei"}
    assert Tokens(installation.tokens).person(made["ana"]) == "ana"


def test_one_is_up_at_a_time_and_says_where(installation: Installation) -> None:
    state = UpState(pid=1, url="http://127.0.0.1:1", temporal="127.0.0.1:2", book="playbooks")
    assert installation.up() is None
    with installation.alone():
        installation.say_up(state)
        assert installation.up() == state
        with pytest.raises(AlreadyUp), installation.alone():
            pass
        assert installation.up() == state
    assert installation.up() is None


def test_what_a_killed_one_said_is_not_believed(installation: Installation) -> None:
    installation.say_up(UpState(pid=1, url="http://127.0.0.1:1", temporal="127.0.0.1:2", book="playbooks"))
    assert installation.up() is None
