"""The pure core of a run: (plan, state, event) → state. It decides everything; the workflow performs what it asks for.

What is to be done stands in the state: `acts` to perform, `asks` that wait for people, and `wake_at`. The state that
is given is changed in place and belongs to the caller; nothing else is touched, and no clock is read.
"""

from __future__ import annotations

from datetime import datetime

from firedoor.plan import Plan
from firedoor.protocol import (
    Answer,
    Command,
    ContainReport,
    Decision,
    NotifyEachReport,
    NotifyReport,
    ReadReport,
    Receipt,
    ReleaseReport,
    Signed,
)
from firedoor.run import (
    adding,
    approval,
    asking,
    clocks,
    containment,
    deciding,
    ending,
    interrupting,
    notices,
    notifying,
    pages,
    questions,
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

GIVES_A_RIGHT = ("add", "input", "offer", "hand_over", "reassign", "accept")
"""Words by which others may do more, or more may be acted on."""

LETS_GO = ("undo", "undo_all", "reject", "retry", "skip", "continue", "leave", "again", "severity")
"""Words after which something may be let go; each is shown again where that is done (firedoor.people.leave)."""


def reduce(plan: Plan, state: State, event: Event) -> State:
    """Apply one event, and go as far as one can. Answers and commands must have passed `validity` first."""
    state.now = max(event.at, state.now)
    core = Core(plan, state, state.now)
    if state.phase == "closed" or (state.closing and not isinstance(event, ActEnded)):
        recording.progress(core)
        return state
    before = state.seq
    match event:
        case Launched():
            _launched(core)
        case ActEnded():
            _ended(core, event)
        case Answered(answer=answer, signed=signed):
            _keep(state, answer.choice, signed)
            if answer.choice == "done" and plan.undoes:
                state.done.append(Decision(signed=signed, document=state.asks[answer.ask].document))
            _accept(core, signed, answer, deciding.answered(core, answer, signed), before + 1)
        case Commanded(command=command, signed=signed):
            _keep(state, command.command, signed)
            _accept(core, signed, command, interrupting.commanded(core, command, signed), before + 1)
        case ReviewOpened() if state.review == "wanted":
            state.review = "opened"
            core.row("review.opened", "The review is open")
        case Cancelled():
            ending.cancelled(core)
        case _:
            pass
    _settle(core)
    return state


def _keep(state: State, said: str, signed: Signed) -> None:
    """What others will have to be shown stays in the state."""
    if said in GIVES_A_RIGHT:
        state.commands.append(signed)
    elif said in LETS_GO:
        state.let_go.append(signed)


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


def _accept(core: Core, signed: Signed, word: Answer | Command, says: str, row: int) -> None:
    """Remember the word for as long as someone may ask again what became of it."""
    receipt = Receipt(nonce=word.nonce, at=core.now, says=says, row=row)
    kept = core.state.accepted
    if core.state.engine >= 2:
        kept = {nonce: there for nonce, there in kept.items() if not there.is_past(core.now)}
    kept[word.nonce] = Accepted(body=hash_of(signed.body), receipt=receipt, expires=word.expires)
    core.state.accepted = kept


def _settle(core: Core) -> None:
    """Until nothing changes: clocks, what is due, the walk, what is asked, the end, and the record."""
    before = -1
    while core.changes != before and not core.state.closing:
        before = core.changes
        clocks.watch(core)
        _due(core)
        if core.state.intent == "respond" and core.state.ended is None:
            adding.walk(core)
            walking.advance(core)
        questions.tidy(core)
        tasks.tidy(core)
        if core.changes == before:
            approval.refresh(core)
        ending.progress(core)
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
    cut_short = event.cancelled or act.cancel
    match act.kind:
        case "notify" if act.ask is not None or not act.path:
            told = report if isinstance(report, NotifyReport) else None
            notifying.delivered(core, act, told)
            asking.told(core, act, told, error)
        case "notify" if pages.is_of(core.at(act.path), act):
            each = report if isinstance(report, NotifyEachReport) else None
            notices.ended(core, act, each, error, cut_short=cut_short)
        case "notify":
            told = report if isinstance(report, NotifyReport) else None
            notifying.ended(core, act, told, error, follows=event.follows)
        case "contain":
            contained = report if isinstance(report, ContainReport) else None
            containment.ended(core, act, contained, error, cut_short=cut_short)
        case "release":
            released = report if isinstance(report, ReleaseReport) else None
            undoing.ended(core, act, released, error, cut_short=cut_short)
        case "read":
            _read(core, act, report if isinstance(report, ReadReport) else None, error)
        case "record" if report is None:
            recording.failed(core)


def _goes_again(core: Core, act: Act) -> bool:
    """A pause or a continue-as-new has ended the attempt before it was done: the same act goes again."""
    if core.state.intent != "respond" and _moves_on(act):
        return False
    undone = core.at(act.path).undo_after if act.kind == "contain" else []
    return act.kind != "contain" or not all(target in undone for target in act.targets or [])


def _moves_on(act: Act) -> bool:
    """An act of a step that an ended response does not want any more."""
    return act.kind in ("contain", "read") or (act.kind == "notify" and act.ask is None and bool(act.path))


def _read(core: Core, act: Act, report: ReadReport | None, error: str | None) -> None:
    wrong = reading.ended(core, act, report, error)
    if act.question is not None and not act.path:
        severity.watch(core)
    if core.state.intent != "respond":
        return
    waits = act.path and core.step(act.path).verb == "wait" and core.status(act.path) == "asking"
    if not waits:
        reading.told(core, act, wrong)
    elif wrong is None:
        waiting.look(core, act.path)
    else:
        waiting.unknown(core, act.path, act.read, wrong)


def may_begin(state: State, act: Act) -> bool:
    """A pause holds the start of acts of steps; asks, releases and the record go on."""
    return not recording.held_by_pause(state, act)


def wake_at(state: State) -> datetime | None:
    """The next moment at which something is due, if nothing happens before.

    What was due by now has been done, or waits for something else than time: so only what is later counts.
    """
    if state.phase == "closed":
        return None
    moments: list[datetime | None] = [state.next_update_at, state.record_after]
    for ask in state.asks.values():
        moments += [asking.deadline(ask), ask.remind_at, ask.escalate_at]
    for step in state.steps.values():
        if step.status == "asking" and step.pending is None:
            moments += [step.ends_at, step.poll_at]
        moments += [hold.until for hold in step.holds.values() if hold.leased]
    for clock in () if state.closing else state.clocks.values():
        if clock.runs and not clock.missed:
            moments.append(clock.due_at if clock.paused_at is None else clock.remind_at)
    return min((moment for moment in moments if moment is not None and moment > state.now), default=None)
