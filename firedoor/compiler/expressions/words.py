"""Names, bare words, constants and lists: what stands at the leaves of an expression."""

from __future__ import annotations

import math

from jinja2 import nodes

from firedoor.compiler import suggest, values
from firedoor.compiler.expressions import reads
from firedoor.compiler.expressions.walk import BROKEN, Typed, Walk
from firedoor.compiler.kinds import (
    DATE_TIME,
    DURATION,
    NUMBER,
    SEVERITY,
    TEXT,
    TEXTUAL,
    YES_NO,
    Kind,
    alike,
)
from firedoor.compiler.names import RUN_FIELDS
from firedoor.plan.countries import COUNTRIES
from firedoor.plan.expression import (
    Const,
    Listing,
    SeverityNow,
)

MOST_DIGITS = 15


def named(work: Walk, node: nodes.Name, expect: Kind | None) -> Typed:
    name = node.name
    word = typed_word(work, name, expect)
    if word is not None:
        return word
    bound = work.scope.value(name)
    if bound is not None:
        return Typed(bound.expr, bound.kind) if bound.expr is not None else BROKEN
    if name in ("yes", "no"):
        return Typed(Const(value=name == "yes", type="yes_no"), YES_NO)
    if name in values.SEVERITIES:
        return Typed(Const(value=name, type="severity"), SEVERITY)
    if name == "severity":
        return severity_now(work, node)
    if name == "run":
        work.tell(
            "FD217",
            node,
            "`run` is no value by itself",
            f"use one of its fields: {suggest.listed('run.' + f for f in RUN_FIELDS)}",
        )
        return BROKEN
    ref = work.scope.step(name)
    if ref is not None:
        return Typed(None, Kind("step"), ref)
    declared = work.scope.vocabulary.reads
    if declared is not None and name in declared:
        return reads.ask(work, node, name, declared[name], [])
    return unknown_name(work, node, expect)


def typed_word(work: Walk, name: str, expect: Kind | None) -> Typed | None:
    """A bare word that the other side types: a choice, a country, a language."""
    if expect is None:
        return None
    if expect.base == "choice" and not expect.choices:
        return BROKEN  # its choices are missing, which is told where it is declared
    if expect.base == "choice" and name in expect.choices:
        return Typed(Const(value=name, type="choice"), expect.one)
    if expect.base == "country" and name in COUNTRIES:
        return Typed(Const(value=name, type="country"), expect.one)
    if expect.base == "language" and values.is_language(name) and work.scope.value(name) is None:
        return Typed(Const(value=name, type="language"), expect.one)
    return None


def severity_now(work: Walk, node: nodes.Name) -> Typed:
    if not work.scope.may_say_severity:
        work.tell("FD202", node, "`severity` is what is decided here; it is not known yet", "use the inputs")
        return BROKEN
    return Typed(SeverityNow(), SEVERITY)


def unknown_name(work: Walk, node: nodes.Name, expect: Kind | None) -> Typed:
    name = node.name
    if expect is not None and expect.base == "country":
        work.tell("FD216", node, f'"{name}" is no country', country_fix(name))
    elif expect is not None and expect.base == "choice" and expect.choices:
        work.tell("FD216", node, f'"{name}" is none of the choices', suggest.fix(name, expect.choices))
    elif work.scope.vocabulary.reads is not None and not work.scope.may_be_lost(name):
        fix = suggest.fix(name, work.scope.words())
        if expect is not None and expect.base in TEXTUAL and suggest.close(name, work.scope.words()) is None:
            fix = f'quote it if it is a text: "{name}"'
        if name in RUN_FIELDS:
            fix = f"write run.{name}"
        work.tell("FD202", node, f'nothing is called "{name}" here', fix, name=f"name {name}")
    return BROKEN


def country_fix(name: str) -> str:
    if name.upper() == "UK":
        return "write GB"
    return f"write {name.upper()}" if name.upper() in COUNTRIES else "write a country's two capital letters (ISO 3166)"


def constant(work: Walk, node: nodes.Const, expect: Kind | None) -> Typed:
    value = node.value
    if isinstance(value, bool):
        word = "yes" if value else "no"
        work.tell("FD211", node, f"yes and no are written so, and not {work.source(node)}", f"write {word}")
        return BROKEN
    if value is None:
        work.tell("FD211", node, "there is no `none`", "write `NAME is given`, or `NAME is not given`")
        return BROKEN
    if isinstance(value, int | float):
        if len(str(value)) > MOST_DIGITS + 2 or (isinstance(value, float) and not math.isfinite(value)):
            work.tell("FD108", node, "this number is too large", "write a smaller one")
            return BROKEN
        return Typed(Const(value=value, type="number"), NUMBER)
    return quoted(work, node, str(value), expect)


def quoted(work: Walk, node: nodes.Const, text: str, expect: Kind | None) -> Typed:
    """Quoted text takes the type of what it is compared with."""
    base = expect.base if expect is not None else "text"
    kind = expect.one if expect is not None else TEXT
    match base:
        case "duration":
            seconds = values.seconds_of(text)
            if seconds is None:
                work.tell("FD106", node, f'"{text}" is no length of time', 'write a number and a unit: "30m", "2 days"')
                return BROKEN
            return Typed(Const(value=seconds, type="duration"), DURATION)
        case "date_time":
            if not values.is_moment(text):
                fix = 'write date, time and offset: "2026-03-04T02:45:00+00:00"'
                if values.seconds_of(text) is not None:
                    fix = f'compare it with a moment, such as run.launched_at - "{text}"'
                work.tell("FD109", node, f'"{text}" is no moment', fix)
                return BROKEN
            return Typed(Const(value=text.strip(), type="date_time"), DATE_TIME)
        case "choice" if text not in kind.choices and kind.choices:
            work.tell("FD216", node, f'"{text}" is none of the choices', suggest.fix(text, kind.choices))
            return BROKEN
        case "country" if text not in COUNTRIES:
            work.tell("FD216", node, f'"{text}" is no country', country_fix(text))
            return BROKEN
        case "severity" if text in values.SEVERITIES:
            return Typed(Const(value=text, type="severity"), SEVERITY)
        case _ if base in TEXTUAL:
            return Typed(Const(value=text, type=kind.value), kind)
    return Typed(Const(value=text, type="text"), TEXT)


def listing(work: Walk, node: nodes.List, expect: Kind | None) -> Typed:
    parts = [work.value_of(item, expect) for item in node.items]
    if any(part.expr is None for part in parts):
        return BROKEN
    if not parts:
        work.tell("FD116", node, "this list is empty", "list something")
        return BROKEN
    first = parts[0].kind
    for item, part in zip(node.items, parts, strict=True):
        if part.kind.listed or not alike(first, part.kind):
            work.tell(
                "FD212",
                item,
                f"a list holds values of one type; this is {part.kind}, and the first {first}",
                "write two lists",
            )
            return BROKEN
    return Typed(Listing(of=tuple(part.expr for part in parts if part.expr is not None)), first.many)
