"""`firedoor keys`: which keys an installation has; a new one for what Temporal is given. For whoever keeps its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from firedoor.cli.front import told
from firedoor.cli.options import confirm, yes
from firedoor.cli.screen import Screen, line, table
from firedoor.installation import Installation
from firedoor.payloads import PayloadKeys, UnknownPayloadKey, UnusablePayloadKeys
from firedoor.people.signatures import KeyRing, SigningKey, UnusableKey

F = TypeVar("F", bound=Callable[..., object])


def _common(command: F) -> F:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON for programs."),
        click.option(
            "--home",
            type=click.Path(file_okay=False, path_type=Path),
            help="The installation's folder. Default: FIREDOOR_HOME, or .firedoor here.",
        ),
    ):
        command = option(command)
    return command


@click.group("keys")
def command() -> None:
    """See which keys there are, and renew those that payloads are sealed with.

    Everything that Temporal is given is sealed with the current payload key; the others still open what was sealed with
    them. No key is ever shown.

    \b
    firedoor keys list
    firedoor keys rotate
    """


@command.command("list")
@_common
def list_(home: Path | None, as_json: bool) -> None:
    """Show each key by its id, what it is for, and since when.

    \b
    firedoor keys list
    firedoor keys list --json
    """
    screen, installation = Screen(as_json=as_json), Installation.here(home)
    payloads = _payload_keys(installation, as_json=as_json)
    found = [*_signing(installation, as_json=as_json)]
    for name in sorted(payloads, key=payloads.made, reverse=True):
        use = "seals payloads" if name == payloads.current else "opens payloads"
        found.append({"key": name, "use": use, "since": payloads.made(name)})
    if as_json:
        screen.json({"keys": found})
        return
    rows = table("Key", "Use", "Since")
    for one in found:
        rows.add_row(one["key"], one["use"], one["since"])
    screen.show(rows)


@command.command("rotate")
@_common
def rotate(home: Path | None, as_json: bool) -> None:
    """Make a new current payload key. The one before goes on opening what it sealed.

    A front door or worker that is up seals with the new key from its next start on, and opens what others have sealed
    with it at once. Copy keys/payloads.json to workers elsewhere before anything here is started again.

    \b
    firedoor keys rotate
    """
    screen, installation = Screen(as_json=as_json), Installation.here(home)
    keys = _payload_keys(installation, as_json=as_json).rotated()
    keys.save(installation.payload_keys)
    if as_json:
        screen.json({"key": keys.current})
        return
    screen.show(line((f"The payload key {keys.current} is current.", "bold green")))
    screen.say(
        "Copy keys/payloads.json to workers elsewhere, and then start Firedoor again: until then the old one seals."
    )


@command.command("forget")
@click.argument("key")
@yes
@_common
def forget(key: str, sure: bool, home: Path | None, as_json: bool) -> None:
    """Throw an old payload key away. What was sealed with it can never be read again, so runs that hold such stand still.

    Do it when Temporal has nothing left from that time: past its retention, with no incident open from before.

    \b
    firedoor keys forget 0f3a9c21 --yes
    """
    screen, installation = Screen(as_json=as_json), Installation.here(home)
    keys = _payload_keys(installation, as_json=as_json)
    try:
        kept = keys.without(key)
    except (UnknownPayloadKey, ValueError) as error:
        raise told(f"{error}.", "See `firedoor keys list`.", error="key", as_json=as_json) from None
    confirm(screen, f"Throw {key} away for good?", sure=sure)
    kept.save(installation.payload_keys)
    if as_json:
        screen.json({"forgotten": key})
    else:
        screen.show(line((f"The payload key {key} is gone.", "bold green")))


def _signing(installation: Installation, *, as_json: bool) -> list[dict[str, str]]:
    try:
        own = SigningKey.load(installation.signing_key).id if installation.signing_key.exists() else None
        believed = KeyRing.load(installation.key_ring) if installation.key_ring.exists() else KeyRing()
    except UnusableKey as error:
        raise told(f"{error}.", "Bring it back from a backup.", error="key", as_json=as_json) from error
    return [
        {"key": name, "use": "signs words, and is believed" if name == own else "is believed", "since": ""}
        for name in believed
    ]


def _payload_keys(installation: Installation, *, as_json: bool) -> PayloadKeys:
    try:
        return PayloadKeys.load(installation.payload_keys)
    except FileNotFoundError:
        raise told(
            f"There are no payload keys in {installation.folder}.",
            "They are made by `firedoor up`; or name the folder with --home or FIREDOOR_HOME.",
            error="no-installation",
            as_json=as_json,
        ) from None
    except (UnusablePayloadKeys, OSError) as error:
        raise told(f"{error}.", "Bring it back from a backup.", error="key", as_json=as_json) from error
