"""`firedoor reject`: refuse an approval."""

from __future__ import annotations

import click

from firedoor.cli import asks
from firedoor.cli.options import Caller, common, document, nonce, yes


@click.command("reject")
@click.argument("incident")
@click.argument("ask", required=False)
@click.option("--reason", help="Why; it stands in the record.")
@document
@yes
@nonce
@common
def command(
    caller: Caller,
    incident: str,
    ask: str | None,
    reason: str | None,
    document: str | None,
    sure: bool,
    nonce: str | None,
) -> None:
    """Refuse what an incident asks of you. One refusal decides; what it means is shown before.

    Without a terminal it needs --yes.

    \b
    firedoor reject inc-ab12cd34ef --as omar --reason "the owner is posting it on purpose"
    """
    said = asks.Answering("reject", "reject", reason, document=document, nonce=nonce, sure=sure)
    asks.answer(caller, incident, ask, said)
