"""When a shift is on: local hours, across midnight and across the changes of daylight saving time.

Where the local clock jumps or repeats an hour, a shift that begins or ends in it takes the wider reading: two teams
share a doubtful hour, and never does nobody have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from firedoor.people.organization import Organization, Shift, Team


def moments(day: date, minutes: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The earliest and the latest moment, in UTC, at which clocks show so many minutes after the midnight of `day`."""
    local = datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
    both = [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(both), max(both)


def begun_on(shift: Shift, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """From when to when, in UTC, the shift that begins on `day` lasts; None where none begins. The end is outside."""
    if day.weekday() not in shift.days:
        return None
    starts, _ = moments(day, shift.starts, zone)
    _, ends = moments(day, shift.starts + shift.minutes, zone)
    return starts, ends


def is_on(shift: Shift, at: datetime, zone: ZoneInfo) -> bool:
    """Whether the shift is on at a moment: today's, or one that began yesterday."""
    today = at.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        hours = begun_on(shift, day, zone)
        if hours and hours[0] <= at < hours[1]:
            return True
    return False


def shifts_on(organization: Organization, team: Team, at: datetime) -> Iterator[Shift]:
    """The shifts of a team that are on at a moment, in the order of the book."""
    for shift in team.shifts:
        if is_on(shift, at, ZoneInfo(organization.regions[shift.region].timezone)):
            yield shift
