"""Answering: the ask is found, what is signed is shown, and the answer names exactly that."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Final

import click

from firedoor.cli import document as documents
from firedoor.cli.finding import REVIEWING, Finder, spelt
from firedoor.cli.front import Front, new_nonce
from firedoor.cli.options import Caller
from firedoor.cli.screen import line
from firedoor.protocol import Receipt
from firedoor.run.validity import must_say
from firedoor.web.messages import AnswerRequest, InboxLine, Shown

VERBS: Final = {"approval": "approve", "task": "done", "review": "done"}
"""The command for what is asked, by its kind; any other is for `answer`."""


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer as it was typed. `document` insists on what was seen earlier, by its hash."""

    choice: str
    verb: str
    reason: str | None = None
    proof: str | None = None
    targets: tuple[str, ...] = ()
    document: str | None = None
    nonce: str | None = None
    sure: bool = False

    def words(self, incident: str, ask: str) -> list[str]:
        """The command that says so of this ask."""
        parts = [self.verb, incident, ask, *([spelt(self.choice)] if self.verb == "answer" else [])]
        parts += ["--reason", self.reason] if self.reason else []
        parts += ["--proof", self.proof] if self.proof else []
        parts += [part for target in self.targets for part in ("--target", target)]
        parts += ["--document", self.document] if self.document else []
        parts += ["--yes"] if self.sure else []
        return parts

    @property
    def is_said_again(self) -> bool:
        """Whether this is the line that was printed when the fate of a word was not known."""
        return bool(self.sure and self.nonce and self.document)


def answer(caller: Caller, incident: str, named: str | None, said: Answering) -> None:
    """Answer one ask of the caller's, by its id, its name, or as the only one that fits."""
    front = caller.front()
    if said.is_said_again and named and ":" in named:  # an ask of a run: it may be closed since, by this very word
        _send(caller, front, incident, named, said, review=False)
        return

    def typed(ask: InboxLine, name: str) -> str:
        proof = said.proof or ("…" if ask.proof and said.choice == "done" else None)
        return caller.typed(replace(said, proof=proof).words(incident, name))

    ask = Finder(front, incident, said.choice, typed, caller.as_json).find(named)
    review = ask.kind in REVIEWING
    shown = front.get(f"/api/incidents/{incident}/documents/{ask.ask}", Shown, review=review or None)
    if not caller.screen.asks:
        _check(ask, shown, said)
    if not caller.as_json:
        caller.screen.err.print(documents.picture(ask, shown))
    said = _completed(ask, shown, said)
    caller.confirm(f"{said.choice.replace('_', ' ').capitalize()}?", sure=said.sure)
    _send(caller, front, incident, ask.ask, replace(said, document=said.document or shown.document), review=review)


def _send(caller: Caller, front: Front, incident: str, ask: str, said: Answering, *, review: bool) -> None:
    assert said.document is not None  # noqa: S101  # what is signed is named
    nonce = said.nonce or new_nonce()
    request = AnswerRequest(
        ask=ask,
        choice=said.choice,
        document=said.document,
        nonce=nonce,
        reason=said.reason,
        proof=said.proof,
        targets=said.targets or None,
        review=review,
    )
    again = caller.typed(replace(said, sure=True).words(incident, ask), nonce)
    receipt = front.word(f"/api/incidents/{incident}/answers", request, Receipt, again)
    if caller.as_json:
        caller.screen.json(receipt)
    else:
        caller.screen.show(line((receipt.says, "bold green"), (f"  receipt {receipt.nonce}, row {receipt.row}", "dim")))


# --- what has to be said besides ------------------------------------------------------------------------------------


def _reason(shown: Shown, said: Answering) -> str:
    """What the reason has to say that is missing; empty where none is."""
    return "" if said.reason else must_say(json.loads(shown.text).get("why"), said.choice).removesuffix(".")


def _needs_proof(ask: InboxLine, said: Answering) -> bool:
    return bool(ask.proof and ask.kind == "task" and not said.proof)


def _check(ask: InboxLine, shown: Shown, said: Answering) -> None:
    """Raises a usage error that names each option which is missing."""
    missing = [f"{words}: --reason"] if (words := _reason(shown, said)) else []
    missing += [f"Give the {ask.proof} as proof: --proof"] if _needs_proof(ask, said) else []
    if missing:
        raise click.UsageError(". ".join(missing) + ". Nothing was done.")


def _completed(ask: InboxLine, shown: Shown, said: Answering) -> Answering:
    """With what the person at the terminal adds when asked for it."""
    if words := _reason(shown, said):
        said = replace(said, reason=click.prompt(words, err=True))
    if ask.proof and _needs_proof(ask, said):
        said = replace(said, proof=click.prompt(ask.proof.capitalize(), err=True))
    return said
