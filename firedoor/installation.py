"""Where an installation keeps what it needs: one folder with its keys, tokens, records, logs and addresses.

    keys/front-door.pem   the private key of the front door: no worker reads it
    keys/believed.json    the public keys whose words are believed
    keys/payloads.json    the keys that everything is sealed with before Temporal gets it; workers need them too
    tokens.json           hashes of personal tokens
    tokens/PERSON         a token that is waiting to be handed to its person
    records.sqlite3       ledger, timeline, plans, what the front door sent and refused
    temporal/             the embedded Temporal server's database
    up.json               while `firedoor up` runs: its addresses

`FIREDOOR_HOME` names the folder; else it is `.firedoor` where one begins.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import firedoor
from firedoor.payloads import PayloadKeyFile, PayloadKeys
from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.people.signin import Tokens, write_private
from firedoor.plan.base import Frozen

HOME: Final = "FIREDOOR_HOME"
BOOK: Final = "FIREDOOR_BOOK"
DATABASE_URL: Final = "FIREDOOR_DATABASE_URL"
REHEARSAL: Final = "FIREDOOR_REHEARSAL"
"""For a worker of `firedoor rehearse`: the folder of the houses in which the cases play, instead of what is real."""
URL: Final = "FIREDOOR_URL"
TOKEN: Final = "FIREDOOR_TOKEN"  # noqa: S105  # the name of a variable


class UpState(Frozen):
    """What `firedoor up` says about itself while it runs, so that commands find it."""

    pid: int
    url: str
    temporal: str
    book: str


@dataclass(frozen=True, slots=True)
class Installation:
    folder: Path

    @classmethod
    def here(cls, folder: Path | None = None) -> Installation:
        """The named folder, else that of `FIREDOOR_HOME`, else `.firedoor` in the working directory."""
        return cls((folder or Path(os.environ.get(HOME) or ".firedoor")).resolve())

    @property
    def signing_key(self) -> Path:
        return self.folder / "keys" / "front-door.pem"

    @property
    def key_ring(self) -> Path:
        return self.folder / "keys" / "believed.json"

    @property
    def payload_keys(self) -> Path:
        return self.folder / "keys" / "payloads.json"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens.json"

    @property
    def temporal(self) -> Path:
        return self.folder / "temporal"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def state(self) -> Path:
        return self.folder / "up.json"

    @property
    def lock(self) -> Path:
        return self.folder / "up.lock"

    @property
    def database_url(self) -> str:
        return os.environ.get(DATABASE_URL) or f"sqlite:///{self.folder / 'records.sqlite3'}"

    def token_of(self, person: str) -> Path:
        return self.folder / "tokens" / person

    def prepare(self) -> None:
        """Make the folder, for its owner alone. One that is there is its owner's to open and to close."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open_keys(self) -> SigningKey:
        """The front door's key, made when there is none; its public half is among those that are believed."""
        key = SigningKey.load_or_create(self.signing_key)
        ring = KeyRing.load(self.key_ring) if self.key_ring.exists() else KeyRing()
        if key.id not in ring:
            ring.add(key.public)
            ring.save(self.key_ring)
        return key

    def open_payload_keys(self) -> PayloadKeyFile:
        """What Temporal's payloads are sealed with, made when there is none."""
        if not self.payload_keys.exists():
            PayloadKeys.new().save(self.payload_keys)
        return PayloadKeyFile(self.payload_keys)

    def hand_out(self, people: list[str]) -> dict[str, str]:
        """Tokens for those who have none, by person; each also lies in a file of its own until it is taken away."""
        tokens = Tokens(self.tokens)
        tokens.keep_only(people)
        made: dict[str, str] = {}
        for person in people:
            if person not in tokens.people():
                made[person] = tokens.issue(person)
                write_private(self.token_of(person), made[person] + "\n")
        return made

    def replace_waiting(self, person: str, token: str | None) -> None:
        """The file that waits to be handed over, if it is there still, holds the new token, or goes with the old one."""
        path = self.token_of(person)
        if token is None:
            path.unlink(missing_ok=True)
        elif path.exists():
            write_private(path, token + "\n")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold this installation for one `firedoor up`. Raises AlreadyUp while another one does, however that ends."""
        with _locked(self.lock) as mine:
            if not mine:
                raise AlreadyUp(f"Firedoor is up already on {self.folder}")
            try:
                yield
            finally:
                self.state.unlink(missing_ok=True)

    def say_up(self, state: UpState) -> None:
        write_private(self.state, state.model_dump_json() + "\n")

    def up(self) -> UpState | None:
        """What `firedoor up` has said, if it still runs."""
        if not self.state.exists():
            return None
        with _locked(self.lock) as mine:
            if mine:  # so nobody runs, and what was said is left from one that was killed
                return None
        try:
            return UpState.model_validate_json(self.state.read_text())
        except (FileNotFoundError, ValueError):
            return None


def shipped_book() -> Path:
    """`playbooks` where one works, else the one that came with Firedoor."""
    here = Path("playbooks")
    return here if here.is_dir() else Path(firedoor.__file__).parents[1] / "playbooks"


class AlreadyUp(RuntimeError):
    """Two must not run on one folder."""


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether the lock could be had. It is let go at the end of the block, or of the process."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
