"""A debrief is made from the rows alone: a table of what happened, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from firedoor.protocol import Row
from firedoor.records import debrief

BEGAN = datetime(2026, 3, 4, 18, 45, tzinfo=UTC)


def rows(*told: tuple[float, str, dict[str, Any]]) -> list[Row]:
    found = []
    for number, (minutes, kind, more) in enumerate(told, 1):
        by, step = more.pop("by", None), more.pop("step", "0")
        at = BEGAN + timedelta(minutes=minutes)
        words = more.pop("words", kind)
        found.append(Row(seq=number, at=at, kind=kind, words=words, step=step, by=by, data=more))
    return found


def until(minutes: float) -> str:
    return (BEGAN + timedelta(minutes=minutes)).isoformat()


def test_an_approval_with_two_seats_a_reminder_and_an_escalation() -> None:
    (found,) = debrief.asked(
        rows(
            (
                0,
                "approval.asked",
                {"ask": "a", "to": ["policy", "legal"], "until": until(60), "words": "Keep? — asked policy"},
            ),
            (5, "approval.signed", {"ask": "a", "by": "omar"}),
            (30, "ask.reminded", {"ask": "a"}),
            (40, "ask.escalated", {"ask": "a", "to": ["legal.manager"]}),
            (50, "approval.signed", {"ask": "a", "by": "grace"}),
            (50, "step.approved", {}),
        )
    )
    assert (found.what, found.to, found.allowed) == ("Keep?", ("policy", "legal"), 3600)
    assert [(one.who, one.what, one.took) for one in found.answers] == [
        ("omar", "signed", 300),
        ("grace", "signed", 3000),
    ]
    assert (found.reminded, found.escalated, found.end) == (1, ("legal.manager",), "approved")


def test_what_was_asked_again_is_told_again() -> None:
    first, second = debrief.asked(
        rows(
            (0, "task.asked", {"ask": "t", "until": until(30)}),
            (30, "step.unanswered", {}),
            (31, "task.asked", {"ask": "t", "until": until(61)}),
            (40, "task.done", {"ask": "t", "by": "luis"}),
            (40, "step.done", {}),
        )
    )
    assert (first.answers, first.end) == ((), "unanswered")
    assert ([one.took for one in second.answers], second.end) == ([540], "done")


def test_a_question_is_answered_or_open() -> None:
    answered, open_ = debrief.asked(
        rows(
            (0, "question.asked", {"ask": "q"}),
            (1, "question.asked", {"ask": "r", "step": "1"}),
            (3, "question.answered", {"ask": "q", "by": "ana", "choice": "not_due"}),
        ),
        pace=2,
    )
    assert ([(one.what, one.took) for one in answered.answers], answered.end, answered.allowed) == (
        [("not due", 360)],
        "answered",
        None,
    )
    assert (open_.answers, open_.end) == ((), None)


def test_what_became_of_each_clock() -> None:
    due = {"due_at": until(60)}
    names = ("met", "late", "out", "off", "on", "again", "still", "later")
    found = debrief.clocks(
        rows(
            *((0, "clock.started", {"clock": name, **due}) for name in names),
            (50, "clock.met", {"clock": "met", **due, "step": "2"}),
            (60, "clock.breached", {"clock": "out", **due}),
            (60, "clock.missed", {"clock": "late", **due}),
            (70, "clock.met", {"clock": "late", **due}),
            (20, "clock.not_due", {"clock": "off"}),
            (10, "clock.met", {"clock": "again", **due}),
            (12, "clock.restarted", {"clock": "again"}),
            (20, "clock.paused", {"clock": "still", "ground": "a flood"}),
            (20, "clock.paused", {"clock": "later", "ground": "a flood"}),
            (90, "clock.resumed", {"clock": "later", "due_at": until(130)}),
            (100, "clock.met", {"clock": "later"}),
        )
    )
    assert {one.name: (one.end, one.margin) for one in found} == {
        "met": ("met", 600),
        "late": ("met late", -600),
        "out": ("breached", None),
        "off": ("not due", None),
        "on": ("running", None),
        "again": ("running", None),
        "still": ("paused", None),
        "later": ("met", 1800),
    }


def test_how_the_response_ended() -> None:
    assert debrief.ended(rows((0, "run.launched", {}))) is None
    assert debrief.ended(rows((4, "run.completed", {}))) == ("completed", BEGAN + timedelta(minutes=4))
    assert debrief.ended(rows((4, "run.stopping", {}), (9, "run.undoing", {}))) == (
        "undone",
        BEGAN + timedelta(minutes=9),
    )
