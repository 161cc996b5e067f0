"""Histories as files: what runs did when they were recorded, which today's code must still do.

FIREDOOR_RECORD_HISTORIES=1 makes the tests that are marked `history` write them anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

FOLDER: Final = Path(__file__).with_name("histories")
RECORDING: Final = os.environ.get("FIREDOOR_RECORD_HISTORIES") == "1"


def save(name: str, histories: Sequence[WorkflowHistory]) -> None:
    """One file for each; those that this name had before are replaced."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob(f"{name}.*.pb"):
        old.unlink()
    for number, history in enumerate(histories, start=1):
        kind = history.events[0].workflow_execution_started_event_attributes.workflow_type.name.lower()
        path = FOLDER / f"{name}.{kind}{number}.pb"
        path.write_bytes(History(events=history.events).SerializeToString(deterministic=True))


def load(path: Path) -> WorkflowHistory:
    events = History.FromString(path.read_bytes()).events
    return WorkflowHistory(events[0].workflow_execution_started_event_attributes.workflow_id, list(events))


def saved() -> Iterator[Path]:
    yield from sorted(FOLDER.glob("*.pb"))
