"""How a response ends: by itself, stopped, or undone; and how a run, after that, holds what is still owed and closes."""

from __future__ import annotations

from firedoor.plan import paths
from firedoor.plan.evaluate import Unread
from firedoor.run import asking, clocks, handover, pages, questions, releasing, remaining, tasks
from firedoor.run.core import Core, NoRound
from firedoor.run.state import Act, Hold, HoldStatus

TO_RELEASE: tuple[HoldStatus, ...] = ("entered", "applied", "unknown")
"""What undoing everything still has to let go; what could not be undone is asked about."""


def stop(core: Core, why: str) -> None:
    """End the response and keep what is contained. Steps that meet a running clock stay, as tasks."""
    if core.state.intent != "respond" or core.state.ended is not None:
        return
    core.state.intent = "stop"
    core.row("run.stopping", f"Stopping: {why}. What is contained stays contained.")
    _end_steps(core)
    _cancel(core)


def undo_all(core: Core, why: str) -> None:
    """End the response and release everything, newest first. A law's clock does not end by that: steps that meet one
    stay, as tasks, but for those that would contain again."""
    if core.state.intent == "undo_all":
        return
    core.state.intent = "undo_all"
    core.state.ended = None
    core.row("run.undoing", f"Undoing everything: {why}.")
    for _, hold in core.holds():
        hold.lasting = False
        if hold.status == "undo_failed":
            hold.status = "unknown"
    _end_steps(core)
    _cancel(core)


def _end_steps(core: Core) -> None:
    kept = [path for path in _meeting_clocks(core) if _stays(core, path)]
    core.state.additions, core.state.adds = [], []
    core.state.paused = False
    stay = ("undo_failed", "expiry", "handover", *(("clock",) if core.state.engine >= 3 else ()))
    for ask in list(core.state.asks.values()):
        if ask.step not in kept and ask.why not in stay:
            asking.close(core, ask)
    for path, state in list(core.state.steps.items()):
        if path not in kept and state.status in ("waiting", "asking"):
            core.finish(path, state.pending or "stopped")
    for path in kept:
        if not any(tasks.is_kept(ask) for ask in core.asks_of(path)):
            tasks.keep(core, path)


def _stays(core: Core, path: str) -> bool:
    """Whether a step that meets a running clock stays as a task. To undo everything and contain by hand is no sense."""
    if core.state.intent == "stop":
        return True
    return core.state.engine >= 2 and core.step(path).verb != "contain"


def ended_late(core: Core, path: str, *, succeeded: bool) -> None:
    """The attempt of a step has ended after the response did: a step that meets a running clock stays, as a task."""
    if succeeded:
        core.finish(path, "done")
    elif _stays(core, path) and any(name in clocks.running(core) for name in core.step(path).meets):
        tasks.keep(core, path)
    else:
        core.finish(path, "stopped")


def _meeting_clocks(core: Core) -> list[str]:
    """Steps not yet over that would meet a clock which runs, unless they are known not to apply."""
    running = clocks.running(core)
    there = dict.fromkeys((*core.state.steps, *(path for path in core.plan.by_path if not _in_loop(core, path))))
    return [
        path
        for path in there
        if any(name in running for name in core.step(path).meets)
        and core.step(path).verb not in ("parallel", "group", "for_each")
        and core.status(path) in ("waiting", "asking")
        and _may_apply(core, path)
    ]


def _in_loop(core: Core, path: str) -> bool:
    outer = paths.parent(path)
    return bool(outer) and (core.step(outer).verb == "for_each" or _in_loop(core, outer))


def _may_apply(core: Core, path: str) -> bool:
    """False for a step that was left out, or stands under a condition that is known not to hold."""
    if any(paths.within(path, scope) for scope in core.state.left):
        return False
    while path:
        step = core.step(path)
        if core.status(path) in ("not_needed", "skipped"):
            return False
        try:
            if step.when is not None and core.status(path) == "waiting" and core.value(step.when, path) is False:
                return False
        except (Unread, NoRound):
            pass
        path = paths.parent(path)
    return True


def _cancel(core: Core) -> None:
    """End the acts that are under way, but for releases, the record and notices about asks."""
    for act in core.state.acts.values():
        if act.kind in ("contain", "read") or (act.kind == "notify" and act.ask is None and act.path):
            act.cancel = True


def progress(core: Core) -> None:
    """What ends when acts have ended: first the response, then the run."""
    state = core.state
    if state.ended is None and state.intent != "respond" and not _acting(core):
        if state.intent == "undo_all" and _undo_next(core):
            return
        _finish_branches(core)
        state.ended = "stopped" if state.intent == "stop" else "undone"
        words = (
            "The response was stopped." if state.intent == "stop" else "Everything was undone; the response has ended."
        )
        core.row(f"run.{state.ended}", words)
    if state.ended is not None and state.phase == "responding" and not _acting(core):
        state.phase = "holding"
        state.next_update_at = None
        core.row("run.holding", _holding_words(core))
        state.review = "wanted" if core.plan.review is not None and state.review == "none" else state.review
    if state.ended is None or state.phase == "responding":
        remaining.ask_meanwhile(core)
    elif not state.closing:
        remaining.ask(core)
    if state.ended is not None and state.phase == "holding" and not state.closing and not owed(core):
        handover.withdraw(core)
        state.closing = True
        core.row("run.closed", "Nothing is owed any more: the run is closed.")


def _acting(core: Core) -> bool:
    """Whether an act of a step is still under way; a notice about an ask and the record do not count."""
    return any(_counts(act) for act in core.state.acts.values())


def _counts(act: Act) -> bool:
    return act.kind in ("contain", "release", "read") or (act.kind == "notify" and act.ask is None and bool(act.path))


def _finish_branches(core: Core) -> None:
    for path, state in list(core.state.steps.items()):
        if state.status == "acting":
            core.finish(path, "stopped")


def _undo_next(core: Core) -> bool:
    """Release the step with the newest hold. One after another; one that failed asks, and the others go on."""
    newest = max(((hold.entered, path) for path, hold in core.holds() if hold.status in TO_RELEASE), default=None)
    if newest is None:
        return False
    return releasing.release(core, newest[1], _run_of(core, newest[1]), "undo all")


def _run_of(core: Core, path: str) -> list[str]:
    """The step's targets that are newer than anything which another step holds."""
    bound = max((h.entered for other, h in core.holds() if other != path and h.status in TO_RELEASE), default=0)
    return [h.target for h in core.at(path).holds.values() if h.status in TO_RELEASE and h.entered > bound]


def owed(core: Core) -> list[str]:
    """Why the run cannot close yet, in words."""
    state = core.state
    reasons = [ask.words for ask in state.asks.values() if ask.why != "handover"]
    reasons += [f"{core.name(path)} for {hold.target}" for path, hold in core.holds() if _is_owed(hold)]
    reasons += ["an act is under way" for act in state.acts.values() if act.kind != "record"]
    if state.review == "wanted":
        reasons.append("the review is being opened")
    return reasons


def _is_owed(hold: Hold) -> bool:
    return hold.status == "undoing" or hold.leased


def _holding_words(core: Core) -> str:
    held = sum(pages.held(state) for state in core.state.steps.values())
    return (
        f"The response has ended; {held} stay contained." if held else "The response has ended; nothing is contained."
    )


def cancelled(core: Core) -> None:
    """A cancellation from outside decides nothing: it becomes a question."""
    core.state.cancels += 1
    core.row("run.cancel_asked", "The server was asked to cancel this run", number=core.state.cancels)
    questions.about_cancellation(core)
