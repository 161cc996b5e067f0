"""People interrupt: what each command does to which step, when. The table is the one of SEMANTICS, "States"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, cast

from firedoor.plan import Approve, Who, paths
from firedoor.plan.inputs import check_late
from firedoor.plan.model import Severity
from firedoor.protocol import Command, Signed
from firedoor.run import (
    adding,
    asking,
    batches,
    clocks,
    commanding,
    consequences,
    ending,
    handover,
    questions,
    releasing,
    severity,
)
from firedoor.run.core import Core


def commanded(core: Core, command: Command, signed: Signed) -> str:
    """Carry out a command that the validator has let in. Returns what it did, for the receipt."""
    path = resolve(core, command.step) if command.step else ""
    because = f": {command.reason}" if command.reason else ""
    core.row(
        f"command.{command.command}",
        f"{command.person}: {commanding.in_words(core, command, path)}{because}",
        step=path or None,
        by=command.person,
        signed=signed,
        value=command.value,
        targets=list(command.target) if command.target else None,
        nonce=command.nonce,
    )
    return _DO[command.command](core, command, path) if command.command in _DO else _noted(core, command, path)


def resolve(core: Core, step: str) -> str:
    """A run's path from a path or an author's id. Raises LookupError: in a loop, a path names the round, but in a long
    one, which has none."""
    path = core.plan.by_id[step].path if step in core.plan.by_id else step
    if not _PATH.fullmatch(path):
        raise LookupError(step)
    core.step(path)
    outer = paths.parent(path)
    while outer:
        if outer.endswith("]"):
            loop, _, number = outer[:-1].rpartition("[")
            if core.step(loop).verb != "for_each" or int(number) >= len(core.state.steps[loop].items or []):
                raise LookupError(step)
            outer = loop
        elif core.step(outer).verb == "for_each" and not _is_long(core, outer):
            raise LookupError(step)
        outer = paths.parent(outer)
    return path


def _is_long(core: Core, loop: str) -> bool:
    state = core.state.steps.get(loop)
    return state is not None and batches.is_long(state)


_PLACE = r"(0|[1-9][0-9]{0,4})"
_PATH = re.compile(rf"{_PLACE}((\[{_PLACE}\])?\.{_PLACE})*")


def _noted(core: Core, command: Command, path: str) -> str:
    return "Noted."


def _pause(core: Core, command: Command, path: str) -> str:
    core.state.paused = True
    for act in core.state.acts.values():
        if act.kind in ("contain", "notify") and act.ask is None and act.path:
            act.cancel = True
    return "Paused: no act begins. Asks, deadlines, expiry and undo go on."


def _resume(core: Core, command: Command, path: str) -> str:
    core.state.paused = False
    core.changes += 1
    return "The run goes on."


def _skip(core: Core, command: Command, path: str) -> str:
    state, step = core.at(path), core.step(path)
    approve = step if step.verb == "approve" and core.state.intent == "respond" else None
    if approve is not None and state.status == "asking":
        return _skip_asked(core, command, approve, path)
    state.owes_silence = approve is not None
    for ask in core.asks_of(path):
        asking.close(core, ask)
    if core.is_final(path):
        state.past.append(state.status)
        state.ordinal += 1
        state.status = "waiting"
    core.finish(path, "skipped", f"{core.name(path)}: skipped by {command.person}")
    return "Skipped; when it is reached, what follows is what silence means." if state.owes_silence else "Skipped."


def _skip_asked(core: Core, command: Command, step: Approve, path: str) -> str:
    state = core.at(path)
    if state.skip_by is None:
        state.skip_by = command.person
        return "A second person has to ask for the skip as well."
    for ask in core.asks_of(path):
        asking.close(core, ask)
    state.pending = None
    words = f"{core.name(path)}: skipped by {state.skip_by} and {command.person}"
    consequences.follow(core, path, "skipped", step.on_timeout, "timeout", words)
    return "Skipped; what follows is what silence means."


def _retry(core: Core, command: Command, path: str) -> str:
    for ask in core.asks_of(path):
        if ask.why in ("failure", "timeout"):
            asking.close(core, ask)
    core.reopen(path)
    return "It is tried again."


def _reassign(core: Core, command: Command, path: str) -> str:
    who = who_named(core, str(command.value))
    state = core.at(path)
    state.assigned = who
    for ask in core.asks_of(path):
        if ask.kind == "task":
            ask.to = [who]
            asking.tell(core, ask, "Assigned to you: ")
    return f"Assigned to {who}."


def _extend(core: Core, command: Command, path: str) -> str:
    more, until = timedelta(seconds=float(command.value)), commanding.new_end(core, command, path)
    for ask in core.asks_of(path):
        if asking.deadline(ask) is None:
            continue
        for seat in ask.seats:
            seat.deadline += more
        if ask.deadline is not None:
            ask.deadline += more
        ask.remind_at = asking.half(core, ask)
    for hold in core.at(path).holds.values():
        if hold.leased and hold.until is not None and (command.target is None or hold.target in command.target):
            hold.until += more
    core.changes += 1
    return f"Extended, until {until:%Y-%m-%d %H:%M UTC}." if until else "There was nothing to extend."


def _undo(core: Core, command: Command, path: str) -> str:
    targets = list(command.target) if command.target else None
    if releasing.release(core, path, targets, f"{command.person} asked for it"):
        return "It is being undone."
    return "There was nothing to undo."


def _keep(core: Core, command: Command, path: str) -> str:
    kept = 0
    for hold in core.at(path).holds.values():
        named = command.target is None or hold.target in command.target
        if named and hold.status in ("applied", "unknown", "undo_failed"):
            hold.until, hold.lasting = None, True
            kept += 1
    core.changes += 1
    return f"{kept} stay contained, as lasting."


def _severity(core: Core, command: Command, path: str) -> str:
    severity.set_(core, cast("Severity", command.value), by_person=True)
    return f"Severity is {core.state.severity}."


def _input(core: Core, command: Command, path: str) -> str:
    adding.give(core, check_late(core.plan, command.value).values)
    return "The input is given; clocks and steps that now apply begin."


def _add(core: Core, command: Command, path: str) -> str:
    added = adding.add(core, check_late(core.plan, command.value, adding=True).values)
    if added is None:
        return "They are being added; what was reached runs for those that are new."
    return f"{added} added; what was reached runs for them as well." if added else "They were there already."


def _offer(core: Core, command: Command, path: str) -> str:
    return handover.offer(core, command)


def _hand_over(core: Core, command: Command, path: str) -> str:
    return handover.at_once(core, str(command.value))


def _pause_clock(core: Core, command: Command, path: str) -> str:
    name = command.value["clock"]
    clocks.pause(core, name, command.value["ground"])
    _asked_anew(core, name)
    return f"Clock {name} is paused. It goes on when that is said, and you are told of it until then."


def _asked_anew(core: Core, clock: str) -> None:
    """What is asked about the clock names an hour that does not hold any more: it is withdrawn, and put as it is now."""
    for ask in [ask for ask in core.state.asks.values() if ask.why == "clock" and ask.about == clock]:
        questions.settle(core, ask)


def _resume_clock(core: Core, command: Command, path: str) -> str:
    clocks.go_on(core, command.value)
    _asked_anew(core, command.value)
    return f"Clock {command.value} goes on, until {core.state.clocks[command.value].due_at:%Y-%m-%d %H:%M UTC}."


def _stop(core: Core, command: Command, path: str) -> str:
    ending.stop(core, f"{command.person} asked for it")
    return "The response ends; what is contained stays contained."


def _undo_all(core: Core, command: Command, path: str) -> str:
    ending.undo_all(core, f"{command.person} asked for it")
    return "Everything is being undone, newest first."


def who_named(core: Core, name: str) -> Who:
    """ "legal.on_shift", "legal.manager", "region.manager", "commander", or a person's id."""
    head, _, tail = name.partition(".")
    match head, tail:
        case "commander" | "launcher", "":
            return Who(kind=cast("Any", head))
        case "region", "manager":
            return Who(kind="region_manager")
        case _, "on_shift" | "manager":
            return Who(kind=cast("Any", tail), name=head)
        case _:
            return Who(kind="person", name=name)


_DO = {
    "pause": _pause,
    "resume": _resume,
    "skip": _skip,
    "retry": _retry,
    "reassign": _reassign,
    "extend": _extend,
    "undo": _undo,
    "keep": _keep,
    "pause_clock": _pause_clock,
    "resume_clock": _resume_clock,
    "severity": _severity,
    "input": _input,
    "add": _add,
    "offer": _offer,
    "hand_over": _hand_over,
    "stop": _stop,
    "undo_all": _undo_all,
}
