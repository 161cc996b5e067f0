"""What a case expects, read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_args

from firedoor.compiler import roster, suggest, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.nodes import Mapping, Node, Scalar, Sequence
from firedoor.compiler.rehearsals import schema
from firedoor.compiler.rehearsals import steps as steps_
from firedoor.compiler.rehearsals.script import (
    ClockEnd,
    ClockExpected,
    Ends,
    Event,
    Expectations,
    Held,
    Outcome,
    Told,
    Undone,
    Within,
)
from firedoor.compiler.rehearsals.steps import Steps
from firedoor.compiler.roster import Roster
from firedoor.compiler.shape import Fields, as_text, fields
from firedoor.plan import Plan, Who

T = TypeVar("T")

OUTCOMES: tuple[str, ...] = get_args(Outcome)
CLOCK_ENDS: tuple[str, ...] = get_args(ClockEnd)


def read(node: Mapping, plan: Plan, steps: Steps, known: Roster, findings: Findings) -> Expectations:
    return _Expecting(fields(node, schema.EXPECT, findings), plan, steps, known, findings).read()


def besides(first: Expectations, more: Expectations) -> Expectations:
    """Both together: lists one after the other; where there is one value, and for what is held, the second's counts."""
    both: dict[str, Any] = {}
    for name in Expectations.model_fields:
        one, other = getattr(first, name), getattr(more, name)
        match other:
            case dict():
                both[name] = {**one, **other}
            case tuple() if name != "held":
                both[name] = (*one, *other)
            case _:
                both[name] = other or one
    return Expectations(**both)


class _Expecting:
    def __init__(self, found: Fields, plan: Plan, steps: Steps, known: Roster, findings: Findings) -> None:
        self.found = found
        self.plan = plan
        self.steps = steps
        self.roster = known
        self.findings = findings

    def read(self) -> Expectations:
        found = self.found
        severity, ends, within = found.text("severity"), found.text("ends"), found.text("contained_within")
        return Expectations(
            severity=values.severity(severity, self.findings) if severity else None,
            order=self._list("order", self._event),
            times=self._times(),
            contained_within=values.seconds(within, self.findings) if within else None,
            never=self._list("never", self._event),
            held=self._held(),
            undone=self._undone(),
            told=self._told("told"),
            not_told=self._told("not_told"),
            asked=self._told("asked"),
            escalated=self._told("escalated"),
            clocks=self._clocks(),
            ends=values.choice(ends, get_args(Ends), "way to end", self.findings) if ends else None,  # type: ignore[arg-type]
            lines={name: str(node.place) for name, node in found.values.items()},
        )

    def _list(self, key: str, read_one: Callable[[Scalar], T | None]) -> tuple[T, ...]:
        if key not in self.found:
            return ()
        return tuple(one for scalar in self.found.texts(key, self.findings) if (one := read_one(scalar)) is not None)

    def _event(self, scalar: Scalar) -> Event | None:
        """`ratify`, or `ratify approved`."""
        name, outcome = self._outcome(scalar)
        found = steps_.step(name, scalar, self.steps, self.findings)
        return Event(line=str(scalar.place), step=found, outcome=outcome) if found else None

    def _outcome(self, scalar: Scalar) -> tuple[str, Any]:
        name, _, last = scalar.text.rpartition(" ")
        return (name, last) if name and last in OUTCOMES else (scalar.text, None)

    def _times(self) -> tuple[Within, ...]:
        """`{lock: within 5m, ratify asked: at 1m}`; a length alone is `within`."""
        found: list[Within] = []
        for key, node in self._entries("times"):
            event, scalar = self._event(key), as_text(node, f"`{key.text}`", self.findings)
            if event is None or scalar is None:
                continue
            how, _, length = (
                scalar.text.partition(" ") if scalar.text.startswith(("at ", "within ")) else ("", "", scalar.text)
            )
            seconds = values.seconds_of(length)
            if seconds is None:
                message = f'"{scalar.text}" is no time for a step'
                self.findings.add("FD809", scalar.place, message, fix="write within 5m, or at 2h")
                continue
            when = {"at": seconds} if how == "at" else {"within": seconds}
            found.append(Within(line=event.line, step=event.step, outcome=event.outcome, **when))
        return tuple(found)

    def _entries(self, key: str) -> list[tuple[Scalar, Node]]:
        mapping = self.found.mapping(key)
        return mapping.entries if mapping else []

    def _held(self) -> tuple[Held, ...]:
        """A list of targets, all that are held; or a list for each step. `[]` is nothing."""
        node = self.found.values.get("held")
        if isinstance(node, Mapping):
            return tuple(
                Held(line=str(key.place), step=step, targets=self._targets(inner))
                for key, inner in node
                if (step := steps_.step(key.text, key, self.steps, self.findings)) is not None
            )
        return (Held(line=str(node.place), step=None, targets=self._targets(node)),) if node is not None else ()

    def _targets(self, node: Node) -> tuple[str, ...]:
        items = node.items if isinstance(node, Sequence) else [node]
        return tuple(text.text for item in items if (text := as_text(item, "a target", self.findings)) is not None)

    def _undone(self) -> tuple[Undone, ...]:
        node = self.found.values.get("undone")
        if isinstance(node, Mapping):
            return tuple(
                Undone(line=str(key.place), step=step, targets=self._targets(inner))
                for key, inner in node
                if (step := self._containing(key)) is not None
            )
        steps = self._list("undone", self._containing)
        return tuple(Undone(line=self._line("undone"), step=step) for step in steps)

    def _containing(self, scalar: Scalar) -> Any:
        found = steps_.step(scalar.text, scalar, self.steps, self.findings)
        if found is not None and not any(self.plan.by_path[path].verb == "contain" for path in found.paths):
            message = f'"{scalar.text}" contains nothing, so nothing of it is undone'
            self.findings.add("FD805", scalar.place, message, fix="name the step that contains")
            return None
        return found

    def _line(self, key: str) -> str:
        return str(self.found.values[key].place)

    def _told(self, key: str) -> tuple[Told, ...]:
        """A list of who; or, for `told`, a part of the text for each."""
        node = self.found.values.get(key)
        if isinstance(node, Mapping):
            return tuple(
                Told(line=str(name.place), who=who, says=text.text)
                for name, inner in node
                if (who := self._who(name)) and (text := as_text(inner, f"what {name.text} is told", self.findings))
            )
        found = (
            [(scalar, self._who(scalar)) for scalar in self.found.texts(key, self.findings)]
            if key in self.found
            else []
        )
        return tuple(Told(line=str(scalar.place), who=who) for scalar, who in found if who)

    def _who(self, scalar: Scalar) -> Who | None:
        found = roster.find(scalar.text, self.roster)
        if found is None and not roster.is_name(scalar.text):  # the holder of an account
            return Who(kind="account", name=scalar.text)
        if found is None:
            roster.tell_unknown(scalar.text, scalar.place, self.roster, self.findings, outsiders=True, code="FD803")
        return found

    def _clocks(self) -> tuple[ClockExpected, ...]:
        """`{gdpr-breach-authority: met within 48h}`."""
        declared = [clock.name for clock in self.plan.clocks]
        found: list[ClockExpected] = []
        for key, node in self._entries("clocks"):
            scalar = as_text(node, f"`{key.text}`", self.findings)
            if key.text not in declared:
                fix = suggest.fix(key.text, declared, "the playbook has no clocks")
                self.findings.add("FD808", key.place, f'{self.plan.playbook} has no clock "{key.text}"', fix=fix)
            elif scalar is not None:
                found += self._clock(key, scalar)
        return tuple(found)

    def _clock(self, key: Scalar, scalar: Scalar) -> list[ClockExpected]:
        end, within, length = scalar.text.partition(" within ")
        seconds = values.seconds_of(length) if within else None
        if end.strip() not in CLOCK_ENDS or (within and seconds is None):
            message = f'"{scalar.text}" is no way for a clock to end'
            fix = f"choose one of {suggest.listed(CLOCK_ENDS)}; or write met within 48h"
            self.findings.add("FD808", scalar.place, message, fix=fix)
            return []
        made = ClockExpected(line=str(key.place), clock=key.text, end=end.strip(), within=seconds)  # type: ignore[arg-type]
        return [made]
