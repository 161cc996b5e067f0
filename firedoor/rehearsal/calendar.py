"""The calendar of a rehearsal. The server's clock goes forward only, and a rehearsal may begin on any day: so it plays
some weeks later, when it is the same day of the week and every region's clocks show the same hours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

WEEK: Final = timedelta(days=7)
MOST_WEEKS: Final = 11 * 53
LOOKED_AT: Final = timedelta(hours=6)
AHEAD: Final = timedelta(hours=1)
"""A rehearsal begins at least so long from now, so that its beginning has not passed when its run is started."""

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def weeks_later(begin: datetime, length: timedelta, zones: Iterable[str], now: datetime) -> timedelta:
    """How much later to play what begins at `begin` and lasts `length`: whole weeks, the fewest after which each zone
    has the same offsets all the while; where there are none, the fewest with the same offsets at the beginning."""
    places = [ZoneInfo(zone) for zone in zones]
    first = max(0, -((begin - now - AHEAD) // WEEK)) if begin < now + AHEAD else 0
    wanted = _offsets(begin, length, places)
    second_best: timedelta | None = None
    for weeks in range(first, first + MOST_WEEKS):
        found = _offsets(begin + weeks * WEEK, length, places)
        if found == wanted:
            return weeks * WEEK
        if second_best is None and found[0] == wanted[0]:
            second_best = weeks * WEEK
    return second_best if second_best is not None else first * WEEK


def _offsets(begin: datetime, length: timedelta, places: list[ZoneInfo]) -> list[tuple[timedelta | None, ...]]:
    moments = [begin + number * LOOKED_AT for number in range(length // LOOKED_AT + 2)]
    return [tuple(moment.astimezone(place).utcoffset() for place in places) for moment in moments]


def moved(text: str, by: timedelta) -> str:
    """A text with its dates moved by whole days, as the book's calendar has them."""

    def move(found: re.Match[str]) -> str:
        try:
            return f"{datetime.fromisoformat(found.group()).replace(tzinfo=UTC) + by:%Y-%m-%d}"
        except (ValueError, OverflowError):
            return found.group()

    return _DATE.sub(move, text)
