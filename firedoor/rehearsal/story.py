"""A case's timeline as people read it: one line a thing, in the book's own calendar, and beside it what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from firedoor.protocol import Row
from firedoor.rehearsal import calendar
from firedoor.rehearsal.happened import is_of_an_ask
from firedoor.rehearsal.playing import Played
from firedoor.rehearsal.verdict import Judged, Verdict

UNTOLD: Final = (
    "contain.begun",
    "hold.undoing",
    "wait.begun",
    "ask.reminded",
    "run.holding",
    "run.closed",
    "review.task",
    "review.held",
)
"""What a reader of a rehearsal learns from the line before or after."""


@dataclass
class Line:
    """`expected` came true here; `missed` was expected here and did not come, and then `words` is empty."""

    seq: int
    at: timedelta
    words: str
    step: str | None = None
    expected: list[str] = field(default_factory=list)
    missed: str = ""
    wrong: bool = False
    """Something that should not have happened."""
    also: list[int] = field(default_factory=list)
    """Further rows that this line tells of."""


def lines(judged: Judged) -> list[Line]:
    """The timeline, and every expectation in it: beside what it is about, else where it was looked for."""
    played = judged.played
    rows = _rows(played)
    found = sorted([*rows, *_marks(played), *_unexpected(judged, rows)], key=lambda line: (line.at, line.seq))
    for verdict in judged.verdicts:
        _place(found, verdict)
    return found


def loose(judged: Judged) -> list[Verdict]:
    """Expectations that came true and stand beside no line: those about what did not happen, and about the end."""
    there = {seq for line in lines(judged) for seq in (line.seq, *line.also)}
    return [one for one in judged.verdicts if one.kept and one.seq not in there]


def _place(found: list[Line], verdict: Verdict) -> None:
    if verdict.kept:
        for line in found:
            if verdict.seq in (line.seq, *line.also) and line.words:
                line.expected.append(verdict.expected)
                return
        return
    place = len(found)
    if verdict.after is not None:
        place = next((number for number, line in enumerate(found) if line.seq > (verdict.after or 0)), len(found))
    at = found[place - 1].at if place else timedelta()
    seq = found[place - 1].seq if place else 0
    found.insert(place, Line(seq, at, "", missed=f"{verdict.expected} — {verdict.because}"))


def _rows(played: Played) -> list[Line]:
    found: list[Line] = []
    notices: dict[tuple[object, datetime], tuple[Line, list[Row]]] = {}
    for row in played.rows:
        before = _same(row, found, played)
        if before is not None:
            before.also.append(row.seq)
        elif row.kind == "notice.sent" and not is_of_an_ask(row):
            _notice(played, row, notices, found)
        elif row.kind not in (*UNTOLD, "notice.sent"):
            words = calendar.moved(row.words, -played.later)
            found.append(Line(row.seq, played.since(row.at), words, row.step))
    return found


def _same(row: Row, found: list[Line], played: Played) -> Line | None:
    """The line that has told already what an outcome says: who signed, what is contained, what was done."""
    if row.kind not in ("step.done", "step.approved", "step.rejected") or not row.step:
        return None
    at = played.since(row.at)
    return next((line for line in reversed(found[-8:]) if line.step == row.step and line.at == at), None)


def _notice(
    played: Played, row: Row, notices: dict[tuple[object, datetime], tuple[Line, list[Row]]], found: list[Line]
) -> None:
    """All messages of one notice are one line."""
    key = (row.data.get("key"), row.at)
    if key not in notices:
        line = Line(row.seq, played.since(row.at), "", row.step)
        notices[key] = (line, [])
        found.append(line)
    line, rows = notices[key]
    rows.append(row)
    line.also.append(row.seq)
    people = dict.fromkeys(str(one.data.get("recipient")) for one in rows)
    channels = dict.fromkeys(str(one.data.get("channel")) for one in rows)
    line.words = f"told {_few(people)} by {', '.join(channels)}"


def _few(names: Iterable[str], most: int = 6) -> str:
    known = list(names)
    return ", ".join(known[:most]) + (f" and {len(known) - most} more" if len(known) > most else "")


def _marks(played: Played) -> list[Line]:
    return [Line(0, played.since(at), f"({words})") for at, words in played.marks]


def _unexpected(judged: Judged, rows: list[Line]) -> list[Line]:
    """What no row tells of, as lines of their own; of what one tells of, that line is wrong."""
    told = {one.seq for one in judged.unexpected}
    for line in rows:
        line.wrong = line.seq in told
    return [Line(10**9, one.at, one.says, wrong=True) for one in judged.unexpected if one.seq is None]
