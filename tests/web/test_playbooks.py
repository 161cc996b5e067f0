"""What can be launched, and what a launch would do, before anything is done."""

from tests.web.house import House, nonce


def test_the_form_says_what_to_give(house: House) -> None:
    (line,) = house.get("/api/playbooks")["playbooks"]
    assert (line["name"], line["title"]) == ("takeover", "High-profile account takeover")
    playbook = house.get("/api/playbooks/takeover")
    fields = {field["name"]: field for field in playbook["inputs"]}
    assert fields["accounts"]["required"]
    assert fields["accounts"]["give"].startswith("give one or more")
    assert not fields["internal_tool_suspected"]["required"]
    assert fields["public_office"]["ask"] == "Does any of them hold a public office?"
    assert playbook["severity"][0] == {
        "severity": "sev1",
        "when": "(count of accounts >= 3) or public_office or internal_tool_suspected",
    }


def test_who_signs_and_what_it_contains(house: House) -> None:
    playbook = house.get("/api/playbooks/takeover")
    (signing,) = playbook["signs"]
    assert signing["needs"] == ["policy"]
    assert signing["no"] == "everything is undone, and the response ends"
    assert signing["silence"] == "commander is asked"
    assert signing["unlocks"] == ["freeze_posting"]
    lock, freeze = playbook["contains"]
    assert (lock["action"], lock["undo"], lock["requires"]) == ("lock_account", True, [])
    assert freeze["requires"] == ["policy"]


def test_an_unknown_playbook_is_met_with_the_one_that_was_meant(house: House) -> None:
    problem = house.get("/api/playbooks/takeovr", status=404)
    assert problem["next"] == 'Write "takeover".'


def test_a_preview_shows_what_would_happen_and_does_nothing(house: House) -> None:
    body = {"playbook": "takeover", "inputs": {"accounts": "@mayor:x", "public_office": "yes"}}
    preview = house.post("/api/previews", body)
    assert (preview["severity"], preview["region"], preview["commander"]) == ("sev1", "amer", ["ana", "luis"])
    steps = {step["path"]: step for step in preview["steps"]}
    assert steps["0"]["applies"] == "yes"
    assert steps["3"]["applies"] == steps["3.0"]["applies"] == "no"
    assert [one["action"] for one in preview["contains"]] == ["lock_account"]
    assert [clock["name"] for clock in preview["clocks"]] == ["tell"]
    assert house.engine.started == 0
    assert house.get("/api/incidents")["incidents"] == []


def test_a_preview_tells_every_problem(house: House) -> None:
    body = {
        "playbook": "takeover",
        "inputs": {"acounts": "@a:x", "public_office": "perhaps"},
        "region": "emae",
        "aware_at": "2026-03-05T00:00:00Z",
    }
    problem = house.post("/api/previews", body, status=422)
    assert [one["name"] for one in problem["problems"]] == [
        "acounts",
        "accounts",
        "public_office",
        "aware_at",
        "region",
    ]
    assert problem["problems"][-1]["give"] == 'write "emea"'


def test_the_launch_refuses_the_same_and_writes_it_down(house: House) -> None:
    body = {"playbook": "takeover", "nonce": nonce(), "inputs": {"accounts": ["@a:x @b:x"]}}
    problem = house.post("/api/launches", body, status=422)
    assert [one["name"] for one in problem["problems"]] == ["accounts", "public_office"]
    assert house.engine.started == 0
    (refusal,) = house.door.journal.refusals()
    assert (refusal.person, refusal.kind, refusal.why) == ("ana", "launch", "inputs")
