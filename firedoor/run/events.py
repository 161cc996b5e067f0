"""What can happen to a run. Each event carries its time; the core has no clock."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from firedoor.plan.base import Frozen
from firedoor.protocol import (
    Answer,
    Command,
    ContainReport,
    NotifyEachReport,
    NotifyReport,
    ReadReport,
    ReleaseReport,
    Report,
    Signed,
)


class Launched(Frozen):
    at: datetime


class Time(Frozen):
    """Time has passed; whatever is due by now happens."""

    at: datetime


class ActEnded(Frozen):
    """An activity's attempt is over for good: it reported, it failed, or it was cancelled before it could act."""

    at: datetime
    act: str
    report: ContainReport | ReleaseReport | NotifyReport | NotifyEachReport | ReadReport | Report | None = None
    error: str | None = None
    """In words for people; None when it reported or was cancelled."""
    error_type: str | None = None
    cancelled: bool = False
    follows: bool = True
    """A repeated notice that failed goes by its step's `on_failure`. In runs that were recorded before, it asked."""


class Answered(Frozen):
    """A verified answer that the validator has let in."""

    at: datetime
    answer: Answer
    signed: Signed


class Commanded(Frozen):
    at: datetime
    command: Command
    signed: Signed


class ReviewOpened(Frozen):
    at: datetime


class Cancelled(Frozen):
    """Someone asked the server to cancel the workflow. It becomes a question."""

    at: datetime
    by: Literal["server"] = "server"


Event = Launched | Time | ActEnded | Answered | Commanded | ReviewOpened | Cancelled
