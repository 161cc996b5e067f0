"""Letting go of what a step holds, whoever asks for it: an undo step, a refusal, an expiry, a person, an ended response."""

from __future__ import annotations

from firedoor.protocol import PageReport, ReleaseReport, TargetOutcome
from firedoor.run import clocks, pages, paging, questions
from firedoor.run.core import Core
from firedoor.run.state import HELD, Act, Hold, StepState

NOT_TRIED = "NotTried"
"""The type of a target's error where its attempt was ended, or its time was up, before it was tried."""


def release(core: Core, path: str, targets: list[str] | None, cause: str, *, by_step: str | None = None) -> bool:
    """Ask for the release of `targets` (all, if None). False where there is nothing to let go.

    What an act still works on is released when its attempt has ended; that is ended now, unless it also works on
    targets that are to stay.
    """
    state = core.state.steps.get(path)
    if state is None:
        return False
    busy = in_flight(core, path, targets)
    if state.pages and targets is not None:
        _name(core, state, [target for target in targets if target not in state.holds and target not in busy])
    chosen = [hold for hold in _newest_first(state.holds) if _releasable(hold, targets)]
    later = [target for target in busy if target not in state.undo_after]
    if later:
        state.undo_after += later
        core.changes += 1
        for act in core.acts_of(path):
            if act.kind == "contain" and all(target in state.undo_after for target in act.targets or []):
                act.cancel = True
    chosen = [hold for hold in chosen if hold.target not in busy]
    if chosen:
        _ask_for(core, path, chosen, cause, by_step)
    return bool(chosen or busy)


def _name(core: Core, state: StepState, targets: list[str]) -> None:
    """What stands in a page is let go by its name: a hold for itself, which the page counts."""
    for target in targets:
        core.state.entries += 1
        hold = Hold(target=target, ordinal=state.ordinal, entered=core.state.entries, status="unknown", count=0)
        state.holds[target] = hold


def _ask_for(core: Core, path: str, chosen: list[Hold], cause: str, by_step: str | None) -> None:
    for targets in pages.apart(core.at(path), [hold.target for hold in chosen]):
        _ask_for_some(core, path, targets, cause, by_step)


def _ask_for_some(core: Core, path: str, targets: list[str], cause: str, by_step: str | None) -> None:
    state = core.at(path)
    state.releases += 1
    for target in targets:
        state.holds[target].status, state.holds[target].until = "undoing", None
    number = f"r{state.releases}"
    core.act("release", path, number=number, targets=targets, cause=cause, by_step=by_step).ordinal = state.releases
    core.row(
        "hold.undoing",
        f"{core.name(path)}: undoing {sum(state.holds[t].count or 1 for t in targets)} — {cause}",
        step=path,
        release=state.releases,
        targets=targets[:20],
    )


def in_flight(core: Core, path: str, targets: list[str] | None = None) -> list[str]:
    """Those of `targets` (of all, if None) that an act of the step still works on, or may: what stands in a page is not
    known by name."""
    state = core.state.steps.get(path)
    busy = [target for act in core.acts_of(path) if act.kind == "contain" for target in act.targets or []]
    if targets is None or state is None:
        return busy
    paged = any(target in state.pages for target in busy)
    named = [target for target in targets if paged and target not in state.holds]
    return [*(target for target in busy if target in targets), *named]


def _newest_first(holds: dict[str, Hold]) -> list[Hold]:
    return sorted(holds.values(), key=lambda hold: -hold.entered)


def _releasable(hold: Hold, targets: list[str] | None) -> bool:
    return hold.status in HELD and hold.status != "undoing" and (targets is None or hold.target in targets)


def ended(
    core: Core, act: Act, report: ReleaseReport | None, error: str | None, *, cut_short: bool
) -> list[str] | None:
    """Enter what a release did. Returns the targets that could not be undone; None when the rest goes again.

    `cut_short`: the run itself has ended the attempt, so what was not tried goes again.
    """
    state = core.at(act.path)
    if pages.is_of(state, act):
        return _page_ended(core, act, report.page if report else None, error, cut_short=cut_short)
    outcomes = {outcome.target: outcome for outcome in report.outcomes} if report else {}
    failed: list[str] = []
    undone: list[str] = []
    again: list[str] = []
    for target in act.targets or []:
        hold, outcome = state.holds[target], outcomes.get(target)
        if outcome is not None and outcome.state in ("undone", "kept"):
            hold.status, hold.error, hold.lasting = "undone", None, False
            state.let_go += 1 if not hold.count and outcome.number is not None else 0
            undone.append(target)
        elif cut_short and (outcome is None or outcome.error_type == NOT_TRIED):
            hold.status = "unknown"
            again.append(target)
        else:
            hold.status = "undo_failed"
            hold.error = (outcome.error if outcome else error) or "no answer"
            failed.append(target)
    core.changes += 1
    _tell(core, act, undone, failed, [target for target in undone if outcomes[target].state == "kept"], outcomes)
    state.moved += 1 if state.pages else 0
    if undone and not core.held(act.path):
        clocks.undone(core, act.path)
    if again:
        if failed:
            questions.about_undo(core, act.path, failed, state.holds[failed[0]].error or "")
        release(core, act.path, again, act.cause, by_step=act.by_step)
        return None
    return failed


def _page_ended(
    core: Core, act: Act, report: PageReport | None, error: str | None, *, cut_short: bool
) -> list[str] | None:
    """Enter what a release did to a page, and go on with the next one."""
    state, name = core.at(act.path), (act.targets or [])[0]
    rest = paging.released(core, act, report, error, cut_short=cut_short)
    core.changes += 1
    if name not in rest:
        _tell_page(core, act, state.holds[name], report)
    if rest:
        paging.goes_on(core, act, rest)
        return None
    if not core.held(act.path):
        clocks.undone(core, act.path)
    return [target for target in (*act.over, name) if state.holds[target].status == "undo_failed"]


def _tell_page(core: Core, act: Act, hold: Hold, report: PageReport | None) -> None:
    words, undone = f"{core.name(act.path)}: {hold.target}", report.undone if report else 0
    failed = hold.status == "undo_failed"
    stuck = f", could not undo {hold.count}: {'; '.join(hold.problems) or hold.error}" if failed else ""
    core.row(
        "hold.undo_failed" if failed else "hold.undone",
        f"{words}: undone {undone}{stuck}",
        step=act.path,
        release=act.ordinal,
        first=hold.entered,
        count=undone,
    )


def _tell(
    core: Core, act: Act, undone: list[str], failed: list[str], kept: list[str], outcomes: dict[str, TargetOutcome]
) -> None:
    if undone:
        also = f"; {len(kept)} stay contained, because someone else holds them" if kept else ""
        core.row(
            "hold.undone",
            f"{core.name(act.path)}: undone for {some(undone)}{also}",
            step=act.path,
            release=act.ordinal,
            targets=undone[:50],
            kept=kept[:50] or None,
            numbers={target: outcomes[target].number for target in undone[:50]},
        )
    if failed:
        reason = core.at(act.path).holds[failed[0]].error
        core.row(
            "hold.undo_failed",
            f"{core.name(act.path)}: could not undo {some(failed)}: {reason}",
            step=act.path,
            release=act.ordinal,
            targets=failed[:50],
        )


def some(targets: list[str]) -> str:
    """The first few of them, in words."""
    more = f" and {len(targets) - 5} more" if len(targets) > 5 else ""
    return ", ".join(target or "it" for target in targets[:5]) + more
