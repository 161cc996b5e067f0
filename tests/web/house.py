"""A front door over the in-memory engine, on a port of its own, with its clock in a test's hands."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from firedoor.installation import Installation
from firedoor.people.signatures import KeyRing
from firedoor.people.signin import Tokens
from firedoor.records.all import Records, open_records
from firedoor.records.database import BUSY
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

    client: httpx.Client
    door: Door
    engine: Engine
    clock: Clock
    records: Records
    installation: Installation
    url: str
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


PEOPLE = ("ana", "luis", "omar", "priya", "ravi", "li", "sam", "noor")


@contextmanager
def opened(folder: Path, *, patience: timedelta = BUSY) -> Iterator[House]:
    """A house whose installation is `folder`. `patience`: with whoever else writes to its records."""
    installation = Installation.here(folder)
    installation.prepare()
    clock = Clock()
    key = installation.open_keys()
    ring = KeyRing.load(installation.key_ring)
    engine = Engine(ring, clock)
    records = open_records(installation.database_url, synchronous="NORMAL", busy=patience)
    tokens = installation.hand_out(list(PEOPLE))
    door = Door(ExampleBook(), engine, records, Journal(records.database), key, Tokens(installation.tokens), clock)
    try:
        with served(create_app(door, ring)) as url, httpx.Client(base_url=url, trust_env=False) as client:
            yield House(client, door, engine, clock, records, installation, url, tokens)
    finally:
        records.close()


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The app on a free port of loopback, in a thread."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
