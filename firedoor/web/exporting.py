"""The record of an incident, for a file: what was recorded, what is on its way to the record, and what was refused."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable

from firedoor.incidents import EngineBroken, NoAnswer, NoSuchIncident, Refused, Unreachable
from firedoor.people.signatures import KeyRing
from firedoor.plan.model import Severity
from firedoor.protocol import Row
from firedoor.records import report
from firedoor.records.lists import UnknownList
from firedoor.records.plans import Incident
from firedoor.records.report import Head
from firedoor.web.door import Door
from firedoor.web.messages import Record
from firedoor.web.problems import NotFound

_AWAY = (NoSuchIncident, NoAnswer, Refused, Unreachable, EngineBroken)


async def export(door: Door, incident: str, ring: KeyRing) -> Record:
    """Works without the engine, by what was recorded until then; `complete` says whether that is all."""
    launched = await asyncio.to_thread(door.records.incidents.get, incident)
    if launched is None:
        raise NotFound(f"Nothing is known of {incident[:80]!r}.", "See `firedoor list --all`.")
    recorded, review = report.apart(await asyncio.to_thread(door.records.timeline.read, incident))
    live, severity, complete = await _live(door, launched)
    review = report.merged(review, await _review(door, incident))
    refusals = [
        {
            "at": one.at.isoformat(),
            "person": one.person,
            "kind": one.kind,
            "asked": one.asked,
            "why": one.why,
            "says": one.says,
        }
        for one in await asyncio.to_thread(door.journal.refusals, incident)
    ]
    told = await asyncio.to_thread(door.records.timeline.told, incident)
    rows = report.merged(recorded, live)
    head = Head(
        incident=incident,
        title=launched.title,
        playbook=launched.playbook,
        plan=launched.plan,
        severity=severity or launched.severity or "not known yet",
        phase=launched.phase,
        launched_by=launched.launched_by,
        launched_at=launched.launched_at,
        drill=launched.drill,
        written_at=door.now(),
        keys={name: base64.b64encode(ring.raw(name)).decode() for name in ring},
        gaps=report.gaps([*told, *(row.seq for row in live)]),
        asked=complete,
        unwritten=len(rows) - len(recorded),
    )
    documents = await asyncio.to_thread(door.journal.documents, report.signed_documents([*rows, *review]))
    entries = await asyncio.to_thread(door.records.ledger.of_incident, incident)
    lists = await asyncio.to_thread(_lists, door, report.signed_lists([*rows, *review], documents.values()))
    rounds = await asyncio.to_thread(door.records.rounds.of_incident, incident)
    return Record(
        data=report.as_json(head, rows, review, refusals, documents, entries, lists, rounds),
        markdown=report.as_markdown(head, rows, review, refusals, documents, entries, rounds),
        complete=complete and not head.gaps and None not in lists.values(),
    )


def _lists(door: Door, digests: Iterable[str]) -> dict[str, list[str] | None]:
    """What signed words name by its digest; None for a list that is not here, or is not that list any more."""
    found: dict[str, list[str] | None] = {}
    for digest in digests:
        try:
            found[digest] = list(door.records.lists.get(digest))
        except UnknownList:
            found[digest] = None
    return found


async def rows_of(door: Door, launched: Incident) -> list[Row]:
    """The run's rows: what was recorded, and, where it can be asked, what it still has."""
    recorded, _ = report.apart(await asyncio.to_thread(door.records.timeline.read, launched.incident))
    live, _, _ = await _live(door, launched)
    return list(report.merged(recorded, live))


async def _live(door: Door, launched: Incident) -> tuple[list[Row], Severity | None, bool]:
    """The rows that the run still has, how bad it is by its own word, and whether it could be asked. One that is closed
    has recorded everything."""
    rows: list[Row] = []
    severity: Severity | None = None
    since = 0
    try:
        while True:
            view = await door.incidents.view(launched.incident, since)
            rows += view.rows
            severity = view.severity
            if not view.more or view.next_row <= since:
                return rows, severity, True
            since = view.next_row
    except _AWAY:
        return rows, severity, launched.phase == "closed"


async def _review(door: Door, incident: str) -> tuple[Row, ...]:
    try:
        return (await door.incidents.review(incident)).rows
    except _AWAY:
        return ()
