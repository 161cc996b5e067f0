"""SIGKILL of the worker in each phase of a run, and of the Temporal server, through `firedoor up`: afterwards ledger,
platform and timeline agree that each effect happened once, and that each acknowledged word counted once."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from typing_extensions import override

from firedoor.connectors.memory import MemoryPlatform
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.records.all import open_records
from firedoor.records.ledger import EntryState
from tests.e2e.upped import Upped, closed, waits_for

SLOW = 1.5
"""Seconds that each message and each act takes: long enough to die in."""


class Slow(Upped):
    """Whose messages and acts take a while, and are kept in files that outlive every process."""

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        platform = json.dumps(str(self.folder / "platform.sqlite3"))
        sections = [f'[{name}]\nkind = "memory"\npath = {platform}\ndelay = {SLOW}\n' for name in ("synapse", "http")]
        (self.installation.folder / "connectors.toml").write_text("\n".join(sections))
        organization = self.book / "organization.yaml"
        head, _, _ = organization.read_text().partition("\nchannels:")
        sent = self.folder / "sent.sqlite3"
        settings = f"{{connector: memory, path: {sent}, delay: '{SLOW}', clears: [personal]}}"
        lines = "".join(f"  {name}: {settings}\n" for name in ("page", "chat", "email", "platform"))
        organization.write_text(f"{head}\nchannels:\n{lines}")
        self.channel = MemoryChannel(path=sent)
        self.platform = MemoryPlatform(path=self.folder / "platform.sqlite3")
        self.records = open_records(f"sqlite:///{self.installation.folder / 'records.sqlite3'}")

    @override
    def show(self, incident: str) -> Any:
        """Asked again while no worker is there to answer."""
        end = time.monotonic() + 60
        while True:
            try:
                return super().show(incident)
            except AssertionError:
                assert time.monotonic() < end

    def insist(self, *words: str) -> None:
        """Send the word until it is counted: while no worker is there it is not, and the command says so."""
        end = time.monotonic() + 60
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


def wait(condition: Callable[[], bool], within: float = 60) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    upped = Slow(tmp_path)
    upped.start()
    yield upped
    if upped.process is not None and upped.process.poll() is None:
        upped.stop()
    upped.records.close()


def check_once(slow: Slow, incidents: list[str], accounts: list[str]) -> None:
    """Every entry was applied and undone; each number had one effect; the timeline tells each thing once."""
    records = slow.records
    effects = slow.platform.effects()
    for account in accounts:
        assert [effect.moment for effect in effects if effect.target == account] == ["apply", "restore"]
    numbers = [(effect.target, effect.number) for effect in effects]
    assert len(set(numbers)) == len(numbers)
    for incident in incidents:
        entries = records.ledger.of_incident(incident)
        assert sorted(entry.target for entry in entries) == sorted(accounts)
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


def test_the_worker_is_killed_in_each_phase(slow: Slow) -> None:
    incident = slow.launch(accounts="@mayor:x")
    wait(slow.has(incident, EntryState.ENTERED), within=90)
    slow.kill_part("worker.py")

    wait(lambda: slow.channel.tries() > 0, within=90)
    slow.kill_part("worker.py")

    slow.until(incident, waits_for("approval"), within=90)
    assert slow.platform.effects(target="@mayor:x"), "it is contained while the approval waits"
    slow.kill_part("worker.py")
    slow.insist("reject", incident, "--reason", "a false alarm")
    wait(slow.has(incident, EntryState.UNDOING))
    slow.kill_part("worker.py")
    slow.until(incident, closed, within=90)
    check_once(slow, [incident], ["@mayor:x"])


def test_the_server_is_killed_while_two_incidents_hold_one_account(slow: Slow) -> None:
    first = slow.launch(accounts="@mayor:x")
    second = slow.launch(accounts="@mayor:x", person=slow.on_shift("crt", 1))
    slow.kill_part("temporal")
    for incident in (first, second):
        slow.until(incident, waits_for("approval"), within=90)
    slow.insist("reject", first, "--reason", "a false alarm")
    slow.until(first, closed, within=60)
    assert [effect.moment for effect in slow.platform.effects()] == ["apply"], "the second incident still holds it"
    slow.kill_part("temporal")
    slow.insist("reject", second, "--reason", "a false alarm")
    slow.until(second, closed, within=90)
    check_once(slow, [first, second], ["@mayor:x"])
