"""The verb `wait`: some time, or until a condition on reads holds (for a while)."""

from __future__ import annotations

from datetime import timedelta

from firedoor.plan import Wait
from firedoor.plan.evaluate import Unread
from firedoor.run import clocks, consequences, reading
from firedoor.run.core import Core


def begin(core: Core, step: Wait, path: str) -> None:
    state = core.arrive(path, "asking")
    state.true_since = state.poll_at = None
    if step.duration is not None:
        state.ends_at = core.now + timedelta(seconds=step.duration)
        core.row(
            "wait.begun",
            f"{core.name(path)} until {state.ends_at:%Y-%m-%d %H:%M UTC}",
            step=path,
            ordinal=state.ordinal,
        )
        return
    state.ends_at = core.now + timedelta(seconds=step.at_most) if step.at_most else None
    core.row("wait.begun", f"{core.name(path)} for a condition", step=path, ordinal=state.ordinal)
    look(core, path)


def due(core: Core) -> None:
    """End what is over, and look again where it is time to."""
    for path, state in list(core.state.steps.items()):
        if state.status != "asking" or state.pending is not None or core.step(path).verb != "wait":
            continue
        step = core.step(path)
        if step.verb != "wait":
            continue
        if step.duration is not None:
            if state.ends_at is not None and state.ends_at <= core.now:
                core.finish(path, "done")
                clocks.met(core, path)
            continue
        if state.poll_at is not None and state.poll_at <= core.now:
            _forget(core, path)
            look(core, path)
        if not core.is_final(path) and state.ends_at is not None and state.ends_at <= core.now and step.on_timeout:
            state.poll_at = None
            words = f"{core.name(path)}: the condition did not hold in time"
            consequences.follow(core, path, "unanswered", step.on_timeout, "timeout", words)


def _forget(core: Core, path: str) -> None:
    """A poll, and a wait that is asked for again, put their reads anew."""
    for key in [key for key in core.state.reads if key.startswith(f"{path}|")]:
        del core.state.reads[key]


def look(core: Core, path: str) -> None:
    """Evaluate the condition; ask for the reads that it needs."""
    state, step = core.at(path), core.step(path)
    if step.verb != "wait" or step.until is None or state.status != "asking" or state.pending is not None:
        return
    state.poll_at = None
    try:
        holds = core.value(step.until, path) is True
    except Unread as unread:
        reading.request(core, path, unread)
        return
    state.polls += 1
    core.changes += 1
    if not holds:
        state.true_since = None
        state.poll_at = core.now + timedelta(seconds=step.check_every)
        return
    if state.true_since is None:
        state.true_since = core.now
        if step.held_for:
            core.row("wait.true", f"{core.name(path)}: the condition holds", step=path, poll=state.polls)
    held_until = state.true_since + timedelta(seconds=step.held_for)
    if held_until <= core.now:
        core.finish(path, "done")
        clocks.met(core, path)
    else:
        state.poll_at = min(core.now + timedelta(seconds=step.check_every), held_until)


def unknown(core: Core, path: str, read: str, reason: str) -> None:
    """A read did not answer: the condition is unknown, so it does not hold. `at_most` bounds how long that goes on."""
    state, step = core.at(path), core.step(path)
    if step.verb != "wait" or state.status != "asking":
        return
    state.polls += 1
    state.true_since = None
    state.poll_at = core.now + timedelta(seconds=step.check_every)
    core.row(
        "read.failed",
        f"{read} did not answer; looking again in {step.check_every} s: {reason}",
        step=path,
        poll=state.polls,
    )


def again(core: Core, path: str) -> None:
    state, step = core.at(path), core.step(path)
    state.ordinal += 1
    state.pending = None
    _forget(core, path)
    if step.verb == "wait":
        begin(core, step, path)
