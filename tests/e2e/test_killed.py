"""`firedoor up` on the real homeserver, killed with SIGKILL while an approval waits: the account stays locked, the run
goes on when it is started again, and the refusal that comes then lets go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from firedoor.embedded.homeserver import Homeserver, MatrixRefused
from tests.e2e.upped import book

PATIENCE = 90


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
        shown = firedoor(environ, "show", incident, "--as", "ana")
        if found(shown):
            return shown
        assert time.monotonic() < end, shown
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
        try:
            await homeserver.ask("GET", "/_matrix/client/v3/account/whoami", token=token)
        except MatrixRefused as refusal:
            return refusal.code == "M_USER_LOCKED"
        return False

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
