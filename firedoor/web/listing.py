"""Incidents as lists show them: what was written down of each, and over it what the engine says now."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy.exc import DBAPIError

from firedoor.incidents import Live, NoAnswer, Unreachable
from firedoor.plan.model import Severity
from firedoor.protocol import Forced
from firedoor.records.plans import Incident
from firedoor.web import showing
from firedoor.web.door import Door
from firedoor.web.messages import Health, IncidentLine, Incidents

MOST: Final = 500
LOOK: Final = timedelta(seconds=2)
"""How long the records may take to be read."""
_STATES: Final = {"responding", "holding", "closed"}
_SEVERITIES: Final[dict[str | None, Severity]] = {"sev1": "sev1", "sev2": "sev2", "sev3": "sev3", "sev4": "sev4"}


async def incidents(door: Door, *, everything: bool = False) -> Incidents:
    """Those that have not ended, newest first; with `everything` the others too. Works while the engine is away."""
    written = await asyncio.to_thread(door.records.incidents.list, closed=everything, limit=MOST)
    try:
        live = {run.incident: run for run in await door.incidents.listed(everything=everything)}
        stuck = await door.incidents.stuck(name for name, run in live.items() if run.closed_at is None)
        ended = await door.incidents.ended(
            one.incident for one in written if one.incident not in live and one.phase != "closed"
        )
    except (Unreachable, NoAnswer):
        return Incidents(incidents=tuple(_line(one, None) for one in written), live=False)
    ended |= {name: run.ended for name, run in live.items() if run.ended}
    written, strays = await asyncio.to_thread(_with_others, door, written, live)
    lines = [_with_engine(one, live.get(one.incident)) for one in written]
    shown = [
        line.model_copy(update={"phase": "stuck"}) if line.incident in stuck else line for line in (*strays, *lines)
    ]
    told = [await _with_end(door, line, ended.get(line.incident)) for line in shown]
    return Incidents(incidents=tuple(line for line in told if everything or line.phase != "closed"), live=True)


def _with_others(
    door: Door, written: list[Incident], live: dict[str, Live]
) -> tuple[list[Incident], list[IncidentLine]]:
    """What runs and is not among those written of: it is older than those, or had closed before it was reset, or it is
    a stray."""
    known = {one.incident for one in written}
    others = {name: door.records.incidents.get(name) for name in live if name not in known}
    found = sorted([*written, *filter(None, others.values())], key=lambda one: one.launched_at, reverse=True)
    return found, [_stray(live[name]) for name, one in others.items() if one is None]


async def _with_end(door: Door, line: IncidentLine, ended: Forced | Literal["closed"] | None) -> IncidentLine:
    match ended:
        case None:
            return line
        case "closed":  # between its last word to the record and this list
            return line.model_copy(update={"phase": "closed"})
        case _:
            says = await showing.says_of_end(door, line.incident, ended)
            return line.model_copy(update={"phase": ended, "says": says, "waiting_on": None, "next_due": None})


async def health(door: Door, version: str) -> Health:
    engine, records = await asyncio.gather(door.incidents.health(), _records(door))
    if not records:
        says = "The records cannot be read. Nobody can look or say anything; what runs goes on as far as it can be written down."
    elif not engine.server:
        says = "The Temporal server does not answer. What runs goes on when it is back."
    elif not engine.worker:
        says = "No worker is running, so nothing moves. What runs goes on when one is back."
    else:
        says = "All parts answer."
    return Health(
        ok=engine.server and engine.worker and records,
        server=engine.server,
        worker=engine.worker,
        records=records,
        version=version,
        says=says,
    )


async def _records(door: Door) -> bool:
    try:
        async with asyncio.timeout(LOOK.total_seconds()):
            await asyncio.to_thread(door.records.incidents.list, limit=1)
    except (TimeoutError, DBAPIError):
        return False
    return True


def _with_engine(one: Incident, run: Live | None) -> IncidentLine:
    if run is None and one.phase != "closed" and one.severity is None:
        # It was written down, and nothing was heard of it: the start did not get through.
        return _line(one, None).model_copy(update={"phase": "not started"})
    return _line(one, run)


def _line(one: Incident, run: Live | None) -> IncidentLine:
    line = IncidentLine(
        incident=one.incident,
        playbook=one.playbook,
        title=one.title,
        severity=one.severity,
        phase=one.phase,
        launched_by=one.launched_by,
        launched_at=one.launched_at,
        closed_at=one.closed_at,
        drill=one.drill,
    )
    if run is None:
        return line
    now = {
        "severity": _SEVERITIES.get(run.severity, one.severity),
        "phase": run.phase if run.phase in _STATES else one.phase,
        "waiting_on": run.waiting_on,
        "next_due": run.next_due,
    }
    return line.model_copy(update=now)


def _stray(run: Live) -> IncidentLine:
    """A run that no front door of this installation launched."""
    return IncidentLine(
        incident=run.incident,
        playbook=run.playbook,
        title="(not launched through this front door)",
        severity=_SEVERITIES.get(run.severity),
        phase="responding",
        launched_by="",
        launched_at=run.launched_at,
        waiting_on=run.waiting_on,
        next_due=run.next_due,
    )
