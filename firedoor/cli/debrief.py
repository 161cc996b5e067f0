"""`firedoor debrief`: who was asked what, who answered when, and what became of each clock."""

from __future__ import annotations

import click
from rich.console import Group, RenderableType
from rich.text import Text

from firedoor.cli.options import Caller, common
from firedoor.cli.screen import drill, heading, line, moment, seen, table
from firedoor.plan.time import written
from firedoor.records.debrief import Asked, ClockEnd, Debrief

_END_STYLE = {"met": "green", "met late": "bold red", "breached": "bold red", "missed": "yellow", "running": "bold"}


@click.command("debrief")
@click.argument("incident")
@common
def command(caller: Caller, incident: str) -> None:
    """Look back on a drill or an incident: who answered when, who was reminded, which clocks were met or missed.

    Of a drill that ran faster, the lengths are the playbook's own.

    \b
    firedoor debrief inc-ab12cd34ef
    firedoor debrief inc-ab12cd34ef --json | jq '.clocks[] | select(.end != "met")'
    """
    found = caller.front().get(f"/api/incidents/{incident}/debrief", Debrief)
    if caller.as_json:
        caller.screen.json(found)
    else:
        caller.screen.show(picture(found))


def picture(found: Debrief) -> Group:
    faster = f", {found.pace} times as fast" if found.pace > 1 else ""
    how = f"{found.ended} after {written(found.lasted or 0)}" if found.ended else "not over yet"
    parts: list[RenderableType] = [
        Text.assemble((seen(found.title), "bold"), drill(found.drill), f"  {found.incident}"),
        line(f"{found.playbook}{faster}. Launched at {moment(found.launched_at)}; {how}."),
        heading("Who answered when"),
        _asks(found.asks) if found.asks else line("  Nobody was asked anything."),
        heading("Clocks"),
        _clocks(found.clocks) if found.clocks else line("  None started."),
    ]
    return Group(*parts)


def _asks(asks: tuple[Asked, ...]) -> RenderableType:
    rows = table("What", "Asked", "Allowed", "Answered", "Besides")
    for ask in asks:
        rows.add_row(
            seen(ask.what),
            f"{moment(ask.at)}, {seen(', '.join(ask.to))}",
            written(ask.allowed) if ask.allowed is not None else "no deadline",
            _answers(ask),
            _besides(ask),
        )
    return rows


def _answers(ask: Asked) -> Text:
    if ask.answers:
        return Text("\n".join(seen(f"{one.who}: {one.what} after {written(one.took)}") for one in ask.answers))
    return Text(ask.end or "still open", style="bold red" if ask.end in (None, "unanswered") else "")


def _besides(ask: Asked) -> str:
    parts = [f"reminded {ask.reminded} times" if ask.reminded > 1 else "reminded"] if ask.reminded else []
    parts += [f"escalated to {seen(', '.join(ask.escalated))}"] if ask.escalated else []
    return "; ".join(parts)


def _clocks(clocks: tuple[ClockEnd, ...]) -> RenderableType:
    rows = table("Clock", "End", "")
    for clock in clocks:
        rows.add_row(seen(clock.name), Text(clock.end, style=_END_STYLE.get(clock.end, "")), _margin(clock))
    return rows


def _margin(clock: ClockEnd) -> str:
    if clock.margin is None:
        return f"was due at {moment(clock.due_at)}" if clock.end in ("breached", "missed") else ""
    return f"{written(clock.margin)} before its end" if clock.margin >= 0 else f"{written(-clock.margin)} too late"
