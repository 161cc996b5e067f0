"""`firedoor show`: one incident as it stands now."""

from __future__ import annotations

import click

from firedoor.cli import picture
from firedoor.cli.front import Told
from firedoor.cli.options import Caller, common
from firedoor.protocol import ReviewView, View


@click.command("show")
@click.argument("incident")
@click.option("--rows", default=20, show_default=True, help="Latest lines of the timeline.")
@common
def command(caller: Caller, incident: str, rows: int) -> None:
    """Show an incident: the next act, who is waited for, the clocks, what is contained, what happened.

    \b
    firedoor show inc-ab12cd34ef
    firedoor show inc-ab12cd34ef --json
    """
    front = caller.front()
    view = front.get(f"/api/incidents/{incident}", View)
    pages = [view]
    while pages[-1].more:
        pages.append(front.get(f"/api/incidents/{incident}", View, since=pages[-1].next_row))
    view = pages[-1].model_copy(update={"rows": tuple(row for page in pages for row in page.rows)})
    if caller.as_json:
        caller.screen.json(view)
        return
    caller.screen.show(picture.whole(view, rows=rows))
    if view.review:
        try:
            caller.screen.show(picture.review(front.get(f"/api/incidents/{incident}/review", ReviewView)))
        except Told as told:
            caller.screen.say(told.problem.says)
