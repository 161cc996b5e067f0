"""Lowers the steps of a playbook to the plan's tree: names become paths and people, `run` becomes a group.

An inlined playbook is lowered again for each `run`, with its inputs standing for what the parent passed. What is wrong
with it by itself is told where it is compiled by itself; the same finding twice is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from firedoor.compiler import expressions, roster, schema, suggest
from firedoor.compiler import prose as prose_
from firedoor.compiler.actions import Catalog
from firedoor.compiler.clocks import Clocks
from firedoor.compiler.consequences import read as read_consequence
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.kinds import ANYTHING, Kind
from firedoor.compiler.messages import Template
from firedoor.compiler.names import Scope, Sites
from firedoor.compiler.nodes import Mapping as MappingNode
from firedoor.compiler.nodes import Node, Scalar
from firedoor.compiler.outline import verb_of
from firedoor.compiler.playbook import Playbook
from firedoor.compiler.roster import Roster
from firedoor.compiler.shape import Fields, as_mapping, fields
from firedoor.plan.expression import Expr
from firedoor.plan.model import MOST_STEPS, Clock
from firedoor.plan.steps import Consequence, Step
from firedoor.plan.text import MessageRef, Text
from firedoor.plan.who import Audience, Who

_ASK_THE_COMMANDER = Consequence(kind="ask", asks=Who(kind="commander"), may_continue=True)


@dataclass(frozen=True)
class Shelf:
    """What a playbook stands on: the rest of its book. None where a file could not be read: any name passes then."""

    roster: Roster
    catalog: Catalog | None
    clocks: Clocks | None
    messages: Mapping[str, Template]
    playbooks: Mapping[str, Playbook]
    unread: frozenset[str] = frozenset()
    """Names that playbooks have, or may have, whose files could not be read: that is told there."""


@dataclass
class Made:
    """What one plan gathers while its steps are lowered."""

    sites: Sites = field(default_factory=Sites)
    steps: int = 0
    whole: bool = True
    """False when a step was left out, because of a mistake that has been told: then there is no plan."""
    files: set[str] = field(default_factory=set)
    """Of the playbooks whose steps are lowered."""
    clocks: dict[str, Clock] = field(default_factory=dict)
    actions: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    places: dict[tuple[str, str], Node] = field(default_factory=dict)
    """(path of a step, or "clock:" and a clock's name; option) → where it is written. "" is the verb."""


@dataclass(frozen=True)
class Common:
    """What every step has, ready for its constructor."""

    path: str
    id: str | None
    at: str
    when: Expr | None
    meets: tuple[str, ...]
    on_failure: Consequence

    @property
    def options(self) -> dict[str, object]:
        return vars(self)


@dataclass(frozen=True)
class Body:
    """The steps of one playbook at one place of a plan."""

    shelf: Shelf
    made: Made
    findings: Findings
    playbook: Playbook
    clocks: frozenset[str] | None
    """Names that `meets` may use; None where any passes."""
    prefix: str = ""
    """Of ids: "public-statement/" inside of a `run`."""
    running: tuple[str, ...] = ()
    """Names of the playbooks around, outermost first."""
    verbs: Mapping[str, Lower] = field(default_factory=dict)
    guards: tuple[Expr, ...] = ()
    """Conditions of the steps around, as far as they ask no system."""

    def steps(self, items: list[Node], prefix: str, scope: Scope) -> tuple[Step, ...]:
        """The steps of a list, the first at `prefix` + "0". Broken ones are told and left out."""
        self.made.files.add(self.playbook.file)
        found: list[Step] = []
        for number, item in enumerate(items):
            path = f"{prefix}{number}"
            mapping = as_mapping(item, "a step", self.findings)
            verb = self._verb(mapping) if mapping is not None else None
            if mapping is None or verb is None:
                self.made.whole = False
                continue
            self.made.steps += 1
            if self.made.steps > MOST_STEPS:
                self.made.whole = False
                break
            head = mapping.key(verb) or mapping
            entry = fields(mapping, schema.VERBS[verb].shape, self.findings, head)
            self.made.places[path, ""] = head
            for option in ("when", "meets", "expires", "say", "show"):
                if option in entry:
                    self.made.places[path, option] = entry.values[option]
            here = scope.at(path)
            step = self.verbs[verb](self, entry, self._common(verb, entry, path, here), here)
            if step is not None:
                found.append(step)
            else:
                self.made.whole = False
        return tuple(found)

    def _verb(self, step: MappingNode) -> str | None:
        verb = verb_of(step)
        if verb is not None:
            return verb
        verbs = [key for key, _ in step.entries if key.text in schema.VERBS]
        if verbs:
            named = " and ".join(key.text for key in verbs)
            self.findings.add(
                "FD105", verbs[1].place, f"one step has two verbs: {named}", fix="begin a step of its own with -"
            )
            return None
        for key, _ in step.entries:
            near = suggest.close(key.text, schema.VERBS)
            if near is not None and not any(key.text in verb.shape.keys for verb in schema.VERBS.values()):
                self.findings.add("FD105", key.place, f'no verb is called "{key.text}"', fix=f'write "{near}"')
                return None
        fix = f"begin with one of {suggest.listed(schema.VERBS)}"
        self.findings.add("FD105", step.place, "this step has no verb", fix=fix)
        return None

    def _common(self, verb: str, entry: Fields, path: str, scope: Scope) -> Common:
        on_failure = self.consequence("on_failure", verb, entry, scope)
        if on_failure is None:
            on_failure = _ASK_THE_COMMANDER
        id_ = entry.text("id")
        return Common(
            path=path,
            id=f"{self.prefix}{id_.text}" if id_ is not None else None,
            at=entry.at,
            when=self.condition("when", entry, scope),
            meets=self._meets(entry),
            on_failure=on_failure,
        )

    def _meets(self, entry: Fields) -> tuple[str, ...]:
        found: list[str] = []
        for scalar in entry.texts("meets", self.findings):
            if self.clocks is None or scalar.text in self.clocks:
                found.append(scalar.text)
                continue
            elsewhere = self.shelf.clocks
            if elsewhere is not None and scalar.text in elsewhere:
                if any(suggest.close(name, [scalar.text]) for name in self.clocks - elsewhere.keys()):
                    continue  # misspelt where it is started, and told there
                message = f'this playbook does not start the clock "{scalar.text}"'
                fix = "add it under `clocks`, with what starts it"
            else:
                message = f'no clock is called "{scalar.text}"'
                fix = suggest.fix(scalar.text, self.clocks, "add it to clocks.yaml, and under `clocks`") or ""
            self.findings.add("FD206", scalar.place, message, fix=fix, name=f"clock {scalar.text}")
        return tuple(dict.fromkeys(found))

    # --- options that several verbs have

    def condition(self, name: str, entry: Fields, scope: Scope) -> Expr | None:
        scalar = entry.text(name)
        return expressions.condition(scalar, scope, self.findings) if scalar is not None else None

    def consequence(self, name: str, verb: str, entry: Fields, scope: Scope) -> Consequence | None:
        scalar = entry.text(name)
        if scalar is None:
            return None
        self.made.places[scope.here, name] = scalar
        return read_consequence(name, scalar, verb, scope, self.shelf.roster, self.findings)

    def text(self, name: str, entry: Fields, scope: Scope) -> Text | None:
        node = entry.values.get(name)
        return prose_.text(node, scope, self.findings) if node is not None else None

    def say(self, entry: Fields, scope: Scope) -> Text | MessageRef | None:
        node = entry.values.get("say")
        if node is None:
            return None
        return prose_.say(node, scope, self.shelf.messages, self.findings, self.made.messages)

    def who(self, name: str, entry: Fields, *, on_shift: bool = False) -> Who | None:
        scalar = entry.text(name)
        return roster.who(scalar, self.shelf.roster, self.findings, on_shift=on_shift) if scalar is not None else None

    def audience(self, scalar: Scalar, scope: Scope) -> Audience | None:
        """Someone by name, or the accounts or mail addresses that an expression gives."""
        text = scalar.text.strip()
        found = roster.find(text, self.shelf.roster) if roster.is_name(text) else None
        bound = scope.value(text)
        if found is not None and not (bound is not None and self.shelf.roster.teams is None):
            return Audience(who=found)
        reads = scope.vocabulary.reads
        if roster.is_name(text) and bound is None and text not in (reads or ()):
            if not scope.unnamed:
                roster.tell_unknown(text, scalar.place, self.shelf.roster, self.findings, outsiders=True)
            return None
        typed = expressions.expression(scalar, scope, self.findings)
        if typed.expr is None:
            return None
        if typed.kind.base not in ("account", "email", "anything"):
            message = f"an expression here gives accounts or mail addresses, and this is {typed.kind}"
            fix = (
                "ask for its owner, such as owner_of(…)"
                if typed.kind.base == "content"
                else "name a team, a person or a role"
            )
            self.findings.add("FD217", scalar.place, message, fix=fix)
            return None
        return Audience(of=typed.expr)

    def targets(self, entry: Fields, kind: Kind, scope: Scope) -> Expr | None:
        """The expression under `targets`: one target of the kind, or a list of them."""
        scalar = entry.text("targets")
        if scalar is None:
            return None
        typed = expressions.expression(scalar, scope, self.findings)
        if typed.expr is None:
            return None
        if kind != ANYTHING and typed.kind.base not in (kind.base, "anything"):
            message = f"the targets are {typed.kind}, and the action takes {kind.many}"
            name = f"type of {scalar.text.strip()}"
            self.findings.add("FD217", scalar.place, message, fix=self._of_kind(kind, scope), name=name)
            return None
        return typed.expr

    def _of_kind(self, kind: Kind, scope: Scope) -> str | None:
        fitting = [name for name, bound in {**scope.inputs, **scope.items}.items() if bound.kind.base == kind.base]
        return f"use one of {suggest.listed(fitting)}" if fitting else f"name an expression for {kind.many}"

    def inside(self, common: Common) -> Body:
        """The body of the steps below one whose condition is this."""
        if common.when is None or expressions.asks_a_system(common.when):
            return self
        return replace(self, guards=(*self.guards, common.when))


Lower = Callable[[Body, Fields, Common, Scope], Step | None]
"""Lowers a step of one verb: its body, its options, what every step has, and its scope."""
