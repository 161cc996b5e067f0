"""Walking the plan over its outcomes: whatever is done is passed over, whatever can begin begins.

Walking again from any saved state arrives at the same place. That one property gives continue-as-new, retry and repair.
"""

from __future__ import annotations

from firedoor.plan import Approve, Branching, ForEach, Step
from firedoor.plan.batches import why_not
from firedoor.plan.evaluate import Unread
from firedoor.plan.lists import ListRef
from firedoor.run import (
    approval,
    batches,
    consequences,
    containment,
    notices,
    notifying,
    questions,
    reading,
    tasks,
    undoing,
    waiting,
)
from firedoor.run.core import Core, TooLong

HELD_BY_PAUSE = ("notify", "contain")
MOST_ROUNDS = 2_000
MOST_ROUNDS_WITH_PEOPLE = 200


def advance(core: Core) -> None:
    """Walk until nothing changes any more. At the end of the steps the response has ended by itself."""
    while core.state.intent == "respond" and core.state.ended is None:
        before = core.changes
        batches.let_through(core)
        passed = _sequence(core, core.plan.steps, "")
        owed = core.state.additions or core.state.adds or questions.offered(core) or batches.are_held_back(core)
        if passed and not owed:
            core.state.ended, core.state.paused = "completed", False
            core.row("run.completed", "All steps are over: the response has ended.")
        if core.changes == before:
            return


def _sequence(core: Core, steps: tuple[Step, ...], beside: str) -> bool:
    """Go on from the first step that is not over. True when all are."""
    over = core.state.over
    while (number := over.get(beside, 0)) < len(steps):
        path = f"{beside}.{number}" if beside else str(number)
        if not _pass(core, steps[number], path) or core.state.intent != "respond":
            return False
        over[beside] = number + 1
    return True


def _pass(core: Core, step: Step, path: str) -> bool:
    """Take the step as far as it goes. True when what stands after it may begin."""
    if batches.has_more(core, path):
        if batches.waits(core, path) or questions.blocks(core, path):
            return False
        batches.reopen(core, path)
    status = core.status(path)
    if status == "waiting" and not _arrive(core, step, path):
        return False
    if status == "skipped" and step.verb == "approve":
        _silence(core, step, path)
    if step.verb in ("parallel", "group", "for_each") and core.status(path) == "acting":
        _inside(core, step, path)
    return core.is_final(path) and not questions.blocks(core, path)


def _arrive(core: Core, step: Step, path: str) -> bool:
    """Reach a waiting step: its condition is read, once, and it begins. False while it cannot."""
    if core.state.paused and step.verb in HELD_BY_PAUSE:
        return False
    if questions.blocks(core, path):
        return False
    try:
        state = core.state.steps.get(path)
        arrived = state is not None and state.arrived_at is not None
        for_each_item = batches.loop_of(core, path) is not None
        if not arrived and not for_each_item and step.when is not None and core.value(step.when, path) is not True:
            core.finish(path, "not_needed")
            return True
        _begin(core, step, path)
    except Unread as unread:
        reading.request(core, path, unread)
        return False
    except TooLong as long:
        core.arrive(path, "acting")
        core.at(path).reason = str(long)
        words = f"{core.name(path)}: {long}"
        consequences.follow(core, path, "failed", step.on_failure, "failure", words)
    return True


def _silence(core: Core, step: Approve, path: str) -> None:
    """An approval that was skipped before it was asked is reached: what silence means follows, if it applies."""
    state = core.at(path)
    if not state.owes_silence:
        return
    try:
        applies = step.when is None or core.value(step.when, path) is True
    except Unread:
        applies = True
    state.owes_silence = False
    core.changes += 1
    if applies:
        consequences.apply(core, path, step.on_timeout, "timeout", f"{core.name(path)}: skipped")


def _begin(core: Core, step: Step, path: str) -> None:
    match step.verb:
        case "notify" if batches.loop_of(core, path) is not None:
            notices.begin(core, step, path)
        case "notify":
            notifying.begin(core, step, path)
        case "approve":
            approval.begin(core, step, path)
        case "contain":
            containment.begin(core, step, path)
        case "undo":
            undoing.begin(core, step, path)
        case "task":
            tasks.begin(core, step, path)
        case "wait":
            waiting.begin(core, step, path)
        case "for_each":
            _begin_loop(core, step, path)
        case _:
            core.arrive(path, "acting")


def _begin_loop(core: Core, step: ForEach, path: str) -> None:
    state = core.at(path)
    bound = most_rounds(step)
    count, reason = 0, None
    found = core.value(step.items, path) if state.items is None and not batches.is_long(state) else None
    if isinstance(found, ListRef) and found.count > bound:
        count, reason = found.count, batches.begin(core, step, path, found)
    elif not batches.is_long(state):
        state.items = core.items(step.items, path) if state.items is None else state.items
        count = len(state.items)
        if count > bound:
            reason = why_not(core.plan, step) or "its list was not written down, as a long one is (POST /api/lists)"
    if batches.is_long(state):
        count = sum(ref.count for ref in state.lists)
    if reason is not None:
        core.arrive(path, "asking")
        state.reason = f"{count} items are more than the {bound} that this loop may take, since {reason}"
        state.pending = "failed"
        questions.about_failure(core, step, path)
    elif step.ask_above is not None and count > step.ask_above and not state.allowed:
        core.arrive(path, "asking")
        most = containment.most_signed(core, step, path)
        questions.about_size(core, step, path, count, step.ask_above, most)
    else:
        core.arrive(path, "acting")


def most_rounds(step: ForEach) -> int:
    """How many rounds the loop may have without anybody being asked."""
    return MOST_ROUNDS_WITH_PEOPLE if _has_people(step) else MOST_ROUNDS


def _has_people(step: Step) -> bool:
    if step.verb in ("approve", "task"):
        return True
    return step.verb in ("parallel", "group", "for_each") and any(_has_people(child) for child in step.steps)


def _inside(core: Core, step: Branching, path: str) -> None:
    over = False
    match step.verb:
        case "parallel":
            branches = [_branch(core, child, f"{path}.{number}") for number, child in enumerate(step.steps)]
            over = all(branches)
        case "group":
            over = _sequence(core, step.steps, path)
        case "for_each" if batches.is_long(core.at(path)):
            over = _sequence(core, step.steps, path)
        case "for_each":
            over = _rounds(core, step, path)
    if over and core.status(path) == "acting":
        core.state.over.pop(path, None)
        core.finish(path, "done")


def _branch(core: Core, step: Step, path: str) -> bool:
    if core.state.intent != "respond":
        return False
    return _pass(core, step, path)


def _rounds(core: Core, step: ForEach, path: str) -> bool:
    state = core.at(path)
    items = state.items or []
    active = 0
    passed = frozenset(state.passed)
    for number in range(len(items)):
        if number in passed:
            continue
        if active == step.at_once or core.state.intent != "respond":
            return False
        round_ = f"{path}[{number}]"
        if _sequence(core, step.steps, round_):
            state.passed.append(number)
            core.state.over.pop(round_, None)
            core.changes += 1
        else:
            active += 1
    return len(state.passed) == len(items)
