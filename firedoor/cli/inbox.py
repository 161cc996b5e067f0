"""`firedoor inbox`: what waits for you."""

from __future__ import annotations

import shlex

import click
from rich.text import Text

from firedoor.cli import asks
from firedoor.cli.finding import spelt
from firedoor.cli.options import Caller, common
from firedoor.cli.screen import left, line, seen, severity, table
from firedoor.web import naming
from firedoor.web.messages import Inbox, InboxLine


@click.command("inbox")
@common
def command(caller: Caller) -> None:
    """List what waits for you, over all incidents and reviews, the most urgent first.

    \b
    firedoor inbox --as omar
    """
    found = caller.front().get("/api/inbox", Inbox)
    if caller.as_json:
        caller.screen.json(found)
        return
    for incident in found.silent:
        caller.screen.say(f"{incident} does not answer; something of it may be missing here.", "bold yellow")
    if not found.asks:
        caller.screen.say(f"Nothing waits for {found.person}.")
        return
    rows = table("Incident", "", "Ask", "What", "Time", "Answers")
    for ask in found.asks:
        rows.add_row(
            ask.incident,
            severity(ask.severity),
            seen(naming.shortest(ask, _beside(found, ask))),
            Text.assemble(("DRILL ", "bold magenta") if ask.drill else "", seen(ask.words)),
            left(ask.deadline),
            ", ".join(spelt(choice) for choice in ask.choices),
        )
    caller.screen.show(rows)
    first = found.asks[0]
    words = [asks.VERBS.get(first.kind, "answer"), first.incident, naming.shortest(first, _beside(found, first))]
    more = " CHOICE" if words[0] == "answer" else " --proof …" if first.proof else ""
    caller.screen.show(line((f"\nTo answer: firedoor {shlex.join(words)}{more}", "dim")))


def _beside(found: Inbox, ask: InboxLine) -> list[InboxLine]:
    return [one for one in found.asks if one.incident == ask.incident]
