"""Two versions of a book: its organization, and each of its playbooks, also those that came, went, or are broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from firedoor.comparing.change import Change, ordered
from firedoor.comparing.organizations import compare_organizations
from firedoor.comparing.playbooks import compare_plans
from firedoor.comparing.proofs import compare_shown
from firedoor.comparing.speech import Speech
from firedoor.comparing.telling import Telling
from firedoor.compiler import Book, Finding
from firedoor.compiler.book import MESSAGES, SHARED


@dataclass(frozen=True)
class Part:
    """A change, and the playbooks in which it is: none where it concerns the book as a whole."""

    change: Change
    playbooks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    parts: tuple[Part, ...]
    """What matters most first."""
    findings: tuple[Finding, ...] = ()
    """Why what does not compile any more does not: errors of the new version, relative to its book."""

    @property
    def playbooks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for part in self.parts for name in part.playbooks))


@dataclass(frozen=True)
class _Pair:
    """The names of one playbook, old and new; None where it is not there. `file` is the new version's, also where what
    stands in it cannot be read as a playbook."""

    old: str | None
    new: str | None
    file: str | None


def compare_books(
    old: Book, new: Book, language: str = "en", only: tuple[str | None, str | None] | None = None
) -> Difference:
    """`only`: the files, old and new, of the one playbook that is looked at; None where it is not there."""
    told: dict[Change, list[str]] = {}
    pairs = [_pair(old, new, *only)] if only is not None else list(_pairs(old, new))
    for pair in pairs:
        for change in _compare(old, new, pair, language):
            told.setdefault(change, []).append(pair.new or pair.old or "")
    shared = (*_broken_book(old, new, language), *_organizations(old, new, language))
    names = {change: tuple(dict.fromkeys(names)) for change, names in told.items() if change not in shared}
    parts = tuple(Part(change, names.get(change, ())) for change in ordered([*shared, *names]))
    return Difference(parts, _findings(new, pairs))


def _pairs(old: Book, new: Book) -> Iterator[_Pair]:
    """Each playbook, by name, else by file."""
    renamed: set[str | None] = set()
    for name, file in old.files.items():
        pair = _Pair(name, name, new.files[name]) if name in new.files else _pair(old, new, file, file)
        renamed.add(pair.new)
        yield pair
    for name, file in new.files.items():
        if name not in renamed:
            yield _Pair(None, name, file)


def _pair(old: Book, new: Book, before: str | None, now: str | None) -> _Pair:
    return _Pair(_named(old, before), _named(new, now), now if now in new.sources else None)


def _named(book: Book, file: str | None) -> str | None:
    return next((name for name, one in book.files.items() if one == file), None)


def _compare(old: Book, new: Book, pair: _Pair, language: str) -> tuple[Change, ...]:
    was, now = old.plans.get(pair.old or ""), new.plans.get(pair.new or "")
    if was is not None and now is not None:
        plans = compare_plans(was, now, language, (old.organization, new.organization))
        return (
            *plans,
            *compare_shown(old.clocks_shown[was.playbook], new.clocks_shown[now.playbook], language, now.at),
        )
    telling = Telling(speech=Speech(language))
    name = pair.new or pair.old or pair.file or ""
    if pair.file is None:
        telling.tell_gone("acts", "playbook.gone", _first_line(old, pair.old), name=name)
    elif now is None and _whole(new):
        key = "playbook.broken" if was is not None or pair.old is None else "playbook.still_broken"
        telling.tell("broken", key, f"{pair.file}:1", name=name)
    elif now is not None and pair.old is None:
        telling.tell("acts", "playbook.new", now.at, name=name, use_when=now.use_when)
    elif now is not None and _whole(old):
        telling.tell("acts", "playbook.mended", now.at, name=name)
    return tuple(telling.changes)


def _first_line(book: Book, name: str | None) -> str | None:
    file = book.files.get(name or "")
    return f"{file}:1" if file else None


def _whole(book: Book) -> bool:
    """Whether what all playbooks share is sound."""
    return bool(book.plans) or not any(_shared(error.file) for error in book.errors)


def _shared(file: str) -> bool:
    return file in SHARED or file.startswith(f"{MESSAGES}/")


def _broken_book(old: Book, new: Book, language: str) -> tuple[Change, ...]:
    telling = Telling(speech=Speech(language))
    if not _whole(new):
        telling.tell("broken", "book.broken" if _whole(old) else "book.still_broken", None)
    elif not _whole(old):
        telling.tell("broken", "book.mended", None)
    return tuple(telling.changes)


def _organizations(old: Book, new: Book, language: str) -> tuple[Change, ...]:
    if old.organization is None or new.organization is None:
        return ()
    plans = [*old.plans.values(), *new.plans.values()]
    return compare_organizations(old.organization, new.organization, language, plans)


def _findings(new: Book, pairs: Iterable[_Pair]) -> tuple[Finding, ...]:
    """The errors of what was looked at and does not compile."""
    broken = {pair.file for pair in pairs if pair.file is not None and pair.new not in new.plans}
    return tuple(error for error in new.errors if broken and (error.file in broken or _shared(error.file)))
