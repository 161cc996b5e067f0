"""`firedoor check`: compile a book, and say all that is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from firedoor import compiler
from firedoor.cli.screen import Screen
from firedoor.compiler import figures, renderers
from firedoor.installation import BOOK


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "line", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="text: with the line, a caret and the fix. line: one line each. json: for programs. "
    "github: annotations of a workflow. sarif: SARIF 2.1.",
)
@click.option("--clocks", "sums", is_flag=True, help="Show how the worst case of each clock adds up.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], form: str, sums: bool, as_json: bool) -> None:
    """Check a book, or single files of one. Default: FIREDOOR_BOOK, playbooks here, or the shipped book.

    Says as well how long each clock takes at worst to be met, and what is left for launching late.

    Exits with 0 when nothing stops a launch, with 1 when something does.

    \b
    firedoor check
    firedoor check playbooks --clocks
    firedoor check playbooks/high-profile-takeover.yaml --format line
    """
    named = paths or (Path(os.environ.get(BOOK) or "playbooks"),)
    if not named[0].exists():
        raise click.UsageError(f"There is no {named[0]}: name the folder of a book.")
    checked = compiler.look(named)
    findings = checked.findings
    screen = Screen(as_json=as_json)
    match "json" if as_json else form:
        case "json":
            click.echo(renderers.as_json(findings, checked.clocks), nl=False)
        case "line":
            click.echo(renderers.one_line(findings), nl=False)
        case "github":
            click.echo(renderers.github(findings), nl=False)
        case "sarif":
            click.echo(renderers.sarif(findings), nl=False)
        case _:
            click.echo(renderers.text(findings, colour=screen.out.is_terminal and not screen.out.no_color), nl=False)
            shown = figures.text(checked.clocks, sums=sums)
            click.echo(f"\n{shown}" if findings and shown else shown, nl=False)
            said = renderers.summary(findings) if findings else "nothing is wrong."
            looked_at = _looked_at(checked)
            screen.say(f"{looked_at}: {said}" if looked_at else f"{said[:1].upper()}{said[1:]}")
    ctx.exit(compiler.exit_code(findings))


def _looked_at(checked: compiler.Checked) -> str:
    """ "3 playbooks, 9 messages", or nothing where only shared files were."""
    counts = ((checked.playbooks, "playbook"), (checked.messages, "message"))
    return ", ".join(f"{count} {noun}{'s' * (count != 1)}" for count, noun in counts if count)
