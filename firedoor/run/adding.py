"""Late inputs and added targets: what was already reached is walked again, for the addition alone."""

from __future__ import annotations

from typing import Any

from firedoor.plan import Step, paths
from firedoor.plan.evaluate import Unread, plain
from firedoor.plan.references import inputs_behind, parts
from firedoor.run import approval, asking, containment, notifying, severity
from firedoor.run.core import Core, NoRound
from firedoor.run.state import Addition


def give(core: Core, values: dict[str, Any]) -> None:
    """Give inputs that were not known. Steps that were not needed and now apply begin."""
    core.state.inputs.update(values)
    core.changes += 1
    severity.watch(core)
    for path, state in list(core.state.steps.items()):
        step = core.step(path)
        if state.status != "not_needed" or step.when is None or not inputs_behind(core.plan, step.when) & values.keys():
            continue
        try:
            applies = core.value(step.when, path) is True
        except (Unread, NoRound):
            applies = True
        if applies and not is_left(core, path):
            core.reopen(path)
    approval.refresh(core)


def add(core: Core, values: dict[str, list[Any]]) -> int:
    """Add to inputs that are lists. Returns how many were new."""
    delta: dict[str, Any] = {}
    for name, given in values.items():
        before = core.state.inputs.get(name) or []
        new = [item for item in dict.fromkeys(given) if item not in before]
        if new:
            delta[name] = new
            core.state.inputs[name] = [*before, *new]
    if not delta:
        return 0
    core.state.added += 1
    addition = Addition(number=core.state.added, inputs=delta, queue=_reached(core, frozenset(delta)))
    core.state.additions.append(addition)
    core.changes += 1
    severity.watch(core)
    approval.refresh(core)
    return sum(len(new) for new in delta.values())


def is_left(core: Core, path: str) -> bool:
    return any(paths.within(path, scope) for scope in core.state.left)


def _reached(core: Core, names: frozenset[str]) -> list[str]:
    """Steps that have been reached and rest on these inputs, in the order in which they were reached."""
    return [
        path
        for path, state in core.state.steps.items()
        if state.arrived_at is not None and state.status not in ("skipped", "stopped", "not_needed")
        if _rests_on(core, core.step(path), names) and not is_left(core, path)
    ]


def _rests_on(core: Core, step: Step, names: frozenset[str]) -> bool:
    plan = core.plan
    match step.verb:
        case "contain":
            return bool(inputs_behind(plan, step.targets) & names)
        case "for_each":
            return bool(inputs_behind(plan, step.items) & names)
        case "notify":
            of = [member.of for member in step.audience if member.of is not None]
            said = getattr(step.say, "by_language", {})
            holes = [part for prose in said.values() for part in parts(prose)]
            return any(inputs_behind(plan, expr) & names for expr in (*of, *holes))
        case "approve":
            shown = any(inputs_behind(plan, expr) & names for _, expr in step.show)
            return shown or any(_rests_on(core, plan.by_path[path], names) for path in step.unlocks)
        case _:
            return False


def walk(core: Core) -> None:
    """Take each addition as far as it goes."""
    for addition in list(core.state.additions):
        core.overlay = addition.inputs
        try:
            while addition.queue and _pass(core, addition, addition.queue[0]):
                addition.queue.pop(0)
                core.changes += 1
        finally:
            core.overlay = None
        if not addition.queue:
            core.state.additions.remove(addition)
            core.changes += 1


def _pass(core: Core, addition: Addition, path: str) -> bool:
    step, state = core.step(path), core.at(path)
    if core.state.paused and step.verb in ("notify", "contain"):
        return False
    match step.verb:
        case "notify":
            key = f"{path}:{state.ordinal}+{addition.number}"
            audience = notifying.audience_of(core, step.audience, path)
            core.act("notify", path, number=key, notice=notifying.write(core, step.say, key, audience, path))
        case "contain":
            if state.targets is None:
                return True
            new = [target for target in containment.find_targets(core, step, path) if target not in state.targets]
            state.targets = [*state.targets, *new]
            if new:
                containment.act(core, path, new)
        case "for_each":
            core.overlay = None
            items = plain(core.value(step.items, path)) or []
            new_items = [item for item in items if item not in (state.items or [])]
            core.overlay = addition.inputs
            if new_items and state.items is not None:
                state.items = [*state.items, *new_items]
                core.reopen_outer(path)
        case "approve":
            return _approved(core, addition, path)
        case _:
            pass
    return True


def _approved(core: Core, addition: Addition, path: str) -> bool:
    """An approval that was given is asked for the addition alone; the walk goes on when that one is given."""
    step, state = core.step(path), core.at(path)
    name = f"approve:{path}:{state.ordinal}+{addition.number}"
    if step.verb != "approve" or state.status != "approved":
        return True
    if name in core.state.asks:
        return False
    if path in addition.asked:
        return True
    asking.open_(core, approval.make(core, step, path, name, addition.targets(), addition.number))
    addition.asked.append(path)
    return False
