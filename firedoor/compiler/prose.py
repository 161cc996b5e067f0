"""Prose with holes: `Tell {{ account }}`, by language, or the name of a message of the book."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import jinja2

from firedoor.compiler import expressions, suggest, values
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.expressions import Typed
from firedoor.compiler.grammar import ENVIRONMENT
from firedoor.compiler.kinds import TEXT, Kind
from firedoor.compiler.messages import Template
from firedoor.compiler.names import Bound, Scope
from firedoor.compiler.nodes import Mapping as MappingNode
from firedoor.compiler.nodes import Node, Scalar
from firedoor.compiler.shape import as_text
from firedoor.plan.expression import Const, Expr, Prose, SeverityNow
from firedoor.plan.text import MessageRef, Text

_MESSAGE_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
_SIGNS = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_PLAIN_HOLE = re.compile(r"\{\{[^{}'\"%#]*\}\}")
"""A hole that holds no quotes and no braces, as most do."""
Hole = tuple[int, int]
"""Offsets of an expression within its braces."""


def holes(scalar: Scalar, findings: Findings) -> list[Hole] | None:
    """The holes of a text, in order. None where the braces do not fit, which is told."""
    found: list[Hole] = []
    text, position = scalar.text, 0
    while sign := _SIGNS.search(text, position):
        start = sign.start()
        if sign.group() == "{{":
            end = _end_of_hole(text, start)
            if end is None:
                findings.add("FD222", scalar.at(start, start + 2), "this {{ is never closed", fix="close it with }}")
                return None
            inner = text[start + 2 : end - 2]
            if inner[:1] in "-+" or inner[-1:] in "-+":
                at = scalar.at(start, end)
                findings.add("FD222", at, "- and + beside the braces have no place in a text", fix="write {{ NAME }}")
                return None
            found.append((start + 2, end - 2))
            position = end
        elif sign.group() in ("}}", "{%", "{#"):
            fix = "remove it" if sign.group() == "}}" else "put what it is for into a message file, or write a `when`"
            what = (
                "this }} closes nothing"
                if sign.group() == "}}"
                else f"only {{{{ }}}} has a meaning in a text, and {sign.group()} none"
            )
            findings.add("FD222", scalar.at(start, start + 2), what, fix=fix)
            return None
        else:
            position = sign.end()
    return found


def _end_of_hole(text: str, start: int) -> int | None:
    """Where the hole that begins at `start` ends, braces and quotes within it being none of its end."""
    plainly = _PLAIN_HOLE.match(text, start)
    if plainly:
        return plainly.end()
    position = start
    try:
        for _, kind, value in ENVIRONMENT.lex(text[start:]):
            position += len(value)
            if kind == "variable_end":
                # White space control (-}}) takes what follows it into the token: end at the braces.
                return position - len(value) + value.index("}}") + 2
    except jinja2.TemplateSyntaxError:
        plain = text.find("}}", start)
        return plain + 2 if plain >= 0 else None
    return None


def prose(scalar: Scalar, scope: Scope, findings: Findings) -> Prose | None:
    """The text's pieces; what is constant, as an input that a `run` passed may be, becomes plain text."""
    found = holes(scalar, findings)
    if found is None:
        return None
    parts: list[str | Expr] = []
    position = 0
    whole = True
    for start, end in found:
        typed = expressions.expression(scalar, scope, findings, start, end)
        parts += [scalar.text[position : start - 2], *_pieces(typed)]
        whole = whole and typed.expr is not None
        position = end + 2
    return Prose(of=tuple(_joined([*parts, scalar.text[position:]]))) if whole else None


def _pieces(typed: Typed) -> Iterator[str | Expr]:
    match typed.expr:
        case None:
            return
        case Const(value=str() as text) if typed.kind.base == "text":
            yield text
        case Prose(of=parts):
            yield from parts
        case expr:
            yield expr


def _joined(parts: list[str | Expr]) -> Iterator[str | Expr]:
    waiting = ""
    for part in parts:
        if isinstance(part, str):
            waiting += part
        else:
            if waiting:
                yield waiting
            yield part
            waiting = ""
    if waiting:
        yield waiting


def value(scalar: Scalar, scope: Scope, findings: Findings) -> Typed | None:
    """What `with` passes: a lone hole is its typed value, anything else is text. None: told."""
    found = holes(scalar, findings)
    if found is None:
        return None
    if len(found) == 1 and not (scalar.text[: found[0][0] - 2] + scalar.text[found[0][1] + 2 :]).strip():
        typed = expressions.expression(scalar, scope, findings, *found[0])
        return typed if typed.expr is not None else None
    made = prose(scalar, scope, findings)
    if made is None:
        return None
    constant = plain(made)
    return Typed(Const(value=constant) if constant is not None else made, TEXT)


def plain(made: Prose) -> str | None:
    """The text of prose without holes."""
    return (
        "".join(part for part in made.of if isinstance(part, str)) if all(isinstance(p, str) for p in made.of) else None
    )


def text(node: Node, scope: Scope, findings: Findings) -> Text | None:
    """One text, or a map by language."""
    if isinstance(node, Scalar):
        made = prose(node, scope, findings)
        return Text(by_language={"*": made}) if made is not None else None
    if not isinstance(node, MappingNode):
        return None
    by_language: dict[str, Prose] = {}
    whole = True
    for key, inner in node.entries:
        language = values.language(key, findings)
        scalar = as_text(inner, f"`{key.text}`", findings)
        made = prose(scalar, scope, findings) if scalar is not None else None
        if language is None or made is None:
            whole = False
        else:
            by_language[language] = made
    return Text(by_language=by_language) if whole and by_language else None


def say(
    node: Node, scope: Scope, messages: Mapping[str, Template], findings: Findings, used: set[str]
) -> Text | MessageRef | None:
    """A text, or a message of the book where the text is its name, be it written here or passed by a `run`."""
    made = text(node, scope, findings)
    if made is None or not isinstance(node, Scalar):
        return made
    name = plain(made.by_language["*"])
    if name is None:
        return made
    name = name.strip()
    if name in messages:
        used.add(name)
        return _reference(node, name, messages[name], scope, findings)
    if _MESSAGE_NAME.fullmatch(name):
        fix = suggest.fix(name, messages, f"write messages/{name}.en.md.j2")
        place, notes = _written(node, scope)
        findings.add("FD207", place, f'no message is called "{name}"', fix=fix, notes=notes)
        return None
    return made


def _written(node: Scalar, scope: Scope) -> tuple[Place, list[str]]:
    """Where a message's name is written: at the `run` that passed it, where the text is a lone hole."""
    bound = scope.value(node.text.strip().removeprefix("{{").removesuffix("}}").strip())
    if bound is None or bound.origin is None:
        return node.place, []
    return bound.origin, [f"it is said at {node.place}"]


def _reference(node: Scalar, name: str, template: Template, scope: Scope, findings: Findings) -> MessageRef | None:
    """The message, with what its names mean here where the run cannot know it by itself."""
    if template.broken:
        return None
    context: dict[str, Expr] = {}
    whole = True
    for wanted in template.all_names:
        bound, own = meaning(wanted, scope)
        if bound is None and scope.unnamed:
            whole = False
        elif bound is None:
            language = next(lang for lang, names in template.names.items() if wanted in names)
            message = f'the message "{name}" names "{wanted}", which this playbook does not know'
            place, notes = _written(node, scope)
            notes = [f"it stands in messages/{name}.{language}.md.j2", *notes]
            near = suggest.fix(wanted, _known(scope))
            fix = f"in the message, {near}"
            findings.add("FD706", place, message, fix=fix, notes=notes, name=f"name {wanted}")
            whole = False
        elif bound.expr is None:
            whole = False
        elif not own:
            context[wanted] = bound.expr
    return MessageRef(message=name, context=context) if whole else None


def _known(scope: Scope) -> list[str]:
    """Every name that a message may use here."""
    found: dict[str, None] = {}
    here: Scope | None = scope
    while here is not None:
        found |= dict.fromkeys([*here.items, *here.inputs])
        here = here.around
    return [*found, "severity"]


def meaning(name: str, scope: Scope) -> tuple[Bound | None, bool]:
    """What a name in a message stands for; and whether the run knows it by that very name."""
    here: Scope | None = scope
    while here is not None:
        bound = here.value(name)
        if bound is not None:
            return bound, here.around is None or name in here.items
        here = here.around
    if name == "severity":
        return Bound(SeverityNow(), Kind("severity")), True
    return None, False
