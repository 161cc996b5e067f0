"""The Plan: a playbook, compiled. It travels whole as the workflow's argument, so a run is what it was when launched."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from firedoor.plan.base import Frozen
from firedoor.plan.expression import Expr, ValueType
from firedoor.plan.steps import Seat, Step
from firedoor.plan.text import MessageRef, Text
from firedoor.plan.time import USUAL, Calendar, DaysOff, Span
from firedoor.plan.who import Audience, Who

Severity = Literal["sev1", "sev2", "sev3", "sev4"]
Locale = str

MOST_STEPS = 2_000
MOST_BYTES = 512 * 1024


class Input(Frozen):
    name: str
    type: ValueType
    listed: bool = False
    ask: str | None = None
    optional: bool = False
    default: object = None
    at_least: float | None = None
    """Smallest number, or fewest items of a list."""
    at_most: float | None = None
    choices: tuple[str, ...] = ()
    sensitive: Literal["personal", "graphic"] | None = None


class SeverityRule(Frozen):
    """`severity` holds when `when` does; None is `otherwise`. The worst that holds counts."""

    severity: Severity
    when: Expr | None = None


class Clock(Frozen):
    """A time limit of this playbook: `limit` seconds from `starts`, when `when` holds."""

    name: str
    kind: Literal["fixed", "standard"]
    limit: int
    law: str
    starts: Expr
    when: Expr | None = None
    not_due: Expr | None = None
    may_pause: tuple[str, ...] = ()
    """The grounds on which it may be paused."""
    after_pause: Literal["the rest", "anew"] = "the rest"
    """What it has when it goes on: the time that was left, or all of it again."""


class Updates(Frozen):
    """A repeated notice while the response runs: seconds between two, by severity; none where a severity is absent."""

    every: dict[Severity, int]
    to: tuple[Audience, ...]
    say: Text | MessageRef


class Message(Frozen):
    """A vetted Jinja2 template by locale (source text)."""

    by_language: dict[Locale, str]


class ReviewTask(Frozen):
    words: Text
    assign: Who
    due: Span
    when: Expr | None = None
    at: str


class Review(Frozen):
    owner: Who
    meeting_within: dict[Severity, Span] = {}
    tasks: tuple[ReviewTask, ...] = ()


class Action(Frozen):
    """A containment step that a book allows: a call of a connector, its undo, and who must have signed."""

    name: str
    does: str
    target: ValueType | None = None
    connector: str
    call: str
    undo: str | None = None
    irreversible: bool = False
    requires: tuple[Seat, ...] = ()
    retries_for: int = 300
    """Seconds that an act keeps trying before it has failed."""


class ReadAction(Frozen):
    """A question to a system, run as an activity, once, and recorded."""

    name: str
    takes: tuple[tuple[ValueType, bool], ...] = ()
    """(type, whether a list of it) of each parameter."""
    gives: ValueType
    gives_list: bool = False
    connector: str
    call: str


class Commander(Frozen):
    """Who commands when nobody is named, and the ladder that an unanswered ask climbs, a rung each `answers_within`."""

    source: Who
    answers_within: int
    then: tuple[Who, ...] = ()


class Plan(Frozen):
    """One playbook with everything that its run needs to know. Hash it with `digest`, move it with `pack`/`unpack`."""

    format: Literal[1] = 1
    playbook: str
    version: str
    owner: str
    title: Text
    use_when: str
    at: str
    languages: tuple[str, ...]
    """The organization's languages, the first one being its default."""
    zones: dict[str, str]
    """Region → IANA time zone, for business days."""
    days_off: dict[str, DaysOff] | None = None
    """Region → its weekend and holidays, for those that have others than Saturday and Sunday."""
    inputs: tuple[Input, ...] = ()
    severity: tuple[SeverityRule, ...]
    clocks: tuple[Clock, ...] = ()
    updates: Updates | None = None
    steps: tuple[Step, ...]
    review: Review | None = None
    commander: Commander
    actions: dict[str, Action] = {}
    reads: dict[str, ReadAction] = {}
    messages: dict[str, Message] = {}
    pace: int | None = None
    """How many times as fast as it was written: only a drill's (firedoor.plan.pace)."""

    @cached_property
    def canonical(self) -> bytes:
        """The plan's canonical JSON: sorted keys, no spaces, UTF-8, absent values left out."""
        data = self.model_dump(mode="json", exclude_none=True)
        return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hex: what a launch signs."""
        return hashlib.sha256(self.canonical).hexdigest()

    @cached_property
    def by_path(self) -> dict[str, Step]:
        """Every step by its static path."""
        return {step.path: step for step in walk(self.steps)}

    @cached_property
    def by_id(self) -> dict[str, Step]:
        return {step.id: step for step in walk(self.steps) if step.id}

    @cached_property
    def undoes(self) -> bool:
        """Whether a step of it lets go of what another holds."""
        return any(step.verb == "undo" for step in walk(self.steps))

    @cached_property
    def meeting(self) -> dict[str, frozenset[str]]:
        """By clock, the static paths of the steps that meet it and of those around them."""
        found: dict[str, set[str]] = {clock.name: set() for clock in self.clocks}
        for step in walk(self.steps):
            parts = step.path.split(".")
            around = {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
            for name in step.meets:
                found.setdefault(name, set()).update(around)
        return {name: frozenset(around) for name, around in found.items()}

    @cached_property
    def input_names(self) -> dict[str, Input]:
        return {field.name: field for field in self.inputs}

    def calendar(self, region: str) -> Calendar:
        """What a business day is in a region."""
        return Calendar(self.zones.get(region, "UTC"), (self.days_off or {}).get(region, USUAL))

    def pack(self) -> bytes:
        return zlib.compress(self.canonical, 6)


_decoded: dict[str, Plan] = {}
_MOST_DECODED = 256


def unpack(packed: bytes) -> Plan:
    """Decode a packed plan, once per process: keyed by the digest of the bytes in hand, never by one that was claimed.

    Its digest is that of the very text that travelled, which was signed: an incident that was launched before a field with a
    default was added goes on. Raises ValueError for bytes that are no plan, or a plan over the bounds of its size.
    """
    if len(packed) > MOST_BYTES:
        raise ValueError(f"a plan of {len(packed)} bytes is over the bound of {MOST_BYTES}")
    key = hashlib.sha256(packed).hexdigest()
    plan = _decoded.get(key)
    if plan is None:
        inflated = zlib.decompressobj()
        try:
            text = inflated.decompress(packed, 32 * MOST_BYTES)
        except zlib.error as error:
            raise ValueError(f"the plan cannot be decompressed: {error}") from error
        if inflated.unconsumed_tail:
            raise ValueError("the plan is over the bound of its size")
        plan = Plan.model_validate_json(text)
        plan.__dict__["digest"] = hashlib.sha256(text).hexdigest()
        if len(_decoded) >= _MOST_DECODED:
            _decoded.pop(next(iter(_decoded)))
        _decoded[key] = plan
    return plan


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step below, parents first, in the order of the text."""
    for step in steps:
        yield step
        if step.verb in ("parallel", "group", "for_each"):
            yield from walk(step.steps)
