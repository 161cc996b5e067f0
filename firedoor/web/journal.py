"""What the front door sent, and what it refused.

A word is written down, signed, before it is sent. So whoever does not know what became of it may say it again: the very
same bytes go out, and count once. Refusals are kept here because a refused update leaves no trace in the engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, MetaData, RowMapping, String, Table, Text, select, update

from firedoor.people.signatures import canonical
from firedoor.protocol import Signed
from firedoor.records.database import BigId, Database, Instant, JsonData, insert_new

Kind = Literal["launch", "answer", "command", "review"]

_metadata = MetaData()

_words = Table(
    "front_door_words",
    _metadata,
    Column("person", Text, primary_key=True),
    Column("nonce", String(128), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("incident", Text, nullable=False),
    Column("asked", String(64), nullable=False),
    Column("signed", JsonData, nullable=False),
    Column("at", Instant, nullable=False),
    Column("reply", JsonData),
)

_refusals = Table(
    "front_door_refusals",
    _metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("person", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("incident", Text),
    Column("asked", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("says", Text, nullable=False),
)

_documents = Table(
    "front_door_documents",
    _metadata,
    Column("hash", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)


class SaidDifferently(Exception):
    """The same nonce came with other words."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of one person. `asked` is the digest of what was asked for; `reply` is there once it was counted."""

    person: str
    nonce: str
    kind: Kind
    incident: str
    asked: str
    signed: Signed
    at: datetime
    reply: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    at: datetime
    person: str
    kind: Kind
    incident: str | None
    asked: str
    """What was asked for, in a few words."""
    why: str
    says: str


class Journal:
    """Methods are synchronous, one transaction each, and safe to call from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.write() as connection:
            _metadata.create_all(connection)

    def find(self, person: str, nonce: str, asked: str) -> Word | None:
        """The word that was said before under this nonce. Raises SaidDifferently where it was another one."""
        query = select(_words).where(_words.c.person == person, _words.c.nonce == nonce)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        if row["asked"] != asked:
            raise SaidDifferently
        return _word(row)

    def send(self, word: Word) -> Word:
        """Write a word down before it goes out. Where it is there already, that one is to go out instead."""
        values = {name: getattr(word, name) for name in Word.__dataclass_fields__}
        with self._database.write() as connection:
            new = insert_new(connection, _words, [{**values, "signed": word.signed.model_dump(mode="json")}])
        if new:
            return word
        before = self.find(word.person, word.nonce, word.asked)
        assert before is not None  # noqa: S101  # words are never removed
        return before

    def counted(self, word: Word, reply: dict[str, Any]) -> None:
        change = update(_words).where(_words.c.person == word.person, _words.c.nonce == word.nonce)
        with self._database.write() as connection:
            connection.execute(change.values(reply=reply))

    def keep(self, hash_: str, document: str) -> None:
        """Keep a document that is being signed: its hash alone would tell a reader nothing."""
        with self._database.write() as connection:
            insert_new(connection, _documents, [{"hash": hash_, "text": document}])

    def documents(self, hashes: Iterable[str]) -> dict[str, str]:
        """Those of these documents that were kept, by hash."""
        query = select(_documents).where(_documents.c.hash.in_(sorted(set(hashes))))
        with self._database.read() as connection:
            return {row["hash"]: row["text"] for row in connection.execute(query).mappings()}

    def refused(self, refusal: Refusal) -> None:
        with self._database.write() as connection:
            connection.execute(
                _refusals.insert().values({name: getattr(refusal, name) for name in Refusal.__dataclass_fields__})
            )

    def refusals(self, incident: str | None = None) -> list[Refusal]:
        """All of them, or those on one incident, oldest first."""
        query = select(_refusals).order_by(_refusals.c.id)
        if incident is not None:
            query = query.where(_refusals.c.incident == incident)
        with self._database.read() as connection:
            found = connection.execute(query).mappings().all()
        return [Refusal(**{name: row[name] for name in Refusal.__dataclass_fields__}) for row in found]


def digest(asked: object) -> str:
    """Of what was asked for, so that a nonce stands for one thing."""
    return hashlib.sha256(canonical(asked).encode()).hexdigest()


def _word(row: RowMapping) -> Word:
    return Word(**{**row, "signed": Signed.model_validate(row["signed"])})
