"""Which rows carry leases to the ledger, and which leases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from firedoor.protocol import Row, Signed
from firedoor.run.leases import LEASES, along_with
from firedoor.run.state import Hold, State, StepState

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def hold(target: str, **fields: Any) -> Hold:
    return Hold(target=target, ordinal=1, entered=1, **{"status": "applied", **fields})


def state(**steps: list[Hold]) -> State:
    made = {path[1:]: StepState(holds={hold.target: hold for hold in holds}) for path, holds in steps.items()}
    signed = Signed(body="{}", key="test", signature="")
    return State(
        incident="one",
        launch=signed,
        launcher="ana",
        region="emea",
        aware_at=NOW,
        launched_at=NOW,
        now=NOW,
        steps=made,
    )


def row(seq: int, kind: str, step: str | None = None) -> Row:
    return Row(seq=seq, at=NOW, kind=kind, words="", step=step, data={"value": 1})


def carried(rows: tuple[Row, ...]) -> list[tuple[int, Any]]:
    return [(row.seq, row.data[LEASES]) for row in rows if LEASES in row.data]


def told(step: str, targets: list[str], until: datetime | None) -> dict[str, Any]:
    return {"step": step, "targets": targets, "until": until and until.isoformat().replace("+00:00", "Z")}


def test_an_extension_carries_the_leases_of_its_step_as_they_are_now() -> None:
    later, latest = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    now = state(
        _0=[hold("@a", until=later), hold("@b", until=later), hold("@c", until=latest), hold("@d")],
        _1=[hold("@e", until=later)],
    )
    rows = (row(1, "command.extend", "0"), row(2, "command.extend", "0"), row(3, "step.done", "0"))
    assert carried(along_with(now, rows)) == [(2, [told("0", ["@a", "@b"], later), told("0", ["@c"], latest)])]
    assert [row.seq for row in along_with(now, rows)] == [1, 2, 3]


def test_an_answer_carries_what_was_accepted_as_lasting_elsewhere() -> None:
    now = state(
        _0=[hold("@a", until=NOW), hold("@b", status="undo_failed", lasting=True)],
        _1=[hold("@c", until=NOW)],
    )
    rows = (row(1, "question.answered", "1"),)
    assert carried(along_with(now, rows)) == [(1, [told("0", ["@b"], None), told("1", ["@c"], NOW)])]


def test_other_rows_carry_nothing() -> None:
    now = state(_0=[hold("@a", until=NOW)])
    rows = (row(1, "hold.applied", "0"), row(2, "command.skip", "0"))
    assert along_with(now, rows) is rows
    assert not carried(along_with(state(_0=[hold("@a")]), (row(1, "command.extend", "0"),)))
