"""`firedoor drill`: a game day on a running installation. People answer for real; nothing is contained for real."""

from __future__ import annotations

import click

from firedoor.cli import debrief, launch, watch
from firedoor.cli.options import Caller, common, nonce, yes
from firedoor.cli.screen import line
from firedoor.plan.pace import MOST_PACE
from firedoor.records.debrief import Debrief


@click.command("drill")
@click.argument("playbook")
@launch.what
@click.option(
    "--speed",
    type=click.IntRange(1, MOST_PACE),
    default=1,
    show_default=True,
    help="How many times as fast the playbook's deadlines, waits and clocks run.",
)
@click.option("--stay", is_flag=True, help="Watch it, and look back when its response has ended.")
@yes
@nonce
@common
def command(
    caller: Caller,
    playbook: str,
    given: tuple[str, ...],
    listed: tuple[str, ...],
    aware_at: str | None,
    region: str | None,
    title: str,
    speed: int,
    stay: bool,
    sure: bool,
    nonce: str | None,
) -> None:
    """Drill a playbook with your people: a game day on this installation.

    Everyone is asked for real, on their real screens and channels, and every message and page says DRILL. Acts go
    to doubles: nothing is contained, no user and nobody outside is told. Questions to systems are asked for real, and all
    else is as in earnest. At its end
    `firedoor debrief` says who answered when, and which clocks would have been missed; so does --stay.

    \b
    firedoor drill high-profile-takeover --as ana
    firedoor drill high-profile-takeover --as ana --speed 10 --yes \\
      --set accounts=@mayor:platform.example --set public_office=yes
    """
    wanted = launch.Wanted(
        playbook, given, aware_at, region, title, drill=True, pace=speed, sure=sure, nonce=nonce, listed=listed
    )
    launched = launch.begin(caller, wanted)
    if not stay:
        caller.screen.say(f"At its end: firedoor debrief {launched.incident}")
        return
    front = caller.front()
    watch.follow(caller, front, launched.incident, "holding")
    found = front.get(f"/api/incidents/{launched.incident}/debrief", Debrief)
    if caller.as_json:
        caller.screen.json(found)
    else:
        caller.screen.show(line(""), debrief.picture(found))
