"""`firedoor schema`: what an editor needs to complete and check a book's files while they are written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from firedoor.cli.screen import Screen
from firedoor.compiler import index, json_schema
from firedoor.compiler.book import ORGANIZATION
from firedoor.installation import BOOK

FOLDER = ".schema"


@click.command("schema")
@click.argument("kind", required=False, type=click.Choice([*json_schema.KINDS]))
@click.option(
    "--book",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Offer the names of this book: its teams, people, actions, clocks, messages and playbooks.",
)
@click.option(
    "--write",
    is_flag=True,
    help=f"Write the schemas into the book's folder {FOLDER}, where its files name them. Default book: FIREDOOR_BOOK, "
    "or playbooks here.",
)
@click.option("--json", "as_json", is_flag=True, help="With --write, print JSON for programs.")
def command(kind: str | None, book: Path | None, write: bool, as_json: bool) -> None:
    """Make the JSON Schema of one KIND of file, for editors.

    Each key and value has its description, and closed lists are complete. Without a book the schema fits every book.

    \b
    firedoor schema playbook
    firedoor schema playbook --book playbooks
    firedoor schema --write --book playbooks
    """
    if write:
        folder = book or Path(os.environ.get(BOOK) or "playbooks")
        if not (folder / ORGANIZATION).is_file():
            raise click.UsageError(f"There is no book in {folder}: name its folder with --book.")
        changed = _write(folder, [kind] if kind else [*json_schema.KINDS])
        screen = Screen(as_json=as_json)
        if as_json:
            screen.json({"written": [path.as_posix() for path in changed]})
        for path in changed:
            screen.say(f"{path} is written.")
        if not changed:
            screen.say(f"The schemas in {folder / FOLDER} are current.")
        return
    if kind is None:
        raise click.UsageError(f"Name one of {', '.join(json_schema.KINDS)}; or say --write for all of a book's.")
    click.echo(_text(kind, index.of_book(book) if book else index.Index()), nl=False)


def _write(folder: Path, kinds: list[str]) -> list[Path]:
    """Write the schemas of a book; returns those that were not as they should be."""
    names = index.of_book(folder)
    changed: list[Path] = []
    for kind in kinds:
        path, text = folder / FOLDER / f"{kind}.json", _text(kind, names)
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        changed.append(path)
    return changed


def _text(kind: str, names: index.Index) -> str:
    return json.dumps(json_schema.of(kind, names), ensure_ascii=False, indent=1) + "\n"
