"""The situations that a plan can be in, as far as conditions tell them apart: what was given, and how steps ended.

A condition is taken apart into what it compares. Each input, the severity and the outcome of each step is one variable
with as many values as the conditions distinguish: a number compared with 3 and 10 has five. What cannot be taken apart
(a read's answer, two inputs compared) is a variable of its own that is true, false or unknown, so nothing is missed;
two such parts are taken as independent, which is where a proof over situations is conservative. The conditions are then
evaluated by `firedoor.plan.evaluate`, as the run does.

Ends of a step that no condition tells apart and that lead the same way are one. A severity changes, an input that was
not known is given, and what failed is tried again while a run goes on: where a proof must hold through that, each
condition is read at a moment of its own (`moments`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise, product
from operator import is_
from typing import Any, NamedTuple, get_args

from firedoor.plan import evaluate
from firedoor.plan.expression import (
    Compare,
    Const,
    Expr,
    Filter,
    Given,
    InputValue,
    Item,
    Listing,
    Not,
    Outcome,
    SeverityNow,
    StepField,
    StepIs,
)
from firedoor.plan.model import Input, Plan, Severity
from firedoor.plan.references import parts
from firedoor.plan.steps import Step

MOST = 4_096
"""Situations that are looked at for one question: twelve conditions that are each true or false."""

_FEWEST, _WORK = 16, 1_000_000
"""What keeps a question about hundreds of steps to seconds: situations, times the square of what they tell apart."""
MOST_ITEMS = 2_000
"""Items that a list may be compared with and still be taken apart."""
NOT_NEEDED = "not_needed"
ENDS: dict[str, tuple[str, ...]] = {
    "approve": ("approved", "rejected", "unanswered", "skipped"),
    "task": ("done", "unanswered", "skipped"),
    "wait": ("done", "unanswered", "skipped"),
    "notify": ("done", "failed", "skipped"),
    "contain": ("done", "failed", "skipped"),
    "undo": ("done", "failed", "skipped"),
}
"""How a step can end that was begun, or that a person has passed over."""
_OF_SEVERAL = ("done", "skipped", "failed")


_FILLERS: dict[str, Any] = {"number": 0, "duration": 0, "date_time": "2000-01-01T00:00:00+00:00", "yes_no": False}
"""An item of a list of which only the count is looked at, by the list's type; a text unless said."""


class TooMany(Exception):
    """The conditions tell more situations apart than are looked at."""


class Guard(NamedTuple):
    """A condition that holds when its step is reached; `moment` is that step's path, or "" where all are one moment."""

    condition: Expr
    moment: str = ""


class Situation(NamedTuple):
    """One assignment: inputs, severity and outcomes by (name, moment); None is an input that was not given."""

    values: dict[tuple[str, str, str], Any]
    moment: str = ""

    @property
    def outcomes(self) -> dict[str, str]:
        """How steps ended, by static path."""
        return {name: value for (kind, name, _), value in self.values.items() if kind == "step"}

    def _of(self, kind: str, name: str) -> Any:
        """The value at this moment, or the one that it has throughout."""
        return self.values[kind, name, self.moment if (kind, name, self.moment) in self.values else ""]

    def input(self, name: str) -> Any:
        return self._of("part" if name.startswith("\0") else "input", name)

    def severity(self) -> str:
        return str(self._of("severity", ""))

    def is_(self, step: str, outcome: Outcome) -> bool:
        return bool(self._of("step", step) == outcome)

    def run(self, field: str) -> Any:
        raise NotImplementedError(field)

    def item(self, loop: str) -> Any:
        raise NotImplementedError(loop)

    def field(self, step: str, field: str) -> Any:
        raise NotImplementedError(step, field)

    def read(self, read: object, argument: Any) -> Any:
        raise NotImplementedError(read)

    def worked_out(self, question: object) -> Any:
        raise NotImplementedError(question)


@dataclass
class _Variables:
    """What conditions distinguish. Values are as recorded (JSON)."""

    plan: Plan
    moments: bool = False
    consts: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    """Of each input that is compared, at each moment: what with."""
    counts: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    severity: set[str] = field(default_factory=set)
    steps: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """Of each step: the outcomes that conditions name."""
    parts: set[tuple[str, str]] = field(default_factory=set)
    moment: str = ""
    taken: dict[int, tuple[Guard, Expr]] = field(default_factory=dict)

    def take(self, guard: Guard) -> Expr:
        """The condition with what cannot be taken apart replaced by a variable of its own."""
        known = self.taken.get(id(guard))
        if known is None:
            self.moment = guard.moment if self.moments else ""
            known = self.taken[id(guard)] = (guard, self._take(guard.condition))
        return known[1]

    def _take(self, condition: Expr) -> Expr:
        match condition.op:
            case "and" | "or":
                of = tuple(self._take(part) for part in condition.of)
                return condition if all(map(is_, of, condition.of)) else type(condition)(of=of)
            case "not":
                inner = self._take(condition.of)
                return condition if inner is condition.of else Not(of=inner)
            case "const":
                return condition
            case "is":
                stable = self.plan.by_path[condition.step].verb == "approve"
                self.steps.setdefault((condition.step, "" if stable else self.moment), set()).add(condition.outcome)
                return condition
            case "input" if not condition.listed and condition.name in self.plan.input_names:
                self.consts.setdefault(self._input(condition.name), [])
                return condition
            case "given" if isinstance(condition.of, InputValue) and condition.of.name in self.plan.input_names:
                self.consts.setdefault(self._input(condition.of.name), [])
                return condition
            case "compare" if self._compared(condition.left, condition.right) or self._compared(
                condition.right, condition.left
            ):
                return condition
            case "in" if isinstance(condition.right, Listing) and all(
                isinstance(one, Const) and self._compared(condition.left, one) for one in condition.right.of
            ):
                return condition
        name = "\0" + json.dumps(condition.model_dump(mode="json"), sort_keys=True)
        self.parts.add((name, self.moment))
        return InputValue(name=name, type="yes_no")

    def _input(self, name: str) -> tuple[str, str]:
        """What was given at the launch stays; what was not may be given at any moment."""
        known = self.plan.input_names.get(name)
        later = known is not None and known.optional and known.default is None
        return name, self.moment if later else ""

    def _compared(self, leaf: Expr, other: Expr) -> bool:
        if other.op != "const":
            return False
        match leaf:
            case SeverityNow():
                self.severity.add(self.moment)
                return True
            case InputValue(name=name, listed=False) if name in self.plan.input_names:
                self.consts.setdefault(self._input(name), []).append(other.value)
                return True
            case Filter(name="count", of=InputValue(name=name, listed=True)) if (
                name in self.plan.input_names and isinstance(other.value, int | float) and other.value <= MOST_ITEMS
            ):
                self.counts.setdefault(self._input(name), set()).add(int(other.value))
                return True
            case _:
                return False

    def domains(self, effect: Effect | None = None) -> list[tuple[tuple[str, str, str], list[Any]]]:
        """The values of each variable. `effect` says which ends of a step lead the same way."""
        fields = self.plan.input_names
        found: list[tuple[tuple[str, str, str], list[Any]]] = []
        for name, moment in sorted(self.consts.keys() | self.counts.keys()):
            key = (name, moment)
            values = _values(fields[name], self.consts.get(key, ()), self.counts.get(key, set()))
            found.append((("input", name, moment), values))
        found += [(("severity", "", moment), list(get_args(Severity))) for moment in sorted(self.severity)]
        found += [(("part", name, moment), [True, False, None]) for name, moment in sorted(self.parts)]
        for (path, moment), named in sorted(self.steps.items(), key=lambda one: _place(one[0][0])):
            step = self.plan.by_path[path]
            apart: dict[object, str] = {}
            for end in (*ENDS.get(step.verb, _OF_SEVERAL), NOT_NEEDED):
                if end == "unanswered" and getattr(step, "on_timeout", None) is None:
                    continue
                same = (end in named and end, end == NOT_NEEDED, effect(step, end) if effect is not None else None)
                apart.setdefault(same, end)
            found.append((("step", path, moment), [*apart.values()]))
        return found


_Domain = tuple[tuple[str, str, str], list[Any]]
Effect = Callable[[Step, str], object]
"""(step, how it ended) → where that leads, as something to compare."""


@dataclass
class Question:
    """Conditions and steps, and the situations that they tell apart."""

    plan: Plan
    variables: _Variables
    guards: dict[str, list[Guard]]
    """Of each step whose outcome counts: what holds where it is reached."""

    def holds(self, guards: Iterable[Guard], situation: Situation) -> bool:
        """Whether all of them hold. They must be among those that the question was made from."""
        return all(self._holds(guard, situation) for guard in guards)

    def _holds(self, guard: Guard, situation: Situation) -> bool:
        at = Situation(situation.values, guard.moment) if self.variables.moments else situation
        return evaluate.holds(self.variables.take(guard), at)

    def domains(self, effect: Effect | None = None) -> list[tuple[tuple[str, str, str], list[Any]]]:
        return self.variables.domains(effect)

    def situations(self, effect: Effect | None = None, where: Iterable[Guard] = ()) -> Iterator[Situation]:
        """Each of them, likely ones first; of those in which a part of `where` that is about one thing alone does not
        hold, not all. Raises TooMany after so many."""
        domains = self._narrowed(self.domains(effect), where)
        keys = [key for key, _ in domains]
        most = min(MOST, max(_FEWEST, _WORK // max(len(keys), 1) ** 2))
        for number, values in enumerate(product(*(values for _, values in domains))):
            if number >= most:
                raise TooMany
            yield Situation(dict(zip(keys, values, strict=True)))

    def _narrowed(self, domains: list[_Domain], where: Iterable[Guard]) -> list[_Domain]:
        values = dict(domains)
        for guard in where:
            moment = guard.moment if self.variables.moments else ""
            for part in _conjuncts(self.variables.take(guard)):
                about = _about(part)
                if len(about) != 1:
                    continue
                kind, name = about.pop()
                key = (kind, name, moment) if (kind, name, moment) in values else (kind, name, "")
                values[key] = [one for one in values[key] if evaluate.holds(part, Situation({key: one}, moment))]
        return [*values.items()]

    @property
    def parts(self) -> bool:
        """Whether something counts that could not be taken apart."""
        return bool(self.variables.parts)


class Situations:
    """Answers questions about a plan's situations."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._around: dict[str, tuple[Guard, ...]] = {}
        self._gather(plan.steps, ())

    def _gather(self, steps: Sequence[Step], around: tuple[Guard, ...]) -> None:
        for step in steps:
            own = (*around, Guard(step.when, step.path)) if step.when is not None else around
            self._around[step.path] = own
            match step.verb:
                case "parallel" | "group":
                    self._gather(step.steps, own)
                case "for_each":
                    self._gather(step.steps, (*own, Guard(some(step.items), step.path)))

    def conditions(self, path: str) -> tuple[Guard, ...]:
        """What holds wherever a step is reached: its condition, those around it, and that a loop has a round."""
        return self._around[path]

    def question(self, guards: Iterable[Guard], outcomes: Iterable[str] = (), *, moments: bool = False) -> Question:
        """What these conditions, and how the steps at these static paths end, tell apart; and what in turn decides
        whether the steps that they name are reached."""
        variables = _Variables(self.plan, moments)
        for path in outcomes:
            variables.steps.setdefault((path, ""), set())
        for guard in guards:
            variables.take(guard)
        found: dict[str, list[Guard]] = {}
        while missing := sorted({path for path, _ in variables.steps} - found.keys()):
            for path in missing:
                found[path] = [*self.conditions(path)]
                for guard in found[path]:
                    variables.take(guard)
        return Question(self.plan, variables, found)


def some(items: Expr) -> Expr:
    """That a list has something in it, or that a single value is known."""
    match items:
        case InputValue(listed=False):
            return Given(of=items)
        case Item():
            return Const(value=True, type="yes_no")
    return Compare(sign=">", left=Filter(name="count", of=items), right=Const(value=0, type="number"))


def named(condition: Expr | None) -> set[str]:
    """The static paths of the steps that a condition looks at."""
    if condition is None:
        return set()
    found = {condition.step} if isinstance(condition, StepIs | StepField) else set()
    return found.union(*(named(part) for part in parts(condition)))


def _conjuncts(condition: Expr) -> Iterator[Expr]:
    if condition.op == "and":
        for part in condition.of:
            yield from _conjuncts(part)
    else:
        yield condition


def _about(condition: Expr) -> set[tuple[str, str]]:
    """What a condition, taken apart, looks at: kind and name, as a situation has them."""
    match condition.op:
        case "is":
            return {("step", condition.step)}
        case "severity":
            return {("severity", "")}
        case "input":
            return {("part" if condition.name.startswith("\0") else "input", condition.name)}
    return set[tuple[str, str]]().union(*(_about(part) for part in parts(condition)))


def _place(path: str) -> list[int]:
    return [int(part) for part in path.split(".")]


def _values(known: Input, consts: Iterable[Any], counts: set[int]) -> list[Any]:
    """The values of an input that are told apart; None where it may be left out."""
    found: list[Any]
    if known.listed:
        least = int(known.at_least or 0)
        most = int(known.at_most) if known.at_most is not None else None
        sizes = sorted({size + step for size in (*counts, least) for step in (-1, 0, 1)}, reverse=True)
        found = [
            [_FILLERS.get(known.type, "-")] * size for size in sizes if size >= least and (most is None or size <= most)
        ]
    elif known.type == "yes_no":
        found = [True, False]
    elif known.type in ("number", "duration", "date_time"):
        found = _around(known, sorted(set(consts)))
    else:
        found = [*dict.fromkeys(consts)]
        if not known.choices or set(known.choices) - set(found):
            found.append("\0other")
    if known.optional and known.default is None:
        found.append(None)
    return found


def _around(known: Input, consts: list[Any]) -> list[Any]:
    """Each constant, and a value on either side of it."""
    if known.type == "date_time":
        given = sorted(datetime.fromisoformat(text) for text in consts)
        moments = sorted({moment + timedelta(seconds=step) for moment in given for step in (-1, 0, 1)})
        return [moment.isoformat() for moment in moments] or ["2000-01-01T00:00:00+00:00"]
    least, most = known.at_least, known.at_most
    numbers = sorted({float(value) for value in (*consts, least, most) if value is not None})
    between = [(low + high) / 2 for low, high in pairwise(numbers)]
    near = sorted({*numbers, *between, *((numbers[0] - 1, numbers[-1] + 1) if numbers else (0.0,))})
    return [value for value in near if (least is None or value >= least) and (most is None or value <= most)]


def told(question: Question, situation: Situation) -> list[str]:
    """The situation in words, as far as inputs and severity go: "public_office is yes"."""
    words = []
    for (kind, name, moment), _ in question.domains():
        value = situation.values.get((kind, name, moment))
        match kind:
            case "input" if isinstance(value, list):
                words.append(f"{name} has {len(value)}")
            case "input" if value == "\0other":
                words.append(f"{name} is another one")
            case "input":
                words.append(f"{name} is {'not given' if value is None else evaluate.said(value)}")
            case "severity":
                words.append(f"severity is {value}")
    return words
