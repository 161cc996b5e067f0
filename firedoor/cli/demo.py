"""`firedoor demo`: the main job on real parts, from start to end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from firedoor.demo.responder import DemoFailed
from firedoor.demo.screen import Teller
from firedoor.demo.stage import set_up
from firedoor.demo.story import play
from firedoor.embedded.process import ProgramFailed
from firedoor.installation import shipped_book


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-run"),
    show_default=True,
    help="Where the demo's servers keep their data, and where the timelines are written. It is emptied first.",
)
def command(folder: Path) -> None:
    """Two accounts of public office are taken over; watch what happens.

    It starts a real Matrix homeserver, a Temporal server, a worker and the front door on this machine, plays a
    takeover and a false alarm on them, and ends them all. Nothing is scripted but who does what: what is printed is
    what the servers answered.
    """
    tell = Teller()
    try:
        written = asyncio.run(_demo(folder.resolve(), tell))
    except (DemoFailed, ProgramFailed) as failure:
        raise click.ClickException(f"{failure}\nLogs are in {folder}.") from failure
    tell.chapter("Nothing is left running. What happened, with every signature:")
    tell.last(str(written))


async def _demo(folder: Path, tell: Teller) -> Path:
    """Returns the file with the timelines of both incidents."""
    async with set_up(folder, shipped_book(), tell) as stage:
        records = await play(stage)
    written = folder / "timeline.md"
    written.write_text("\n\n".join(records))
    return written
