"""What a reader calls the people, the steps and the texts of a plan: by their titles, their numbers, their language."""

from __future__ import annotations

import re
from collections.abc import Iterable

from firedoor.explain import conditions
from firedoor.people.organization import Organization
from firedoor.plan import Audience, Consequence, Contain, MessageRef, Plan, Seat, Span, Step, Text, Who, spoken
from firedoor.plan.expression import Expr
from firedoor.plan.time import spelt_out

_THE = re.compile(r"\b(team|group|office|desk|unit|board|committee|council|department|executives)$", re.IGNORECASE)
"""Titles that are said with an article: "the Critical Response Team", and "Policy"."""

LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}


class Reader:
    """Names things for one reader. Without an organization, teams and people are called what the plan calls them."""

    def __init__(self, plan: Plan, organization: Organization | None = None, language: str | None = None) -> None:
        self.plan = plan
        self.organization = organization
        self.language = language or plan.languages[0]

    # --- people

    def team(self, name: str) -> str:
        known = self.organization.teams.get(name) if self.organization else None
        title = known.title if known else name
        return f"the {title}" if _THE.search(title) else title

    def who(self, who: Who) -> str:
        name = who.name or ""
        match who.kind:
            case "team":
                return self.team(name)
            case "on_shift" if not self._has_shifts(name):
                return f"whoever is a member of {self.team(name)}"
            case "on_shift":
                return f"whoever is on shift in {self.team(name)}"
            case "manager":
                return f"the manager of {self.team(name)}"
            case "region_manager":
                return "the manager of the region"
            case "commander":
                return "the commander"
            case "launcher":
                return "whoever launched"
            case "users":
                return "the platform's users"
            case "account":
                return f"the holder of {name}"
            case "contact":
                contact = self.organization.contacts.get(name) if self.organization else None
                return (contact.title if contact else None) or name
            case "person":
                person = self.organization.people.get(name) if self.organization else None
                return person.name if person else name

    def _has_shifts(self, team: str) -> bool:
        """A team without shifts is its members, at any hour."""
        known = self.organization.teams.get(team) if self.organization else None
        return known is None or bool(known.shifts)

    def seats(self, seats: Iterable[Seat]) -> str:
        """Whole teams first: "Security and the manager of Human Resources" is read in one way only."""
        return listed(dict.fromkeys(self.seat(one) for one in sorted(seats, key=_of_a_part)))

    def seat(self, seat: Seat) -> str:
        """ "Policy", "two people of Legal"."""
        return f"{counted(seat.seats)} people of {self.who(seat.who)}" if seat.seats > 1 else self.who(seat.who)

    # --- steps

    def number(self, path: str) -> str:
        """Steps are counted from one: "1.0" is 2.1."""
        return ".".join(str(int(part) + 1) for part in path.split("."))

    def step(self, path: str) -> str:
        return f"step {self.number(path)}"

    def steps(self, some: Iterable[str]) -> str:
        """ "step 2", "steps 2.1 and 3"."""
        numbers = [self.number(path) for path in some]
        return f"step{'s' * (len(numbers) > 1)} {listed(numbers)}"

    def in_loop(self, path: str) -> bool:
        """Whether the step happens once for each item of a loop around it."""
        while path := path.rpartition(".")[0]:
            if self.plan.by_path[path].verb == "for_each":
                return True
        return False

    def head(self, step: Step) -> str:
        """A line that says what the step is, as a title."""
        match step.verb:
            case "contain":
                on = f" {self.value(step.targets)}" if step.targets is not None else ""
                given = "".join(f", {conditions.plain(key)}: {self.value(one)}" for key, one in step.arguments.items())
                return f"Contain{on}: {self.does(step)} ({step.action}{given})"
            case "undo":
                which = f", for {self.value(step.targets)}" if step.targets is not None else ""
                return f"Undo {self.step(step.step)}{which}"
            case "approve":
                return f"Decision: “{self.text(step.question)}”"
            case "task":
                return f"Work for {self.who(step.assign)}: “{self.text(step.words)}”"
            case "notify":
                return f"Tell {self.audience(step.audience)}: {self.message(step.say)}"
            case "wait" if step.until is not None:
                return f"Wait until {self.condition(step.until)}"
            case "wait":
                return f"Wait {spelt_out(step.duration or 0)}"
            case "parallel":
                return f"{self.text(step.name)}: all at the same time"
            case "group" if step.playbook is not None:
                return f"{self.text(step.name)}: the playbook {step.playbook}"
            case "group":
                return f"{self.text(step.name)}: one after another"
            case "for_each":
                many = f"up to {step.at_once:,} at a time" if step.at_once > 1 else "one after another"
                return f"For each {conditions.plain(step.item)} of {self.value(step.items)}, {many}"

    def audience(self, audience: Iterable[Audience]) -> str:
        return listed(self._told(one) for one in audience)

    def _told(self, one: Audience) -> str:
        if one.who is None:
            return self.value(one.of) if one.of is not None else "nobody"
        everyone = "everyone in " if one.who.kind == "team" else ""
        return everyone + self.who(one.who)

    def does(self, step: Contain) -> str:
        """What an act does, without its full stop: "Stop the account from signing in"."""
        return self.plan.actions[step.action].does.rstrip(". ")

    # --- what is said

    def text(self, text: Text) -> str:
        """The text in the reader's language, its holes named in brackets."""
        prose = text.in_language(self.language, self.plan.languages)
        return "".join(part if isinstance(part, str) else f"[{conditions.hole(self, part)}]" for part in prose.of)

    def message(self, said: Text | MessageRef) -> str:
        if isinstance(said, Text):
            return f"“{self.text(said).strip()}”"
        return f"the message “{said.message}”"

    def languages_of(self, said: MessageRef) -> list[str]:
        """The languages that the message is there in, by their names."""
        message = self.plan.messages.get(said.message)
        return sorted(LANGUAGES.get(one, one) for one in message.by_language) if message else []

    def condition(self, expr: Expr) -> str:
        """A clause that follows "if": “public office” is yes."""
        return conditions.clause(self, expr)

    def only_if(self, expr: Expr) -> str:
        """ "Only if “public office” is yes"."""
        if conditions.never(expr):
            return "Never in this playbook: what it depends on is not passed on"
        return f"Only if {self.condition(expr)}"

    def value(self, expr: Expr) -> str:
        """What an expression stands for: “accounts”, what step 1 still holds."""
        return conditions.value(self, expr)

    def consequence(self, means: Consequence, step: Step | None = None) -> str:
        """What a no, a silence or a failure of the step leads to."""
        if means.kind == "undo" and step is not None and means.step in (None, step.path):
            return "it is undone"
        return spoken.consequence(self.plan, means, self.who, self.step, at=step.path if step is not None else "")

    def span(self, span: Span) -> str:
        if span.business_days:
            return f"{span.business_days} business day{'s' * (span.business_days != 1)}"
        return spelt_out(span.seconds)


def _of_a_part(seat: Seat) -> bool:
    return seat.seats > 1 or seat.who.kind in ("manager", "on_shift")


def listed(parts: Iterable[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    found = list(parts)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def every(seconds: int) -> str:
    """ "every 30 minutes", "every hour"."""
    words = spelt_out(seconds)
    one = words.removeprefix("1 ")
    return f"every {one if ' ' not in one else words}"


def ended(words: str) -> str:
    """With its full stop, if it has none of its own."""
    return words if words.rstrip("”").endswith((".", "?", "!", "。")) else f"{words}."


def counted(number: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number] if number < len(words) else f"{number:,}"


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]
