"""Proves that each seat and assignee can be filled, in every hour of the year, daylight saving included.

A team's seats need so many of its people beside the one who launched: that is counted over the whole team. Somebody of
the team must be on shift besides, at every moment of a year, whoever is wanted: the team or `on_shift`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from firedoor.people import away
from firedoor.people.directory import members
from firedoor.people.organization import Organization, Team
from firedoor.people.shifts import begun_on
from firedoor.plan.model import Plan
from firedoor.plan.steps import Approve

YEAR = 2027
"""The year whose hours are looked at. A fixed one, so that a book is told the same on every day."""
_DAY = 24 * 60
_WEEKS = 51
"""A hole that is met in so many weeks of the year is there always: the first and the last week are cut."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Hole:
    """Hours in which a team has nobody on shift, in the local time of a region."""

    team: str
    region: str
    hours: tuple[str, ...]
    """"Saturday 08:00 to 16:00", in the order of the week; it is said where that is not so all year."""
    wanted_at: str
    """The first step that wants someone of the team."""


@dataclass(frozen=True)
class Thin:
    """A team with too few people for a step's seats when one of them has launched."""

    team: str
    people: int
    seats: int
    at: str
    since: datetime | None = None
    """When it is so for a time only, since somebody is away: from when."""


def wanted(plans: Iterable[Plan]) -> dict[str, str]:
    """Teams that some step wants a person of, and the first place that does."""
    found: dict[str, str] = {}
    for plan in plans:
        for step in plan.by_path.values():
            whos = []
            match step.verb:
                case "approve":
                    whos = [seat.who for seat in step.needs]
                case "task":
                    whos = [step.assign]
            for who in whos:
                if who.kind in ("team", "on_shift") and who.name is not None:
                    found.setdefault(who.name, step.at)
        source = plan.commander.source
        if source.kind in ("team", "on_shift") and source.name is not None:
            found.setdefault(source.name, plan.at)
    return found


def thin(organization: Organization, plans: Iterable[Plan]) -> list[Thin]:
    """A team whose only person may be the launcher fills no seat of theirs, and whom `not_by` names fills none either.
    Its manager, who is told when the escalation is due, is counted where the approval escalates. Of each team the
    approval that lacks the most."""
    found: dict[str, Thin] = {}
    for plan in plans:
        for step in plan.by_path.values():
            if step.verb != "approve":
                continue
            seats: dict[str, int] = {}
            for seat in step.needs:
                if seat.who.kind in ("team", "on_shift") and seat.who.name in organization.teams:
                    seats[seat.who.name] = seats.get(seat.who.name, 0) + seat.seats
            for name, count in seats.items():
                people = {person.id for person in members(organization, name)}
                if step.escalate is not None:
                    people.add(organization.teams[name].manager)
                people -= _barred(organization, step)
                there, since = _fewest(organization, people)
                lacking = count - (there - 1)
                worst = found.get(name)
                if lacking > 0 and (worst is None or lacking > worst.seats - (worst.people - 1)):
                    found[name] = Thin(name, there, count, step.at, since)
    return list(found.values())


def _fewest(organization: Organization, people: set[str]) -> tuple[int, datetime | None]:
    """How many of them there are at least, at any moment; and since when, where that is so because somebody is away."""
    starts = {one.starts for name in people for one in organization.people[name].away}
    counts = [(len({away.there(organization, name, at) for name in people}), at) for at in sorted(starts)]
    fewest = min(counts, default=(len(people), None), key=lambda found: found[0])
    return fewest if fewest[0] < len(people) else (len(people), None)


def _barred(organization: Organization, step: Approve) -> set[str]:
    """The people that an approval's `not_by` names."""
    barred: set[str] = set()
    for who in step.not_by:
        match who.kind:
            case "person" if who.name is not None:
                barred.add(who.name)
            case "team" if who.name in organization.teams:
                barred |= {person.id for person in members(organization, who.name)}
            case "manager" if who.name in organization.teams:
                barred.add(organization.teams[who.name].manager)
    return barred


def holes(organization: Organization, teams: Mapping[str, str]) -> list[Hole]:
    """The holes of these teams. `teams` are names, each with the first place that wants someone of it."""
    found = []
    for name in sorted(teams):
        team = organization.teams.get(name)
        if team is None or team.members or not team.shifts:
            continue
        gaps = _gaps(organization, team)
        if gaps:
            region = _region(organization, team, gaps)
            zone = ZoneInfo(organization.regions[region].timezone)
            found.append(Hole(name, region, tuple(_hours(gaps, zone)), teams[name]))
    return found


def _gaps(organization: Organization, team: Team) -> list[tuple[datetime, datetime]]:
    """The stretches of the year in which no shift is on, in UTC."""
    first, last = datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC)
    on = []
    for shift in team.shifts:
        zone = ZoneInfo(organization.regions[shift.region].timezone)
        day = date(YEAR - 1, 12, 30)
        while day <= date(YEAR + 1, 1, 2):
            hours = begun_on(shift, day, zone)
            if hours is not None:
                on.append(hours)
            day += timedelta(days=1)
    gaps, until = [], first
    for starts, ends in sorted(on):
        if starts > until:
            gaps.append((until, min(starts, last)))
        until = max(until, ends)
        if until >= last:
            break
    if until < last:
        gaps.append((until, last))
    return gaps


def _hours(gaps: list[tuple[datetime, datetime]], zone: ZoneInfo) -> list[str]:
    """The hours of the week that some gap meets, joined; with how often, where it is not in every week."""
    pieces: list[tuple[int, int, date]] = []
    for starts, ends in gaps:
        local = starts.astimezone(zone)
        begins = local.weekday() * _DAY + local.hour * 60 + local.minute
        pieces.append((begins, begins + int((ends - starts).total_seconds()) // 60, local.date()))
    joined: list[tuple[int, int, set[date]]] = []
    for begins, ends_, day in sorted(pieces):
        if joined and begins <= joined[-1][1]:
            low, high, days = joined[-1]
            joined[-1] = (low, max(high, ends_), days | {day})
        else:
            joined.append((begins, ends_, {day}))
    lines = []
    for begins, ends_, days in joined:
        weeks = len(days)
        same = begins // _DAY == (ends_ - 1) // _DAY
        until = _clock(ends_) if same else f"{_DAYS[(ends_ // _DAY) % 7]} {_clock(ends_)}"
        words = f"{_DAYS[(begins // _DAY) % 7]} {_clock(begins)} to {until}"
        lines.append(words if weeks >= _WEEKS else f"{words} in {weeks} week{'s' * (weeks > 1)} of the year")
    return lines


def _clock(minutes: int) -> str:
    return f"{minutes % _DAY // 60:02}:{minutes % 60:02}"


def _region(organization: Organization, team: Team, gaps: list[tuple[datetime, datetime]]) -> str:
    """The region whose shift is on at these hours on the most other days: the hole is told in its time."""
    counts: dict[str, int] = {}
    for starts, _ in gaps[:50]:
        for shift in team.shifts:
            local = starts.astimezone(ZoneInfo(organization.regions[shift.region].timezone))
            minutes = local.hour * 60 + local.minute
            inside = (minutes - shift.starts) % 1440 < shift.minutes
            if inside:
                counts[shift.region] = counts.get(shift.region, 0) + 1
    return max(counts, key=lambda name: counts[name]) if counts else team.shifts[0].region
