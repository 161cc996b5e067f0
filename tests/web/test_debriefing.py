"""Looking back on a drill: who answered when, who was reminded and asked instead, and what became of the clocks."""

from __future__ import annotations

from tests.web.house import House, nonce


def drill(house: House, pace: int, **inputs: str) -> str:
    given = {"accounts": ["@mayor:x"], "public_office": "no", **inputs}
    body = {"playbook": "takeover", "nonce": nonce(), "inputs": given, "drill": True, "pace": pace}
    incident: str = house.post("/api/launches", body, "ana", 201)["incident"]
    return incident


def test_who_answered_when_in_the_playbooks_own_time(house: House) -> None:
    incident = drill(house, 10)
    ask = house.ask(incident)
    house.clock.pass_(minutes=2)
    house.answer(incident, "omar", "approve")
    found = house.get(f"/api/incidents/{incident}/debrief")
    assert (found["drill"], found["pace"], found["ended"]) == (True, 10, None)
    (approval,) = [one for one in found["asks"] if one["ask"] == ask["id"]]
    assert approval["to"] == ["policy"]
    assert approval["allowed"] == 3600
    assert [(one["who"], one["what"], one["took"]) for one in approval["answers"]] == [("omar", "signed", 1200)]
    assert approval["end"] == "approved"


def test_who_was_silent(house: House) -> None:
    incident = drill(house, 1)
    found = house.get(f"/api/incidents/{incident}/debrief")
    (approval,) = [one for one in found["asks"] if one["step"] == house.ask(incident)["step"]]
    assert (approval["answers"], approval["end"]) == ([], None)


def test_only_a_drill_runs_faster(house: House) -> None:
    body = {
        "playbook": "takeover",
        "nonce": nonce(),
        "inputs": {"accounts": ["@a:x"], "public_office": "no"},
        "pace": 5,
    }
    wrong = house.post("/api/launches", body, "ana", 422)
    assert [(one["name"], one["says"]) for one in wrong["problems"]] == [("pace", "is only a drill's")]
    house.post("/api/launches", {**body, "drill": True, "pace": 0}, "ana", 422)


def test_of_an_incident_that_there_is_not(house: House) -> None:
    house.get("/api/incidents/inc-nothing/debrief", status=404)
    incident = house.launch()
    house.get(f"/api/incidents/{incident}/debrief", "noor", 403)
