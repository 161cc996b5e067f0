"""Proves that each clock that can start is met by some step, and in time.

Met: in every situation in which the clock starts, and in which it is not found to be not owed, a step that meets it is
reached and succeeds, or a person is asked about it or passes it over: who is asked sees the clock. In a loop it has to in
every round; a group, a parallel or a loop meets it itself when it has ended with all in it done that was needed. A clock
that starts at a step's `done_at` starts when that step is done, or decided. A `stop` and an `undo
all` are no way out of a law: steps that meet a started clock stay as tasks. In time: the longest way to the first of the
steps that meet it in that situation is within the limit; what is left over is the margin for launching late. Both are
shown over the situations that conditions tell apart, or it is said that they are not shown. Commands that interrupt (a
pause, an extension, a severity that is set, a step passed over) are not looked at: a person gives them who sees the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isinf
from typing import Literal

from firedoor.compiler.proofs.reaching import Flow, consequence, may_leave
from firedoor.compiler.proofs.situations import (
    ENDS,
    NOT_NEEDED,
    Guard,
    Question,
    Situation,
    Situations,
    TooMany,
    named,
    some,
    told,
)
from firedoor.compiler.proofs.telling import described, says
from firedoor.compiler.proofs.worst import Longest, Worst
from firedoor.plan.expression import Arithmetic, Const, Expr, Given, InputValue, Item, Read, RunField, StepField
from firedoor.plan.model import Clock, Plan, walk
from firedoor.plan.references import parts
from firedoor.plan.steps import Step, consequences

_SUCCEEDED = ("approved", "done")
_HOLDS = ("parallel", "group", "for_each")
_STARTS = ("done", "approved", "rejected")
"""Ends of a step after which a clock that starts at its `done_at` runs."""


@dataclass(frozen=True)
class Shown:
    """What was found of one clock."""

    clock: Clock
    verdict: Literal["in time", "late", "unmet", "not shown"]
    longest: Longest = field(default_factory=Longest)
    """The longest way, from the launch or from the step whose end starts the clock, to where it is met."""
    at: Step | None = None
    """The step that meets it last, in the worst situation."""
    at_least: bool = False
    """The longest way has no bound, and what of it has one is too long already: `longest` is that part."""
    margin: int = 0
    """Seconds left of the limit. For a clock that starts before the launch: how late a launch may be."""
    since: str | None = None
    """Static path of the step whose end starts the clock; None where it starts at a moment that is given."""
    situation: tuple[str, ...] = ()
    """Where it is not met: in which situation, and what happens there, in words."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """How steps end in that situation, by static path."""
    why: str = ""
    """Why it is not shown."""


def clocks(plan: Plan, situations: Situations, flow: Flow, worst: Worst) -> list[Shown]:
    return [_Proof(plan, clock, situations, flow, worst).shown() for clock in plan.clocks]


class _Proof:
    """The proof of one clock."""

    def __init__(self, plan: Plan, clock: Clock, situations: Situations, flow: Flow, worst: Worst) -> None:
        self.plan, self.clock, self.flow, self.worst = plan, clock, flow, worst
        self.situations = situations
        self.meeting = {step.path: step for step in plan.by_path.values() if clock.name in step.meets}
        self.since: str | None = None
        self.targets = {path: Guard(found) for path, step in self.meeting.items() if (found := _acts_on(step))}
        self.holding = {path: step for path, step in self.meeting.items() if step.verb in _HOLDS}
        self.needed = {path: self._needed(step) for path, step in self.holding.items()}
        self.risky = {path: [one for one in _leaves(step) if _may_go_on(one)] for path, step in self.holding.items()}
        self.counting = {*self.meeting, *(one.path for found in self.risky.values() for one in found)}
        self._found: dict[tuple[str, str | None], tuple[float, float]] = {}
        self.ends = [Guard(clock.not_due)] if clock.not_due is not None else []
        self.undone_by = {path: _undone_by(plan, step, flow) for path, step in self.meeting.items()}

    def shown(self) -> Shown:
        start = _start(self.clock.starts)
        if not self.meeting:
            return Shown(self.clock, "unmet")
        if start is None:
            return Shown(self.clock, "not shown", why="what starts it is worked out from several things")
        since, later, given = start
        self.since = since
        starts = [Guard(one) for one in (self.clock.when, given) if one is not None]
        ends = self.ends
        undoing = {path for ends_ in self.undone_by.values() for path, _ in ends_ or ()}
        question = self._question([*starts, *ends], undoing | ({since} if since is not None else set()))
        ways: set[str] = set()
        unmet: tuple[str, ...] | None = None
        outcomes: dict[str, str] = {}
        try:
            for situation in self._started(question, starts, since):
                found = [self._met(question, situation, since)]
                if ends and question.holds(ends, situation):
                    found.append(self._ended(ends, since))
                way = min((one for one in found if one is not None), key=lambda one: one[1], default=None)
                if way is not None:
                    ways.add(way[0])
                    continue
                unmet, outcomes = (*told(question, situation), *self._said(situation)), situation.outcomes
                if not question.parts:
                    break
        except TooMany:
            if unmet is None:
                return Shown(self.clock, "not shown", since=since, why="too many conditions meet")
        if unmet is not None:
            return self._unmet(question, since, unmet, outcomes)
        return self._measured(ways, since, later)

    def _started(self, question: Question, starts: list[Guard], since: str | None) -> Iterator[Situation]:
        """The situations in which the clock starts."""
        for situation in question.situations(self._leads):
            if (
                question.holds(starts, situation)
                and self._possible(question, situation)
                and (since is None or self._begins(situation, since))
            ):
                yield situation

    def _unmet(self, question: Question, since: str | None, unmet: tuple[str, ...], outcomes: dict[str, str]) -> Shown:
        if question.parts:
            return Shown(self.clock, "not shown", since=since, situation=unmet, why=self._unknown(question))
        if any(ends != frozenset() for ends in self.undone_by.values()):
            why = "what meets it may be undone again"
            return Shown(self.clock, "not shown", since=since, situation=unmet, why=why)
        return Shown(self.clock, "unmet", since=since, situation=unmet, outcomes=outcomes)

    def _unknown(self, question: Question) -> str:
        """Whose condition rests on what is known only in the run."""
        for path in [*self.meeting, *question.guards]:
            for guard in question.guards.get(path, ()):
                what = _known_in_the_run(guard.condition)
                if what is not None:
                    step = self.plan.by_path[guard.moment]
                    return f"whether {described(step)} at {step.at} happens rests on {what}"
        return "that rests on what a system answers, or on what is held by then"

    def _measured(self, ways: set[str], since: str | None, later: int) -> Shown:
        """With the longest of these ways, each by the step at its end."""
        ways.discard("")
        most = self.clock.limit + later
        last = max(ways, key=lambda path: self._way(path, since), default=None)
        if last is None:
            return Shown(self.clock, "not shown", since=since, why="no situation was found in which it starts")
        at, way = self.plan.by_path[last], self.worst.longest(last, since)
        if way.unbounded is None:
            margin = int(most - way.seconds)
            return Shown(self.clock, "in time" if margin >= 0 else "late", way, at, margin=margin, since=since)
        surely = max(ways, key=lambda path: self._way(path, since)[1])
        bounded = self.worst.longest(surely, since).bounded
        if bounded.seconds > most and self.clock.kind == "fixed":
            at = self.plan.by_path[surely]
            margin = int(most - bounded.seconds)
            return Shown(self.clock, "late", bounded, at, at_least=True, margin=margin, since=since)
        return Shown(self.clock, "not shown", way, at, since=since, why=way.unbounded.because)

    def _way(self, path: str, since: str | None) -> tuple[float, float]:
        """How long it takes at most to the end of the step, and how much of that has a bound."""
        if (path, since) not in self._found:
            whole = self.worst.seconds(path, since)
            bounded = self.worst.longest(path, since).bounded.seconds if isinf(whole) else whole
            self._found[path, since] = whole, bounded
        return self._found[path, since]

    def _question(self, guards: list[Guard], also: set[str]) -> Question:
        """With all that decides whether the steps that count are reached."""
        needed = [guard for ways in self.needed.values() for way in ways for guard in way]
        guards = [*guards, *self.targets.values(), *needed]
        deciding = {*self.counting, *also}
        while True:
            question = self.situations.question(guards, deciding)
            more = {
                one.path
                for path in question.guards
                for one in self.flow.deciding(path, meets=path in self.meeting)
                if one.path not in deciding
            }
            if not more:
                return question
            deciding |= more

    def _leads(self, step: Step, end: str) -> object:
        """Which ends of a step lead the same way, and do the same for the clock."""
        found = consequence(step, end)
        after = None if found is None else (found.kind, found.step, found.may_continue)
        starts = step.path == self.since and end in _STARTS
        return after, starts, step.path in self.counting and (end in _SUCCEEDED, end)

    def _possible(self, question: Question, situation: Situation) -> bool:
        outcomes = situation.outcomes
        hindering = self.flow.hindering(outcomes)
        for path, guards in question.guards.items():
            if outcomes[path] == "skipped" and self.plan.by_path[path].verb in ("task", "wait"):
                return False  # Nobody is asked about it: that is a command.
            if outcomes[path] == "failed" and self.plan.by_path[path].verb in ("parallel", "group"):
                return False
            meets = path in self.meeting
            holds = question.holds(guards, situation)
            sure = holds and self.flow.surely_reached(path, hindering, meets=meets)
            if outcomes[path] == NOT_NEEDED:
                if sure:
                    return False
            elif not sure and not (holds and self.flow.reached(path, hindering)):
                return False
        return True

    def _begins(self, situation: Situation, since: str) -> bool:
        """Whether the clock starts by the end of that step."""
        return situation.outcomes[since] in _STARTS

    def _met(
        self, question: Question, situation: Situation, since: str | None
    ) -> tuple[str, tuple[float, float]] | None:
        """The step that meets the clock first, and how long that takes at most; None where none does."""
        met, asked = [], []
        for path, step in self.meeting.items():
            outcome = situation.outcomes[path]
            if outcome == NOT_NEEDED:
                continue
            found = consequence(step, outcome)
            if outcome in _SUCCEEDED:
                if self._succeeds(question, situation, path) and not self._runs_on(question, situation, path):
                    met.append(step)
            elif (outcome == "skipped" and step.verb != "approve") or (found is not None and found.kind == "ask"):
                asked.append(step)
        ways = [(step.path, self._way(step.path, since)) for step in met or asked]
        return min(ways, key=lambda way: way[1], default=None)

    def _succeeds(self, question: Question, situation: Situation, path: str) -> bool:
        """Whether it has done what it is for: in every round of a loop, and with all that it holds."""
        outcomes = situation.outcomes
        if path in self.targets and not question.holds([self.targets[path]], situation):
            return False
        if self.flow.in_loop(path) and not self.flow.surely_reached(path, self.flow.hindering(outcomes), meets=True):
            return False
        if path not in self.holding:
            return True
        if not any(question.holds(way, situation) for way in self.needed[path]):
            return False
        return all(self._is_done(question, situation, one) for one in self.risky[path])

    def _is_done(self, question: Question, situation: Situation, step: Step) -> bool:
        """Whether a step within what meets the clock was done, or not needed, or a person is asked about it."""
        outcome = situation.outcomes[step.path]
        if outcome == NOT_NEEDED:
            return not question.holds(question.guards[step.path], situation)
        found = consequence(step, outcome)
        return outcome in _SUCCEEDED or outcome == "skipped" or (found is not None and found.kind == "ask")

    def _needed(self, step: Step) -> list[list[Guard]]:
        """Of each step within it, what has to hold besides so that it has something to do: one of them has to."""
        around = len(self.situations.conditions(step.path))
        ways = []
        for one in _leaves(step):
            acts = _acts_on(one)
            more = [*self.situations.conditions(one.path)[around:], *([Guard(acts)] if acts is not None else [])]
            if not more:
                return [[]]
            ways.append(more)
        return ways

    def _undone(self, path: str, situation: Situation) -> set[str] | None:
        """The steps that in this situation release what the step holds; None where something else may."""
        ends = self.undone_by.get(path, frozenset())
        return None if ends is None else {other for other, end in ends if situation.outcomes.get(other) == end}

    def _runs_on(self, question: Question, situation: Situation, path: str) -> bool:
        """Whether the clock that the step has met may run on in this situation, as what the step holds is released.

        Not where that release is the very end by which the clock is not owed: the run looks at that first.
        """
        undone, ends = self._undone(path, situation), self.clock.not_due
        if not undone or ends is None or not question.holds([self.ends[0]], situation):
            return undone != set()
        return not (len(undone) == 1 and named(ends) == undone)

    def _ended(self, ends: Iterable[Guard], since: str | None) -> tuple[str, tuple[float, float]]:
        """How long it takes at most until it is known that the clock is not owed, and by which step's end."""
        paths = [path for guard in ends for path in named(guard.condition)]
        ways = [(path, self._way(path, since)) for path in paths]
        return max(ways, key=lambda way: way[1], default=("", (0.0, 0.0)))

    def _said(self, situation: Situation) -> list[str]:
        lines = []
        outcomes = situation.outcomes
        for path in sorted(outcomes, key=lambda path: [int(part) for part in path.split(".")]):
            step, outcome = self.plan.by_path[path], outcomes[path]
            if outcome == NOT_NEEDED:
                lines.append(f"{step.at}: {described(step)} does not happen")
            elif outcome not in _SUCCEEDED or self._undone(path, situation) != set():
                found = consequence(step, outcome)
                leaves = found is not None and may_leave(step, found)
                after = "it may be undone again" if outcome in _SUCCEEDED else says(found, may_leave=leaves)
                lines.append(f"{step.at}: {described(step)} is {outcome}: {after}")
            elif path in self.targets:
                lines.append(f"{step.at}: {described(step)} may have nothing to act on")
        return lines


def _leaves(step: Step) -> Iterator[Step]:
    """The steps within it that hold no others."""
    return (one for one in walk((step,)) if one.verb not in _HOLDS)


def _may_go_on(step: Step) -> bool:
    """Whether it may end otherwise than well without anybody being asked about it."""
    ends = (consequence(step, end) for end in ENDS[step.verb] if end not in (*_SUCCEEDED, "skipped"))
    if any(found is not None and found.kind != "ask" for found in ends):
        return True
    return step.verb == "approve" and step.on_timeout.kind != "ask"


def _known_in_the_run(condition: Expr) -> str | None:
    match condition:
        case Read(call=call):
            return f"what {call} answers"
        case StepField(field="held"):
            return "what is held by then"
        case Item():
            return "the item of the round"
    return next((what for part in parts(condition) if (what := _known_in_the_run(part)) is not None), None)


def _acts_on(step: Step) -> Expr | None:
    """What has to hold so that there is something to act on: where there is nothing, the step is done and meets nothing."""
    match step.verb:
        case "contain" if step.targets is not None:
            return some(step.targets)
        case "undo":
            return some(StepField(step=step.step, field="held"))
        case _:
            return None


def _undone_by(plan: Plan, step: Step, flow: Flow) -> frozenset[tuple[str, str]] | None:
    """The ends (path, outcome) of other steps that release what the step holds, so that its clocks run on.

    None where it may be released whatever those are: by its time, by an undo step, in some round of a loop.
    """
    if step.verb in _HOLDS:
        inside = [_undone_by(plan, one, flow) for one in _leaves(step)]
        return None if None in inside else frozenset().union(*(ends for ends in inside if ends is not None))
    if step.verb != "contain":
        return frozenset()
    if step.expires is not None and step.on_expiry is not None and step.on_expiry.kind == "undo":
        return None
    ends: set[tuple[str, str]] = set()
    for other in plan.by_path.values():
        if other.verb == "undo" and other.step == step.path:
            return None
        if flow.before(other.path, step.path):
            continue
        for option, found in consequences(other):
            it = found.kind == "undo" and found.step == step.path and other is not step
            if not it and found.kind != "undo_all":
                continue
            if option == "on_expiry" or other.verb in _HOLDS or flow.in_loop(other.path):
                return None
            ends |= {(other.path, end) for end in ENDS[other.verb] if consequence(other, end) is found}
    return frozenset(ends)


def _start(starts: Expr) -> tuple[str | None, int, Expr | None] | None:
    """(step whose end starts it, seconds that it starts later, the condition that it starts at all)."""
    match starts:
        case RunField():
            return None, 0, None
        case InputValue():
            return None, 0, Given(of=starts)
        case StepField(step=path, field="done_at"):
            return path, 0, None
        case Arithmetic(sign="+" | "-" as sign, left=left, right=Const(value=value, type="duration")) if isinstance(
            value, int | float
        ):
            found = _start(left)
            return None if found is None else (found[0], found[1] + int(value if sign == "+" else -value), found[2])
        case _:
            return None
