"""The verb `undo`: release what a step holds, as a step of its own."""

from __future__ import annotations

from firedoor.plan import Undo, paths
from firedoor.plan.expression import Expr
from firedoor.plan.lists import ListRef
from firedoor.protocol import ReleaseReport
from firedoor.run import clocks, consequences, questions, releasing
from firedoor.run.core import Core
from firedoor.run.state import Act


def begin(core: Core, step: Undo, path: str) -> None:
    """Not before acts on these targets have ended: an undo beside them would race with them."""
    holder = paths.in_run(step.step, path)
    targets = None if step.targets is None else _targets(core, step.targets, path, holder)
    if releasing.in_flight(core, holder, targets):
        return
    state = core.arrive(path, "acting")
    state.targets = targets
    if not releasing.release(core, holder, targets, core.name(path), by_step=path):
        core.finish(path, "done", f"{core.name(path)}: nothing was contained any more")


def _targets(core: Core, expr: Expr, path: str, holder: str) -> list[str] | None:
    """The targets by name. A long list that the step itself was given is all of it. Raises Unread, and TooLong."""
    found, there = core.value(expr, path), core.state.steps.get(holder)
    if isinstance(found, ListRef) and there is not None and there.lists == [found]:
        return [name for name, page in there.pages.items() if page.list == found.digest]
    return [str(item) for item in core.items(expr, path)]


def ended(core: Core, act: Act, report: ReleaseReport | None, error: str | None, *, cut_short: bool) -> None:
    """A release is over: the step that asked for it, if one did, is done or has failed. What stays contained against
    the will of whoever released it is asked about, by the step's own question or by one of its own."""
    failed = releasing.ended(core, act, report, error, cut_short=cut_short)
    path = act.by_step
    if failed is None or (path is not None and any(other.by_step == path for other in core.state.acts.values())):
        return
    if core.at(act.path).pages:
        failed = [hold.target for hold in core.at(act.path).holds.values() if hold.status == "undo_failed"]
    reason = error or (core.at(act.path).holds[failed[0]].error if failed else None) or "no answer"
    if path is None or core.is_final(path):
        _ask(core, act.path, failed, reason)
    elif not failed:
        core.finish(path, "done")
        clocks.met(core, path)
    elif core.state.intent != "respond":
        core.finish(path, "failed", f"{core.name(path)} failed: {reason}")
        _ask(core, act.path, failed, reason)
    else:
        core.at(path).reason = reason
        on_failure = core.step(path).on_failure
        consequences.follow(core, path, "failed", on_failure, "failure", f"{core.name(path)} failed: {reason}")
        if on_failure.kind != "ask":
            _ask(core, act.path, failed, reason)


def _ask(core: Core, path: str, failed: list[str], reason: str) -> None:
    holds = core.at(path).holds
    stuck = [target for target in failed if holds[target].status == "undo_failed"]
    if stuck:
        questions.about_undo(core, path, stuck, reason)
