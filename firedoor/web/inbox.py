"""What waits for one person, over all running incidents and their open reviews."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from firedoor.incidents import EngineBroken, NoAnswer, NoSuchIncident, Refused
from firedoor.people import directory
from firedoor.plan import Plan, paths
from firedoor.protocol import AskView, ReviewItemView, ReviewView, View
from firedoor.web.door import NO_ROWS, Door
from firedoor.web.messages import Inbox, InboxLine

T = TypeVar("T")

_AT_ONCE: Final = 16
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_SOME_TIME: Final = datetime.max.replace(tzinfo=UTC)


async def inbox(door: Door, person: str) -> Inbox:
    """The asks that the person can answer, the most urgent first. Incidents that do not answer are named."""
    found_running, found_reviews = await asyncio.gather(door.incidents.listed(), door.incidents.reviews())
    ours = await asyncio.to_thread(_launched_here, door, [*(run.incident for run in found_running), *found_reviews])
    running = [run.incident for run in found_running if run.incident in ours]
    reviews = [name for name in found_reviews if name in ours]
    gate = asyncio.Semaphore(_AT_ONCE)
    views = await _all(gate, running, lambda one: door.incidents.view(one, NO_ROWS))
    chased = await _all(gate, reviews, door.incidents.review)
    found = [line for view in views.values() if view for line in asks_for(door, person, view)]
    found += [line for review in chased.values() if review for line in _tasks_for(door, person, review)]
    found.sort(key=urgency)
    silent = [name for name, view in [*views.items(), *chased.items()] if view is None]
    return Inbox(person=person, asks=tuple(found), silent=tuple(silent))


def urgency(line: InboxLine) -> tuple[bool, datetime, str, str]:
    """What a run waits for comes before what a review waits for; then by deadline. A question of a run that has none
    stands for something that did not happen, and is due at once."""
    reviewing = line.kind in ("review", "verify")
    due = line.deadline or (_LONG_AGO if line.kind == "question" else _SOME_TIME)
    return reviewing, due, line.severity, line.incident


def _launched_here(door: Door, names: Iterable[str]) -> frozenset[str]:
    """Whoever reaches Temporal's port can start a run that asks for something; it asks nobody here."""
    return frozenset(name for name in names if door.records.incidents.get(name))


async def _all(
    gate: asyncio.Semaphore, names: Iterable[str], ask: Callable[[str], Awaitable[T]]
) -> dict[str, T | None]:
    async def one(name: str) -> tuple[str, T | None] | None:
        async with gate:
            try:
                return name, await ask(name)
            except NoSuchIncident:  # it ended meanwhile
                return None
            except (NoAnswer, Refused, EngineBroken):
                return name, None

    return dict(found for found in await asyncio.gather(*(one(name) for name in names)) if found)


def names_of(door: Door, person: str, region: str, commander: str | None, launcher: str) -> frozenset[str]:
    """Everything that the person is called in an ask of this run (str(Who))."""
    held = directory.holds(door.organization, person, door.now(), region=region, commander=commander)
    names = set(directory.called(person, held))
    if f"region.manager:{region}" in held:
        names.add("region.manager")
    if person == launcher:
        names.add("launcher")
    return frozenset(names)


def asks_for(door: Door, person: str, view: View) -> list[InboxLine]:
    """The asks of one run that the person can answer."""
    names = names_of(door, person, view.region, view.commander, view.launcher)
    plan = door.records.plans.get(view.plan)
    return [
        InboxLine.of(view, ask)
        for ask in view.asks
        if _is_for(ask, person, names, view.launcher, _escalated(ask, plan, door.now()))
    ]


def people_for(door: Door, view: View, ask: AskView) -> tuple[str, ...]:
    """Everyone who can answer this ask of a run now."""
    escalated = _escalated(ask, door.records.plans.get(view.plan), door.now())
    return tuple(
        person
        for person in sorted(door.organization.people)
        if _is_for(
            ask,
            person,
            names_of(door, person, view.region, view.commander, view.launcher),
            view.launcher,
            escalated,
        )
    )


def _is_for(ask: AskView, person: str, names: frozenset[str], launcher: str, escalated: bool) -> bool:
    if ask.kind != "approval":
        return not names.isdisjoint(ask.to)
    if any(person in seat.signed_by for seat in ask.seats):
        return False
    open_seats = {seat.who for seat in ask.seats if len(seat.signed_by) < seat.seats}
    if escalated:
        open_seats |= {f"{who.partition('.')[0]}.manager" for who in open_seats}
    mine = names & open_seats
    if person == launcher:  # who launched signs for nobody, but commands beside another seat
        mine &= {"commander"} if len(ask.seats) > 1 else frozenset()
    return bool(mine)


def _escalated(ask: AskView, plan: Plan | None, now: datetime) -> bool:
    """Whether the managers may sign by now, for the seats that are still empty."""
    step = plan.by_path.get(paths.static(ask.step)) if plan else None
    if step is None or step.verb != "approve" or step.escalate is None:
        return False
    return now >= ask.opened_at + timedelta(seconds=step.escalate)


def _tasks_for(door: Door, person: str, review: ReviewView) -> list[InboxLine]:
    launched = door.records.incidents.get(review.incident)
    region = directory.region_of(door.organization, person, door.now())
    names = names_of(door, person, region, None, launched.launched_by if launched else "")
    drill = launched.drill if launched else False
    return [
        line.model_copy(update={"drill": drill})
        for item in review.items
        if (line := _task(item, review, person, names))
    ]


def _task(item: ReviewItemView, review: ReviewView, person: str, names: frozenset[str]) -> InboxLine | None:
    """The owner does it. Anyone else may verify it; those who are near it are asked to."""
    team = item.assign.partition(".")[0]
    if item.state == "verified" or names.isdisjoint({item.assign, team, f"{team}.manager"}):
        return None
    verifies = item.state == "done"
    if verifies and item.done_by == person:
        return None
    return InboxLine(
        incident=review.incident,
        title=review.title,
        severity=review.severity,
        kind="verify" if verifies else "review",
        ask=item.id,
        step=item.id,
        words=f"Verify: {item.words} ({item.done_by}: {item.proof or 'no proof'})" if verifies else item.words,
        choices=("verify", "again") if verifies else ("done",),
        deadline=item.due_at,
        document=item.document,
    )
