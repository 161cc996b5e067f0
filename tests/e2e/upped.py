"""`firedoor up` as a process, on the shipped book with platforms and channels in memory, and commands to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

import firedoor
from firedoor.cli import cli
from firedoor.compiler import load_book
from firedoor.installation import Installation
from firedoor.people import directory
from firedoor.people.organization import Organization

SHIPPED = Path(firedoor.__file__).parents[1] / "playbooks"
PATIENCE = 150
"""Seconds after which something that should come about has failed."""
PROGRAM = "import sys; from firedoor.cli import main; sys.argv[0] = 'firedoor'; main()"
CHANNELS = "channels:\n" + "".join(
    f"  {name}: {{connector: memory, clears: [personal]}}\n" for name in ("page", "chat", "email", "platform")
)


def book(folder: Path) -> Path:
    """The shipped book, whose channels reach nobody."""
    shutil.copytree(SHIPPED, folder)
    organization = folder / "organization.yaml"
    head, _, _ = organization.read_text().partition("\nchannels:")
    organization.write_text(f"{head}\n{CHANNELS}")
    return folder


@dataclass
class Told:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Upped:
    """`start()` and `stop()`, any number of times, on the same data."""

    folder: Path
    state: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        self.installation = Installation.here(self.folder / "home")
        self.installation.prepare()
        self.book = book(self.folder / "book")
        platform = json.dumps(str(self.folder / "platform.sqlite3"))
        lines = [f'[{name}]\nkind = "memory"\npath = {platform}\n' for name in ("synapse", "http")]
        (self.installation.folder / "connectors.toml").write_text("\n".join(lines))
        loaded = load_book(self.book)
        assert loaded.organization is not None
        self.organization: Organization = loaded.organization

    def start(self, *more: str) -> None:
        """Returns when it is up."""
        process = self.begin(*more)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, self.said.read_text()
        self.state = json.loads(line)
        assert "url" in self.state, line

    def begin(self, *more: str) -> subprocess.Popen[str]:
        self.said = self.folder / "up.err"
        with self.said.open("a") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "up", "--book", str(self.book), "--json", *more],
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
                env=self._environment(),
            )
        return self.process

    def stop(self, sign: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(sign)
        return self.process.wait(60)

    def __call__(self, *words: str, person: str = "", code: int = 0) -> Told:
        """A command, by somebody."""
        who = ["--as", person] if person else []
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words, *who],
            capture_output=True,
            text=True,
            env=self._environment(),
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return Told(done.returncode, done.stdout, done.stderr)

    def launch(self, *more: str, accounts: str = "@mayor:x", person: str = "") -> str:
        words = ["--yes", "--set", f"accounts={accounts}", "--set", "public_office=no", "--json", *more]
        found = self("launch", "high-profile-takeover", *words, person=person or self.on_shift("crt"))
        incident: str = found.json["incident"]
        return incident

    def show(self, incident: str) -> Any:
        return shown(incident, self.on_shift("crt"), self._own())

    def until(self, incident: str, condition: Any, within: float = PATIENCE) -> Any:
        """The incident's picture, once the condition holds of it."""
        deadline = time.monotonic() + within
        while not condition(view := self.show(incident)):
            assert time.monotonic() < deadline, (view["next_act"], view["steps"], self.said.read_text())
            time.sleep(0.2)
        return view

    def on_shift(self, team: str, number: int = 0) -> str:
        """Somebody of a team who is on shift; whoever manages it where nobody is."""
        there = directory.on_shift(self.organization, team, datetime.now(UTC))
        found = [person.id for person in there] or [self.organization.teams[team].manager]
        return found[number]

    def told(self, words: str, within: float = PATIENCE) -> None:
        """Until `firedoor up` has said these words."""
        deadline = time.monotonic() + within
        while words not in self.said.read_text():
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.1)

    def kill(self, part: str) -> None:
        """SIGKILL to the worker or the Temporal server."""
        os.kill(self.state[f"{part}_pid"], signal.SIGKILL)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FIREDOOR_", "TEMPORAL_"))}
        return {**kept, **self._own()}

    def _own(self) -> dict[str, str]:
        return {"FIREDOOR_HOME": str(self.installation.folder)}


def shown(incident: str, person: str, variables: Mapping[str, str]) -> Any:
    """The incident's picture, as `firedoor show` prints it: called in this process, since who waits asks all the time."""
    away = {name: None for name in os.environ if name.startswith(("FIREDOOR_", "TEMPORAL_"))}
    words = ["show", incident, "--json", "--as", person]
    told = CliRunner().invoke(cli, words, env={**away, **variables})
    assert told.exit_code == 0, (words, told.exit_code, told.output)
    return json.loads(told.stdout)


def dumped(path: Path) -> str:
    """Everything that a SQLite database holds."""
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


def waits_for(kind: str) -> Any:
    return lambda view: any(ask["kind"] == kind for ask in view["asks"])


def closed(view: Any) -> bool:
    return bool(view["phase"] == "closed")
