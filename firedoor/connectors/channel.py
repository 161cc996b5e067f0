"""What a channel promises: to carry one message to one address, and to say truly what became of it.

- The same key is one message, wherever the system behind the channel can tell: `once` says so. Where it cannot, a
  repeated key may arrive twice, is marked so that readers can tell, and never does one get lost for it.
- What is inserted cannot become anything else: no second mail header, no mention of a whole room, no markup.
- Failures are those of `firedoor.connectors.errors`: they say whether to try again, and hold no secret and no text.

The suite tests/connectors/test_channel_contract.py holds every channel to it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from firedoor.people.recipients import Recipient

DRILL: Final = "DRILL"
"""Every subject and every text of an exercise begins so."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to one address. `text` is plain text, as people are to read it."""

    key: str
    """No other message to any address has it."""
    address: str
    """As the channel's `address` gave it."""
    subject: str
    text: str
    locale: str
    """Languages as BCP 47 tags, comma-separated; "*" where none is named."""
    urgent: bool = False
    drill: bool = False
    to: tuple[str, ...] = ()
    """Names of the people whom it is for, where several share the address."""
    mentions: tuple[str, ...] = ()
    """Their accounts, on a platform where a mention rings."""


@runtime_checkable
class Channel(Protocol):
    """A way to reach people. Methods raise ConnectorError and nothing else for what the system does.

    `at_once` bounds the messages that are on their way at the same time.
    """

    name: str
    once: bool
    at_once: int

    def address(self, recipient: Recipient) -> str | None:
        """Where this channel reaches a recipient; None where it does not. Recipients may share an address."""
        ...

    async def send(self, message: OutgoingMessage) -> str:
        """Hand the message over. Returns the id that the system knows it by; where it gives none, one that readers see."""
        ...

    async def check(self) -> None:
        """Prove that settings and credentials work, and tell nobody. Raises BadSettings or Unavailable."""
        ...

    async def close(self) -> None: ...


def opaque(key: str) -> str:
    """A key as 40 characters that are safe in every address, header and path, and that tell nothing."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def one_line(text: str) -> str:
    """Text for a place that ends with its line: a header, a title."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
