"""Answering: the ask is found, what is signed is shown, and the answer names exactly that."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import click
from rich.console import Group, RenderableType
from rich.text import Text

from firedoor.cli.front import Front, new_nonce, told
from firedoor.cli.options import Caller
from firedoor.cli.screen import heading, left, line, seen, severity
from firedoor.protocol import Receipt, ReviewView, View
from firedoor.web import naming
from firedoor.web.messages import AnswerRequest, Inbox, InboxLine, Shown

MOST_LISTED: Final = 20


def answer(
    caller: Caller,
    incident: str,
    named: str | None,
    choice: str,
    *,
    command: str,
    reason: str | None = None,
    proof: str | None = None,
    targets: tuple[str, ...] = (),
    document: str | None = None,
    nonce: str | None = None,
    sure: bool = False,
) -> None:
    """Answer one ask of the caller's. `document` insists on what was seen earlier, by its hash."""
    front = caller.front()

    def typed(name: str) -> str:
        return caller.typed(_line(command, incident, name, reason, proof, targets))

    ask = find(front, incident, named, choice, typed, as_json=caller.as_json)
    review = ask.kind in ("review", "verify")
    shown = front.get(f"/api/incidents/{incident}/documents/{ask.ask}", Shown, review=review or None)
    if not caller.as_json:
        caller.screen.err.print(picture(ask, shown))
    if proof is None and ask.proof and choice == "done" and caller.screen.asks:
        proof = click.prompt(f"{ask.proof.capitalize()}", err=True)
    caller.confirm(f"{choice.replace('_', ' ').capitalize()}?", sure=sure)
    nonce = nonce or new_nonce()
    request = AnswerRequest(
        ask=ask.ask,
        choice=choice,
        document=document or shown.document,
        nonce=nonce,
        reason=reason,
        proof=proof,
        targets=targets or None,
        review=review,
    )
    same = [*_line(command, incident, ask.ask, reason, proof, targets), "--document", shown.document, "--yes"]
    again = caller.typed(same, nonce)
    receipt = front.word(f"/api/incidents/{incident}/answers", request, Receipt, again)
    if caller.as_json:
        caller.screen.json(receipt)
    else:
        caller.screen.show(line((receipt.says, "bold green"), (f"  receipt {receipt.nonce}, row {receipt.row}", "dim")))


def _line(
    command: str, incident: str, ask: str, reason: str | None, proof: str | None, targets: tuple[str, ...]
) -> list[str]:
    """The words that answer this ask."""
    verb, _, choice = command.partition(" ")
    parts = [verb, incident, ask, *([choice] if choice else [])]
    parts += ["--reason", reason] if reason else []
    parts += ["--proof", proof] if proof else []
    parts += [part for target in targets for part in ("--target", target)]
    return parts


def find(
    front: Front, incident: str, named: str | None, choice: str, typed: Callable[[str], str], *, as_json: bool
) -> InboxLine:
    """The ask that is meant: by its id, by its step's name or path, or the only one that fits.

    In a loop the step's name alone will do while only one round asks. `typed` is the command line for an ask.
    """
    inbox = front.get("/api/inbox", Inbox)
    if incident in inbox.silent:
        raise told(
            f"{incident} does not answer, so nothing was sent.",
            "Its worker is away or too slow. Try again in a moment; `firedoor up` says what became of it.",
            error="no-worker",
            as_json=as_json,
        )
    mine = [ask for ask in inbox.asks if ask.incident == incident]
    fits = [ask for ask in mine if choice in ask.choices]
    if named:
        called = _called(mine, named)
        fits = [ask for ask in called if choice in ask.choices] or called or _others(front, incident, named)
    if len(fits) == 1:
        return fits[0]
    if fits:
        lines = [f"  {typed(_name(ask, mine))}\n      {ask.words}" for ask in fits[:MOST_LISTED]]
        lines += [f"  and {len(fits) - MOST_LISTED} more: see `firedoor inbox`"] if len(fits) > MOST_LISTED else []
        raise told(f"{len(fits)} questions fit. Say which one:", "\n".join(lines), error="ambiguous", as_json=as_json)
    raise told(
        f"{incident} asks you nothing that is answered with “{choice}”" + (f", called {named}." if named else "."),
        "See `firedoor inbox` for what waits for you, and `firedoor show` for whom it waits.",
        error="no-such-ask",
        as_json=as_json,
    )


def _called(asks: Sequence[InboxLine], named: str) -> list[InboxLine]:
    """Those of that name; else, of a step in a loop, those of all rounds."""
    exact = [ask for ask in asks if named in (ask.ask, ask.step)]
    return exact or [ask for ask in asks if re.fullmatch(rf"{re.escape(named)}(\[\d+\])+", ask.step)]


def _name(ask: InboxLine, among: list[InboxLine]) -> str:
    """The shortest name that tells it from the others."""
    alone = sum(other.step == ask.step for other in among) == 1
    return ask.step if ask.step and alone else ask.ask


def _others(front: Front, incident: str, named: str) -> list[InboxLine]:
    """An ask that is somebody else's: whoever insists is told by the run why it is not theirs."""
    view = front.get(f"/api/incidents/{incident}", View)
    names = naming.names(view.steps)
    asks = [
        InboxLine(
            incident=incident,
            title=view.title,
            severity=view.severity,
            kind=ask.kind,
            ask=ask.id,
            step=names.get(ask.step, ask.step),
            words=ask.words,
            choices=ask.choices,
            deadline=ask.deadline,
            silence=ask.silence,
            proof=ask.proof,
            facts=ask.facts,
            document=ask.document,
        )
        for ask in view.asks
    ]
    by_path = [line for line, ask in zip(asks, view.asks, strict=True) if named == ask.step]
    return _called(asks, named) or by_path or (_tasks(front, view, named) if view.review else [])


def _tasks(front: Front, view: View, named: str) -> list[InboxLine]:
    return [
        InboxLine(
            incident=view.incident,
            title=view.title,
            severity=view.severity,
            kind="verify" if item.state == "done" else "review",
            ask=item.id,
            step=item.id,
            words=item.words,
            choices=("verify", "again") if item.state == "done" else ("done",),
            deadline=item.due_at,
            document=item.document,
        )
        for item in front.get(f"/api/incidents/{view.incident}/review", ReviewView).items
        if item.id == named
    ]


# --- what is signed -------------------------------------------------------------------------------------------------


def picture(ask: InboxLine, shown: Shown) -> Group:
    """The document in words: what is asked, what it unlocks, what silence means, and the hash that is signed."""
    said = json.loads(shown.text)
    parts: list[RenderableType] = [
        Text.assemble(severity(said.get("severity")), " ", (seen(said.get("question")), "bold")),
        line((f"{ask.incident}, {ask.title}", "dim")),
    ]
    parts += [line("  ", (f"{name.replace('_', ' ')}: ", "bold"), _value(value)) for name, value in _shown(said)]
    unlocks = said.get("unlocks") or []
    if unlocks:
        parts.append(heading("If it is approved"))
        parts += [line("  ", _act(act)) for act in unlocks]
    if said.get("kind") == "approval" and not unlocks:
        parts.append(line("  It unlocks no act; the run goes on."))
    if ask.facts:
        parts.append(heading("Facts that were asked for"))
        parts += [line("  ", seen(fact)) for fact in ask.facts]
    if ask.deadline or ask.silence:
        silence = f"If nobody answers: {ask.silence}. " if ask.silence else ""
        parts.append(Text.assemble(seen(silence), left(ask.deadline)))
    parts.append(line((f"Document {shown.document}", "dim")))
    return Group(*parts)


def _shown(said: dict[str, Any]) -> list[tuple[str, Any]]:
    found = list((said.get("shown") or {}).items())
    if said.get("added"):
        found.append(("added", said["added"]))
    found += [(name, said[name]) for name in ("targets", "why", "proof", "done_by", "status") if said.get(name)]
    if said.get("seats"):
        found.append(("seats", [f"{seat['seats']} of {seat['who']}" for seat in said["seats"]]))
    return found


def _act(act: dict[str, Any]) -> str:
    targets = act.get("targets")
    if targets is None:
        most = f", at most {act['at_most']}" if act.get("at_most") is not None else ""
        on = f" on what {act.get('read') or 'is found later'} finds{most}"
    elif targets == [""]:
        on = ""
    else:
        on = f" on {_value(targets)}"
    arguments = ", ".join(f"{name}: {_value(value)}" for name, value in (act.get("arguments") or {}).items())
    return f"{act.get('action')}{on}" + (f" ({arguments})" if arguments else "")


def _value(value: Any) -> str:
    match value:
        case None:
            return "not given"
        case bool():
            return "yes" if value else "no"
        case list():
            more = f" and {len(value) - 10} more" if len(value) > 10 else ""
            return ", ".join(_value(one) for one in value[:10]) + more
        case _:
            return str(value)
