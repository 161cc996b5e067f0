"""The keys that payloads are sealed with: one is current, the others still open what was sealed with them.

One file, for the front door and the workers alike, which only its owner may read. A new current key is added; an old
one stays until no history is left that was sealed with it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from firedoor.people.signin import write_private

KEY_BYTES: Final = 32
"""AES-256."""
NONCE_BYTES: Final = 12
"""As NIST SP 800-38D recommends; random, so a key is good for 2^32 payloads (its section 8.3)."""


class UnusablePayloadKeys(ValueError):
    """A file of keys that cannot be used as it is. Its text says why, and what to do."""


class UnknownPayloadKey(LookupError):
    """Something was sealed with a key that is not here. Its text names the key, and where it is missing."""


class Sealing(Protocol):
    """Whoever holds the keys: a file here; what asks a hardware module stands behind the same two methods."""

    def seal(self, data: bytes, about: bytes) -> tuple[str, bytes]:
        """The id of the key, and what was sealed with it. `about` is bound to it, and not hidden."""
        ...

    def open(self, name: str, sealed: bytes, about: bytes) -> bytes:
        """Raises UnknownPayloadKey, and cryptography's InvalidTag where it is not what was sealed."""
        ...


class PayloadKeys:
    """Keys by their ids. Ids are random, and say nothing."""

    def __init__(self, current: str, keys: Mapping[str, bytes], made: Mapping[str, str] | None = None) -> None:
        if current not in keys:
            raise UnusablePayloadKeys(f"the current key {current!r} is not among the keys")
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise UnusablePayloadKeys(f"a key has {KEY_BYTES} bytes")
        self._current = current
        self._raw = dict(keys)
        self._made = dict(made or {})
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}

    @classmethod
    def new(cls) -> PayloadKeys:
        name, key = _new_key()
        return cls(name, {name: key}, {name: _today()})

    @classmethod
    def load(cls, path: Path) -> PayloadKeys:
        """Raises UnusablePayloadKeys, and FileNotFoundError where there are none."""
        with path.open() as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
        if stat.S_IMODE(mode) & 0o077:
            raise UnusablePayloadKeys(f"{path} is open to others; make it yours alone: chmod 600 {path}")
        try:
            data = json.loads(text)
            keys = {str(name): base64.b64decode(one["key"], validate=True) for name, one in data["keys"].items()}
            made = {str(name): str(one.get("made", "")) for name, one in data["keys"].items()}
            return cls(str(data["current"]), keys, made)
        except UnusablePayloadKeys as error:
            raise UnusablePayloadKeys(f"{path}: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            # Without the cause: it may repeat what the file holds.
            raise UnusablePayloadKeys(f"{path} is no file of payload keys that can be read") from None

    def save(self, path: Path) -> None:
        """Write the file in one piece: a reader sees the old keys or the new ones."""
        keys = {
            name: {"key": base64.b64encode(key).decode(), "made": self._made.get(name, "")}
            for name, key in self._raw.items()
        }
        write_private(path, json.dumps({"current": self._current, "keys": keys}, indent=2, sort_keys=True) + "\n")

    @property
    def current(self) -> str:
        return self._current

    def made(self, name: str) -> str:
        """The day on which a key was made, in ISO 8601; empty where that is not known."""
        return self._made.get(name, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def rotated(self) -> PayloadKeys:
        """With a new current key beside all that are there."""
        name, key = _new_key()
        return PayloadKeys(name, {**self._raw, name: key}, {**self._made, name: _today()})

    def without(self, name: str) -> PayloadKeys:
        """Without an old key: what was sealed with it can never be opened again. Raises ValueError for the current one."""
        if name == self._current:
            raise ValueError("the current key cannot be forgotten; rotate first")
        if name not in self._raw:
            raise UnknownPayloadKey(f"no payload key is called {name!r}")
        return PayloadKeys(self._current, {one: key for one, key in self._raw.items() if one != name}, self._made)

    def seal(self, data: bytes, about: bytes) -> tuple[str, bytes]:
        """The current key's id, and nonce and ciphertext in one."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self._current, nonce + self._ciphers[self._current].encrypt(nonce, data, about)

    def open(self, name: str, sealed: bytes, about: bytes) -> bytes:
        """Raises UnknownPayloadKey, and cryptography's InvalidTag where it is not what was sealed."""
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise UnknownPayloadKey(
                f"this was sealed with the payload key {name[:80]!r}, which is not here: copy keys/payloads.json anew from"
                " where it was sealed"
            )
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)


class PayloadKeyFile:
    """The keys of a file. A key that was added since is read when something needs it, so a rotation stops nobody."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys = PayloadKeys.load(path)

    def seal(self, data: bytes, about: bytes) -> tuple[str, bytes]:
        return self._keys.seal(data, about)

    def open(self, name: str, sealed: bytes, about: bytes) -> bytes:
        if name not in self._keys:
            self._keys = PayloadKeys.load(self._path)
        return self._keys.open(name, sealed, about)


def _new_key() -> tuple[str, bytes]:
    return secrets.token_hex(4), AESGCM.generate_key(KEY_BYTES * 8)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
