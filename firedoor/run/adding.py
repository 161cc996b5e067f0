"""Late inputs and added targets: what was already reached is walked again, for the addition alone."""

from __future__ import annotations

from typing import Any

from firedoor.plan import Contain, ForEach, Step, paths
from firedoor.plan.evaluate import Unread, plain
from firedoor.plan.lists import ListRef, Question, reference
from firedoor.plan.references import inputs_behind, parts
from firedoor.run import approval, asking, batches, containment, notifying, pages, questions, reading, severity, walking
from firedoor.run.core import Core, NoRound, TooLong
from firedoor.run.state import Addition


def give(core: Core, values: dict[str, Any]) -> None:
    """Give inputs that were not known, or that were wrong. Steps that were not needed and now apply begin."""
    core.state.inputs.update(values)
    core.changes += 1
    severity.watch(core)
    _begin_what_applies(core, frozenset(values))


def add(core: Core, values: dict[str, Any]) -> int | None:
    """Add to inputs that are lists. Returns how many were new; None where that has to be worked out first."""
    there = (core.state.inputs.get(name) for name in values)
    if core.state.adds or any(reference(value) is not None for value in (*values.values(), *there)):
        core.state.adds.append(values)
        core.changes += 1
        return None
    delta: dict[str, Any] = {}
    for name, given in values.items():
        before = core.state.inputs.get(name) or []
        new = [item for item in dict.fromkeys(given) if item not in before]
        if new:
            delta[name] = new
            core.state.inputs[name] = [*before, *new]
    return _added(core, delta)


def _add_next(core: Core) -> None:
    """Add what was given first, when it is known which of it is new. Raises Unread."""
    delta: dict[str, Any] = {}
    every: dict[str, Any] = {}
    for name, given in core.state.adds[0].items():
        before = core.state.inputs.get(name) or []
        known = [ref] if (ref := reference(before)) is not None else []
        new = core.without("", reference(given) or given, known, [] if known else before)
        if not new:
            continue
        delta[name] = plain(new)
        lists = (*known, *([new] if isinstance(new, ListRef) else []))
        more = [*([] if known else before), *(new if isinstance(new, list) else [])]
        every[name] = core.known("").worked_out(Question(asks="joined", lists=lists, argument=more))
    core.state.adds.pop(0)
    core.state.inputs.update(every)
    core.changes += 1
    _added(core, delta)


def _added(core: Core, delta: dict[str, Any]) -> int:
    if not delta:
        return 0
    core.state.added += 1
    addition = Addition(number=core.state.added, inputs=delta, queue=_reached(core, frozenset(delta)))
    core.state.additions.append(addition)
    core.changes += 1
    severity.watch(core)
    _begin_what_applies(core, frozenset(delta))
    return sum(ref.count if (ref := reference(new)) is not None else len(new) for new in delta.values())


def _begin_what_applies(core: Core, names: frozenset[str]) -> None:
    """Steps that rest on these inputs, and were not needed, begin when their condition holds now."""
    for path, state in list(core.state.steps.items()):
        step = core.step(path)
        if state.status != "not_needed" or step.when is None or not inputs_behind(core.plan, step.when) & names:
            continue
        try:
            applies = core.value(step.when, path) is True
        except (Unread, NoRound):
            applies = True
        if applies and not is_left(core, path):
            core.reopen(path)


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
    while core.state.adds:
        try:
            _add_next(core)
        except Unread as unread:
            reading.request(core, "", unread)
            break
    for addition in list(core.state.additions):
        while addition.queue and _try(core, addition, addition.queue[0]):
            addition.queue.pop(0)
            core.changes += 1
        if not addition.queue and addition in core.state.additions:
            core.state.additions.remove(addition)
            core.changes += 1


def _try(core: Core, addition: Addition, path: str) -> bool:
    """Take one step for the addition. True when what stands after it may be taken."""
    if is_left(core, path) or core.status(path) in ("skipped", "stopped", "not_needed"):
        return True
    core.adding = addition
    try:
        return _pass(core, addition, path)
    except Unread as unread:
        reading.request(core, path, unread)
        return False
    except TooLong as long:
        core.row(
            "addition.left_out",
            f"{core.name(path)}: not for what was added: {long}",
            step=path,
            addition=addition.number,
        )
        return True
    finally:
        core.adding = None


def _pass(core: Core, addition: Addition, path: str) -> bool:
    step, state = core.step(path), core.at(path)
    if batches.loop_of(core, path) is not None:
        return core.is_final(path) and not batches.has_more(core, path)
    if step.verb == "approve":
        return _approved(core, addition, path)
    if step.verb == "for_each":
        return state.status != "asking" and _extend(core, addition, step, path)
    if core.state.paused or not core.is_final(path):
        return False
    if step.verb == "contain":
        return _contain(core, addition, step, path)
    if step.verb == "notify":
        key = f"{path}:{state.ordinal}+{addition.number}"
        audience = notifying.audience_of(core, step.audience, path)
        core.act("notify", path, number=key, notice=notifying.write(core, step.say, key, audience, path))
    return True


def _contain(core: Core, addition: Addition, step: Contain, path: str) -> bool:
    """Contain the added targets, as the step has contained the others: signed for, and asked about when many."""
    state = core.at(path)
    before = state.targets or []
    beyond = core.beyond(path, containment.find_targets(core, step, path))
    found = pages.divided(state, beyond) if isinstance(beyond, ListRef) else beyond
    new = containment.approved(core, step, path, found)
    missing = containment.unsigned(core, step, path)
    if missing is not None:
        words = f"{core.name(path)}: not for what was added, since {missing} has not signed"
        core.row("contain.unsigned", words, step=path, addition=addition.number)
        return True
    if containment.too_many(core, new):
        words = f"{core.name(path)}: not for what was added, since the run would hold more than it carries"
        core.row("contain.too_many", words, step=path, addition=addition.number)
        return True
    if new and not _size_allowed(core, addition, step, path, pages.size(state, [*before, *new]), step.ask_above):
        return False
    containment.tell_fewer(core, path, [target for target in found if target not in new], addition.number)
    if new:
        state.targets = [*before, *new]
        addition.held[path] = new
        containment.act(core, path, new)
    return True


def _extend(core: Core, addition: Addition, step: ForEach, path: str) -> bool:
    """The loop takes the added items in further rounds."""
    state = core.at(path)
    if batches.is_long(state):
        return _lengthen(core, addition, step, path)
    if state.items is None:
        return True
    new = [item for item in core.items(step.items, path) if item not in state.items]
    if not new:
        return True
    bound = min(step.ask_above if step.ask_above is not None else walking.MOST_ROUNDS, walking.most_rounds(step))
    if not _size_allowed(core, addition, step, path, len(state.items) + len(new), bound):
        return False
    state.items = [*state.items, *new]
    core.reopen_outer(path)
    core.changes += 1
    return True


def _lengthen(core: Core, addition: Addition, step: ForEach, path: str) -> bool:
    """The steps of a long loop go on with a list of the added items."""
    state = core.at(path)
    found = core.value(step.items, path)
    new = core.beyond(path, found if isinstance(found, ListRef) else core.items(step.items, path))
    if not new:
        return True
    if not isinstance(new, ListRef):
        kept = Question(asks="kept", argument=new)
        new = ListRef.model_validate(core.known(path).worked_out(kept))
    count = sum(ref.count for ref in state.lists) + new.count
    if not _size_allowed(core, addition, step, path, count, step.ask_above):
        return False
    state.lists = [*state.lists, new]
    addition.long.append(new.digest)
    batches.lengthened(core, path)
    return True


def _size_allowed(core: Core, addition: Addition, step: Step, path: str, size: int, bound: int | None) -> bool:
    """Whether the step may grow to this size. Someone is asked when nobody has allowed it yet."""
    most = containment.most_signed(core, step, path)
    allowed = core.at(path).allowed or f"size:{path}" in addition.asked
    if (bound is None or size <= bound or allowed) and (most is None or size <= most):
        return True
    if not any(ask.why == "above" and ask.addition == addition.number for ask in core.asks_of(path)):
        questions.about_size(core, step, path, size, bound or 0, most, addition.number)
    return False


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
    addition.asked.append(path)
    ask = approval.make(core, step, path, name, addition.targets(), addition.number)
    if ask.seats:
        asking.open_(core, ask)
    else:
        approval.refuse_addition(core, addition.number, "no seat applies, so nobody can sign for the addition")
    return False
