"""What one text of a book may say, in an author's words: each kind of value once, with its closed list or its form.

The shapes of files (firedoor.compiler.schema) say of each key which of these stands after it. Editors' schemas and the
reference for authors are made from them. Whether a value is right is decided by its reader (firedoor.compiler.values,
roster, consequences …): a form here is as wide as the reader, or wider where no form can say it, and never narrower.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from firedoor.compiler import values
from firedoor.compiler.kinds import INPUT_TYPES
from firedoor.plan.countries import COUNTRIES
from firedoor.plan.expression import ValueType

Refers = Literal[
    "team",
    "person",
    "who",
    "seat",
    "silent",
    "audience",
    "region",
    "channel",
    "action",
    "clock",
    "playbook",
    "words",
    "then",
    "expiry",
]
"""Whose names the book gives: `who` is someone of the organization, `audience` also someone outside of it, `seat` who
may sign by their role, `silent` who says nothing in a rehearsal, `words` a message's name, `then` what follows (it may
ask someone)."""


@dataclass(frozen=True)
class Value:
    says: str
    """A noun, with its form: "a length of time, such as 15m, 4h or 2 days"."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What it may be, each with its meaning. All of it, where there is no `form`."""
    form: str | None = None
    """A regular expression for the whole text, in what Python and JavaScript read alike."""
    examples: tuple[str, ...] = ()
    reads: tuple[Literal["number", "integer", "boolean"], ...] = ("number", "boolean")
    """What YAML, where it types what it reads, may make of such a text: `1.10` is a number, and `no` is false."""
    least: float | None = None
    """Of what it reads as a number."""
    refers: Refers | None = None


# --- forms


def any_case(words: str) -> str:
    """A form for words in small or capital letters, with any blanks between them."""
    return "".join(
        r"\s+" if letter == " " else f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in words
    )


def one_of(forms: Iterable[str]) -> str:
    return f"(?:{'|'.join(forms)})"


def blanks(form: str) -> str:
    return rf"\s*{form}\s*"


NAME = r"[a-z0-9]+(?:[-_][a-z0-9]+)*"
IDENTIFIER = r"[a-z][a-z0-9_]*"
_SOME = "(?=[^1-9]*[1-9])"
"""Not nought."""
_UNIT = one_of(any_case(unit) for unit in sorted(values.UNITS, key=len, reverse=True))
_TIME = rf"(?:[0-9]{{1,9}}\s*{_UNIT}\s*)+"
_BUSINESS = rf"[0-9]{{1,4}}\s+{any_case('business day')}[sS]?\s*"
_HOUR = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_DAY = one_of(any_case(day) for day in values.DAYS) + "[^-]*"
_WHO = rf"{NAME}(?:\.{one_of(['on_shift', 'manager'])})?"
_RESERVED = one_of(sorted(values.RESERVED))
_NOT_RESERVED = rf"(?!{_RESERVED}$)"
_NOT_TAKEN = rf"(?!{one_of(values.TAKEN)}$)"


def then(who: str = _WHO, undo: str = rf"undo|undo\s+all|undo\s+{IDENTIFIER}|continue|leave|stop") -> str:
    """The form of what follows, where `who` is the form of whom it may ask."""
    return blanks(rf"(?:{undo}|ask\s+(?:{who}))")


# --- values

TEXT = Value("a text")
WORDS = Value("a text, with {{ … }} where a value is filled in")
CONDITION = Value("a condition", examples=("threats and not live_now", "posts | count >= 3", "severity is sev1"))
YES_NO = Value("yes or no", {"yes": "", "no": ""}, form="(?:yes|no|true|false)", reads=("boolean",))
WHOLE = Value(
    "a whole number, 1 or more",
    form=blanks(rf"{_SOME}[0-9]{{1,15}}(?:\.0{{1,9}})?"),
    examples=("10",),
    reads=("integer",),
    least=1,
)
COUNT = replace(WHOLE, says="a whole number", form=blanks(r"[0-9]{1,15}(?:\.0{1,9})?"), least=0)
NUMBER = Value("a number", form=blanks(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?"), reads=("number",))
TIME = Value(
    "a length of time, such as 90s, 15m, 4h, 1h 30m or 2 days",
    form=rf"\s*{_SOME}{_TIME}",
    examples=("15m", "4h", "2 days"),
    reads=(),
)
ANY_TIME = replace(TIME, form=rf"\s*{_TIME}")
"""None at all as well."""
LASTS = r"\s*[0-9][^<>=()|]*"
"""How a length of time begins, where a condition could stand too."""
DUE = replace(
    TIME,
    says="a length of time, such as 4h, 2 days or 5 business days",
    form=rf"\s*{_SOME}(?:{_TIME}|{_BUSINESS})",
    examples=("4h", "2 days", "5 business days"),
)
MOMENT = Value(
    "a moment: an expression such as run.aware_at, or an input of type date_time",
    {
        "run.aware_at": "when someone came to know of it",
        "run.launched_at": "when the playbook was launched",
    },
    form=r"[\s\S]*\S[\s\S]*",
)
DATED = Value(
    "a date, a time and an offset, such as 2026-03-04T02:45:00+00:00",
    form=blanks(values.MOMENT.pattern.replace(r"\d", "[0-9]")),
    examples=("2026-03-04T02:45:00+00:00",),
    reads=(),
)
DATE = Value("a date, such as 2026-12-25", form=r"[0-9]{4}-[0-9]{2}-[0-9]{2}", examples=("2026-12-25",), reads=())
BOUND = Value("a number, or a length of time", form=rf"(?:{NUMBER.form}|{ANY_TIME.form})", reads=("number",))
LANGUAGE = Value(
    "a language's code, such as en, de or pt-BR",
    form="[a-z]{2,3}(?:-[A-Z]{2})?",
    examples=("en", "de"),
    reads=("boolean",),
)
SEVERITY_RULE = Value(
    "a condition, or otherwise",
    {"otherwise": "where none of the conditions holds"},
    form=r"[\s\S]*\S[\s\S]*",
    examples=("threats", "posts | count >= 3"),
)
SENSITIVITY = Value(
    "personal or graphic",
    {"personal": "data about a person", "graphic": "what may harm who sees it"},
    reads=(),
)

_OTHER = "and no word that has a meaning of its own"
NAMED = Value("a name: small letters, digits and hyphens", form=rf"(?=.{{1,100}}$){NAME}")
OWN_NAME = replace(NAMED, says=f"{NAMED.says}, {_OTHER}", form=f"{_NOT_TAKEN}{NAMED.form}")
"""Of a team, a person, a region: not a word that means something where such a name could stand."""
ID = Value(f"a name: small letters, digits and _, {_OTHER}", form=f"{_NOT_RESERVED}(?=.{{1,100}}$){IDENTIFIER}")
VARIABLE = Value(
    "the name of an environment variable: a secret itself never stands in a book",
    form="[A-Z][A-Z0-9_]*",
    examples=("PAGER_URL",),
)
TIMEZONE = Value(
    "a time zone by its IANA name", examples=("Europe/Dublin", "America/Los_Angeles", "Asia/Singapore"), reads=()
)
HOURS = Value(
    'from when to when, in local time, such as "08:00-17:00"; a shift may pass midnight',
    form=rf"\s*{_HOUR}\s*-\s*(?:{_HOUR}|24:00)\s*",
    examples=("08:00-17:00",),
    reads=(),
)
DAYS = Value(
    "every day, a range such as mon-fri, or a day such as sat",
    {"every day": "", "mon-fri": "", "sat": "", "sun": ""},
    form=rf"\s*(?:{one_of(map(any_case, values.EVERY_DAY))}\s*|{_DAY}(?:-\s*{_DAY})?)",
    reads=(),
)
ADDRESS = Value("an address", reads=())

TYPES: dict[ValueType, str] = {
    "text": "words",
    "number": "a number",
    "yes_no": "yes or no",
    "choice": "one of its `choices`",
    "date_time": "a moment, with its offset from UTC",
    "duration": "a length of time",
    "url": "an address on the web",
    "email": "an e-mail address",
    "document": "a document's name or address",
    "country": "a country's two letters",
    "language": "a language's code",
    "account": "an account's id on the platform",
    "content": "an item's id or address on the platform",
    "person": "someone of the organization",
}
_ONE: dict[str, str] = {kind: TYPES[kind] for kind in INPUT_TYPES}
TARGET_TYPE = Value("a type, such as account or content", _ONE, reads=())
TYPE = Value(
    "a type, such as text, yes_no, account, or list of account",
    {**_ONE, **{f"list of {kind}": "" for kind in INPUT_TYPES}},
    reads=(),
)
COUNTRY = Value("a country's two capital letters", COUNTRIES)
CLOCK_KIND = Value(
    "fixed or standard",
    {
        "fixed": "the law sets a number: it has a `limit`, and can be breached",
        "standard": "the law says “promptly” or the like: it has a `target` of our own, and can be missed",
    },
    reads=(),
)
AFTER_PAUSE = Value(
    "the rest or anew",
    {
        "the rest": "the time that was left when it was paused",
        "anew": "all of its time again, where the law lets it begin only when the ground has ended",
    },
    reads=(),
)

_ROLES = {
    "commander": "who commands the response",
    "launcher": "who launched it",
    "region.manager": "the manager of the region in which the response runs",
}
USERS = "the platform's own users"
TEAM = Value("a team", form=NAME, refers="team")
PERSON = Value("a person", form=NAME, refers="person")
REGION = Value("a region", form=NAME, refers="region")
CHANNEL = Value("a channel", form=NAME, refers="channel")
WHO = Value(
    "someone: commander, launcher, region.manager, TEAM, TEAM.on_shift, TEAM.manager, or a person",
    _ROLES,
    form=blanks(_WHO),
    refers="who",
)
SILENT = replace(WHO, says=f"everybody, or {WHO.says}", words={"everybody": "all of them", **_ROLES}, refers="silent")
SEAT_ROLE = Value(
    "commander, region.manager, or TEAM.manager",
    {word: says for word, says in _ROLES.items() if word != "launcher"},
    form=rf"\s*(?!launcher\s*$){_WHO}\s*",
    refers="seat",
)
AUDIENCE = Value(
    "someone (a team, TEAM.on_shift, a role, a person, a contact, users), or an expression for accounts",
    {**_ROLES, "users": USERS},
    form=r"[\s\S]*\S[\s\S]*",
    refers="audience",
)
ACTION = Value("an action of actions.yaml", form=IDENTIFIER, refers="action")
CLOCK = Value("a clock of clocks.yaml", form=NAME, refers="clock")
PLAYBOOK = Value("another playbook of the book", form=NAME, refers="playbook")
STEP = Value("the `id` of a contain step", form=blanks(IDENTIFIER))
EXPRESSION = Value("an expression", examples=("accounts", "matches_of(links)"))
SAY = replace(WORDS, says=f"{WORDS.says}, or the name of a message", refers="words")
EACH = Value(
    "NAME in EXPRESSION",
    form=rf"\s*(?!{_RESERVED}\s){IDENTIFIER}\s+in\s+\S[\s\S]*",
    examples=("account in accounts", "item in lock.held"),
    reads=(),
)
WAIT = Value(
    "a length of time, or a condition",
    form=rf"(?:{TIME.form}|(?!{LASTS}$)[\s\S]*\S[\s\S]*)",
    examples=("15m", "reports_per_hour < 20"),
)

CONSEQUENCES = {
    "continue": "go on",
    "leave": "this group, this round of the loop, or this branch ends; what stands after it goes on",
    "undo": "release what this step contains, and go on",
    "undo all": "release everything, newest first, and end the response",
    "stop": "end the response, keep what is contained, and list it in the review",
    "ask commander": "a decision for a person, which never lapses",
}
THEN = Value(
    "what follows: continue, leave, undo STEP, undo all, stop, or ask WHO",
    CONSEQUENCES,
    form=then(),
    reads=(),
    refers="then",
)
ON_EXPIRY = Value(
    "undo, or ask WHO",
    {word: CONSEQUENCES[word] for word in ("undo", "ask commander")},
    form=then(undo="undo"),
    reads=(),
    refers="expiry",
)


def sentence(says: str) -> str:
    return f"{says[:1].upper()}{says[1:]}" + ("" if says.endswith((".", "…")) else ".")
