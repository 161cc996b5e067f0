"""Shifts as a table: local hours through midnight, weekdays, and the days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from firedoor.people.organization import Shift
from firedoor.people.shifts import begun_on, is_on, moments
from tests.people.book import WEEKDAYS

DUBLIN, ANGELES, SINGAPORE = "Europe/Dublin", "America/Los_Angeles", "Asia/Singapore"


def shift(hours: str, days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)) -> Shift:
    starts, ends = ((int(part[:2]) * 60 + int(part[3:])) for part in hours.split("-"))
    return Shift(region="here", starts=starts, ends=ends, days=days, on=("someone",))


@pytest.mark.parametrize(
    ("hours", "days", "zone", "at", "on"),
    [
        ("08:00-16:00", None, DUBLIN, "2026-01-05T07:59:59+00:00", False),
        ("08:00-16:00", None, DUBLIN, "2026-01-05T08:00:00+00:00", True),
        ("08:00-16:00", None, DUBLIN, "2026-01-05T15:59:59+00:00", True),
        ("08:00-16:00", None, DUBLIN, "2026-01-05T16:00:00+00:00", False),
        # Summer time in Dublin: the same hours are an hour earlier in UTC.
        ("08:00-16:00", None, DUBLIN, "2026-07-06T07:00:00+00:00", True),
        ("08:00-16:00", None, DUBLIN, "2026-07-06T15:00:00+00:00", False),
        # The moment may come in any zone.
        ("08:00-16:00", None, DUBLIN, "2026-07-06T17:00:00+10:00", True),
        ("08:00-17:00", None, ANGELES, "2026-01-06T00:30:00+00:00", True),
        ("08:00-16:00", None, SINGAPORE, "2026-01-06T00:00:00+00:00", True),
        # Monday to Friday is meant locally: Sunday 23:00 UTC is Monday in Singapore.
        ("06:00-14:00", WEEKDAYS, SINGAPORE, "2026-01-04T23:00:00+00:00", True),
        ("06:00-14:00", WEEKDAYS, SINGAPORE, "2026-01-09T23:00:00+00:00", False),
        # Past midnight: the night belongs to the day on which it begins.
        ("22:00-06:00", WEEKDAYS, DUBLIN, "2026-01-10T05:59:00+00:00", True),
        ("22:00-06:00", WEEKDAYS, DUBLIN, "2026-01-10T06:00:00+00:00", False),
        ("22:00-06:00", WEEKDAYS, DUBLIN, "2026-01-10T22:30:00+00:00", False),
        ("22:00-06:00", WEEKDAYS, DUBLIN, "2026-01-12T01:00:00+00:00", False),
        # To midnight, from midnight, and round the clock.
        ("16:00-24:00", None, DUBLIN, "2026-01-05T23:59:59+00:00", True),
        ("16:00-24:00", None, DUBLIN, "2026-01-06T00:00:00+00:00", False),
        ("00:00-08:00", None, DUBLIN, "2026-01-06T00:00:00+00:00", True),
        ("00:00-24:00", None, DUBLIN, "2026-01-06T12:00:00+00:00", True),
        ("09:00-09:00", (0,), DUBLIN, "2026-01-06T08:59:00+00:00", True),
        ("09:00-09:00", (0,), DUBLIN, "2026-01-06T09:00:00+00:00", False),
        # 29 March 2026, Dublin: 01:00 becomes 02:00. A shift across it is an hour shorter.
        ("22:00-06:00", None, DUBLIN, "2026-03-29T04:59:00+00:00", True),
        ("22:00-06:00", None, DUBLIN, "2026-03-29T05:00:00+00:00", False),
        # 25 October 2026, Dublin: 02:00 becomes 01:00. A shift across it is an hour longer.
        ("22:00-06:00", None, DUBLIN, "2026-10-25T05:59:00+00:00", True),
        ("22:00-06:00", None, DUBLIN, "2026-10-25T06:00:00+00:00", False),
        # 01:30 comes twice that day: a shift that ends then ends the second time, one that begins then begins the first.
        ("22:00-01:30", None, DUBLIN, "2026-10-25T01:29:00+00:00", True),
        ("22:00-01:30", None, DUBLIN, "2026-10-25T01:30:00+00:00", False),
        ("01:30-09:00", None, DUBLIN, "2026-10-25T00:30:00+00:00", True),
        ("01:30-09:00", None, DUBLIN, "2026-10-25T00:29:00+00:00", False),
    ],
)
def test_who_is_on(hours: str, days: tuple[int, ...] | None, zone: str, at: str, on: bool) -> None:
    table = shift(hours, days) if days else shift(hours)
    assert is_on(table, datetime.fromisoformat(at), ZoneInfo(zone)) is on


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (DUBLIN, date(2026, 3, 29)),
        (DUBLIN, date(2026, 10, 25)),
        (ANGELES, date(2026, 3, 8)),
        (ANGELES, date(2026, 11, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
        ("America/Santiago", date(2026, 9, 6)),  # midnight itself does not exist
    ],
)
def test_no_moment_falls_between_shifts_that_meet_when_the_clocks_change(zone: str, day: date) -> None:
    place = ZoneInfo(zone)
    for cut in range(0, 24 * 60, 15):
        early = Shift(region="here", starts=0, ends=max(cut, 1), on=("early",))
        late = Shift(region="here", starts=max(cut, 1), ends=24 * 60, on=("late",))
        at = datetime.combine(day, datetime.min.time(), UTC) - timedelta(hours=14)
        for quarter in range(52 * 4):
            moment = at + timedelta(minutes=15 * quarter)
            assert is_on(early, moment, place) or is_on(late, moment, place), (cut, moment)


def test_a_shift_begins_only_on_its_days() -> None:
    assert begun_on(shift("08:00-16:00", WEEKDAYS), date(2026, 1, 10), ZoneInfo(DUBLIN)) is None
    assert begun_on(shift("08:00-16:00", WEEKDAYS), date(2026, 1, 9), ZoneInfo(DUBLIN)) == (
        datetime(2026, 1, 9, 8, tzinfo=UTC),
        datetime(2026, 1, 9, 16, tzinfo=UTC),
    )


def test_a_time_that_comes_twice_has_two_moments() -> None:
    first, last = moments(date(2026, 10, 25), 90, ZoneInfo(DUBLIN))
    assert last - first == timedelta(hours=1)
