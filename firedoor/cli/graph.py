"""`firedoor graph`: draw a playbook."""

from __future__ import annotations

from pathlib import Path

import click

from firedoor.cli.playbook import book_option, compiled, language, language_option, write
from firedoor.cli.screen import Screen
from firedoor.explain import Reader
from firedoor.graph import mermaid, svg


@click.command("graph")
@click.argument("playbook", metavar="FILE|PLAYBOOK")
@book_option
@language_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "mermaid"]),
    default="svg",
    show_default=True,
    help="svg: a picture for a browser, a document or a printer. mermaid: text that GitHub and wikis draw in Markdown.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs: the picture as text in it.")
def command(
    playbook: str, book: Path | None, language_: str | None, form: str, output: Path | None, as_json: bool
) -> None:
    """Draw a playbook: a lane for each team, time from top to bottom.

    Decisions with their seats, deadlines, and what a no and a silence lead to; acts with what lets them be done, what
    undoes them and when they lapse; tasks, waits, loops; each time limit as a bar to the step that meets it. Steps have the
    numbers of `firedoor explain`.

    \b
    firedoor graph high-profile-takeover -o takeover.svg
    firedoor graph playbooks/livestreamed-attack.yaml --language de -o attack.svg
    firedoor graph livestreamed-attack --format mermaid
    """
    screen = Screen(as_json=as_json)
    found, plan = compiled(playbook, book, screen)
    reader = Reader(plan, found.organization, language(plan, language_))
    text = mermaid(reader) if form == "mermaid" else svg(reader)
    if as_json and output is None:
        screen.json({"playbook": plan.playbook, "version": plan.version, "digest": plan.digest, form: text})
        return
    write(text, output, screen)
