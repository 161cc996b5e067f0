"""Payload keys: one seals, each opens what it sealed, and a file that is wrong is refused without showing what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from firedoor.payloads import PayloadKeyFile, PayloadKeys, UnknownPayloadKey, UnusablePayloadKeys

ABOUT = b"about"


def saved(path: Path) -> tuple[PayloadKeys, Path]:
    keys = PayloadKeys.new()
    keys.save(path / "payloads.json")
    return keys, path / "payloads.json"


def test_what_was_sealed_is_opened_and_two_seals_differ() -> None:
    keys = PayloadKeys.new()
    (name, one), (_, two) = keys.seal(b"secret", ABOUT), keys.seal(b"secret", ABOUT)
    assert one != two
    assert b"secret" not in one
    assert keys.open(name, one, ABOUT) == keys.open(name, two, ABOUT) == b"secret"


def test_what_was_altered_or_is_about_something_else_is_not_opened() -> None:
    keys = PayloadKeys.new()
    name, sealed = keys.seal(b"secret", ABOUT)
    for bad in (
        sealed[:-1],
        bytes([sealed[0] ^ 1]) + sealed[1:],
        sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:],
        b"",
    ):
        with pytest.raises((InvalidTag, ValueError)):
            keys.open(name, bad, ABOUT)
    with pytest.raises(InvalidTag):
        keys.open(name, sealed, b"other")


def test_a_rotation_seals_with_the_new_key_and_opens_with_the_old() -> None:
    old = PayloadKeys.new()
    name, sealed = old.seal(b"before", ABOUT)
    new = old.rotated()
    assert new.current != old.current
    assert new.open(name, sealed, ABOUT) == b"before"
    assert [*new.without(name)] == [new.current]
    with pytest.raises(UnknownPayloadKey, match="copy keys/payloads.json anew"):
        new.without(name).open(name, sealed, ABOUT)
    with pytest.raises(ValueError, match="rotate first"):
        new.without(new.current)


def test_a_key_that_was_added_to_the_file_is_read_when_it_is_needed(tmp_path: Path) -> None:
    keys, path = saved(tmp_path)
    reader = PayloadKeyFile(path)
    rotated = keys.rotated()
    rotated.save(path)
    name, sealed = rotated.seal(b"after", ABOUT)
    assert reader.open(name, sealed, ABOUT) == b"after"


def test_the_file_is_its_owners_alone_and_is_read_back(tmp_path: Path) -> None:
    keys, path = saved(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = PayloadKeys.load(path)
    assert (again.current, [*again], again.made(again.current)) == (keys.current, [*keys], keys.made(keys.current))
    path.chmod(0o640)
    with pytest.raises(UnusablePayloadKeys, match="chmod 600"):
        PayloadKeys.load(path)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        '{"current": "a", "keys": {}}',
        '{"current": "a", "keys": {"a": {"key": "c2hvcnQtc2VjcmV0"}}}',
        '{"current": "a", "keys": {"a": "c2hvcnQtc2VjcmV0"}}',
        '{"current": "a", "keys": {"a": {"key": "not base64, secret"}}}',
    ],
)
def test_a_file_that_is_none_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "payloads.json"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(UnusablePayloadKeys) as caught:
        PayloadKeys.load(path)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value).replace(str(path), "")
    assert "c2hvcnQ" not in str(caught.value)
