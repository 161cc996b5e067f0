"""What everything behind the front door stands on, gathered once. Nothing here knows HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy.exc import OperationalError

from firedoor.incidents import Incidents, Trouble
from firedoor.people import directory
from firedoor.people.organization import Organization
from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.people.signin import SignIn
from firedoor.plan import Plan
from firedoor.records.all import Records
from firedoor.web.journal import Journal, Kind, Refusal, Word
from firedoor.web.messages import Me
from firedoor.web.problems import NotSignedIn, code_of

log = logging.getLogger(__name__)

FRESH_FOR: Final = timedelta(minutes=15)
"""How long a signed word may be delivered, and so how long the same word can be sent again."""

NO_ROWS: Final = 2**31
"""`since` for whoever wants the picture and not the timeline."""

_MOST_SHOWN: Final = 2000


class Mistake(Protocol):
    """A finding of the compiler."""

    @property
    def file(self) -> str: ...
    @property
    def severity(self) -> str: ...


class Book(Protocol):
    """A compiled book, as far as the front door needs it (firedoor.compiler.Book)."""

    @property
    def organization(self) -> Organization: ...
    @property
    def plans(self) -> Mapping[str, Plan]: ...
    @property
    def findings(self) -> Sequence[Mistake]: ...


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Door:
    book: Book
    incidents: Incidents
    records: Records
    journal: Journal
    key: SigningKey
    signin: SignIn
    now: Callable[[], datetime] = wall_clock
    """Of the runs: in a rehearsal they are ahead of the wall."""
    ring: KeyRing = field(default_factory=KeyRing)
    """The public keys whose words are believed where the record is read; with none, no word gives anybody a part."""
    shown: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """Documents that were shown, by their hashes, to tell what has changed since; the oldest are forgotten."""

    @property
    def organization(self) -> Organization:
        return self.book.organization

    def who(self, credential: str | None) -> str:
        """The person who speaks. Raises NotSignedIn."""
        person = self.signin.person(credential) if credential else None
        if person is None or person not in self.organization.people:
            raise NotSignedIn
        return person

    def me(self, person: str) -> Me:
        now = self.now()
        return Me(
            person=person,
            name=self.organization.people[person].name,
            region=directory.region_of(self.organization, person, now),
            holds=directory.holds(self.organization, person, now),
        )

    def remember(self, document: str, text: str) -> None:
        self.shown[document] = text
        self.shown.move_to_end(document)
        while len(self.shown) > _MOST_SHOWN:
            self.shown.popitem(last=False)

    async def write_refusal(self, person: str, kind: Kind, incident: str | None, asked: str, trouble: Trouble) -> None:
        """A refusal stays one where it cannot be written down; that is logged."""
        refusal = Refusal(self.now(), person, kind, incident, asked[:500], code_of(trouble), trouble.says)
        try:
            await asyncio.to_thread(self.journal.refused, refusal)
        except OperationalError as error:
            log.warning("a refusal could not be written down: %s refused %s: %s", refusal.why, person, error.orig)

    async def write_counted(self, word: Word, reply: dict[str, Any]) -> None:
        """A word that was counted is one also where its receipt cannot be written down: sent again, it gets the same."""
        try:
            await asyncio.to_thread(self.journal.counted, word, reply)
        except OperationalError as error:
            log.warning("a receipt could not be written down: %s of %s: %s", word.kind, word.person, error.orig)
