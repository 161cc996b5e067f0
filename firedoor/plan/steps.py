"""The steps of a plan: ten verbs as a tree. `run` is gone, inlined as a group that carries its playbook's name.

A static path names a step's place: "2" is the third step of the playbook, "2.0" its first child. In a run, a loop's
path carries the round: "3[7].0" (see firedoor.plan.paths).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from firedoor.plan.base import Frozen
from firedoor.plan.expression import Expr, Prose
from firedoor.plan.text import MessageRef, Text
from firedoor.plan.time import Span
from firedoor.plan.who import Audience, Who


class Consequence(Frozen):
    """What a no, a silence or a failure means. `step` is the static path to undo; `asks` whom to ask.

    `may_continue` says whether the ask may offer "go on": only where `continue` would compile.
    """

    kind: Literal["continue", "leave", "undo", "undo_all", "stop", "ask"]
    step: str | None = None
    asks: Who | None = None
    may_continue: bool = False


class Seat(Frozen):
    """`seats` signatures by distinct people of a team, on shift or not, or holders of a role."""

    who: Who
    seats: int = 1
    when: Expr | None = None


class StepBase(Frozen):
    path: str
    id: str | None = None
    """The author's id; that of an inlined playbook's step is prefixed: "public-statement/holding"."""
    at: str
    """file:line, relative to the book."""
    when: Expr | None = None
    meets: tuple[str, ...] = ()
    on_failure: Consequence = Consequence(kind="ask", asks=Who(kind="commander"), may_continue=True)


class Notify(StepBase):
    verb: Literal["notify"] = "notify"
    audience: tuple[Audience, ...]
    say: Text | MessageRef


class Approve(StepBase):
    verb: Literal["approve"] = "approve"
    question: Text
    needs: tuple[Seat, ...]
    not_by: tuple[Who, ...] = ()
    """Who may not sign, besides the launcher (who never may, but for a commander's seat beside another)."""
    show: tuple[tuple[str, Expr], ...] = ()
    deadline: int
    """Seconds from the asking."""
    escalate: int | None = None
    on_reject: Consequence
    on_timeout: Consequence
    unlocks: tuple[str, ...] = ()
    """Scope: static paths of the acts on whose every path this approval is known approved."""


class Contain(StepBase):
    verb: Literal["contain"] = "contain"
    action: str
    targets: Expr | None = None
    """None where the action takes no target."""
    arguments: dict[str, Expr] = {}
    expires: int | None = None
    """Seconds from the moment each target was contained."""
    on_expiry: Consequence | None = None
    ask_above: int | None = None


class Undo(StepBase):
    verb: Literal["undo"] = "undo"
    step: str
    targets: Expr | None = None


class Task(StepBase):
    verb: Literal["task"] = "task"
    words: Text
    assign: Who
    due: Span | None = None
    on_timeout: Consequence | None = None
    proof: str | None = None
    """What the person must give when it is done ("case number"); None where nothing is asked."""


class Wait(StepBase):
    """Exactly one of `duration` (seconds) and `until` (a condition, polled every `check_every` seconds)."""

    verb: Literal["wait"] = "wait"
    duration: int | None = None
    until: Expr | None = None
    held_for: int = 0
    check_every: int = 60
    at_most: int | None = None
    on_timeout: Consequence | None = None


class Parallel(StepBase):
    verb: Literal["parallel"] = "parallel"
    name: Text
    steps: tuple[Step, ...]


class Group(StepBase):
    verb: Literal["group"] = "group"
    name: Text
    steps: tuple[Step, ...]
    playbook: str | None = None
    """The playbook that was inlined here by `run`."""


class ForEach(StepBase):
    verb: Literal["for_each"] = "for_each"
    item: str
    items: Expr
    steps: tuple[Step, ...]
    at_once: int = 1
    ask_above: int | None = None


Step = Annotated[
    Notify | Approve | Contain | Undo | Task | Wait | Parallel | Group | ForEach,
    Field(discriminator="verb"),
]

for _model in (Parallel, Group, ForEach):
    _model.model_rebuild()

Branching = Parallel | Group | ForEach


_ENDS: dict[str, tuple[str, ...]] = {
    "approve": ("on_failure", "on_reject", "on_timeout"),
    "contain": ("on_failure", "on_expiry"),
    "task": ("on_failure", "on_timeout"),
    "wait": ("on_failure", "on_timeout"),
}


def consequences(step: Step) -> Iterator[tuple[str, Consequence]]:
    """The step's consequences, by option."""
    for option in _ENDS.get(step.verb, ("on_failure",)):
        found = getattr(step, option)
        if found is not None:
            yield option, found


__all__ = [
    "Approve",
    "Branching",
    "Consequence",
    "Contain",
    "ForEach",
    "Group",
    "Notify",
    "Parallel",
    "Prose",
    "Seat",
    "Step",
    "StepBase",
    "Task",
    "Undo",
    "Wait",
    "consequences",
]
