"""How the ledger learns that people have moved a lease: by the rows that tell of it, when an act takes them along.

The ledger takes a moment only forward, and lasting is the furthest. So it does not matter which of two acts arrives
first, or how often.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from firedoor.plan.base import Frozen
from firedoor.protocol import Row
from firedoor.run.state import Hold, State

LEASES: Final = "leases"
"""Where a row carries them. They are for the ledger: what is recorded of the row is without them."""

COMMANDS: Final = ("command.extend", "command.keep")
ANSWERED: Final = "question.answered"


class Lease(Frozen):
    """Until when these targets of a step are contained; None for good."""

    step: str
    targets: tuple[str, ...] | None = None
    """None where it is about a long list: then it is about all that the step contains."""
    until: datetime | None


def along_with(state: State, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The same rows; the last one that may have moved leases carries them, as they are now."""
    told = [row for row in rows if row.kind in COMMANDS or row.kind == ANSWERED]
    leases = list(_moved(state, told)) if told else []
    if not leases:
        return rows
    data = {**told[-1].data, LEASES: [lease.model_dump(mode="json") for lease in leases]}
    carrier = told[-1].model_copy(update={"data": data})
    return tuple(carrier if row.seq == carrier.seq else row for row in rows)


def _moved(state: State, told: list[Row]) -> Iterator[Lease]:
    """An answer may have accepted as lasting what another step than the one it was about contains."""
    steps = {row.step for row in told}
    answered = any(row.kind == ANSWERED for row in told)
    for path, step in state.steps.items():
        found: dict[datetime | None, list[str]] = {}
        paged = [hold for name, hold in step.holds.items() if name in step.pages]
        leased = [hold.until for hold in paged if path in steps and hold.leased and hold.until is not None]
        if leased:
            yield Lease(step=path, until=max(leased))
        elif paged and (path in steps or answered) and all(_lasting(hold) or hold.status == "undone" for hold in paged):
            yield Lease(step=path, until=None)
        for hold in (hold for name, hold in step.holds.items() if name not in step.pages):
            if (path in steps and hold.leased) or ((path in steps or answered) and _lasting(hold)):
                found.setdefault(hold.until, []).append(hold.target)
        for until, targets in found.items():
            yield Lease(step=path, targets=tuple(targets), until=until)


def _lasting(hold: Hold) -> bool:
    return hold.lasting and hold.until is None
