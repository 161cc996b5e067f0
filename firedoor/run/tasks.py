"""The verb `task`: work for a person, with one answer: done."""

from __future__ import annotations

from firedoor.plan import Task, Who
from firedoor.plan.time import written
from firedoor.protocol import Answer, Signed
from firedoor.run import asking, clocks, consequences, documents
from firedoor.run.core import Core
from firedoor.run.state import Ask


def begin(core: Core, step: Task, path: str) -> None:
    state = core.arrive(path, "asking")
    state.assigned = state.assigned or step.assign
    words = core.name(path)
    silence = ""
    if step.due is not None and step.on_timeout is not None:
        what = step.on_timeout
        end = f"ask {what.asks}" if what.kind == "ask" else what.kind.replace("_", " ")
        silence = f"after {_long(step)}: {end}"
    put(core, step, path, f"task:{path}:{state.ordinal}", words, state.assigned, silence, step.proof)


def put(
    core: Core, step: Task | None, path: str, name: str, words: str, to: Who, silence: str, proof: str | None
) -> None:
    calendar = core.plan.calendar(core.state.region)
    ask = Ask(
        id=name,
        kind="task",
        step=path,
        to=[to],
        choices=["done"],
        words=words,
        silence=silence,
        proof=proof,
        opened_at=core.now,
        deadline=step.due.after(core.now, calendar) if step is not None and step.due else None,
        document="",
        hash="",
    )
    ask.document = documents.of_question(core, ask)
    ask.hash = documents.hash_of(ask.document)
    asking.open_(core, ask)


def _long(step: Task) -> str:
    if step.due is None:
        return ""
    return f"{step.due.business_days} business days" if step.due.business_days else written(step.due.seconds)


def answered(core: Core, ask: Ask, answer: Answer, signed: Signed) -> str:
    proof = f" ({ask.proof}: {answer.proof})" if ask.proof and answer.proof else ""
    core.row(
        "task.done",
        f"{answer.person} did {ask.words}{proof}",
        step=ask.step,
        by=answer.person,
        signed=signed,
        ask=ask.id,
        document=ask.hash,
        proof=answer.proof,
        reason=answer.reason,
        nonce=answer.nonce,
    )
    asking.close(core, ask)
    for other in core.asks_of(ask.step):
        if other.kind == "question" and other.why == "timeout":
            asking.close(core, other)
    core.finish(ask.step, "done")
    clocks.met(core, ask.step)
    return f"{ask.words} is done."


def due(core: Core, ask: Ask) -> None:
    if ask.late or ask.deadline is None or ask.deadline > core.now or core.is_final(ask.step):
        return
    step = core.step(ask.step)
    words = f"{ask.words}: not done in time"
    if step.verb != "task" or step.on_timeout is None or core.state.intent != "respond":
        ask.late = True
        core.row("task.late", words, step=ask.step, ask=ask.id)
        asking.tell(core, ask, "Overdue: ")
        return
    if step.on_timeout.kind == "ask":
        ask.late = True
    else:
        asking.close(core, ask)
    consequences.follow(core, ask.step, "unanswered", step.on_timeout, "timeout", words)


def again(core: Core, path: str) -> None:
    """A silence was answered with asking again: a full time from now, as a new ordinal."""
    state, step = core.at(path), core.step(path)
    for ask in core.asks_of(path):
        if ask.kind == "task":
            asking.close(core, ask)
    state.ordinal += 1
    state.status, state.pending = "waiting", None
    if step.verb == "task":
        begin(core, step, path)


def is_kept(ask: Ask) -> bool:
    """Whether this is a task that a stop has kept."""
    return ask.id.endswith(":kept")


def tidy(core: Core) -> None:
    """A task that a stop has kept goes when the clocks for which it was kept run no more."""
    for ask in [ask for ask in core.state.asks.values() if is_kept(ask)]:
        if not any(name in clocks.running(core) for name in core.step(ask.step).meets):
            asking.close(core, ask)
            core.finish(ask.step, "stopped", f"{core.name(ask.step)}: no clock runs for it any more")


def keep(core: Core, path: str) -> None:
    """The response was stopped, and the step meets a clock that runs: it stays, as a task for a person."""
    state, step = core.at(path), core.step(path)
    for ask in core.asks_of(path):
        asking.close(core, ask)
    state.pending = state.ends_at = state.poll_at = None
    state.status = "asking"
    words = core.name(path)
    if step.verb == "task":
        put(core, step, path, f"task:{path}:{state.ordinal}:kept", words, state.assigned or step.assign, "", step.proof)
    else:
        put(core, None, path, f"task:{path}:{state.ordinal}:kept", f"By hand: {words}", Who(kind="commander"), "", None)
    core.row("task.kept", f"{words} stays, as a task: it meets a clock that runs", step=path, ordinal=state.ordinal)
