"""Checks an expression node by node against what the language has, types it, and lowers it to the plan's small tree.

What is not listed here does not exist: a call that is no declared read, an attribute that is no declared field, an item,
a slice, a conditional, a lambda of any sort. Every finding points at the part that is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

from jinja2 import nodes

from firedoor.compiler import grammar, suggest, values
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.grammar import Parsed, Unreadable
from firedoor.compiler.kinds import (
    ANYTHING,
    DATE_TIME,
    DURATION,
    NUMBER,
    ORDERED,
    SEVERITY,
    TEXT,
    TEXTUAL,
    YES_NO,
    Kind,
)
from firedoor.compiler.names import RUN_FIELDS, Bound, Scope
from firedoor.compiler.nodes import Scalar
from firedoor.compiler.outline import StepRef
from firedoor.plan.countries import COUNTRIES
from firedoor.plan.expression import (
    And,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Filter,
    Given,
    Listing,
    Not,
    Or,
    Outcome,
    Read,
    RunField,
    SeverityNow,
    StepField,
    StepIs,
    Within,
)
from firedoor.plan.model import ReadAction
from firedoor.plan.references import reads_in

OUTCOMES: tuple[str, ...] = get_args(Outcome)
ENDS: dict[str, tuple[Outcome, ...]] = {
    "approve": ("approved", "rejected", "unanswered", "skipped"),
    "notify": ("done", "failed", "skipped"),
    "contain": ("done", "failed", "skipped"),
    "undo": ("done", "failed", "skipped"),
    "task": ("done", "unanswered", "skipped"),
    "wait": ("done", "unanswered", "failed", "skipped"),
    "parallel": ("done", "skipped"),
    "group": ("done", "skipped"),
    "run": ("done", "skipped"),
    "for_each": ("done", "failed", "skipped"),
}
"""The outcomes that a step of each verb can have."""

FIELDS = ("held", "targets", "done_at")
FILTERS = ("count", "first", "last", "unique", "lower", "join")
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_MATHS: dict[type[nodes.BinExpr], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
}
_OTHER_FILTERS = {"length": "count", "size": "count", "len": "count", "distinct": "unique"}
_NO_SUCH: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.CondExpr: ("`if … else` has no place in an expression", "write two steps, each with its `when`"),
    nodes.Getitem: ("[ ] cannot take an item out of a value", "use | first or | last, or a for_each"),
    nodes.Slice: ("[ ] cannot take items out of a value", "use | first or | last, or a for_each"),
    nodes.Dict: ("{ } has no place in an expression", "write a list: [A, B]"),
    nodes.Tuple: ("( , ) has no place in an expression", "write a list: [A, B]"),
    nodes.Concat: ("~ has no place in an expression", "put the texts side by side, each in its own {{ }}"),
    nodes.Pow: ("** has no place in an expression", "write the number out"),
}
MOST_DIGITS = 15


@dataclass(frozen=True)
class Typed:
    """A lowered expression and its kind. `expr` is None where a mistake has been told, or for a step by itself."""

    expr: Expr | None
    kind: Kind
    ref: StepRef | None = None


BROKEN = Typed(None, ANYTHING)


def condition(scalar: Scalar, scope: Scope, findings: Findings) -> Expr | None:
    """An expression that is yes or no."""
    return Lowering(scalar, scope, findings).condition()


def expression(
    scalar: Scalar, scope: Scope, findings: Findings, start: int = 0, end: int | None = None, expect: Kind | None = None
) -> Typed:
    """A value: the expression in text[start:end] of the scalar. BROKEN where it is none, which has been told."""
    return Lowering(scalar, scope, findings, start, end).value(expect)


class Lowering:
    """One expression at one place."""

    def __init__(
        self, scalar: Scalar, scope: Scope, findings: Findings, start: int = 0, end: int | None = None
    ) -> None:
        self.scalar = scalar
        self.scope = scope
        self.findings = findings
        self.start = start
        self.text = scalar.text[start:end]
        self.parsed: Parsed

    # --- entry points

    def condition(self) -> Expr | None:
        root = self._parse()
        if root is None:
            return None
        return self._condition(root)

    def value(self, expect: Kind | None = None) -> Typed:
        root = self._parse()
        if root is None:
            return BROKEN
        return self._usable(self.lower(root, expect), root)

    def _parse(self) -> nodes.Expr | None:
        try:
            self.parsed = grammar.parse(self.text)
        except Unreadable as error:
            self.findings.add("FD210", self._place(error.start, error.end), error.message, fix=error.fix)
            return None
        try:
            _bounded(self.parsed.root)
        except Unreadable as error:
            self.findings.add("FD210", self.scalar.place, error.message, fix=error.fix)
            return None
        return self.parsed.root

    def _condition(self, node: nodes.Expr) -> Expr | None:
        found = self.lower(node, YES_NO)
        if found.kind.base == "anything":
            return None
        if found.ref is not None:
            outcome = ENDS[found.ref.verb][0]
            message = f"`{found.ref.id}` is a step; as a condition it needs its outcome"
            self._tell("FD213", node, message, fix=f"write {found.ref.id} is {outcome}")
            return None
        if found.kind != YES_NO:
            self._tell(
                "FD213", node, f"a condition is yes or no, and this is {found.kind}", fix=_as_condition(found.kind)
            )
            return None
        return found.expr

    def _usable(self, found: Typed, node: nodes.Expr) -> Typed:
        if found.ref is not None:
            message = f"`{found.ref.id}` is a step, and no value"
            self._tell("FD217", node, message, fix=f"use one of its fields, such as {found.ref.id}.done_at")
            return BROKEN
        return found

    # --- findings

    def _place(self, start: int, end: int) -> Place:
        return self.scalar.at(self.start + start, self.start + end)

    def _tell(self, code: str, at: nodes.Node | tuple[int, int], message: str, fix: str | None = None) -> None:
        start, end = at if isinstance(at, tuple) else self.parsed.span(at)
        self.findings.add(code, self._place(start, end), message, fix=fix)

    def _source(self, node: nodes.Node) -> str:
        start, end = self.parsed.span(node)
        return self.text[start:end]

    # --- the walk

    def lower(self, node: nodes.Node, expect: Kind | None = None) -> Typed:
        """A node of the tree. `expect` is the kind of what it is compared with: it types bare words and quoted text."""
        match node:
            case nodes.Name():
                return self._name(node, expect)
            case nodes.Const():
                return self._const(node, expect)
            case nodes.List():
                return self._list(node, expect)
            case nodes.And() | nodes.Or():
                return self._junction(node)
            case nodes.Not():
                inner = self._condition(node.node)
                return Typed(Not(of=inner), YES_NO) if inner is not None else BROKEN
            case nodes.Compare():
                return self._compare(node)
            case nodes.Test():
                return self._test(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Getattr():
                return self._attribute(node)
            case nodes.Call():
                return self._call(node)
            case nodes.Neg() | nodes.Pos():
                return self._signed(node)
            case nodes.BinExpr() if type(node) in _MATHS:
                return self._math(node, _MATHS[type(node)])
        message, fix = _NO_SUCH.get(
            type(node), ("this has no place in an expression", "write it with and, or, not and comparisons")
        )
        self._tell("FD211", node, message, fix)
        return BROKEN

    def _value(self, node: nodes.Node, expect: Kind | None = None) -> Typed:
        return self._usable(self.lower(node, expect), node) if isinstance(node, nodes.Expr) else BROKEN

    def _name(self, node: nodes.Name, expect: Kind | None) -> Typed:
        name = node.name
        word = self._word(name, expect)
        if word is not None:
            return word
        bound = self.scope.value(name)
        if bound is not None:
            return Typed(bound.expr, bound.kind) if bound.expr is not None else BROKEN
        if name in ("yes", "no"):
            return Typed(Const(value=name == "yes", type="yes_no"), YES_NO)
        if name in values.SEVERITIES:
            return Typed(Const(value=name, type="severity"), SEVERITY)
        if name == "severity":
            return self._severity(node)
        if name == "run":
            self._tell(
                "FD217",
                node,
                "`run` is no value by itself",
                f"use one of its fields: {suggest.listed('run.' + f for f in RUN_FIELDS)}",
            )
            return BROKEN
        ref = self.scope.step(name)
        if ref is not None:
            return Typed(None, Kind("step"), ref)
        reads = self.scope.vocabulary.reads
        if reads is not None and name in reads:
            return self._read(node, name, reads[name], [])
        return self._unknown(node, expect)

    def _word(self, name: str, expect: Kind | None) -> Typed | None:
        """A bare word that the other side types: a choice, a country, a language."""
        if expect is None:
            return None
        if expect.base == "choice" and name in expect.choices:
            return Typed(Const(value=name, type="choice"), expect.one)
        if expect.base == "country" and name in COUNTRIES:
            return Typed(Const(value=name, type="country"), expect.one)
        if expect.base == "language" and values.is_language(name) and self.scope.value(name) is None:
            return Typed(Const(value=name, type="language"), expect.one)
        return None

    def _severity(self, node: nodes.Name) -> Typed:
        if not self.scope.may_say_severity:
            self._tell("FD202", node, "`severity` is what is decided here; it is not known yet", "use the inputs")
            return BROKEN
        return Typed(SeverityNow(), SEVERITY)

    def _unknown(self, node: nodes.Name, expect: Kind | None) -> Typed:
        name = node.name
        if self.scope.vocabulary.reads is None and not expect:
            return BROKEN
        if expect is not None and expect.base == "country":
            fix = (
                f"write {name.upper()}"
                if name.upper() in COUNTRIES
                else "write a country's two capital letters (ISO 3166)"
            )
            self._tell("FD216", node, f'"{name}" is no country', fix)
        elif expect is not None and expect.base == "choice" and expect.choices:
            self._tell("FD216", node, f'"{name}" is none of the choices', suggest.fix(name, expect.choices))
        elif name in ("true", "false"):
            self._tell(
                "FD202",
                node,
                f"`{name}` is written {'yes' if name == 'true' else 'no'}",
                f"write {'yes' if name == 'true' else 'no'}",
            )
        else:
            fix: str | None = suggest.fix(name, self.scope.words())
            if expect is not None and expect.base in TEXTUAL and suggest.close(name, self.scope.words()) is None:
                fix = f'quote it if it is a text: "{name}"'
            self._tell("FD202", node, f'nothing is called "{name}" here', fix)
        return BROKEN

    def _const(self, node: nodes.Const, expect: Kind | None) -> Typed:
        value = node.value
        if isinstance(value, bool):
            word = "yes" if value else "no"
            self._tell("FD211", node, f"yes and no are written so, and not {self._source(node)}", f"write {word}")
            return BROKEN
        if value is None:
            self._tell("FD211", node, "there is no `none`", "write `NAME is given`, or `NAME is not given`")
            return BROKEN
        if isinstance(value, int | float):
            if len(str(value)) > MOST_DIGITS + 2 or (isinstance(value, float) and not math.isfinite(value)):
                self._tell("FD108", node, "this number is too large", "write a smaller one")
                return BROKEN
            return Typed(Const(value=value, type="number"), NUMBER)
        return self._quoted(node, str(value), expect)

    def _quoted(self, node: nodes.Const, text: str, expect: Kind | None) -> Typed:
        """Quoted text takes the type of what it is compared with."""
        base = expect.base if expect is not None else "text"
        kind = expect.one if expect is not None else TEXT
        match base:
            case "duration":
                seconds = values.seconds_of(text)
                if seconds is None:
                    self._tell(
                        "FD106", node, f'"{text}" is no length of time', 'write a number and a unit: "30m", "2 days"'
                    )
                    return BROKEN
                return Typed(Const(value=seconds, type="duration"), DURATION)
            case "date_time":
                if not values.is_moment(text):
                    self._tell(
                        "FD109",
                        node,
                        f'"{text}" is no moment',
                        'write date, time and offset: "2026-03-04T02:45:00+00:00"',
                    )
                    return BROKEN
                return Typed(Const(value=text.strip(), type="date_time"), DATE_TIME)
            case "choice" if text not in kind.choices and kind.choices:
                self._tell("FD216", node, f'"{text}" is none of the choices', suggest.fix(text, kind.choices))
                return BROKEN
            case "country" if text not in COUNTRIES:
                self._tell("FD216", node, f'"{text}" is no country', "write a country's two capital letters (ISO 3166)")
                return BROKEN
            case "severity" if text in values.SEVERITIES:
                return Typed(Const(value=text, type="severity"), SEVERITY)
            case _ if base in TEXTUAL:
                return Typed(Const(value=text, type=kind.value), kind)
        return Typed(Const(value=text, type="text"), TEXT)

    def _list(self, node: nodes.List, expect: Kind | None) -> Typed:
        parts = [self._value(item, expect) for item in node.items]
        if any(part.expr is None for part in parts):
            return BROKEN
        if not parts:
            self._tell("FD116", node, "this list is empty", "list something")
            return BROKEN
        first = parts[0].kind
        for item, part in zip(node.items, parts, strict=True):
            if part.kind.listed or not _alike(first, part.kind):
                self._tell(
                    "FD212",
                    item,
                    f"a list holds values of one type; this is {part.kind}, and the first {first}",
                    "write two lists",
                )
                return BROKEN
        return Typed(Listing(of=tuple(part.expr for part in parts if part.expr is not None)), first.many)

    def _junction(self, node: nodes.And | nodes.Or) -> Typed:
        """`a and b and c`, as one node: Jinja2 nests them to the left."""
        flat: list[nodes.Expr] = []
        waiting: list[nodes.Expr] = [node]
        while waiting:
            here = waiting.pop()
            if type(here) is type(node):
                waiting += [here.right, here.left]  # type: ignore[attr-defined]
            else:
                flat.append(here)
        parts = [self._condition(part) for part in flat]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return BROKEN
        return Typed(And(of=tuple(known)) if isinstance(node, nodes.And) else Or(of=tuple(known)), YES_NO)

    # --- comparisons

    def _compare(self, node: nodes.Compare) -> Typed:
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        found = [
            self._comparison(operand, left, right)
            for operand, left, right in zip(node.ops, sides, sides[1:], strict=False)
        ]
        known = [part for part in found if part is not None]
        if len(known) < len(found):
            return BROKEN
        return Typed(known[0] if len(known) == 1 else And(of=tuple(known)), YES_NO)

    def _comparison(self, operand: nodes.Operand, left: nodes.Expr, right: nodes.Expr) -> Expr | None:
        one, other = self._sides(left, right)
        if one.expr is None or other.expr is None:
            return None
        if operand.op in ("in", "notin"):
            return self._within(operand, one, other, left, right)
        sign = _SIGNS[operand.op]
        if one.kind.listed or other.kind.listed:
            listed, node = (one, left) if one.kind.listed else (other, right)
            fix = f"write {self._source(node)} | count, or VALUE in {self._source(node)}"
            self._tell("FD212", node, f"{listed.kind} cannot be compared by {sign}", fix)
            return None
        if not _alike(one.kind, other.kind):
            self._tell(
                "FD212",
                self._both(left, right),
                f"{one.kind} is compared with {other.kind}",
                _mend(one, other, self._source(right)),
            )
            return None
        if sign not in ("==", "!=") and one.kind.base not in ORDERED:
            self._tell(
                "FD212", self._both(left, right), f"{one.kind} has no order, so {sign} means nothing", "use == or !="
            )
            return None
        return Compare(sign=sign, left=one.expr, right=other.expr)  # type: ignore[arg-type]

    def _within(
        self, operand: nodes.Operand, one: Typed, other: Typed, left: nodes.Expr, right: nodes.Expr
    ) -> Expr | None:
        if not other.kind.listed:
            self._tell(
                "FD212",
                right,
                f"`in` looks into a list, and this is {other.kind}",
                f"write [{self._source(right)}], or ==",
            )
            return None
        if one.kind.listed or not _alike(one.kind, other.kind.one):
            self._tell(
                "FD212",
                self._both(left, right),
                f"{one.kind} is looked for in {other.kind}",
                "compare values of one type",
            )
            return None
        if one.expr is None or other.expr is None:
            return None
        within = Within(left=one.expr, right=other.expr)
        return Not(of=within) if operand.op == "notin" else within

    def _sides(self, left: nodes.Expr, right: nodes.Expr) -> tuple[Typed, Typed]:
        """Both sides, the one that cannot say its own type by the other's."""
        if self._needs_other(left) and not self._needs_other(right):
            other = self._value(right)
            return self._value(left, other.kind.one if other.expr is not None else ANYTHING), other
        one = self._value(left)
        if one.expr is None and self._needs_other(right):
            # The mistake on the left has been told; a word on the right could be anything.
            return one, BROKEN
        return one, self._value(right, one.kind.one)

    def _needs_other(self, node: nodes.Node) -> bool:
        match node:
            case nodes.Const():
                return isinstance(node.value, str)
            case nodes.List():
                return all(self._needs_other(item) for item in node.items)
            case nodes.Name():
                return self.scope.value(node.name) is None and node.name not in self.scope.words()
        return False

    def _both(self, left: nodes.Node, right: nodes.Node) -> tuple[int, int]:
        return self.parsed.span(left)[0], self.parsed.span(right)[1]

    # --- tests

    def _test(self, node: nodes.Test) -> Typed:
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._tell(
                "FD211",
                self.parsed.word_after(node, node.name),
                f"`is {node.name}` takes nothing after it",
                "put and, or between the two",
            )
            return BROKEN
        if node.name == "given":
            of = self._value(node.node)
            return Typed(Given(of=of.expr), YES_NO) if of.expr is not None else BROKEN
        if node.name in OUTCOMES:
            outcome = self._outcome(node)
            if outcome is not None:
                return outcome
        return self._is_value(node)

    def _outcome(self, node: nodes.Test) -> Typed | None:
        """`STEP is OUTCOME`; None where the left side is a value (a choice may be called `done`)."""
        at = self.parsed.word_after(node, node.name)
        if not isinstance(node.node, nodes.Name):
            if isinstance(node.node, nodes.Sub) and self._hyphen(node.node):
                return BROKEN
            return None
        name = node.node.name
        if self.scope.value(name) is not None:
            return None
        ref = self.scope.step(name)
        if ref is None:
            self._tell(
                "FD208",
                node.node,
                f'no step has the id "{name}"',
                suggest.fix(name, self.scope.outline.ids, "give the step an `id`"),
            )
            return BROKEN
        if not self._seen(ref, node.node):
            return BROKEN
        possible = ENDS[ref.verb]
        if node.name not in possible:
            message = f"`{name}` is {_article(ref.verb)} {ref.verb} step, which is never {node.name}"
            self._tell("FD215", at, message, f"it can be {', '.join(possible)}")
            return BROKEN
        return Typed(StepIs(step=ref.path, outcome=node.name), YES_NO)  # type: ignore[arg-type]

    def _is_value(self, node: nodes.Test) -> Typed:
        """`severity is sev1`, `country is IN`, `kind is fraud`."""
        at = self.parsed.word_after(node, node.name)
        if isinstance(node.node, nodes.Sub) and self._hyphen(node.node):
            return BROKEN
        of = self.lower(node.node)
        if of.ref is not None:
            possible = ENDS[of.ref.verb]
            fix = suggest.fix(node.name, possible)
            self._tell("FD215", at, f'a step is never "{node.name}"', fix)
            return BROKEN
        if of.expr is None:
            return BROKEN
        if of.kind.base == "severity" and node.name in values.SEVERITIES:
            right: Typed | None = Typed(Const(value=node.name, type="severity"), SEVERITY)
        else:
            right = None if of.kind.listed else self._word(node.name, of.kind)
        if right is not None and right.expr is not None:
            return Typed(Compare(sign="==", left=of.expr, right=right.expr), YES_NO)
        self._no_such_value(node, of, at)
        return BROKEN

    def _no_such_value(self, node: nodes.Test, of: Typed, at: tuple[int, int]) -> None:
        name, source = node.name, self._source(node.node)
        if of.kind.base == "severity":
            self._tell("FD216", at, f'no severity is called "{name}"', suggest.fix(name, values.SEVERITIES))
        elif of.kind.base == "choice" and not of.kind.listed:
            self._tell("FD216", at, f'"{name}" is none of the choices of {source}', suggest.fix(name, of.kind.choices))
        elif of.kind.base == "country" and not of.kind.listed:
            self._tell("FD216", at, f'"{name}" is no country', "write a country's two capital letters (ISO 3166)")
        elif name in OUTCOMES:
            self._tell("FD215", at, f"`{source}` is {of.kind}, and only a step is {name}", "name the step by its id")
        elif name in ("defined", "none", "empty", "undefined", "known"):
            self._tell("FD211", at, f"there is no `is {name}`", "write `is given`")
        elif name in ("yes", "no", "true", "false") and of.kind == YES_NO:
            fix = f"write {source}" if name in ("yes", "true") else f"write not {source}"
            self._tell("FD211", at, f"`{source}` is yes or no already", fix)
        else:
            self._tell("FD211", at, f"`is {name}` says nothing of {of.kind}", "use ==, in, or `is given`")

    def _seen(self, ref: StepRef, node: nodes.Node) -> bool:
        """Whether the step has ended when this place is reached; tells where it has not."""
        if self.scope.steps == "none":
            self._tell(
                "FD214", node, f"`{ref.id}` is a step, and no step has ended when this is decided", "use the inputs"
            )
            return False
        seen = self.scope.outline.seen(ref, self.scope.here)
        if self.scope.steps == "any":
            seen = "round" if ref.loops else "ended"
        if seen == "ended":
            return True
        line = ref.key.place.line
        if seen == "round":
            message = f"`{ref.id}` (line {line}) is a step of a loop, and ends with its round"
            self._tell("FD218", node, message, "use it inside of the loop")
        else:
            why = {
                "itself": f"`{ref.id}` is this step itself: it has not ended",
                "around": f"this step is part of `{ref.id}` (line {line}), which has not ended",
                "beside": f"`{ref.id}` (line {line}) runs at the same time, and may not have ended",
                "later": f"`{ref.id}` (line {line}) comes later: it cannot have ended",
            }[seen]
            self._tell("FD214", node, why, "move this after it")
        return False

    # --- fields, filters, reads

    def _attribute(self, node: nodes.Getattr) -> Typed:
        at = self.parsed.word_after(node, node.attr)
        if isinstance(node.node, nodes.Name):
            name = node.node.name
            if name == "run" and self.scope.value(name) is None:
                kind = RUN_FIELDS.get(node.attr)
                if kind is None:
                    self._tell("FD202", at, f'a run has no "{node.attr}"', suggest.fix(node.attr, RUN_FIELDS))
                    return BROKEN
                return Typed(RunField(field=node.attr), kind)  # type: ignore[arg-type]
            ref = self.scope.step(name) if self.scope.value(name) is None else None
            if ref is not None:
                return self._field(node, ref, at)
        of = self.lower(node.node)
        if of.kind != ANYTHING:
            self._tell("FD211", at, f"{of.kind} has no parts, so .{node.attr} means nothing", "use the name alone")
        return BROKEN

    def _field(self, node: nodes.Getattr, ref: StepRef, at: tuple[int, int]) -> Typed:
        if node.attr not in FIELDS:
            fix = f"write {ref.id} is {node.attr}" if node.attr in ENDS[ref.verb] else suggest.fix(node.attr, FIELDS)
            self._tell("FD202", at, f'a step has no "{node.attr}"', fix)
            return BROKEN
        if node.attr != "done_at" and ref.verb != "contain":
            self._tell(
                "FD217",
                at,
                f"`{ref.id}` is {_article(ref.verb)} {ref.verb} step: only a contain step has {node.attr}",
                "name a contain step",
            )
            return BROKEN
        if not self._seen(ref, node.node):
            return BROKEN
        kind = DATE_TIME if node.attr == "done_at" else self.scope.kind_held(ref).many
        return Typed(StepField(step=ref.path, field=node.attr), kind)  # type: ignore[arg-type]

    def _filter(self, node: nodes.Filter) -> Typed:
        at = self.parsed.word_after(node, node.name)
        if node.node is None:
            self._tell("FD211", at, "a filter needs a value before it", "write VALUE | count")
            return BROKEN
        of = self._value(node.node)
        if node.name not in FILTERS:
            known = _OTHER_FILTERS.get(node.name)
            fix = f'write "{known}"' if known else suggest.fix(node.name, FILTERS)
            self._tell("FD211", at, f'no filter is called "{node.name}"', fix)
            return BROKEN
        argument, fine = self._filter_argument(node, at)
        if of.expr is None or not fine:
            return BROKEN
        wants_text = node.name == "lower"
        if of.kind.base != "anything" and (of.kind.listed if wants_text else not of.kind.listed):
            wanted = "a text" if wants_text else "a list"
            self._tell("FD212", at, f"`{node.name}` takes {wanted}, and {self._source(node.node)} is {of.kind}", None)
            return BROKEN
        if wants_text and of.kind.base not in {*TEXTUAL, "anything"}:
            self._tell("FD212", at, f"`lower` takes a text, and {self._source(node.node)} is {of.kind}", None)
            return BROKEN
        gives = {
            "count": NUMBER,
            "first": of.kind.one,
            "last": of.kind.one,
            "unique": of.kind,
            "lower": TEXT,
            "join": TEXT,
        }
        return Typed(Filter(name=node.name, of=of.expr, argument=argument), gives[node.name])  # type: ignore[arg-type]

    def _filter_argument(self, node: nodes.Filter, at: tuple[int, int]) -> tuple[str | None, bool]:
        if not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs):
            return None, True
        only = node.args[0] if len(node.args) == 1 and not (node.kwargs or node.dyn_args or node.dyn_kwargs) else None
        if node.name == "join" and isinstance(only, nodes.Const) and isinstance(only.value, str):
            return only.value, True
        fix = 'write join(", ")' if node.name == "join" else f"write | {node.name}"
        self._tell("FD211", at, f"`{node.name}` takes nothing but what stands before it", fix)
        return None, False

    def _call(self, node: nodes.Call) -> Typed:
        reads = self.scope.vocabulary.reads
        if not isinstance(node.node, nodes.Name):
            self._tell("FD211", node, "only a read of actions.yaml can be asked", "declare the question under `reads`")
            return BROKEN
        name = node.node.name
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._tell(
                "FD205", node.node, f"`{name}` takes values alone, without names or stars", f"write {name}(VALUE)"
            )
            return BROKEN
        if reads is None:
            for argument in node.args:
                self._value(argument)
            return BROKEN
        if name not in reads:
            if self.scope.value(name) is not None or self.scope.step(name) is not None:
                self._tell(
                    "FD211", node.node, f"`{name}` is no read, so nothing can be asked of it", f"write {name} alone"
                )
            else:
                fix = suggest.fix(name, reads, "declare it under `reads` in actions.yaml")
                self._tell("FD205", node.node, f'no read is called "{name}"', fix)
            return BROKEN
        return self._read(node.node, name, reads[name], list(node.args))

    def _read(self, node: nodes.Name, name: str, read: ReadAction | None, arguments: list[nodes.Expr]) -> Typed:
        if read is None:
            return BROKEN
        wanted = [Kind(base, listed) for base, listed in read.takes]
        found = [self._value(node_, kind.one) for node_, kind in zip(arguments, wanted, strict=False)]
        if len(arguments) != len(wanted):
            takes = ", ".join(str(kind) for kind in wanted) or "nothing"
            fix = f"write {name}({', '.join('…' for _ in wanted)})" if wanted else f"write {name} alone"
            self._tell("FD205", node, f"`{name}` takes {takes}", fix)
            return BROKEN
        if not self.scope.may_read:
            self._tell(
                "FD223",
                node,
                f"`{name}` asks a system, which only a step can do",
                "use it in a step's `when`, `targets`, `wait` or text",
            )
            return BROKEN
        given: list[Expr] = []
        for argument, typed, kind in zip(arguments, found, wanted, strict=True):
            fitted = self._argument(argument, typed, kind)
            if fitted is None:
                return BROKEN
            given.append(fitted)
        argument_ = None if not given else given[0] if len(given) == 1 else Listing(of=tuple(given))
        site = self.scope.sites.next(self.scope.here, name)
        gives = Kind(read.gives, read.gives_list)
        return Typed(Read(call=name, site=site, argument=argument_, type=read.gives, listed=read.gives_list), gives)

    def _argument(self, node: nodes.Expr, typed: Typed, kind: Kind) -> Expr | None:
        if typed.expr is None:
            return None
        if typed.kind == ANYTHING or (_alike(typed.kind.one, kind.one) and typed.kind.listed == kind.listed):
            return typed.expr
        if _alike(typed.kind, kind.one) and kind.listed:
            return Listing(of=(typed.expr,))
        self._tell("FD217", node, f"{kind} is wanted here, and {self._source(node)} is {typed.kind}", None)
        return None

    # --- arithmetic

    def _signed(self, node: nodes.Neg | nodes.Pos) -> Typed:
        of = self._value(node.node)
        if of.expr is None:
            return BROKEN
        if of.kind not in (NUMBER, DURATION):
            self._tell("FD212", node, f"{of.kind} has no sign", None)
            return BROKEN
        if isinstance(node, nodes.Pos):
            return of
        if isinstance(of.expr, Const) and isinstance(of.expr.value, int | float):
            return Typed(Const(value=-of.expr.value, type=of.expr.type), of.kind)
        zero = Const(value=0, type=of.kind.value)
        return Typed(Arithmetic(sign="-", left=zero, right=of.expr), of.kind)

    def _math(self, node: nodes.BinExpr, sign: str) -> Typed:
        if isinstance(node, nodes.Sub) and self._hyphen(node):
            return BROKEN
        left, right = self._operand(node.left), self._operand(node.right)
        if left.expr is None or right.expr is None:
            return BROKEN
        gives = _calculated(sign, left.kind, right.kind)
        if gives is None:
            words = {"+": "added to", "-": "taken from", "*": "multiplied by"}.get(sign, "divided by")
            one, other = (right.kind, left.kind) if sign in ("+", "-") else (left.kind, right.kind)
            fix = 'calculate with numbers, moments and durations; a duration is quoted: "30m"'
            self._tell("FD212", node, f"{one} cannot be {words} {other}", fix)
            return BROKEN
        return Typed(Arithmetic(sign=sign, left=left.expr, right=right.expr), gives)  # type: ignore[arg-type]

    def _operand(self, node: nodes.Expr) -> Typed:
        """An operand of arithmetic: quoted text is a duration or a moment."""
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            return self._value(node, DATE_TIME if values.MOMENT.fullmatch(node.value.strip()) else DURATION)
        return self._value(node)

    def _hyphen(self, node: nodes.Sub) -> bool:
        """`sign-off` reads as a difference. Tell where a name with a hyphen was meant."""
        start, end = self.parsed.span(node)
        written = self.text[start:end]
        if not all(part.isidentifier() for part in written.split("-")):
            return False
        names = written.split("-")
        if all(self.scope.value(name) is not None for name in names):
            return False
        if written in self.scope.outline.ids or written in self.scope.inputs:
            return True  # told where it is declared
        known = written.replace("-", "_")
        if known in self.scope.words():
            self._tell(
                "FD202", (start, end), f'nothing is called "{written}": names hold no hyphen', f'write "{known}"'
            )
            return True
        first = next((name for name in names if name not in set(self.scope.words())), None)
        if first is not None:
            self._tell(
                "FD202", (start, end), f'nothing is called "{written}" here', suggest.fix(known, self.scope.words())
            )
            return True
        return False


def bind(typed: Typed) -> Bound:
    return Bound(typed.expr, typed.kind)


def asks_a_system(expr: Expr) -> bool:
    """Whether the value of an expression takes a read."""
    return any(True for _ in reads_in(expr))


def _bounded(root: nodes.Node, deepest: int = 100) -> None:
    """Refuse a tree that is too deep to walk: a chain of `and`s nests, and so do signs and nots."""
    level: list[nodes.Node] = [root]
    depth = 0
    while level:
        depth += 1
        if depth > deepest:
            raise Unreadable("this expression is too long", 0, 1, "split it into several steps")
        level = [child for node in level for child in node.iter_child_nodes()]


def _alike(left: Kind, right: Kind) -> bool:
    """Whether two values can be compared: one type, or a text with whatever is written as one."""
    if ANYTHING.base in (left.base, right.base):
        return True
    if left.base == right.base:
        return True
    return "text" in (left.base, right.base) and left.base in TEXTUAL and right.base in TEXTUAL


def _calculated(sign: str, left: Kind, right: Kind) -> Kind | None:
    if left.listed or right.listed:
        return None
    table: dict[tuple[str, str], dict[str, Kind]] = {
        ("number", "number"): dict.fromkeys(("+", "-", "*", "/", "//", "%"), NUMBER),
        ("date_time", "date_time"): {"-": DURATION},
        ("date_time", "duration"): {"+": DATE_TIME, "-": DATE_TIME},
        ("duration", "date_time"): {"+": DATE_TIME},
        ("duration", "duration"): {"+": DURATION, "-": DURATION, "/": NUMBER},
        ("duration", "number"): {"*": DURATION, "/": DURATION},
        ("number", "duration"): {"*": DURATION},
    }
    return table.get((left.base, right.base), {}).get(sign)


def _as_condition(kind: Kind) -> str:
    if kind.listed:
        return "compare its count: NAME | count > 0"
    if kind.base == "number":
        return "compare it: NAME > 0"
    return "compare it, or write `NAME is given`"


def _mend(one: Typed, other: Typed, right: str) -> str | None:
    if {one.kind.base, other.kind.base} == {"number", "text"} and right[:1] in "\"'":
        return f"write the number without quotes: {right[1:-1]}"
    if "duration" in (one.kind.base, other.kind.base) and "number" in (one.kind.base, other.kind.base):
        return f'quote a length of time: "{right}m"'
    return None


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
