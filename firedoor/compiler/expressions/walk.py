"""The walk over one expression: what every kind of node needs. Which nodes there are is the table in `__init__`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, get_args

from jinja2 import nodes

from firedoor.compiler import grammar, suggest
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.grammar import Parsed, Unreadable
from firedoor.compiler.kinds import ANYTHING, YES_NO, Kind
from firedoor.compiler.names import Scope
from firedoor.compiler.nodes import Scalar
from firedoor.compiler.outline import StepRef
from firedoor.plan.expression import Expr, Outcome

OUTCOMES: tuple[str, ...] = get_args(Outcome)
ENDS: dict[str, tuple[Outcome, ...]] = {
    "approve": ("approved", "rejected", "unanswered", "skipped"),
    "notify": ("done", "failed", "skipped"),
    "contain": ("done", "failed", "skipped"),
    "undo": ("done", "failed", "skipped"),
    "task": ("done", "unanswered", "skipped"),
    "wait": ("done", "unanswered", "skipped"),
    "parallel": ("done", "skipped"),
    "group": ("done", "skipped"),
    "run": ("done", "skipped"),
    "for_each": ("done", "failed", "skipped"),
}
"""The outcomes that a step of each verb can have."""


class Typed(NamedTuple):
    """A lowered expression and its kind. `expr` is None where a mistake has been told, or for a step by itself."""

    expr: Expr | None
    kind: Kind
    ref: StepRef | None = None


BROKEN = Typed(None, ANYTHING)


class Walk:
    """One expression at one place: text[start:end] of a scalar."""

    def __init__(
        self,
        rules: Mapping[type[nodes.Node], Rule],
        scalar: Scalar,
        scope: Scope,
        findings: Findings,
        start: int = 0,
        end: int | None = None,
    ) -> None:
        self.rules = rules
        self.scalar = scalar
        self.scope = scope
        self.findings = findings
        self.start = start
        self.text = scalar.text[start:end]
        self.parsed: Parsed

    def root(self) -> nodes.Expr | None:
        """The tree; None where the text is no expression, which is told."""
        try:
            self.parsed = grammar.parse(self.text)
            if self._hyphenated():
                return None
        except Unreadable as error:
            self.findings.add("FD210", self.place(error.start, error.end), error.message, fix=error.fix)
            return None
        return self.parsed.root

    def _hyphenated(self) -> bool:
        """Whether a name with a hyphen was meant: `sign-off is approved` reads as a difference. Tells of each."""
        if "-" not in self.text:
            return False
        found = False
        for start, end in grammar.hyphenated(self.parsed.tokens):
            written = self.text[start:end]
            if all(self.scope.value(name) is not None for name in written.split("-")):
                continue
            found = True
            if written in self.scope.outline.ids or written in self.scope.inputs:
                continue  # told where it is declared
            known = written.replace("-", "_")
            hint = ": names hold no hyphen" if known in self.scope.words() else " here"
            message, fix = f'nothing is called "{written}"{hint}', suggest.fix(known, self.scope.words())
            self.tell("FD202", (start, end), message, fix, name=f"name {written}")
        return found

    def lower(self, node: nodes.Node, expect: Kind | None = None) -> Typed:
        """A node of the tree. `expect` is the kind of what it is compared with: it types bare words and quoted text."""
        rule = self.rules.get(type(node))
        if rule is not None:
            return rule(self, node, expect)
        message, fix = _NO_SUCH.get(type(node), _NO_PLACE)
        self.tell("FD211", node, message, fix)
        return BROKEN

    def value_of(self, node: nodes.Node, expect: Kind | None = None) -> Typed:
        """The same, where a step by itself will not do."""
        found = self.lower(node, expect)
        if found.ref is None:
            return found
        name, outcome = found.ref.id, ENDS[found.ref.verb][0]
        message = f"`{name}` is a step, and no value"
        self.tell(
            "FD217", node, message, f"write {name} is {outcome}, or use one of its fields, such as {name}.done_at"
        )
        return BROKEN

    def condition_of(self, node: nodes.Node) -> Expr | None:
        """The same, where it must be yes or no."""
        found = self.lower(node, YES_NO)
        if found.ref is not None:
            outcome = ENDS[found.ref.verb][0]
            message = f"`{found.ref.id}` is a step; as a condition it needs its outcome"
            self.tell("FD213", node, message, f"write {found.ref.id} is {outcome}")
            return None
        if found.kind.base == "anything":
            return None
        if found.kind != YES_NO:
            fix = _as_condition(found.kind, self.source(node))
            self.tell("FD213", node, f"a condition is yes or no, and this is {found.kind}", fix)
            return None
        return found.expr

    def place(self, start: int, end: int) -> Place:
        return self.scalar.at(self.start + start, self.start + end)

    def tell(
        self,
        code: str,
        at: nodes.Node | tuple[int, int],
        message: str,
        fix: str | None = None,
        name: str | None = None,
    ) -> None:
        start, end = at if isinstance(at, tuple) else self.parsed.span(at)
        self.findings.add(code, self.place(start, end), message, fix=fix, name=name)

    def source(self, node: nodes.Node) -> str:
        """A node as it is written."""
        start, end = self.parsed.span(node)
        return self.text[start:end]


Rule = Callable[[Walk, Any, Kind | None], Typed]
"""Lowers one kind of node."""

_NO_PLACE = ("this has no place in an expression", "write it with and, or, not and comparisons")
_NO_SUCH: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.CondExpr: ("`if … else` has no place in an expression", "write two steps, each with its `when`"),
    nodes.Getitem: ("[ ] cannot take an item out of a value", "use | first or | last, or a for_each"),
    nodes.Slice: ("[ ] cannot take items out of a value", "use | first or | last, or a for_each"),
    nodes.Dict: ("{ } has no place in an expression", "write a list: [A, B]"),
    nodes.Tuple: ("a comma has no place here", "put and, or between the two; a list is written [A, B]"),
    nodes.Concat: ("~ has no place in an expression", "put the texts side by side, each in its own {{ }}"),
    nodes.Pow: ("** has no place in an expression", "write the number out"),
}


def _as_condition(kind: Kind, written: str) -> str:
    """What to write for a value that stands where a condition belongs."""
    if kind.listed:
        return f"compare its count: {written} | count > 0"
    if kind.base == "number":
        return f"compare it: {written} > 0"
    if kind.base == "severity":
        return f"write {written} is sev1, or {written} <= sev2"
    return f"compare it, or write `{written} is given`"


def article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
