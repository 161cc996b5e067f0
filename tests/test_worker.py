"""The worker as a process: what it lacks is said in a line, with what to do, and is no fault of ours."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

import worker
from activities.assembly import put_together
from firedoor.embedded.temporal import TemporalServer
from firedoor.installation import BOOK, HOME, Installation
from firedoor.records.all import open_records
from tests.people.book import organization

ROOT = Path(worker.__file__).parent


def starting(home: Path, **environment: str) -> tuple[int, str]:
    """How a worker ends that cannot start, and what it says."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FIREDOOR_", "TEMPORAL_"))}
    found = subprocess.run(
        [sys.executable, ROOT / "worker.py"],
        env={**clean, HOME: str(home), "TEMPORAL_ADDRESS": "127.0.0.1:1", **environment},
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return found.returncode, found.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    installation = Installation.here(tmp_path / "home")
    installation.prepare()
    installation.open_keys()
    installation.open_payload_keys()
    return installation.folder


def test_what_an_act_could_not_do_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("tests.told")
    logger.addFilter(worker.ToldInALine())
    for error in (ApplicationError("this channel is not set up", type="NotReached"), ValueError("a fault of ours")):
        try:
            raise error
        except (ApplicationError, ValueError):
            logger.warning("Completing activity as failed", exc_info=True)
    told, fault = caplog.records
    assert told.getMessage() == "Completing activity as failed: NotReached: this channel is not set up"
    assert told.exc_info is None
    assert fault.exc_info


def test_without_a_key_ring(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    code, said = starting(tmp_path / "home")
    assert code == 2
    assert "The worker cannot start: there is no key ring at" in said
    assert "start `firedoor up` once, or copy keys/believed.json" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("text", "says"), [("nonsense", "cannot be read"), ('{"keys": {}}', "has no key")], ids=["unreadable", "empty"]
)
def test_with_a_key_ring_that_is_none(home: Path, text: str, says: str) -> None:
    Installation(home).key_ring.write_text(text)
    code, said = starting(home)
    assert code == 2
    assert says in said
    assert "copy it anew" in said
    assert "Traceback" not in said


def test_without_payload_keys(home: Path) -> None:
    Installation(home).payload_keys.unlink()
    code, said = starting(home, **{BOOK: str(ROOT / "playbooks")})
    assert code == 2
    assert "there are no payload keys at" in said
    assert "copy keys/payloads.json from the front door's folder" in said


def test_with_payload_keys_that_others_may_read(home: Path) -> None:
    Installation(home).payload_keys.chmod(0o644)
    code, said = starting(home, **{BOOK: str(ROOT / "playbooks")})
    assert code == 2
    assert "the payload keys cannot be read" in said
    assert "chmod 600" in said


def test_without_a_book(home: Path, tmp_path: Path) -> None:
    code, said = starting(home)
    assert code == 2
    assert "it is not said which book it works for: name the book's folder in FIREDOOR_BOOK" in said
    code, said = starting(home, **{BOOK: str(tmp_path / "nowhere")})
    assert code == 2
    assert f"there is no book at {tmp_path / 'nowhere'}: name its folder in FIREDOOR_BOOK" in said
    empty = tmp_path / "empty"
    empty.mkdir()
    code, said = starting(home, **{BOOK: str(empty)})
    assert code == 2
    assert "has no organization; see `firedoor check" in said
    assert "Traceback" not in said


def test_without_a_server(home: Path) -> None:
    code, said = starting(home, **{BOOK: str(ROOT / "playbooks")})
    assert code == 2
    assert "no Temporal server can be reached at 127.0.0.1:1: start it, or name it in TEMPORAL_ADDRESS" in said
    assert "Traceback" not in said


async def test_a_heartbeat_is_not_held_back_for_long(temporal_server: TemporalServer, tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite3'}", synchronous="OFF")
    assembly = put_together(records, {}, {}, organization(), lambda order: None, {})
    made = worker.worker(await Client.connect(temporal_server.address), assembly)
    assert made.config()["max_heartbeat_throttle_interval"] <= timedelta(seconds=2)
    await assembly.close()
