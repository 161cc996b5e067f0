"""Values that are written out: defaults of inputs, and what a `run` passes. Typed by the input that they are for."""

from __future__ import annotations

import math
from typing import Any

from firedoor.compiler import suggest, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.kinds import Kind
from firedoor.compiler.nodes import Node, Scalar, Sequence
from firedoor.compiler.shape import as_text
from firedoor.plan.countries import COUNTRIES
from firedoor.plan.expression import Const, Expr, Listing


def literal(node: Node, kind: Kind, what: str, findings: Findings) -> Any:
    """The value as JSON, or None with a finding."""
    if not kind.listed:
        scalar = as_text(node, what, findings)
        return None if scalar is None else _one(scalar, kind, findings)
    if not isinstance(node, Sequence):
        message = f"{what} is {kind}: write it as a list"
        fix = f"write [{node.text}]" if isinstance(node, Scalar) else "begin each item with -"
        if isinstance(node, Scalar) and node.text in ("none", "null", "~"):
            fix = "leave it out"
        findings.add("FD103", node.place, message, fix=fix)
        return None
    found = [literal(item, kind.one, what, findings) for item in node.items]
    return None if any(item is None for item in found) else found


def constant(value: Any, kind: Kind) -> Expr:
    """A literal value as an expression. None is one that was not given."""
    if isinstance(value, list):
        return Listing(of=tuple(Const(value=item, type=kind.value) for item in value))
    return Const(value=value, type=kind.value)


def _one(scalar: Scalar, kind: Kind, findings: Findings) -> Any:
    match kind.base:
        case "yes_no":
            return values.yes_no(scalar, findings)
        case "number":
            return values.number(scalar, findings, least=-math.inf)
        case "duration":
            return values.seconds(scalar, findings, zero=True)
        case "date_time":
            return values.moment(scalar, findings)
        case "language":
            return values.language(scalar, findings)
        case "choice" if kind.choices:
            return _among(scalar, kind.choices, "none of the choices", findings)
        case "country":
            return _among(scalar, COUNTRIES, "no country", findings)
    return scalar.text


def _among(scalar: Scalar, known: Any, what: str, findings: Findings) -> str | None:
    if scalar.text in known:
        return scalar.text
    if scalar.text.upper() in known:
        fix: str | None = f"write {scalar.text.upper()}"
    elif known is COUNTRIES and scalar.text.upper() == "UK":
        fix = "write GB"
    elif known is COUNTRIES:
        fix = "write a country's two capital letters (ISO 3166)"
    else:
        fix = suggest.fix(scalar.text, known)
    findings.add("FD216", scalar.place, f'"{scalar.text}" is {what}', fix=fix)
    return None
