"""A launch happens once, whatever becomes of the wire, and what was launched is written down before it runs."""

from firedoor.incidents import NoAnswer, Unreachable
from firedoor.people.signatures import KeyRing
from firedoor.protocol import Launch
from tests.web.house import BEGAN, House, nonce


def test_a_launch_is_signed_and_runs(house: House) -> None:
    body = {
        "playbook": "takeover",
        "nonce": nonce(),
        "inputs": {"accounts": "@b:x,@a:x", "public_office": "no"},
        "aware_at": "2026-03-04T18:30:00+00:00",
        "title": "The mayor's account",
        "drill": True,
    }
    launched = house.post("/api/launches", body, status=201)
    incident = launched["incident"]
    assert launched["next"] == f"firedoor watch {incident}"

    view = house.get(f"/api/incidents/{incident}")
    assert (view["severity"], view["launcher"], view["region"], view["drill"]) == ("sev2", "ana", "amer", True)
    assert view["title"] == "The mayor's account"
    assert [hold["target"] for hold in view["holds"]] == ["@b:x", "@a:x"]

    written = house.records.incidents.get(incident)
    assert written is not None
    assert house.records.plans.get(written.plan) == house.door.book.plans["takeover"]
    ring = KeyRing()
    ring.add(house.door.key.public)
    said = ring.verify_launch(written.launch)
    assert said.inputs == {"accounts": ["@b:x", "@a:x"], "public_office": False, "internal_tool_suspected": False}
    assert (said.incident, said.issued) == (incident, BEGAN)


def test_the_same_launch_again_is_the_same_incident(house: House) -> None:
    body = {"playbook": "takeover", "nonce": nonce(), "inputs": {"accounts": "@a:x", "public_office": "no"}}
    first = house.post("/api/launches", body, status=201)
    house.clock.pass_(hours=3)
    assert house.post("/api/launches", body, status=201) == first
    assert house.engine.started == 1
    other = house.post("/api/launches", {**body, "drill": True}, status=409)
    assert other["error"] == "conflict"
    assert house.post("/api/launches", body, "luis", 201)["incident"] != first["incident"], "a nonce is its person's"


def test_a_launch_whose_reply_was_lost_is_sent_again_and_starts_once(house: House) -> None:
    body = {"playbook": "takeover", "nonce": nonce(), "inputs": {"accounts": "@a:x", "public_office": "no"}}
    house.engine.deaf = NoAnswer("The engine did not answer in time.", "Send the same again.")
    assert house.post("/api/launches", body, status=503)["error"] == "no-worker"
    house.engine.deaf = None
    incident = house.post("/api/launches", body, status=201)["incident"]
    assert list(house.engine.runs) == [incident]


def test_a_launch_while_the_server_is_down_can_be_sent_again_for_a_while(house: House) -> None:
    body = {"playbook": "takeover", "nonce": nonce(), "inputs": {"accounts": "@a:x", "public_office": "no"}}
    house.engine.trouble = Unreachable()
    problem = house.post("/api/launches", body, status=503)
    assert problem["error"] == "server-down"
    assert "go on when it is back" in problem["next"]
    (line,) = house.get("/api/incidents")["incidents"]
    house.engine.trouble = None
    (line,) = house.get("/api/incidents")["incidents"]
    assert line["phase"] == "not started"

    house.clock.pass_(minutes=5)
    launched = house.post("/api/launches", body, status=201)
    assert launched["incident"] == line["incident"]
    signed = house.records.incidents.get(line["incident"])
    assert signed is not None
    assert Launch.model_validate_json(signed.launch.body).issued == BEGAN, "signed once"

    stale = {**body, "nonce": nonce()}
    house.engine.trouble = Unreachable()
    house.post("/api/launches", stale, status=503)
    house.engine.trouble = None
    house.clock.pass_(minutes=20)
    assert "launch anew" in house.post("/api/launches", stale, status=409)["next"]
