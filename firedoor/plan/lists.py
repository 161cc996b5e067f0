"""Long lists by reference. A list past a small bound is written down once, under the digest of its canonical form
(firedoor.records.lists), and what travels says which list it is, how long, and how it begins.

So a step on 100,000 targets carries none of them through a history, a signed word or a document. Whoever acts opens the
reference and computes the digest again: a list that is not the one which was referred to is never acted on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from firedoor.plan.base import Frozen
from firedoor.plan.expression import ValueType

INLINE: Final = 500
"""Items up to which a list travels as it is."""

WHOLE: Final = 2_000
"""Items up to which one by reference is brought back where each is needed: the recipients of a notice, the rounds of a
loop."""

MOST_LISTED: Final = 1_000_000
MOST_LIST_BYTES: Final = 64 * 1024 * 1024
"""Of the canonical form."""

FIRST: Final = 5
"""Items that a reference names."""

BY_REFERENCE: Final[frozenset[ValueType]] = frozenset(
    ("text", "choice", "url", "email", "document", "country", "language", "account", "content", "person")
)
"""Types whose items are text, the same in an expression as on record. Lists of others travel as they are."""


class ListRef(Frozen):
    """A list that is not here. Two references are equal when their lists are."""

    digest: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of the canonical form, in hex."""
    count: int = Field(ge=1, le=MOST_LISTED)
    first: tuple[str, ...] = Field(min_length=1, max_length=FIRST)
    """The first few, for whoever looks."""
    unique: bool
    """No item is there twice."""

    def __str__(self) -> str:
        return self.joined(", ")

    def joined(self, between: str) -> str:
        """The first few and how many more there are."""
        more = self.count - len(self.first)
        return between.join(self.first) + (f" and {more} more" if more else "")


class Opened(list[Any]):
    """A list that a reference stands for, with its items, which were checked before they were written down. It is shared:
    nobody changes it."""

    def __init__(self, items: Iterable[str]) -> None:
        super().__init__(items)
        self.ref = referred(self)


Load = Callable[[str], Opened]
"""The list of a digest. Raises LookupError."""


def no_lists(digest: str) -> Opened:
    raise LookupError(f"the list {digest[:12]} is not here")


def canonical(items: Sequence[str]) -> bytes:
    """UTF-8 JSON without spaces."""
    return json.dumps(list(items), separators=(",", ":"), ensure_ascii=False).encode()


def referred(items: Sequence[str]) -> ListRef:
    return ListRef(
        digest=hashlib.sha256(canonical(items)).hexdigest(),
        count=len(items),
        first=tuple(items[:FIRST]),
        unique=len(set(items)) == len(items),
    )


def reference(value: Any) -> ListRef | None:
    """The reference that a JSON value is, if it is one."""
    if isinstance(value, ListRef):
        return value
    if not isinstance(value, dict) or value.keys() != ListRef.model_fields.keys():
        return None
    try:
        return ListRef.model_validate(value)
    except ValidationError:
        return None


def references(value: Any) -> Iterator[ListRef]:
    """Every reference in a JSON value."""
    if (ref := reference(value)) is not None:
        yield ref
    elif isinstance(value, dict):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from references(inner)


def opened(value: Any, load: Load) -> Any:
    """The JSON value with each reference in it replaced by its list. Raises ValueError for a reference that does not say
    the truth about its list, and what `load` raises."""
    if isinstance(value, dict) and (ref := reference(value)) is not None:
        items = load(ref.digest)
        if items.ref != ref:
            raise ValueError("a list is not the one that was referred to")
        return items
    match value:
        case dict():
            return {name: opened(inner, load) for name, inner in value.items()}
        case Opened():
            return value
        case list() | tuple():
            return [opened(inner, load) for inner in value]
        case _:
            return value


Asks = Literal["whole", "unique", "last", "in", "joined", "beyond", "held", "sift", "kept"]
"""`whole`: the items themselves. `in`: whether `argument` is one. `joined`: each item of the lists and of `argument` once.
`beyond`: those of the first list that are in none of the others, nor in the argument's `but`; those of its `of`, where it
has that, instead of the first list. `sift`: what the items of a page give for a step of a long loop. `kept`: the
argument, written down however short it is."""


class Question(Frozen):
    """What an expression needs to know about long lists, worked out where they are. The same question has the same
    answer, but for `held`: that is what a step holds at one moment, which `argument` tells from others."""

    asks: Asks
    lists: tuple[ListRef, ...] = ()
    step: str = ""
    """The run's path, of `held` and `sift`."""
    argument: Any = None

    @property
    def key(self) -> str:
        """Under what the answer is recorded."""
        told = self.model_dump(mode="json", exclude={"lists"}) | {"lists": [ref.digest for ref in self.lists]}
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"{self.asks}:{self.step}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
