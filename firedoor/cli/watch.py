"""`firedoor watch`: an incident as it happens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Final, get_args

import click
from rich.live import Live

from firedoor.cli import picture
from firedoor.cli.front import Front, Told
from firedoor.cli.options import Caller, common
from firedoor.cli.screen import line, seen
from firedoor.protocol import Forced, Row, View

EVERY: Final = 1.0
_PASSING: Final = ("server-down", "no-worker", "unreachable", "down", "fault")


@click.command("watch")
@click.argument("incident")
@click.option(
    "--until",
    type=click.Choice(["holding", "closed"]),
    default="closed",
    show_default=True,
    help="End when the response has ended (holding), or when the run has (closed).",
)
@common
def command(caller: Caller, incident: str, until: str) -> None:
    """Watch an incident: the next act, clocks counting, who is waited for. In a pipe, a line for each thing that happens.

    \b
    firedoor watch inc-ab12cd34ef
    firedoor watch inc-ab12cd34ef --until holding | tee log
    """
    follow(caller, caller.front(), incident, until)


def follow(caller: Caller, front: Front, incident: str, until: str) -> None:
    """Show it until its response (holding) or its run (closed) has ended."""
    views = _views(caller, front, incident, until)
    if caller.screen.out.is_terminal and not caller.as_json:
        _live(caller, views)
    else:
        _lines(caller, views)


def _views(caller: Caller, front: Front, incident: str, until: str) -> Iterator[View]:
    """A view each second, its rows being the new ones. An engine that is away is waited for."""
    since = 0
    seen_once = away = False
    while True:
        try:
            view = front.get(f"/api/incidents/{incident}", View, since=since)
        except Told as told:
            if told.problem.error not in _PASSING or not seen_once:
                raise
            if not away:
                caller.screen.say(f"{told.problem.says} Waiting for it to come back.", "bold yellow")
            away = True
            time.sleep(EVERY)
            continue
        if away:
            caller.screen.say("It is back.", "green")
            away = False
        yield view
        seen_once = True
        since = view.next_row
        if view.more:
            continue
        if view.phase == "closed" or view.ended in get_args(Forced) or (until == "holding" and view.phase == "holding"):
            return
        time.sleep(EVERY)


def _live(caller: Caller, views: Iterator[View]) -> None:
    rows: list[Row] = []
    with Live(console=caller.screen.out, auto_refresh=False, vertical_overflow="visible", screen=False) as live:
        for view in views:
            rows = [*rows, *view.rows][-15:]
            live.update(
                picture.whole(view.model_copy(update={"rows": tuple(rows)}), rows=10, steps=False), refresh=True
            )


def _lines(caller: Caller, views: Iterator[View]) -> None:
    before = ""
    for view in views:
        for row in view.rows:
            if caller.as_json:
                click.echo(json.dumps(row.model_dump(mode="json"), ensure_ascii=False))
            else:
                caller.screen.show(line(f"{row.at:%H:%M:%S} {row.words}"))
        if not caller.as_json and not view.more and view.next_act != before:
            caller.screen.show(line(f"         {seen(view.next_act)}"))
            before = view.next_act
