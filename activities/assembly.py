"""All activities of a worker, put together from a book, an installation and the environment.

A connector that cannot be made keeps nothing else from working: what needs it fails, is asked about, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from activities.containing import Containing, Verify
from activities.notifying import Notifying
from activities.notifying_each import NotifyingEach
from activities.recording import Recording
from activities.rendering import Renderer
from activities.sifting import Sifting
from activities.warranting import ActedOn, PastOf, Warrants
from firedoor.compiler.book import load_book
from firedoor.connectors import channels, platforms
from firedoor.connectors.channel import Channel
from firedoor.connectors.contract import Platform
from firedoor.installation import Installation
from firedoor.people.organization import Organization
from firedoor.people.past import Past
from firedoor.people.signatures import KeyRing
from firedoor.people.warrants import Acted
from firedoor.plan import paths
from firedoor.records.all import Records, open_records
from firedoor.records.ledger import EntryState


class NoOrganization(ValueError):
    """The book has no organization that could be read, so nobody can be told anything."""


class Closes(Protocol):
    async def close(self) -> None: ...


@dataclass(frozen=True)
class Assembly:
    activities: Sequence[Callable[..., Any]]
    connectors: Collection[str]
    problems: Mapping[str, str]
    """Connectors that could not be made, and why."""
    records: Records
    outside: Sequence[Closes]
    """What holds connections or processes of its own."""

    async def close(self) -> None:
        """Close everything, also where one of them fails."""
        async with AsyncExitStack() as stack:
            stack.callback(self.records.close)
            for one in self.outside:
                stack.push_async_callback(one.close)


def assemble(book: Path, installation: Installation) -> Assembly:
    """Raises NoOrganization."""
    organization = load_book(book).organization
    if organization is None:
        raise NoOrganization(f"the book in {book} has no organization; see `firedoor check {book}`")
    made, wrong = platforms.build(installation.folder / "connectors.toml")
    ways, bad = channels.build(organization)
    records = open_records(installation.database_url)
    keys = KeyRing.load(installation.key_ring)
    verify = Warrants(keys, records.plans.get, acted_on(records), past_of(records), records.lists.get)
    problems = {name: str(problem) for name, problem in {**bad, **wrong}.items()}
    return put_together(records, made, ways, organization, verify, problems)


def put_together(
    records: Records,
    made: Mapping[str, Platform],
    ways: Mapping[str, Channel],
    organization: Organization,
    verify: Verify,
    problems: Mapping[str, str],
    renderer: Renderer | None = None,
) -> Assembly:
    renderer = renderer or Renderer()
    containing = Containing(made, records.ledger, records.timeline, verify, lists=records.lists, problems=problems)
    notifying = Notifying(lambda: organization, ways, records.deliveries, records.timeline, verify, renderer)
    recording = Recording(records.timeline, records.incidents, verify)
    sifting = Sifting(containing.ask, records, verify)
    each = NotifyingEach(notifying, containing.ask, records, verify)
    return Assembly(
        activities=[
            *acts_of(containing),
            sifting.sift,
            notifying.notify,
            each.notify_each,
            recording.record,
        ],
        connectors=[*made, *ways],
        problems=problems,
        records=records,
        outside=[renderer, *made.values(), *ways.values()],
    )


def acts_of(containing: Containing) -> list[Callable[..., Any]]:
    return [containing.contain, containing.release, containing.read, containing.work_out]


def acted_on(records: Records) -> ActedOn:
    def targets(incident: str, step: str) -> Acted:
        found: dict[str, set[str]] = {}
        for other, target in records.ledger.entered(incident, None if paths.rounds(step) else step):
            if paths.static(other) == paths.static(step):
                found.setdefault(other, set()).add(target)
        return found

    return targets


def past_of(records: Records) -> PastOf:
    def past(incident: str, step: str, targets: Sequence[str] | None) -> Past:
        ledger, found = records.ledger, records.incidents.get(incident)
        entries = ledger.of_step(incident, step) if targets is None else ledger.of_targets(incident, step, targets)
        released = {
            (entry.step, entry.target): entry.released_at
            for entry in entries
            if entry.state == EntryState.UNDONE and entry.released_at is not None
        }
        return Past(
            closed=found is not None and found.phase == "closed",
            entered=frozenset((entry.step, entry.target, entry.ordinal) for entry in entries),
            released=released,
            failed=ledger.failed(incident),
            words=records.timeline.signed(incident),
        )

    return past
