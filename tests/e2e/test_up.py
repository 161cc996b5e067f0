"""`firedoor up`: it ends cleanly, goes on where it was, starts again what dies, and says so when a part is away."""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from firedoor import protocol
from firedoor.compiler import load_book
from firedoor.embedded.temporal import TemporalServer
from firedoor.people.signatures import SigningKey
from firedoor.protocol import Launch
from tests.e2e.upped import Upped, closed, dumped, waits_for


def test_it_ends_cleanly_and_goes_on_with_what_was_running(own_up: Upped) -> None:
    incident = own_up.launch()
    own_up.until(incident, waits_for("approval"))
    children = psutil.Process(own_up.state["pid"]).children(recursive=True)
    assert own_up.stop() == 0
    assert [child for child in children if child.is_running()] == []
    assert not own_up.installation.state.exists()
    away = own_up("list", person="ana", code=1)
    assert "Firedoor is not up here" in away.err
    assert "firedoor up" in away.err

    own_up.start()
    view = own_up.show(incident)
    assert [ask["step"] for ask in view["asks"]] == ["1.0"]
    own_up("reject", "--yes", incident, person=own_up.on_shift("policy"))
    own_up.until(incident, closed)
    assert own_up.stop(signal.SIGTERM) == 0


def test_it_is_up_once(up: Upped) -> None:
    told = up("up", "--book", str(up.book), code=1)
    assert "Firedoor is up already" in told.err
    assert up.state["url"] in told.err


def test_a_part_that_dies_is_told_and_started_again(own_up: Upped) -> None:
    incident = own_up.launch()
    own_up.until(incident, waits_for("approval"))
    own_up.kill("worker")
    own_up.told("The worker has ended. Starting it again")
    own_up.told("The worker is back.")
    own_up.kill("temporal")
    own_up.told("The Temporal server is back.")
    deadline = time.monotonic() + 60
    while True:
        told = own_up.until(incident, waits_for("approval")) if _answers(own_up, incident) else None
        if told:
            break
        assert time.monotonic() < deadline
        time.sleep(0.5)
    own_up("reject", "--yes", incident, person=own_up.on_shift("policy"))
    own_up.until(incident, closed)


def _answers(up: Upped, incident: str) -> bool:
    try:
        up.show(incident)
    except AssertionError:
        return False
    return True


def test_while_the_server_hangs_commands_say_so_and_how_to_go_on(own_up: Upped) -> None:
    incident = own_up.launch()
    own_up.until(incident, waits_for("approval"))
    policy = own_up.on_shift("policy")
    seen = own_up("inbox", "--json", person=policy).json["asks"][0]
    own_up.until(incident, lambda view: view["recorded"] == view["rows"][-1]["seq"])
    os.kill(own_up.state["temporal_pid"], signal.SIGSTOP)
    try:
        assert "The Temporal server does not answer." in own_up("show", incident, person=policy, code=1).err
        listed = own_up("list", person=policy)
        assert incident in listed.out
        assert "written down last" in listed.err
        assert own_up("launch", "high-profile-takeover", "--yes", "--set", "accounts=@b:x", "--set", "public_office=no",
                      person="ana", code=1).err.count("does not answer") == 1  # fmt: skip
        told = own_up("export", incident, person=policy).out
        assert f"{own_up.on_shift('crt')} launched" in told, "the record needs no engine"
    finally:
        os.kill(own_up.state["temporal_pid"], signal.SIGCONT)
    own_up("approve", "--yes", incident, seen["ask"], "--document", seen["document"], person=policy)


def test_without_a_worker_a_word_is_not_lost(own_up: Upped) -> None:
    incident = own_up.launch()
    own_up.until(incident, waits_for("approval"))
    policy = own_up.on_shift("policy")
    (asked,) = own_up("inbox", "--json", person=policy).json["asks"]
    os.kill(own_up.state["worker_pid"], signal.SIGSTOP)
    try:
        told = own_up("approve", "--yes", incident, person=policy, code=1)
        assert "does not answer, so nothing was sent" in told.err
        seen = own_up.installation.token_of(policy).read_text().strip()
        sent = _post(own_up, incident, asked, seen)
        assert sent.status_code == 503
        assert "Nothing is lost" in sent.json()["next"], "it was not sent: the ask could not be looked at"
    finally:
        os.kill(own_up.state["worker_pid"], signal.SIGCONT)
    again = _post(own_up, incident, asked, seen)
    assert "is approved" in again.json()["says"]
    rows = [row for row in own_up.show(incident)["rows"] if row["kind"] == "approval.signed"]
    assert len(rows) == 1


def _post(up: Upped, incident: str, ask: dict[str, Any], token: str) -> httpx.Response:
    """The same word each time, as a client sends it that does not know what became of it."""
    word = {"ask": ask["ask"], "choice": "approve", "document": ask["document"], "nonce": "the-same-word"}
    return httpx.post(
        f"{up.state['url']}/api/incidents/{incident}/answers",
        json=word,
        headers={"authorization": f"Bearer {token}"},
        timeout=60,
        trust_env=False,
    )


def test_a_plan_of_ones_own_started_at_temporals_port_contains_nothing(own_up: Upped) -> None:
    plan = load_book(own_up.book).plans["high-profile-takeover"]

    async def start() -> None:
        client = await Client.connect(own_up.state["temporal"], data_converter=pydantic_data_converter)
        view = Launch.model_validate(
            {
                "person": "ana",
                "incident": "inc-homemade22",
                "plan": plan.digest,
                "nonce": "0123456789",
                "issued": "2026-03-04T10:00:00Z",
                "expires": "2026-03-04T10:15:00Z",
                "inputs": {"accounts": ["@victim:x"], "public_office": False},
                "aware_at": "2026-03-04T10:00:00Z",
                "region": "emea",
            }
        )
        forged = SigningKey.generate().sign(view)
        await client.start_workflow(
            protocol.INCIDENT, args=[plan.pack(), forged, None], id=view.incident, task_queue=protocol.TASK_QUEUE
        )

    asyncio.run(start())
    time.sleep(3)
    listed = own_up("list", "--json", person="ana").json["incidents"]
    assert [one["title"] for one in listed if one["incident"] == "inc-homemade22"] in (
        [],
        ["(not launched through this front door)"],
    )
    assert "@victim:x" not in dumped(own_up.folder / "platform.sqlite3")


@pytest.mark.parametrize("words", [["check"], ["check", "--format", "line"]])
def test_the_shipped_book_is_clean(up: Upped, words: list[str]) -> None:
    up(*words, str(up.book))


def test_a_server_elsewhere_that_does_not_answer_is_told_at_once(tmp_path: Path) -> None:
    upped = Upped(tmp_path)
    told = upped("up", "--book", str(upped.book), "--temporal", "127.0.0.1:1", code=1)
    assert "the Temporal server at 127.0.0.1:1 does not answer" in told.err


def test_ctrl_c_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    upped = Upped(tmp_path)
    upped.begin()
    assert upped.process is not None
    deadline = time.monotonic() + 60
    while not (children := psutil.Process(upped.process.pid).children(recursive=True)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert upped.stop() == 0
    assert [child for child in children if child.is_running()] == []


def test_it_works_on_a_server_that_is_there_already(tmp_path: Path, temporal_server: TemporalServer) -> None:
    upped = Upped(tmp_path)
    upped.start("--temporal", temporal_server.address)
    assert upped.state["temporal_pid"] is None
    incident = upped.launch()
    upped.until(incident, waits_for("approval"))
    assert upped.stop() == 0
