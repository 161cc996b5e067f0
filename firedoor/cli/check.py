"""`firedoor check`: compile a book, and say all that is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from firedoor import compiler
from firedoor.cli.screen import Screen
from firedoor.compiler import renderers
from firedoor.installation import BOOK


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "line", "json"]),
    default="text",
    show_default=True,
    help="text: with the line, a caret and the fix. line: one line each. json: for programs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], form: str, as_json: bool) -> None:
    """Check a book, or single files of one. Default: FIREDOOR_BOOK, or playbooks here.

    Exits with 0 when nothing stops a launch, with 1 when something does.

    \b
    firedoor check
    firedoor check playbooks/high-profile-takeover.yaml --format line
    """
    named = paths or (Path(os.environ.get(BOOK) or "playbooks"),)
    if not named[0].exists():
        raise click.UsageError(f"There is no {named[0]}: name the folder of a book.")
    findings = compiler.check(named)
    screen = Screen(as_json=as_json)
    match "json" if as_json else form:
        case "json":
            click.echo(renderers.as_json(findings), nl=False)
        case "line":
            click.echo(renderers.one_line(findings), nl=False)
        case _:
            click.echo(renderers.text(findings, colour=screen.out.is_terminal and not screen.out.no_color), nl=False)
            screen.say(renderers.summary(findings) if findings else "Nothing is wrong.")
    ctx.exit(compiler.exit_code(findings))
