"""What failed in a case, and whether a fault of the case explains it: whatever else fails is the playbook's failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from firedoor.compiler.rehearsals.script import Fault
from firedoor.plan import Contain, Plan, Step, paths
from firedoor.protocol import Row
from firedoor.rehearsal.playing import Played

LATE: Final = timedelta(minutes=1)
"""A failure is told at most so much later than the attempt that failed: acts take real time."""


@dataclass(frozen=True)
class Failure:
    """`steps`: static paths of the steps of which this is the end `failed`. `meant`: how an author writes that it is to
    fail; empty where a fault cannot bring it about."""

    row: Row
    steps: tuple[str, ...]
    explained: bool
    meant: str


@dataclass(frozen=True)
class _What:
    """What did not work: a call on a platform, or, without a connector, a notice, whose row names the channels."""

    steps: tuple[str, ...]
    meant: str
    connector: str = ""
    call: str = ""
    moment: str = ""
    told_late: bool = False
    """Once somebody has answered the question about it, when the fault may be over."""


def failures(played: Played) -> Iterator[Failure]:
    """In their order. That an act which cannot be taken back is not undone is no failure."""
    for row in played.rows:
        what = _what(played.plan, row, played.plan.by_path.get(paths.static(row.step or "")))
        if what is not None:
            yield Failure(row, what.steps, _is_explained(played, row, what), what.meant)


def _what(plan: Plan, row: Row, step: Step | None) -> _What | None:
    match row.kind:
        case "hold.failed" if step is not None and step.verb == "contain":
            meant = f"{{down: {step.action}}} or {{refuses: {step.action}}} under `faults`"
            return _act(plan, step, "apply", (step.path,), meant)
        case "hold.undo_failed" if step is not None and step.verb == "contain":
            undoing = (one.path for one in plan.by_path.values() if one.verb == "undo" and one.step == step.path)
            return _undo(plan, step, tuple(undoing))
        case "step.failed" if step is not None and step.verb == "undo":
            undone = plan.by_path[step.step]
            return _undo(plan, undone, (step.path,), told_late=True) if undone.verb == "contain" else None
        case "step.failed" if step is not None and step.verb == "notify":
            return _What((step.path,), _CHANNEL, told_late=True)
        case "notice.failed":
            return _What((step.path,) if step else (), _CHANNEL)
        case "read.failed":
            name = row.words.partition(" did not answer")[0]
            read = plan.reads.get(name)
            return (
                _What((), f"{{down: {name}}} under `faults`", read.connector, read.call, "read")
                if read
                else _What((), "")
            )
        case _:
            return None


_CHANNEL: Final = "the channel under `faults`, such as {down: page}"


def _undo(plan: Plan, step: Contain, steps: tuple[str, ...], *, told_late: bool = False) -> _What | None:
    if plan.actions[step.action].irreversible:
        return None
    meant = f"{{refuses: undo {step.action}}} under `faults`"
    return _act(plan, step, "restore", steps, meant, told_late=told_late)


def _act(
    plan: Plan, step: Contain, moment: str, steps: tuple[str, ...], meant: str, *, told_late: bool = False
) -> _What:
    action = plan.actions[step.action]
    return _What(steps, meant, action.connector, action.call, moment, told_late)


def _is_explained(played: Played, row: Row, what: _What) -> bool:
    """Every target that failed, by a fault that has been there."""
    at = played.since(row.at)
    faults = [fault for fault in played.case.faults if _was_there(fault, at, what) and _is_about(fault, row, what)]
    left = {str(target) for target in row.data.get("targets") or ()}
    of = {target for fault in faults for target in fault.of}
    return any(not fault.of for fault in faults) or (bool(faults) and left <= of)


def _was_there(fault: Fault, at: timedelta, what: _What) -> bool:
    over = fault.until is not None and at > timedelta(seconds=fault.until) + LATE
    return at >= timedelta(seconds=fault.start) and (what.told_late or not over)


def _is_about(fault: Fault, row: Row, what: _What) -> bool:
    if not what.connector:
        return any(row.data.get("channel") == one or f"{one}: " in row.words for one in fault.channels)
    moments = (fault.moment,) if fault.moment else ("apply",) if fault.once else ("apply", "restore", "read")
    return what.connector in fault.platforms and what.moment in moments and fault.call in (None, what.call)
