"""Who a name stands for, at a moment: pure functions over the organization.

Whoever is asked for and is not there is never dropped in silence: `people_of` names who stands in, and says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

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
    """Who of a team is on shift at a moment; those listed as members always are."""
    found = team_of(organization, team)
    named = [name for shift in shifts_on(organization, found, at) for name in shift.on]
    return _people(organization, [*named, *found.members])


def manager(organization: Organization, team: str) -> Person:
    return person_of(organization, team_of(organization, team).manager)


def region_manager(organization: Organization, region: str | None) -> Person:
    found = organization.regions.get(region or "")
    if found is None:
        raise NobodyKnown(f"the organization has no region called {region}")
    return person_of(organization, found.manager)


def teams_of(organization: Organization, person: str) -> tuple[str, ...]:
    """The teams whose member someone is."""
    return tuple(
        name
        for name, team in organization.teams.items()
        if person in team.members or any(person in shift.on for shift in team.shifts)
    )


def people_of(organization: Organization, who: Who, situation: Situation) -> Found:
    """The people that a name stands for now. When nobody of a team is on shift it is the team's manager, and is said.

    A contact, an account and the platform's users are nobody of the organization: none are found, without a note.
    """
    match who.kind:
        case "team":
            return _or_manager(organization, who, members(organization, who.name or ""), "has no members")
        case "on_shift":
            there = on_shift(organization, who.name or "", situation.at)
            return _or_manager(organization, who, there, "has nobody on shift")
        case "manager":
            return Found((manager(organization, who.name or ""),))
        case "region_manager":
            return Found((region_manager(organization, situation.region),))
        case "commander":
            return commanders(organization, situation)
        case "launcher":
            return Found((person_of(organization, situation.launcher),)) if situation.launcher else Found()
        case "person":
            return Found((person_of(organization, who.name),))
        case "contact" | "account" | "users":
            return Found()


def commanders(organization: Organization, situation: Situation) -> Found:
    """Who commands: whoever is named, else whom the organization's rule gives, else the first rung that has someone."""
    notes: list[str] = []
    if situation.commander:
        named = organization.people.get(situation.commander)
        if named:
            return Found((named,))
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
    ("region.manager:emea"), and "commander" for whoever commands.
    """
    held: list[str] = []
    for name, team in organization.teams.items():
        if any(member.id == person for member in members(organization, name)):
            held.append(name)
        if any(member.id == person for member in on_shift(organization, name, at)):
            held.append(f"{name}.on_shift")
        if team.manager == person:
            held.append(f"{name}.manager")
    held.extend(f"region.manager:{name}" for name, place in organization.regions.items() if place.manager == person)
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


def _or_manager(organization: Organization, who: Who, people: tuple[Person, ...], lack: str) -> Found:
    if people:
        return Found(people)
    team = team_of(organization, who.name)
    instead = manager(organization, team.name)
    return Found((instead,), (f"{team.title} {lack}: {instead.name}, who manages it, stands in",))


def _people(organization: Organization, names: Iterable[str]) -> tuple[Person, ...]:
    return tuple(person_of(organization, name) for name in dict.fromkeys(names))
