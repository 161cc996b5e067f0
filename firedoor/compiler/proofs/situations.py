"""The situations that a plan can be in, as far as conditions tell them apart: what was given, and how steps ended.

A condition is taken apart into what it compares. Each input, the severity and the outcome of each step is one variable
with as many values as the conditions distinguish: a number compared with 3 and 10 has five. What cannot be taken apart
(a read's answer, two inputs compared) is a variable of its own that is true, false or unknown, so nothing is missed;
two such parts are taken as independent, which is where a proof over situations is conservative. The conditions are then
evaluated by `firedoor.plan.evaluate`, as the run does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, product
from typing import Any, get_args

from firedoor.plan import evaluate
from firedoor.plan.expression import (
    And,
    Compare,
    Const,
    Expr,
    Filter,
    Given,
    InputValue,
    Listing,
    Not,
    Or,
    Outcome,
    RunField,
    SeverityNow,
    StepIs,
    Within,
)
from firedoor.plan.model import Input, Plan, Severity
from firedoor.plan.steps import Step

MOST = 10_000
"""Situations that are looked at for one question: thirteen conditions that are each true or false."""

NOT_NEEDED = "not_needed"
_ENDS: dict[str, tuple[str, ...]] = {
    "approve": ("approved", "rejected", "unanswered", "failed", "skipped"),
    "task": ("done", "unanswered", "skipped"),
    "wait": ("done", "unanswered", "failed", "skipped"),
    "notify": ("done", "failed", "skipped"),
    "contain": ("done", "failed", "skipped"),
    "undo": ("done", "failed", "skipped"),
}
_OF_SEVERAL = ("done", "failed", "skipped")


class TooMany(Exception):
    """The conditions tell more situations apart than are looked at."""


@dataclass(frozen=True)
class Situation:
    """One assignment: inputs by name (None: not given), the severity, outcomes by static path, parts by their text."""

    inputs: dict[str, Any]
    severity_: str
    outcomes: dict[str, str]
    parts: dict[str, bool | None]

    def input(self, name: str) -> Any:
        return self.parts[name] if name in self.parts else self.inputs.get(name)

    def run(self, field: str) -> Any:
        raise NotImplementedError(field)

    def severity(self) -> str:
        return self.severity_

    def item(self, loop: str) -> Any:
        raise NotImplementedError(loop)

    def is_(self, step: str, outcome: Outcome) -> bool:
        return self.outcomes.get(step) == outcome

    def field(self, step: str, field: str) -> Any:
        raise NotImplementedError(step, field)

    def read(self, read: object, argument: Any) -> Any:
        raise NotImplementedError(read)


@dataclass
class _Variables:
    """What conditions distinguish. Values are as recorded (JSON)."""

    plan: Plan
    consts: dict[str, list[Any]] = field(default_factory=dict)
    """Of each input that is compared: what with."""
    counts: dict[str, set[int]] = field(default_factory=dict)
    severity: bool = False
    steps: set[str] = field(default_factory=set)
    parts: dict[str, Expr] = field(default_factory=dict)

    def take(self, condition: Expr) -> Expr:
        """The condition with what cannot be taken apart replaced by a variable of its own."""
        match condition:
            case And(of=of):
                return And(of=tuple(self.take(part) for part in of))
            case Or(of=of):
                return Or(of=tuple(self.take(part) for part in of))
            case Not(of=of):
                return Not(of=self.take(of))
            case Const():
                return condition
            case StepIs(step=step):
                self.steps.add(step)
                return condition
            case InputValue(listed=False):
                self.consts.setdefault(condition.name, [])
                return condition
            case Given(of=InputValue(name=name)):
                self.consts.setdefault(name, [])
                return condition
            case Compare(left=left, right=right) if self._compared(left, right) or self._compared(right, left):
                return condition
            case Within(left=left, right=Listing(of=of)) if all(
                isinstance(one, Const) and self._compared(left, one) for one in of
            ):
                return condition
        name = "\0" + json.dumps(condition.model_dump(mode="json"), sort_keys=True)
        self.parts[name] = condition
        return InputValue(name=name, type="yes_no")

    def _compared(self, leaf: Expr, other: Expr) -> bool:
        if not isinstance(other, Const):
            return False
        match leaf:
            case SeverityNow():
                self.severity = True
                return True
            case InputValue(name=name, listed=False):
                self.consts.setdefault(name, []).append(other.value)
                return True
            case Filter(name="count", of=InputValue(name=name, listed=True)) if isinstance(other.value, int | float):
                self.counts.setdefault(name, set()).add(int(other.value))
                return True
            case _:
                return False

    def domains(self) -> list[tuple[str, str, list[Any]]]:
        """(kind, name, values) of each variable."""
        fields = self.plan.input_names
        found: list[tuple[str, str, list[Any]]] = []
        for name in sorted(self.consts.keys() | self.counts.keys()):
            known = fields.get(name)
            if known is not None:
                found.append(("input", name, _values(known, self.consts.get(name, ()), self.counts.get(name, set()))))
        if self.severity:
            found.append(("severity", "", list(get_args(Severity))))
        for path in sorted(self.steps):
            ends = _ENDS.get(self.plan.by_path[path].verb, _OF_SEVERAL)
            found.append(("step", path, [*ends, NOT_NEEDED]))
        found += [("part", name, [True, False, None]) for name in sorted(self.parts)]
        return found


class Situations:
    """Answers questions about a plan's situations."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._around: dict[str, tuple[Expr, ...]] = {}
        self._gather(plan.steps, ())

    def _gather(self, steps: Sequence[Step], around: tuple[Expr, ...]) -> None:
        for step in steps:
            own = (*around, step.when) if step.when is not None else around
            self._around[step.path] = own
            if step.verb in ("parallel", "group", "for_each"):
                self._gather(step.steps, own)

    def conditions(self, path: str) -> tuple[Expr, ...]:
        """The conditions of a step and of those around it: all hold wherever it is reached."""
        return self._around[path]

    def all(self, conditions: Iterable[Expr], outcomes: Iterable[str] = ()) -> Iterator[Situation]:
        """The situations that these conditions, and how the steps at these static paths end, tell apart.

        A step whose own conditions do not hold is not needed in them, and any other has an outcome of its verb.
        Raises TooMany.
        """
        variables = _Variables(self.plan, steps=set(outcomes))
        for condition in conditions:
            variables.take(condition)
        guards: dict[str, list[Expr]] = {}
        while missing := sorted(variables.steps - guards.keys()):
            for path in missing:
                guards[path] = [variables.take(condition) for condition in self.conditions(path)]
        domains = variables.domains()
        size = 1
        for _, _, values in domains:
            size *= len(values)
            if size > MOST:
                raise TooMany
        return self._each(domains, guards)

    def _each(self, domains: list[tuple[str, str, list[Any]]], guards: dict[str, list[Expr]]) -> Iterator[Situation]:
        for values in product(*(values for _, _, values in domains)):
            made = Situation({}, "sev2", {}, {})
            severity = made.severity_
            for (kind, name, _), value in zip(domains, values, strict=True):
                match kind:
                    case "input":
                        made.inputs[name] = value
                    case "step":
                        made.outcomes[name] = value
                    case "part":
                        made.parts[name] = value
                    case _:
                        severity = value
            situation = Situation(made.inputs, severity, made.outcomes, made.parts)
            if all(
                (situation.outcomes[path] != NOT_NEEDED) == all(evaluate.holds(part, situation) for part in parts)
                for path, parts in guards.items()
            ):
                yield situation

    def holds(self, conditions: Iterable[Expr], situation: Situation) -> bool:
        """Whether all of them hold. They must be among those that the situation was made from."""
        variables = _Variables(self.plan)
        return all(evaluate.holds(variables.take(condition), situation) for condition in conditions)


def _values(known: Input, consts: Iterable[Any], counts: set[int]) -> list[Any]:
    """The values of an input that are told apart; None where it may be left out."""
    found: list[Any]
    if known.listed:
        least = int(known.at_least or 0)
        most = int(known.at_most) if known.at_most is not None else None
        sizes = sorted({size + step for size in counts for step in (-1, 0, 1)} | {least})
        found = [["-"] * min(size, 4096) for size in sizes if size >= least and (most is None or size <= most)]
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
        moments = sorted(datetime.fromisoformat(text) for text in consts)
        near = sorted({moment + timedelta(seconds=step) for moment in moments for step in (-1, 0, 1)})
        return [moment.isoformat() for moment in near] or ["2000-01-01T00:00:00+00:00"]
    numbers = sorted({float(value) for value in consts})
    between = [(low + high) / 2 for low, high in zip(numbers, numbers[1:], strict=False)]
    near = sorted({*numbers, *between, *((numbers[0] - 1, numbers[-1] + 1) if numbers else (0.0,))})
    return [
        value
        for value in near
        if (known.at_least is None or value >= known.at_least) and (known.at_most is None or value <= known.at_most)
    ] or [known.at_least or 0.0]


def told(plan: Plan, situation: Situation, conditions: Iterable[Expr]) -> list[str]:
    """The situation in words, as far as these conditions look at it: "public_office is yes"."""
    variables = _Variables(plan)
    for condition in conditions:
        variables.take(condition)
    words = []
    for kind, name, _ in variables.domains():
        match kind:
            case "input":
                value = situation.inputs[name]
                if isinstance(value, list):
                    words.append(f"{name} has {len(value)}")
                elif value == "\0other":
                    words.append(f"{name} is another one")
                else:
                    words.append(f"{name} is {'not given' if value is None else evaluate.said(value)}")
            case "severity":
                words.append(f"severity is {situation.severity_}")
    return words


__all__ = ["MOST", "NOT_NEEDED", "RunField", "Situation", "Situations", "TooMany", "told"]
