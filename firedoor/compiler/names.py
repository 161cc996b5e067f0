"""What names mean at one place of a playbook: inputs, loop items, steps, reads, and the run itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from firedoor.compiler.diagnostics import Place
from firedoor.compiler.kinds import ANYTHING, DATE_TIME, Kind
from firedoor.compiler.outline import Outline, StepRef
from firedoor.plan.expression import Expr
from firedoor.plan.model import Action, ReadAction

RUN_FIELDS = {
    "aware_at": DATE_TIME,
    "launched_at": DATE_TIME,
    "launcher": Kind("person"),
    "region": Kind("text"),
}
Steps = Literal["ended", "any", "none"]


@dataclass(frozen=True)
class Bound:
    """What a name stands for. `expr` is None where its declaration is broken, which has been told."""

    expr: Expr | None
    kind: Kind
    origin: Place | None = None
    """Where a `run` passes it."""


@dataclass(frozen=True)
class Vocabulary:
    """What the book as a whole gives to expressions. None where the file that says so could not be read."""

    actions: Mapping[str, Action | None] | None
    reads: Mapping[str, ReadAction | None] | None


@dataclass
class Sites:
    """Gives each read of a plan a name of its own, under which its answer is recorded."""

    taken: dict[str, int] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)
    """The reads that the plan uses."""

    def next(self, path: str, read: str) -> str:
        self.reads.add(read)
        number = self.taken.get(path, 0)
        self.taken[path] = number + 1
        return f"{path}:{number}"


@dataclass(frozen=True)
class Scope:
    """Names as one place sees them.

    `here` is the static path of the step, "" above the steps. `steps` says which steps' outcomes may be used: those
    that have ended (a step's own options), any (what is looked at again and again, as clocks are), or none.
    """

    vocabulary: Vocabulary
    sites: Sites
    inputs: Mapping[str, Bound] = field(default_factory=dict)
    outline: Outline = field(default_factory=Outline)
    items: Mapping[str, Bound] = field(default_factory=dict)
    here: str = ""
    steps: Steps = "none"
    may_read: bool = False
    may_say_severity: bool = True
    unnamed: bool = False
    """Not every name could be read, which has been told: a loop does not say what its items are called, the inputs are
    misspelt. A name that nothing has may be one of these."""
    around: Scope | None = None
    """The scope of the `run` step that inlines this playbook."""

    def at(self, path: str) -> Scope:
        return Scope(
            self.vocabulary,
            self.sites,
            self.inputs,
            self.outline,
            self.items,
            path,
            "ended",
            may_read=True,
            may_say_severity=self.may_say_severity,
            unnamed=self.unnamed,
            around=self.around,
        )

    def inside(self, item: str, bound: Bound) -> Scope:
        return replace(self, items={**self.items, item: bound})

    def inside_unnamed(self) -> Scope:
        return replace(self, unnamed=True)

    def value(self, name: str) -> Bound | None:
        """A loop's item or an input."""
        return self.items.get(name) or self.inputs.get(name)

    def step(self, name: str) -> StepRef | None:
        return self.outline.ids.get(name)

    def may_be_lost(self, name: str) -> bool:
        """Whether a name that nothing has may mean something, but for a mistake that is told elsewhere."""
        return self.unnamed or self.outline.may_be_lost(name)

    def kind_held(self, ref: StepRef) -> Kind:
        """The kind of a contain step's targets, one of them."""
        named = ref.node.get("contain")
        actions = self.vocabulary.actions
        action = actions.get(getattr(named, "text", "")) if actions is not None else None
        return Kind(action.target) if action is not None and action.target is not None else ANYTHING

    def words(self) -> Iterator[str]:
        """Every name that an expression could use here."""
        yield from {**self.inputs, **self.items}
        yield from self.outline.ids
        yield from self.vocabulary.reads or ()
        yield from ("severity", "run")
