"""Plans by their digest, and the list of incidents that works while Temporal is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from firedoor.plan import Commander, Plan, Prose, SeverityRule, Text, Who
from firedoor.protocol import Signed
from firedoor.records.all import Records, open_records
from firedoor.records.plans import Incident, plans_table

NOW = datetime(2026, 3, 4, 2, 45, tzinfo=UTC)


def plan(playbook: str = "takeover") -> Plan:
    return Plan(
        playbook=playbook,
        version="1.0",
        owner="crt",
        title=Text(by_language={"en": Prose(of=("Takeover",))}),
        use_when="It happens.",
        at="takeover.yaml:1",
        languages=("en",),
        zones={},
        severity=(SeverityRule(severity="sev1"),),
        steps=(),
        commander=Commander(source=Who(kind="team", name="crt"), answers_within=900),
    )


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")


def launched(records: Records, name: str, minutes: int = 0) -> Incident:
    incident = Incident(
        incident=name,
        playbook="takeover",
        title="The mayor",
        plan=records.plans.keep(plan()),
        launch=Signed(body="{}", key="k", signature="s"),
        launched_by="ana",
        launched_at=NOW + timedelta(minutes=minutes),
    )
    assert records.incidents.launched(incident)
    return incident


def test_a_plan_is_kept_once_and_comes_back_the_same(records: Records) -> None:
    digest = records.plans.keep(plan())
    assert records.plans.keep(plan()) == digest == plan().digest
    assert records.plans.get(digest) == plan()
    assert records.plans.packed(digest) is not None
    assert records.plans.get("0" * 64) is None


def test_a_plan_that_was_exchanged_is_noticed(records: Records) -> None:
    digest = records.plans.keep(plan())
    with records.database.write() as connection:
        connection.execute(update(plans_table).values(packed=plan("another").pack()))
    with pytest.raises(ValueError, match="is another one"):
        records.plans.get(digest)


def test_a_launch_is_written_once(records: Records) -> None:
    incident = launched(records, "one")
    assert not records.incidents.launched(incident)
    assert records.incidents.get("one") == incident
    assert records.incidents.get("none") is None


def test_lists_show_the_newest_first_and_how_far_each_is(records: Records) -> None:
    for number in range(3):
        launched(records, f"incident-{number}", minutes=number)
    records.incidents.progressed("incident-1", phase="closed", severity="sev1", closed_at=NOW + timedelta(hours=1))
    records.incidents.progressed("incident-2", phase="holding", severity="sev2")
    records.incidents.progressed("incident-1", phase="responding")  # told late: what is closed stays closed
    assert [incident.incident for incident in records.incidents.list()] == ["incident-2", "incident-1", "incident-0"]
    assert [incident.incident for incident in records.incidents.list(closed=False)] == ["incident-2", "incident-0"]
    assert len(records.incidents.list(limit=1)) == 1
    closed = records.incidents.get("incident-1")
    assert closed is not None
    assert (closed.phase, closed.severity, closed.closed_at) == ("closed", "sev1", NOW + timedelta(hours=1))


def test_a_run_that_was_reset_is_open_again(records: Records) -> None:
    """An attempt from before it closed, which was only slow, opens nothing."""
    launched(records, "one")
    records.incidents.progressed("one", phase="closed", closed_at=NOW)
    for at, phase in ((NOW - timedelta(minutes=1), "closed"), (NOW + timedelta(minutes=1), "responding")):
        records.incidents.progressed("one", phase="responding", at=at)
        found = records.incidents.get("one")
        assert found is not None
        assert (found.phase, found.closed_at) == (phase, NOW if phase == "closed" else None)
