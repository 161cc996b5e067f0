"""`firedoor answer`: answer any ask."""

from __future__ import annotations

import click

from firedoor.cli import asks
from firedoor.cli.options import Caller, common, nonce, yes


@click.command("answer")
@click.argument("incident")
@click.argument("ask")
@click.argument("choice")
@click.option("--reason", help="Why; it stands in the record.")
@click.option("--proof", help="What the task asks for as proof.")
@click.option("--document", metavar="HASH", help="Only if this is still the document, by its hash.")
@yes
@nonce
@common
def command(
    caller: Caller,
    incident: str,
    ask: str,
    choice: str,
    reason: str | None,
    proof: str | None,
    document: str | None,
    sure: bool,
    nonce: str | None,
) -> None:
    """Answer a question that the run put: continue, again, leave, retry, skip, keep, undo, stop, undo-all, not-due; answer a
    fact that is needed; or verify a review task.

    ASK is the step's id, or that of a review task. Without a terminal it needs --yes.

    \b
    firedoor answer inc-ab12cd34ef lock retry
    firedoor answer inc-ab12cd34ef ratify need-fact --reason "Is the owner travelling?"
    firedoor answer inc-ab12cd34ef task-1 verify --yes
    """
    asks.answer(
        caller,
        incident,
        ask,
        choice.replace("-", "_"),
        command=f"answer {choice}",
        reason=reason,
        proof=proof,
        document=document,
        nonce=nonce,
        sure=sure,
    )
