"""What comes in is bounded and read strictly, and every error says what is so and how to go on."""

import json
from typing import Any

import pytest

from firedoor.plan.lists import INLINE
from tests.web.house import House, nonce


def send(house: House, body: bytes) -> Any:
    headers = {"authorization": f"Bearer {house.tokens['ana']}", "content-type": "application/json"}
    return house.client.post("/api/launches", content=body, headers=headers)


def test_the_openapi_document_describes_every_endpoint(house: House) -> None:
    described = house.client.get("/api/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    assert set(described["paths"]) >= {"/api/launches", "/api/inbox", "/api/incidents/{incident}/answers"}
    text = json.dumps(described)
    schemas = described["components"]["schemas"]
    used = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert used <= set(schemas)
    assert "AnswerRequest" in schemas
    operations = [operation["operationId"] for path in described["paths"].values() for operation in path.values()]
    assert len(operations) == len(set(operations))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no JSON that can be read"),
        (b"{", "no JSON that can be read"),
        (b"\xff\xfe", "no JSON that can be read"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"playbook": "a", "playbook": "b"}', "a name stands twice"),
        (b'{"inputs": {"x": NaN}}', "NaN is no number"),
        (b'{"inputs": {"x": "\\ud800"}}', "no JSON that can be read"),
    ],
)
def test_a_body_that_is_no_json(house: House, body: bytes, says: str) -> None:
    reply = send(house, body)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert says in reply.json()["problems"][0]["says"]


def test_more_than_64_kib_is_refused(house: House) -> None:
    reply = send(house, b'{"playbook": "' + b"a" * 70_000 + b'"}')
    assert (reply.status_code, reply.json()["error"]) == (413, "too-large")
    accounts: list[str] = []
    body = {"playbook": "takeover", "nonce": nonce(), "inputs": {"accounts": accounts, "public_office": "no"}}
    while len(fits := json.dumps(body, separators=(",", ":")).encode()) < 65_450:
        accounts.append(f"@{'a' * 130}{len(accounts)}:x")
    assert len(fits) <= 65_536
    assert len(accounts) <= INLINE, "a longer list goes by reference"
    assert send(house, fits).json()["error"] == "too-large", "with its envelope it is too large to be signed"
    assert house.engine.started == 0


def test_fields_that_are_not_known_missing_or_wrong_are_all_told(house: House) -> None:
    problem = send(house, json.dumps({"playbok": "takeover", "nonce": "x", "aware_at": "2026-03-04T10:00:00"}).encode())
    names = {one["name"]: one["says"] for one in problem.json()["problems"]}
    assert names["playbook"] == "is missing"
    assert names["playbok"] == "is not known here"
    assert "zone" in names["aware_at"]
    assert "nonce" in names


def test_paths_and_methods_that_there_are_not(house: House) -> None:
    assert house.client.get("/api/nothing").status_code == 404
    assert house.client.get("/api/nothing").json()["next"] == "See /api/openapi.json."
    assert house.client.delete("/api/incidents").status_code == 405
    assert house.get("/api/incidents?al=true", status=422)["problems"][0]["give"] == "it is one of: all"
    incident = house.launch()
    house.get(f"/api/incidents/{incident}?since=-1", status=422)


def test_another_sites_name_does_not_open_the_door(house: House) -> None:
    assert house.client.get("/api/health", headers={"host": "evil.example"}).status_code == 400


def test_a_fault_of_ours_shows_nothing_of_its_inside(house: House) -> None:
    async def broken() -> list[str]:
        raise KeyError("secret")

    house.engine.reviews = broken  # type: ignore[method-assign]
    reply = house.client.get("/api/inbox", headers={"authorization": f"Bearer {house.tokens['ana']}"})
    assert (reply.status_code, reply.json()["error"]) == (500, "fault")
    assert "secret" not in reply.text


def test_what_one_is(house: House) -> None:
    me = house.get("/api/me", "omar")
    assert me == {"person": "omar", "name": "Omar", "region": "amer", "holds": ["policy", "policy.on_shift"]}
