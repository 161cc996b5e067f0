"""Checks an expression node by node against what the language has, types it, and lowers it to the plan's small tree.

What the table below does not list does not exist: a call that is no declared read, an attribute that is no declared
field, an item, a slice, a conditional, a lambda of any sort. Every finding points at the part that is wrong.
"""

from __future__ import annotations

from jinja2 import nodes

from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.expressions import arithmetic, comparing, outcomes, reads, words
from firedoor.compiler.expressions.walk import BROKEN, Rule, Typed, Walk
from firedoor.compiler.names import Scope
from firedoor.compiler.nodes import Scalar
from firedoor.plan.expression import Expr
from firedoor.plan.references import reads_in

RULES: dict[type[nodes.Node], Rule] = {
    nodes.Name: words.named,
    nodes.Const: words.constant,
    nodes.List: words.listing,
    nodes.And: comparing.junction,
    nodes.Or: comparing.junction,
    nodes.Not: comparing.negation,
    nodes.Compare: comparing.compare,
    nodes.Test: outcomes.is_test,
    nodes.Getattr: outcomes.attribute,
    nodes.Filter: reads.filtered,
    nodes.Call: reads.call,
    nodes.Neg: arithmetic.signed,
    nodes.Pos: arithmetic.signed,
    nodes.Add: arithmetic.calculate,
    nodes.Sub: arithmetic.calculate,
    nodes.Mul: arithmetic.calculate,
    nodes.Div: arithmetic.calculate,
    nodes.FloorDiv: arithmetic.calculate,
    nodes.Mod: arithmetic.calculate,
}


def condition(scalar: Scalar, scope: Scope, findings: Findings, start: int = 0, end: int | None = None) -> Expr | None:
    """The expression in text[start:end] of a scalar, which must be yes or no. None where it is not, which is told."""
    walk = Walk(RULES, scalar, scope, findings, start, end)
    root = walk.root()
    return walk.condition_of(root) if root is not None else None


def expression(scalar: Scalar, scope: Scope, findings: Findings, start: int = 0, end: int | None = None) -> Typed:
    """The same, of any type. BROKEN where it is none, which is told."""
    walk = Walk(RULES, scalar, scope, findings, start, end)
    root = walk.root()
    return walk.value_of(root) if root is not None else BROKEN


def asks_a_system(expr: Expr) -> bool:
    """Whether the value of an expression takes a read."""
    return any(True for _ in reads_in(expr))


__all__ = ["BROKEN", "Typed", "asks_a_system", "condition", "expression"]
