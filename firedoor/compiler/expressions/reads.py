"""Filters, and the reads that a book declares: the only things that take arguments."""

from __future__ import annotations

from jinja2 import nodes

from firedoor.compiler import suggest
from firedoor.compiler.expressions.walk import BROKEN, Typed, Walk
from firedoor.compiler.kinds import (
    ANYTHING,
    NUMBER,
    TEXT,
    TEXTUAL,
    Kind,
    alike,
)
from firedoor.plan.expression import (
    Expr,
    Filter,
    Listing,
    Read,
)
from firedoor.plan.model import ReadAction

FILTERS = ("count", "first", "last", "unique", "lower", "join")
_OTHER_FILTERS = {"length": "count", "size": "count", "len": "count", "distinct": "unique"}

_APPLIES = {True: "lower is for texts", False: "count, first, last, unique and join are for lists"}


def filtered(work: Walk, node: nodes.Filter, expect: Kind | None) -> Typed:
    at = work.parsed.word_after(node, node.name)
    if node.node is None:
        work.tell("FD211", at, "a filter needs a value before it", "write VALUE | count")
        return BROKEN
    of = work.value_of(node.node)
    if node.name not in FILTERS:
        near = suggest.close(node.name, [*FILTERS, *_OTHER_FILTERS])
        known = _OTHER_FILTERS.get(near, near) if near is not None else None
        fix = f'write "{known}"' if known is not None else suggest.fix(node.name, FILTERS)
        work.tell("FD211", at, f'no filter is called "{node.name}"', fix)
        return BROKEN
    argument, fine = filter_argument(work, node, at)
    if of.expr is None or not fine:
        return BROKEN
    wants_text = node.name == "lower"
    if of.kind.base != "anything" and (of.kind.listed if wants_text else not of.kind.listed):
        wanted = "a text" if wants_text else "a list"
        work.tell(
            "FD212",
            at,
            f"`{node.name}` takes {wanted}, and {work.source(node.node)} is {of.kind}",
            _APPLIES[wants_text],
        )
        return BROKEN
    if wants_text and of.kind.base not in {*TEXTUAL, "anything"}:
        work.tell("FD212", at, f"`lower` takes a text, and {work.source(node.node)} is {of.kind}", _APPLIES[True])
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


def filter_argument(work: Walk, node: nodes.Filter, at: tuple[int, int]) -> tuple[str | None, bool]:
    if not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs):
        return None, True
    only = node.args[0] if len(node.args) == 1 and not (node.kwargs or node.dyn_args or node.dyn_kwargs) else None
    if node.name == "join" and isinstance(only, nodes.Const) and isinstance(only.value, str):
        return only.value, True
    fix = 'write join(", ")' if node.name == "join" else f"write | {node.name}"
    work.tell("FD211", at, f"`{node.name}` takes nothing but what stands before it", fix)
    return None, False


def call(work: Walk, node: nodes.Call, expect: Kind | None) -> Typed:
    reads = work.scope.vocabulary.reads
    if not isinstance(node.node, nodes.Name):
        fix: str | None = "declare the question under `reads`"
        if isinstance(node.node, nodes.Getattr) and node.node.attr in FILTERS:
            fix = f"write {work.source(node.node.node)} | {node.node.attr}"
        work.tell("FD211", node, "only a read of actions.yaml can be asked", fix)
        return BROKEN
    name = node.node.name
    if node.kwargs or node.dyn_args or node.dyn_kwargs:
        work.tell("FD205", node.node, f"`{name}` takes values alone, without names or stars", f"write {name}(VALUE)")
        return BROKEN
    if reads is None:
        for argument in node.args:
            work.value_of(argument)
        return BROKEN
    if name not in reads:
        if work.scope.value(name) is not None or work.scope.step(name) is not None:
            work.tell("FD211", node.node, f"`{name}` is no read, so nothing can be asked of it", f"write {name} alone")
        else:
            fix = _as_filter(work, name, node.args) or suggest.fix(
                name, reads, "declare it under `reads` in actions.yaml"
            )
            work.tell("FD205", node.node, f'no read is called "{name}"', fix, name=f"name {name}")
        return BROKEN
    return ask(work, node.node, name, reads[name], list(node.args))


def _as_filter(work: Walk, name: str, arguments: list[nodes.Expr]) -> str | None:
    """How a filter is written that was called as other languages do: count(posts) is posts | count."""
    known = _OTHER_FILTERS.get(name, name)
    return f"write {work.source(arguments[0])} | {known}" if known in FILTERS and len(arguments) == 1 else None


def ask(work: Walk, node: nodes.Name, name: str, read: ReadAction | None, arguments: list[nodes.Expr]) -> Typed:
    if read is None:
        return BROKEN
    wanted = [Kind(base, listed) for base, listed in read.takes]
    found = [work.value_of(node_, kind.one) for node_, kind in zip(arguments, wanted, strict=False)]
    if len(arguments) != len(wanted):
        takes = ", ".join(str(kind) for kind in wanted) or "nothing"
        fix = f"write {name}({', '.join('…' for _ in wanted)})" if wanted else f"write {name} alone"
        work.tell("FD205", node, f"`{name}` takes {takes}", fix)
        return BROKEN
    if not work.scope.may_read:
        work.tell(
            "FD223",
            node,
            f"`{name}` asks a system, which only a step can do",
            "use it in a step's `when`, `targets`, `wait` or text",
        )
        return BROKEN
    given: list[Expr] = []
    for argument, typed, kind in zip(arguments, found, wanted, strict=True):
        fitted = fitted_argument(work, argument, typed, kind)
        if fitted is None:
            return BROKEN
        given.append(fitted)
    argument_ = None if not given else given[0] if len(given) == 1 else Listing(of=tuple(given))
    site = work.scope.sites.next(work.scope.here, name)
    gives = Kind(read.gives, read.gives_list)
    return Typed(Read(call=name, site=site, argument=argument_, type=read.gives, listed=read.gives_list), gives)


def fitted_argument(work: Walk, node: nodes.Expr, typed: Typed, kind: Kind) -> Expr | None:
    if typed.expr is None:
        return None
    if typed.kind == ANYTHING or (alike(typed.kind.one, kind.one) and typed.kind.listed == kind.listed):
        return typed.expr
    if alike(typed.kind, kind.one) and kind.listed:
        return Listing(of=(typed.expr,))
    message = f"{kind} is wanted here, and {work.source(node)} is {typed.kind}"
    name = f"type of {node.name}" if isinstance(node, nodes.Name) else None
    work.tell("FD217", node, message, f"name an expression for {kind}", name=name)
    return None
