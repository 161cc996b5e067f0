"""The verb `approve`: one decision by named seats, about the exact thing that was shown."""

from __future__ import annotations

from datetime import timedelta

from firedoor.plan import Approve, Who
from firedoor.plan.evaluate import Unread
from firedoor.plan.time import written
from firedoor.protocol import Answer, Decision, Rendering, Signed
from firedoor.run import asking, bounds, clocks, consequences, documents, questions, reading, releasing, seats
from firedoor.run.core import Core
from firedoor.run.state import Ask, Notice, SeatState, Signature


def begin(core: Core, step: Approve, path: str) -> None:
    ask = make(core, step, path, f"approve:{path}:{core.at(path).ordinal}", None, None)
    state = core.arrive(path, "asking")
    state.skip_by = None
    state.owes_silence = False
    if not ask.seats:
        state.reason = "no seat applies, so nobody can sign"
        _unanswered(core, ask, step, f"{core.name(path)}: no seat applies")
    elif _too_large(core, ask):
        state.reason = f"{TOO_LARGE}, so nobody can sign"
        _unanswered(core, ask, step, f"{core.name(path)}: {TOO_LARGE}")
    else:
        asking.open_(core, ask)


TOO_LARGE = "there is more to show than fits into one document"


def _too_large(core: Core, ask: Ask) -> bool:
    return core.state.engine >= 2 and len(ask.document.encode()) > bounds.MOST_DOCUMENT_BYTES


def make(core: Core, step: Approve, path: str, name: str, added: list[str] | None, addition: int | None) -> Ask:
    """The ask, with its document. Raises Unread."""
    places = _seats(core, step, path)
    document = documents.of_approval(core, step, path, name, places, added)
    return Ask(
        id=name,
        kind="approval",
        step=path,
        to=[seat.who for seat in places],
        choices=["approve", "reject", "need_fact"],
        words=core.name(path) + (f" for {len(added)} added" if added else ""),
        silence=_silence(step),
        opened_at=core.now,
        escalate_at=core.now + timedelta(seconds=step.escalate) if step.escalate else None,
        seats=places,
        targets=added or [],
        addition=addition,
        document=document,
        hash=documents.hash_of(document),
    )


def _seats(core: Core, step: Approve, path: str) -> list[SeatState]:
    """Who has to sign is the same for an addition as for everything."""
    until = core.now + timedelta(seconds=step.deadline)
    adding, core.adding = core.adding, None
    try:
        return [
            SeatState(who=seat.who, seats=seat.seats, deadline=until)
            for seat in step.needs
            if seat.when is None or core.value(seat.when, path) is True
        ]
    finally:
        core.adding = adding


def _silence(step: Approve) -> str:
    consequence = step.on_timeout
    what = f"ask {consequence.asks}" if consequence.kind == "ask" else consequence.kind.replace("_", " ")
    return f"after {written(step.deadline)}: {what}"


def answered(core: Core, ask: Ask, answer: Answer, signed: Signed) -> str:
    """Count a verified answer. Returns what it did, for the receipt."""
    step = core.step(ask.step)
    match answer.choice:
        case "need_fact":
            return _need_fact(core, ask, answer, signed)
        case "reject":
            core.row(
                "approval.rejected",
                f"{answer.person} refused {ask.words}" + _because(answer),
                step=ask.step,
                by=answer.person,
                signed=signed,
                ask=ask.id,
                document=ask.hash,
                reason=answer.reason,
                nonce=answer.nonce,
            )
            _close(core, ask)
            if ask.addition is not None:
                refuse_addition(core, ask.addition, f"{answer.person} refused the addition")
            elif step.verb == "approve":
                core.at(ask.step).decisions.append(Decision(signed=signed, document=ask.document))
                words = f"{core.name(ask.step)}: refused by {answer.person}"
                consequences.follow(core, ask.step, "rejected", step.on_reject, "reject", words)
            return f"{ask.words} is refused."
        case _:
            return _sign(core, ask, answer, signed)


def _sign(core: Core, ask: Ask, answer: Answer, signed: Signed) -> str:
    seating = seats.seat(core, ask, answer)
    if seating is None:
        raise AssertionError("the validator lets in only who fits an empty seat")
    *others, seat = seating
    for signature, number in zip(ask.signatures, others, strict=True):
        signature.seat = number
    decision = Decision(signed=signed, document=ask.document)
    targets = list(answer.targets) if answer.targets is not None else None
    ask.signatures.append(
        Signature(person=answer.person, seat=seat, choice="approve", targets=targets, at=core.now, decision=decision)
    )
    fewer = f", for {len(targets)} of the targets" if targets is not None else ""
    core.row(
        "approval.signed",
        f"{answer.person} signed {ask.words} for {ask.seats[seat].who}{fewer}" + _because(answer),
        step=ask.step,
        by=answer.person,
        signed=signed,
        ask=ask.id,
        document=ask.hash,
        seat=str(ask.seats[seat].who),
        reason=answer.reason,
        targets=targets,
        nonce=answer.nonce,
    )
    empty = asking.empty_seats(ask)
    if empty:
        return f"Signed. Still needed: {', '.join(str(ask.seats[number].who) for number in empty)}."
    _approved(core, ask)
    return f"Signed. {ask.words} is approved."


def _approved(core: Core, ask: Ask) -> None:
    state = core.at(ask.step)
    state.decisions += [signature.decision for signature in ask.signatures]
    limits = [set(signature.targets) for signature in ask.signatures if signature.targets is not None]
    agreed = sorted(set.intersection(*limits)) if limits else None
    _close(core, ask)
    if ask.addition is None:
        state.approved_targets = agreed
        core.finish(ask.step, "approved")
        clocks.met(core, ask.step)
        return
    shown = documents.targets_of(ask.document)
    if agreed is not None:
        state.refused_targets += [target for target in shown if target not in agreed]
    if state.approved_targets is not None:
        state.approved_targets += shown if agreed is None else agreed


def _close(core: Core, ask: Ask) -> None:
    """The approval is decided; the question about its silence, if one was open, is answered by that."""
    asking.close(core, ask)
    for other in core.asks_of(ask.step):
        if other.kind == "question" and other.why == "timeout":
            asking.close(core, other)


def _need_fact(core: Core, ask: Ask, answer: Answer, signed: Signed) -> str:
    core.row(
        "approval.needs_fact",
        f"{answer.person} needs one fact for {ask.words}: {answer.reason}",
        step=ask.step,
        by=answer.person,
        signed=signed,
        ask=ask.id,
        reason=answer.reason,
        nonce=answer.nonce,
    )
    if core.state.engine < 2:
        _tell_commander(core, ask, answer)
    else:
        questions.about_fact(core, ask, answer.person, answer.reason or "")
    return "Your question went to the commander. The time runs on."


def _tell_commander(core: Core, ask: Ask, answer: Answer) -> None:
    """As in the first engine: a notice that nothing can be answered to."""
    ask.told += 1
    text = f"{answer.person} needs one fact before signing {ask.words}: {answer.reason}. The time runs on."
    core.act(
        "notify",
        ask.step,
        number=f"{ask.id}#{ask.told}",
        ask=ask.id,
        notice=Notice(
            key=f"{ask.id}#{ask.told}",
            audience=[Who(kind="commander")],
            subject=f"One fact is needed: {ask.words}",
            texts=[Rendering(language="*", text=text)],
            urgent=True,
        ),
    )


def due(core: Core, ask: Ask) -> None:
    """Silence: a seat is empty at its deadline."""
    step = core.step(ask.step)
    until = asking.deadline(ask)
    if (
        step.verb != "approve"
        or until is None
        or until > core.now
        or (ask.addition is None and core.is_final(ask.step))
    ):
        return
    _unanswered(core, ask, step, f"{ask.words}: nobody has answered in time")


def _unanswered(core: Core, ask: Ask, step: Approve, words: str) -> None:
    if ask.addition is not None:
        _ask_on(core, ask, step, words)
        return
    if step.on_timeout.kind == "ask" and ask.seats:
        ask.late = True
        ask.remind_at = ask.escalate_at = None
    else:
        asking.close(core, ask)
    consequences.follow(core, ask.step, "unanswered", step.on_timeout, "timeout", words)


def _ask_on(core: Core, ask: Ask, step: Approve, words: str) -> None:
    """About an addition silence decides nothing: nothing more is done for it, and it is asked for again."""
    for seat in ask.seats:
        seat.deadline = core.now + timedelta(seconds=step.deadline)
    ask.remind_at = asking.half(core, ask)
    core.row("ask.reminded", f"{words}; it is asked for again", step=ask.step, ask=ask.id, number=ask.told)
    asking.tell(core, ask, "Still unanswered: ")


def again(core: Core, path: str) -> None:
    """Ask again, with a full deadline, as a new ordinal."""
    state, step = core.at(path), core.step(path)
    if core.is_final(path):
        state.past.append(state.status)
    core.rewind(path)
    state.ordinal += 1
    state.status, state.pending, state.done_at, state.reason = "waiting", None, None, None
    state.decisions, state.approved_targets, state.refused_targets = [], None, []
    for ask in core.asks_of(path):
        if ask.kind == "approval":
            asking.close(core, ask)
    if step.verb == "approve":
        begin(core, step, path)


def refresh(core: Core) -> None:
    """What is shown has changed: what was signed is void, and is asked for again. The deadline does not move, except
    that a seat which the change has added gets a full one."""
    for ask in list(core.state.asks.values()):
        step = core.step(ask.step) if ask.kind == "approval" else None
        if step is None or step.verb != "approve":
            continue
        core.adding = next((a for a in core.state.additions if a.number == ask.addition), None)
        try:
            fresh = make(core, step, ask.step, ask.id, ask.targets or None, ask.addition)
        except Unread as unread:
            reading.request(core, ask.step, unread)
            continue
        finally:
            core.adding = None
        if not fresh.seats:
            _nobody(core, ask, step, "no seat applies any more")
        elif _too_large(core, fresh):
            _nobody(core, ask, step, TOO_LARGE)
        elif fresh.hash != ask.hash:
            _change(core, ask, step, fresh)


def _nobody(core: Core, ask: Ask, step: Approve, why: str) -> None:
    """Nobody can sign any more: nothing goes through by that."""
    words = f"{ask.words}: {why}, so nobody can sign"
    if ask.addition is not None:
        asking.close(core, ask)
        refuse_addition(core, ask.addition, words)
        return
    for other in core.asks_of(ask.step):
        asking.close(core, other)
    core.at(ask.step).pending = None
    consequences.follow(core, ask.step, "unanswered", step.on_timeout, "timeout", words)


def _change(core: Core, ask: Ask, step: Approve, fresh: Ask) -> None:
    before = {str(seat.who): seat for seat in ask.seats}
    added = [seat for seat in fresh.seats if str(seat.who) not in before]
    for seat in fresh.seats:
        old = before.get(str(seat.who))
        if old is not None:
            seat.deadline, seat.by_manager = old.deadline, old.by_manager
    void = [signature.person for signature in ask.signatures]
    ask.seats, ask.signatures, ask.to = fresh.seats, [], fresh.to
    ask.document, ask.hash, ask.words = fresh.document, fresh.hash, fresh.words
    if added and not ask.late:
        ask.escalate_at = ask.escalate_at or fresh.escalate_at
        ask.remind_at = asking.half(core, ask)
    lost = f" What {', '.join(void)} signed is void." if void else ""
    core.row(
        "approval.changed",
        f"{ask.words}: what is asked has changed.{lost}",
        step=ask.step,
        ask=ask.id,
        document=ask.hash,
        void=void or None,
        number=ask.told,
    )
    asking.tell(core, ask, "Changed: ")


def refuse_addition(core: Core, number: int, words: str) -> None:
    """The addition is not walked further, and what was contained for it is released."""
    for addition in [a for a in core.state.additions if a.number == number]:
        core.state.additions.remove(addition)
        addition.queue = []
        core.row("addition.refused", words, addition=number)
        for ask in list(core.state.asks.values()):
            if ask.addition == number:
                asking.close(core, ask)
        for path, targets in addition.held.items():
            releasing.release(core, path, targets, words)


def _because(answer: Answer) -> str:
    return f": {answer.reason}" if answer.reason else ""
