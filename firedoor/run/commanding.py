"""A command in words, for the timeline: whoever reads it later has to see what was asked for, and not only of what kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from firedoor.plan import Plan
from firedoor.plan.evaluate import WITHHELD, said
from firedoor.plan.lists import reference
from firedoor.plan.time import written
from firedoor.protocol import Command
from firedoor.run import asking
from firedoor.run.core import Core

MOST_NAMED: Final = 10


def in_words(core: Core, command: Command, path: str) -> str:
    where = f" {core.name(path)}" if path else ""
    what = "offer the command" if command.command == "offer" else command.command.replace("_", " ")
    return f"{what}{where}{_more(core, command, path)}"


def new_end(core: Core, command: Command, path: str) -> datetime | None:
    """Until when an `extend` gives its step time: a deadline, or the lease of what it names. None: neither runs."""
    more = timedelta(seconds=float(command.value))
    ends = [end + more for ask in core.asks_of(path) if (end := asking.deadline(ask)) is not None]
    ends += [
        hold.until + more
        for hold in core.at(path).holds.values()
        if hold.leased and hold.until is not None and (command.target is None or hold.target in command.target)
    ]
    return ends[-1] if ends else None


def _more(core: Core, command: Command, path: str) -> str:
    targets = f" for {_listed(command.target)}" if command.target else ""
    match command.command:
        case "extend":
            until = new_end(core, command, path)
            by = f" by {written(float(command.value))}" + (f", until {until:%Y-%m-%d %H:%M UTC}" if until else "")
            return f"{targets}{by}"
        case "add" | "input":
            given = command.value if isinstance(command.value, dict) else {}
            return " " + "; ".join(f"{name}: {_given(core.plan, name, value)}" for name, value in given.items())
        case "pause_clock":
            return f" {command.value['clock']} on the ground “{command.value['ground']}”"
        case "severity" | "resume_clock":
            return f" {command.value}"
        case "offer" | "hand_over" | "reassign":
            return f" to {command.value}"
        case _:
            return targets


def _given(plan: Plan, name: str, value: Any) -> str:
    """The timeline goes everywhere, so what is sensitive is counted and not named."""
    sensitive = name in plan.input_names and plan.input_names[name].sensitive is not None
    if (ref := reference(value)) is not None:
        return f"{ref.count} {WITHHELD}" if sensitive else said(ref)
    if isinstance(value, list):
        return f"{len(value)} {WITHHELD}" if sensitive else _listed(value)
    return WITHHELD if sensitive else said(value)


def _listed(values: Sequence[Any]) -> str:
    more = f" and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
    return ", ".join(said(value) for value in values[:MOST_NAMED]) + more
