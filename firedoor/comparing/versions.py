"""The two versions that are compared: files, folders, or commits."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from firedoor.comparing.books import Difference, compare_books
from firedoor.comparing.commits import NoVersion, Repository
from firedoor.compiler import Book, load_book
from firedoor.compiler.book import ORGANIZATION, SHARED, book_of, compile_book, read_files
from firedoor.compiler.diagnostics import Findings


@dataclass(frozen=True)
class Version:
    """A book, and the one file of it that is looked at. `root` is how its folder is named to people."""

    book: Book
    root: str
    only: str | None = None

    def shown(self, file: str) -> str:
        return (PurePosixPath(self.root) / file).as_posix()


@dataclass(frozen=True)
class Compared:
    old: Version
    new: Version
    difference: Difference


def of_paths(old: Path, new: Path, language: str) -> Compared:
    """Compare two files or two folders. Raises NoVersion."""
    if old.is_dir() != new.is_dir():
        raise NoVersion("One of the two is a file and the other a folder. Give two playbooks, or two books.")
    return _compared(*_opened(old, new), language)


def of_commits(old: str, new: str | None, path: Path, language: str) -> Compared:
    """Compare a book, or one playbook of it, at two commits; without `new`, with the working tree. Raises NoVersion."""
    repository = Repository(_folder_at(path))
    inside = repository.inside(path)
    before = _at_commit(repository, old, inside)
    if new is not None:
        return _compared(before, _at_commit(repository, new, inside), language)
    if not path.exists():
        raise NoVersion(f"There is no {path} here. Name a book or a playbook that is there, or give a second commit.")
    return _compared(before, _at(path), language)


def _folder_at(path: Path) -> Path:
    """The nearest folder that is there: a playbook that is gone is looked for in its repository all the same."""
    return next(folder for folder in (path, *path.resolve().parents) if folder.is_dir())


def _compared(old: Version, new: Version, language: str) -> Compared:
    one_file = old.only is not None and not _is_shared(old.only) and not _is_shared(new.only)
    only = (old.only, new.only) if one_file else None
    return Compared(old, new, compare_books(old.book, new.book, language, only))


def _is_shared(file: str | None) -> bool:
    """Whether a file concerns every playbook of its book."""
    return file is None or file in SHARED or "/" in file


def _opened(old: Path, new: Path) -> tuple[Version, Version]:
    """A file that lies in no book is read as if it lay in the other's, in the other's place."""
    strays = [path.is_file() and not (book_of(path) / ORGANIZATION).exists() for path in (old, new)]
    if all(strays):
        raise NoVersion(f"Neither {old} nor {new} lies in a book: there is no {ORGANIZATION} beside or above them.")
    if strays[0]:
        now = _at(new)
        return _instead(now, old), now
    before = _at(old)
    return before, (_instead(before, new) if strays[1] else _at(new))


def _at(path: Path) -> Version:
    folder = path if path.is_dir() else book_of(path)
    if not (folder / ORGANIZATION).exists():
        raise NoVersion(f"{folder} is no book: it has no {ORGANIZATION}.")
    only = path.relative_to(folder).as_posix() if path.is_file() else None
    return Version(load_book(folder), folder.as_posix(), only)


def _instead(other: Version, path: Path) -> Version:
    """The other's book, with this file in the place of its own."""
    findings = Findings()
    files = read_files(other.book.path, findings)
    files[other.only or path.name] = path.read_bytes()
    book = compile_book(other.book.path, files, findings)
    return replace(other, book=book)


def _at_commit(repository: Repository, name: str, inside: PurePosixPath) -> Version:
    commit = repository.commit(name)
    if commit is None:
        raise NoVersion(f"No commit is called {name!r} here. `git log --oneline` lists them.")
    folder = next(
        (one for one in (inside, *inside.parents) if repository.has(commit, one / ORGANIZATION)),
        None,
    )
    if folder is None:
        raise NoVersion(f"At {name} there is no book at {inside}: it has no {ORGANIZATION} there, or above.")
    only = inside.relative_to(folder).as_posix() if inside != folder else None
    with tempfile.TemporaryDirectory(prefix="firedoor-") as temporary:
        repository.unpack(commit, folder, Path(temporary))
        return Version(load_book(temporary), folder.as_posix(), only)
