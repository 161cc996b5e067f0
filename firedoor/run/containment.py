"""The verb `contain`: targets become holds, each with an outcome of its own; what fails is asked about alone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from firedoor.plan import Approve, Contain, Step, paths
from firedoor.plan.evaluate import plain, unique
from firedoor.plan.expression import Filter
from firedoor.plan.lists import ListRef, reference
from firedoor.protocol import ContainReport, Decision, PageReport, TargetOutcome
from firedoor.run import (
    batches,
    bounds,
    clocks,
    consequences,
    ending,
    meeting,
    pages,
    paging,
    questions,
    releasing,
    seats,
)
from firedoor.run.core import Core
from firedoor.run.state import Act, Hold, StepState


def begin(core: Core, step: Contain, path: str) -> None:
    state = core.at(path)
    if batches.loop_of(core, path) is not None:
        arguments(core, step, path)
        batches.look(core, step, path)
        wanted = batches.taken(state)
    elif state.targets is None:
        found = find_targets(core, step, path)
        arguments(core, step, path)
        wanted = pages.divided(state, found) if isinstance(found, ListRef) else found
    else:
        wanted = state.targets
    missing = unsigned(core, step, path)
    targets = approved(core, step, path, wanted)
    out = [target for target in wanted if target not in targets]
    tell_fewer(core, path, out)
    for addition in core.state.additions:
        if out and path not in addition.queue:
            addition.queue.append(path)
    state.targets = [*(target for target in state.targets or [] if target not in wanted), *targets]
    if missing is not None:
        core.arrive(path, "acting")
        _fail(core, path, f"{missing} has not signed for {step.action}, and no approval that covers this step holds")
    elif too_many(core, targets):
        core.arrive(path, "acting")
        _fail(
            core, path, f"with these {len(targets)} the run would hold more than the {bounds.MOST_ENTRIES} it carries"
        )
    elif step.ask_above is not None and pages.size(state, targets) > step.ask_above and not state.allowed:
        core.arrive(path, "asking")
        most = most_signed(core, step, path)
        questions.about_size(core, step, path, pages.size(state, targets), step.ask_above, most)
    elif not targets:
        core.arrive(path, "acting")
        core.finish(path, "done", f"{core.name(path)}: there is nothing to act on")
    else:
        core.arrive(path, "acting")
        act(core, path, targets)


def too_many(core: Core, targets: list[str]) -> bool:
    """Whether these would be more entries than a run carries."""
    return core.state.engine >= 2 and core.state.entries + len(targets) > bounds.MOST_ENTRIES


def find_targets(core: Core, step: Contain, path: str) -> list[str] | ListRef:
    """The targets, each once, in order; one empty text where the action takes none. Raises Unread."""
    if step.targets is None:
        return [""]
    if not isinstance(core.value(step.targets, path), ListRef):
        return [str(item) for item in unique(core.items(step.targets, path))]
    found = core.value(Filter(name="unique", of=step.targets), path)
    return found if isinstance(found, ListRef) else list(found)


def arguments(core: Core, step: Contain, path: str) -> dict[str, Any]:
    return {name: plain(core.value(expr, path)) for name, expr in step.arguments.items()}


def act(core: Core, path: str, targets: list[str], *, failed: bool = False) -> None:
    """Enter a hold for each target, and ask for the act. `failed`: of pages, only what is not contained."""
    state = core.at(path)
    pages.entered(state, targets, failed=failed)
    for group in pages.apart(state, targets):
        _act(core, path, group)


def _act(core: Core, path: str, targets: list[str]) -> None:
    state = core.at(path)
    step = core.step(path)
    if step.verb != "contain":
        raise AssertionError(f"{path} contains nothing")
    for target in targets:
        core.state.entries += 1
        hold = Hold(target=target, ordinal=state.ordinal, entered=core.state.entries)
        hold.count = state.pages[target].count if target in state.pages else 1
        state.holds[target] = hold
    first = core.state.entries - len(targets) + 1
    core.act("contain", path, number=f"{state.ordinal}@{first}", targets=targets, arguments=arguments(core, step, path))
    shown = ", ".join(target or "the platform" for target in targets[:5])
    core.row(
        "contain.begun",
        f"{core.name(path)}: {shown}" + (f" and {len(targets) - 5} more" if len(targets) > 5 else ""),
        step=path,
        ordinal=state.ordinal,
        count=pages.size(state, targets),
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
    """Those of the targets that were shown to deciders and that they approved, where approvals are over the act."""
    if step.targets is None:
        return targets
    divided, loop = core.at(path).pages, batches.loop_of(core, path)
    listed = [ref.digest for ref in core.at(loop).lists] if loop is not None else []
    for _, approval in approvals_over(core, path):
        state = core.at(approval)
        shown, only = _shown(state.decisions, step.path), state.approved_targets
        targets = [
            target
            for target in targets
            if target not in state.refused_targets
            and (shown is None or _is_among(shown, divided[target].list if target in divided else target, listed))
            and (only is None or target in only)
        ]
    return targets


def _is_among(shown: list[str], target: str, listed: list[str]) -> bool:
    """Whether deciders saw the target, or the list of the long loop that gave it: whoever acts looks at each item."""
    return target in shown or any(digest in shown for digest in listed)


def _shown(decisions: list[Decision], static: str) -> list[str] | None:
    """The targets of the act that deciders saw, long lists by their digests; None where they saw the read that would find
    them."""
    acts = [act for decision in decisions for act in json.loads(decision.document)["unlocks"] if act["step"] == static]
    found: list[str] = []
    for act in acts:
        if act["targets"] is None:
            return None
        ref = reference(act["targets"])
        found += [ref.digest] if ref is not None else act["targets"]
    return found


def most_signed(core: Core, step: Step, path: str) -> int | None:
    """The greatest number that deciders saw for what a read would find; nobody but they can allow more."""
    if step.verb in ("parallel", "group", "for_each"):
        inside = [most_signed(core, child, f"{path}.{number}") for number, child in enumerate(step.steps)]
        return min((most for most in inside if most is not None), default=None)
    decisions = [decision for _, approval in approvals_over(core, path) for decision in core.at(approval).decisions]
    acts = [act for decision in decisions for act in json.loads(decision.document)["unlocks"]]
    bounds = [act["at_most"] for act in acts if act["step"] == step.path and act["targets"] is None]
    return min((bound for bound in bounds if bound is not None), default=None)


def tell_fewer(core: Core, path: str, out: list[str], addition: int | None = None) -> None:
    """Say which targets are left out because deciders have approved fewer."""
    if out:
        words = f"{core.name(path)}: {len(out)} were not approved"
        ordinal = core.at(path).ordinal
        core.row("contain.fewer", words, step=path, targets=out[:50], ordinal=ordinal, addition=addition)


def _was_shown(decisions: list[Decision], static: str) -> bool:
    """Whether deciders saw the targets of this act, and not only the read that would find them."""
    shown = [act for decision in decisions for act in json.loads(decision.document)["unlocks"]]
    return any(act["step"] == static and act["targets"] is not None for act in shown)


def unsigned(core: Core, step: Contain, path: str) -> str | None:
    """A seat that the action requires and that no single approval over this act has filled; None when all are."""
    required = core.plan.actions[step.action].requires
    if not required:
        return None
    for _, approval in approvals_over(core, path):
        if not seats.missing(core, required, core.at(approval).decisions, path):
            return None
    return ", ".join(str(seat.who) for seat in required)


def ended(core: Core, act_: Act, report: ContainReport | None, error: str | None, *, cut_short: bool) -> None:
    """Enter what an act did, target by target.

    `cut_short`: the run itself has ended the attempt, so what was not tried goes again, as a new ordinal.
    """
    path, state, step = act_.path, core.at(act_.path), core.step(act_.path)
    if pages.is_of(state, act_):
        _page_ended(core, act_, report.page if report else None, error, cut_short=cut_short)
        return
    outcomes = {outcome.target: outcome for outcome in report.outcomes} if report else {}
    expires = step.expires if step.verb == "contain" else None
    applied: list[str] = []
    failed: list[str] = []
    again: list[str] = []
    for target in act_.targets or []:
        outcome = outcomes.get(target)
        if _enter(core, state.holds[target], outcome, error, expires):
            applied.append(target)
        elif cut_short and outcome is not None and _goes_again(core, path, outcome):
            again.append(target)
        else:
            failed.append(target)
    core.changes += 1
    _tell(core, act_, applied, failed, {target: outcomes[target].number for target in applied[:50]})
    if again:
        state.ordinal += 1
        act(core, path, again)
    _settle(core, act_)


def _page_ended(core: Core, act_: Act, report: PageReport | None, error: str | None, *, cut_short: bool) -> None:
    """Enter what an act did to a page, and go on with the next one."""
    state, step = core.at(act_.path), core.step(act_.path)
    name = (act_.targets or [])[0]
    expires = step.expires if step.verb == "contain" else None
    rest = paging.contained(core, act_, report, error, expires, cut_short=cut_short)
    core.changes += 1
    if name not in rest:
        _tell_page(core, act_, state.holds[name])
    if rest:
        paging.goes_on(core, act_, rest)
    else:
        _settle(core, act_)


def _tell_page(core: Core, act_: Act, hold: Hold) -> None:
    state, words = core.at(act_.path), f"{core.name(act_.path)}: {hold.target}"
    count = hold.count if hold.status == "applied" else 0
    failed = f", failed for {hold.failed}: {'; '.join(hold.problems) or hold.error}" if hold.failed else ""
    if hold.failed:
        state.reason = hold.error
    core.row(
        "hold.applied" if count else "hold.failed",
        f"{words}: contained {count}{failed}",
        step=act_.path,
        ordinal=act_.ordinal,
        first=hold.entered,
        count=count,
        failed=hold.failed or None,
    )


def _goes_again(core: Core, path: str, outcome: TargetOutcome) -> bool:
    not_tried = outcome.error_type == releasing.NOT_TRIED
    return not_tried and core.state.intent == "respond" and outcome.target not in core.at(path).undo_after


def _tell(core: Core, act_: Act, applied: list[str], failed: list[str], numbers: dict[str, int | None]) -> None:
    path, state = act_.path, core.at(act_.path)
    first = act_.id.rpartition("@")[2]
    if applied:
        core.row(
            "hold.applied",
            f"{core.name(path)}: contained {releasing.some(applied)}",
            step=path,
            ordinal=act_.ordinal,
            first=first,
            targets=applied[:50],
            numbers=numbers,
        )
    if failed:
        state.reason = state.holds[failed[0]].error
        core.row(
            "hold.failed",
            f"{core.name(path)}: failed for {releasing.some(failed)}: {state.reason}",
            step=path,
            ordinal=act_.ordinal,
            first=first,
            targets=failed[:50],
        )


def _enter(core: Core, hold: Hold, outcome: TargetOutcome | None, error: str | None, expires: int | None) -> bool:
    """Whether the target is contained now."""
    if outcome is not None and outcome.state == "applied":
        hold.status, hold.error = "applied", None
        hold.until = (outcome.at or core.now) + timedelta(seconds=expires) if expires else None
        return True
    match outcome.state if outcome is not None else "unknown":
        case "failed":
            hold.status = "failed"
        case "refused" | "undone" | "kept":
            hold.status = "refused"
        case _:
            hold.status = "unknown"
            hold.until = core.now + timedelta(seconds=expires) if expires else None
    let_go = "it was let go since; contain it again?" if outcome is not None and outcome.state == "undone" else None
    hold.error = (outcome.error or let_go or outcome.state if outcome is not None else error) or "nothing was reported"
    return False


def _settle(core: Core, act_: Act) -> None:
    """An act is over: so is the step, when no other act of it goes on; and what was to be undone after it is undone."""
    path, state = act_.path, core.at(act_.path)
    final = core.is_final(path)
    if not final and releasing.in_flight(core, path):
        return
    mine = ([*act_.over, *(act_.targets or [])] if final or state.tally else state.targets) or []
    undo = [target for target in state.undo_after if target in mine or target not in state.holds]
    rest = [state.holds[target].status for target in mine if target not in undo]
    failed = [target for target in mine if target not in undo and pages.has_failed(state.holds[target])]
    state.undo_after = [target for target in state.undo_after if target not in undo]
    if core.state.intent != "respond":
        if not final:
            ending.ended_late(core, path, succeeded=not failed)
    elif not final and undo and not rest:
        core.finish(path, "done", f"{core.name(path)}: ended, to be undone")
    elif not final and failed and "applied" not in rest:
        words = f"{core.name(path)} failed: {state.reason}"
        consequences.follow(core, path, "failed", core.step(path).on_failure, "failure", words)
    else:
        if not final:
            core.finish(path, "done")
        if failed:
            _some_failed(core, path, failed)
    if undo and core.state.intent != "undo_all":
        releasing.release(core, path, undo, "undo was asked for while it acted")
    if meeting.succeeded(core, path):
        clocks.met(core, path)


def _some_failed(core: Core, path: str, failed: list[str]) -> None:
    """The others are contained; those that failed are asked about alone and hold up nothing."""
    step = core.step(path)
    if step.on_failure.kind == "ask":
        questions.about_failure(core, step, path, failed, block=False)
    else:
        count = pages.failures(core.at(path), failed)
        consequences.apply(core, path, step.on_failure, "failure", f"{core.name(path)} failed for {count}")


def _fail(core: Core, path: str, reason: str) -> None:
    core.at(path).reason = reason
    consequences.follow(core, path, "failed", core.step(path).on_failure, "failure", f"{core.name(path)}: {reason}")


def expired(core: Core) -> None:
    """Leases whose time is over: undone, or asked about. Nothing expires into the open by silence."""
    for path, state in list(core.state.steps.items()):
        targets = _over_together(core, state)
        if not targets:
            continue
        step = core.step(path)
        over = max(until for target in targets if (until := state.holds[target].until))
        for target in targets:
            state.holds[target].until = None
        core.row(
            "hold.expired",
            f"{core.name(path)}: the time is over for {_count(state, targets)}",
            step=path,
            targets=targets[:50],
            until=over.isoformat(),
        )
        consequence = step.on_expiry if step.verb == "contain" else None
        if core.state.intent == "undo_all" and core.state.ended is None:
            continue
        if consequence is not None and consequence.kind == "undo":
            releasing.release(core, path, targets, "its time was over")
        else:
            questions.about_expiry(core, path, targets, consequence.asks if consequence else None)


def _count(state: StepState, targets: list[str]) -> int:
    return sum(state.holds[target].count for target in targets)


TOGETHER = timedelta(minutes=1)
"""Targets of one step that were contained within this are let go, or asked about, together: one question and not fifty."""


def _over_together(core: Core, state: StepState) -> list[str]:
    leases = {hold.target: hold.until for hold in state.holds.values() if hold.leased and hold.until is not None}
    if not leases or min(leases.values()) > core.now:
        return []
    last = min(leases.values()) + TOGETHER
    over = {target: until for target, until in leases.items() if until <= last}
    return list(over) if max(over.values()) <= core.now else []
