"""Letting go of what a step holds, whoever asks for it: an undo step, a refusal, an expiry, a person, an ended response."""

from __future__ import annotations

from firedoor.protocol import ReleaseReport
from firedoor.run import clocks, questions
from firedoor.run.core import Core
from firedoor.run.state import HELD, Act, Hold


def release(core: Core, path: str, targets: list[str] | None, cause: str, *, by_step: str | None = None) -> bool:
    """Ask for the release of `targets` (all, if None). False where there is nothing to let go.

    While the step still acts, the attempt is ended first and its result awaited: then everything it holds is released.
    """
    state = core.state.steps.get(path)
    if state is None:
        return False
    contain = [act for act in core.acts_of(path) if act.kind == "contain"]
    if contain and by_step is None:
        state.undo_after = True
        for act in contain:
            act.cancel = True
        core.changes += 1
        return True
    chosen = [hold for hold in _newest_first(state.holds) if _releasable(hold, targets)]
    if not chosen:
        return False
    state.releases += 1
    for hold in chosen:
        hold.status = "undoing"
        hold.until = None
    core.act(
        "release",
        path,
        number=f"r{state.releases}",
        targets=[hold.target for hold in chosen],
        cause=cause,
        by_step=by_step,
    ).ordinal = state.releases
    core.row(
        "hold.undoing",
        f"{core.name(path)}: undoing {len(chosen)} — {cause}",
        step=path,
        release=state.releases,
        targets=[hold.target for hold in chosen][:20],
    )
    return True


def _newest_first(holds: dict[str, Hold]) -> list[Hold]:
    return sorted(holds.values(), key=lambda hold: -hold.entered)


def _releasable(hold: Hold, targets: list[str] | None) -> bool:
    return hold.status in HELD and hold.status != "undoing" and (targets is None or hold.target in targets)


def ended(core: Core, act: Act, report: ReleaseReport | None, error: str | None) -> list[str]:
    """Enter what a release did. Returns the targets that could not be undone."""
    state = core.at(act.path)
    outcomes = {outcome.target: outcome for outcome in report.outcomes} if report else {}
    failed: list[str] = []
    undone: list[str] = []
    for target in act.targets or []:
        hold, outcome = state.holds[target], outcomes.get(target)
        if outcome is not None and outcome.state in ("undone", "kept"):
            hold.status, hold.error = "undone", None
            undone.append(target)
        else:
            hold.status = "undo_failed"
            hold.error = (outcome.error if outcome else error) or "no answer"
            failed.append(target)
    core.changes += 1
    kept = [target for target in undone if outcomes[target].state == "kept"]
    if undone:
        also = f"; {len(kept)} stay contained, because someone else holds them" if kept else ""
        core.row(
            "hold.undone",
            f"{core.name(act.path)}: undone for {', '.join(t or 'it' for t in undone[:5])}{also}",
            step=act.path,
            release=act.ordinal,
            targets=undone[:50],
            kept=kept[:50] or None,
            numbers={t: outcomes[t].number for t in undone[:50]},
        )
        if not core.held(act.path):
            clocks.undone(core, act.path)
    if failed:
        reason = state.holds[failed[0]].error or ""
        core.row(
            "hold.undo_failed",
            f"{core.name(act.path)}: could not undo {', '.join(failed[:5])}: {reason}",
            step=act.path,
            release=act.ordinal,
            targets=failed[:50],
        )
        if act.by_step is None:
            questions.about_undo(core, act.path, failed, reason)
    return failed
