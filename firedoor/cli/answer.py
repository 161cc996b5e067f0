"""`firedoor answer`: answer any ask."""

from __future__ import annotations

import click

from firedoor.cli import asks
from firedoor.cli.options import Caller, common, document, nonce, yes


@click.command("answer")
@click.argument("incident")
@click.argument("words", nargs=-1, required=True, metavar="[ASK] CHOICE")
@click.option("--reason", help="Why; it stands in the record.")
@click.option("--proof", help="What the task asks for as proof.")
@document
@yes
@nonce
@common
def command(
    caller: Caller,
    incident: str,
    words: tuple[str, ...],
    reason: str | None,
    proof: str | None,
    document: str | None,
    sure: bool,
    nonce: str | None,
) -> None:
    """Answer a question that the run put: continue, again, leave, retry, skip, keep, undo, stop, undo-all, not-due; answer a
    fact that is needed; or verify a review task.

    ASK is the name that inbox and show print: the step's id; for what is asked about the run as a whole what it is about,
    as held or clock; the id of a review task. Leave it out when only one question takes the choice. Without a terminal it
    needs --yes.

    \b
    firedoor answer inc-ab12cd34ef lock retry
    firedoor answer inc-ab12cd34ef ratify need-fact --reason "Is the owner travelling?"
    firedoor answer inc-ab12cd34ef task-1 verify --yes
    """
    if len(words) > 2:
        raise click.UsageError(f"It takes [ASK] CHOICE, and {len(words)} words were given: put quotes around a name.")
    *named, choice = words
    said = asks.Answering(choice.replace("-", "_"), "answer", reason, proof, document=document, nonce=nonce, sure=sure)
    asks.answer(caller, incident, named[0] if named else None, said)
