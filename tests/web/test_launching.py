"""A launch happens once, whatever becomes of the wire, and what was launched is written down before it runs."""

from sqlalchemy import delete

from firedoor.incidents import NoAnswer, Unreachable
from firedoor.people.signatures import KeyRing
from firedoor.protocol import Launch
from firedoor.records.lists import lists_table
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


CROWD = [f"@user-{number}:x" for number in range(600)]


def said_of(house: House, incident: str) -> Launch:
    written = house.records.incidents.get(incident)
    assert written is not None
    ring = KeyRing()
    ring.add(house.door.key.public)
    return ring.verify_launch(written.launch)


def test_a_long_list_is_written_down_and_signed_by_reference(house: House) -> None:
    kept = house.post("/api/lists", {"playbook": "takeover", "input": "accounts", "items": CROWD}, status=201)
    assert (kept["count"], kept["first"]) == (600, CROWD[:5])
    assert list(house.records.lists.get(kept["digest"])) == CROWD
    for given in (kept, CROWD, ",".join(CROWD)):
        assert said_of(house, house.launch(accounts=given)).inputs["accounts"] == kept
    body = {"playbook": "takeover", "inputs": {"accounts": kept, "public_office": "no"}}
    assert house.post("/api/previews", body)["inputs"]["accounts"] == kept
    short = house.post("/api/lists", {"playbook": "takeover", "input": "accounts", "items": ["@a:x"]}, status=201)
    assert said_of(house, house.launch(accounts=short)).inputs["accounts"] == ["@a:x"]
    added = house.launch()
    house.command(added, "ana", "add", value={"accounts": CROWD})
    (word,) = [word for word in house.engine.runs[added][1].commands if "add" in word.body]
    assert kept["digest"] in word.body
    assert "@user-599" not in word.body


def test_the_record_has_the_long_list_that_was_signed(house: House) -> None:
    incident = house.launch(accounts=CROWD)
    record = house.get(f"/api/incidents/{incident}/export")
    digest = said_of(house, incident).inputs["accounts"]["digest"]
    assert record["lists"] == {digest: CROWD}
    with house.records.database.write() as connection:
        connection.execute(delete(lists_table))
    house.records.lists._opened.clear()
    record = house.get(f"/api/incidents/{incident}/export")
    assert (record["lists"], record["complete"]) == ({digest: None}, False), "what was signed and is gone is told"


def test_a_long_list_is_checked_item_by_item(house: House) -> None:
    bad = {"playbook": "takeover", "input": "accounts", "items": [*CROWD, "", "@a\u202e:x"]}
    problem = house.post("/api/lists", bad, status=422)
    assert "accounts[601]" in str(problem)
    for name, items in (("public_office", ["yes"]), ("nothing", ["@a:x"]), ("accounts", [])):
        house.post("/api/lists", {"playbook": "takeover", "input": name, "items": items}, status=422)


def test_a_reference_to_a_list_that_is_not_here_launches_nothing(house: House) -> None:
    kept = house.post("/api/lists", {"playbook": "takeover", "input": "accounts", "items": CROWD}, status=201)
    for lie in ({"digest": "0" * 64}, {"count": 599}):
        inputs = {"accounts": {**kept, **lie}, "public_office": "no"}
        problem = house.post("/api/launches", {"playbook": "takeover", "nonce": nonce(), "inputs": inputs}, status=422)
        assert "a list that is not here" in str(problem)
    assert not house.engine.runs
