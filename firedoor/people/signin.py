"""Who is speaking. For now by personal tokens; whatever else signs people in stands behind the same one method.

A token is 32 random bytes. The front door keeps only hashes, so its file lets nobody in; and what it is given is
compared with each of them in constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

PREFIX: Final = "fd_"
"""Lets a token be recognized where it should not be: in a commit, in a log."""


REVOKED: Final = ""
"""In place of a hash: no token has it."""


class SignIn(Protocol):
    def person(self, credential: str) -> str | None:
        """Whose credential this is (a person's id); None for one that is nobody's."""
        ...


class UnusableTokens(ValueError):
    """A token file that cannot be used as it is."""


class Tokens:
    """Personal tokens, by person. One file, which only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hashes: dict[str, str] = {}
        self._read_at: int | None = None
        self._read()

    def person(self, credential: str) -> str | None:
        self._read()
        given = _hash(credential)
        found: str | None = None
        for person, known in self._hashes.items():  # all of them, so that time tells nothing
            if hmac.compare_digest(given, known):
                found = person
        return found

    def people(self) -> frozenset[str]:
        """Who has a token, or had one that was taken away."""
        return frozenset(self._hashes)

    def holds(self, person: str) -> bool:
        return self._hashes.get(person, REVOKED) != REVOKED

    def issue(self, person: str) -> str:
        """A new token, shown this once. The one before stops working."""
        token = PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        self._hashes[person] = _hash(token)
        self._save()
        return token

    def revoke(self, person: str) -> None:
        """Take the person's token away. None is made for them by itself; one that is issued works again."""
        self._hashes[person] = REVOKED
        self._save()

    def keep_only(self, people: Iterable[str]) -> None:
        """Forget the tokens of whoever is no longer of the organization."""
        kept = {person: known for person, known in self._hashes.items() if person in frozenset(people)}
        if kept != self._hashes:
            self._hashes = kept
            self._save()

    def _read(self) -> None:
        """Again when the file is another one: whoever's token was taken away is out at once."""
        changed = self._path.stat().st_mtime_ns if self._path.exists() else None
        if changed != self._read_at:
            self._hashes, self._read_at = _load(self._path), changed

    def _save(self) -> None:
        write_private(self._path, json.dumps({"tokens": self._hashes}, indent=2, sort_keys=True) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file in one piece that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f".{path.name}.{os.getpid()}.new")
    whole.unlink(missing_ok=True)
    with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(path)


def _hash(token: str) -> str:
    return hashlib.sha256(b"firedoor/token/v1\n" + token.encode("utf-8", "replace")).hexdigest()


def _load(path: Path) -> dict[str, str]:
    try:
        with path.open() as file:
            mode = os.fstat(file.fileno()).st_mode
            data = json.load(file)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UnusableTokens(f"{path} is no token file that can be read") from error
    if stat.S_IMODE(mode) & 0o077:
        raise UnusableTokens(f"{path} is open to others; make it yours alone: chmod 600 {path}")
    try:
        return {str(person): str(known) for person, known in data["tokens"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise UnusableTokens(f"{path} is no token file that can be read") from error
