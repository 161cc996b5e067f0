"""Signed words: a launch, an answer or a command carries its author wherever it travels.

Whoever reaches Temporal's port can start a plan, send an update or pose as a worker. So the front door signs what a
person said with an Ed25519 key that Temporal and the workers do not have, over `firedoor/<kind>/v1`, a line break and
the statement as canonical JSON. The domain keeps an answer from being taken for a command; the one canonical form keeps
two readers of the same bytes from seeing two different statements.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import Field, TypeAdapter, ValidationError

from firedoor.protocol import MOST_BYTES_IN, Answer, Command, Launch, Signed, Statement

VERSION = "v1"

LEEWAY = timedelta(minutes=2)
"""How far the clocks of the front door and of a run may differ."""

Word = Launch | Answer | Command

_WORD: TypeAdapter[Word] = TypeAdapter(Annotated[Word, Field(discriminator="kind")])


class Forged(ValueError):
    """A signed word that is not what it claims to be. Its text is plain words and repeats nothing that was sent."""


class Stale(Forged):
    """A word that was truly signed, and is delivered outside the time that it was signed for."""


class UnusableKey(ValueError):
    """A key file that cannot be used as it is."""


def canonical(data: Any) -> str:
    """The one form in which data is signed and hashed: sorted keys, no spaces, UTF-8 as it is, finite numbers only."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def body_of(statement: Statement) -> str:
    """The statement's canonical JSON, absent values left out."""
    return canonical(statement.model_dump(mode="json", exclude_none=True))


def signed_bytes(kind: str, body: str) -> bytes:
    """What the signature is over: the domain, a line break, the body."""
    return f"firedoor/{kind}/{VERSION}\n{body}".encode()


class SigningKey:
    """The front door's private key. It is kept in a file that only its owner reads, and never leaves the process."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = key_id(self.public)

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Read the key. Refuses a file that others than its owner may read or write."""
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            pem = file.read()
        if stat.S_IMODE(mode) & 0o077:
            raise UnusableKey(
                f"{path} holds a private key and is open to others; make it yours alone: chmod 600 {path}"
            )
        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise UnusableKey(f"{path} holds no private key that can be read") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise UnusableKey(f"{path} holds a private key of another kind than Ed25519")
        return cls(private)

    @classmethod
    def create(cls, path: Path) -> SigningKey:
        """Make a key in a new file. Raises FileExistsError rather than replace one: what it signed would be orphaned."""
        key = cls.generate()
        pem = key._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_name(f"{path.name}.{os.getpid()}.new")
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            os.link(whole, path)
        finally:
            whole.unlink()
        return key

    @classmethod
    def load_or_create(cls, path: Path) -> SigningKey:
        """The key of the file; a new one where there is none. Safe when two processes start at once."""
        try:
            return cls.load(path)
        except FileNotFoundError:
            pass
        try:
            return cls.create(path)
        except FileExistsError:
            return cls.load(path)

    def sign(self, statement: Statement) -> Signed:
        """Sign a launch, an answer or a command. Raises ValueError for one that no verifier would take."""
        kind = getattr(statement, "kind", None)
        if not isinstance(kind, str):
            raise TypeError(f"a {type(statement).__name__} is not a word that can be signed")
        body = body_of(statement)
        signature = self._private.sign(signed_bytes(kind, body))
        signed = Signed(body=body, key=self.id, signature=base64.b64encode(signature).decode())
        read(signed)
        return signed


class KeyRing:
    """The public keys of the front doors that are believed, by their ids. Keys that have retired stay: runs outlive them."""

    def __init__(self, keys: Mapping[str, bytes] | None = None) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}
        for claimed, raw in (keys or {}).items():
            if self.add(raw) != claimed:
                raise UnusableKey(f"the key listed as {claimed} has another id")

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read a ring's file: JSON, the base64 of each raw public key by its id."""
        try:
            data = json.loads(path.read_text())
            keys = {str(name): base64.b64decode(raw, validate=True) for name, raw in data["keys"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnusableKey(f"{path} is no key ring that can be read") from error
        return cls(keys)

    def save(self, path: Path) -> None:
        """Write the ring's file in one piece: a reader sees the old ring or the new one."""
        keys = {name: base64.b64encode(self.raw(name)).decode() for name in self}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_name(f"{path.name}.{os.getpid()}.new")
        with whole.open("w") as file:
            json.dump({"keys": keys}, file, indent=2, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        whole.replace(path)

    def add(self, public: bytes) -> str:
        """Believe the holder of this raw public key (32 bytes), and return the key's id."""
        try:
            key = Ed25519PublicKey.from_public_bytes(public)
        except ValueError as error:
            raise UnusableKey("a public key of Ed25519 has 32 bytes") from error
        name = key_id(public)
        self._keys[name] = key
        return name

    def raw(self, name: str) -> bytes:
        return self._keys[name].public_bytes(Encoding.Raw, PublicFormat.Raw)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, name: object) -> bool:
        return name in self._keys

    def verify(self, signed: Signed) -> Word:
        """What was said, when a key of this ring signed exactly this. Raises Forged else.

        It says nothing of time: a launch is believed for as long as its run goes on. `check_time` bounds delivery.
        """
        word = read(signed)
        key = self._keys.get(signed.key)
        if key is None:
            raise Forged("it is signed with a key that is not known here")
        try:
            signature = base64.b64decode(signed.signature, validate=True)
            key.verify(signature, signed_bytes(word.kind, signed.body))
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise Forged("its signature does not fit what it says") from error
        return word

    def verify_launch(self, signed: Signed) -> Launch:
        word = self.verify(signed)
        if not isinstance(word, Launch):
            raise Forged("it is no launch")
        return word

    def verify_answer(self, signed: Signed) -> Answer:
        word = self.verify(signed)
        if not isinstance(word, Answer):
            raise Forged("it is no answer")
        return word

    def verify_command(self, signed: Signed) -> Command:
        word = self.verify(signed)
        if not isinstance(word, Command):
            raise Forged("it is no command")
        return word


def key_id(public: bytes) -> str:
    """A key's id follows from the key, so that no list can give one key's name to another."""
    return hashlib.sha256(b"firedoor/key/v1\n" + public).hexdigest()[:16]


def read(signed: Signed) -> Word:
    """What a signed word says, unverified. Raises Forged for a body that is not the canonical form of any word."""
    if len(signed.body) > MOST_BYTES_IN or len(signed.signature) > 128 or len(signed.key) > 128:
        raise Forged("it is larger than anything that is signed here")
    try:
        size = len(signed.body.encode())
        word = _WORD.validate_json(signed.body)
        again = body_of(word)
    except (ValidationError, ValueError, RecursionError):
        # Without the cause: a validation error repeats what was sent, and ends up in histories and logs.
        raise Forged("it is neither a launch, an answer nor a command") from None
    if size > MOST_BYTES_IN:
        raise Forged("it is larger than anything that is signed here")
    if again != signed.body:
        raise Forged("it is not written in the one form that is signed")
    moments = [word.issued, word.expires] + ([word.aware_at] if isinstance(word, Launch) else [])
    if any(moment.tzinfo is None for moment in moments):
        raise Forged("it gives a time without its zone")
    return word


def check_time(statement: Statement, now: datetime, leeway: timedelta = LEEWAY) -> None:
    """Raises Stale unless `now` lies in the time for which the statement was signed for delivery."""
    if now < statement.issued - leeway:
        raise Stale("it was signed for a later time than now")
    if now >= statement.expires:
        raise Stale("it was signed too long ago; sign it again")
