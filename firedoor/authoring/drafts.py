"""Files that are to be written: looked at as part of their book first, and never over another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from firedoor.compiler import Book, Finding, load_book
from firedoor.compiler.book import compile_book, read_files
from firedoor.compiler.diagnostics import Findings


class CannotStart(Exception):
    """What is in the way, and what to do instead, in one or two sentences."""


@dataclass(frozen=True)
class Draft:
    path: Path
    text: str


def compiled(folder: Path, drafts: Iterable[Draft]) -> Book:
    """The book as it would be with the drafts."""
    findings = Findings()
    files = read_files(folder, findings) if folder.is_dir() else {}
    for draft in drafts:
        files[draft.path.relative_to(folder).as_posix()] = draft.text.encode()
    return compile_book(folder, files, findings)


def brought(folder: Path, drafts: Sequence[Draft]) -> tuple[Finding, ...]:
    """The findings that the book would have through the drafts, and has not without them."""
    known = {_same(one) for one in load_book(folder).findings} if folder.is_dir() and any(folder.iterdir()) else set()
    return tuple(one for one in compiled(folder, drafts).findings if _same(one) not in known)


def _same(finding: Finding) -> tuple[str, str, int, str]:
    return finding.code, finding.file, finding.line, finding.message


def refuse_what_is_there(drafts: Iterable[Draft]) -> None:
    """Raises CannotStart where a file is there already."""
    for draft in drafts:
        if draft.path.exists():
            raise CannotStart(f"{draft.path} is there already, and nothing is written over. Choose another name.")


def write(drafts: Sequence[Draft]) -> None:
    """Write them all, or none where one is there already (CannotStart)."""
    refuse_what_is_there(drafts)
    for draft in drafts:
        draft.path.parent.mkdir(parents=True, exist_ok=True)
        with draft.path.open("x", encoding="utf-8") as file:
            file.write(draft.text)
