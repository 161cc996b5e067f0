"""`firedoor list`: the incidents there are."""

from __future__ import annotations

import click
from rich.text import Text

from firedoor.cli.options import Caller, common
from firedoor.cli.screen import left, line, moment, seen, severity, table
from firedoor.web.messages import Incidents


@click.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that have ended.")
@common
def command(caller: Caller, everything: bool) -> None:
    """List incidents, newest first.

    \b
    firedoor list
    firedoor list --all --json
    """
    found = caller.front().get("/api/incidents", Incidents, all=everything)
    if caller.as_json:
        caller.screen.json(found)
        return
    if not found.live:
        caller.screen.say("The engine does not answer. This is what was written down last.", "bold yellow")
    if not found.incidents:
        caller.screen.say("No incident is running." if not everything else "There has been no incident.")
        return
    rows = table("Incident", "", "Title", "State", "Waits for", "Next due", "Launched")
    for one in found.incidents:
        rows.add_row(
            one.incident,
            severity(one.severity),
            seen(one.title) + (" (drill)" if one.drill else ""),
            one.phase,
            seen(one.waiting_on or ""),
            left(one.next_due) if one.next_due else Text(""),
            f"{moment(one.launched_at)} {seen(one.launched_by)}",
        )
    caller.screen.show(rows)
    for one in found.incidents:
        if one.says:
            caller.screen.show(line((one.incident, "bold red"), f" {one.says}"))
