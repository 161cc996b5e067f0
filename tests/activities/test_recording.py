"""What is written of a run outlives Temporal's memory of it; and only a run that was launched writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.recording import Recording
from activities.warranting import Warrants
from firedoor.people.past import NO_PAST
from firedoor.people.warrants import Unwarranted
from firedoor.protocol import Order, RecordOrder, Warrant
from firedoor.records.all import Records, open_records
from firedoor.records.plans import Incident
from tests.activities.orders import row
from tests.people.test_warrants import KEYS, MALLORY, PLAN, act, four, launch, lawyer_and_commander

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")
    yield opened
    opened.close()


def warrants(records: Records, acted: tuple[str, ...] = ()) -> Warrants:
    return Warrants(KEYS, records.plans.get, lambda _, step: {step: acted}, lambda *_: NO_PAST)


def launched(records: Records) -> None:
    records.plans.keep(PLAN)
    records.incidents.launched(
        Incident(
            incident="inc-1",
            playbook="takeover",
            title="Takeover",
            plan=PLAN.digest,
            launch=launch(),
            launched_by="ana",
            launched_at=NOW,
        )
    )


async def record(records: Records, order: RecordOrder) -> int:
    recording = Recording(records.timeline, records.incidents, warrants(records))
    return (await ActivityEnvironment().run(recording.record, order)).recorded


async def test_rows_and_how_far_it_is(records: Records) -> None:
    launched(records)
    order = RecordOrder(
        incident="inc-1", warrant=Warrant(launch=launch()), rows=(row(1), row(2)), phase="holding", severity="sev2"
    )
    assert await record(records, order) == 2
    assert await record(records, order) == 2
    found = records.incidents.get("inc-1")
    assert found is not None
    assert (found.phase, found.severity, found.closed_at) == ("holding", "sev2", None)
    closed = order.model_copy(update={"phase": "closed", "closed_at": NOW, "rows": ()})
    assert await record(records, closed) == 2
    assert await record(records, order) == 2, "a late word does not open it again"
    found = records.incidents.get("inc-1")
    assert found is not None
    assert (found.phase, found.closed_at) == ("closed", NOW)


async def test_a_review_writes_rows_and_knows_nothing_of_how_far_the_run_is(records: Records) -> None:
    launched(records)
    held = RecordOrder(incident="inc-1", warrant=Warrant(launch=launch()), phase="holding", severity="sev2")
    await record(records, held)
    await record(records, RecordOrder(incident="inc-1", warrant=Warrant(launch=launch()), rows=(row(1_000_001),)))
    found = records.incidents.get("inc-1")
    assert found is not None
    assert (found.phase, found.severity) == ("holding", "sev2")


async def test_without_a_launch_nothing_is_written(records: Records) -> None:
    launched(records)
    for warrant in (Warrant(launch=launch(MALLORY)), Warrant(launch=launch(incident="inc-2"))):
        order = RecordOrder(incident="inc-1", warrant=warrant, rows=(row(1),), phase="closed", severity="sev4")
        with pytest.raises(ApplicationError) as refused:
            await record(records, order)
        assert (refused.value.type, refused.value.non_retryable) == ("NoWarrant", True)
    assert records.timeline.recorded("inc-1") == 0
    found = records.incidents.get("inc-1")
    assert found is not None
    assert found.phase == "responding"


def test_a_plan_that_nobody_wrote_down_does_nothing(records: Records) -> None:
    with pytest.raises(Unwarranted, match="not in the record"):
        warrants(records)(act("0", "@a:x"))
    launched(records)
    warrants(records)(act("0", "@a:x"))


def test_what_was_acted_on_before_counts(records: Records) -> None:
    launched(records)
    document = four({"step": "5", "read": "matches_of", "at_most": 2})
    now = datetime.now(UTC)
    order = act("5", "2", "3", decisions=lawyer_and_commander(document, issued=now, expires=now))
    warrants(records)(order)
    with pytest.raises(Unwarranted, match="3 targets"):
        warrants(records, ("1",))(order)


def test_an_order_of_no_known_kind_is_refused(records: Records) -> None:
    launched(records)
    with pytest.raises(Unwarranted, match="no order"):
        warrants(records)(Order(incident="inc-1", warrant=Warrant(launch=launch())))
