"""The pure core of a review: tasks that are done by their owners, verified by someone else, and chased until then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from firedoor.plan import Who
from firedoor.protocol import Answer, Receipt, ReviewItemView, ReviewOrder, ReviewView, Row, Signed, review_id
from firedoor.run import bounds
from firedoor.run.documents import canonical, hash_of
from firedoor.run.state import Accepted, Live
from firedoor.run.validity import Refused, check_words

MOST_ROWS = 200
"""Rows that stay for whoever looks; older ones are read from the record."""

AFTER_DUE = timedelta(days=1)
"""How often an overdue task is reminded of."""


class Item(Live):
    id: str
    words: str
    assign: Who
    due_at: datetime
    status: Literal["open", "done", "verified"] = "open"
    done_by: str | None = None
    proof: str | None = None
    verified_by: str | None = None
    remind_at: datetime


class ReviewState(Live):
    order: ReviewOrder
    items: list[Item]
    accepted: dict[str, Accepted] = {}
    seq: int = 0
    pending: list[Row] = []
    rows: list[Row] = []
    reminders: int = 0
    now: datetime


def begin(order: ReviewOrder, now: datetime) -> ReviewState:
    items = [
        Item(
            id=item.id,
            words=item.words,
            assign=item.assign,
            due_at=item.due_at,
            remind_at=now + (item.due_at - now) / 2,
        )
        for item in order.items
    ]
    state = ReviewState(order=order, items=items, now=now)
    if order.held:
        words = f"The response has left {order.held} contained; its run asks what becomes of that"
        row(state, now, "review.held", words, held=order.held)
    for item in items:
        row(
            state,
            now,
            "review.task",
            f"{item.words} — {item.assign}, due {item.due_at:%Y-%m-%d %H:%M UTC}",
            item=item.id,
        )
    return state


def row(
    state: ReviewState,
    now: datetime,
    kind: str,
    words: str,
    *,
    by: str | None = None,
    signed: Signed | None = None,
    **data: Any,
) -> Row:
    state.seq += 1
    new = Row(
        seq=state.seq,
        at=now,
        kind=kind,
        words=words,
        by=by,
        signed=signed,
        data={key: value for key, value in data.items() if value is not None},
    )
    state.pending.append(new)
    state.rows = bounds.latest([*state.rows, new][-MOST_ROWS:])
    return new


def closed(state: ReviewState) -> bool:
    return all(item.status == "verified" for item in state.items)


def choices(item: Item) -> tuple[str, ...]:
    """What can be answered: it is done; and, by someone else, that this was verified or has to be done again."""
    return {"open": ("done",), "done": ("verify", "again"), "verified": ()}[item.status]


def document(state: ReviewState, item: Item) -> str:
    """What is shown and signed: canonical JSON. It changes with the task's state, so a stale answer is refused."""
    return canonical(
        {
            "incident": state.order.incident,
            "plan": state.order.plan,
            "review": review_id(state.order.incident),
            "ask": item.id,
            "kind": "review",
            "question": item.words,
            "status": item.status,
            "done_by": item.done_by,
            "proof": item.proof,
            "choices": list(choices(item)),
        }
    )


def check(state: ReviewState, answer: Answer, now: datetime) -> None:
    """Raises Refused."""
    check_words(answer.reason, answer.proof)
    item = next((item for item in state.items if item.id == answer.ask), None)
    if item is None or item.status == "verified":
        raise Refused("closed", "This task is not open.")
    if answer.document != hash_of(document(state, item)):
        raise Refused("changed", "The task has changed since you looked. Look again.")
    if answer.choice not in choices(item):
        raise Refused("choice", f"“{answer.choice}” is no choice here; it is one of {', '.join(choices(item))}.")
    if answer.choice == "done" and not _is(state, item.assign, answer):
        raise Refused("role", f"This is {item.assign}'s task, and you are none of them.")
    if answer.choice == "verify" and answer.person == item.done_by:
        raise Refused("role", "Someone else has to verify what you did.")
    if not answer.holds:
        raise Refused("role", "You are in no team of this organization.")


def _is(state: ReviewState, who: Who, answer: Answer) -> bool:
    if who.kind == "commander" and answer.person == state.order.commander:
        return True
    names = {str(who)} | ({f"{who.name}.manager"} if who.kind in ("team", "on_shift") else set())
    if who.kind == "on_shift":
        names.add(str(who.name))
    if who.kind == "region_manager":
        names.add(f"region.manager:{state.order.region}")
    return answer.person == who.name or bool(names & set(answer.holds))


def answered(state: ReviewState, answer: Answer, signed: Signed, now: datetime) -> Receipt:
    item = next(item for item in state.items if item.id == answer.ask)
    match answer.choice:
        case "done":
            item.status, item.done_by, item.proof = "done", answer.person, answer.proof
            says = f"{answer.person} did “{item.words}”. Someone else has to verify it."
        case "verify":
            item.status, item.verified_by = "verified", answer.person
            says = f"{answer.person} verified “{item.words}”."
        case _:
            item.status, item.done_by, item.proof = "open", None, None
            says = f"{answer.person} asked for “{item.words}” to be done again."
    why = f" {answer.reason}" if answer.reason else ""
    new = row(
        state,
        now,
        f"review.{answer.choice}",
        says + why,
        by=answer.person,
        signed=signed,
        item=item.id,
        proof=answer.proof,
        nonce=answer.nonce,
    )
    receipt = Receipt(nonce=answer.nonce, at=now, says=says, row=new.seq)
    state.accepted = {nonce: word for nonce, word in state.accepted.items() if not word.is_past(now)}
    state.accepted[answer.nonce] = Accepted(body=hash_of(signed.body), receipt=receipt, expires=answer.expires)
    return receipt


def due(state: ReviewState, now: datetime) -> list[Item]:
    """Tasks to remind of now; each is reminded of at half of its time, when it is due, and every day after."""
    found = [item for item in state.items if item.status != "verified" and item.remind_at <= now]
    for item in found:
        item.remind_at = item.due_at if now < item.due_at else now + AFTER_DUE
        late = " It is overdue." if now >= item.due_at else ""
        state.reminders += 1
        row(state, now, "review.reminded", f"Reminder: {item.words}.{late}", item=item.id, number=state.reminders)
    return found


def cancelled(state: ReviewState, now: datetime) -> None:
    """Someone asked the server to cancel the review. It decides nothing."""
    row(
        state,
        now,
        "review.cancel_asked",
        "The server was asked to cancel this review; it goes on until every task is verified",
        number=state.seq,
    )


def wake_at(state: ReviewState) -> datetime | None:
    return min((item.remind_at for item in state.items if item.status != "verified"), default=None)


def view(state: ReviewState) -> ReviewView:
    return ReviewView(
        incident=state.order.incident,
        review=review_id(state.order.incident),
        title=state.order.title,
        severity=state.order.severity,
        closed=closed(state),
        items=tuple(
            ReviewItemView(
                id=item.id,
                words=item.words,
                assign=str(item.assign),
                due_at=item.due_at,
                state=item.status,
                done_by=item.done_by,
                proof=item.proof,
                verified_by=item.verified_by,
                document=hash_of(document(state, item)),
            )
            for item in state.items
        ),
        rows=tuple(state.rows),
    )
