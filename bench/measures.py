"""What is measured, as rows: each side's and their ratio, as smallest, median and largest over the rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from statistics import median
from typing import Final, Literal

from bench.job import CONTAINS, NOTICES
from firedoor.plan.base import Frozen


class Measured(Frozen):
    """What one side did in one round. CPU is user and system, in milliseconds, per run."""

    events: float
    history_bytes: float
    runs_per_second: float
    worker_cpu_ms: float
    server_cpu_ms: float
    seconds: float
    """Of the whole round."""


class Round(Frozen):
    compiled: Measured
    by_hand: Measured


class Spread(Frozen):
    min: float
    median: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(min=min(values), median=median(values), max=max(values))


def ratio(values: Sequence[float], others: Sequence[float]) -> Spread:
    """Of each round by itself."""
    return Spread.of([value / other for value, other in zip(values, others, strict=True)])


class Measure(Frozen):
    """One row of the table. `ratio` is compiled ÷ by hand, of each round by itself."""

    name: str
    better: Literal["lower", "higher"]
    compiled: Spread
    by_hand: Spread
    ratio: Spread


class Figure(Frozen):
    """One row about compiling or rehearsing: what it is, and in which unit."""

    name: str
    value: Spread


class Result(Frozen):
    """What one bench found. `difference` holds, by type, how many more events and acts a run has as a compiled playbook."""

    format: Literal[1] = 1
    made_at: datetime
    notices: int = NOTICES
    contains: int = CONTAINS
    runs_at_once: int
    machine: dict[str, str]
    rows: tuple[Measure, ...]
    compiling: tuple[Figure, ...] = ()
    rehearsing: tuple[Figure, ...] = ()
    rounds: tuple[Round, ...]
    difference: dict[str, float]
    notes: tuple[str, ...]


ROWS: Final[tuple[tuple[str, Literal["lower", "higher"], Callable[[Measured], float]], ...]] = (
    ("events per run", "lower", lambda one: one.events),
    ("bytes of history per run", "lower", lambda one: one.history_bytes),
    ("runs per second", "higher", lambda one: one.runs_per_second),
    ("worker CPU per run, ms", "lower", lambda one: one.worker_cpu_ms),
    ("server CPU per run, ms", "lower", lambda one: one.server_cpu_ms),
    ("CPU of both per run, ms", "lower", lambda one: one.worker_cpu_ms + one.server_cpu_ms),
)


def rows_of(rounds: Sequence[Round]) -> tuple[Measure, ...]:
    return tuple(_row(name, better, value, rounds) for name, better, value in ROWS)


def _row(
    name: str, better: Literal["lower", "higher"], value: Callable[[Measured], float], rounds: Sequence[Round]
) -> Measure:
    compiled = [value(one.compiled) for one in rounds]
    by_hand = [value(one.by_hand) for one in rounds]
    ratios = [mine / other if other else 0.0 for mine, other in zip(compiled, by_hand, strict=True)]
    return Measure(
        name=name,
        better=better,
        compiled=Spread.of(compiled),
        by_hand=Spread.of(by_hand),
        ratio=Spread.of(ratios),
    )
