"""What a platform connector promises: declared calls, each safe to repeat, and each with its undo beside it.

An act changes one *thing*: what a call does to one target ("lock_user" on "@mayor:platform.example"). The ledger gives
each change of a thing a number. A connector promises, for every call:

- The same number acts once. `apply` and `restore` may be repeated, and race with themselves, without a second effect.
- `look` says whether the thing is already in the state that the call brings about, whoever brought it about. `restore`
  puts back what was found before the first act.
- A platform that can compare numbers refuses an older one after a newer one (Overtaken). One that cannot is brought to
  the newest state by `firedoor.connectors.fencing`, which checks, acts, and checks again.
- Failures are those of `firedoor.connectors.errors`: they say whether to try again.
- No secret reaches a log, an error or a report.

The suite tests/connectors/test_platform_contract.py holds every connector to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

Json = Any
"""A JSON value: None, bool, int, float, str, or lists and str-keyed dicts of them."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a connector.

    `undo` is the call that takes it back; None where there is none, or where only the book knows it. `looks` says
    whether `look` can see the call's effect; without it, what others had done before cannot be kept.
    """

    name: str
    undo: str | None = None
    looks: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One change of one thing. `thing` is opaque, and the same in every order on that thing."""

    thing: str
    number: int
    call: str
    undo: str | None = None
    target: str | None = None
    arguments: Mapping[str, Json] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The idempotency key: no other change of anything has it."""
        return f"{self.thing}-{self.number}"


def plain_identity(order: Order) -> str:
    """What is held, where nothing else is known: the target; without one, the arguments, since they say what is held."""
    if order.target is not None:
        return order.target
    return json.dumps(order.arguments, sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What is there: whether the thing is in the state that the call brings about, and what putting it back needs.

    `seen` is False where the connector cannot look, and the state is what the ledger assumes.
    """

    held: bool
    detail: Json = None
    seen: bool = True


@runtime_checkable
class Platform(Protocol):
    """A system that can contain. Methods raise ConnectorError and nothing else for what the system does.

    `at_once` bounds the acts that run on it at the same time.
    """

    name: str
    at_once: int

    def call(self, name: str) -> Call:
        """The declared call of that name. Raises UnknownCall."""
        ...

    async def identify(self, order: Order) -> str:
        """What is really held, where several targets share it: two copies of a file that are hidden by their hash.

        Order.thing and Order.number are empty here. Returns the target itself where it stands for itself.
        """
        ...

    async def look(self, order: Order) -> Found:
        """What is there now. Only for calls that declare `looks`."""
        ...

    async def apply(self, order: Order) -> Found | None:
        """Bring the state about. Returns what is there afterwards, where the platform's answer says so."""
        ...

    async def restore(self, order: Order, before: Found) -> Found | None:
        """Take the state back to what was found `before`. Returns what is there afterwards, where the answer says so."""
        ...

    async def read(self, call: str, arguments: Mapping[str, Json]) -> Json:
        """Answer a question of the book. It changes nothing."""
        ...

    async def check(self) -> None:
        """Prove that settings and credentials work. Raises BadSettings or Unavailable."""
        ...

    async def close(self) -> None: ...
