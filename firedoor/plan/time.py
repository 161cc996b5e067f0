"""Spans of time: seconds, or business days of a region."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from firedoor.plan.base import Frozen


class Span(Frozen):
    """A length of time: `seconds`, or a count of `business_days` (Monday to Friday in the region's zone)."""

    seconds: int = 0
    business_days: int = 0

    def after(self, start: datetime, zone: str = "UTC") -> datetime:
        """The moment this span ends when it begins at `start`; business days end at the same local hour."""
        if not self.business_days:
            return start + timedelta(seconds=self.seconds)
        local = start.astimezone(ZoneInfo(zone))
        left = self.business_days
        while left:
            local += timedelta(days=1)
            if local.weekday() < 5:
                left -= 1
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
