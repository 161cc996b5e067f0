"""`firedoor approve`: sign for a seat."""

from __future__ import annotations

import click

from firedoor.cli import asks
from firedoor.cli.options import Caller, common, document, nonce, yes


@click.command("approve")
@click.argument("incident")
@click.argument("ask", required=False)
@click.option("--reason", help="Why; it stands in the record.")
@click.option("--target", "targets", multiple=True, metavar="TARGET", help="Approve for these targets only. Repeat it.")
@document
@yes
@nonce
@common
def command(
    caller: Caller,
    incident: str,
    ask: str | None,
    reason: str | None,
    targets: tuple[str, ...],
    document: str | None,
    sure: bool,
    nonce: str | None,
) -> None:
    """Approve what an incident asks of you. It is shown, with its hash, before you sign it.

    ASK is the step's id; leave it out when only one fits. --target names some of the targets that the document shows.
    Without a terminal it needs --yes.

    \b
    firedoor approve inc-ab12cd34ef --as omar
    firedoor approve inc-ab12cd34ef sign_off --as omar --target video-1 --reason "only this one is sure"
    firedoor approve inc-ab12cd34ef ratify --as omar --yes
    """
    said = asks.Answering("approve", "approve", reason, None, targets, document, nonce, sure)
    asks.answer(caller, incident, ask, said)
