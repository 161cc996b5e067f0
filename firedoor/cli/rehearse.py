"""`firedoor rehearse`: try a book's playbooks on the real engine, with scripted people and skipped time."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from firedoor.cli.front import told
from firedoor.cli.screen import Screen, seen
from firedoor.cli.together import WorkerPart
from firedoor.compiler import load_book, renderers
from firedoor.compiler.book import ORGANIZATION, REHEARSALS, Book
from firedoor.embedded.process import ProgramFailed
from firedoor.incidents import TemporalIncidents
from firedoor.installation import BOOK, REHEARSAL, Installation, shipped_book
from firedoor.plan.time import written
from firedoor.rehearsal import coverage, report, story
from firedoor.rehearsal.company import AT_ONCE, NAMESPACE, Part, Worker, assembled
from firedoor.rehearsal.coverage import Walked
from firedoor.rehearsal.report import Result
from firedoor.rehearsal.verdict import judge, offset

MOST_LISTED = 5


@dataclass
class Chosen:
    """A book, and what of it is rehearsed."""

    book: Book
    parts: list[Part]
    results: list[Result] = field(default_factory=list)

    @property
    def whole(self) -> list[str]:
        """Playbooks of which every case was played, so that what they walk can be told."""
        played = {id(part.case) for part in self.parts}
        every: dict[str, bool] = {}
        for rehearsal in self.book.rehearsals.values():
            mine = all(id(case) in played for case in rehearsal.cases)
            every[rehearsal.playbook] = every.get(rehearsal.playbook, True) and mine
        return [playbook for playbook, all_of_it in every.items() if all_of_it]


@click.command("rehearse")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option("--case", "case", metavar="NAME", help="Only cases of this name; * stands for anything.")
@click.option(
    "--timeline", "timelines", is_flag=True, help="Show what happened in every case, not only where one fails."
)
@click.option("--coverage", "listed", is_flag=True, help="List every outcome that no case walks.")
@click.option("--every-path", is_flag=True, help="Exit with 1 as well where an outcome is walked by no case.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write JUnit's XML, for a build."
)
@click.option(
    "--at-once", type=click.IntRange(1, 64), default=AT_ONCE, show_default=True, help="How many cases play at a time."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    case: str | None,
    timelines: bool,
    listed: bool,
    every_path: bool,
    junit: Path | None,
    at_once: int,
    as_json: bool,
) -> None:
    """Rehearse a book, or single playbooks or files of rehearsals. Default: FIREDOOR_BOOK, playbooks here, or the shipped book.

    Each case is played on the real engine: a Temporal server of its own, the real workflows and acts, doubles for
    platforms and channels, people who say what the case has them say. Days pass in seconds.

    Exits with 0 when all went as expected, with 1 when something did not, or, with --every-path, was not walked.

    \b
    firedoor rehearse
    firedoor rehearse my-playbooks --coverage
    firedoor rehearse playbooks/high-profile-takeover.yaml --case "Policy refuses*"
    firedoor rehearse --junit rehearsals.xml
    """
    screen = Screen(as_json=as_json)
    named = paths or (Path(os.environ.get(BOOK) or shipped_book()),)
    chosen = [_chosen(folder, files, case, screen) for folder, files in _books(named).items()]
    if not any(one.parts for one in chosen):
        raise _nothing([one.book for one in chosen], case, as_json=as_json)
    began = time.monotonic()
    for one in chosen:
        try:
            asyncio.run(_rehearse(one, at_once, screen, timelines=timelines or case is not None))
        except ProgramFailed as failure:
            raise told(str(failure), "Nothing was rehearsed.", error="server", as_json=as_json) from failure
    results = [result for one in chosen for result in one.results]
    walked = [each for one in chosen for each in _coverage(one)]
    if junit is not None:
        junit.write_text(report.as_junit(results), encoding="utf-8")
    if as_json:
        screen.json(report.as_data(results, walked, [finding for one in chosen for finding in one.book.errors]))
    else:
        _say_coverage(walked, screen, whole=listed or every_path)
        _say_sum(results, time.monotonic() - began, screen)
    mistakes = any(one.book.errors for one in chosen)
    unwalked = every_path and _is_unwalked(chosen, walked)
    ctx.exit(0 if all(result.passed for result in results) and not mistakes and not unwalked else 1)


# --- what is rehearsed


def _books(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """The books that are named, each with the single files of it; none where all of it is meant."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        if path.is_dir():
            found[path] = []
        else:
            folder = next((one for one in path.resolve().parents if (one / ORGANIZATION).exists()), path.parent)
            if found.get(folder) != [] or folder not in found:
                found.setdefault(folder, []).append(path)
    return found


def _chosen(folder: Path, files: Sequence[Path], case: str | None, screen: Screen) -> Chosen:
    book = load_book(folder)
    if book.errors:
        screen.say(renderers.text(book.errors))
    only = {path.resolve() for path in files}
    parts = [
        Part(rehearsal, one, number)
        for number, (rehearsal, one) in enumerate(
            (rehearsal, one) for rehearsal in book.rehearsals.values() for one in rehearsal.cases
        )
        if (not only or only & {(folder / name).resolve() for name in (rehearsal.file, book.files[rehearsal.playbook])})
        and (case is None or fnmatchcase(one.name, case))
    ]
    return Chosen(book, parts)


def _nothing(books: Sequence[Book], case: str | None, *, as_json: bool) -> click.ClickException:
    mistakes = [finding for book in books for finding in book.errors]
    if mistakes:
        says = f"Nothing can be rehearsed: {renderers.summary(mistakes)}."
        return told(says, "Mend the book: firedoor check", error="mistakes", as_json=as_json)
    if case is not None:
        return click.UsageError(f"No case is called {case!r}. A * stands for anything.")
    return click.UsageError(
        f"There is nothing to rehearse: write cases in {REHEARSALS}/NAME.yaml (docs/rehearsals.md)."
    )


# --- rehearsing


async def _rehearse(chosen: Chosen, at_once: int, screen: Screen, *, timelines: bool) -> None:
    def make(installation: Installation, address: str, houses: Path, incidents: TemporalIncidents) -> Worker:
        more = {REHEARSAL: str(houses), "TEMPORAL_NAMESPACE": NAMESPACE}
        book = chosen.book.path.resolve()
        return WorkerPart(installation, address, book, incidents.workers, outside=False, more=more)

    if not chosen.parts or chosen.book.organization is None:
        return
    organization = chosen.book.organization
    with (
        tempfile.TemporaryDirectory(prefix="firedoor-rehearsal-") as folder,
        screen.err.status(f"{len(chosen.parts)} cases: the server starts") as status,
    ):
        async with assembled(chosen.book, Path(folder), make, screen.say) as company:
            async for part, played in company.play(chosen.parts, at_once):
                result = Result(part, judge(played, organization))
                chosen.results.append(result)
                status.update(f"{len(chosen.results)} of {len(chosen.parts)} cases: {seen(part.case.name)}")
                if not screen.as_json:
                    _show(result, screen, timeline=timelines)
    chosen.results.sort(key=lambda result: result.part.number)


def _coverage(chosen: Chosen) -> Iterator[Walked]:
    for playbook in chosen.whole:
        mine = [result.judged.played for result in chosen.results if result.part.rehearsal.playbook == playbook]
        rehearsed = {rehearsal.playbook for rehearsal in chosen.book.rehearsals.values()}
        yield coverage.of(chosen.book.plans[playbook], mine, rehearsed)


def _is_unwalked(chosen: Sequence[Chosen], walked: Sequence[Walked]) -> bool:
    """Whether something may happen that no case has walked: a playbook of which not every case was played counts."""
    known = {one.plan.playbook for one in walked}
    unknown = any(part.rehearsal.playbook not in known for one in chosen for part in one.parts)
    return unknown or any(one.missing for one in walked)


# --- showing


def _show(result: Result, screen: Screen, *, timeline: bool) -> None:
    case, judged = result.part.case, result.judged
    mark = ("✓ ", "green") if result.passed else ("✗ ", "bold red")
    length = written(judged.played.length.total_seconds())
    took = f"  {length} in {judged.played.seconds:.1f} s"
    screen.show(Text.assemble(mark, (f"{result.part.rehearsal.playbook}: {seen(case.name)}", "bold"), (took, "dim")))
    if not result.passed:
        screen.show(Text(f"  {seen(case.line)}: {seen(judged.first_difference)}", style="red"))
    if timeline or not result.passed:
        screen.show(_timeline(result))


def _timeline(result: Result) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", justify="right", no_wrap=True, style="dim")
    table.add_column("happened", overflow="fold", ratio=3)
    table.add_column("expected", overflow="fold", ratio=2)
    for line in story.lines(result.judged):
        when = offset(line.at)
        if line.missed:
            table.add_row(when, "", Text(f"✗ {seen(line.missed)}", style="red"))
        else:
            expected = Text("; ".join(f"✓ {seen(one)}" for one in line.expected), style="green")
            table.add_row(when, Text(seen(line.words), style="red" if line.wrong else ""), expected)
    for verdict in story.loose(result.judged):
        table.add_row("", "", Text(f"✓ {seen(verdict.expected)}", style="green"))
    return table


def _say_coverage(walked: Sequence[Walked], screen: Screen, *, whole: bool) -> None:
    for one in walked:
        missing = one.missing
        head = f"{one.plan.playbook}: {len(one.walked)} of {len(one.outcomes)} outcomes walked"
        if not missing:
            screen.show(Text(f"{head}: all."))
            continue
        screen.show(Text(f"{head}; not walked:"))
        shown = missing if whole else missing[:MOST_LISTED]
        for outcome in shown:
            screen.show(Text(f"  {seen(one.says(outcome))}", style="yellow"))
        if len(shown) < len(missing):
            screen.show(Text(f"  … and {len(missing) - len(shown)} more: --coverage lists them", style="dim"))


def _say_sum(results: Sequence[Result], seconds: float, screen: Screen) -> None:
    failed = sum(not result.passed for result in results)
    cases = f"{len(results)} case{'s' * (len(results) != 1)}"
    words = f"{cases} in {seconds:.0f} s: " + (
        f"{failed} went otherwise than expected." if failed else "all as expected."
    )
    screen.say(words, "bold red" if failed else "green")
