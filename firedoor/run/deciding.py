"""Answers: to an approval, a task, or a question that the run put."""

from __future__ import annotations

from datetime import timedelta

from firedoor.plan import Undo, paths
from firedoor.protocol import Answer, Signed
from firedoor.run import (
    approval,
    asking,
    batches,
    consequences,
    containment,
    ending,
    handover,
    notices,
    notifying,
    pages,
    releasing,
    remaining,
    tasks,
    waiting,
)
from firedoor.run.core import Core
from firedoor.run.state import Ask


def answered(core: Core, answer: Answer, signed: Signed) -> str:
    ask = core.state.asks[answer.ask]
    match ask.kind:
        case "approval":
            return approval.answered(core, ask, answer, signed)
        case "task":
            return tasks.answered(core, ask, answer, signed)
        case "question":
            return _question(core, ask, answer, signed)


def _question(core: Core, ask: Ask, answer: Answer, signed: Signed) -> str:
    reason = f": {answer.reason}" if answer.reason else ""
    core.row(
        "question.answered",
        f"{answer.person} decided “{asking.CHOICES[answer.choice]}” on {ask.words}{reason}",
        step=ask.step or None,
        by=answer.person,
        signed=signed,
        ask=ask.id,
        document=ask.hash,
        choice=answer.choice,
        nonce=answer.nonce,
    )
    asking.close(core, ask)
    if answer.choice in ("stop", "undo_all"):
        _write_pending(core, ask.step)
        words = f"{answer.person} decided so{reason}"
        if answer.choice == "stop":
            ending.stop(core, words)
        else:
            ending.undo_all(core, words)
    else:
        _CASES[ask.why or "failure"](core, ask, answer)
    return f"Decided: {asking.CHOICES[answer.choice]}."


def _write_pending(core: Core, path: str) -> None:
    """A failed or unanswered outcome is written when its ask has closed."""
    state = core.state.steps.get(path)
    if state is None or state.pending is None:
        return
    for ask in core.asks_of(path):
        if ask.late:
            asking.close(core, ask)
    core.finish(path, state.pending)


def _after_failure(core: Core, ask: Ask, answer: Answer) -> None:
    state, step = core.at(ask.step), core.step(ask.step)
    match answer.choice:
        case "retry" if core.is_final(ask.step) and step.verb == "notify" and state.tally is not None:
            state.ordinal += 1
            notices.again(core, ask.step)
        case "retry" if core.is_final(ask.step) and step.verb == "notify":
            state.ordinal += 1
            notifying.send(core, step, ask.step)
        case "retry" if core.is_final(ask.step):
            state.ordinal += 1
            busy = releasing.in_flight(core, ask.step)
            failed = [t for t in ask.targets if t not in busy and pages.has_failed(state.holds[t])]
            containment.act(core, ask.step, pages.again(state, failed), failed=True)
        case "retry":
            core.reopen(ask.step)
        case "skip" if not core.is_final(ask.step):
            state.pending = None
            core.finish(ask.step, "skipped")
        case "undo":
            _write_pending(core, ask.step)
            releasing.release(core, ask.step, None, f"{answer.person} decided so")
        case _:
            _write_pending(core, ask.step)
    if answer.choice in ("skip", "continue") and step.verb == "undo":
        _accept_undo_failed(core, step, ask.step)


def _accept_undo_failed(core: Core, step: Undo, path: str) -> None:
    """Going on although an undo has failed: what stays contained was accepted by a person."""
    holder = core.state.steps.get(paths.in_run(step.step, path))
    targets = core.at(path).targets
    for hold in holder.holds.values() if holder else ():
        if hold.status == "undo_failed" and (targets is None or hold.target in targets):
            hold.lasting = True


def _after_unread(core: Core, ask: Ask, answer: Answer) -> None:
    if answer.choice == "retry":
        batches.read_again(core, ask.step)


def _after_outcome(core: Core, ask: Ask, answer: Answer) -> None:
    verb = core.step(ask.step).verb
    if answer.choice == "leave":
        _write_pending(core, ask.step)
        consequences.leave(core, ask.step)
    elif answer.choice != "again":
        _write_pending(core, ask.step)
    elif verb == "approve":
        approval.again(core, ask.step)
    elif verb == "task":
        tasks.again(core, ask.step)
    else:
        waiting.again(core, ask.step)


def _after_size(core: Core, ask: Ask, answer: Answer) -> None:
    state = core.at(ask.step)
    if ask.addition is not None:
        _after_addition(core, ask, goes_on=answer.choice == "continue")
    elif answer.choice == "continue":
        state.allowed = True
        state.status = "waiting"
        core.changes += 1
    else:
        core.finish(ask.step, "skipped")


def _after_addition(core: Core, ask: Ask, *, goes_on: bool) -> None:
    """The addition goes on with the step, or passes it over."""
    for addition in core.state.additions:
        if addition.number == ask.addition and goes_on:
            addition.asked.append(f"size:{ask.step}")
        elif addition.number == ask.addition and ask.step in addition.queue:
            addition.queue.remove(ask.step)
    core.changes += 1


def _after_read(core: Core, ask: Ask, answer: Answer) -> None:
    if ask.addition is not None:
        if answer.choice == "skip":
            _after_addition(core, ask, goes_on=False)
    elif answer.choice == "skip" and not core.is_final(ask.step):
        core.finish(ask.step, "skipped")


def _after_expiry(core: Core, ask: Ask, answer: Answer) -> None:
    step = core.step(ask.step)
    holds = [
        hold
        for hold in core.at(ask.step).holds.values()
        if hold.target in ask.targets and hold.status in ("applied", "unknown") and hold.until is None
    ]
    if answer.choice == "undo":
        releasing.release(core, ask.step, ask.targets, f"{answer.person} decided so after its time was over")
        return
    core.changes += 1
    for hold in holds:
        if answer.choice == "again" and step.verb == "contain" and step.expires:
            hold.until = core.now + timedelta(seconds=step.expires)
        else:
            hold.lasting = True


def _after_undo(core: Core, ask: Ask, answer: Answer) -> None:
    holds = core.at(ask.step).holds.values()
    stuck = [hold for hold in holds if hold.target in ask.targets and hold.status == "undo_failed"]
    if answer.choice == "retry":
        releasing.release(core, ask.step, [hold.target for hold in stuck], f"{answer.person} tries again")
        return
    core.changes += 1
    for hold in stuck:
        hold.lasting = True


def _after_severity(core: Core, ask: Ask, answer: Answer) -> None:
    if answer.choice == "retry" and core.is_final(ask.step):
        core.reopen(ask.step)


def _after_end(core: Core, ask: Ask, answer: Answer) -> None:
    remaining.decided(core, answer)


def _after_fact(core: Core, ask: Ask, answer: Answer) -> None:
    """It is shown beside the document and not in it: what was signed already stays, since the acts are the same."""
    fact = f"{ask.words} — {answer.person} answered: {answer.reason}"
    core.at(ask.step).facts.append(fact)
    core.row("approval.fact", fact, step=ask.step, by=answer.person, ask=ask.about, question=ask.id)
    for other in core.asks_of(ask.step):
        if other.kind == "approval":
            asking.tell(core, other, f"{fact}. ")


def _after_nothing(core: Core, ask: Ask, answer: Answer) -> None:
    """Going on needs nothing to be done."""


_CASES = {
    "failure": _after_failure,
    "reject": _after_outcome,
    "timeout": _after_outcome,
    "above": _after_size,
    "read": _after_read,
    "unread": _after_unread,
    "expiry": _after_expiry,
    "undo_failed": _after_undo,
    "cancelled": _after_nothing,
    "severity": _after_severity,
    "held": _after_end,
    "clock": remaining.clock_answered,
    "fact": _after_fact,
    "handover": handover.answered,
}
