"""Who may read what of an incident: whoever takes part in it reads all of it, anyone else its line and its header.

Those take part who launched it or command it, the teams and people that its playbook names for a seat, a task, a
question or its review, those to whom a commander handed it over or reassigned something, who is asked now, who has said
something in it that counted, and the managers of these teams and of its region. A row of the timeline gives a part only
by the verified word that it carries: whoever reaches Temporal's port can write rows. What others do not see is shown as
withheld, or refused with whom to ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from firedoor.incidents import Trouble
from firedoor.people import directory, standing
from firedoor.people.directory import Situation
from firedoor.people.signatures import Forged, KeyRing
from firedoor.plan import Plan, Who
from firedoor.plan.model import walk
from firedoor.plan.steps import consequences
from firedoor.protocol import Answer, AskView, Command, HoldView, Launch, Row, StepView, View
from firedoor.records.plans import Incident
from firedoor.web.door import Door
from firedoor.web.problems import NotYours

WITHHELD: Final = "withheld"

_GIVES_A_PART: Final = ("offer", "hand_over", "reassign")
_OPEN_TO_ALL: Final = "note"
"""Anyone may leave a note, so it gives no part: nobody lets themselves in."""


async def check(door: Door, person: str, incident: str) -> None:
    """Raises NotYours unless the person takes part in the incident. What is not known here is left to the reading."""
    launched = await asyncio.to_thread(door.records.incidents.get, incident)
    if launched is None:
        return
    view = await _view(door, incident)
    if not await takes_part(door, person, incident, view):
        raise NotYours(incident, await _whom_to_ask(door, launched, view))


async def takes_part(door: Door, person: str, incident: str, view: View | None) -> bool:
    """`view` is the run's own picture, where it could be had. In a run that was launched elsewhere nobody takes part."""
    launched = await asyncio.to_thread(door.records.incidents.get, incident)
    if launched is None:
        return False
    if person == launched.launched_by:
        return True
    region = _region(launched)
    held = directory.holds(
        door.organization, person, door.now(), region=region, commander=view.commander if view else None
    )
    names = directory.called(person, held)
    if "commander" in held or f"region.manager:{region}" in held:
        return True
    plan = await asyncio.to_thread(_plan, door, launched.plan)
    parts = {str(who) for who in _of_plan(plan)} if plan else set[str]()
    if view:
        parts |= {who for ask in view.asks for who in ask.to}
    if _are_among(names, parts):
        return True
    rows = [*await asyncio.to_thread(door.records.timeline.read, incident), *(view.rows if view else ())]
    return plan is not None and _are_among(names, _by_words(plan, launched, _words(door.ring, incident, rows)))


async def header(door: Door, view: View) -> View:
    """The view for whoever takes no part: where it stands, and everything said in it withheld."""
    launched = await asyncio.to_thread(door.records.incidents.get, view.incident)
    ask = await _whom_to_ask(door, launched, view) if launched else "It was not launched through this front door."
    return view.model_copy(
        update={
            "next_act": f"{WITHHELD}: you take no part in {view.incident}. {ask}",
            "steps": tuple(_step(step) for step in view.steps),
            "asks": tuple(_ask(one) for one in view.asks),
            "holds": tuple(_hold(one) for one in view.holds),
            "rows": tuple(_row(row) for row in view.rows),
        }
    )


def _step(step: StepView) -> StepView:
    return step.model_copy(update={"words": WITHHELD, "detail": WITHHELD if step.detail else ""})


def _ask(ask: AskView) -> AskView:
    proof = WITHHELD if ask.proof else None
    return ask.model_copy(update={"words": WITHHELD, "silence": WITHHELD, "proof": proof, "facts": ()})


def _hold(hold: HoldView) -> HoldView:
    return hold.model_copy(update={"target": WITHHELD})


def _row(row: Row) -> Row:
    return Row(seq=row.seq, at=row.at, kind=row.kind, words=WITHHELD, step=row.step, by=WITHHELD if row.by else None)


async def _view(door: Door, incident: str) -> View | None:
    try:
        return await door.incidents.view(incident)
    except Trouble:  # the engine is away, or has let the run go: the record knows as much
        return None


async def _whom_to_ask(door: Door, launched: Incident, view: View | None) -> str:
    situation = Situation(door.now(), _region(launched), view.commander if view else None, launched.launched_by)
    commanding = [one.id for one in directory.commanders(door.organization, situation).people]
    who = f"{', '.join(commanding)} (commands) or " if commanding else ""
    return f"Ask {who}{launched.launched_by} (launched it)."


def _plan(door: Door, digest: str) -> Plan | None:
    try:
        return door.records.plans.get(digest)
    except ValueError:  # what was stored is no longer that plan: it gives nobody a part
        return None


def _region(launched: Incident) -> str:
    return Launch.model_validate_json(launched.launch.body).region


def _of_plan(plan: Plan) -> Iterator[Who]:
    """Everyone whom the playbook names to decide or to do something."""
    yield Who(kind="team", name=plan.owner)
    yield from (plan.commander.source, *plan.commander.then)
    if plan.review:
        yield plan.review.owner
        yield from (task.assign for task in plan.review.tasks)
    for action in plan.actions.values():
        yield from (seat.who for seat in action.requires)
    for step in walk(plan.steps):
        if step.verb == "approve":
            yield from (seat.who for seat in step.needs)
        elif step.verb == "task":
            yield step.assign
        yield from (end.asks for _, end in consequences(step) if end.asks)


def _words(ring: KeyRing, incident: str, rows: Iterable[Row]) -> Iterator[Answer | Command]:
    """The words of the incident that rows carry, each by who the row says."""
    for row in rows:
        if row.signed is None:
            continue
        try:
            word = ring.verify(row.signed)
        except Forged:
            continue
        if not isinstance(word, Launch) and word.incident == incident and word.person == row.by:
            yield word


def _by_words(plan: Plan, launched: Incident, words: Iterable[Answer | Command]) -> set[str]:
    """Who said something that counted, and whom a commander handed it over to or gave something to do."""
    counted = [word for word in words if word.plan == plan.digest]
    launch = Launch.model_validate_json(launched.launch.body)
    named = standing.handed_over_to(plan, counted, launch)
    found = set(named)
    for word in counted:
        if isinstance(word, Answer) or word.command != _OPEN_TO_ALL:
            found.add(word.person)
        if isinstance(word, Command) and word.command in _GIVES_A_PART and standing.commands(plan, word, launch, named):
            found.add(str(word.value))
    return found


def _are_among(names: Collection[str], parts: Iterable[str]) -> bool:
    """A team's part is everyone's of it, on shift or not, and its manager's."""
    for part in parts:
        team = part.removesuffix(".on_shift")
        if part in names or team in names or f"{team}.manager" in names:
            return True
    return False
