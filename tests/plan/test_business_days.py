"""Business days: by the calendar of a region, at the same hour of the day there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from firedoor.plan.time import Calendar, DaysOff, Span

CHRISTMAS = (date(2026, 12, 25), date(2026, 12, 28))
DUBLIN = Calendar("Europe/Dublin", DaysOff(holidays=CHRISTMAS))
RIYADH = Calendar("Asia/Riyadh", DaysOff(weekend=(4, 5)))
KATHMANDU = Calendar("Asia/Kathmandu", DaysOff(weekend=(5,)))
EVERY_DAY = Calendar("UTC", DaysOff(weekend=()))
NEW_YORK = Calendar("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "days", "starts", "ends"),
    [
        # Saturday and Sunday, unless the region says otherwise; the hour stays.
        (Calendar(), 1, "2026-11-27T10:30", "2026-11-30T10:30"),
        (Calendar(), 5, "2026-11-25T10:30", "2026-12-02T10:30"),
        # It begins on a day off: the first business day after that counts.
        (Calendar(), 1, "2026-11-28T10:30", "2026-11-30T10:30"),
        # Friday and Saturday in Riyadh: from Thursday noon to Sunday noon there.
        (RIYADH, 1, "2026-11-26T09:00", "2026-11-29T09:00"),
        (RIYADH, 5, "2026-11-26T09:00", "2026-12-03T09:00"),
        # Late on Thursday in UTC is Friday there already: until the same hour of Sunday there.
        (RIYADH, 1, "2026-11-26T22:00", "2026-11-28T22:00"),
        (Calendar(), 1, "2026-11-26T22:00", "2026-11-27T22:00"),
        # One day off a week, in a zone of 5:45.
        (KATHMANDU, 6, "2026-11-22T04:15", "2026-11-29T04:15"),
        # Holidays beside a weekend: from Thursday the 24th to Tuesday the 29th.
        (DUBLIN, 1, "2026-12-24T12:00", "2026-12-29T12:00"),
        (EVERY_DAY, 3, "2026-11-27T10:30", "2026-11-30T10:30"),
        # Over the change of the clocks the hour on the wall stays: 09:00 is 13:00 UTC, then 14:00 UTC, and back.
        (NEW_YORK, 1, "2026-10-30T13:00", "2026-11-02T14:00"),
        (NEW_YORK, 1, "2026-03-06T14:00", "2026-03-09T13:00"),
        # An hour that there is not: 02:30 on the day on which the clocks are put forward is 03:30.
        (Calendar("America/New_York", DaysOff(weekend=(0,))), 1, "2026-03-07T07:30", "2026-03-08T07:30"),
    ],
)
def test_business_days_end_by_the_regions_calendar(calendar: Calendar, days: int, starts: str, ends: str) -> None:
    assert Span(business_days=days).after(utc(starts), calendar) == utc(ends)


def test_other_spans_know_no_calendar() -> None:
    assert Span(seconds=3 * 86_400).after(utc("2026-12-24T12:00"), RIYADH) == utc("2026-12-27T12:00")


@pytest.mark.parametrize("calendar", [Calendar(), DUBLIN, RIYADH, KATHMANDU, EVERY_DAY])
@pytest.mark.parametrize("days", [1, 2, 5, 7, 20])
def test_no_span_is_longer_than_what_the_proofs_count_with(calendar: Calendar, days: int) -> None:
    bound = timedelta(days=calendar.longest(days), hours=1)
    for number in range(420):
        start = utc("2026-01-01T12:00") + timedelta(days=number)
        assert Span(business_days=days).after(start, calendar) - start <= bound
