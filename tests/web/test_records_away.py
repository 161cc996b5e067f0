"""While the records cannot be written or read, whoever speaks is told so, in words, and what was counted stays counted."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import make_url

from tests.web.house import House, nonce, opened


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Another process holds the write lock, and does not let go."""
    path = make_url(house.installation.database_url).database
    assert path is not None
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("home"), patience=timedelta(milliseconds=50)) as found:
        yield found


def test_nothing_is_counted_that_could_not_be_written_down(house: House) -> None:
    incident = house.launch()
    ask = house.ask(incident)
    body = {"ask": ask["id"], "document": ask["document"], "choice": "approve", "nonce": nonce()}
    with locked(house):
        problem = house.post(f"/api/incidents/{incident}/answers", body, "omar", 503)
        assert problem["error"] == "records"
        assert problem["says"] == "The records cannot be written, so nothing was counted."
        assert "say the same again" in problem["next"]
        body_of_launch = {
            "playbook": "takeover",
            "nonce": nonce(),
            "inputs": {"accounts": ["@a:x"], "public_office": "no"},
        }
        assert house.post("/api/launches", body_of_launch, status=503)["error"] == "records"
    assert house.engine.started == 1
    assert not house.engine.sent
    assert "counted" not in house.post(f"/api/incidents/{incident}/answers", body, "omar")["says"]
    assert len(house.engine.sent) == 1


def test_a_refusal_stays_a_refusal(house: House, caplog: pytest.LogCaptureFixture) -> None:
    incident = house.launch()
    with locked(house):
        problem = house.command(incident, "ana", "extend", 422, step="ratify", value="soon")
    assert problem["error"] == "inputs"
    assert "a refusal could not be written down" in caplog.text


def test_a_word_that_was_counted_gets_its_receipt(house: House, caplog: pytest.LogCaptureFixture) -> None:
    incident = house.launch()
    command = house.engine.command

    async def counted_then_locked(*given: object) -> object:
        receipt = await command(*given)  # type: ignore[arg-type]
        lock.__enter__()
        return receipt

    lock = locked(house)
    house.engine.command = counted_then_locked  # type: ignore[assignment,method-assign]
    try:
        assert house.command(incident, "ana", "note", reason="seen")["row"]
    finally:
        lock.__exit__(None, None, None)
    assert "a receipt could not be written down" in caplog.text


def test_health_reads_the_records(house: House) -> None:
    assert house.get("/api/health", "")["records"]
    with house.records.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE incidents RENAME TO gone")
    health = house.get("/api/health", "")
    assert (health["ok"], health["records"], health["server"]) == (False, False, True)
    assert health["says"].startswith("The records cannot be read.")
    incident = "inc-nothing"
    assert house.get(f"/api/incidents/{incident}/export", status=503)["says"] == "The records cannot be read."
