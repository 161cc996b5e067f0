"""What deciders are shown, so that their document holds the very words that they let out.

Where a `run` passes the name of a message, its name says nothing to who signs: the message stands beside it in each of
its languages, filled as the run fills any text. A message that more than names is needed for is shown as it is written,
and its label says that it is filled in when it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import nodes

from firedoor.compiler import expressions, prose
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.grammar import ENVIRONMENT
from firedoor.compiler.kinds import TEXTUAL
from firedoor.compiler.messages import Template
from firedoor.compiler.names import Scope
from firedoor.compiler.nodes import Scalar
from firedoor.plan.expression import Const, Expr, Prose

LATER = "filled in when it is sent"
_IN_WORDS = TEXTUAL | {"severity"}
"""Kinds whose values a run and a renderer of messages write alike."""


def shown(
    scalar: Scalar, scope: Scope, messages: Mapping[str, Template], findings: Findings
) -> Iterator[tuple[str, Expr]]:
    """What one entry of `show` puts before the deciders, each with its label. Nothing where it is broken: told."""
    typed = expressions.expression(scalar, scope, findings)
    if typed.expr is None:
        return
    yield scalar.text, typed.expr
    match typed.expr:
        case Const(value=str() as name) if name.strip() in messages:
            yield from _message(scalar.text, messages[name.strip()], scope)


def _message(label: str, template: Template, scope: Scope) -> Iterator[tuple[str, Expr]]:
    if template.broken:
        return
    for language, source in sorted(template.by_language.items()):
        filled = _filled(source, scope)
        if filled is None:
            yield f"{label} ({language}, {LATER})", Const(value=source)
        else:
            yield f"{label} ({language})", filled


def _filled(source: str, scope: Scope) -> Prose | None:
    """The message as prose, where it is no more than text with names of texts in it."""
    parts: list[str | Expr] = []
    for output in ENVIRONMENT.parse(source).body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                parts.append(node.data)
                continue
            bound, _ = prose.meaning(node.name, scope) if isinstance(node, nodes.Name) else (None, False)
            if bound is None or bound.expr is None or bound.kind.listed or bound.kind.base not in _IN_WORDS:
                return None
            parts.append(bound.expr)
    return Prose(of=tuple(parts))
