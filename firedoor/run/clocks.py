"""Legal and internal clocks: they start at their expression, and stop when a step that meets them succeeds."""

from __future__ import annotations

from datetime import datetime, timedelta

from firedoor.plan import Clock, Who
from firedoor.plan.evaluate import Unread, Unworked
from firedoor.protocol import Rendering
from firedoor.run import reading
from firedoor.run.core import Core, NoRound
from firedoor.run.state import ClockState, Notice


def watch(core: Core) -> None:
    """Start what has begun to run, end what is not owed, tell what has run out."""
    for clock in core.plan.clocks:
        running = core.state.clocks.get(clock.name)
        if running is None:
            _start(core, clock)
        elif running.met_at is None and not running.not_due:
            _check(core, clock, running)


def _start(core: Core, clock: Clock) -> None:
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
    for path in core.state.steps:
        if clock.name in core.step(path).meets and succeeded(core, path):
            met(core, path)
    if state.met_at is None:
        _check(core, clock, state)


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
    if state.due_at <= core.now and not state.missed:
        state.missed = True
        kind = "breached" if clock.kind == "fixed" else "missed"
        words = f"Clock {clock.name} was {kind}: it ran out at {_hour(state.due_at)}"
        core.row(f"clock.{kind}", words, clock=clock.name, due_at=state.due_at.isoformat())
        key = f"clock:{clock.name}"
        core.act(
            "notify",
            "",
            number=key,
            notice=Notice(
                key=key,
                audience=[Who(kind="commander")],
                subject=words,
                texts=[Rendering(language="*", text=f"{words}. {clock.law}")],
                urgent=True,
            ),
        )


def succeeded(core: Core, path: str) -> bool:
    """Whether the step has done what it is for: of a containment, all that it was to contain is contained."""
    if core.status(path) not in ("done", "approved"):
        return False
    tally = core.at(path).tally
    if tally is not None and not tally.complete:
        return False
    holds = core.at(path).holds.values()
    contained = all(hold.status == "applied" and not hold.failed for hold in holds)
    return core.step(path).verb != "contain" or (bool(holds) and contained)


def met(core: Core, path: str) -> None:
    """The step has succeeded: the clocks that it meets stop."""
    for name in core.step(path).meets:
        clock = core.state.clocks.get(name)
        if clock is not None and clock.met_at is None and not clock.not_due:
            clock.met_at, clock.met_by = core.now, path
            late = ", late" if clock.due_at < core.now else ""
            core.row(
                "clock.met",
                f"Clock {name} was met{late} by {core.name(path)}",
                step=path,
                clock=name,
                due_at=clock.due_at.isoformat(),
                ordinal=core.at(path).ordinal,
            )


def undone(core: Core, path: str) -> None:
    """The step that met them was undone: its clocks run again, with the same due time, unless another one met them."""
    for name in core.step(path).meets:
        clock = core.state.clocks.get(name)
        if clock is None or clock.met_by != path or clock.met_at is None:
            continue
        others = [other for other in core.state.steps if name in core.step(other).meets and succeeded(core, other)]
        if others:
            clock.met_by = others[0]
            continue
        clock.met_at = clock.met_by = None
        core.row(
            "clock.restarted",
            f"Clock {name} runs again: what met it was undone",
            step=path,
            clock=name,
            release=core.at(path).releases,
        )


def running(core: Core) -> list[str]:
    """Clocks that have started and are neither met nor not owed."""
    return [name for name, clock in core.state.clocks.items() if clock.met_at is None and not clock.not_due]


def _hour(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
