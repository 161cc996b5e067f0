"""Lengths of time in whole words."""

from __future__ import annotations

import pytest

from firedoor.plan.time import spelt_out


@pytest.mark.parametrize(
    ("seconds", "words", "in_hours"),
    [
        (0, "no time", "no time"),
        (1, "1 second", "1 second"),
        (90, "1 minute 30 seconds", "1 minute 30 seconds"),
        (900, "15 minutes", "15 minutes"),
        (5_400, "1 hour 30 minutes", "1 hour 30 minutes"),
        (259_200, "3 days", "72 hours"),
        (93_600, "1 day 2 hours", "26 hours"),
        (1_209_600, "14 days", "14 days"),
    ],
)
def test_spelt_out(seconds: int, words: str, in_hours: str) -> None:
    assert spelt_out(seconds) == words
    assert spelt_out(seconds, hours=True) == in_hours
