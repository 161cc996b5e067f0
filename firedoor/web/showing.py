"""One incident as it stands now, with its rows in order, from wherever they are."""

from __future__ import annotations

import asyncio
from typing import Final

from firedoor.incidents import CutOff, NoSuchIncident
from firedoor.people.directory import Situation, commanders
from firedoor.protocol import Forced, ReviewView, View
from firedoor.web.door import Door
from firedoor.web.problems import Conflict, NotFound

_MOST_ROWS: Final = 300
FORCED: Final[dict[str, Forced]] = {"terminated": "terminated", "failed": "failed", "cancelled": "cancelled"}


async def show(door: Door, incident: str, since: int = 0) -> View:
    """The run keeps only its latest rows; older ones that are asked for come from the record."""
    try:
        view = await door.incidents.view(incident, since)
    except NoSuchIncident:
        raise await _gone(door, incident) from None
    except CutOff as cut:
        raise await _cut_off(door, incident, cut) from None
    view = view.model_copy(update={"commanders": _commanders(door, view)})
    if (ended := FORCED.get(view.ended or "")) is not None:
        says = await says_of_end(door, incident, ended)
        view = view.model_copy(update={"next_act": says, "next_due": None, "waiting_on": (), "asks": ()})
    first = view.rows[0].seq if view.rows else view.recorded + 1
    if first <= since + 1 or since >= view.recorded:
        return view
    older = await asyncio.to_thread(door.records.timeline.read, incident, since, _MOST_ROWS)
    older = [row for row in older if row.seq < first]
    if not older:
        return view
    if older[-1].seq < first - 1:  # a page of its own; the rest follows
        return view.model_copy(update={"rows": tuple(older), "next_row": older[-1].seq, "more": True})
    return view.model_copy(update={"rows": (*older, *view.rows)})


async def says_of_end(door: Door, incident: str, ended: Forced) -> str:
    """What is so of a run that the engine ended by force, and what to do."""
    held = await asyncio.to_thread(door.records.ledger.held, incident)
    now = f"{len(held)} contained: undo that on the platform, or have" if held else "nothing contained: have"
    return (
        f"{ended}: nobody is asked any more, and no deadline and no expiry is acted on; {now} the operator bring the run"
        f" back with temporal workflow reset --workflow-id {incident} --type LastWorkflowTask --reason WHY"
    )


def _commanders(door: Door, view: View) -> tuple[str, ...]:
    situation = Situation(door.now(), view.region, view.commander, view.launcher)
    return tuple(person.id for person in commanders(door.organization, situation).people)


async def review(door: Door, incident: str) -> ReviewView:
    try:
        return await door.incidents.review(incident)
    except NoSuchIncident:
        raise NotFound(
            f"{incident[:80]} has no review.", "A review opens when the response has ended, if the playbook has one."
        ) from None


async def _cut_off(door: Door, incident: str, cut: CutOff) -> Conflict:
    says = f"{cut.says} {await says_of_end(door, incident, cut.ended)}." if cut.ended else cut.says
    return Conflict(says, cut.next)


async def _gone(door: Door, incident: str) -> Conflict | NotFound:
    written = await asyncio.to_thread(door.records.incidents.get, incident)
    if written is None:
        return NotFound(f"Nothing is known of {incident[:80]!r}.", "See `firedoor list --all` for what there is.")
    if written.phase == "closed":
        return Conflict(
            f"{incident} is closed, and the engine has let it go.", f"Its record: firedoor export {incident}"
        )
    return Conflict(
        f"{incident} was written down, and the engine does not know it: it never started, or the engine's data was lost.",
        f"Its record: firedoor export {incident}. To respond, launch anew.",
    )
