"""Incidents as lists show them: what was written down of each, and over it what the engine says now."""

from __future__ import annotations

import asyncio
from typing import Final

from firedoor.incidents import Live, NoAnswer, Unreachable
from firedoor.plan.model import Severity
from firedoor.records.plans import Incident
from firedoor.web.door import Door
from firedoor.web.messages import Health, IncidentLine, Incidents

MOST: Final = 500
_STATES: Final = {"responding", "holding", "closed"}
_SEVERITIES: Final[dict[str | None, Severity]] = {"sev1": "sev1", "sev2": "sev2", "sev3": "sev3", "sev4": "sev4"}


async def incidents(door: Door, *, everything: bool = False) -> Incidents:
    """Those that have not ended, newest first; with `everything` the others too. Works while the engine is away."""
    written = await asyncio.to_thread(door.records.incidents.list, closed=everything, limit=MOST)
    try:
        live = {run.incident: run for run in await door.incidents.listed(everything=everything)}
        stuck = await door.incidents.stuck(name for name, run in live.items() if run.closed_at is None)
    except (Unreachable, NoAnswer):
        return Incidents(incidents=tuple(_line(one, None) for one in written), live=False)
    known = {one.incident for one in written}
    lines = [_with_engine(one, live.get(one.incident), everything=everything) for one in written]
    strays = [_stray(run) for name, run in live.items() if name not in known]
    shown = [
        line.model_copy(update={"phase": "stuck"}) if line.incident in stuck else line for line in (*strays, *lines)
    ]
    return Incidents(incidents=tuple(shown), live=True)


async def health(door: Door, version: str) -> Health:
    engine = await door.incidents.health()
    if not engine.server:
        says = "The Temporal server does not answer. What runs goes on when it is back."
    elif not engine.worker:
        says = "No worker is running, so nothing moves. What runs goes on when one is back."
    else:
        says = "All parts answer."
    return Health(
        ok=engine.server and engine.worker,
        server=engine.server,
        worker=engine.worker,
        records=True,
        version=version,
        says=says,
    )


def _with_engine(one: Incident, run: Live | None, *, everything: bool) -> IncidentLine:
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
        "phase": run.ended or (run.phase if run.phase in _STATES else one.phase),
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
        phase=run.ended or "responding",
        launched_by="",
        launched_at=run.launched_at,
        waiting_on=run.waiting_on,
        next_due=run.next_due,
    )
