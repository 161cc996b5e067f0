"""What is shown of clocks, for people and for programs: how long until each is met at worst, and what is left over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isinf
from typing import Any

from firedoor.compiler.proofs.clocks import Shown
from firedoor.compiler.proofs.telling import described
from firedoor.compiler.proofs.worst import amount, told
from firedoor.plan.model import Plan
from firedoor.plan.time import written

_LONG = 10 * 86_400
"""From here on a length of time is said in days."""


@dataclass(frozen=True)
class Figures:
    """What is shown of one playbook's clocks."""

    plan: Plan
    shown: tuple[Shown, ...]

    @property
    def file(self) -> str:
        """The playbook's file, relative to the book."""
        return self.plan.at.rpartition(":")[0]


def text(figures: Iterable[Figures], *, sums: bool = False) -> str:
    """A line for each clock under its playbook; with `sums`, how the time adds up, step by step."""
    lines = []
    for one in figures:
        if one.shown:
            lines.append(one.plan.playbook)
        for shown in one.shown:
            lines.append(f"  {shown.clock.name}: {_said(one.plan, shown)}")
            if sums:
                lines += [f"    {line}" for line in _sum(one.plan, shown)]
    return "".join(f"{line}\n" for line in lines)


def data(figures: Iterable[Figures]) -> list[dict[str, Any]]:
    """The same as JSON, lengths of time in seconds; `worst` and `margin` are null where nothing is shown."""
    return [_data(one.plan, shown) for one in figures for shown in one.shown]


def _said(plan: Plan, shown: Shown) -> str:
    limit = hours(shown.clock.limit)
    match shown.verdict:
        case "unmet":
            return f"{limit}; can start and be met by no step"
        case "not shown":
            return f"{limit}; not shown to be met: {shown.why}"
    after = "after it starts"
    if shown.since is not None:
        step = plan.by_path[shown.since]
        after = f"after {described(step)} ({step.at})"
    least = "at least " if shown.at_least else ""
    met = f"{limit}; met at worst {least}{hours(int(shown.longest.seconds))} {after}"
    if shown.margin < 0:
        return f"{met}; that is {hours(-shown.margin)} too {'late' if shown.clock.kind == 'fixed' else 'long for our target'}"
    left = "are left over" if shown.since is not None else "are left for launching late"
    return f"{met}; {hours(shown.margin)} {left}"


def _sum(plan: Plan, shown: Shown) -> list[str]:
    if shown.at is None:
        return [*shown.situation]
    asked = written(plan.commander.answers_within)
    return [
        *told(shown.longest),
        f"{amount(shown.longest.seconds):>12}  in all, when each ask is answered within {asked}",
    ]


def _data(plan: Plan, shown: Shown) -> dict[str, Any]:
    worst = shown.longest.seconds if shown.at is not None and not isinf(shown.longest.seconds) else None
    return {
        "playbook": plan.playbook,
        "clock": shown.clock.name,
        "kind": shown.clock.kind,
        "limit": shown.clock.limit,
        "verdict": shown.verdict,
        "why": shown.why or None,
        "worst": worst,
        "margin": shown.margin if worst is not None else None,
        "since": shown.since,
        "met_by": shown.at.at if shown.at is not None else None,
        "answers_within": plan.commander.answers_within,
        "parts": [
            {"step": part.step.path, "at": part.step.at, "seconds": part.seconds, "because": part.because}
            for part in shown.longest.parts
            if part.seconds and not isinf(part.seconds)
        ],
    }


def hours(seconds: int) -> str:
    """Hours and minutes, as laws count: "48h 20m"; days where there are many."""
    if seconds < 3_600 or seconds >= _LONG:
        return written(seconds)
    whole, rest = divmod(round(seconds / 60), 60)
    return f"{whole}h {rest}m" if rest else f"{whole}h"
