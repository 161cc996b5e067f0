"""What an author is asked for a new playbook. The choices are what the book has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firedoor.authoring.drafts import CannotStart
from firedoor.authoring.wording import titled
from firedoor.compiler import Book
from firedoor.compiler.values import seconds_of
from firedoor.plan.inputs import meant
from firedoor.plan.model import Action

UNTARGETED = "no target"
"""What an action without a target acts on: it freezes all posting, or reports to an authority."""
NOTHING = "nothing"
NOBODY = "nobody"
NONE = "none"
UNDO_ALL, STOP, LEAVE, ASK = "undo all", "stop", "leave", "ask commander"
_FOLLOWS = {
    UNDO_ALL: "everything is undone, and the response ends",
    STOP: "the response ends, and what is contained stays",
    LEAVE: "what would have followed is left out, and the response goes on",
    ASK: "the commander is asked",
}


@dataclass(frozen=True)
class Question:
    """`choices` are the answers that there can be, each with what it means; without, any text is one. `many`: some of
    them, with commas between."""

    key: str
    asks: str
    default: str | None = None
    choices: Mapping[str, str] | None = None
    many: bool = False
    length: bool = False
    """A length of time."""

    def read(self, given: str) -> list[str]:
        """The answers in what was given: names, or numbers of choices. Raises CannotStart."""
        words = [word.strip() for word in given.split(",")] if self.many else [given.strip()]
        words = [word for word in words if word]
        if not words:
            raise CannotStart(f"{self.key} is not given. {self.asks}")
        if self.length and seconds_of(words[0]) in (None, 0):
            raise CannotStart(f"{words[0]!r} is no length of time. Write 15m, 4h or 2 days.")
        return list(dict.fromkeys(self._chosen(word) for word in words))

    def _chosen(self, word: str) -> str:
        if self.choices is None or word in self.choices:
            return word
        if word.isdecimal() and 0 < int(word) <= len(self.choices):
            return list(self.choices)[int(word) - 1]
        how = meant(word, list(self.choices))
        raise CannotStart(f"{word!r} is none of the choices for {self.key}: {how}.")


@dataclass(frozen=True)
class Answers:
    """What was answered, by the key of each question."""

    given: Mapping[str, list[str]]

    def one(self, key: str) -> str:
        return self.given[key][0]

    def some(self, key: str) -> list[str]:
        """Without the word for none of them."""
        return [value for value in self.given.get(key, []) if value not in (NOTHING, NOBODY, NONE)]


def next_question(book: Book, name: str, given: Mapping[str, list[str]]) -> Question | None:
    return next(iter(open_questions(book, name, given)), None)


def open_questions(book: Book, name: str, given: Mapping[str, list[str]]) -> list[Question]:
    """The questions that are still open; what was answered decides which are asked at all."""
    return [one for one in _questions(book, name, Answers(given)) if one.key not in given]


KEYS = (
    "title",
    "use_when",
    "owner",
    "acts_on",
    "actions",
    "sign",
    "deadline",
    "no",
    "silence",
    "tell",
    "clock",
    "clock_by",
)
"""In the order in which they are asked."""


def _questions(book: Book, name: str, answers: Answers) -> list[Question]:
    organization = book.organization
    if organization is None:
        raise CannotStart("The book's organization has mistakes: see `firedoor check`.")
    teams = {one.name: one.title for one in organization.teams.values()}
    commanders = organization.commander.source.name
    first = commanders if commanders in teams else next(iter(teams))
    found = [
        Question("title", "What do people call it?", titled(name)),
        Question("use_when", "What has happened when it is launched? In a sentence."),
        Question("owner", "Which team owns it?", first, teams),
    ]
    if not book.actions:
        return [*found, *_telling(book, first, teams), *_clocks(book, first, teams, answers)]
    found.append(Question("acts_on", "What do you act on?", None, _targets(book), many=True))
    if "acts_on" in answers.given:
        fitting = actions_on(book, answers)
        if fitting:
            does = {one.name: _does(one) for one in fitting}
            found.append(Question("actions", "What may be done about it?", None, does, many=True))
    return [
        *found,
        *_signing(book, teams, answers),
        *_telling(book, first, teams),
        *_clocks(book, first, teams, answers),
    ]


def _targets(book: Book) -> dict[str, str]:
    """The types of targets that the book's actions have."""
    found: dict[str, str] = {one.target or UNTARGETED: _named(book, one.target) for one in book.actions.values()}
    return {**found, NOTHING: "only people are told, asked and given work"}


def _named(book: Book, target: str | None) -> str:
    return ", ".join(one.name for one in book.actions.values() if one.target == target)


def actions_on(book: Book, answers: Answers) -> list[Action]:
    wanted = answers.some("acts_on")
    return [one for one in book.actions.values() if (one.target or UNTARGETED) in wanted]


def _does(action: Action) -> str:
    signed = (
        f" Needs the signature of {', '.join(str(seat.who) for seat in action.requires)}." if action.requires else ""
    )
    return f"{action.does}{signed}{' It cannot be undone.' if action.irreversible else ''}"


def chosen(book: Book, answers: Answers) -> list[Action]:
    return [book.actions[name] for name in answers.some("actions")]


def required(actions: list[Action]) -> dict[str, int]:
    """Whose signatures the actions themselves want, and how many of each."""
    found: dict[str, int] = {}
    for seat in (seat for one in actions for seat in one.requires):
        found[str(seat.who)] = max(seat.seats, found.get(str(seat.who), 0))
    return found


def seats(actions: list[Action], answers: Answers) -> dict[str, int]:
    """Whose signatures are asked for: those that the actions want, and those that the author wants."""
    return {**dict.fromkeys(answers.some("sign"), 1), **required(actions)}


def _signing(book: Book, teams: Mapping[str, str], answers: Answers) -> list[Question]:
    if "actions" not in answers.given:
        return []
    needed = required(chosen(book, answers))
    forever = any(one.irreversible for one in chosen(book, answers))
    nobody = {} if needed or forever else {NOBODY: "nobody has to"}
    roles = {who: "an action wants it" for who in needed if who not in teams}
    able = {name: title for name, title in teams.items() if name in needed or _has_another(book, name)}
    found = [Question("sign", "Who must sign?", ",".join(needed) or None, {**able, **roles, **nobody}, many=True)]
    if answers.some("sign") or needed:
        follows = {word: says for word, says in _FOLLOWS.items() if not (forever and word == UNDO_ALL)}
        found += [
            Question("deadline", "How long do they have?", "1h", length=True),
            Question("no", "What does a no mean?", STOP if forever else UNDO_ALL, follows),
            Question("silence", "What does silence mean?", ASK, follows),
        ]
    return found


def _has_another(book: Book, team: str) -> bool:
    """Whether somebody is there to sign when one of the team has launched."""
    found = book.organization.teams[team] if book.organization is not None else None
    return found is not None and len({*found.members, *(id_ for shift in found.shifts for id_ in shift.on)}) > 1


def _telling(book: Book, first: str, teams: Mapping[str, str]) -> list[Question]:
    contacts = (
        {one.name: one.title or "outside" for one in book.organization.contacts.values()} if book.organization else {}
    )
    shifts = {f"{name}.on_shift": f"whoever is on shift in {title}" for name, title in teams.items()}
    return [Question("tell", "Who is told?", f"{first}.on_shift", {**shifts, **teams, **contacts}, many=True)]


def _clocks(book: Book, first: str, teams: Mapping[str, str], answers: Answers) -> list[Question]:
    if not book.clocks:
        return []
    rows = {one.name: one.law if one.kind == "fixed" else f"our own target: {one.law}" for one in book.clocks.values()}
    found = [Question("clock", "Which time limit runs?", NONE, {NONE: "none", **rows})]
    if answers.some("clock"):
        shifts = {f"{name}.on_shift": f"whoever is on shift in {title}" for name, title in teams.items()}
        found.append(Question("clock_by", "Who does what it asks for?", f"{first}.on_shift", {**shifts, **teams}))
    return found
