"""Who takes part in an incident reads it; everyone else sees where it stands, and whom to ask for more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firedoor.incidents import Unreachable
from firedoor.protocol import Row
from tests.web.house import House

SECRET = "mayor.private@mail.example"


def refused(house: House, path: str, person: str) -> dict[str, Any]:
    problem: dict[str, Any] = house.get(path, person, 403)
    assert problem["error"] == "not-yours"
    assert problem["next"] == "Ask ana, luis (commands) or ana (launched it)."
    return problem


@pytest.fixture
def incident(house: House) -> str:
    return house.launch(contact=SECRET)


def test_whoever_takes_no_part_sees_the_header_and_that_the_rest_is_withheld(house: House, incident: str) -> None:
    (line,) = house.get("/api/incidents", "noor")["incidents"]
    assert line["incident"] == incident

    inside, outside = (house.get(f"/api/incidents/{incident}", person) for person in ("ana", "noor"))
    for said in (SECRET, "@mayor:x"):
        assert said in json.dumps(inside)
        assert said not in json.dumps(outside)
    same = ("incident", "title", "phase", "severity", "launcher", "clocks", "next_due", "waiting_on", "next_row")
    assert [outside[name] for name in same] == [inside[name] for name in same]
    for several in ("steps", "asks", "holds", "rows"):
        assert len(outside[several]) == len(inside[several]) > 0, "nothing is left out in silence"
    assert {row["words"] for row in outside["rows"]} == {"withheld"}
    assert {hold["target"] for hold in outside["holds"]} == {"withheld"}
    assert outside["next_act"].startswith(f"withheld: you take no part in {incident}. Ask ana, luis (commands)")


def test_documents_exports_and_reviews_are_refused_with_whom_to_ask(house: House, incident: str) -> None:
    ask = house.ask(incident)
    at = f"/api/incidents/{incident}"
    for path in (f"{at}/documents/{ask['id']}", f"{at}/export", f"{at}/export?format=md", f"{at}/review"):
        refused(house, path, "noor")
    assert SECRET in json.dumps(house.get(f"{at}/export", "ana"))


@pytest.mark.parametrize(
    "person",
    [
        pytest.param("ana", id="who launched"),
        pytest.param("luis", id="the commander's team"),
        pytest.param("sam", id="the manager of the commander's team"),
        pytest.param("omar", id="a seat"),
        pytest.param("priya", id="the manager of a seat's team"),
        pytest.param("li", id="a task of the review"),
        pytest.param("ravi", id="the manager of a team with a task"),
    ],
)
def test_who_takes_part_by_the_playbook(house: House, incident: str, person: str) -> None:
    assert house.get(f"/api/incidents/{incident}/export", person)["incident"] == incident


def test_a_hand_over_and_a_reassigned_task_give_a_part_also_while_the_engine_is_away(
    house: House, incident: str
) -> None:
    at = f"/api/incidents/{incident}"
    refused(house, f"{at}/export", "noor")
    house.command(incident, "ana", "reassign", step="identity", value="noor")
    assert house.get(f"{at}/export", "noor")["incident"] == incident
    _, state = house.engine.runs[incident]
    house.records.timeline.write(incident, [*state.recent, *state.pending])
    house.engine.trouble = Unreachable()
    assert house.get(f"{at}/export", "noor")["incident"] == incident


def test_a_note_that_anyone_may_leave_lets_nobody_in(house: House, incident: str) -> None:
    house.command(incident, "noor", "note", reason="Let me see")
    refused(house, f"/api/incidents/{incident}/export", "noor")


def test_a_row_that_nobody_has_signed_lets_nobody_in(house: House, incident: str) -> None:
    """Whoever reaches Temporal's port can have rows written: with no word, or with one that says something else."""
    house.command(incident, "noor", "note", reason="Let me see")
    _, state = house.engine.runs[incident]
    (note,) = [row for row in (*state.recent, *state.pending) if row.kind == "command.note"]
    (launched,) = [row for row in (*state.recent, *state.pending) if row.kind == "run.launched"]
    row = Row(seq=5001, at=note.at, kind="command.hand_over", words="x", by="ana", data={"value": "noor"})
    forged = [
        row,
        row.model_copy(update={"seq": 5002, "signed": launched.signed}),
        row.model_copy(update={"seq": 5003, "signed": note.signed}),
        row.model_copy(update={"seq": 5004, "by": "noor", "kind": "approval.signed", "signed": note.signed}),
        row.model_copy(update={"seq": 5005, "by": "noor", "kind": "approval.signed", "data": {}}),
    ]
    house.records.timeline.write(incident, forged)
    refused(house, f"/api/incidents/{incident}/export", "noor")


def test_a_plan_that_is_lost_gives_nobody_a_part_but_the_launcher_and_the_commander(
    house: House, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.records.plans, "get", lambda _: None)
    house.engine.trouble = Unreachable()
    refused(house, f"/api/incidents/{incident}/export", "li")
    house.get(f"/api/incidents/{incident}/export", "luis")


def test_what_changed_in_a_document_is_not_told_to_whoever_may_not_read_it(house: House, incident: str) -> None:
    seen = house.ask(incident)
    house.get(f"/api/incidents/{incident}/documents/{seen['id']}", "omar")
    house.command(incident, "ana", "add", value={"accounts": ["@second:x"]})
    wrong = house.answer(incident, "noor", "approve", 409, ask=seen["id"], document=seen["document"])
    assert (wrong["error"], wrong.get("changed")) == ("changed", None)
    changed = house.answer(incident, "omar", "approve", 409, ask=seen["id"], document=seen["document"])
    assert "@second:x" in json.dumps(changed["changed"])


def test_a_run_that_was_launched_elsewhere_shows_its_header_only(house: House, incident: str) -> None:
    house.engine.runs["inc-elsewhere"] = house.engine.runs[incident]
    plan, state = house.engine.runs[incident]
    house.engine.runs["inc-elsewhere"] = (plan, state.model_copy(update={"incident": "inc-elsewhere"}))
    view = house.get("/api/incidents/inc-elsewhere", "ana")
    assert "not launched through this front door" in view["next_act"]
    assert SECRET not in json.dumps(view)
