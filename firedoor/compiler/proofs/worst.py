"""The longest that a plan can take from one of its places to another: a max-plus pass over the tree.

A sequence adds, a parallel takes its slowest branch, a loop its rounds. An act costs its retry budget, a task its `due`,
an approval its `deadline`, a wait its `at_most`, a question to a system its own budget; whatever may ask a person after
that costs the organization's `answers_within` besides, once: who asks again begins anew. Every step on the way is
counted, whether its condition holds or not, which is where this is conservative. An act on more than ten targets, a
loop that goes in batches, a pause and an extension may take longer than is counted here. What has no bound makes the whole infinite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import ceil, inf, isinf

from firedoor.compiler.proofs.telling import described
from firedoor.plan import paths
from firedoor.plan.expression import Const, Expr, Filter, InputValue, Item, Listing, StepField
from firedoor.plan.model import Plan
from firedoor.plan.references import reads_in
from firedoor.plan.steps import ForEach, Group, Parallel, Step
from firedoor.plan.time import Calendar, Span, written

NOTICE = READ = 300
"""Seconds that a notice, and a question to a system, keep trying before they have failed."""
_DAY = 86_400
_CHANGE = 3_600
"""Seconds that a day may be longer than a day, where clocks are put back."""


@dataclass(frozen=True)
class Part:
    """A step's share of a sum; `seconds` is infinite where it has no bound, and `because` says why."""

    step: Step
    seconds: float
    because: str


@dataclass(frozen=True)
class Longest:
    """A sum and the parts that it is made of."""

    seconds: float = 0
    parts: tuple[Part, ...] = ()

    @cached_property
    def unbounded(self) -> Part | None:
        return next((part for part in self.parts if isinf(part.seconds)), None)

    @property
    def bounded(self) -> Longest:
        """Of the sum, those parts that have a bound: so much at least it comes to."""
        parts = tuple(part for part in self.parts if not isinf(part.seconds))
        return Longest(sum(part.seconds for part in parts), parts)


class Worst:
    """The longest ways through one plan. Numbers take the depth of the tree to find, sums their own length."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._cost: dict[str, float] = {}
        self._sums: dict[str, tuple[list[float], list[int]]] = {}
        self._measure("", plan.steps)

    def _measure(self, outer: str, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if step.verb in ("parallel", "group", "for_each"):
                self._measure(step.path, step.steps)
            self._cost[step.path] = self._of(step)
        costs = [self._cost[step.path] for step in steps]
        finite = [0 if isinf(cost) else cost for cost in costs]
        self._sums[outer] = (
            [0, *accumulate(finite)],
            [0, *accumulate(int(isinf(cost)) for cost in costs)],
        )

    def of(self, step: Step) -> float:
        """The longest that the step itself can take, in seconds."""
        return self._cost[step.path]

    def seconds(self, end: str, since: str | None = None) -> float:
        """From the launch, or from the end of the step at `since`, to the end of the step at `end`.

        What stands before `since` costs nothing; branches beside it begin with it at the latest.
        """
        return sum(seconds for _, seconds in self._ways(end, since))

    def longest(self, end: str, since: str | None = None) -> Longest:
        """The same, with its parts in the order in which they happen."""
        found = [part for pieces, _ in self._ways(end, since) for piece in pieces for part in self._told(piece)]
        return Longest(self.seconds(end, since), tuple(found))

    def _ways(self, end: str, since: str | None) -> list[tuple[_Pieces, float]]:
        """What is passed on the way, and how long each piece takes; the first one first."""
        if since is None:
            return [*reversed([*self._up(end, "")])]
        if paths.within(end, since):
            return []
        if paths.within(since, end):
            return [*self._rest(since, end)]
        one, other = since.split("."), end.split(".")
        depth = next(at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
        common = ".".join(one[:depth])
        way = [*reversed([*self._up(end, common, below=True)])]
        if self._verb(common) == "parallel":
            return way
        first, last = int(one[depth]), int(other[depth])
        if last < first:
            return []
        return [
            *self._rest(since, ".".join(one[: depth + 1])),
            self._between(common, first + 1, last),
            *way,
        ]

    def _up(self, end: str, to: str, *, below: bool = False) -> Iterator[tuple[_Pieces, float]]:
        """From the start of what stands at `to` to the end of the step at `end`, the last piece first.

        `below`: from the start of that child of `to` which `end` is or is in.
        """
        yield (self.plan.by_path[end],), self._cost[end]
        while end != to:
            outer, _, number = end.rpartition(".")
            if below and outer == to:
                return
            verb = self._verb(outer)
            if verb != "parallel":
                yield self._between(outer, 0, int(number))
            if verb == "for_each":
                yield self._turns(outer, less=1)
            if outer:
                yield self._begins(self.plan.by_path[outer])
            end = outer

    def _rest(self, since: str, to: str) -> Iterator[tuple[_Pieces, float]]:
        """From the end of the step at `since` to the end of the step at `to`, which is it or is around it."""
        way: list[tuple[_Pieces, float]] = []
        while since != to:
            outer, _, number = since.rpartition(".")
            match self._verb(outer):
                case "parallel":
                    beside = [step for step in self._steps(outer) if step.path != since]
                    slowest = max(beside, key=self.of, default=None)
                    if slowest is not None and self.of(slowest) > sum(seconds for _, seconds in way):
                        way = [((slowest,), self.of(slowest))]
                case verb:
                    way.append(self._between(outer, int(number) + 1, len(self._steps(outer))))
                    if verb == "for_each":
                        way.append(self._turns(outer, less=1))
            since = outer
        yield from way

    def _between(self, outer: str, first: int, last: int) -> tuple[_Pieces, float]:
        """The steps of a sequence from one number up to another."""
        seconds, endless = self._sums[outer]
        whole = inf if endless[last] > endless[first] else seconds[last] - seconds[first]
        return (_Run(outer, first, last),), whole

    def _turns(self, path: str, less: int) -> tuple[_Pieces, float]:
        loop = self._loop(path)
        found = _Rounds(loop, self._rounds(loop, less), less)
        return (found,), found.seconds

    def _begins(self, step: Step) -> tuple[_Pieces, float]:
        found = _Before(step, self._reads(step) + self._ask_above(step))
        return (found,), found.seconds

    def _loop(self, path: str) -> ForEach:
        step = self.plan.by_path[path]
        if step.verb != "for_each":
            raise AssertionError(f"{path} is no loop")
        return step

    def _verb(self, path: str) -> str:
        return self.plan.by_path[path].verb if path else "group"

    def _steps(self, path: str) -> tuple[Step, ...]:
        if not path:
            return self.plan.steps
        step = self.plan.by_path[path]
        return step.steps if step.verb in ("parallel", "group", "for_each") else ()

    # --- what a step costs

    def _of(self, step: Step) -> float:
        inside = [self._cost[inner.path] for inner in self._steps(step.path)]
        match step.verb:
            case "group":
                return self._begins(step)[1] + sum(inside)
            case "parallel":
                return self._begins(step)[1] + max(inside, default=0)
            case "for_each":
                return self._begins(step)[1] + self._rounds(step)
            case _:
                return sum(part.seconds for part in self._leaf(step))

    def _told(self, piece: Step | _Run | _Rounds | _Before) -> Iterator[Part]:
        """The parts that a piece of the way is made of."""
        match piece:
            case _Rounds(loop=loop, seconds=seconds):
                if seconds:
                    yield Part(loop, seconds, self._turns_said(piece))
            case _Before(step=step, seconds=seconds):
                if seconds:
                    yield Part(step, seconds, "what is asked before it begins")
            case _Run(outer=outer, first=first, last=last):
                for step in self._steps(outer)[first:last]:
                    yield from self._told(step)
            case ForEach():
                yield from self._told(self._begins(piece)[0][0])
                yield from self._told(_Rounds(piece, self._rounds(piece)))
            case Group() | Parallel():
                yield from self._told(self._begins(piece)[0][0])
                inner = piece.steps if piece.verb == "group" else [max(piece.steps, key=self.of)]
                for step in inner:
                    yield from self._told(step)
            case _:
                yield from self._leaf(piece)

    def _turns_said(self, rounds: _Rounds) -> str:
        inner = next((step for step in rounds.loop.steps if isinf(self.of(step))), None)
        if inner is not None:
            return next(part.because for part in self._told(inner) if isinf(part.seconds))
        most = self.most(rounds.loop.items)
        if most is None:
            return f"nothing says how many rounds the loop over {rounds.loop.item} has"
        turns = ceil(most / rounds.loop.at_once) - rounds.less
        return f"{turns} round{'s' * (turns > 1)}, one after another"

    def _leaf(self, step: Step) -> Iterator[Part]:  # noqa: C901 - one case for each verb
        reads = self._reads(step)
        if reads:
            yield Part(step, reads, "a question to a system")
        asks = False
        match step.verb:
            case "wait" if step.duration is not None:
                yield Part(step, step.duration, "waits")
            case "wait" if step.at_most is not None:
                yield Part(step, step.at_most, "waits at most")
                asks = _asks(step, "on_timeout")
            case "wait":
                yield Part(step, inf, "the wait has no `at_most`")
            case "approve":
                yield Part(step, step.deadline, "the deadline")
                asks = _asks(step, "on_timeout", "on_reject")
            case "task" if step.due is not None:
                yield Part(step, seconds(step.due, self.plan), "is due")
                asks = _asks(step, "on_timeout")
            case "task":
                yield Part(step, inf, "the task has no `due`")
            case "notify":
                yield Part(step, NOTICE, "tries")
                asks = _asks(step, "on_failure")
            case "contain":
                if step.ask_above is not None:
                    yield Part(step, self._ask, "an ask is answered before it")
                yield Part(step, self.plan.actions[step.action].retries_for, "tries")
                asks = _asks(step, "on_failure")
            case "undo":
                held = self.plan.by_path[step.step]
                tries = self.plan.actions[held.action].retries_for if held.verb == "contain" else NOTICE
                yield Part(step, tries, "tries")
                asks = _asks(step, "on_failure")
        if asks:
            yield Part(step, self._ask, "an ask is answered")

    @property
    def _ask(self) -> int:
        return self.plan.commander.answers_within

    def _ask_above(self, step: Step) -> float:
        return self._ask if step.verb == "for_each" and step.ask_above is not None else 0

    def _reads(self, step: Step) -> float:
        """Each question to a system is tried for its time; when it fails, the commander is asked, and it is put again.
        A `wait` that polls is bounded by itself."""
        count = sum(1 for expr in _asked_before(step) for _ in reads_in(expr))
        return count * (2 * READ + self._ask)

    def _rounds(self, step: ForEach, less: int = 0) -> float:
        """All rounds of a loop, or all but the one that is looked at: as many at once as it says."""
        body = sum(self._cost[inner.path] for inner in step.steps)
        if not body or isinf(body):
            return body
        most = self.most(step.items)
        return inf if most is None else body * max(ceil(most / step.at_once) - less, 0)

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


@dataclass(frozen=True)
class _Run:
    """Some steps of a sequence, one after another."""

    outer: str
    first: int
    last: int


@dataclass(frozen=True)
class _Rounds:
    """The rounds of a loop, or those before the one that is looked at."""

    loop: ForEach
    seconds: float
    less: int = 0


@dataclass(frozen=True)
class _Before:
    """What is asked before what is inside of a step begins: systems, and whether so many rounds are meant."""

    step: Step
    seconds: float


_Pieces = tuple[Step | _Run | _Rounds | _Before, ...]


def _asks(step: Step, *options: str) -> bool:
    return any((found := getattr(step, option, None)) is not None and found.kind == "ask" for option in options)


def _asked_before(step: Step) -> Iterator[Expr]:
    """The expressions that must be known before the step begins."""
    if step.when is not None:
        yield step.when
    match step.verb:
        case "contain":
            if step.targets is not None:
                yield step.targets
            yield from step.arguments.values()
        case "undo":
            if step.targets is not None:
                yield step.targets
        case "approve":
            yield from (seat.when for seat in step.needs if seat.when is not None)
            yield from (shown for _, shown in step.show)
        case "notify":
            yield from (one.of for one in step.audience if one.of is not None)
            context = getattr(step.say, "context", {})
            yield from context.values()
            yield from getattr(step.say, "by_language", {}).values()
        case "for_each":
            yield step.items


def seconds(span: Span, plan: Plan) -> int:
    """The longest that a span lasts, in whichever region: business days with the weekends and holidays that they may meet,
    and an hour more where the clocks are put back."""
    if not span.business_days:
        return span.seconds
    calendars = [plan.calendar(region) for region in plan.zones] or [Calendar()]
    return max(calendar.longest(span.business_days) for calendar in calendars) * _DAY + _CHANGE


def told(way: Longest) -> list[str]:
    """The sum, a step a line, those that cost nothing left out."""
    return [
        f"{amount(part.seconds):>12}  {part.step.at}: {described(part.step)}: {part.because}"
        for part in way.parts
        if part.seconds
    ]


def amount(length: float) -> str:
    """A length of time in words."""
    return "no bound" if isinf(length) else written(length)
