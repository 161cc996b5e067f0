"""What a history consists of: events by type, acts by name, and what the differences between two of them buy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

BUYS: Final = {
    "upsert workflow search attributes": (
        "search attributes: a list of incidents shows severity, phase, who is waited for and what is due next, and is "
        "filtered by them, without asking a worker"
    ),
    "act record": (
        "acts that only record: while people are waited for and no other act takes the timeline along, the record "
        "holds everything so far, who was told included"
    ),
}
"""What more events of a type are good for."""


def census(history: WorkflowHistory) -> Counter[str]:
    """Events by type. Acts by name as well, as `act …`: those are no events of their own."""
    found: Counter[str] = Counter()
    for event in history.events:
        found[EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower().replace("_", " ")] += 1
    for name, _ in orders(history):
        found[f"act {name}"] += 1
    return found


def orders(history: WorkflowHistory) -> Iterator[tuple[str, Any]]:
    """Each activity's name, and what it was told, as JSON."""
    for event in history.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            scheduled = event.activity_task_scheduled_event_attributes
            yield scheduled.activity_type.name, json.loads(scheduled.input.payloads[0].data)


def difference(compiled: Sequence[WorkflowHistory], by_hand: Sequence[WorkflowHistory]) -> dict[str, float]:
    """How many more of each the compiled playbook has, per run."""
    mine, other = _per_run(compiled), _per_run(by_hand)
    names = sorted(mine.keys() | other.keys())
    differs = {name: round(mine.get(name, 0) - other.get(name, 0), 1) for name in names}
    return {name: more for name, more in differs.items() if more}


def _per_run(histories: Sequence[WorkflowHistory]) -> dict[str, float]:
    found: Counter[str] = Counter()
    for history in histories:
        found += census(history)
    return {name: count / len(histories) for name, count in found.items()}


def notes_on(difference: dict[str, float]) -> tuple[str, ...]:
    """What stands below the table: where the compiled side does more, and what for."""
    return tuple(f"{more:+g} {BUYS[name]}" for name, more in difference.items() if name in BUYS)
