"""The job that both sides do, and the words that people say in it: the same for both, so that only the side differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal
from uuid import uuid4

from bench import by_hand
from firedoor import protocol
from firedoor.compiler.book import Book, load_book
from firedoor.people.signatures import SigningKey
from firedoor.plan import Plan
from firedoor.protocol import Answer, Launch, Signed
from firedoor.run.documents import hash_of

BOOK: Final = Path(__file__).with_name("book")
PLAYBOOK: Final = "takeover"

NOTICES: Final = len(by_hand.TOLD)
CONTAINS: Final = len(by_hand.MEASURES)

Side = Literal["compiled", "by hand"]
SIDES: Final[tuple[Side, Side]] = ("compiled", "by hand")

WORKFLOWS: Final[dict[Side, str]] = {"compiled": protocol.INCIDENT, "by hand": by_hand.NAME}


def read_book() -> Book:
    """Raises ValueError where the bench's book has mistakes."""
    book = load_book(BOOK)
    if book.errors:
        raise ValueError("; ".join(f"{found.file}:{found.line}: {found.message}" for found in book.errors))
    return book


@dataclass(frozen=True, slots=True)
class Words:
    """What people say in a run: the front door's part."""

    plan: Plan
    key: SigningKey

    def launch(self, incident: str) -> Signed:
        inputs = {"account": f"@{incident}:platform.example"}
        now = datetime.now(UTC)
        return self.key.sign(Launch(**self._head("ana", incident, now), inputs=inputs, aware_at=now, region="emea"))

    def approve(self, incident: str, ask: str, document: str) -> tuple[Signed, str]:
        """The word, and its nonce, which is the update's id."""
        head = self._head("omar", incident, datetime.now(UTC))
        shown = hash_of(document)
        word = Answer(**head, ask=ask, document=shown, choice="approve", holds=("policy", "policy.on_shift"))
        return self.key.sign(word), word.nonce

    def arguments(self, side: Side, launch: Signed) -> list[Any]:
        """What the side's workflow starts from."""
        return [self.plan.pack(), launch, None] if side == "compiled" else [launch]

    def _head(self, person: str, incident: str, now: datetime) -> dict[str, Any]:
        return {
            "person": person,
            "incident": incident,
            "plan": self.plan.digest,
            "nonce": uuid4().hex,
            "issued": now,
            "expires": now + timedelta(minutes=5),
        }
