"""The verb `notify` in a long loop: a notice about each item, sent page by page."""

from __future__ import annotations

from firedoor.plan import MessageRef, Notify, paths
from firedoor.plan.references import sensitivities
from firedoor.protocol import NotifyEachReport
from firedoor.run import batches, clocks, consequences, ending, meeting, notifying, pages, questions
from firedoor.run.core import Core
from firedoor.run.state import FINAL, Act, Notice, StepState, Tally

MOST_NAMED = 5


def begin(core: Core, step: Notify, path: str) -> None:
    """Raises Unread."""
    notice = _notice(core, step, path)
    surroundings = batches.surroundings(core, path)
    batches.look(core, step, path)
    wanted = batches.taken(core.at(path))
    core.arrive(path, "acting")
    if wanted:
        _act(core, path, wanted, surroundings, notice)
    else:
        core.finish(path, "done", f"{core.name(path)}: there is nobody to tell")


def again(core: Core, path: str) -> None:
    """Try those again who were not reached. Raises Unread."""
    step, tally = core.step(path), _tally(core.at(path))
    if step.verb != "notify":
        raise AssertionError(f"{path} tells nobody")
    wanted = [name for name, missed in tally.missed.items() if missed]
    tally.errors = []
    _act(core, path, wanted, batches.surroundings(core, path), _notice(core, step, path))


def _notice(core: Core, step: Notify, path: str) -> Notice:
    """What all of them have in common; what is said about each item is found where it is sent."""
    title = core.state.title or core.state.incident
    notice = Notice(key=f"{path}:each", audience=[], subject=f"{core.state.severity.upper()} {title}")
    if isinstance(step.say, MessageRef):
        notice.message = step.say.message
        notice.context, notice.sensitive = notifying.context(core, MessageRef(message=step.say.message), path)
        for name, expr in step.say.context.items():
            notifying.mark(notice.sensitive, name, sensitivities(core.plan, expr))
        loop = batches.loop_of(core, path)
        static = core.plan.by_path[paths.static(loop)] if loop is not None else None
        if static is not None and static.verb == "for_each":
            notifying.mark(notice.sensitive, static.item, sensitivities(core.plan, static.items))
    return notice


def _act(core: Core, path: str, wanted: list[str], surroundings: dict[str, object], notice: Notice) -> None:
    state = core.at(path)
    number = f"{state.ordinal}@{wanted[0]}"
    core.act("notify", path, number=number, targets=wanted, arguments=surroundings, notice=notice)
    core.row(
        "notify.begun",
        f"{core.name(path)}: a notice for each of {pages.size(state, wanted)}",
        step=path,
        ordinal=state.ordinal,
        pages=len(wanted),
    )


def ended(core: Core, act: Act, report: NotifyEachReport | None, error: str | None, *, cut_short: bool) -> None:
    """Enter what became of a page, and go on with the next one."""
    state = core.at(act.path)
    name, *rest = act.targets or []
    wanted = core.state.intent == "respond"
    if report is not None and report.left and cut_short and wanted:
        _goes_on(core, act, [name, *rest])
        return
    _enter(core, act, name, report, error)
    if rest and wanted:
        _goes_on(core, act, rest)
    else:
        _settle(core, act, state)


def _enter(core: Core, act: Act, name: str, report: NotifyEachReport | None, error: str | None) -> None:
    state = core.at(act.path)
    tally = _tally(state)
    count = state.pages[name].count
    tally.told[name] = report.told if report is not None else 0
    tally.missed[name] = report.missed + report.left if report is not None else count
    errors = [error] if error is not None and report is None else [*report.problems] if report is not None else []
    tally.errors = [*tally.errors, *errors][:MOST_NAMED]
    missed = f", not reached for {tally.missed[name]}: {'; '.join(errors)}" if tally.missed[name] else ""
    core.row(
        "notice.each",
        f"{core.name(act.path)}: {name}: told about {tally.told[name]}{missed}",
        step=act.path,
        ordinal=act.ordinal,
        count=tally.told[name],
        missed=tally.missed[name] or None,
    )
    core.changes += 1


def _goes_on(core: Core, act: Act, wanted: list[str]) -> None:
    over = [*act.over, *(name for name in act.targets or [] if name not in wanted)]
    more = core.act(
        "notify",
        act.path,
        number=f"{act.ordinal}@{wanted[0]}",
        targets=wanted,
        over=over,
        arguments=act.arguments,
        notice=act.notice,
    )
    more.ordinal = act.ordinal


def _settle(core: Core, act: Act, state: StepState) -> None:
    tally, path, step = _tally(state), act.path, core.step(act.path)
    missed = sum(tally.missed.get(name, 0) for name in [*act.over, *(act.targets or [])])
    if core.state.intent != "respond":
        if state.status not in FINAL:
            ending.ended_late(core, path, succeeded=tally.complete)
        return
    if missed:
        state.reason = f"{missed} were not reached: {'; '.join(tally.errors)}"
    if state.status not in FINAL:
        core.finish(path, "done")
    if missed and step.on_failure.kind == "ask":
        questions.about_failure(core, step, path, block=False)
    elif missed:
        words = f"{core.name(path)}: {missed} were not reached"
        consequences.apply(core, path, step.on_failure, "failure", words)
    if meeting.succeeded(core, path):
        clocks.met(core, path)


def _tally(state: StepState) -> Tally:
    if state.tally is None:
        raise AssertionError("this step stands in no long loop")
    return state.tally
