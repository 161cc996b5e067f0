"""`firedoor token`: who has a token, make one, take one away. For whoever keeps the installation's folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from firedoor.cli.front import told
from firedoor.cli.screen import Screen, line, seen, table
from firedoor.compiler import load_book
from firedoor.installation import BOOK, Installation, shipped_book
from firedoor.people.organization import Organization
from firedoor.people.signin import Tokens, UnusableTokens
from firedoor.plan.inputs import meant

F = TypeVar("F", bound=Callable[..., object])


def _common(command: F) -> F:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON for programs."),
        click.option(
            "--home",
            type=click.Path(file_okay=False, path_type=Path),
            help="The installation's folder. Default: FIREDOOR_HOME, or .firedoor here.",
        ),
        click.option(
            "--book",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="The book with the people. Default: of `firedoor up`, FIREDOOR_BOOK, playbooks here, or the shipped book.",
        ),
    ):
        command = option(command)
    return command


@click.group("token")
def command() -> None:
    """See who has a token, make one, take one away.

    A token says who speaks: whoever has it decides in that person's name. Only its hash is kept, so it is shown once.
    What is changed here holds at once, also for a front door that is up. It needs the installation's folder.

    \b
    firedoor token list
    firedoor token make ana
    firedoor token revoke ana
    """


@command.command("make")
@click.argument("name")
@_common
def make(name: str, book: Path | None, home: Path | None, as_json: bool) -> None:
    """Make a token for NAME, a person of the book, and show it this once. The one before stops working.

    \b
    firedoor token make ana
    firedoor token make ana --json
    """
    screen, installation = Screen(as_json=as_json), Installation.here(home)
    _known(name, _organization(installation, book, as_json=as_json), as_json=as_json)
    tokens = _tokens(installation, as_json=as_json)
    had = tokens.holds(name)
    token = tokens.issue(name)
    installation.replace_waiting(name, token)
    if as_json:
        screen.json({"person": name, "token": token, "replaced": had})
        return
    screen.show(token)
    screen.say(f"{name} has a token, shown this once. Hand it over where nobody else reads it.", "bold green")
    if had:
        screen.say("The one before does not work any more.")


@command.command("revoke")
@click.argument("name")
@_common
def revoke(name: str, book: Path | None, home: Path | None, as_json: bool) -> None:
    """Take NAME's token away, at once. NAME stays without one, also when Firedoor starts again, until one is made.

    What was signed with it before stays as it is: it was said, and is in the record.

    \b
    firedoor token revoke ana
    """
    screen, installation = Screen(as_json=as_json), Installation.here(home)
    tokens = _tokens(installation, as_json=as_json)
    if name not in tokens.people():
        _known(name, _organization(installation, book, as_json=as_json), as_json=as_json)
    had = tokens.holds(name)
    tokens.revoke(name)
    installation.replace_waiting(name, None)
    if as_json:
        screen.json({"person": name, "revoked": had})
    elif had:
        screen.show(line((f"{name}'s token does not work any more.", "bold green")))
    else:
        screen.show(line(f"{name} had no token, and gets none when Firedoor starts again."))
    if not as_json:
        screen.say(f"To give a new one: firedoor token make {name}")


@command.command("list")
@_common
def list_(book: Path | None, home: Path | None, as_json: bool) -> None:
    """Show who of the book has a token, and whose still lies here to be handed over.

    \b
    firedoor token list
    firedoor token list --json
    """
    screen, installation = Screen(as_json=as_json), Installation.here(home)
    organization = _organization(installation, book, as_json=as_json)
    tokens = _tokens(installation, as_json=as_json)
    found = {name: _state(installation, tokens, name) for name in sorted({*organization.people, *tokens.people()})}
    if as_json:
        screen.json({"tokens": [{"person": name, "state": state} for name, state in found.items()]})
        return
    rows = table("Person", "Token")
    for name, state in found.items():
        rows.add_row(seen(name), state if name in organization.people else f"{state}; nobody of the book")
    screen.show(rows)


def _state(installation: Installation, tokens: Tokens, name: str) -> str:
    if tokens.holds(name):
        return "waits to be handed over" if installation.token_of(name).exists() else "handed over"
    return "revoked" if name in tokens.people() else "none yet"


def _tokens(installation: Installation, *, as_json: bool) -> Tokens:
    if not installation.folder.is_dir():
        raise told(
            f"There is no installation at {installation.folder}.",
            "Start one with `firedoor up`, or name its folder with --home or FIREDOOR_HOME.",
            error="no-installation",
            as_json=as_json,
        )
    try:
        return Tokens(installation.tokens)
    except UnusableTokens as error:
        raise told(
            f"{error}.", "Without that file nobody is signed in.", error="unusable-tokens", as_json=as_json
        ) from error


def _organization(installation: Installation, book: Path | None, *, as_json: bool) -> Organization:
    up = installation.up() if installation.folder.is_dir() else None
    path = book or Path(up.book if up else os.environ.get(BOOK) or shipped_book())
    organization = load_book(path).organization
    if organization is None:
        raise told(f"The book in {path} has no organization.", "Mend it: firedoor check", error="book", as_json=as_json)
    return organization


def _known(name: str, organization: Organization, *, as_json: bool) -> None:
    if name not in organization.people:
        give = meant(name[:80], list(organization.people))
        raise told(
            f"Nobody of the book is called {seen(name[:80])!r}.",
            f"{give[:1].upper()}{give[1:]}. Or name the book with --book.",
            error="unknown-person",
            as_json=as_json,
        )
