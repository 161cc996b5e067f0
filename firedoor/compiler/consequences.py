"""Reads what a no, a silence, a failure or an expiry means: `continue`, `leave`, `undo …`, `stop`, `ask …`."""

from __future__ import annotations

import re
from functools import lru_cache

from firedoor.compiler import roster, suggest
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.names import Scope
from firedoor.compiler.nodes import Scalar
from firedoor.compiler.outline import StepRef
from firedoor.compiler.roster import Roster
from firedoor.plan.model import Action
from firedoor.plan.steps import Consequence
from firedoor.plan.who import Who

WORDS = ("continue", "leave", "undo", "undo all", "stop", "ask")
_PLAIN = {
    "continue": Consequence(kind="continue"),
    "leave": Consequence(kind="leave"),
    "stop": Consequence(kind="stop"),
    "undo all": Consequence(kind="undo_all"),
}
_UNDO = re.compile(r"undo\s+(?P<step>\S+)")
_ASK = re.compile(r"ask\s+(?P<who>\S.*)")


def read(option: str, scalar: Scalar, verb: str, scope: Scope, names: Roster, findings: Findings) -> Consequence | None:
    """The consequence that stands under `option` of a step at `scope.here`; None where it is none, which is told."""
    text = " ".join(scalar.text.split())
    if option == "on_expiry" and text != "undo" and not text.startswith("ask "):
        message = f'`on_expiry` is undo or ask …, and not "{scalar.text}"'
        findings.add("FD117", scalar.place, message, fix="write undo, or ask commander")
        return None
    plain = _PLAIN.get(text)
    if plain is not None:
        return plain
    if text == "undo":
        return _this(option, scalar, verb, scope, findings)
    undo, ask = _UNDO.fullmatch(text), _ASK.fullmatch(text)
    if undo:
        ref = held_step(scalar, scalar.text.rfind(undo["step"]), scope, findings, verb)
        return Consequence(kind="undo", step=ref.path) if ref is not None else None
    if ask:
        who = roster.who(scalar, names, findings, start=scalar.text.find(ask["who"].split()[0], 3), on_shift=True)
        return _asking(who) if who is not None else None
    near = suggest.close(text, WORDS)
    fix = f'write "{near}"' if near else "write continue, leave, undo STEP, undo all, stop, or ask ROLE"
    if text == "ask":
        fix = "say whom: ask commander"
    findings.add("FD117", scalar.place, f'"{scalar.text}" says nothing that `{option}` can mean', fix=fix)
    return None


@lru_cache(maxsize=1024)
def _asking(who: Who) -> Consequence:
    return Consequence(kind="ask", asks=who)


def _this(option: str, scalar: Scalar, verb: str, scope: Scope, findings: Findings) -> Consequence | None:
    if verb == "contain":
        return Consequence(kind="undo", step=scope.here)
    message = f"a bare `undo` means this step, and {'an' if verb[0] in 'aeiou' else 'a'} {verb} step contains nothing"
    held = [ref.id for ref in scope.outline.ids.values() if ref.verb == "contain" and _possible(ref, scope)]
    fix = f"name the step: undo {held[0]}" if len(held) == 1 else "name a contain step: undo STEP, or write undo all"
    findings.add("FD403", scalar.place, message, fix=fix)
    return None


def held_step(scalar: Scalar, start: int, scope: Scope, findings: Findings, verb: str = "") -> StepRef | None:
    """The contain step that `undo` names in text[start:]; it must have ended here, or be this very step."""
    name = scalar.text[start:].strip()
    place = scalar.at(start, start + len(name))
    ref = scope.step(name)
    if ref is None and scope.may_be_lost(name):
        return None
    if ref is None:
        held = [ref.id for ref in scope.outline.ids.values() if ref.verb == "contain"]
        fix = suggest.fix(name, held, "give the contain step an `id`")
        if verb and name == "everything":
            fix = "write undo all"
        findings.add("FD208", place, f'no step has the id "{name}"', fix=fix, name=f"name {name}")
        return None
    if ref.verb != "contain":
        message = f"`{name}` is {'an' if ref.verb[0] in 'aeiou' else 'a'} {ref.verb} step, which contains nothing"
        findings.add("FD403", place, message, fix="name a contain step, or write undo all")
        return None
    if not _ended(ref, place, scope, findings):
        return None
    actions = scope.vocabulary.actions
    named = ref.node.get("contain")
    action: Action | None = actions.get(named.text) if actions and isinstance(named, Scalar) else None
    if action is not None and action.irreversible:
        message = f"`{name}` is {action.name}, which nothing takes back"
        findings.add("FD403", place, message, fix="write ask commander, or stop")
        return None
    return ref


def _possible(ref: StepRef, scope: Scope) -> bool:
    return scope.outline.seen(ref, scope.here) in ("ended", "itself")


def _ended(ref: StepRef, place: Place, scope: Scope, findings: Findings) -> bool:
    seen = scope.outline.seen(ref, scope.here)
    if seen in ("ended", "itself"):
        return True
    line = ref.key.place.line
    if seen == "round":
        message = f"`{ref.id}` (line {line}) is a step of a loop, and ends with its round"
        findings.add("FD218", place, message, fix="undo it inside of the loop, or write undo all")
    elif seen == "beside":
        message = f"`{ref.id}` (line {line}) runs at the same time, and may not have begun"
        findings.add("FD214", place, message, fix="put it before the parallel, or write undo all")
    else:
        message = f"`{ref.id}` (line {line}) comes later: it holds nothing yet"
        findings.add("FD214", place, message, fix="name a step that stands before this one")
    return False
