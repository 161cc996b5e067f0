"""Legal and internal clocks: they start at their expression, and stop when what meets them has (firedoor.run.meeting)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from firedoor.plan import Clock, Who, paths
from firedoor.plan.evaluate import Unread, Unworked
from firedoor.plan.expression import Expr, StepField
from firedoor.plan.references import parts
from firedoor.plan.time import written
from firedoor.protocol import Rendering
from firedoor.run import meeting, reading
from firedoor.run.core import Core, NoRound
from firedoor.run.meeting import succeeded
from firedoor.run.state import ClockState, Notice

BRANCHING = ("parallel", "group", "for_each")
STARTS = ("done", "approved", "rejected")
"""How a step has ended at whose `done_at` a clock starts: nothing begins with what was not done, nor decided."""


def watch(core: Core) -> None:
    """Start what has begun to run, end what is not owed, tell what has run out."""
    for clock in core.plan.clocks:
        running = core.state.clocks.get(clock.name)
        if running is None:
            _start(core, clock)
        elif running.runs:
            _look(core, clock.name)
            if running.runs:
                _check(core, clock, running)


def _start(core: Core, clock: Clock) -> None:
    if core.state.engine >= 3 and not all(core.status(path) in STARTS for path in _ends_at(clock.starts)):
        return
    try:
        if clock.when is not None and core.value(clock.when, "") is not True:
            return
        if clock.not_due is not None and core.value(clock.not_due, "") is True:
            return
        starts = core.value(clock.starts, "")
    except Unworked as unworked:
        reading.request(core, "", unworked)
        return
    except (Unread, NoRound):
        return
    if not isinstance(starts, datetime):
        return
    state = ClockState(started_at=starts, due_at=starts + timedelta(seconds=clock.limit))
    core.state.clocks[clock.name] = state
    core.row(
        "clock.started",
        f"Clock {clock.name} runs until {_hour(state.due_at)} ({clock.law})",
        clock=clock.name,
        due_at=state.due_at.isoformat(),
    )
    if core.state.engine >= 3:
        found = meeting.standing(core, clock.name)
        if found.standing == "met":
            _meet(core, clock.name, found.by)
    else:
        for path in core.state.steps:
            if clock.name in core.step(path).meets and succeeded(core, path):
                met(core, path)
    if state.met_at is None:
        _check(core, clock, state)


def _ends_at(starts: Expr) -> Iterator[str]:
    """The steps whose `done_at` starts it."""
    if isinstance(starts, StepField):
        yield starts.step
    for part in parts(starts):
        yield from _ends_at(part)


def _check(core: Core, clock: Clock, state: ClockState) -> None:
    try:
        if clock.not_due is not None and core.value(clock.not_due, "") is True:
            state.not_due = True
            core.row("clock.not_due", f"Clock {clock.name} is not owed", clock=clock.name)
            return
    except Unworked as unworked:
        reading.request(core, "", unworked)
    except (Unread, NoRound):
        pass
    if state.paused_at is not None:
        _remind(core, clock, state)
    elif state.due_at <= core.now and not state.missed:
        state.missed = True
        kind = "breached" if clock.kind == "fixed" else "missed"
        words = f"Clock {clock.name} was {kind}: it ran out at {_hour(state.due_at)}"
        core.row(f"clock.{kind}", words, clock=clock.name, due_at=state.due_at.isoformat())
        _tell_commander(core, f"clock:{clock.name}", words, f"{words}. {clock.law}")


def _tell_commander(core: Core, key: str, subject: str, text: str) -> None:
    notice = Notice(
        key=key,
        audience=[Who(kind="commander")],
        subject=subject,
        texts=[Rendering(language="*", text=text)],
        urgent=True,
    )
    core.act("notify", "", number=key, notice=notice)


# --- pauses


def pause(core: Core, name: str, ground: str) -> None:
    """The clock stands still, on a ground that its law gives. It is never forgotten: the commander is told again."""
    clock = core.state.clocks[name]
    clock.paused_at, clock.ground = core.now, ground
    clock.remind_at = core.now + _until_reminded(core, name)
    left = written((clock.due_at - core.now).total_seconds())
    core.row("clock.paused", f"Clock {name} is paused with {left} left: {ground}", clock=name, ground=ground)


def go_on(core: Core, name: str) -> None:
    """A pause is over: the clock has what was left, or all of its time again where its law says so."""
    clock = core.state.clocks[name]
    if clock.paused_at is None:
        return
    clock.due_at = due(core, name)
    clock.paused_at = clock.ground = clock.remind_at = None
    core.row(
        "clock.resumed",
        f"Clock {name} goes on, and runs until {_hour(clock.due_at)}",
        clock=name,
        due_at=clock.due_at.isoformat(),
    )


def due(core: Core, name: str) -> datetime:
    """When it runs out; while it is paused, when it would if it went on now."""
    clock = core.state.clocks[name]
    if clock.paused_at is None:
        return clock.due_at
    declared = _declared(core, name)
    if declared.after_pause == "anew":
        return core.now + timedelta(seconds=declared.limit)
    return clock.due_at + (core.now - clock.paused_at)


def _remind(core: Core, clock: Clock, state: ClockState) -> None:
    if state.paused_at is None or state.remind_at is None or core.now < state.remind_at:
        return
    every = _until_reminded(core, clock.name)
    number = (core.now - state.paused_at) // every
    state.remind_at = state.paused_at + (number + 1) * every
    words = f"Clock {clock.name} is paused since {_hour(state.paused_at)}: {state.ground}"
    text = f"{words}. When that ground has ended, let it go on: firedoor do {core.state.incident} resume-clock {clock.name}"
    _tell_commander(core, f"clock:{clock.name}:paused:{state.paused_at:%Y%m%dT%H%M%S}:{number}", words, text)


def _until_reminded(core: Core, name: str) -> timedelta:
    """As long as the clock itself, a day at most."""
    return min(timedelta(seconds=_declared(core, name).limit), timedelta(days=1))


def _declared(core: Core, name: str) -> Clock:
    return next(clock for clock in core.plan.clocks if clock.name == name)


def met(core: Core, path: str) -> None:
    """The step has succeeded: the clocks that it meets stop. In a loop every round has to (`watch`)."""
    if core.state.engine < 3 or meeting.loop_around(core, path) is None:
        for name in core.step(path).meets:
            _meet(core, name, path)


def _look(core: Core, name: str) -> None:
    """Stop the clock when all rounds of a loop, or all of a group, have met it."""
    if core.state.engine < 3:
        return
    found = meeting.standing(core, name)
    if found.standing != "met":
        return
    if core.step(found.by).verb in BRANCHING or meeting.loop_around(core, found.by) is not None:
        _meet(core, name, found.by)


def _meet(core: Core, name: str, path: str) -> None:
    clock = core.state.clocks.get(name)
    if clock is None or not clock.runs:
        return
    go_on(core, name)
    clock.met_at, clock.met_by = core.now, path
    late = ", late" if clock.due_at < core.now else ""
    core.row(
        "clock.met",
        f"Clock {name} was met{late} by {core.name(path)}",
        step=path,
        clock=name,
        due_at=clock.due_at.isoformat(),
        ordinal=core.at(path).ordinal,
        restarts=clock.restarts or None,
    )


def undone(core: Core, path: str) -> None:
    """What met them was undone: its clocks run again, with the same due time, unless another step met them."""
    for name in core.state.clocks if core.state.engine >= 3 else core.step(path).meets:
        clock = core.state.clocks.get(name)
        if clock is None or clock.met_at is None or not _has_met(core, name, clock.met_by or "", path):
            continue
        other = _other(core, name)
        if other is not None:
            clock.met_by = other
            continue
        clock.met_at = clock.met_by = None
        clock.restarts += 1 if core.state.engine >= 3 else 0
        core.row(
            "clock.restarted",
            f"Clock {name} runs again: what met it was undone",
            step=path,
            clock=name,
            release=core.at(path).releases,
        )


def _has_met(core: Core, name: str, by: str, path: str) -> bool:
    """Whether the step at the path has a part in what met the clock: it did, in some round, or it stands in what did."""
    if by == path or core.state.engine < 3:
        return by == path
    if paths.static(by) not in core.plan.by_path:
        return False
    if paths.within(path, by):
        return True
    loop = meeting.loop_around(core, by)
    return loop is not None and paths.within(path, loop) and _counts(core, name, path)


def _counts(core: Core, name: str, path: str) -> bool:
    """Whether the step, or one that holds it, meets the clock."""
    return any(name in core.step(outer).meets for outer in meeting.around(path))


def _other(core: Core, name: str) -> str | None:
    if core.state.engine >= 3:
        found = meeting.standing(core, name)
        return found.by if found.standing == "met" else None
    return next(
        (other for other in core.state.steps if name in core.step(other).meets and succeeded(core, other)), None
    )


def running(core: Core) -> list[str]:
    """Clocks that have started and are neither met nor not owed."""
    return [name for name, clock in core.state.clocks.items() if clock.runs]


def _hour(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
