"""The examples of every --help are typed: on the shipped book, the front door and the core of a run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import click
import pytest

from firedoor.cli import cli
from firedoor.cli.entry import COMMANDS
from firedoor.installation import Installation
from firedoor.payloads import PayloadKeys
from tests.docs.pages import ROOT
from tests.docs.stage import INCIDENTS, SHIPPED, opened

T = TypeVar("T")

INCIDENT = INCIDENTS[0]
LOCAL = ("up", "demo", "rehearse")
"""They start servers: their examples are parsed."""
NOBODYS = ("check", "rehearse", "new", "diff", "explain", "graph", "schema", "token", "keys")
"""They are nobody's word."""
TAKEOVER = (
    "firedoor launch high-profile-takeover --as ana --yes --set public_office=no"
    " --set accounts=@mayor:platform.example,@minister:platform.example"
)
ONE_ACCOUNT = "firedoor launch high-profile-takeover --as ana --yes --set public_office=yes --set accounts=@mayor:x"
ATTACK = "firedoor launch livestreamed-attack --as ana --yes --set event_name=It --set live_now=no --set links=video-1,video-2"
APPROVED = f"firedoor approve {INCIDENT} ratify --as omar --yes"
REVIEWED = (
    f"firedoor reject {INCIDENT} ratify --as omar --yes",
    f"firedoor done {INCIDENT} task-1 --as ravi --yes",
)
BEFORE: dict[str, tuple[str, ...]] = {
    "approve sign_off": (ATTACK, f"firedoor done {INCIDENT} --proof DOC-1 --as tom --yes"),
    "done": (ONE_ACCOUNT, APPROVED),
    "answer task-1": (TAKEOVER, *REVIEWED),
    "watch": (TAKEOVER, REVIEWED[0]),
    "launch": (),
    "drill": (),
}
"""What has happened before an example, by words that it has; else a takeover was launched."""
AS = {
    "approve": "omar",
    "done": "luis",
    "answer lock": "luis",
    "answer ratify": "omar",
    "answer task-1": "li",
    "do": "luis",
}
ANSWERS = {
    "launch --list": "no\ny\n",
    "launch": "@mayor:x\nno\ny\n",
    "new": "\n" * 12,
    "drill": "@mayor:x\nno\ny\n",
}
FAILS = "@mayor:platform.example"


def _examples(command: click.Command, name: str = "") -> Iterator[str]:
    help_ = re.sub(r"\\\\?\n\s*", "", command.help or "")
    yield from (line.strip() for line in help_.splitlines() if line.strip().startswith(f"firedoor {name}"))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from _examples(found, f"{name} {below}".strip())


def _typed(line: str) -> str:
    """Without what is beside it: another program, or a word of what it does."""
    line = re.split(r" \| | {3,}", line)[0]
    return line.replace(" ID", f" {INCIDENT}").replace(" PLAYBOOK", " high-profile-takeover")


EXAMPLES = list(dict.fromkeys(map(_typed, _examples(cli))))


def _fitting(table: Mapping[str, T], line: str, otherwise: T) -> T:
    words = line.split()
    return next((found for key, found in table.items() if all(word in words for word in key.split())), otherwise)


def test_every_command_that_takes_something_has_an_example() -> None:
    assert {line.split()[1] for line in EXAMPLES} == COMMANDS.keys() - {"demo"}


@pytest.mark.parametrize("line", [line for line in EXAMPLES if line.split()[1] not in LOCAL])
def test_it_does_what_the_help_says(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken-over.txt").write_text("@mayor:x\n")
    monkeypatch.chdir(tmp_path)
    if line.split()[1] == "diff":
        _two_versions(tmp_path)
    elif line.split()[1] == "new":
        shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    else:
        (tmp_path / "playbooks").symlink_to(ROOT / "playbooks")
    with opened(SHIPPED, tmp_path / "home", monkeypatch) as stage:
        if line.split()[1] == "keys":
            keys = {"0f3a9c21": bytes(32), "5a3c0d1e": bytes(range(32))}
            PayloadKeys("5a3c0d1e", keys).save(Installation(tmp_path / "home").payload_keys)
        if "lock retry" in line:
            stage.engine.fails[FAILS] = "synapse answered 503"
        for earlier in _fitting(BEFORE, line, (TAKEOVER,)):
            stage.type(earlier, codes=(0,))
        who = "" if "--as" in line or line.split()[1] in NOBODYS else f" --as {_fitting(AS, line, 'ana')}"
        stage.type(line + who, codes=(0,), answers=_fitting(ANSWERS, line, "y\n"))


def _two_versions(folder: Path) -> None:
    """The shipped book twice, and twice committed; they differ by nothing."""
    for name in ("playbooks", "my-playbooks"):
        shutil.copytree(ROOT / "playbooks", folder / name)
    as_ = ["-c", "user.name=Ana", "-c", "user.email=ana@platform.example"]
    for words in (["init", "-q"], ["add", "-A"], *[[*as_, "commit", "-q", "--allow-empty", "-m", "a change"]] * 2):
        subprocess.run(["git", *words], check=True)


@pytest.mark.parametrize("line", [line for line in EXAMPLES if line.split()[1] in LOCAL])
def test_it_can_be_typed(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my-playbooks").mkdir()
    (tmp_path / "playbooks").symlink_to(ROOT / "playbooks")
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)[1:]
    found = cli.get_command(click.Context(cli), words[0])
    assert found is not None
    found.make_context(words[0], words[1:])
