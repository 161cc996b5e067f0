"""`firedoor new`: start a playbook from another one or from questions, or a whole book."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from firedoor.authoring import copying, playbook, rehearsal
from firedoor.authoring.drafts import CannotStart, Draft, brought, compiled, refuse_what_is_there, write
from firedoor.authoring.first_book import first_book
from firedoor.authoring.questions import KEYS, Answers, Question, open_questions
from firedoor.authoring.wording import titled
from firedoor.cli.options import pairs
from firedoor.cli.screen import Screen, line, seen
from firedoor.compiler import Book, Finding, renderers
from firedoor.compiler.book import ORGANIZATION, REHEARSALS
from firedoor.compiler.values import is_kebab
from firedoor.installation import BOOK
from firedoor.plan.inputs import meant


@click.command("new")
@click.argument("name", required=False)
@click.option(
    "--book",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The book's folder; one without a book gets one. Default: FIREDOOR_BOOK, playbooks here, or the shipped book.",
)
@click.option("--from", "source", metavar="PLAYBOOK", help="Begin as a copy of another playbook of the book.")
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help=f"An answer. Keys: {', '.join(KEYS)}.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def command(
    ctx: click.Context, name: str | None, folder: Path | None, source: str | None, given: tuple[str, ...], as_json: bool
) -> None:
    """Start a playbook NAME: from another with --from, else from questions; with a first rehearsal.

    What it writes compiles, and its places to decide are marked with "# decide:". Nothing is written over. Where there is
    no terminal, --set answers the questions. In a folder without a book, --book makes a first one, with or without NAME.

    \b
    firedoor new bank-run --from high-profile-takeover
    firedoor new --book my-playbooks
    firedoor new spam-wave --book my-playbooks --set use_when="Thousands of accounts post the same link." \\
      --set acts_on=account --set actions=lock_account --set sign=policy
    """
    starting = _Starting(Screen(as_json=as_json), folder or Path(os.environ.get(BOOK) or "playbooks"))
    try:
        starting.start(name, source, pairs(given, "--set"))
    except CannotStart as problem:
        raise click.UsageError(str(problem)) from problem
    ctx.exit(1 if starting.findings else 0)


@dataclass
class _Starting:
    screen: Screen
    folder: Path
    drafts: list[Draft] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()

    def start(self, name: str | None, source: str | None, given: dict[str, list[str]]) -> None:
        if not (self.folder / ORGANIZATION).exists():
            self.drafts += first_book(self.folder)
            refuse_what_is_there(self.drafts)
        elif name is None:
            raise CannotStart(f"{self.folder} is a book already. Give the NAME of a playbook to start in it.")
        if unknown := [key for key in given if key not in KEYS]:
            raise CannotStart(f"There is no question {unknown[0]!r}: {meant(unknown[0], KEYS)}.")
        if name is not None:
            self._playbook(name, source, given)
        elif source or given:
            raise CannotStart("Give the NAME of the playbook that is to be started.")
        self.findings = brought(self.folder, self.drafts)
        if not self.findings:
            write(self.drafts)
        self._show(name)

    def _playbook(self, name: str, source: str | None, given: dict[str, list[str]]) -> None:
        if not is_kebab(name):
            mended = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "home-address"
            raise CannotStart(f"{name!r} is no name: small letters, digits and hyphens. Write {mended}.")
        book = compiled(self.folder, self.drafts)
        if name in book.files:
            raise CannotStart(f"{book.files[name]} is a playbook called {name} already. Choose another name.")
        file, first = self.folder / f"{name}.yaml", self.folder / REHEARSALS / f"{name}.yaml"
        refuse_what_is_there([Draft(file, ""), Draft(first, "")])
        if source is not None:
            self._copy(book, name, source, given, file, first)
            return
        answers = self._answers(book, name, given)
        self.drafts.append(Draft(file, playbook.playbook(book, name, answers)))
        self.drafts.append(Draft(first, rehearsal.rehearsal(book, name, answers)))

    def _copy(self, book: Book, name: str, source: str, given: dict[str, list[str]], file: Path, first: Path) -> None:
        if source not in book.files:
            raise CannotStart(f"No playbook of {self.folder} is called {source!r}: {meant(source, list(book.files))}.")
        if more := [key for key in given if key != "title"]:
            raise CannotStart(f"With --from only the title can be set, and not {more[0]}: change the copy itself.")
        title = given.get("title", [titled(name)])[-1]
        self.drafts.append(Draft(file, copying.copy(book, source, name, title)))
        text = copying.rehearsal(self.folder, source, name)
        if text is not None:
            self.drafts.append(Draft(first, text))

    def _answers(self, book: Book, name: str, given: dict[str, list[str]]) -> Answers:
        """What was set; then what is asked at a terminal, or has a default elsewhere."""
        answers: dict[str, list[str]] = {}
        while still := open_questions(book, name, answers):
            question = still[0]
            if question.key in given:
                answers[question.key] = question.read(",".join(given[question.key]))
            elif self.screen.asks:
                answers[question.key] = self._ask(question)
            elif question.default is not None:
                answers[question.key] = question.read(question.default)
            else:
                wanted = [one for one in still if one.default is None and one.key not in given]
                raise CannotStart(_wanted(wanted, [key for key in KEYS if key not in {*answers, *given}]))
        if idle := [key for key in given if key not in answers]:
            raise CannotStart(f"{idle[0]} is not asked here, after what else was answered. Leave it out.")
        return Answers(answers)

    def _ask(self, question: Question) -> list[str]:
        for number, (choice, says) in enumerate((question.choices or {}).items(), 1):
            self.screen.err.print(line(f"  {number}  ", (choice, "bold"), f"  {says}"))
        several = " (several with commas between)" if question.many else ""
        while True:
            typed: str = click.prompt(f"{seen(question.asks)}{several}", default=question.default, err=True)
            try:
                return question.read(typed)
            except CannotStart as problem:
                self.screen.say(str(problem), "yellow")

    def _show(self, name: str | None) -> None:
        if self.screen.as_json:
            self.screen.json(self._data())
        elif self.findings:
            named = [one.model_copy(update={"file": (self.folder / one.file).as_posix()}) for one in self.findings]
            click.echo(renderers.text(named), nl=False)
            self.screen.say(
                "Nothing was written: it would have these mistakes. Answer otherwise, or mend the book.", "red"
            )
        else:
            for draft in self.drafts:
                self.screen.show(line((f"{draft.path} is written.", "green")))
            for words in _next(self.folder, name, rehearsed=self._is_rehearsed):
                self.screen.say(words)

    @property
    def _is_rehearsed(self) -> bool:
        return any(draft.path.parent.name == REHEARSALS for draft in self.drafts)

    def _data(self) -> dict[str, Any]:
        return {
            "written": [] if self.findings else [draft.path.as_posix() for draft in self.drafts],
            "findings": [one.model_dump(mode="json") for one in self.findings],
        }


def _choices(question: Question) -> str:
    return f" Choices: {', '.join(question.choices)}." if question.choices else ""


def _wanted(questions: Sequence[Question], left: Sequence[str]) -> str:
    """All that is missing now, and the keys of what may be asked next, as these are answered."""
    known = {one.key for one in questions}
    asked = [f"{one.asks}{_choices(one)} Say --set {one.key}=…" for one in questions]
    more = [key for key in left if key not in known]
    then = f" What can be said besides: {', '.join(more)}." if more else ""
    return f"There is no terminal to ask on. {' '.join(asked)}{then}"


def _next(folder: Path, name: str | None, *, rehearsed: bool) -> Sequence[str]:
    book = shlex.quote(folder.as_posix())
    if name is None:
        return (f"Next: put your own people into {folder / ORGANIZATION}, then: firedoor new NAME --book {book}",)
    file = shlex.quote((folder / f"{name}.yaml").as_posix())
    return (
        f"Next: look at every “# decide:” in {folder / f'{name}.yaml'}, then:",
        f"  firedoor check {file}",
        *(
            [f"  firedoor rehearse {shlex.quote((folder / REHEARSALS / f'{name}.yaml').as_posix())}"]
            if rehearsed
            else []
        ),
    )
