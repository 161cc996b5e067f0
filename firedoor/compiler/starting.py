"""The clocks of a playbook: which may start, by what, and when one turns out not to be owed."""

from __future__ import annotations

from dataclasses import replace

from firedoor.compiler import expressions, schema, suggest
from firedoor.compiler.diagnostics import Place
from firedoor.compiler.kinds import DATE_TIME
from firedoor.compiler.lowering import Body
from firedoor.compiler.names import Scope
from firedoor.compiler.nodes import Mapping, Scalar
from firedoor.compiler.playbook import Playbook
from firedoor.compiler.shape import Fields, as_mapping, fields
from firedoor.plan.expression import And, Expr
from firedoor.plan.model import Clock


def names(playbook: Playbook) -> frozenset[str] | None:
    """The clocks that the playbook's steps may meet; None where that cannot be read, which is told."""
    if "clocks" in playbook.fields.broken or (playbook.fields.strange and "clocks" not in playbook.fields):
        return None
    found = set()
    for node in playbook.fields.items("clocks"):
        name = node.get("clock") if isinstance(node, Mapping) else node
        if isinstance(name, Scalar):
            found.add(name.text)
    return frozenset(found)


def start(body: Body, scope: Scope, run: Place | None = None) -> frozenset[str] | None:
    """Lower the playbook's clocks into the plan, and give their names. `run` is the step that inlines it."""
    scope = replace(scope, steps="any", may_read=False)
    seen: set[str] = set()
    for node in body.playbook.fields.items("clocks"):
        fix = f"write {{clock: {node.text}, starts: run.aware_at}}" if isinstance(node, Scalar) else None
        mapping = as_mapping(node, "a clock", body.findings, fix)
        if mapping is None:
            continue
        entry = fields(mapping, schema.PLAYBOOK_CLOCK, body.findings)
        clock = _clock(body, entry, scope)
        name = entry.text("clock")
        if name is not None and name.text in seen:
            body.findings.add("FD224", name.place, f'the clock "{name.text}" is started twice', fix="keep one")
            continue
        if name is not None:
            seen.add(name.text)
            body.made.places.setdefault((f"clock:{name.text}", ""), name)
        if clock is None:
            continue
        other = body.made.clocks.setdefault(clock.name, clock)
        if other != clock and run is not None:
            message = f'{body.playbook.name} starts the clock "{clock.name}", and so does a playbook around or before it, otherwise'
            body.findings.add("FD224", run, message, fix="start it in one of them")
    return names(body.playbook)


def _clock(body: Body, entry: Fields, scope: Scope) -> Clock | None:
    name, starts = entry.text("clock"), entry.text("starts")
    row = None
    if name is not None and body.shelf.clocks is not None:
        if name.text in body.shelf.clocks:
            row = body.shelf.clocks[name.text]
        else:
            fix = suggest.fix(name.text, body.shelf.clocks, "add it to clocks.yaml")
            body.findings.add("FD206", name.place, f'no clock is called "{name.text}"', fix=fix)
    moment = expressions.expression(starts, scope, body.findings) if starts is not None else expressions.BROKEN
    if starts is not None and moment.expr is not None and moment.kind != DATE_TIME:
        message = f"a clock starts at a moment, and this is {moment.kind}"
        body.findings.add("FD217", starts.place, message, fix="use run.aware_at, or an input of type date_time")
        return None
    when, not_due = body.condition("when", entry, scope), body.condition("not_due", entry, scope)
    if row is None or moment.expr is None:
        return None
    return Clock(
        name=row.name,
        kind=row.kind,
        limit=row.limit,
        law=row.law,
        starts=moment.expr,
        when=_all([*body.guards, *([when] if when is not None else [])]),
        not_due=not_due,
        may_pause=row.may_pause,
        after_pause=row.after_pause,
    )


def _all(conditions: list[Expr]) -> Expr | None:
    """What holds when each does: an inlined playbook's clocks run only where the steps around it happen."""
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else And(of=tuple(conditions))
