"""When a case is played: some weeks later, on the same day of the week, with the same hours everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedoor.rehearsal.calendar import AHEAD, moved, weeks_later

ZONES = ("America/Los_Angeles", "Europe/Dublin", "Asia/Singapore")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LENGTH = timedelta(days=3)

moments = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


@given(begin=moments, now=moments)
def test_a_case_is_played_after_now_on_the_same_weekday_at_the_same_hours(begin: datetime, now: datetime) -> None:
    later = weeks_later(begin, LENGTH, ZONES, now)
    assert later % timedelta(days=7) == timedelta()
    assert later >= timedelta()
    assert begin + later >= now + AHEAD
    for zone in ZONES:
        local, then = begin.astimezone(ZoneInfo(zone)), (begin + later).astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.time()) == (then.weekday(), then.time())


@pytest.mark.parametrize(
    ("begin", "zone", "year"),
    [
        ("2026-03-28T22:00:00+00:00", "Europe/Dublin", 2027),  # the night in which summer time begins there
        ("2026-03-07T22:00:00+00:00", "America/Los_Angeles", 2027),
        ("2026-10-24T22:00:00+00:00", "Europe/Dublin", 2027),
    ],
)
def test_the_night_in_which_the_clocks_change_is_played_on_such_a_night(begin: str, zone: str, year: int) -> None:
    first = datetime.fromisoformat(begin)
    later = weeks_later(first, LENGTH, [zone], NOW)
    then = first + later
    assert then.year == year
    before, after = then.astimezone(ZoneInfo(zone)), (then + timedelta(days=1)).astimezone(ZoneInfo(zone))
    assert before.utcoffset() != after.utcoffset()


def test_what_lies_ahead_is_played_when_it_is() -> None:
    assert weeks_later(datetime(2027, 6, 1, tzinfo=UTC), LENGTH, ZONES, NOW) == timedelta()


def test_dates_in_texts_move_and_nothing_else_does() -> None:
    by = timedelta(days=-273)
    assert moved("until 2026-12-02 03:45 UTC (CASE-2026-1)", by) == "until 2026-03-04 03:45 UTC (CASE-2026-1)"
    assert moved("2026-99-99 and 12-02", by) == "2026-99-99 and 12-02"
