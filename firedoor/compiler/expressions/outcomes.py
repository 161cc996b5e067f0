"""`is …` and fields: the outcome of a step that has ended, a severity, a choice, what a step holds."""

from __future__ import annotations

from jinja2 import nodes

from firedoor.compiler import suggest, values
from firedoor.compiler.expressions import reads, words
from firedoor.compiler.expressions.walk import BROKEN, ENDS, OUTCOMES, Typed, Walk, article
from firedoor.compiler.kinds import (
    ANYTHING,
    DATE_TIME,
    SEVERITY,
    YES_NO,
    Kind,
)
from firedoor.compiler.names import RUN_FIELDS
from firedoor.compiler.outline import Seen, StepRef
from firedoor.plan.expression import (
    Compare,
    Const,
    Given,
    RunField,
    StepField,
    StepIs,
)

FIELDS = ("held", "targets", "done_at")


def is_test(work: Walk, node: nodes.Test, expect: Kind | None) -> Typed:
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        at = work.parsed.word_after(node, node.name)
        bound = work.scope.value(node.node.name) if isinstance(node.node, nodes.Name) else None
        fix = "put and, or between the two"
        if bound is not None and any(" " in choice for choice in bound.kind.choices):
            fix = f'quote a choice of several words: {work.source(node.node)} is "…"'
        work.tell("FD211", at, f"`is {node.name}` takes nothing after it", fix)
        return BROKEN
    if node.name == "given":
        of = work.value_of(node.node)
        return Typed(Given(of=of.expr), YES_NO) if of.expr is not None else BROKEN
    if node.name in OUTCOMES:
        outcome = step_is(work, node)
        if outcome is not None:
            return outcome
    return value_is(work, node)


def step_is(work: Walk, node: nodes.Test) -> Typed | None:
    """`STEP is OUTCOME`; None where the left side is a value (a choice may be called `done`)."""
    at = work.parsed.word_after(node, node.name)
    if not isinstance(node.node, nodes.Name):
        return None
    name = node.node.name
    if work.scope.value(name) is not None:
        return None
    ref = work.scope.step(name)
    if ref is None:
        if not work.scope.may_be_lost(name):
            fix = suggest.fix(name, work.scope.outline.ids, "give the step an `id`")
            work.tell("FD208", node.node, f'no step has the id "{name}"', fix, name=f"name {name}")
        return BROKEN
    if not has_ended(work, ref, node.node):
        return BROKEN
    possible = ENDS[ref.verb]
    if node.name not in possible:
        message = f"`{name}` is {article(ref.verb)} {ref.verb} step, which is never {node.name}"
        work.tell("FD215", at, message, f"it can be {', '.join(possible)}")
        return BROKEN
    return Typed(StepIs(step=ref.path, outcome=node.name), YES_NO)


def value_is(work: Walk, node: nodes.Test) -> Typed:
    """`severity is sev1`, `country is IN`, `kind is fraud`."""
    at = work.parsed.word_after(node, node.name)
    of = work.lower(node.node)
    if of.ref is not None:
        possible = ENDS[of.ref.verb]
        fix = suggest.fix(node.name, possible)
        work.tell("FD215", at, f'a step is never "{node.name}"', fix)
        return BROKEN
    if of.expr is None:
        return BROKEN
    if of.kind.base == "severity" and node.name in values.SEVERITIES:
        right: Typed | None = Typed(Const(value=node.name, type="severity"), SEVERITY)
    else:
        right = None if of.kind.listed else words.typed_word(work, node.name, of.kind)
    if right is not None and right.expr is not None:
        return Typed(Compare(sign="==", left=of.expr, right=right.expr), YES_NO)
    no_such_value(work, node, of, at)
    return BROKEN


def no_such_value(work: Walk, node: nodes.Test, of: Typed, at: tuple[int, int]) -> None:
    name, source = node.name, work.source(node.node)
    if of.kind.base == "severity":
        work.tell("FD216", at, f'no severity is called "{name}"', suggest.fix(name, values.SEVERITIES))
    elif of.kind.base == "choice" and not of.kind.choices:
        return  # its choices are missing, which is told where it is declared
    elif of.kind.base == "choice" and not of.kind.listed:
        work.tell(
            "FD216",
            at,
            f'"{name}" is none of the choices of {source}',
            suggest.fix(name, of.kind.choices),
        )
    elif of.kind.base == "country" and not of.kind.listed:
        work.tell("FD216", at, f'"{name}" is no country', words.country_fix(name))
    elif name in OUTCOMES:
        work.tell("FD215", at, f"`{source}` is {of.kind}, and only a step is {name}", "name the step by its id")
    elif name in ("defined", "none", "empty", "undefined", "known"):
        work.tell("FD211", at, f"there is no `is {name}`", "write `is given`")
    elif name in ("yes", "no", "true", "false") and of.kind == YES_NO:
        fix = f"write {source}" if name in ("yes", "true") else f"write not {source}"
        work.tell("FD211", node, f"`{source}` is yes or no already", fix)
    else:
        near = suggest.close(name, ["given"])
        fix = f'write "{near}"' if near else "use ==, in, or `is given`"
        work.tell("FD211", at, f"`is {name}` says nothing of {of.kind}", fix)


def has_ended(work: Walk, ref: StepRef, node: nodes.Node) -> bool:
    """Whether the step has ended when this place is reached; tells where it has not."""
    if work.scope.steps == "none":
        work.tell("FD214", node, f"`{ref.id}` is a step, and no step has ended when this is decided", "use the inputs")
        return False
    if work.scope.steps == "any":
        seen: Seen = "round" if ref.loops else "ended"
    else:
        seen = work.scope.outline.seen(ref, work.scope.here)
    if seen == "ended":
        return True
    line = ref.key.place.line
    if seen == "round":
        message = f"`{ref.id}` (line {line}) is a step of a loop, and ends with its round"
        work.tell("FD218", node, message, "use it inside of the loop")
    else:
        why = {
            "itself": f"`{ref.id}` is this step itself: it has not ended",
            "around": f"this step is part of `{ref.id}` (line {line}), which has not ended",
            "beside": f"`{ref.id}` (line {line}) runs at the same time, and may not have ended",
            "later": f"`{ref.id}` (line {line}) comes later: it cannot have ended",
        }[seen]
        work.tell("FD214", node, why, "move this after it")
    return False


def attribute(work: Walk, node: nodes.Getattr, expect: Kind | None) -> Typed:
    at = work.parsed.word_after(node, node.attr)
    if isinstance(node.node, nodes.Name):
        name = node.node.name
        if name == "run" and work.scope.value(name) is None:
            kind = RUN_FIELDS.get(node.attr)
            if kind is None:
                work.tell("FD202", at, f'a run has no "{node.attr}"', suggest.fix(node.attr, RUN_FIELDS))
                return BROKEN
            return Typed(RunField(field=node.attr), kind)  # type: ignore[arg-type]
        ref = work.scope.step(name) if work.scope.value(name) is None else None
        if ref is not None:
            return step_field(work, node, ref, at)
    of = work.lower(node.node)
    if of.kind != ANYTHING:
        filtered = f"write {work.source(node.node)} | {node.attr}"
        fix = filtered if node.attr in reads.FILTERS else "use the name alone"
        work.tell("FD211", at, f"{of.kind} has no parts, so .{node.attr} means nothing", fix)
    return BROKEN


def step_field(work: Walk, node: nodes.Getattr, ref: StepRef, at: tuple[int, int]) -> Typed:
    if node.attr not in FIELDS:
        fix = f"write {ref.id} is {node.attr}" if node.attr in ENDS[ref.verb] else suggest.fix(node.attr, FIELDS)
        work.tell("FD202", at, f'a step has no "{node.attr}"', fix)
        return BROKEN
    if node.attr != "done_at" and ref.verb != "contain":
        work.tell(
            "FD217",
            at,
            f"`{ref.id}` is {article(ref.verb)} {ref.verb} step: only a contain step has {node.attr}",
            "name a contain step",
        )
        return BROKEN
    if not has_ended(work, ref, node.node):
        return BROKEN
    kind = DATE_TIME if node.attr == "done_at" else work.scope.kind_held(ref).many
    return Typed(StepField(step=ref.path, field=node.attr), kind)  # type: ignore[arg-type]
