"""What a case expects, held against what happened: each expectation with where it came true, or the first difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from firedoor.compiler.rehearsals.script import Case, ClockExpected, Event, Told, Within
from firedoor.people.organization import Organization
from firedoor.plan.time import written
from firedoor.protocol import ClockView
from firedoor.rehearsal import calendar
from firedoor.rehearsal.failures import Failure, failures
from firedoor.rehearsal.happened import Ended, Happened
from firedoor.rehearsal.playing import Played, Unexpected

ABOUT: Final = timedelta(minutes=1)
"""What times leave room for: acts take real time, also where the clock is skipped."""


@dataclass(frozen=True)
class Verdict:
    """One expectation. `seq` is the row beside which it came true; `because` says, where it did not, what is so."""

    expected: str
    line: str
    kept: bool
    because: str = ""
    seq: int | None = None
    after: int | None = None
    """Of one that did not come true: the row after which it was expected."""


@dataclass(frozen=True)
class Judged:
    played: Played
    verdicts: tuple[Verdict, ...]
    unexpected: tuple[Unexpected, ...]

    @property
    def passed(self) -> bool:
        return not self.unexpected and all(verdict.kept for verdict in self.verdicts)

    @property
    def first_difference(self) -> str:
        """In plain words; empty where there is none."""
        says = [one.says for one in self.unexpected] + [
            f"expected {one.expected}; {one.because}" for one in self.verdicts if not one.kept
        ]
        return says[0] if says else ""


def judge(played: Played, organization: Organization) -> Judged:
    judging = _Judging(played, organization)
    return Judged(played, tuple(judging.verdicts()), tuple(judging.unexpected()))


class _Judging:
    def __init__(self, played: Played, organization: Organization) -> None:
        self.played = played
        self.case: Case = played.case
        self.happened = Happened(played, organization)

    def verdicts(self) -> Iterator[Verdict]:
        yield from self._order()
        expect = self.case.expect
        yield from (self._time(one) for one in expect.times)
        if expect.contained_within is not None:
            yield self._contained(expect.contained_within)
        yield from (self._never(one) for one in expect.never)
        yield from self._held()
        yield from self._undone()
        yield from self._people()
        yield from (self._clock(one) for one in expect.clocks)
        yield from self._severity()
        yield from self._ends()

    def unexpected(self) -> Iterator[Unexpected]:
        """What the playing has noted, and failures that no fault of the case explains, and no `… failed` names."""
        yield from self.played.unexpected
        told: set[str] = set()
        for failure in failures(self.played):
            row = failure.row
            if row.words not in told and not self._is_expected(failure):
                told.add(row.words)
                why = "no fault of the case explains that" if self.case.faults else "the case has no fault"
                meant = f"; if it is meant, write {failure.meant}" if failure.meant else ""
                says = f"{calendar.moved(row.words, -self.played.later)}, though {why}{meant}"
                yield Unexpected(self.played.since(row.at), says, self.case.line, row.seq)

    def _is_expected(self, failure: Failure) -> bool:
        """By a fault, or because the case says that it comes to that end."""
        expect = self.case.expect
        ends = [(one.step, one.outcome) for one in expect.order] + [(one.step, one.outcome) for one in expect.times]
        named = {path for step, outcome in ends if outcome == "failed" for path in step.paths}
        return failure.explained or not named.isdisjoint(failure.steps)

    def _when(self, moment: datetime) -> str:
        return offset(self.played.since(moment))

    # --- steps

    def _order(self) -> Iterator[Verdict]:
        """Each item after the one before; the first that does not come names what came instead."""
        last: Ended | None = None
        for event in self.case.expect.order:
            came = self.happened.of(event.step, event.outcome)
            found = next((one for one in came if last is None or one.seq > last.seq), None)
            if found is None:
                yield Verdict(
                    _named(event),
                    event.line,
                    kept=False,
                    because=self._instead(event, came, last),
                    after=last.seq if last else 0,
                )
                return
            yield Verdict(_named(event), event.line, kept=True, seq=found.seq)
            last = found

    def _instead(self, event: Event, came: list[Ended], last: Ended | None) -> str:
        after = f" after {last.words} ({self._when(last.at)})" if last else ""
        if came:
            return f"it came earlier, at {self._when(came[-1].at)}, and not{after}"
        other = self.happened.ends(event.step)
        if other:
            return f"it ended at {self._when(other[-1].at)} as {other[-1].outcome}"
        ends = [one for one in self.happened.events if (last is None or one.seq > last.seq) and one.outcome != "asked"]
        if ends:
            return f"what came next{after} was “{ends[0].words}” ({self._when(ends[0].at)})"
        return f"nothing more ended{after}"

    def _time(self, one: Within) -> Verdict:
        named = _named(Event(line=one.line, step=one.step, outcome=one.outcome))
        limit = timedelta(seconds=(one.at if one.at is not None else one.within) or 0)
        expected = f"{named} {'at' if one.at is not None else 'within'} {offset(limit, sign=False)}"
        ends = self.happened.of(one.step, one.outcome)
        if not ends:
            other = self.happened.ends(one.step)
            because = f"it ended at {self._when(other[-1].at)} as {other[-1].outcome}" if other else "it did not end"
            return Verdict(expected, one.line, kept=False, because=because)
        at = self.played.since(ends[0].at)
        kept = abs(at - limit) <= ABOUT if one.at is not None else at <= limit + ABOUT
        because = "" if kept else f"it was at {self._when(ends[0].at)}"
        return Verdict(expected, one.line, kept=kept, because=because, seq=ends[0].seq)

    def _contained(self, seconds: int) -> Verdict:
        expected = f"something contained within {written(seconds)}"
        line = self.case.expect.lines["contained_within"]
        first = next((row for row in self.played.rows if row.kind == "hold.applied"), None)
        if first is None:
            return Verdict(expected, line, kept=False, because="nothing was contained")
        kept = self.played.since(first.at) <= timedelta(seconds=seconds) + ABOUT
        because = "" if kept else f"the first was at {self._when(first.at)}"
        return Verdict(expected, line, kept=kept, because=because, seq=first.seq)

    def _never(self, event: Event) -> Verdict:
        expected = f"never {_named(event)}"
        if event.outcome is None:
            row = self.happened.acted(event.step)
            came = (row.seq, row.at, row.words) if row else None
        else:
            ended = next(iter(self.happened.of(event.step, event.outcome)), None)
            came = (ended.seq, ended.at, ended.words) if ended else None
        if came is None:
            return Verdict(expected, event.line, kept=True)
        because = f"at {self._when(came[1])}: {came[2]}"
        return Verdict(expected, event.line, kept=False, because=because, after=came[0])

    # --- what is contained

    def _held(self) -> Iterator[Verdict]:
        end = self.happened.end_row
        for one in self.case.expect.held:
            named = one.step.paths if one.step else None
            there = sorted({target or "it" for path, target in self.happened.held if named is None or path in named})
            wanted = sorted(set(one.targets))
            by = f" by {one.step.named}" if one.step else ""
            expected = f"held{by}: {', '.join(wanted) or 'nothing'}"
            kept = there == wanted
            because = "" if kept else f"held was {', '.join(there) or 'nothing'}"
            yield Verdict(expected, one.line, kept=kept, because=because, seq=end.seq if end and kept else None)

    def _undone(self) -> Iterator[Verdict]:
        for one in self.case.expect.undone:
            undone = self.happened.undone(one.step)
            left = [target or "it" for path, target in self.happened.left if path in one.step.paths]
            wanted = f" for {', '.join(one.targets)}" if one.targets is not None else ""
            expected = f"{one.step.named} undone{wanted}"
            if one.targets is not None:
                kept = sorted(undone) == sorted(one.targets)
                because = f"undone was {', '.join(undone) or 'nothing'}"
            else:
                kept = bool(undone) and not left
                because = f"{', '.join(left)} stayed contained" if undone else "nothing of it was undone"
            yield Verdict(expected, one.line, kept=kept, because="" if kept else because)

    # --- people, clocks, the end

    def _people(self) -> Iterator[Verdict]:
        expect = self.case.expect
        for one in expect.told:
            says = f" “{one.says}”" if one.says else ""
            row = self.happened.told(one.who, one.says)
            got = self.happened.told(one.who) if one.says else None
            because = "what they got does not say that" if got else "no notice of a step, and no update, reached them"
            yield Verdict(
                f"{one.who} told{says}", one.line, kept=row is not None, because=because, seq=row.seq if row else None
            )
        for one in expect.not_told:
            row = self.happened.told(one.who)
            because = f"they were, at {self._when(row.at)}" if row else ""
            yield Verdict(
                f"{one.who} not told", one.line, kept=row is None, because=because, after=row.seq if row else None
            )
        yield from (self._put(one, "asked") for one in expect.asked)
        yield from (self._put(one, "escalated") for one in expect.escalated)

    def _put(self, one: Told, how: str) -> Verdict:
        row = self.happened.asked(one.who) if how == "asked" else self.happened.escalated(one.who)
        expected = f"{one.who} asked" if how == "asked" else f"escalated to {one.who}"
        because = "nothing was asked of them" if how == "asked" else "nothing was"
        return Verdict(expected, one.line, kept=row is not None, because=because, seq=row.seq if row else None)

    def _clock(self, one: ClockExpected) -> Verdict:
        within = f" within {written(one.within)}" if one.within else ""
        expected = f"clock {one.clock} {one.end.replace('_', ' ')}{within}"
        clocks = {clock.name: clock for clock in self.played.view.clocks} if self.played.view else {}
        clock = clocks.get(one.clock)
        end = _clock_end(clock)
        if end != one.end:
            return Verdict(expected, one.line, kept=False, because=f"it is {end.replace('_', ' ')}")
        row = next(
            (row for row in self.played.rows if row.kind == f"clock.{end}" and row.data.get("clock") == one.clock), None
        )
        took = clock.met_at - clock.started_at if clock and clock.met_at else None
        if one.within is not None and (took is None or took > timedelta(seconds=one.within) + ABOUT):
            because = f"it took {written(took.total_seconds())}" if took else "it was not met"
            return Verdict(expected, one.line, kept=False, because=because)
        return Verdict(expected, one.line, kept=True, seq=row.seq if row else None)

    def _severity(self) -> Iterator[Verdict]:
        wanted = self.case.expect.severity
        if wanted is not None:
            there = self.played.view.severity if self.played.view else "not known"
            because = "" if there == wanted else f"it is {there}"
            yield Verdict(
                f"severity {wanted}", self.case.expect.lines["severity"], kept=there == wanted, because=because
            )

    def _ends(self) -> Iterator[Verdict]:
        wanted = self.case.expect.ends
        if wanted is None:
            return
        view = self.played.view
        ended = str(view.ended) if view and view.ended else "waiting"
        holding = view is not None and view.phase == "holding"
        kept = holding if wanted == "holding" else ended == wanted
        end = self.happened.end_row
        waits = f", for {', '.join(view.waiting_on)}" if view and ended == "waiting" and view.waiting_on else ""
        because = "" if kept else f"it is {ended}{waits}" + ("" if wanted != "holding" else ", and owes nothing")
        yield Verdict(
            f"ends {wanted}",
            self.case.expect.lines["ends"],
            kept=kept,
            because=because,
            seq=end.seq if end and kept else None,
        )


def _named(event: Event) -> str:
    return f"{event.step.named} {event.outcome}" if event.outcome else event.step.named


def _clock_end(clock: ClockView | None) -> str:
    """Met late is breached, or missed: the law does not forgive it."""
    if clock is None:
        return "not_started"
    if clock.met_at is not None and clock.met_at > clock.due_at:
        return "breached" if clock.kind == "fixed" else "missed"
    return clock.state


def offset(length: timedelta, *, sign: bool = True) -> str:
    """`+12m`, `+1h 30m`; to the second below an hour, where there are any."""
    seconds = round(length.total_seconds())
    if abs(seconds) < 1:
        text = "0"
    elif seconds < 3600 and seconds % 60:
        text = f"{seconds // 60}m {seconds % 60}s" if seconds >= 60 else f"{seconds}s"
    else:
        text = written(seconds)
    return f"+{text}" if sign else text
