"""Spans of time: seconds, or business days of a region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from firedoor.plan.base import Frozen

SATURDAY_AND_SUNDAY = (5, 6)
WEEK = 7


class DaysOff(Frozen):
    """The days of a region on which nobody is expected to work. At least one day of the week is none of them."""

    weekend: tuple[int, ...] = SATURDAY_AND_SUNDAY
    """Weekdays, Monday being 0."""
    holidays: tuple[date, ...] = ()


USUAL = DaysOff()


@dataclass(frozen=True, slots=True)
class Calendar:
    """What counts as a business day somewhere: whose midnight, and which days off."""

    zone: str = "UTC"
    off: DaysOff = USUAL

    def is_business_day(self, day: date) -> bool:
        return day.weekday() not in self.off.weekend and day not in self.off.holidays

    def longest(self, business_days: int) -> int:
        """The most days that so many business days can take, whenever they begin: with the weekends that they meet, and
        as many holidays as lie closest together."""
        weekend = len(self.off.weekend)
        days = business_days + weekend * ceil(business_days / (WEEK - weekend))
        holidays = sorted(day for day in self.off.holidays if day.weekday() not in self.off.weekend)
        reach = timedelta(days=days + WEEK * len(holidays))
        met = max((sum(first <= day <= first + reach for day in holidays) for first in holidays), default=0)
        return days + weekend * ceil(met / (WEEK - weekend)) + met


class Span(Frozen):
    """A length of time: `seconds`, or a count of `business_days`, as a region's calendar has them."""

    seconds: int = 0
    business_days: int = 0

    def after(self, start: datetime, calendar: Calendar) -> datetime:
        """The moment this span ends when it begins at `start`. A business day is a whole one after that: the span ends at
        the same hour of the day, on the clocks there."""
        if not self.business_days:
            return start + timedelta(seconds=self.seconds)
        local = start.astimezone(ZoneInfo(calendar.zone))
        left = self.business_days
        while left:
            local += timedelta(days=1)
            left -= calendar.is_business_day(local.date())
        return local.astimezone(UTC)


def written(seconds: float) -> str:
    """A length of time in the words of the language: `90 s`, `15m`, `1h 30m`, `3 days`."""
    whole = round(seconds)
    if whole < 0:
        return "-" + written(-whole)
    if whole < 60:
        return f"{whole} s"
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    parts = [f"{days} day{'s' * (days > 1)}"] if days else []
    parts += [f"{hours}h"] if hours else []
    parts += [f"{minutes}m"] if minutes else []
    return " ".join(parts[:2])


def spelt_out(seconds: float, *, hours: bool = False) -> str:
    """The same in whole words: `15 minutes`, `1 hour 30 minutes`. `hours`: as laws count, 72 hours and not 3 days."""
    whole = round(seconds)
    if hours and 3600 <= whole < 10 * 86_400:
        units = [("hour", whole // 3600), ("minute", whole % 3600 // 60)]
    else:
        units = [("day", whole // 86_400), ("hour", whole % 86_400 // 3600), ("minute", whole % 3600 // 60)]
        units += [("second", whole % 60)] if whole < 3600 else []
    parts = [f"{count} {unit}{'s' * (count != 1)}" for unit, count in units if count]
    return " ".join(parts[:2]) or "no time"
