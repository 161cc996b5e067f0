"""The longest that a plan can take from one of its places to another: a max-plus pass over the tree.

A sequence adds, a parallel takes its slowest branch, a loop its rounds. An act costs its retry budget, a task its `due`,
an approval its `deadline`, a wait its `at_most`; whatever may ask a person after that costs the organization's
`answers_within` besides, once. Every step on the way is counted, whether its condition holds or not, which is where this
is conservative. What has no bound makes the whole unbounded, and names the step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from firedoor.compiler.proofs.telling import described
from firedoor.plan.expression import Const, Expr, Filter, InputValue, Item, Listing, StepField
from firedoor.plan.model import Plan
from firedoor.plan.steps import ForEach, Step
from firedoor.plan.time import Span, written

NOTICE = 300
"""Seconds that a notice keeps trying before it has failed."""
_DAY = 86_400


@dataclass(frozen=True)
class Part:
    """A step's share of a sum."""

    step: Step
    seconds: int
    because: str


@dataclass(frozen=True)
class Longest:
    """A sum of seconds and the parts that it is made of; or, with `unbounded`, the step that has no bound, and why."""

    seconds: int = 0
    parts: tuple[Part, ...] = ()
    unbounded: Step | None = None
    why: str = ""

    def then(self, other: Longest) -> Longest:
        if self.unbounded is not None:
            return self
        if other.unbounded is not None:
            return other
        return Longest(self.seconds + other.seconds, self.parts + other.parts)

    @property
    def rank(self) -> tuple[bool, int]:
        return (self.unbounded is not None, self.seconds)


NOTHING = Longest()


@dataclass
class Worst:
    """The longest ways through one plan."""

    plan: Plan
    _whole: dict[str, Longest] = field(default_factory=dict)

    def of(self, step: Step) -> Longest:
        """The longest that the step itself can take."""
        if step.path not in self._whole:
            self._whole[step.path] = self._of(step)
        return self._whole[step.path]

    def until(self, end: str, since: str | None = None) -> Longest:
        """From the launch, or from the end of the step at `since`, to the end of the step at `end`.

        What stands before `since` costs nothing; branches beside it begin with it at the latest.
        """
        return self._within(self.plan.steps, end, since)

    def _within(self, steps: tuple[Step, ...], end: str, since: str | None) -> Longest:
        total = NOTHING
        for step in steps:
            if since is not None and _in(since, step.path):
                total = NOTHING if since == step.path else self._after(step, since)
                if end.startswith(f"{step.path}.") and since != step.path:
                    return self._inside(step, end, since)
                since = None
                continue
            if step.path == end:
                return total.then(self.of(step))
            if end.startswith(f"{step.path}."):
                return total.then(self._inside(step, end, since))
            total = total.then(self.of(step)) if since is None else NOTHING
        return total

    def _inside(self, step: Step, end: str, since: str | None) -> Longest:
        match step.verb:
            case "parallel":
                for branch in step.steps:
                    if _in(end, branch.path):
                        inside = since if since is not None and _in(since, branch.path) else None
                        return self._within((branch,), end, inside)
                return NOTHING
            case "for_each":
                if since is not None:
                    return self._within(step.steps, end, since)
                before = self._rounds(step, self._sum(step.steps), less=1)
                return before.then(self._within(step.steps, end, None))
            case "group":
                return self._within(step.steps, end, since)
            case _:
                return self.of(step)

    def _after(self, step: Step, since: str) -> Longest:
        """From the end of the step at `since`, inside of `step`, to the end of `step`."""
        match step.verb:
            case "parallel":
                ways = [
                    self._within((branch,), "\0", since) if _in(since, branch.path) else self.of(branch)
                    for branch in step.steps
                ]
                return max(ways, key=lambda way: way.rank, default=NOTHING)
            case "group":
                return self._within(step.steps, "\0", since)
            case "for_each":
                return self._within(step.steps, "\0", since).then(self._rounds(step, self._sum(step.steps), less=1))
            case _:
                return NOTHING

    def _sum(self, steps: tuple[Step, ...]) -> Longest:
        total = NOTHING
        for step in steps:
            total = total.then(self.of(step))
        return total

    def _of(self, step: Step) -> Longest:
        match step.verb:
            case "group":
                return self._sum(step.steps)
            case "parallel":
                return max((self.of(branch) for branch in step.steps), key=lambda way: way.rank, default=NOTHING)
            case "for_each":
                asked = self._asked(step) if step.ask_above is not None else NOTHING
                return asked.then(self._rounds(step, self._sum(step.steps)))
            case "wait":
                if step.duration is not None:
                    return self._part(step, step.duration, "waits")
                if step.at_most is None:
                    return Longest(unbounded=step, why="the wait has no `at_most`")
                return self._or_asked(step, step.at_most, "waits at most", "on_timeout")
            case "approve":
                return self._or_asked(step, step.deadline, "the deadline", "on_timeout", "on_reject")
            case "task":
                if step.due is None:
                    return Longest(unbounded=step, why="the task has no `due`")
                return self._or_asked(step, seconds(step.due), "is due", "on_timeout")
            case "notify":
                return self._or_asked(step, NOTICE, "tries", "on_failure")
            case "contain":
                way = self._or_asked(step, self.plan.actions[step.action].retries_for, "tries", "on_failure")
                return self._asked(step).then(way) if step.ask_above is not None else way
            case "undo":
                held = self.plan.by_path[step.step]
                tries = self.plan.actions[held.action].retries_for if held.verb == "contain" else NOTICE
                return self._or_asked(step, tries, "tries", "on_failure")

    def _part(self, step: Step, spent: int, because: str) -> Longest:
        return Longest(spent, (Part(step, spent, because),))

    def _asked(self, step: Step) -> Longest:
        return self._part(step, self.plan.commander.answers_within, "an ask is answered")

    def _or_asked(self, step: Step, spent: int, because: str, *options: str) -> Longest:
        way = self._part(step, spent, because)
        asks = any((found := getattr(step, option, None)) is not None and found.kind == "ask" for option in options)
        return way.then(self._asked(step)) if asks else way

    def _rounds(self, step: ForEach, body: Longest, less: int = 0) -> Longest:
        """All rounds of a loop, or all but the one that is looked at: as many at once as it says."""
        if body.unbounded is not None:
            return body
        most = self.most(step.items)
        if most is None:
            return Longest(unbounded=step, why=f"nothing says how many rounds the loop over {step.item} has")
        turns = max(ceil(most / step.at_once) - less, 0)
        if turns == 1:
            return body
        return Longest(body.seconds * turns, (Part(step, body.seconds * turns, f"{turns} rounds, one after another"),))

    def most(self, items: Expr) -> int | None:
        """The most items that a list can have; None where nothing says."""
        match items:
            case Listing(of=of):
                return len(of)
            case Const(value=value):
                return len(value) if isinstance(value, list | tuple) else 1
            case InputValue(name=name, listed=True):
                bound = self.plan.input_names.get(name)
                return int(bound.at_most) if bound is not None and bound.at_most is not None else None
            case InputValue() | Item():
                return 1
            case Filter(name="unique", of=of):
                return self.most(of)
            case Filter(name="first" | "last"):
                return 1
            case StepField(step=path, field="held" | "targets"):
                step = self.plan.by_path[path]
                targets = step.targets if step.verb == "contain" else None
                return self.most(targets) if targets is not None else None
            case _:
                return None


def seconds(span: Span) -> int:
    """The longest that a span lasts: business days with the weekends that they may meet."""
    if not span.business_days:
        return span.seconds
    return (span.business_days + 2 * ceil(span.business_days / 5)) * _DAY


def told(way: Longest) -> list[str]:
    """The sum, a step a line, those that cost nothing left out."""
    return [
        f"{written(part.seconds):>10}  {part.step.at}: {described(part.step)}: {part.because}"
        for part in way.parts
        if part.seconds
    ]


def _in(path: str, around: str) -> bool:
    return path == around or path.startswith(f"{around}.")
