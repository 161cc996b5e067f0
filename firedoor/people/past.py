"""What the record has of an incident, when somebody orders something in its name: nothing of it travelled with the
order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from firedoor.protocol import Signed


@dataclass(frozen=True, slots=True)
class Past:
    """By the run's path of a step: what the ledger has entered, released and seen to fail; and every word in the
    timeline that came with a signature, not verified yet."""

    closed: bool = False
    entered: Collection[tuple[str, str, int]] = ()
    """(step, target, ordinal) of each entry."""
    released: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    """When the last undone entry of a (step, target) was released."""
    failed: Collection[str] = ()
    words: Sequence[Signed] = ()


NO_PAST: Final = Past()
