"""What can be launched: its form, who must sign, what it may contain, and what it would do with these inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from firedoor.plan import Input, Plan, Step, spoken
from firedoor.plan.evaluate import Unread, holds, value_of
from firedoor.plan.expression import Expr, Outcome, Read
from firedoor.plan.inputs import hint
from firedoor.plan.lists import Question
from firedoor.plan.model import Severity, walk
from firedoor.run import telling
from firedoor.web.messages import (
    ClockLine,
    Containing,
    FormField,
    OutlineLine,
    Playbook,
    PlaybookLine,
    SeverityLine,
    Signing,
)

Applies = Literal["yes", "no", "later"]


class NotYet(LookupError):
    """Only the run will know it."""


@dataclass(frozen=True, slots=True)
class AtLaunch:
    """What is known before the first step, as an expression sees it."""

    inputs: dict[str, Any]
    launcher: str
    region: str
    aware_at: datetime
    launched_at: datetime
    worst: Severity | None = None

    def input(self, name: str) -> Any:
        return self.inputs.get(name)

    def run(self, field: str) -> Any:
        value = getattr(self, field)
        return value.isoformat() if isinstance(value, datetime) else value

    def severity(self) -> str:
        if self.worst is None:
            raise NotYet
        return self.worst

    def item(self, loop: str) -> Any:
        raise NotYet

    def is_(self, step: str, outcome: Outcome) -> bool:
        raise NotYet

    def field(self, step: str, field: str) -> Any:
        raise NotYet

    def read(self, read: Read, argument: Any) -> Any:
        raise NotYet

    def worked_out(self, question: Question) -> Any:
        raise NotYet


@dataclass(frozen=True, slots=True)
class Nothing(AtLaunch):
    """Before anything was given: every value is left open."""

    def input(self, name: str) -> Any:
        raise NotYet

    def run(self, field: str) -> Any:
        raise NotYet


def severity_of(plan: Plan, known: AtLaunch) -> Severity:
    """The worst rule that holds by what is known."""
    found = [rule.severity for rule in plan.severity if _applies(rule.when, known) == "yes"]
    return min(found, default="sev1")


def line(plan: Plan) -> PlaybookLine:
    return PlaybookLine(
        name=plan.playbook, version=plan.version, title=title(plan), use_when=plan.use_when, owner=plan.owner
    )


def title(plan: Plan, known: AtLaunch | None = None) -> str:
    return telling.plainly(plan, plan.title, known or nothing())


def nothing() -> Nothing:
    moment = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    return Nothing(inputs={}, launcher="", region="", aware_at=moment, launched_at=moment)


def describe(plan: Plan) -> Playbook:
    return Playbook(
        **line(plan).model_dump(),
        digest=plan.digest,
        inputs=tuple(form_field(plan, field) for field in plan.inputs),
        severity=tuple(
            SeverityLine(severity=rule.severity, when=spoken.expression(plan, rule.when) if rule.when else "otherwise")
            for rule in plan.severity
        ),
        signs=signs(plan),
        contains=contains(plan),
        clocks=clocks(plan),
        steps=outline(plan, nothing()),
    )


def form_field(plan: Plan, field: Input) -> FormField:
    return FormField(
        name=field.name,
        type=field.type,
        listed=field.listed,
        ask=field.ask or field.name.replace("_", " ").capitalize() + "?",
        required=not field.optional and field.default is None,
        default=field.default,
        choices=field.choices,
        sensitive=field.sensitive,
        give=hint(field),
    )


def outline(plan: Plan, known: AtLaunch) -> tuple[OutlineLine, ...]:
    """Every step in the order of the text, and whether it applies by what is known."""
    lines: list[OutlineLine] = []
    stopped: list[str] = []
    for step in walk(plan.steps):
        applies = _applies(step.when, known)
        if any(step.path.startswith(f"{path}.") for path in stopped):
            applies = "no"
        elif applies == "no":
            stopped.append(step.path)
        lines.append(
            OutlineLine(
                path=step.path,
                id=step.id,
                verb=step.verb,
                words=telling.words(plan, step, known),
                when=spoken.expression(plan, step.when) if step.when else "",
                applies=applies,
                depth=step.path.count("."),
            )
        )
    return tuple(lines)


def signs(plan: Plan, known: AtLaunch | None = None) -> tuple[Signing, ...]:
    """The approvals that may be asked for; those that cannot apply by what is known are left out."""
    return tuple(
        Signing(
            step=step.id or step.path,
            question=telling.plainly(plan, step.question, known or nothing()),
            needs=spoken.seats(plan, [seat for seat in step.needs if not known or _applies(seat.when, known) != "no"]),
            deadline=step.deadline,
            no=spoken.consequence(plan, step.on_reject, at=step.path),
            silence=spoken.consequence(plan, step.on_timeout, at=step.path),
            unlocks=tuple(spoken.step_name(plan, path) for path in step.unlocks),
        )
        for step in _possible(plan, known)
        if step.verb == "approve"
    )


def contains(plan: Plan, known: AtLaunch | None = None) -> tuple[Containing, ...]:
    return tuple(
        Containing(
            step=step.id or step.path,
            action=step.action,
            does=action.does,
            undo=action.undo is not None and not action.irreversible,
            requires=spoken.seats(plan, action.requires),
        )
        for step in _possible(plan, known)
        if step.verb == "contain"
        for action in [plan.actions[step.action]]
    )


def clocks(plan: Plan, known: AtLaunch | None = None) -> tuple[ClockLine, ...]:
    return tuple(
        ClockLine(name=clock.name, kind=clock.kind, limit=clock.limit, law=clock.law)
        for clock in plan.clocks
        if known is None or (_applies(clock.when, known) != "no" and _known(clock.starts, known) is not None)
    )


def _possible(plan: Plan, known: AtLaunch | None) -> Iterator[Step]:
    applies = {line.path: line.applies for line in outline(plan, known)} if known else {}
    return (step for step in walk(plan.steps) if applies.get(step.path) != "no")


def _applies(when: Expr | None, known: AtLaunch) -> Applies:
    try:
        return "yes" if holds(when, known) else "no"
    except (NotYet, Unread):
        return "later"


def _known(expr: Expr, known: AtLaunch) -> object:
    """The value, or something where only the run will know it."""
    try:
        return value_of(expr, known)
    except (NotYet, Unread):
        return NotYet
