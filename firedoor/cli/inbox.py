"""`firedoor inbox`: what waits for you."""

from __future__ import annotations

import click

from firedoor.cli.options import Caller, common
from firedoor.cli.screen import left, line, seen, severity, table
from firedoor.web.messages import Inbox


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
            ask.incident, severity(ask.severity), ask.step, seen(ask.words), left(ask.deadline), ", ".join(ask.choices)
        )
    caller.screen.show(rows)
    first = found.asks[0]
    how = {"approval": "approve", "task": "done", "review": "done"}.get(first.kind, "answer")
    choice = " CHOICE" if how == "answer" else ""
    caller.screen.show(line((f"\nTo answer: firedoor {how} {first.incident} {first.step}{choice}", "dim")))
