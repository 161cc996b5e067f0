"""The playbook that a command is about: named by its file, or by its name in a book. It has to compile."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import click

from firedoor.cli.screen import Screen
from firedoor.compiler import Book, load_book, renderers, suggest
from firedoor.compiler.book import book_of
from firedoor.installation import BOOK, shipped_book
from firedoor.plan import Plan

book_option = click.option(
    "--book",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the book that PLAYBOOK is in. Default: FIREDOOR_BOOK, playbooks here, or the shipped book.",
)
language_option = click.option(
    "--language",
    "language_",
    metavar="CODE",
    help="Texts of the playbook in this language, where it has them: de, ja … Default: the organization's first.",
)


def compiled(named: str, folder: Path | None, screen: Screen) -> tuple[Book, Plan]:
    """Its book and its plan. Ends with 1 and the findings where it has mistakes, with 2 where nothing is called so."""
    path = Path(named)
    if path.is_file():
        book = load_book(book_of(path))
        name = next((name for name, file in book.files.items() if (book.path / file).samefile(path)), None)
    elif path.is_dir():
        raise click.UsageError(f"{named} is a folder: name one of its playbooks, as {named.rstrip('/')}/NAME.yaml.")
    else:
        book = _in_folder(folder or Path(os.environ.get(BOOK) or shipped_book()))
        name = named if named in book.files else None
        if name is None and book.files:
            near = suggest.close(named, book.files)
            meant = f"Did you mean {near}?" if near else f"Choose one of {suggest.listed(book.files)}."
            raise click.UsageError(f"No playbook of {book.path}, and no file, is called {named!r}. {meant}")
    plan = book.plans.get(name) if name is not None else None
    if plan is None:
        if not book.errors:
            raise click.UsageError(f"{named} is no playbook: it has no key `playbook`.")
        _broken(book, screen)
    return book, plan


def language(plan: Plan, chosen: str | None) -> str | None:
    """The language that was chosen, if anything of the playbook is there in it. Raises a usage error."""
    known = {*plan.languages, *(one for message in plan.messages.values() for one in message.by_language)}
    if chosen is not None and chosen not in known:
        raise click.UsageError(f"--language {chosen!r}: this book speaks {', '.join(sorted(known))}.")
    return chosen


def _in_folder(folder: Path) -> Book:
    if not folder.is_dir():
        raise click.UsageError(f"There is no folder {folder}: name the folder of a book with --book.")
    return load_book(folder)


def _broken(book: Book, screen: Screen) -> NoReturn:
    found = [one.model_copy(update={"file": (book.path / one.file).as_posix()}) for one in book.findings]
    if screen.as_json:
        click.echo(renderers.as_json(found, []), nl=False)
    else:
        click.echo(renderers.text(found, colour=screen.err.is_terminal and not screen.err.no_color), nl=False, err=True)
        screen.say("It has mistakes, so there is nothing to tell. Mend them first.", "yellow")
    raise click.exceptions.Exit(1)


def write(text: str, output: Path | None, screen: Screen) -> None:
    """To the file, or to standard output."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(
            f"{output} cannot be written: {error.strerror}. Name another file with -o."
        ) from error
    if screen.as_json:
        screen.json({"written": str(output)})
    else:
        screen.say(f"Written to {output}")
