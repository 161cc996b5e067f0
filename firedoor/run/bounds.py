"""How much a run carries. Past these it refuses in words, while there is still something that a person can do about it:
the server would refuse later, and end what it refuses (a query over 256 KiB, a payload over 2 MiB).
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.plan import Plan, Step
from firedoor.plan.references import inputs_behind
from firedoor.protocol import Row

MOST_DOCUMENT_BYTES = 128 * 1024
"""A document that is shown and signed. It travels whole, once for each signature."""

MOST_READ_BYTES = 96 * 1024
"""The answer of one read."""

MOST_ENTRIES = 10_000
"""Entries of a run in the ledger, tries included: about 300 KiB of its compressed state."""

MOST_RECENT_BYTES = 128 * 1024
"""Recorded rows that stay in a state for whoever looks."""

MOST_WORDS = 4_000
"""Characters of a reason or a proof."""

MOST_FACT = 1_000
"""Characters of a fact that is asked for, and of what is answered."""


def latest(rows: list[Row], room: int = MOST_RECENT_BYTES) -> list[Row]:
    """The newest of them for which there is room."""
    for number, row in enumerate(reversed(rows)):
        room -= len(row.model_dump_json().encode())
        if room < 0:
            return rows[len(rows) - number :]
    return rows


def size(value: Any) -> int:
    """Bytes of the value as JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def room(plan: Plan, inputs: dict[str, Any], name: str) -> int:
    """Bytes that the list of this input may have, by the approvals whose document names it: once for each act that it
    unlocks, and where it is shown."""
    most = MOST_DOCUMENT_BYTES - size({other: value for other, value in inputs.items() if other != name})
    return max(most, 0) // max((_copies(plan, step, name) for step in plan.by_path.values()), default=1)


def _copies(plan: Plan, step: Step, name: str) -> int:
    if step.verb != "approve":
        return 1
    acts = [plan.by_path[path] for path in step.unlocks]
    found = [act.targets for act in acts if act.verb == "contain"] + [expr for _, expr in step.show]
    return max(sum(name in inputs_behind(plan, expr) for expr in found), 1)


def too_many(plan: Plan, inputs: dict[str, Any]) -> str | None:
    """Why these inputs are more than a run of this plan carries, in words, with how many fit; None when they are not."""
    for name, values in inputs.items():
        if not isinstance(values, list) or not values:
            continue
        most, there = room(plan, inputs, name), size(values)
        if there > most:
            fit = most * len(values) // there
            return (
                f"“{name}” would have {len(values)} items; about {fit} fit into one run. Launch another for the rest."
            )
    return None
