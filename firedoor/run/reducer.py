"""The pure core of a run: (plan, state, event) → state. It decides everything; the workflow performs what it asks for.

What is to be done stands in the state: `acts` to perform, `asks` that wait for people, and `wake_at`. The state that
is given is changed in place and belongs to the caller; nothing else is touched, and no clock is read.
"""

from __future__ import annotations

from datetime import datetime

from firedoor.plan import Plan
from firedoor.protocol import ContainReport, NotifyReport, ReadReport, Receipt, ReleaseReport, Signed
from firedoor.run import (
    adding,
    approval,
    asking,
    clocks,
    containment,
    deciding,
    ending,
    interrupting,
    notifying,
    reading,
    recording,
    severity,
    tasks,
    undoing,
    waiting,
    walking,
)
from firedoor.run.core import Core
from firedoor.run.documents import hash_of
from firedoor.run.events import ActEnded, Answered, Cancelled, Commanded, Event, Launched, ReviewOpened
from firedoor.run.state import Accepted, Act, State


def reduce(plan: Plan, state: State, event: Event) -> State:
    """Apply one event, and go as far as one can. Answers and commands must have passed `validity` first."""
    now = max(event.at, state.now)
    state.now = now
    core = Core(plan, state, now)
    match event:
        case Launched():
            _launched(core)
        case ActEnded():
            _ended(core, event)
        case Answered(answer=answer, signed=signed):
            _accept(core, signed, answer.nonce, deciding.answered(core, answer, signed))
        case Commanded(command=command, signed=signed):
            if command.command in ("undo", "undo_all", "stop", "retry", "add"):
                state.commands.append(signed)
            _accept(core, signed, command.nonce, interrupting.commanded(core, command, signed))
        case ReviewOpened():
            state.review = "opened"
            core.row("review.opened", "The review is open")
        case Cancelled():
            ending.cancelled(core)
        case _:
            pass
    _settle(core)
    return state


def _launched(core: Core) -> None:
    state = core.state
    found = severity.by_rules(core)
    state.severity = state.highest = found or "sev1"
    core.row(
        "run.launched",
        f"{state.launcher} launched {core.plan.playbook} {core.plan.version} at {state.severity}",
        by=state.launcher,
        signed=state.launch,
        plan=core.plan.digest,
        aware_at=state.aware_at.isoformat(),
        drill=state.drill or None,
    )


def _accept(core: Core, signed: Signed, nonce: str, says: str) -> None:
    receipt = Receipt(nonce=nonce, at=core.now, says=says, row=core.state.seq)
    core.state.accepted[nonce] = Accepted(body=hash_of(signed.body), receipt=receipt)


def _settle(core: Core) -> None:
    """Until nothing changes: clocks, what is due, the walk, the end, and the record."""
    while True:
        before = core.changes
        clocks.watch(core)
        if core.state.phase != "closed":
            _due(core)
        if core.state.intent == "respond" and core.state.ended is None:
            adding.walk(core)
            walking.advance(core)
        ending.progress(core)
        if core.changes == before:
            break
    recording.progress(core)


def _due(core: Core) -> None:
    for ask in list(core.state.asks.values()):
        if ask.id not in core.state.asks:
            continue
        if ask.kind == "approval":
            approval.due(core, ask)
        elif ask.kind == "task":
            tasks.due(core, ask)
    asking.due(core)
    if core.state.intent == "respond" and core.state.ended is None:
        waiting.due(core)
    notifying.update_due(core)
    containment.expired(core)


def _ended(core: Core, event: ActEnded) -> None:
    act = core.state.acts.get(event.act)
    if act is None:
        return
    recording.arrived(core, act, reported=event.report is not None)
    if event.report is None and event.cancelled and _goes_again(core, act):
        act.cancel, act.rows = False, None
        return
    del core.state.acts[act.id]
    core.changes += 1
    report, error = event.report, event.error
    if report is None and error is None:
        error = "it was ended before it was done"
    match act.kind:
        case "notify" if act.ask is not None or not act.path:
            _deliveries(core, act, report if isinstance(report, NotifyReport) else None, error)
        case "notify":
            notifying.ended(core, act, report if isinstance(report, NotifyReport) else None, error)
        case "contain":
            containment.ended(core, act, report if isinstance(report, ContainReport) else None, error)
        case "release":
            undoing.ended(core, act, report if isinstance(report, ReleaseReport) else None, error)
        case "read":
            _read(core, act, report if isinstance(report, ReadReport) else None, error)
        case "record":
            if report is None:
                recording.failed(core)


def _goes_again(core: Core, act: Act) -> bool:
    """A pause or a continue-as-new has ended the attempt before it was done: the same act goes again."""
    if core.state.intent != "respond" and act.kind in ("contain", "read"):
        return False
    step = core.state.steps.get(act.path)
    return not (step is not None and step.undo_after)


def _deliveries(core: Core, act: Act, report: NotifyReport | None, error: str | None) -> None:
    for delivery in report.deliveries if report else ():
        core.row(
            f"notice.{delivery.state}",
            f"{delivery.recipient} by {delivery.channel}: {delivery.state}",
            step=act.path or None,
            recipient=delivery.recipient,
            channel=delivery.channel,
            id=delivery.id,
            error=delivery.error,
            key=act.notice.key if act.notice else None,
        )
    asking.told(core, act.ask, error)


def _read(core: Core, act: Act, report: ReadReport | None, error: str | None) -> None:
    wrong = reading.ended(core, act, report, error)
    waits = bool(act.path) and core.step(act.path).verb == "wait"
    if not waits:
        reading.told(core, act, wrong)
    elif wrong is None:
        waiting.look(core, act.path)
    else:
        waiting.unknown(core, act.path, act.read, wrong)


def may_begin(state: State, act: Act) -> bool:
    """A pause holds the start of acts of steps; asks, releases and the record go on."""
    return not (state.paused and act.kind in ("contain", "notify") and act.ask is None and bool(act.path))


def wake_at(state: State) -> datetime | None:
    """The next moment at which something is due, if nothing happens before.

    What was due by now has been done, or waits for something else than time: so only what is later counts.
    """
    moments: list[datetime | None] = [state.next_update_at, state.record_after if state.pending else None]
    for ask in state.asks.values():
        moments += [asking.deadline(ask), ask.remind_at, ask.escalate_at]
    for step in state.steps.values():
        if step.status == "asking" and step.pending is None:
            moments += [step.ends_at, step.poll_at]
        moments += [hold.until for hold in step.holds.values() if hold.status == "applied" and not hold.lasting]
    for clock in state.clocks.values():
        if clock.met_at is None and not clock.not_due and not clock.missed:
            moments.append(clock.due_at)
    return min((moment for moment in moments if moment is not None and moment > state.now), default=None)
