"""Asks: someone is waited for. They are data with absolute times, so they outlive any crash and any continue-as-new."""

from __future__ import annotations

from datetime import datetime, timedelta

from firedoor.plan import Who
from firedoor.plan.time import written
from firedoor.protocol import NotifyReport, Rendering
from firedoor.run.core import Core
from firedoor.run.state import Act, Ask, Notice

LEAST_REMINDER = timedelta(minutes=2)
"""Nobody is reminded when less than this is left."""

CHOICES = {
    "approve": "approve",
    "reject": "reject",
    "need_fact": "need one fact: asks the commander a question; the time runs on",
    "answer": "answer it",
    "accept": "take the command over",
    "decline": "not take it over; whoever commands goes on",
    "done": "it is done",
    "again": "ask again, with a full time",
    "continue": "go on",
    "retry": "try again",
    "skip": "skip it",
    "leave": "end this group of steps; what stands after it goes on",
    "keep": "keep it contained, for good",
    "not_due": "the clock is not owed",
    "undo": "undo what the question is about",
    "stop": "end the response and keep what is contained",
    "undo_all": "undo everything, newest first, and end the response",
}


def open_(core: Core, ask: Ask) -> None:
    """Put the ask, and tell whoever is asked."""
    if not ask.to:
        raise AssertionError(f"{ask.id} has no owner")
    core.state.asks[ask.id] = ask
    core.state.asked += 1
    ask.remind_at = half(core, ask)
    core.row(
        f"{ask.kind}.asked",
        f"{ask.words} — asked {_names(ask.to)}",
        step=ask.step or None,
        ask=ask.id,
        to=[str(who) for who in ask.to],
        why=ask.why,
        document=ask.hash,
        until=_iso(deadline(ask)),
    )
    tell(core, ask, "")


def close(core: Core, ask: Ask) -> None:
    core.state.asks.pop(ask.id, None)
    core.changes += 1


def deadline(ask: Ask) -> datetime | None:
    """When silence counts: the end of the ask, or of the first seat that is still empty."""
    if ask.late:
        return None
    open_seats = [seat.deadline for number, seat in enumerate(ask.seats) if _empty(ask, number)]
    return min(open_seats, default=ask.deadline)


def _empty(ask: Ask, seat: int) -> bool:
    return sum(s.seat == seat for s in ask.signatures) < ask.seats[seat].seats


def empty_seats(ask: Ask) -> list[int]:
    return [number for number in range(len(ask.seats)) if _empty(ask, number)]


def tell(core: Core, ask: Ask, prefix: str, to: list[Who] | None = None) -> None:
    """Send a notice about the ask. A notice that fails is told on the timeline; the next reminder is its retry."""
    ask.told += 1
    until = deadline(ask)
    left = f" Time left: {written((until - core.now).total_seconds())}." if until else ""
    silence = f" If nobody answers: {ask.silence}." if ask.silence else ""
    how = f"firedoor show {core.state.incident}"
    text = f"{prefix}{ask.words}.{left}{silence} Choices: {', '.join(ask.choices)}. Look and answer: {how}"
    audience = [_reachable(who) for who in (to or ask.to)]
    core.act(
        "notify",
        ask.step,
        number=f"{ask.id}#{ask.told}",
        ask=ask.id,
        notice=Notice(
            key=f"{ask.id}#{ask.told}",
            audience=audience,
            subject=f"{prefix}{ask.words}",
            texts=[Rendering(language="*", text=text)],
            urgent=True,
        ),
    )


def _reachable(who: Who) -> Who:
    """An ask goes to who is on shift, not to a whole team."""
    return Who(kind="on_shift", name=who.name) if who.kind == "team" else who


def due(core: Core) -> None:
    """Remind and escalate whatever has come to its time."""
    for ask in list(core.state.asks.values()):
        if ask.id not in core.state.asks:
            continue
        if ask.remind_at is not None and ask.remind_at <= core.now:
            _remind(core, ask)
        if ask.escalate_at is not None and ask.escalate_at <= core.now:
            if ask.kind == "question":
                climb(core, ask)
            else:
                escalate(core, ask)


def _remind(core: Core, ask: Ask) -> None:
    ask.remind_at = half(core, ask)
    until = deadline(ask)
    if until is not None and until > core.now:
        core.row("ask.reminded", f"Reminder: {ask.words}", step=ask.step or None, ask=ask.id, number=ask.told)
        tell(core, ask, "Reminder: ")


def half(core: Core, ask: Ask) -> datetime | None:
    """A reminder at half of what is left."""
    until = deadline(ask)
    if until is None or until - core.now < 2 * LEAST_REMINDER:
        return None
    return core.now + (until - core.now) / 2


def escalate(core: Core, ask: Ask) -> None:
    """The manager of each team whose seat is empty is told, and may sign for it."""
    ask.escalate_at = None
    managers: list[Who] = []
    for number in empty_seats(ask):
        seat = ask.seats[number]
        if seat.who.kind in ("team", "on_shift"):
            seat.by_manager = True
            managers.append(Who(kind="manager", name=seat.who.name))
    if managers:
        core.row(
            "ask.escalated",
            f"{ask.words}: escalated to {_names(managers)}",
            step=ask.step,
            ask=ask.id,
            to=[str(who) for who in managers],
            number=ask.told,
        )
        tell(core, ask, "Escalated: ", managers)


def climb(core: Core, ask: Ask) -> None:
    """An unanswered question goes up the commander's ladder, a rung each `answers_within`, and never lapses."""
    ladder = core.plan.commander.then
    wait = timedelta(seconds=core.plan.commander.answers_within)
    giver = _giver(ask)
    if ask.rung < len(ladder):
        rung = [ladder[ask.rung], *giver]
        ask.to += [who for who in rung if who not in ask.to]
        core.row(
            "ask.escalated",
            f"{ask.words}: escalated to {_names(rung)}",
            step=ask.step or None,
            ask=ask.id,
            to=[str(who) for who in rung],
            rung=ask.rung,
        )
        tell(core, ask, "Escalated: ", rung)
    else:
        ask.to += giver
        core.row("ask.reminded", f"Still unanswered: {ask.words}", step=ask.step or None, ask=ask.id, number=ask.told)
        tell(core, ask, "Still unanswered: ")
        wait *= 2 ** min(ask.rung - len(ladder) + 1, 6)
    ask.rung += 1
    ask.escalate_at = core.now + wait
    core.changes += 1


def _giver(ask: Ask) -> list[Who]:
    """Whoever hands over is asked again, once, when whoever was named has not answered."""
    giver = Who(kind="person", name=ask.asker or "")
    return [giver] if ask.why == "handover" and giver not in ask.to else []


def told(core: Core, act: Act, report: NotifyReport | None, error: str | None) -> None:
    """A notice about an ask has ended. When it failed, the ask stays open, and its next reminder is the retry."""
    ask = core.state.asks.get(act.ask or "")
    if ask is not None:
        sent = report is not None and any(delivery.state == "sent" for delivery in report.deliveries)
        ask.reached = bool(ask.reached) or sent or error is None
    if error is not None:
        key = act.notice.key if act.notice else act.id
        core.row("notice.failed", f"A notice could not be delivered: {error}", ask=act.ask, key=key)


def _names(whos: list[Who]) -> str:
    return ", ".join(str(who) for who in whos)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
