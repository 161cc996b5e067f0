"""The verb `contain`: targets become holds, each with an outcome of its own; what fails is asked about alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firedoor.plan import Approve, Contain, paths
from firedoor.plan.evaluate import plain, unique
from firedoor.protocol import ContainReport, TargetOutcome
from firedoor.run import clocks, consequences, questions, releasing, seats
from firedoor.run.core import Core
from firedoor.run.state import HELD, Act, Hold


def begin(core: Core, step: Contain, path: str) -> None:
    state = core.at(path)
    if state.targets is None:
        targets = find_targets(core, step, path)
        arguments(core, step, path)
        state.targets = approved(core, step, path, targets)
    targets = state.targets
    missing = unsigned(core, step, path)
    if missing is not None:
        core.arrive(path, "acting")
        _fail(core, path, f"{missing} has not signed for {step.action}, and no approval that covers this step holds")
    elif step.ask_above is not None and len(targets) > step.ask_above and not state.allowed:
        core.arrive(path, "asking")
        questions.about_size(core, step, path, len(targets), step.ask_above)
    elif not targets:
        core.arrive(path, "acting")
        core.finish(path, "done", f"{core.name(path)}: there is nothing to act on")
    else:
        core.arrive(path, "acting")
        act(core, path, targets)


def find_targets(core: Core, step: Contain, path: str) -> list[str]:
    """The targets, each once, in order; one empty text where the action takes none. Raises Unread."""
    if step.targets is None:
        return [""]
    value = plain(core.value(step.targets, path))
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [str(item) for item in unique(found)]


def arguments(core: Core, step: Contain, path: str) -> dict[str, Any]:
    return {name: plain(core.value(expr, path)) for name, expr in step.arguments.items()}


def act(core: Core, path: str, targets: list[str]) -> None:
    """Enter a hold for each target, and ask for the act."""
    state = core.at(path)
    step = core.step(path)
    if step.verb != "contain":
        raise AssertionError(f"{path} contains nothing")
    for target in targets:
        core.state.entries += 1
        state.holds[target] = Hold(target=target, ordinal=state.ordinal, entered=core.state.entries)
    first = core.state.entries - len(targets) + 1
    core.act("contain", path, number=f"{state.ordinal}@{first}", targets=targets, arguments=arguments(core, step, path))
    shown = ", ".join(target or "the platform" for target in targets[:5])
    core.row(
        "contain.begun",
        f"{core.name(path)}: {shown}" + (f" and {len(targets) - 5} more" if len(targets) > 5 else ""),
        step=path,
        ordinal=state.ordinal,
        count=len(targets),
        first=first,
    )


def approvals_over(core: Core, path: str) -> list[tuple[Approve, str]]:
    """Approvals whose scope covers the act and that hold for it, in its rounds."""
    static = paths.static(path)
    return [
        (step, there)
        for step in core.plan.by_path.values()
        if step.verb == "approve" and static in step.unlocks
        if core.status(there := paths.in_run(step.path, path)) == "approved"
    ]


def approved(core: Core, step: Contain, path: str, targets: list[str]) -> list[str]:
    """What is left of the targets where deciders have approved fewer."""
    for _, approval in approvals_over(core, path):
        fewer = core.at(approval).approved_targets
        if fewer is not None and step.targets is not None:
            left_out = [target for target in targets if target not in fewer]
            targets = [target for target in targets if target in fewer]
            if left_out:
                core.row(
                    "contain.fewer",
                    f"{core.name(path)}: {len(left_out)} were not approved",
                    step=path,
                    targets=left_out[:50],
                )
    return targets


def unsigned(core: Core, step: Contain, path: str) -> str | None:
    """A seat that the action requires and that no single approval over this act has filled; None when all are."""
    required = core.plan.actions[step.action].requires
    if not required:
        return None
    for _, approval in approvals_over(core, path):
        if not seats.missing(core, required, core.at(approval).decisions, path):
            return None
    return ", ".join(str(seat.who) for seat in required)


def ended(core: Core, act_: Act, report: ContainReport | None, error: str | None) -> None:
    """Enter what an act did, target by target."""
    path, state, step = act_.path, core.at(act_.path), core.step(act_.path)
    outcomes = {outcome.target: outcome for outcome in report.outcomes} if report else {}
    applied: list[str] = []
    failed: list[str] = []
    for target in act_.targets or []:
        hold = state.holds[target]
        if _enter(core, hold, outcomes.get(target), error, step.expires if step.verb == "contain" else None):
            applied.append(target)
        else:
            failed.append(target)
    core.changes += 1
    if applied:
        core.row(
            "hold.applied",
            f"{core.name(path)}: contained {', '.join(t or 'it' for t in applied[:5])}"
            + (f" and {len(applied) - 5} more" if len(applied) > 5 else ""),
            step=path,
            ordinal=act_.ordinal,
            first=act_.id.rpartition("@")[2],
            targets=applied[:50],
            numbers={t: outcomes[t].number for t in applied[:50]},
        )
    if failed:
        state.reason = state.holds[failed[0]].error or error
        core.row(
            "hold.failed",
            f"{core.name(path)}: failed for {', '.join(failed[:5])}: {state.reason}",
            step=path,
            ordinal=act_.ordinal,
            first=act_.id.rpartition("@")[2],
            targets=failed[:50],
        )
    _settle(core, path, applied, failed)


def _enter(core: Core, hold: Hold, outcome: TargetOutcome | None, error: str | None, expires: int | None) -> bool:
    """Whether the target is contained now."""
    if outcome is None:
        hold.status, hold.error = "unknown", error
        return False
    if outcome.state == "applied":
        hold.status, hold.error = "applied", None
        hold.until = (outcome.at or core.now) + timedelta(seconds=expires) if expires else None
        return True
    hold.error = outcome.error or outcome.state
    match outcome.state:
        case "refused" | "failed" | "unknown" | "undone" | "undo_failed":
            hold.status = outcome.state
        case _:
            hold.status = "unknown"
    return False


def _settle(core: Core, path: str, applied: list[str], failed: list[str]) -> None:
    state, step = core.at(path), core.step(path)
    responding = core.state.intent == "respond"
    if state.undo_after:
        state.undo_after = False
        if not core.is_final(path):
            core.finish(path, "done", f"{core.name(path)}: ended, to be undone")
        releasing.release(core, path, None, "undo was asked for while it acted")
    elif not responding:
        if not core.is_final(path):
            core.finish(path, "stopped" if failed else "done")
    elif failed and not applied and not core.is_final(path):
        consequences.follow(
            core, path, "failed", step.on_failure, "failure", f"{core.name(path)} failed: {state.reason}"
        )
    else:
        if not core.is_final(path):
            core.finish(path, "done")
        if failed:
            _some_failed(core, path, failed)
    if core.status(path) == "done" and all(hold.status in HELD for hold in state.holds.values()) and not failed:
        clocks.met(core, path)


def _some_failed(core: Core, path: str, failed: list[str]) -> None:
    """The others are contained; those that failed are asked about alone and hold up nothing."""
    step = core.step(path)
    if step.on_failure.kind == "ask":
        questions.about_failure(core, step, path, failed, block=False)
    else:
        consequences.apply(core, path, step.on_failure, "failure", f"{core.name(path)} failed for {len(failed)}")


def _fail(core: Core, path: str, reason: str) -> None:
    core.at(path).reason = reason
    consequences.follow(core, path, "failed", core.step(path).on_failure, "failure", f"{core.name(path)}: {reason}")


def expired(core: Core) -> None:
    """Leases whose time is over: undone, or asked about. Nothing expires into the open by silence."""
    by_path: dict[str, list[str]] = {}
    for path, hold in core.holds():
        if hold.until is not None and hold.until <= core.now and hold.status == "applied" and not hold.lasting:
            by_path.setdefault(path, []).append(hold.target)
    for path, targets in by_path.items():
        step = core.step(path)
        for target in targets:
            core.at(path).holds[target].until = None
        core.row(
            "hold.expired",
            f"{core.name(path)}: the time is over for {len(targets)}",
            step=path,
            targets=targets[:50],
            release=core.at(path).releases,
        )
        consequence = step.on_expiry if step.verb == "contain" else None
        if consequence is not None and consequence.kind == "undo":
            releasing.release(core, path, targets, "its time was over")
        else:
            questions.about_expiry(core, path, targets, consequence.asks if consequence else None)
