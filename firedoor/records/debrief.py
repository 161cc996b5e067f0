"""After a drill, or an incident: who was asked what, who answered when, and what became of each clock. From the rows alone.

Lengths are seconds as the playbook has them: those of a drill that ran faster are multiplied by its pace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

from firedoor.plan.base import Frozen
from firedoor.protocol import Row

SAID: Final = {
    "approval.signed": "signed",
    "approval.rejected": "refused",
    "approval.needs_fact": "asked for a fact",
    "task.done": "done",
}
"""What an answer's row is called here; that of a question is its choice."""

_ENDED: Final = {"run.completed": "completed", "run.stopping": "stopped", "run.undoing": "undone"}
_ENDS: Final = ("approved", "rejected", "done", "unanswered", "skipped", "stopped", "failed")


class Said(Frozen):
    who: str
    what: str
    at: datetime
    took: float


class Asked(Frozen):
    """One question. `end` is how its step ended, "answered" where it had none, None while it is open."""

    ask: str
    step: str | None
    what: str
    to: tuple[str, ...]
    at: datetime
    allowed: float | None
    """Seconds until silence counted; None where it never does."""
    answers: tuple[Said, ...]
    reminded: int
    escalated: tuple[str, ...]
    end: str | None


class ClockEnd(Frozen):
    name: str
    end: Literal["met", "met late", "breached", "missed", "not due", "running", "paused"]
    due_at: datetime
    margin: float | None
    """Seconds that were left when it was met; below zero where it was late; None where it was not met."""
    by: str | None = None


class Debrief(Frozen):
    incident: str
    title: str
    playbook: str
    drill: bool
    pace: int
    launched_at: datetime
    ended: str | None
    lasted: float | None
    """From the launch to the response's end."""
    asks: tuple[Asked, ...]
    clocks: tuple[ClockEnd, ...]


def asked(rows: Sequence[Row], pace: int = 1) -> tuple[Asked, ...]:
    """Every question of a run, in the order in which they were put. One that was put again is told again."""
    return tuple(_asked(row, rows[number + 1 :], pace) for number, row in enumerate(rows) if _asks(row))


def clocks(rows: Iterable[Row], pace: int = 1) -> tuple[ClockEnd, ...]:
    """Every clock that started, and what became of it last."""
    found: dict[str, ClockEnd] = {}
    for row in rows:
        name, _, what = str(row.data.get("clock", "")), *row.kind.partition(".")[1:]
        if not row.kind.startswith("clock.") or not name:
            continue
        known = found.get(name)
        due = datetime.fromisoformat(str(row.data["due_at"])) if known is None or what == "resumed" else known.due_at
        match what:
            case "met":
                margin = (due - row.at).total_seconds() * pace
                end: Literal["met", "met late"] = "met" if margin >= 0 else "met late"
                found[name] = ClockEnd(name=name, end=end, due_at=due, margin=margin, by=row.step)
            case "breached" | "missed":
                found[name] = ClockEnd(name=name, end=what, due_at=due, margin=None)
            case "paused":
                found[name] = ClockEnd(name=name, end="paused", due_at=due, margin=None)
            case "not_due":
                found[name] = ClockEnd(name=name, end="not due", due_at=due, margin=None)
            case _:
                found[name] = ClockEnd(name=name, end="running", due_at=due, margin=None)
    return tuple(found.values())


def ended(rows: Iterable[Row]) -> tuple[str, datetime] | None:
    """How the response ended, and when. What was stopped may be undone afterwards."""
    found = None
    for row in rows:
        if (how := _ENDED.get(row.kind)) is not None:
            found = how, row.at
    return found


def _asks(row: Row) -> bool:
    return row.kind.endswith(".asked") and "ask" in row.data


def _asked(row: Row, after: Sequence[Row], pace: int) -> Asked:
    ask, until = str(row.data["ask"]), row.data.get("until")
    later = _until_asked_again(after, ask)
    of_it = [one for one in later if one.data.get("ask") == ask]
    return Asked(
        ask=ask,
        step=row.step,
        what=row.words.rpartition(" — asked ")[0] or row.words,
        to=tuple(_names(row.data.get("to"))),
        at=row.at,
        allowed=(datetime.fromisoformat(str(until)) - row.at).total_seconds() * pace if until else None,
        answers=tuple(_said(one, row.at, pace) for one in of_it if one.by and not one.kind.startswith("ask.")),
        reminded=sum(one.kind == "ask.reminded" for one in of_it),
        escalated=tuple(who for one in of_it if one.kind == "ask.escalated" for who in _names(one.data.get("to"))),
        end=_end(row, later, of_it),
    )


def _until_asked_again(rows: Sequence[Row], ask: str) -> Sequence[Row]:
    again = next((number for number, row in enumerate(rows) if _asks(row) and row.data["ask"] == ask), len(rows))
    return rows[:again]


def _said(row: Row, since: datetime, pace: int) -> Said:
    what = SAID.get(row.kind) or str(row.data.get("choice") or row.kind.rpartition(".")[2])
    return Said(who=row.by or "", what=what.replace("_", " "), at=row.at, took=(row.at - since).total_seconds() * pace)


def _end(asked_at: Row, later: Iterable[Row], of_it: Iterable[Row]) -> str | None:
    if asked_at.kind == "question.asked":
        over = any(row.kind in ("question.answered", "question.settled") for row in of_it)
        return "answered" if over else None
    ends = (
        row.kind.removeprefix("step.") for row in later if row.step == asked_at.step and row.kind.startswith("step.")
    )
    return next((end for end in ends if end in _ENDS), None)


def _names(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
