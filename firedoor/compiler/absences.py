"""Checks who stands in for whom: somebody who may do the same, and never in a circle. Then somebody is always there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from firedoor.compiler.diagnostics import Findings, Place
from firedoor.people import away
from firedoor.people.directory import members
from firedoor.people.organization import Away, Organization, Person


@dataclass(frozen=True)
class Told:
    """An absence of a person, and where the book says who stands in."""

    person: str
    absence: Away
    place: Place


def check(organization: Organization, told: Iterable[Told], findings: Findings) -> None:
    """`told`: every absence of the organization. A circle is closed at the moment at which one of them begins."""
    for where in told:
        absence = where.absence
        found = away.chain(organization, where.person, absence.starts)
        last = away.away(organization.people[found[-1]], absence.starts)
        if last is not None:
            ring = " → ".join((*found, last.instead))
            fix = "name somebody who is there at that time"
            findings.add("FD605", where.place, f"nobody is left to stand in for {where.person}: {ring}", fix=fix)
        elif (lack := _lacks(organization, organization.people[where.person], absence.instead)) is not None:
            says, fix = lack
            findings.add("FD605", where.place, says, fix=fix)


def _lacks(organization: Organization, person: Person, instead: str) -> tuple[str, str] | None:
    """What whoever stands in is not, and the fix: they have to be of each team of the person, or to manage it; and where
    the person manages, of that team, or a manager themselves."""
    managers = {team.manager for team in organization.teams.values()}
    managers |= {region.manager for region in organization.regions.values()}
    for name, team in organization.teams.items():
        people = {member.id for member in members(organization, name)}
        if person.id in people and instead not in people | {team.manager}:
            or_manager = "" if team.manager == person.id else f", or {team.manager}, who manages it"
            return (
                f'"{instead}" is neither in {team.title} nor manages it, and {person.id} is in it',
                f"name somebody of {name}{or_manager}",
            )
        if person.id == team.manager and instead not in people | managers:
            return (
                f'"{instead}" is neither in {team.title} nor a manager, and {person.id} manages it',
                f"name somebody of {name}, or another manager",
            )
    manages = [region.name for region in organization.regions.values() if region.manager == person.id]
    if manages and instead not in managers:
        return f'"{instead}" is no manager, and {person.id} manages {manages[0]}', "name another manager"
    return None
