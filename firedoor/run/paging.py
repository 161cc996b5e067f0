"""How pages of long lists come to their end: what an act, or a release, did to one, and with which it goes on."""

from __future__ import annotations

from datetime import timedelta

from firedoor.protocol import Page, PageReport, TargetOutcome
from firedoor.run.core import Core
from firedoor.run.state import Act, Hold

MOST_NAMED = 5
"""Targets that failed which a page names."""

UNTRIED = "not tried, since nothing of what stood before it could be contained"
ENDED = "not tried, since the act was ended before"


def contained(
    core: Core, act: Act, report: PageReport | None, error: str | None, expires: int | None, *, cut_short: bool
) -> list[str]:
    """Enter what an act did to the first of its pages. Returns the pages that it goes on with, the same one among them
    where the run itself has ended the attempt."""
    state = core.at(act.path)
    name, *rest = act.targets or []
    wanted = core.state.intent == "respond" and not all(target in state.undo_after for target in (name, *rest))
    state.moved += 1
    if report is not None and report.left and cut_short and wanted:
        return [name, *rest]
    hold = state.holds[name]
    _enter(core, hold, state.pages[name], report, error, expires)
    asks = core.step(act.path).on_failure.kind == "ask"
    if wanted and not (asks and hold.status != "applied"):
        return rest
    for other in rest:
        reason = UNTRIED if wanted else ENDED
        untried = state.holds[other]
        untried.status, untried.error = "failed", reason
        untried.count, untried.failed, untried.problems = 0, state.pages[other].count, []
    return []


def _enter(
    core: Core, hold: Hold, page: Page, report: PageReport | None, error: str | None, expires: int | None
) -> None:
    if report is None:
        hold.status, hold.error = "unknown", error or "nothing was reported"
        hold.count, hold.failed, hold.problems = page.count, page.count, []
        hold.until = core.now + timedelta(seconds=expires) if expires else None
        return
    doubted = report.unknown + report.left
    hold.status = "applied" if report.applied else "unknown" if doubted else "failed"
    hold.count = report.applied or doubted
    hold.failed = report.refused + report.failed + doubted
    hold.problems = [_problem(outcome) for outcome in report.problems[:MOST_NAMED]]
    hold.error = hold.problems[0] if hold.problems else ENDED if report.left else None
    lasts = expires and hold.count
    hold.until = (report.last_at or core.now) + timedelta(seconds=expires) if lasts and expires else None


def _problem(outcome: TargetOutcome) -> str:
    return f"{outcome.target}: {outcome.error or outcome.state}"


def released(core: Core, act: Act, report: PageReport | None, error: str | None, *, cut_short: bool) -> list[str]:
    """Enter what a release did to the first of its pages. Returns the pages that it goes on with."""
    state = core.at(act.path)
    name, *rest = act.targets or []
    state.moved += 1
    if report is not None and report.left and cut_short:
        return [name, *rest]
    hold = state.holds[name]
    stuck = report.undo_failed + report.left if report is not None else hold.count
    if report is not None and not stuck:
        state.let_go = max(state.let_go - max(hold.count - report.undone, 0), 0)
        hold.status, hold.error, hold.lasting, hold.count = "undone", None, False, 0
    else:
        hold.status, hold.count = "undo_failed", stuck
        hold.problems = [_problem(outcome) for outcome in report.problems[:MOST_NAMED]] if report is not None else []
        hold.error = error or (hold.problems[0] if hold.problems else "no answer")
    return rest


def goes_on(core: Core, act: Act, targets: list[str]) -> None:
    """The act goes on with these of its pages."""
    number = f"{act.ordinal}@{core.at(act.path).holds[targets[0]].entered}"
    if act.kind == "release":
        number = f"r{act.ordinal}@{core.at(act.path).holds[targets[0]].entered}"
    over = [*act.over, *(target for target in act.targets or [] if target not in targets)]
    more = core.act(
        act.kind,
        act.path,
        number=number,
        targets=targets,
        over=over,
        arguments=act.arguments,
        cause=act.cause,
        by_step=act.by_step,
    )
    more.ordinal = act.ordinal
