"""SIGKILL of the worker in each phase of a run, and of the Temporal server, through `firedoor up` on a real homeserver:
afterwards ledger, homeserver and timeline agree that each effect happened once, and that each acknowledged word counted
once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import psutil
import pytest
from typing_extensions import override

from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.embedded.homeserver import Homeserver
from firedoor.records.all import open_records
from firedoor.records.ledger import EntryState
from tests.connectors.http_platform import Served
from tests.connectors.synapse_gate import SynapseGate
from tests.e2e.upped import PATIENCE, Upped, closed, waits_for
from tests.embedded.users import Users

SLOW = 1.5
"""Seconds that each message and each act takes: long enough to die in."""


@dataclass
class Slow(Upped):
    """Whose messages and acts take a while. Messages are kept in a file that outlives every process."""

    synapse: str = ""
    token: str = ""

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        (self.installation.folder / "connectors.toml").unlink()
        organization = self.book / "organization.yaml"
        head, _, _ = organization.read_text().partition("\nchannels:")
        sent = self.folder / "sent.sqlite3"
        settings = f"{{connector: memory, path: {sent}, delay: '{SLOW}', clears: [personal]}}"
        lines = "".join(f"  {name}: {settings}\n" for name in ("page", "chat", "email", "platform"))
        organization.write_text(f"{head}\nchannels:\n{lines}")
        self.channel = MemoryChannel(path=sent)
        self.records = open_records(f"sqlite:///{self.installation.folder / 'records.sqlite3'}")

    @override
    def _own(self) -> dict[str, str]:
        return {**super()._own(), "SYNAPSE_URL": self.synapse, "SYNAPSE_TOKEN": self.token}

    @override
    def show(self, incident: str) -> Any:
        """Asked again while no worker is there to answer."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return super().show(incident)
            except AssertionError:
                assert time.monotonic() < end

    def insist(self, *words: str) -> None:
        """Send the word until it is counted: while no worker is there it is not, and the command says so."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self(*words, "--yes", person=self.on_shift("policy"))
            except AssertionError as error:
                if "Usage:" in str(error):
                    raise
                assert time.monotonic() < end
            else:
                return

    def kill_part(self, program: str) -> None:
        up = psutil.Process(self.state["pid"])
        (process,) = [one for one in up.children(recursive=True) if program in " ".join(one.cmdline()[:2])]
        process.kill()

    def has(self, incident: str, state: EntryState) -> Callable[[], bool]:
        """Whether the ledger has an entry of the incident in this state: looked at in the file, to be quick enough."""
        return lambda: any(entry.state is state for entry in self.records.ledger.of_incident(incident))


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def gate(homeserver: Homeserver) -> SynapseGate:
    gate = SynapseGate(homeserver.url)
    gate.delay = SLOW
    return gate


@pytest.fixture
async def users(homeserver: Homeserver) -> Users:
    return await Users.made(homeserver, 1)


@pytest.fixture
def slow(tmp_path: Path, homeserver: Homeserver, gate: SynapseGate) -> Iterator[Slow]:
    with Served(gate.app()) as served:
        upped = Slow(tmp_path, synapse=served.url, token=homeserver.admin_token)
        upped.start()
        yield upped
        if upped.process is not None and upped.process.poll() is None:
            upped.stop()
        upped.records.close()


def check_once(slow: Slow, gate: SynapseGate, incidents: list[str], account: str) -> None:
    """Every entry was applied and undone; the account went each way once; the timeline tells each thing once.

    An order that a killed worker had sent may reach the homeserver again, and says the same then.
    """
    records = slow.records
    assert [told for told, _ in groupby(gate.locks())] == [(account, True), (account, False)]
    for incident in incidents:
        entries = records.ledger.of_incident(incident)
        assert [entry.target for entry in entries] == [account]
        assert {entry.state for entry in entries} == {EntryState.UNDONE}
        rows = records.timeline.read(incident)
        kinds = Counter(row.kind for row in rows)
        assert kinds["hold.applied"] == kinds["hold.undone"] == kinds["approval.rejected"] == kinds["run.closed"] == 1
        told = Counter(
            (row.data["key"], row.data["recipient"], row.data["channel"]) for row in rows if "recipient" in row.data
        )
        assert set(told.values()) == {1}
    keys = [sent.message.key for sent in slow.channel.sent()]
    assert len(keys) == len(set(keys))


async def test_the_worker_is_killed_in_each_phase(slow: Slow, gate: SynapseGate, users: Users) -> None:
    (account,) = users.ids
    incident = slow.launch(accounts=account)
    wait(slow.has(incident, EntryState.ENTERED))
    slow.kill_part("worker.py")

    wait(lambda: slow.channel.tries() > 0)
    slow.kill_part("worker.py")

    slow.until(incident, waits_for("approval"))
    assert await users.locked() == [True], "it is contained while the approval waits"
    slow.kill_part("worker.py")
    slow.insist("reject", incident, "--reason", "a false alarm")
    wait(slow.has(incident, EntryState.UNDOING))
    slow.kill_part("worker.py")
    slow.until(incident, closed)
    assert await users.locked() == [False]
    check_once(slow, gate, [incident], account)


async def test_the_server_is_killed_while_two_incidents_hold_one_account(
    slow: Slow, gate: SynapseGate, users: Users
) -> None:
    (account,) = users.ids
    first = slow.launch(accounts=account)
    second = slow.launch(accounts=account, person=slow.on_shift("crt", 1))
    slow.kill_part("temporal")
    for incident in (first, second):
        slow.until(incident, waits_for("approval"))
    slow.insist("reject", first, "--reason", "a false alarm")
    slow.until(first, closed)
    assert await users.locked() == [True], "the second incident still holds it"
    slow.kill_part("temporal")
    slow.insist("reject", second, "--reason", "a false alarm")
    slow.until(second, closed)
    assert await users.locked() == [False]
    check_once(slow, gate, [first, second], account)
