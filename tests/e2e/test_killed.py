"""`firedoor up` on the real homeserver. Killed with SIGKILL while an approval waits: the account stays locked, the run goes
on when it is started again, and the refusal that comes then lets go. Its worker killed when the homeserver has done
something and nobody knows yet: ledger, homeserver and timeline agree afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from firedoor.embedded.homeserver import Homeserver
from firedoor.records.all import open_records
from firedoor.records.ledger import EntryState
from tests.connectors.http_platform import Served
from tests.connectors.synapse_gate import SynapseGate
from tests.e2e.upped import book, shown
from tests.embedded.users import is_locked

PATIENCE = 150


@contextmanager
def firedoor_up(environ: dict[str, str], how: signal.Signals) -> Iterator[dict[str, Any]]:
    """Its own account of where everything is; ended by `how`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "firedoor", "up", "--json"], env=environ, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(how)
        process.wait(PATIENCE)


def firedoor(environ: dict[str, str], *words: str, fails: bool = False) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "firedoor", *words, "--json"], env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return json.loads(done.stdout)


def until(environ: dict[str, str], incident: str, found: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + PATIENCE
    while True:
        picture = shown(incident, "ana", environ)
        if found(picture):
            return picture
        assert time.monotonic() < end, picture
        time.sleep(0.3)


def asks_policy(shown: Any) -> bool:
    return any(ask["kind"] == "approval" and ask["to"] == ["policy"] for ask in shown["asks"])


@pytest.fixture
def environ(tmp_path: Path, homeserver: Homeserver) -> dict[str, str]:
    return {
        **os.environ,
        "FIREDOOR_HOME": str(tmp_path / "home"),
        "FIREDOOR_BOOK": str(book(tmp_path / "book")),
        "SYNAPSE_URL": homeserver.url,
        "SYNAPSE_TOKEN": homeserver.admin_token,
    }


async def test_it_goes_on_after_a_kill(environ: dict[str, str], homeserver: Homeserver) -> None:
    token = await homeserver.register("upheld", "a password")

    async def locked() -> bool:
        return await is_locked(homeserver, token)

    with firedoor_up(environ, signal.SIGKILL) as up:
        sets = ["--set", f"accounts={homeserver.user_id('upheld')}", "--set", "public_office=no"]
        launched = firedoor(environ, "launch", "high-profile-takeover", *sets, "--yes", "--as", "ana")
        incident = launched["incident"]
        until(environ, incident, asks_policy)
        assert await locked()
        parts = [psutil.Process(up[name]) for name in ("worker_pid", "temporal_pid")]
    assert psutil.wait_procs(parts, timeout=20)[1] == [], "the parts do not outlive it"

    down = firedoor(environ, "show", incident, "--as", "ana", fails=True)
    assert "firedoor up" in down["next"]
    assert await locked()

    with firedoor_up(environ, signal.SIGINT):
        assert until(environ, incident, asks_policy)["phase"] == "responding"
        assert await locked()
        firedoor(environ, "reject", incident, "--as", "omar", "--reason", "a false alarm", "--yes")
        until(environ, incident, lambda shown: shown["ended"] == "undone" and shown["phase"] == "closed")
        assert not await locked()


def kill_the_worker(up: dict[str, Any]) -> None:
    parts = psutil.Process(up["pid"]).children(recursive=True)
    (worker,) = [part for part in parts if "worker.py" in " ".join(part.cmdline())]
    worker.kill()


async def test_the_worker_is_killed_when_the_homeserver_has_acted_and_nobody_knows(
    environ: dict[str, str], homeserver: Homeserver
) -> None:
    """One incident's unlock and another's lock are done, and their answers are kept, when it dies."""
    tokens = {homeserver.user_id(name): await homeserver.register(name, "a password") for name in ("first", "second")}
    first, second = tokens
    gate = SynapseGate(homeserver.url)

    async def locked() -> list[bool]:
        return [await is_locked(homeserver, token) for token in tokens.values()]

    async def wait(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, gate.acts
            await asyncio.sleep(0.02)

    def launch(user: str) -> str:
        sets = ["--set", f"accounts={user}", "--set", "public_office=no"]
        launched = firedoor(environ, "launch", "high-profile-takeover", *sets, "--yes", "--as", "ana")
        return str(launched["incident"])

    def reject(incident: str) -> None:
        firedoor(environ, "reject", incident, "--as", "omar", "--reason", "a false alarm", "--yes")

    def told(incident: str) -> Counter[str]:
        return Counter(row.kind for row in records.timeline.read(incident))

    def entries(incident: str) -> list[tuple[str | None, EntryState]]:
        return [(entry.target, entry.state) for entry in records.ledger.of_incident(incident)]

    with Served(gate.app()) as served, firedoor_up({**environ, "SYNAPSE_URL": served.url}, signal.SIGINT) as up:
        records = open_records(f"sqlite:///{environ['FIREDOOR_HOME']}/records.sqlite3")
        one = launch(first)
        await wait(lambda: told(one)["approval.asked"] == 1)
        gate.hold_answers = threading.Event()
        reject(one)
        two = launch(second)
        await wait(lambda: len(gate.acts) == 3)
        assert await locked() == [False, True]
        assert (entries(one), entries(two)) == ([(first, EntryState.UNDOING)], [(second, EntryState.ENTERED)])
        kill_the_worker(up)
        gate.hold_answers.set()

        await wait(lambda: told(one)["run.closed"] == told(two)["approval.asked"] == 1)
        assert await locked() == [False, True]
        assert (entries(one), entries(two)) == ([(first, EntryState.UNDONE)], [(second, EntryState.APPLIED)])
        reject(two)
        await wait(lambda: told(two)["run.closed"] == 1)
        assert await locked() == [False, False], "what the killed worker had locked is not taken for another's"
        assert entries(two) == [(second, EntryState.UNDONE)]
        for incident in (one, two):
            counted = told(incident)
            assert [counted[kind] for kind in ("hold.applied", "approval.rejected", "hold.undone")] == [1, 1, 1]
    records.close()
