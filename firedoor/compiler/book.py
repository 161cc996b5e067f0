"""A book: a folder with an organization, actions, clocks, messages and playbooks, each checked against the others.

A playbook with mistakes has no plan; the others still compile. The same book gives the same plans, byte for byte,
wherever it lies.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from firedoor.compiler import actions as actions_
from firedoor.compiler import clocks as clocks_
from firedoor.compiler import messages as messages_
from firedoor.compiler import organization as organization_
from firedoor.compiler import planning, source, values
from firedoor.compiler import playbook as playbooks_
from firedoor.compiler.clocks import ClockRow
from firedoor.compiler.diagnostics import Finding, Findings, Place
from firedoor.compiler.figures import Figures
from firedoor.compiler.lowering import Shelf
from firedoor.compiler.nodes import Mapping as MappingNode
from firedoor.compiler.nodes import Node, Scalar, Source
from firedoor.compiler.playbook import Playbook
from firedoor.compiler.proofs import staffing
from firedoor.compiler.proofs.clocks import Shown
from firedoor.compiler.rehearsals import Rehearsal
from firedoor.compiler.rehearsals import reading as rehearsals_
from firedoor.compiler.roster import Roster
from firedoor.people.organization import Organization
from firedoor.plan.model import Action, Message, Plan, ReadAction

ORGANIZATION, ACTIONS, CLOCKS = "organization.yaml", "actions.yaml", "clocks.yaml"
SHARED = (ORGANIZATION, ACTIONS, CLOCKS)
MESSAGES = "messages"
REHEARSALS = "rehearsals"
MOST_FILES = 1_000
_PLAYBOOK = re.compile(r"^playbook:[ \t]*([a-z0-9_-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Book:
    """What was found in a folder. Whatever has mistakes is absent, and `findings` say why."""

    path: Path
    organization: Organization | None = None
    actions: dict[str, Action] = field(default_factory=dict)
    reads: dict[str, ReadAction] = field(default_factory=dict)
    clocks: dict[str, ClockRow] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    """By the playbook's name."""
    clocks_shown: dict[str, tuple[Shown, ...]] = field(default_factory=dict)
    """What is shown of each playbook's clocks: how long they take at worst, and the margin."""
    rehearsals: dict[str, Rehearsal] = field(default_factory=dict)
    """By file."""
    files: dict[str, str] = field(default_factory=dict)
    """The file of each playbook that could be read, with mistakes or without, by its name."""
    findings: tuple[Finding, ...] = ()
    """Sorted by place. Files are named relative to the book."""
    sources: dict[str, Source] = field(default_factory=dict)
    """Every file that was read, by its name relative to the book."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if found.severity == "error")


def load_book(path: Path | str) -> Book:
    """Read and compile the book in a folder. Never raises for what the book holds: see `findings`."""
    folder = Path(path)
    findings = Findings()
    files = read_files(folder, findings)
    return compile_book(folder, files, findings)


@dataclass(frozen=True)
class Checked:
    """What there is to say of books: what is wrong, and what is shown of the clocks of each playbook that compiles."""

    findings: list[Finding]
    clocks: list[Figures]
    playbooks: int = 0
    messages: int = 0
    """How many of them were looked at."""


def check(paths: Iterable[Path | str]) -> list[Finding]:
    """The findings of books and of single files of books, their files named as the paths are given.

    Of a single file, those in it and in the files that all playbooks share.
    """
    return look(paths).findings


def look(paths: Iterable[Path | str]) -> Checked:
    """The same, with what is shown of clocks."""
    found: list[Finding] = []
    clocks: dict[tuple[Path, str], Figures] = {}
    playbooks: set[Path] = set()
    messages: set[Path] = set()
    for given in paths:
        path = Path(given)
        folder = path if path.is_dir() else book_of(path)
        only = None if path.is_dir() else {path.relative_to(folder).as_posix(), *SHARED}
        book = load_book(folder)
        found += [
            finding.model_copy(update={"file": (folder / finding.file).as_posix()})
            for finding in book.findings
            if only is None or finding.file in only
        ]
        playbooks |= {(folder / file).resolve() for file in book.files.values() if only is None or file in only}
        messages |= {
            (folder / file).resolve()
            for file in book.sources
            if file.startswith(f"{MESSAGES}/") and (only is None or file in only)
        }
        for name, plan in book.plans.items():
            figures = Figures(plan, book.clocks_shown[name])
            if only is None or figures.file in only:
                clocks.setdefault((folder.resolve(), name), figures)
    return Checked(list(dict.fromkeys(found)), [*clocks.values()], len(playbooks), len(messages))


def book_of(path: Path) -> Path:
    """The folder of the book that a file belongs to: the nearest one above it that has an organization."""
    for folder in path.parents:
        if (folder / ORGANIZATION).exists():
            return folder
    return path.parent


def read_files(folder: Path, findings: Findings) -> dict[str, bytes]:
    """The book's files by name. At most one byte more than a file may have is read of each."""
    try:
        names = sorted(entry for entry in folder.iterdir() if entry.is_file() and entry.suffix in (".yaml", ".yml"))
        for inside in (folder / MESSAGES, folder / REHEARSALS):
            names += sorted(entry for entry in inside.iterdir() if entry.is_file()) if inside.is_dir() else []
    except OSError as error:
        findings.add("FD020", Place(str(folder)), f"the book cannot be opened: {error.strerror}", fix="name a folder")
        return {}
    files: dict[str, bytes] = {}
    for entry in names[:MOST_FILES]:
        name = entry.relative_to(folder).as_posix()
        if entry.name.startswith("."):
            continue
        try:
            with entry.open("rb") as opened:
                files[name] = opened.read(source.MOST_BYTES + 1)
        except OSError as error:
            findings.add(
                "FD020", Place(name), f"the file cannot be read: {error.strerror}", fix="look at its permissions"
            )
    if len(names) > MOST_FILES:
        message = f"the book has {len(names)} files; {MOST_FILES} is the most"
        findings.add("FD020", Place(names[MOST_FILES].name), message, fix="split it into two books")
    return files


def compile_book(folder: Path, files: Mapping[str, bytes], findings: Findings | None = None) -> Book:
    """Compile a book from its files' names and contents."""
    with _uncollected():
        return _Binding(folder, files, findings if findings is not None else Findings()).book()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector of cycles rest: a book is tens of thousands of objects that stay, and looking through them again
    and again as they come is a fifth of the time of a check."""
    rests = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if rests:
            gc.enable()


def _is_playbook(root: MappingNode) -> bool:
    """Whether a file is a playbook, be it one that does not say its name."""
    return root.key("playbook") is not None or all(root.key(key) for key in ("use_when", "severity", "steps"))


class _Binding:
    def __init__(self, folder: Path, files: Mapping[str, bytes], findings: Findings) -> None:
        self.folder = folder
        self.files = files
        self.findings = findings
        self.sources: dict[str, Source] = {}
        self.unread: set[str] = set()
        """Names that playbooks have, or may have, whose files could not be read."""
        self.teams: dict[str, Place] = {}

    def book(self) -> Book:
        organization, roster = self._organization()
        if ORGANIZATION in self.findings.wrong:
            organization = None
        catalog = self._catalog(roster)
        clocks = self._clocks()
        messages, sources = messages_.read(
            {name: data for name, data in self.files.items() if name.startswith(f"{MESSAGES}/")}, self.findings
        )
        self.sources.update({one.name: one for one in sources})
        playbooks = self._playbooks()
        shelf = Shelf(roster, catalog, clocks, messages, playbooks, frozenset(self.unread - playbooks.keys()))
        shared = organization is not None and not self.findings.wrong.intersection(SHARED)
        unsound = self.findings.wrong | (set() if shared else {one.file for one in playbooks.values()})
        shared = shared and not any(file.startswith(f"{MESSAGES}/") for file in self.findings.wrong)
        plans: dict[str, Plan] = {}
        shown: dict[str, tuple[Shown, ...]] = {}
        for playbook in playbooks.values():
            planned = planning.plan(playbook, shelf, organization, unsound)
            self.findings.extend(planned.findings)
            if planned.plan is not None:
                plans[playbook.name], shown[playbook.name] = planned.plan, planned.clocks
        if shared and organization is not None:
            self._staffing(organization, plans.values())
        rehearsals: dict[str, Rehearsal] = {}
        if shared and organization is not None and catalog is not None:
            rehearsals = self._rehearsals(rehearsals_.World(organization, plans, playbooks, catalog.reads, roster))
        findings = self.findings.sorted()
        wrong = {found.file for found in findings if found.severity == "error"}
        sound = {name: plan for name, plan in plans.items() if playbooks[name].file not in wrong}
        return Book(
            path=self.folder,
            organization=organization,
            actions={name: one for name, one in (catalog.actions if catalog else {}).items() if one is not None},
            reads={name: one for name, one in (catalog.reads if catalog else {}).items() if one is not None},
            clocks={name: one for name, one in (clocks or {}).items() if one is not None},
            messages={name: one.message for name, one in messages.items() if not one.broken},
            plans=sound if shared else {},
            clocks_shown={name: shown[name] for name in sound} if shared else {},
            rehearsals={name: one for name, one in rehearsals.items() if one.playbook in sound},
            files={name: playbook.file for name, playbook in playbooks.items()},
            findings=tuple(self._with_line(found) for found in findings),
            sources=self.sources,
        )

    def _staffing(self, organization: Organization, plans: Iterable[Plan]) -> None:
        plans = list(plans)
        for hole in staffing.holes(organization, staffing.wanted(plans)):
            place = self.teams.get(hole.team, Place(ORGANIZATION))
            title = organization.teams[hole.team].title
            message = f"{title} in {hole.region} has nobody from {'; '.join(hole.hours)}"
            fix = "add a shift for these hours, or members, who are on shift always"
            self.findings.add(
                "FD603", place, message, fix=fix, notes=[f"{hole.wanted_at} wants someone of {hole.team}"]
            )
        for team in staffing.thin(organization, plans):
            place = self.teams.get(team.team, Place(ORGANIZATION))
            have = f"{team.people} {'people' if team.people > 1 else 'person'}"
            seats = f"{team.seats} seat{'s' * (team.seats > 1)}"
            title = organization.teams[team.team].title
            since = f"from {team.since:%Y-%m-%d %H:%M %Z}, while somebody is away, " if team.since else ""
            message = f"{since}{title} has {have} for {seats}, and whoever launches may not sign"
            self.findings.add(
                "FD604", place, message, fix="add someone to the team", notes=[f"the seat is at {team.at}"]
            )

    def _with_line(self, found: Finding) -> Finding:
        known = self.sources.get(found.file)
        return found.model_copy(update={"source": known.line(found.line)}) if known is not None else found

    def _read(self, name: str) -> Node | None:
        """The root of a YAML file; None, told, where it cannot be read or is empty."""
        document = source.read(name, self.files[name], self.findings)
        if document is None:
            text = self.files[name].decode("utf-8", "replace").removeprefix("\ufeff")
            self.sources[name] = Source(name, text)
            return None
        self.sources[name] = document.source
        if document.root is None or (isinstance(document.root, Scalar) and document.root.is_empty):
            self.findings.add("FD104", Place(name), "the file is empty", fix="write its keys")
            return None
        return document.root

    def _organization(self) -> tuple[Organization | None, Roster]:
        if ORGANIZATION not in self.files:
            if self.files or not self.findings.errors:
                fix = "write one: who answers, where and when"
                self.findings.add("FD020", Place(ORGANIZATION), f"the book has no {ORGANIZATION}", fix=fix)
            return None, Roster()
        root = self._read(ORGANIZATION)
        teams = root.get("teams") if isinstance(root, MappingNode) else None
        for key, _ in teams.entries if isinstance(teams, MappingNode) else ():
            self.teams.setdefault(key.text, key.place)
        return organization_.read(root, self.findings) if root is not None else (None, Roster())

    def _catalog(self, roster: Roster) -> actions_.Catalog | None:
        if ACTIONS not in self.files:
            return actions_.Catalog()
        root = self._read(ACTIONS)
        return actions_.read(root, roster, self.findings) if root is not None else None

    def _clocks(self) -> clocks_.Clocks | None:
        if CLOCKS not in self.files:
            return {}
        root = self._read(CLOCKS)
        return clocks_.read(root, self.findings) if root is not None else None

    def _playbooks(self) -> dict[str, Playbook]:
        playbooks: dict[str, Playbook] = {}
        for name in sorted(self.files):
            if name in SHARED or "/" in name:
                continue
            if name.endswith(".yml"):
                message = f"{name} is not read: the files of a book end in .yaml"
                self.findings.add("FD118", Place(name), message, fix=f"rename it to {name[:-4]}.yaml")
                continue
            playbook = self._playbook(name)
            if playbook is None:
                continue
            first = playbooks.setdefault(playbook.name, playbook)
            if first is not playbook:
                key = playbook.fields.text("playbook")
                place = key.place if key is not None else playbook.fields.place
                message = f'two playbooks are called "{playbook.name}": this one, and {first.file}'
                self.findings.add("FD209", place, message, fix="give one of them another name")
        return playbooks

    def _rehearsals(self, world: rehearsals_.World) -> dict[str, Rehearsal]:
        found: dict[str, Rehearsal] = {}
        for name in sorted(name for name in self.files if name.startswith(f"{REHEARSALS}/")):
            if not name.endswith(".yaml"):
                message = f"{name} is not read: rehearsals end in .yaml"
                self.findings.add("FD118", Place(name), message, fix="rename it, or move it out of the book")
                continue
            root = self._read(name)
            rehearsal = rehearsals_.read(root, world, self.findings) if root is not None else None
            if rehearsal is not None:
                found[name] = rehearsal
        return found

    def _playbook(self, name: str) -> Playbook | None:
        root = self._read(name)
        if root is None:
            self.unread |= {name.removesuffix(".yaml"), *_PLAYBOOK.findall(self.sources[name].text)}
            return None
        if not isinstance(root, MappingNode) or not _is_playbook(root):
            message = f"{name} is not part of the book: it has no key `playbook`"
            place = root.place if isinstance(root, MappingNode) else Place(name)
            self.findings.add("FD118", place, message, fix="begin it with playbook: NAME, or move it out of the book")
            return None
        playbook = playbooks_.read(root, self.findings)
        if playbook is None or not values.is_kebab(playbook.name):
            self.unread |= {name.removesuffix(".yaml"), *([] if playbook is None else [values.as_kebab(playbook.name)])}
        return playbook
