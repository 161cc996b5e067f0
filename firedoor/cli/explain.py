"""`firedoor explain`: tell a playbook as prose."""

from __future__ import annotations

from pathlib import Path

import click

from firedoor.cli.playbook import book_option, compiled, language, language_option, write
from firedoor.cli.screen import Screen, seen
from firedoor.explain import explain, layout

MOST_COLUMNS = 100
"""Longer lines are hard to read, however wide the terminal is."""


@click.command("explain")
@click.argument("playbook", metavar="FILE|PLAYBOOK")
@book_option
@language_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md"]),
    default="text",
    show_default=True,
    help="text: for the terminal. md: Markdown, for a repository, a wiki or a mail.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(
    playbook: str, book: Path | None, language_: str | None, form: str, output: Path | None, as_json: bool
) -> None:
    """Tell a playbook as prose that a lawyer or an executive can read.

    When to use it, what is asked, who signs until when, what a no and a silence mean, what is contained and how it is
    undone, every time limit with its worst case, how long each step can take, and what the review does. Steps have the
    numbers that `firedoor graph` gives them. --language picks the author's own texts; what is told around them is English.

    \b
    firedoor explain high-profile-takeover
    firedoor explain playbooks/livestreamed-attack.yaml --language de
    firedoor explain livestreamed-attack --format md -o livestreamed-attack.md
    """
    screen = Screen(as_json=as_json)
    found, plan = compiled(playbook, book, screen)
    told = explain(plan, found.organization, language(plan, language_), found.clocks)
    if as_json and output is None:
        screen.json(told)
        return
    if form == "md":
        text = layout.markdown(told)
    else:
        on_screen = output is None and screen.out.is_terminal
        text = layout.text(told, min(screen.out.width, MOST_COLUMNS) if on_screen else MOST_COLUMNS)
    write("".join(f"{seen(line)}\n" for line in text.splitlines()), output, screen)
