"""`firedoor export`: the record of an incident, as a file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from firedoor.cli.front import told
from firedoor.cli.options import Caller, common


@click.command("export")
@click.argument("incident")
@click.option("--format", "form", type=click.Choice(["md", "json"]), default="md", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@common
def command(caller: Caller, incident: str, form: str, output: Path | None) -> None:
    """Write the record: the timeline, every decision with its signature, what was refused. Works without the engine.

    \b
    firedoor export inc-ab12cd34ef -o takeover.md
    firedoor export inc-ab12cd34ef --format json | jq '.timeline[].words'
    """
    form = "json" if caller.as_json else form
    front, path = caller.front(), f"/api/incidents/{incident}/export"
    if form == "json":
        text = json.dumps(front.data(path, format="json"), ensure_ascii=False, indent=2) + "\n"
    else:
        text = front.text(path, format="md")
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise told(
            f"{output} cannot be written: {error.strerror}.", "Name another file with -o.", as_json=caller.as_json
        ) from error
    if caller.as_json:
        caller.screen.json({"written": str(output)})
    else:
        caller.screen.say(f"Written to {output}")
