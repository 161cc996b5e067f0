"""`firedoor done`: a task is done."""

from __future__ import annotations

import click

from firedoor.cli import asks
from firedoor.cli.options import Caller, common, document, nonce, yes


@click.command("done")
@click.argument("incident")
@click.argument("ask", required=False)
@click.option("--reason", help="Why, or how; it stands in the record.")
@click.option("--proof", help="What the task asks for as proof: a case number, a filing reference.")
@document
@yes
@nonce
@common
def command(
    caller: Caller,
    incident: str,
    ask: str | None,
    reason: str | None,
    proof: str | None,
    document: str | None,
    sure: bool,
    nonce: str | None,
) -> None:
    """Say that your task is done: one of the incident, or of its review.

    ASK is the step's id; leave it out when only one fits. In a loop add the round, as in 'identity[2]', when more than
    one is open. Without a terminal it needs --yes.

    \b
    firedoor done inc-ab12cd34ef identity --proof CASE-1
    firedoor done inc-ab12cd34ef 'identity[1]' --proof CASE-1 --yes
    """
    said = asks.Answering("done", "done", reason, proof, document=document, nonce=nonce, sure=sure)
    asks.answer(caller, incident, ask, said)
