"""`firedoor diff`: what changed between two versions of a playbook or a book, in plain words."""

from __future__ import annotations

import os
from pathlib import Path

import click

from firedoor.cli.screen import Screen
from firedoor.comparing import LANGUAGES, renderers
from firedoor.comparing.commits import NoVersion, Repository
from firedoor.comparing.speech import Speech
from firedoor.comparing.versions import Compared, of_commits, of_paths
from firedoor.installation import BOOK


@click.command("diff")
@click.argument("versions", nargs=-1, required=True, metavar="OLD NEW")
@click.option("--git", "in_git", is_flag=True, help="OLD and NEW are commits; a book or a playbook may follow.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="The language of the sentences, and of the playbook's own texts where it has them.",
)
@click.option("--texts", is_flag=True, help="Show changed texts and messages word by word.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "json"]),
    default="text",
    show_default=True,
    help="text: for a terminal. md: for a pull request. json: for programs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def command(
    ctx: click.Context, versions: tuple[str, ...], in_git: bool, language: str, texts: bool, form: str, as_json: bool
) -> None:
    """Say what changed between two versions of a playbook or of a whole book, what matters most first.

    OLD and NEW are two playbooks or two books. With --git they are commits, and a book or a playbook may follow
    (default: FIREDOOR_BOOK, playbooks here, or the shipped book); without NEW it is compared as it lies here.

    Exits with 0 when nothing that matters changed, with 1 when something did.

    \b
    firedoor diff playbooks my-playbooks
    firedoor diff --git HEAD playbooks/high-profile-takeover.yaml --texts
    firedoor diff --git HEAD~1 HEAD playbooks --language de
    firedoor diff --git HEAD~1 HEAD --format md
    """
    try:
        compared = _of_commits(versions, language) if in_git else _of_paths(versions, language)
    except NoVersion as problem:
        raise click.UsageError(str(problem)) from problem
    speech = Speech(language)
    screen = Screen(as_json=as_json)
    match "json" if as_json else form:
        case "json":
            click.echo(renderers.as_json(compared, speech), nl=False)
        case "md":
            click.echo(renderers.markdown(compared, speech, texts=texts), nl=False)
        case _:
            colour = screen.out.is_terminal and not screen.out.no_color
            click.echo(renderers.text(compared, speech, texts=texts, colour=colour), nl=False)
    ctx.exit(1 if compared.difference.parts else 0)


def _of_paths(versions: tuple[str, ...], language: str) -> Compared:
    if len(versions) != 2:
        raise NoVersion("Give two: OLD and NEW, both playbooks or both books. Commits need --git.")
    for one in versions:
        if not Path(one).exists():
            raise NoVersion(f"There is no {one}. Give two files or folders; commits need --git.")
    return of_paths(Path(versions[0]), Path(versions[1]), language)


def _of_commits(versions: tuple[str, ...], language: str) -> Compared:
    """What is no commit's name is a path; so `--git HEAD playbooks` means what it says."""
    old, *rest = versions
    new: str | None = None
    if rest and (len(rest) > 1 or not Path(rest[0]).exists() or Repository(Path()).commit(rest[0]) is not None):
        new, *rest = rest
    if len(rest) > 1:
        raise NoVersion("--git takes one or two commits, and one book or playbook.")
    path = Path(rest[0]) if rest else Path(os.environ.get(BOOK) or "playbooks")
    return of_commits(old, new, path, language)
