"""What an activity is told: built when its act begins, from what the run knows then."""

from __future__ import annotations

import json

from firedoor.plan import Action, MessageRef, Plan, paths
from firedoor.plan.lists import Question
from firedoor.protocol import (
    Around,
    ContainOrder,
    Decision,
    ListOrder,
    NotifyEachOrder,
    NotifyOrder,
    Order,
    Page,
    ReadOrder,
    RecordOrder,
    ReleaseOrder,
    Row,
    SiftOrder,
    Signed,
    Warrant,
)
from firedoor.run import batches
from firedoor.run.core import Core
from firedoor.run.state import Act, State


def order_of(plan: Plan, state: State, act: Act, rows: tuple[Row, ...]) -> Order:
    page = page_of(state, act)
    match act.kind:
        case "notify":
            return _notify(plan, state, act, rows) if page is None else _notify_each(plan, state, act, rows, page)
        case "contain":
            return _contain(plan, state, act, rows)
        case "release":
            return ReleaseOrder(
                incident=state.incident,
                warrant=_warrant(
                    state,
                    _before(plan, state, act.by_step) if act.by_step else (),
                    (*state.commands, *state.let_go),
                ),
                rows=rows,
                step=act.path,
                ordinal=act.ordinal,
                action=_action(plan, act.path),
                targets=tuple(act.targets) if act.targets is not None and page is None else None,
                page=page,
                cause=act.cause,
                drill=state.drill,
            )
        case "read" if act.question is not None and act.question.asks == "sift":
            return _sift(plan, state, act, rows, act.question)
        case "read" if act.question is not None:
            return ListOrder(incident=state.incident, warrant=_warrant(state), rows=rows, question=act.question)
        case "read":
            return ReadOrder(
                incident=state.incident,
                warrant=_warrant(state),
                rows=rows,
                site=act.site,
                read=plan.reads[act.read],
                argument=act.argument,
                drill=state.drill,
            )
        case "record":
            return RecordOrder(
                incident=state.incident,
                warrant=_warrant(state),
                rows=rows,
                phase="closed" if state.closing else state.phase,
                severity=state.severity,
                closed_at=state.now if state.closing else None,
            )


def page_of(state: State, act: Act) -> Page | None:
    """The page that the act works on now: the first of those that it has."""
    step = state.steps.get(act.path)
    return step.pages.get(act.targets[0]) if step is not None and act.targets else None


def _warrant(state: State, decisions: tuple[Decision, ...] = (), commands: tuple[Signed, ...] = ()) -> Warrant:
    return Warrant(launch=state.launch, decisions=decisions, commands=commands)


def _action(plan: Plan, path: str) -> Action:
    step = plan.by_path[paths.static(path)]
    if step.verb != "contain":
        raise AssertionError(f"{path} contains nothing")
    return plan.actions[step.action]


def _contain(plan: Plan, state: State, act: Act, rows: tuple[Row, ...]) -> ContainOrder:
    step, page = plan.by_path[paths.static(act.path)], page_of(state, act)
    return ContainOrder(
        incident=state.incident,
        warrant=_warrant(state, _decisions(plan, state, act.path), tuple(_given(state, act))),
        rows=rows,
        step=act.path,
        ordinal=act.ordinal,
        action=_action(plan, act.path),
        targets=tuple(act.targets or ()) if page is None else (),
        page=page,
        at_once=_at_once(plan, act.path),
        arguments=act.arguments,
        expires=step.expires if step.verb == "contain" else None,
        severity=state.severity,
        drill=state.drill,
    )


def _given(state: State, act: Act) -> list[Signed]:
    """Whoever gave something or added to it; and, for what is contained again, whoever asked for that."""
    return [*state.commands, *state.let_go] if act.ordinal > 1 else state.commands


def _decisions(plan: Plan, state: State, path: str) -> tuple[Decision, ...]:
    """Signatures of the approvals whose scope covers the act or the undo at this path."""
    static = paths.static(path)
    found: list[Decision] = []
    for step in plan.by_path.values():
        if step.verb == "approve" and static in step.unlocks:
            approval = state.steps.get(paths.in_run(step.path, path))
            found += approval.decisions if approval and approval.status == "approved" else []
    return tuple(found)


def _before(plan: Plan, state: State, undo: str) -> tuple[Decision, ...]:
    """What was approved, and done, on the way to an undo step: in its round, and outside of all."""
    found: list[Decision] = []
    for step in plan.by_path.values():
        approval = state.steps.get(paths.in_run(step.path, undo)) if step.verb == "approve" else None
        found += approval.decisions if approval and approval.status == "approved" else []
    for done in state.done:
        there = str(json.loads(done.document)["step"])
        found += [done] if paths.in_run(paths.static(there), undo) == there else []
    return tuple(found)


def _notify(plan: Plan, state: State, act: Act, rows: tuple[Row, ...]) -> NotifyOrder:
    notice = act.notice
    if notice is None:
        raise AssertionError(f"{act.id} says nothing")
    return NotifyOrder(
        incident=state.incident,
        warrant=_warrant(state),
        rows=rows,
        key=notice.key,
        step=act.path or None,
        audience=tuple(notice.audience),
        severity=state.severity,
        region=state.region,
        subject=notice.subject,
        texts=tuple(notice.texts),
        message=MessageRef(message=notice.message) if notice.message else None,
        templates=plan.messages[notice.message].by_language if notice.message else {},
        context=notice.context,
        sensitive=notice.sensitive,
        urgent=notice.urgent,
        commander=state.commander,
        languages=plan.languages,
        drill=state.drill,
    )


def _notify_each(plan: Plan, state: State, act: Act, rows: tuple[Row, ...], page: Page) -> NotifyEachOrder:
    common = _notify(plan, state, act, rows)
    return NotifyEachOrder(
        **{name: getattr(common, name) for name in NotifyOrder.model_fields},
        loop=_loop(plan, act.path),
        page=page,
        around=Around.model_validate(act.arguments),
        at_once=_at_once(plan, act.path) or 1,
    )


def _sift(plan: Plan, state: State, act: Act, rows: tuple[Row, ...], question: Question) -> SiftOrder:
    return SiftOrder(
        incident=state.incident,
        warrant=_warrant(state),
        rows=rows,
        step=act.path,
        loop=_loop(plan, act.path),
        page=batches.page_of(question),
        again=question.argument["again"],
        behind=tuple(batches.undecided(Core(plan, state, state.now), act.path)),
        around=Around.model_validate(act.arguments),
        at_once=_at_once(plan, act.path) or 1,
        drill=state.drill,
    )


def _loop(plan: Plan, path: str) -> str:
    """The long loop that the step at this path of the run stands in."""
    loop = batches.long_loop(plan, path)
    if loop is None:
        raise AssertionError(f"{path} stands in no long loop")
    return loop


def _at_once(plan: Plan, path: str) -> int | None:
    loop = batches.long_loop(plan, path)
    step = plan.by_path[paths.static(loop)] if loop is not None else None
    return step.at_once if step is not None and step.verb == "for_each" else None


def budget(plan: Plan, act: Act) -> int | None:
    """Seconds that an act keeps trying before it has failed; None for one that never gives up."""
    match act.kind:
        case "contain" | "release":
            return max(_action(plan, act.path).retries_for, 1)
        case "record":
            return None
        case _:
            return 300
