"""The verb `undo`: release what a step holds, as a step of its own."""

from __future__ import annotations

from firedoor.plan import Undo, paths
from firedoor.plan.evaluate import plain
from firedoor.protocol import ReleaseReport
from firedoor.run import clocks, consequences, releasing
from firedoor.run.core import Core
from firedoor.run.state import Act


def begin(core: Core, step: Undo, path: str) -> None:
    holder = paths.in_run(step.step, path)
    targets: list[str] | None = None
    if step.targets is not None:
        value = plain(core.value(step.targets, path))
        targets = [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]
    state = core.arrive(path, "acting")
    state.targets = targets
    if not releasing.release(core, holder, targets, core.name(path), by_step=path):
        core.finish(path, "done", f"{core.name(path)}: nothing was contained any more")


def ended(core: Core, act: Act, report: ReleaseReport | None, error: str | None) -> None:
    """A release is over: the step that asked for it, if one did, is done or has failed."""
    failed = releasing.ended(core, act, report, error)
    path = act.by_step
    if path is None or core.is_final(path):
        if failed and path is not None:
            core.row("hold.undo_failed", f"{core.name(path)}: the step had ended", step=path, targets=failed[:50])
        return
    if not failed:
        core.finish(path, "done")
        clocks.met(core, path)
        return
    state = core.at(path)
    state.reason = error or core.at(act.path).holds[failed[0]].error
    consequences.follow(core, path, "failed", core.step(path).on_failure, "failure", f"{core.name(path)} failed")
