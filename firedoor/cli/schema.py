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
    "playbooks here, or the shipped book.",
)
@click.option("--check", is_flag=True, help="Say whether the book's schemas are current, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --write or --check, print JSON for programs.")
@click.pass_context
def command(ctx: click.Context, kind: str | None, book: Path | None, write: bool, check: bool, as_json: bool) -> None:
    """Make the JSON Schema of one KIND of file, for editors.

    Each key and value has its description, and closed lists are complete. Without a book the schema fits every book.
    With --check it exits with 1 when a schema is not current.

    \b
    firedoor schema playbook
    firedoor schema playbook --book playbooks
    firedoor schema --write --book playbooks
    firedoor schema --check --book playbooks
    """
    if write or check:
        folder = book or Path(os.environ.get(BOOK) or "playbooks")
        if not (folder / ORGANIZATION).is_file():
            raise click.UsageError(f"There is no book in {folder}: name its folder with --book.")
        stale = _stale(folder, [kind] if kind else [*json_schema.KINDS])
        if write:
            _write(stale)
        _say(folder, stale, Screen(as_json=as_json), written=write)
        ctx.exit(1 if stale and not write else 0)
    if kind is None:
        raise click.UsageError(f"Name one of {', '.join(json_schema.KINDS)}; or say --write for all of a book's.")
    click.echo(_text(kind, index.of_book(book) if book else index.Index()), nl=False)


def _stale(folder: Path, kinds: list[str]) -> dict[Path, str]:
    """The schemas of a book that are not what they should be, each with what it should be."""
    names = index.of_book(folder)
    texts = {folder / FOLDER / f"{kind}.json": _text(kind, names) for kind in kinds}
    return {path: text for path, text in texts.items() if not path.is_file() or path.read_text("utf-8") != text}


def _write(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


def _say(folder: Path, stale: dict[Path, str], screen: Screen, *, written: bool) -> None:
    if screen.as_json:
        screen.json({"written" if written else "stale": [path.as_posix() for path in stale]})
        return
    for path in stale:
        screen.say(f"{path} is written." if written else f"{path} is not current.")
    if not stale:
        screen.say(f"The schemas in {folder / FOLDER} are current.")
    elif not written:
        screen.say(f"Write them: firedoor schema --write --book {folder}")


def _text(kind: str, names: index.Index) -> str:
    return json.dumps(json_schema.of(kind, names), ensure_ascii=False, indent=1) + "\n"
