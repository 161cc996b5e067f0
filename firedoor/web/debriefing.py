"""What an incident or a drill can be looked back on by: who answered when, and what became of each clock."""

from __future__ import annotations

import asyncio

from firedoor.protocol import Launch
from firedoor.records import debrief
from firedoor.records.debrief import Debrief
from firedoor.web import exporting
from firedoor.web.door import Door
from firedoor.web.problems import NotFound


async def look_back(door: Door, incident: str) -> Debrief:
    """Works without the engine, by what was recorded until then."""
    launched = await asyncio.to_thread(door.records.incidents.get, incident)
    if launched is None:
        raise NotFound(f"Nothing is known of {incident[:80]!r}.", "See `firedoor list --all`.")
    rows = await exporting.rows_of(door, launched)
    plan = await asyncio.to_thread(door.records.plans.get, launched.plan)
    said = Launch.model_validate_json(launched.launch.body)
    pace = (plan.pace if plan else None) or 1
    ended = debrief.ended(rows)
    return Debrief(
        incident=incident,
        title=launched.title,
        playbook=launched.playbook,
        drill=said.drill,
        pace=pace,
        launched_at=launched.launched_at,
        ended=ended[0] if ended else None,
        lasted=(ended[1] - launched.launched_at).total_seconds() * pace if ended else None,
        asks=debrief.asked(rows, pace),
        clocks=debrief.clocks(rows, pace),
    )
