"""The options that every command has, and what they come to: who calls, whom, and how the answer is shown."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from firedoor.cli.front import Front, find, told
from firedoor.cli.screen import Screen
from firedoor.installation import Installation

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Caller:
    person: str | None
    url: str | None
    installation: Installation
    screen: Screen

    @property
    def as_json(self) -> bool:
        return self.screen.as_json

    def front(self) -> Front:
        return find(self.person, self.url, self.installation, as_json=self.as_json)

    def typed(self, words: Sequence[str], nonce: str | None = None) -> str:
        """The command line, as this person would type it. With the nonce of before it is the very same word."""
        who = ["--as", self.person] if self.person else []
        same = ["--nonce", nonce] if nonce else []
        return shlex.join(["firedoor", *words, *who, *same])

    def confirm(self, question: str, *, sure: bool) -> None:
        confirm(self.screen, question, sure=sure)


def confirm(screen: Screen, question: str, *, sure: bool) -> None:
    """Go on when somebody says so: at a terminal who is asked, elsewhere who has written --yes."""
    if sure:
        return
    if not screen.asks:
        raise click.UsageError(f"{question} There is no terminal to ask on, so nothing was done: say --yes.")
    if not click.confirm(question, err=True):
        raise told("Nothing was done.", "", error="declined")


def common(command: Callable[Concatenate[Caller, P], R]) -> Callable[P, R]:
    """Give a command --as, --url, --home and --json, and hand it a Caller instead."""

    @click.option("--as", "person", metavar="NAME", help="Who you are: a person of the organization.")
    @click.option("--url", metavar="URL", help="The front door's address. Default: of `firedoor up`, or FIREDOOR_URL.")
    @click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="The installation's folder. Default: FIREDOOR_HOME, or .firedoor here.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        options: dict[str, Any] = dict(kwargs)
        caller = Caller(
            person=options.pop("person"),
            url=options.pop("url"),
            installation=Installation.here(options.pop("home")),
            screen=Screen(as_json=options.pop("as_json")),
        )
        return command(caller, *args, **options)

    return wrapped


def _once(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    if given is not None and not re.fullmatch(r"[A-Za-z0-9._~-]{8,100}", given):
        raise click.BadParameter("it has 8 to 100 characters: letters, digits and . _ ~ -")
    return given


nonce = click.option(
    "--nonce", metavar="TEXT", hidden=True, callback=_once, help="Send the same word again: it counts once."
)
yes = click.option(
    "--yes",
    "-y",
    "sure",
    is_flag=True,
    help="Do not ask whether I am sure. Needed where there is no terminal to ask on.",
)


def _hash(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    if given is not None and not re.fullmatch("[0-9a-f]{64}", given):
        raise click.BadParameter(f"{given[:80]!r} is no document's hash: that has 64 characters, of 0-9 and a-f.")
    return given


document = click.option(
    "--document", metavar="HASH", callback=_hash, help="Only if this is still the document, by its hash."
)


def pairs(given: tuple[str, ...], option: str) -> dict[str, list[str]]:
    """`name=value`, repeated: the values of each name. Raises a usage error."""
    found: dict[str, list[str]] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"{option} takes NAME=VALUE, not {one!r}.")
        found.setdefault(name.strip(), []).append(value)
    return found
