"""The review by itself: what it remembers has bounds, and what it is told has them too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from firedoor.plan import Review, ReviewTask, Span
from firedoor.plan.time import DaysOff
from firedoor.protocol import Answer, ReviewView
from firedoor.run import bounds, review
from firedoor.run.documents import hash_of
from firedoor.run.review import ReviewState
from firedoor.run.reviewing import review_of
from firedoor.run.validity import Refused
from tests.run.driver import INCIDENT, PEOPLE, START, Run
from tests.run.invariants import KEY
from tests.run.plans import COMMANDER, DAY, lock, plan, task, text, who

REVIEW = Review(
    owner=COMMANDER,
    meeting_within={},
    tasks=(ReviewTask(words=text("Look back"), assign=who("crt"), due=Span(seconds=DAY), at="x"),),
)


def opened() -> ReviewState:
    run = Run(plan(lock(), review=REVIEW)).launch()
    return review.begin(review_of(run.plan, run.state), START)


def say(state: ReviewState, choice: str, *, by: str, after: timedelta = timedelta(), **more: Any) -> str:
    now = START + after
    (item,) = state.items
    word = Answer(
        person=by,
        holds=PEOPLE[by],
        incident=INCIDENT,
        plan=state.order.plan,
        nonce=f"{by} {now} {choice}",
        ask=item.id,
        document=hash_of(review.document(state, item)),
        choice=choice,
        issued=now,
        expires=now + timedelta(minutes=5),
        **more,
    )
    review.check(state, word, now)
    return review.answered(state, word, KEY.sign(word), now).says


def test_a_task_is_done_verified_by_another_and_the_review_closes() -> None:
    state = opened()
    say(state, "done", by="ana", proof="CASE-1")
    with pytest.raises(Refused, match="Someone else"):
        say(state, "verify", by="ana")
    say(state, "verify", by="li")
    assert review.closed(state)


def test_what_is_said_is_short() -> None:
    with pytest.raises(Refused, match="4000 characters"):
        say(opened(), "done", by="ana", proof="x" * 4001)


def test_a_review_that_goes_on_for_years_stays_small() -> None:
    state = opened()
    for day in range(400):
        say(state, "done", by="ana", after=timedelta(days=day), proof=f"{day} {'x' * 3900}")
        say(state, "again", by="li", after=timedelta(days=day), reason="y" * 4000)
        state.pending.clear()
    assert len(state.accepted) <= 4
    assert len(state.rows) < review.MOST_ROWS
    assert len(state.model_dump_json().encode()) < 2 * bounds.MOST_RECENT_BYTES
    shown: ReviewView = review.view(state)
    assert shown.rows[-1].seq == state.seq
    assert len(shown.model_dump_json().encode()) < 200 * 1024


def test_business_days_are_those_of_the_runs_region() -> None:
    """Wednesday, 4 March: Friday and Saturday are free there, and Sunday is a holiday."""
    review = Review(
        owner=COMMANDER,
        meeting_within={"sev1": Span(business_days=2), "sev2": Span(business_days=2)},
        tasks=(),
    )
    usual = plan(task(name="it", due=Span(business_days=2), on_timeout="continue"), review=review)
    gulf = usual.model_copy(update={"days_off": {"emea": DaysOff(weekend=(4, 5), holidays=(date(2026, 3, 8),))}})
    for one, ends in (
        (usual, datetime(2026, 3, 6, 2, 45, tzinfo=UTC)),
        (gulf, datetime(2026, 3, 9, 2, 45, tzinfo=UTC)),
    ):
        run = Run(one).launch()
        assert run.ask("it").deadline == ends
        assert review_of(one, run.state).items[0].due_at == ends
    assert usual.digest == usual.model_copy(update={"days_off": None}).digest
