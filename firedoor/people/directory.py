"""Who a name stands for, at a moment: pure functions over the organization.

Whoever is asked for and is not there is never dropped in silence: `people_of` names who stands in, and says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from firedoor.people import away
from firedoor.people.organization import Organization, Person, Team
from firedoor.people.shifts import shifts_on
from firedoor.plan import Who


@dataclass(frozen=True, slots=True)
class Situation:
    """What a name's meaning depends on: the moment, the run's region, who commands by name, and who launched."""

    at: datetime
    region: str | None = None
    commander: str | None = None
    launcher: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The people a name stands for, without repeats. `notes` say, for a timeline, where someone stands in or is missing."""

    people: tuple[Person, ...] = ()
    notes: tuple[str, ...] = ()


class NobodyKnown(LookupError):
    """A team, region or person that the organization does not have (any more)."""


def team_of(organization: Organization, name: str | None) -> Team:
    team = organization.teams.get(name or "")
    if team is None:
        raise NobodyKnown(f"the organization has no team called {name}")
    return team


def person_of(organization: Organization, name: str | None) -> Person:
    person = organization.people.get(name or "")
    if person is None:
        raise NobodyKnown(f"the organization has nobody called {name}")
    return person


def members(organization: Organization, team: str) -> tuple[Person, ...]:
    """Everyone of a team: whom its shifts name, and its members. The manager is one only where listed."""
    found = team_of(organization, team)
    return _people(organization, [*(name for shift in found.shifts for name in shift.on), *found.members])


def on_shift(organization: Organization, team: str, at: datetime) -> tuple[Person, ...]:
    """Who of a team is on shift at a moment; those listed as members always are. Whoever is away is stood in for."""
    return _people(organization, [away.there(organization, name, at) for name in _rostered(organization, team, at)])


def _rostered(organization: Organization, team: str, at: datetime) -> list[str]:
    """Whom the shifts of a moment name, and the members."""
    found = team_of(organization, team)
    return [*(name for shift in shifts_on(organization, found, at) for name in shift.on), *found.members]


def manager(organization: Organization, team: str, at: datetime) -> Person:
    return person_of(organization, away.there(organization, team_of(organization, team).manager, at))


def region_manager(organization: Organization, region: str | None, at: datetime) -> Person:
    found = organization.regions.get(region or "")
    if found is None:
        raise NobodyKnown(f"the organization has no region called {region}")
    return person_of(organization, away.there(organization, found.manager, at))


def teams_of(organization: Organization, person: str) -> tuple[str, ...]:
    """The teams whose member someone is."""
    return tuple(
        name
        for name, team in organization.teams.items()
        if person in team.members or any(person in shift.on for shift in team.shifts)
    )


def people_of(organization: Organization, who: Who, situation: Situation) -> Found:
    """The people that a name stands for now. When nobody of a team is on shift it is the team's manager, and is said; so
    is who stands in for somebody who is away.

    A contact, an account and the platform's users are nobody of the organization: none are found, without a note.
    """
    match who.kind:
        case "team":
            names = [person.id for person in members(organization, who.name or "")]
            return _or_manager(organization, who, names, "has no members", situation.at)
        case "on_shift":
            names = _rostered(organization, who.name or "", situation.at)
            return _or_manager(organization, who, names, "has nobody on shift", situation.at)
        case "manager":
            return _there(organization, [team_of(organization, who.name).manager], situation.at)
        case "region_manager":
            region_manager(organization, situation.region, situation.at)
            return _there(organization, [organization.regions[situation.region or ""].manager], situation.at)
        case "commander":
            return commanders(organization, situation)
        case "launcher":
            return _there(organization, [situation.launcher], situation.at) if situation.launcher else Found()
        case "person":
            return _there(organization, [who.name or ""], situation.at)
        case "contact" | "account" | "users":
            return Found()


def commanders(organization: Organization, situation: Situation) -> Found:
    """Who commands: whoever is named, else whom the organization's rule gives, else the first rung that has someone."""
    notes: list[str] = []
    if situation.commander:
        if situation.commander in organization.people:
            return _there(organization, [situation.commander], situation.at)
        notes.append(f"{situation.commander}, who commands, is no longer of the organization")
    rule = organization.commander
    for who in (rule.source, *rule.then):
        if who.kind == "commander" or (who.kind == "region_manager" and situation.region is None):
            continue
        found = people_of(organization, who, situation)
        notes.extend(found.notes)
        if found.people:
            return Found(found.people, tuple(notes))
    return Found(notes=(*notes, "the organization's rule for commanders gives nobody"))


def holds(
    organization: Organization, person: str, at: datetime, *, region: str | None = None, commander: str | None = None
) -> tuple[str, ...]:
    """What someone is at a moment, as a signed answer says it (protocol.Answer.holds).

    Teams ("policy"), shifts ("policy.on_shift"), teams that are managed ("policy.manager"), regions that are managed
    ("region.manager:emea"), "commander" for whoever commands, and "instead:ana" for whoever stands in for Ana. Who stands
    in holds what the other would; who is away holds their teams alone.
    """
    held: list[str] = []
    others = away.stood_in_for(organization, person, at)
    for name in organization.teams:
        if any(member.id in (person, *others) for member in members(organization, name)):
            held.append(name)
        if any(member.id == person for member in on_shift(organization, name, at)):
            held.append(f"{name}.on_shift")
        if manager(organization, name, at).id == person:
            held.append(f"{name}.manager")
    managed = (name for name in organization.regions if region_manager(organization, name, at).id == person)
    held.extend(f"region.manager:{name}" for name in managed)
    held.extend(f"{away.FOR}{name}" for name in others)
    commanding = commanders(organization, Situation(at, region, commander)).people
    if any(other.id == person for other in commanding):
        held.append("commander")
    return tuple(held)


def region_of(organization: Organization, person: str, at: datetime) -> str:
    """The region someone works in: of a shift that is on, else of any shift that names them, else one they manage.

    For everyone else it is the region that has the moment.
    """
    teams = organization.teams.values()
    on_now = [shift for team in teams for shift in shifts_on(organization, team, at)]
    any_time = [shift for team in teams for shift in team.shifts]
    for shift in (*on_now, *any_time):
        if person in shift.on:
            return shift.region
    for name, place in organization.regions.items():
        if place.manager == person:
            return name
    return region_at(organization, at)


def region_at(organization: Organization, at: datetime) -> str:
    """The region that has the moment: where the commander's team has a shift on, else where it is nearest to noon."""
    source = organization.commander.source
    team = organization.teams.get(source.name or "")
    if team is not None:
        for shift in shifts_on(organization, team, at):
            return shift.region

    def from_noon(name: str) -> float:
        local = at.astimezone(ZoneInfo(organization.regions[name].timezone))
        return abs(local.hour + local.minute / 60 - 12)

    return min(organization.regions, key=from_noon)


def called(person: str, held: Iterable[str]) -> frozenset[str]:
    """Everything that somebody who holds this is called where someone is asked (str(Who))."""
    names = {person, *held}
    return frozenset(names | {name.removeprefix(away.FOR) for name in names if name.startswith(away.FOR)})


def _or_manager(organization: Organization, who: Who, names: list[str], lack: str, at: datetime) -> Found:
    if names:
        return _there(organization, names, at)
    team = team_of(organization, who.name)
    instead = manager(organization, team.name, at)
    return Found((instead,), (f"{team.title} {lack}: {instead.name}, who manages it, stands in",))


def _there(organization: Organization, names: Iterable[str], at: datetime) -> Found:
    """The people of these names, or who stands in for them; and that they do. Raises NobodyKnown."""
    wanted = [person_of(organization, name).id for name in dict.fromkeys(names)]
    people = _people(organization, [away.there(organization, name, at) for name in wanted])
    notes = (away.note(organization, name, at) for name in wanted)
    return Found(people, tuple(note for note in notes if note))


def _people(organization: Organization, names: Iterable[str]) -> tuple[Person, ...]:
    return tuple(person_of(organization, name) for name in dict.fromkeys(names))
