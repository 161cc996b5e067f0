"""What a rehearsal says, compiled: frozen data that the rehearsing walks. Moments are seconds after its beginning."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from firedoor.plan.base import Frozen
from firedoor.plan.model import Severity
from firedoor.plan.who import Who
from firedoor.protocol import CommandKind

Choice = str
"""What an answer chooses: approve, reject, need_fact, done, retry, skip …"""

Ends = Literal["completed", "stopped", "undone", "holding", "waiting"]
Outcome = Literal[
    "asked", "done", "approved", "rejected", "unanswered", "failed", "undone", "expired", "skipped", "stopped"
]
ClockEnd = Literal["met", "breached", "missed", "running", "paused", "not_due", "not_started"]
How = Literal["down", "refuses", "missing"]


class StepRef(Frozen):
    """A step as a rehearsal names it, and the static paths that the name stands for."""

    named: str
    paths: tuple[str, ...] = ()
    about: str | None = None
    """A question about the run as a whole: "held", "clock", "handover", "cancelled"."""
    rounds: tuple[int, ...] = ()
    """Of a loop, counted from 1; none where any round is meant."""


class Word(Frozen):
    """What one person says at one moment: an answer to what is asked, or a command."""

    line: str
    """file:line"""
    at: int
    who: Who
    text: str
    """As it is written."""
    choice: Choice | None = None
    """Of an answer; None for a command."""
    command: CommandKind | None = None
    step: StepRef | None = None
    every: bool = False
    """All that is asked under that name, where several rounds are."""
    reason: str | None = None
    proof: str | None = None
    targets: tuple[str, ...] | None = None
    value: Any = None


class Fault(Frozen):
    """What does not work, from when to when. `platforms` and `channels` are names of the book's connectors."""

    line: str
    text: str
    how: How
    start: int = 0
    until: int | None = None
    once: bool = False
    platforms: tuple[str, ...] = ()
    moment: Literal["apply", "restore", "read"] | None = None
    call: str | None = None
    """Only this call; None for all of a platform."""
    channels: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    """Only these targets, or, of a channel, these people; none where it concerns all."""


class Reply(Frozen):
    """What a read answers from a moment on: one value, or one for each thing that it is asked about."""

    read: str
    at: int = 0
    value: Any = None
    each: dict[str, Any] | None = None
    """By what it is asked about; `value` is for whatever is not named."""


class Within(Frozen):
    """By when, or when, something has to have happened."""

    line: str
    step: StepRef
    outcome: Outcome | None = None
    within: int | None = None
    at: int | None = None


class Event(Frozen):
    """One item of `order` or `never`: a step, and which end of it where that is said."""

    line: str
    step: StepRef
    outcome: Outcome | None = None


class Told(Frozen):
    line: str
    who: Who
    says: str | None = None
    """A part of the text that they got."""


class ClockExpected(Frozen):
    line: str
    clock: str
    end: ClockEnd
    within: int | None = None


class Held(Frozen):
    """`targets` as they must be, all of them; of one step where it is named."""

    line: str
    step: StepRef | None
    targets: tuple[str, ...]


class Undone(Frozen):
    line: str
    step: StepRef
    targets: tuple[str, ...] | None = None


class Expectations(Frozen):
    """None and empty: nothing is said of it. `lines` are the places of the keys that have one value."""

    severity: Severity | None = None
    order: tuple[Event, ...] = ()
    times: tuple[Within, ...] = ()
    contained_within: int | None = None
    never: tuple[Event, ...] = ()
    held: tuple[Held, ...] = ()
    undone: tuple[Undone, ...] = ()
    told: tuple[Told, ...] = ()
    not_told: tuple[Told, ...] = ()
    asked: tuple[Told, ...] = ()
    escalated: tuple[Told, ...] = ()
    clocks: tuple[ClockExpected, ...] = ()
    ends: Ends | None = None
    lines: dict[str, str] = {}


class Case(Frozen):
    name: str
    line: str
    at: datetime
    """When it begins, by the book's own calendar."""
    launcher: str | None = None
    """A person; None for whoever is on shift to launch."""
    aware: int = 0
    """Seconds before the beginning at which the organization came to know."""
    given: dict[str, Any] = {}
    words: tuple[Word, ...] = ()
    """In the order of their moments."""
    faults: tuple[Fault, ...] = ()
    replies: tuple[Reply, ...] = ()
    until: int | None = None
    """How long it is looked at; None: until nothing more happens by itself."""
    expect: Expectations = Expectations()


class Rehearsal(Frozen):
    """One file of `rehearsals/`."""

    file: str
    """Relative to the book."""
    playbook: str
    cases: tuple[Case, ...]
