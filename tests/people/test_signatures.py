"""Forgeries as a table: whatever is not exactly what a known key signed is refused in plain words."""

from __future__ import annotations

import base64
import json
import multiprocessing
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from firedoor.people.signatures import (
    Forged,
    KeyRing,
    SigningKey,
    Stale,
    UnusableKey,
    body_of,
    canonical,
    check_time,
    signed_bytes,
)
from firedoor.protocol import MOST_BYTES_IN, Answer, Command, Launch, Signed

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KEY = SigningKey.generate()
OTHER = SigningKey.generate()
RING = KeyRing({KEY.id: KEY.public})

LAUNCH = Launch(
    person="ana",
    incident="inc-1",
    plan="ab" * 32,
    nonce="n1",
    issued=NOW,
    expires=NOW + timedelta(minutes=10),
    inputs={"accounts": ["@straße:example"], "views": 1.5, "nested": {"b": None, "a": [True, 10**20]}},
    aware_at=NOW.astimezone(timezone(timedelta(hours=-7))),
    region="emea",
)
ANSWER = Answer(
    person="omar",
    incident="inc-1",
    plan="ab" * 32,
    nonce="n2",
    issued=NOW,
    expires=NOW + timedelta(minutes=10),
    ask="approve:2.0:1",
    document="cd" * 32,
    choice="approve",
    holds=("policy", "policy.on_shift"),
)
COMMAND = Command(
    person="ana",
    incident="inc-1",
    plan="ab" * 32,
    nonce="n3",
    issued=NOW,
    expires=NOW + timedelta(minutes=10),
    command="note",
    value={"text": 'a "quote"\u2028'},
)


@pytest.mark.parametrize("word", [LAUNCH, ANSWER, COMMAND], ids=lambda word: word.kind)
def test_what_was_signed_is_read_back(word: Launch | Answer | Command) -> None:
    assert RING.verify(KEY.sign(word)) == word


def resign(body: str, kind: str = "answer", key: SigningKey = KEY) -> Signed:
    """Sign any text with a true key: the strictest test, as the signature alone does not refuse it."""
    signature = key._private.sign(signed_bytes(kind, body))
    return Signed(body=body, key=key.id, signature=base64.b64encode(signature).decode())


def with_body(change: Callable[[dict[str, object]], object]) -> Signed:
    data = json.loads(body_of(ANSWER))
    change(data)
    return resign(canonical(data))


GOOD = KEY.sign(ANSWER)
BODY = GOOD.body

FORGERIES = {
    "another person in the body": (GOOD.model_copy(update={"body": BODY.replace("omar", "ines")}), "does not fit"),
    "a signature of another word": (GOOD.model_copy(update={"signature": KEY.sign(LAUNCH).signature}), "does not fit"),
    "no signature": (GOOD.model_copy(update={"signature": ""}), "does not fit"),
    "a signature that is no base64": (GOOD.model_copy(update={"signature": "é" * 88}), "does not fit"),
    "a signature cut short": (GOOD.model_copy(update={"signature": GOOD.signature[:40]}), "does not fit"),
    "an endless signature": (GOOD.model_copy(update={"signature": "A" * 4096}), "larger"),
    "a key that is not known": (OTHER.sign(ANSWER), "not known"),
    "a known key's name, another's signature": (
        OTHER.sign(ANSWER).model_copy(update={"key": KEY.id}),
        "does not fit",
    ),
    "an answer signed as a command": (resign(BODY, "command"), "does not fit"),
    "no domain": (
        GOOD.model_copy(update={"signature": base64.b64encode(KEY._private.sign(BODY.encode())).decode()}),
        "does not fit",
    ),
    "an unknown kind": (with_body(lambda data: data.update(kind="pardon")), "neither"),
    "no kind": (with_body(lambda data: data.pop("kind")), "neither"),
    "a field that is not known": (with_body(lambda data: data.update(rank="general")), "neither"),
    "a field that is missing": (with_body(lambda data: data.pop("nonce")), "neither"),
    "a time without a zone": (with_body(lambda data: data.update(issued="2026-11-02T09:00:00")), "zone"),
    "a default left out": (with_body(lambda data: data.pop("holds")), "one form"),
    "a default spelt out": (with_body(lambda data: data.update(reason=None)), "one form"),
    "a time in another spelling": (with_body(lambda data: data.update(issued="2026-11-02T09:00:00+00:00")), "one form"),
    "a number for a text": (with_body(lambda data: data.update(person=7)), "neither"),
    "spaces": (resign(BODY.replace(",", ", ")), "one form"),
    "keys in another order": (resign(json.dumps(dict(reversed(json.loads(BODY).items())))), "one form"),
    "a key twice": (resign(BODY.replace('"choice":"approve"', '"choice":"reject","choice":"approve"')), "one form"),
    "an escape that says the same": (resign(BODY.replace("omar", "om\\u0061r")), "one form"),
    "a space after it": (resign(BODY + " "), "one form"),
    "no JSON": (resign("{"), "neither"),
    "a list": (resign("[]"), "neither"),
    "brackets without end": (resign("[" * 60_000), "neither"),
    "half a character": (GOOD.model_copy(update={"body": BODY.replace("omar", "\ud800")}), "neither"),
    "not a number": (
        resign(canonical(json.loads(body_of(COMMAND)) | {"value": 0}).replace(":0", ":NaN"), "command"),
        "neither",
    ),
    "over the bound": (with_body(lambda data: data.update(reason="x" * MOST_BYTES_IN)), "larger"),
    "over the bound in bytes": (with_body(lambda data: data.update(reason="漢" * (MOST_BYTES_IN // 2))), "larger"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_in_plain_words(forgery: str) -> None:
    signed, says = FORGERIES[forgery]
    with pytest.raises(Forged, match=says) as refused:
        RING.verify(signed)
    assert "omar" not in str(refused.value)
    assert refused.value.__suppress_context__ or "omar" not in str(refused.value.__context__)


def test_every_single_byte_counts() -> None:
    for at in range(0, len(BODY), 7):
        changed = BODY[:at] + chr(ord(BODY[at]) ^ 1) + BODY[at + 1 :]
        with pytest.raises(Forged):
            RING.verify(GOOD.model_copy(update={"body": changed}))


def test_a_word_of_another_kind_is_not_taken_for_a_launch() -> None:
    assert RING.verify_launch(KEY.sign(LAUNCH)) == LAUNCH
    assert RING.verify_answer(KEY.sign(ANSWER)) == ANSWER
    assert RING.verify_command(KEY.sign(COMMAND)) == COMMAND
    with pytest.raises(Forged, match="no launch"):
        RING.verify_launch(KEY.sign(ANSWER))
    with pytest.raises(Forged, match="no answer"):
        RING.verify_answer(KEY.sign(COMMAND))
    with pytest.raises(Forged, match="no command"):
        RING.verify_command(KEY.sign(LAUNCH))


@pytest.mark.parametrize(
    ("minutes", "says"),
    [(-3, "later time"), (-2, None), (0, None), (9.99, None), (10, "too long ago"), (60, "too long ago")],
)
def test_a_word_is_delivered_in_its_time(minutes: float, says: str | None) -> None:
    now = NOW + timedelta(minutes=minutes)
    if says is None:
        check_time(ANSWER, now)
    else:
        with pytest.raises(Stale, match=says):
            check_time(ANSWER, now)


def test_what_no_verifier_would_take_is_not_signed() -> None:
    with pytest.raises(ValueError, match="larger"):
        KEY.sign(ANSWER.model_copy(update={"reason": "x" * MOST_BYTES_IN}))
    with pytest.raises(ValueError, match="zone"):
        KEY.sign(ANSWER.model_copy(update={"issued": datetime(2026, 11, 2)}))  # noqa: DTZ001
    with pytest.raises(ValueError):
        KEY.sign(COMMAND.model_copy(update={"value": float("nan")}))


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "front-door.pem"
    key = SigningKey.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.load(path).id == key.id == SigningKey.load_or_create(path).id
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    with pytest.raises(FileExistsError):
        SigningKey.create(path)
    path.chmod(0o640)
    with pytest.raises(UnusableKey, match="chmod 600"):
        SigningKey.load(path)
    path.chmod(0o600)
    path.write_text("nothing")
    with pytest.raises(UnusableKey):
        SigningKey.load(path)


def _load(path: Path) -> str:
    return SigningKey.load_or_create(path).id


def test_two_processes_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        ids = pool.map(_load, [tmp_path / "key.pem"] * 6, chunksize=1)
    assert len(set(ids)) == 1


def test_a_ring_is_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    ring = KeyRing({KEY.id: KEY.public})
    assert ring.add(OTHER.public) == OTHER.id
    ring.save(path)
    again = KeyRing.load(path)
    assert set(again) == {KEY.id, OTHER.id}
    assert len(again) == 2
    assert again.verify(OTHER.sign(ANSWER)) == ANSWER


def test_a_ring_cannot_give_one_key_the_name_of_another(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    path.write_text(json.dumps({"keys": {KEY.id: base64.b64encode(OTHER.public).decode()}}))
    with pytest.raises(UnusableKey, match="another id"):
        KeyRing.load(path)
    path.write_text("[]")
    with pytest.raises(UnusableKey):
        KeyRing.load(path)
