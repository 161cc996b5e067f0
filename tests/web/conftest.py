"""A front door over the in-memory engine, with its clock in a test's hands."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.people.signin import Tokens
from firedoor.records.all import Records, open_records
from firedoor.web.app import create_app
from firedoor.web.door import Door
from firedoor.web.journal import Journal
from tests.web.book import ExampleBook
from tests.web.engine import Engine

BEGAN = datetime(2026, 3, 4, 18, 45, tzinfo=UTC)
"""10:45 in Los Angeles: Ana, Luis and Omar are on shift."""


@dataclass
class Clock:
    at: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class House:
    """The front door and all that stands behind it."""

    client: TestClient
    door: Door
    engine: Engine
    clock: Clock
    records: Records
    tokens: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, person: str = "ana", status: int = 200) -> Any:
        reply = self.client.get(path, headers=self._signed_in(person))
        assert reply.status_code == status, reply.text
        return reply.json()

    def post(self, path: str, body: Any, person: str = "ana", status: int = 200) -> Any:
        reply = self.client.post(path, json=body, headers=self._signed_in(person))
        assert reply.status_code == status, reply.text
        return reply.json()

    def launch(self, person: str = "ana", **inputs: Any) -> str:
        given = {"accounts": ["@mayor:x"], "public_office": "no", **inputs}
        body = {"playbook": "takeover", "nonce": nonce(), "inputs": given}
        incident: str = self.post("/api/launches", body, person, 201)["incident"]
        return incident

    def ask(self, incident: str, kind: str = "approval") -> dict[str, Any]:
        asks: list[dict[str, Any]] = self.get(f"/api/incidents/{incident}")["asks"]
        return next(ask for ask in asks if ask["kind"] == kind)

    def answer(self, incident: str, person: str, choice: str, status: int = 200, **more: Any) -> Any:
        ask = self.ask(incident) if "ask" not in more else {"id": more["ask"], "document": more["document"]}
        body = {"ask": ask["id"], "document": ask["document"], "choice": choice, "nonce": nonce(), **more}
        return self.post(f"/api/incidents/{incident}/answers", body, person, status)

    def command(self, incident: str, person: str, command: str, status: int = 200, **more: Any) -> Any:
        body = {"command": command, "nonce": nonce(), **more}
        return self.post(f"/api/incidents/{incident}/commands", body, person, status)

    def _signed_in(self, person: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[person]}"} if person else {}


def nonce() -> str:
    return secrets.token_hex(8)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = Clock()
    key = SigningKey.generate()
    ring = KeyRing()
    ring.add(key.public)
    book = ExampleBook()
    engine = Engine(ring, clock)
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite3'}", synchronous="NORMAL")
    signin = Tokens(tmp_path / "tokens.json")
    tokens = {person: signin.issue(person) for person in ("ana", "luis", "omar", "priya", "ravi", "li", "sam", "noor")}
    door = Door(book, engine, records, Journal(records.database), key, signin, clock)
    with TestClient(create_app(door, ring)) as client:
        yield House(client, door, engine, clock, records, tokens)
    records.close()
