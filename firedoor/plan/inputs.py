"""What a launch gives, checked against what the playbook asks for.

The front door checks before it signs, so that a person hears of every problem at once; the run checks again, because
it trusts nobody. Both must come to the same: the function is pure, and what it returned comes back unchanged.

Values are given as JSON, or as the text that someone typed: `yes`, `15m`, `@a:x,@b:x`. They are returned as JSON: a
date_time as ISO 8601 text with its offset, a duration as seconds.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, get_args

from firedoor.plan.base import Frozen
from firedoor.plan.countries import COUNTRIES
from firedoor.plan.evaluate import plain
from firedoor.plan.expression import ValueType
from firedoor.plan.lists import BY_REFERENCE, Opened, reference
from firedoor.plan.model import Input, Plan, Severity
from firedoor.plan.time import written

MOST_INPUT_BYTES: Final = 64 * 1024
"""Of all values together, as canonical JSON."""

_SPAN: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN_PART: Final = re.compile(
    r"\s*(\d{1,6})\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)(?![a-z])", re.I
)
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, halves of characters, and what turns the direction of a text, so that it shows as another."""
_BLANK: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.I)
_URL: Final = re.compile(r"https?://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?([/?#].*)?", re.I)
"""With a host, and without a user's name before it, which makes one host look like another."""
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*")
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2200
_LONGEST: Final = 10 * 366 * 86_400
"""Seconds. Beyond these, sums of moments and lengths of time could leave what a clock can show."""
_PROSE: Final = ("text", "document")
_MOST_SAFE: Final = 2**53
_MOST_PROBLEMS: Final = 50


class Problem(Frozen):
    """One thing that is wrong with what was given. Reads as a sentence: `name`: `says`; `give`."""

    name: str
    says: str
    give: str

    def __str__(self) -> str:
        return f"{self.name}: {self.says}; {self.give}"


class Checked(NamedTuple):
    values: dict[str, Any]
    """By name, in the playbook's order, defaults filled in. Optional ones that were not given are absent."""
    problems: tuple[Problem, ...]


class _Wrong(ValueError):
    """What is wrong with one value. `give` is left to the type's own hint unless said."""

    def __init__(self, says: str, give: str | None = None) -> None:
        super().__init__(says)
        self.says = says
        self.give = give


def check_inputs(plan: Plan, given: Mapping[str, object], people: Collection[str] | None = None) -> Checked:
    """Every value that is right, and every problem. Launch only when there is no problem.

    `people` are the ids that a `person` may be, where they are known.
    """
    checking = _Checking(plan, given, people)
    for field in plan.inputs:
        if _empty(given.get(field.name)) and _empty(field.default):
            if not field.optional:
                checking.problems.append(Problem(name=field.name, says="is not given", give=hint(field)))
            continue
        checking.check(field, field.default)
    return checking.found()


def check_late(
    plan: Plan, given: Mapping[str, object], people: Collection[str] | None = None, *, adding: bool = False
) -> Checked:
    """The same for what is given to a running incident: some inputs, and nothing is filled in.

    `adding`: items for lists, which are counted together with those that are there, so not here.
    """
    checking = _Checking(plan, given, people)
    if not given:
        names = ", ".join(plan.input_names)
        checking.problems.append(Problem(name="inputs", says="are not given", give=f"name one of: {names}"))
    for field in plan.inputs:
        if field.name not in given:
            continue
        if _empty(given[field.name]):
            checking.problems.append(Problem(name=field.name, says="is empty", give=hint(field)))
        elif adding and not field.listed:
            give = "give it as an input, while it is not known"
            checking.problems.append(Problem(name=field.name, says="is no list to add to", give=give))
        else:
            bounds = {"at_least": None, "at_most": None} if adding else {}
            checking.check(field.model_copy(update=bounds))
    return checking.found()


class _Checking:
    def __init__(self, plan: Plan, given: Mapping[str, object], people: Collection[str] | None) -> None:
        self.given = given
        self.people = people
        self.problems = [_unknown(_short(name), plan) for name in given if name not in plan.input_names]
        self.values: dict[str, Any] = {}

    def check(self, field: Input, default: object = None) -> None:
        value = self.given.get(field.name)
        found, wrong = _read(field, default if _empty(value) else value, self.people)
        self.problems += wrong
        if not wrong:
            self.values[field.name] = found

    def found(self) -> Checked:
        problems = self.problems
        here = {name: value for name, value in self.values.items() if not isinstance(value, Opened)}
        size = len(json.dumps(here, ensure_ascii=False, separators=(",", ":")).encode())
        if size > MOST_INPUT_BYTES:
            says = f"are {size // 1024} KiB together, and {MOST_INPUT_BYTES // 1024} KiB is the most"
            give = "give fewer, and add the rest to the running incident"
            problems = [*problems, Problem(name="inputs", says=says, give=give)]
        if (more := len(problems) - _MOST_PROBLEMS) > 0:
            rest = Problem(name="inputs", says=f"have {more} more problems", give="mend these first")
            problems = [*problems[:_MOST_PROBLEMS], rest]
        return Checked(self.values, tuple(problems))


def check_items(
    field: Input, items: Sequence[object], people: Collection[str] | None = None
) -> tuple[list[Any], tuple[Problem, ...]]:
    """The items of a list by themselves, each once: those that are right, and the first problems."""
    found, problems = _read(field, list(items), people)
    return found or [], tuple(problems[:_MOST_PROBLEMS])


def items_of(field: Input, value: object) -> list[Any]:
    """What was given for a list, item by item, unchecked."""
    return list(value) if isinstance(value, list | tuple) else _parts(field, value)


def read_duration(value: object) -> int | float:
    """Seconds, of `15m` or of a number of seconds. Raises ValueError in plain words."""
    return _duration(Input(name="value", type="duration"), only_seen(value) if isinstance(value, str) else value)


def hint(field: Input) -> str:
    """What to give for an input, as the end of a sentence: `give yes or no`."""
    one = _one(field)
    if field.listed:
        return f"give one or more, with a comma or a new line between: {one}"
    return f"give {one}"


# --- one input ------------------------------------------------------------------------------------------------------


def _read(field: Input, value: object, people: Collection[str] | None) -> tuple[Any, list[Problem]]:
    if isinstance(value, Opened) and field.listed:
        return value, []
    if (ref := reference(value)) is not None and field.listed and field.type in BY_REFERENCE:
        return plain(ref), _bounds(field, range(ref.count))
    if not field.listed:
        if isinstance(value, list | tuple):
            count = len(value)
            if count != 1:
                return None, [
                    Problem(name=field.name, says=f"takes one value, and {count} were given", give=hint(field))
                ]
            value = value[0]
        found, problem = _item(field, field.name, value, people)
        problems = [problem] if problem else _bounds(field, found)
        return found, problems
    items = items_of(field, value)
    found_items: list[Any] = []
    seen: set[Any] = set()
    problems = []
    for index, item in enumerate(items):
        name = field.name if len(items) == 1 else f"{field.name}[{index + 1}]"
        found, problem = _item(field, name, item, people)
        if problem:
            problems.append(problem)
        elif found not in seen or field.type in ("text", "number"):
            seen.add(found)
            found_items.append(found)
    return found_items, problems or _bounds(field, found_items)


def _item(field: Input, name: str, value: object, people: Collection[str] | None) -> tuple[Any, Problem | None]:
    try:
        if isinstance(value, str):
            value = only_seen(value)
        found = _READERS[field.type](field, value)
    except _Wrong as wrong:
        return None, Problem(name=name, says=wrong.says, give=wrong.give or f"give {_one(field)}")
    if field.type == "person" and people is not None and found not in people:
        nobody = f"nobody in the organization is called {_quoted(field, value)}"
        return None, Problem(name=name, says=nobody, give=meant(found, people))
    return found, None


def _bounds(field: Input, value: Any) -> list[Problem]:
    if field.listed:
        amount, says = len(value), f"has {len(value)} item{'s' * (len(value) != 1)}"
    elif field.type in ("number", "duration"):
        amount, says = value, f"is {_number_said(field, value)}"
    else:
        return []
    if field.at_least is not None and amount < field.at_least:
        least = f"{field.at_least:g}" if field.listed else _number_said(field, field.at_least)
        return [Problem(name=field.name, says=says, give=f"give at least {least}")]
    if field.at_most is not None and amount > field.at_most:
        most = f"{field.at_most:g}" if field.listed else _number_said(field, field.at_most)
        return [Problem(name=field.name, says=says, give=f"give at most {most}")]
    return []


def _empty(value: object) -> bool:
    """An empty field of a form says nothing. An empty list does only where a list may be empty."""
    return value is None or (isinstance(value, str) and not value.strip())


def _parts(field: Input, value: object) -> list[object]:
    """A list that was typed as text: one a line, or with commas where a value holds none."""
    if not isinstance(value, str):
        return [value]
    separator = r"\n"
    if field.type == "url":
        separator = r"\n|,\s*(?=https?://)"
    elif field.type not in _PROSE:
        separator = r"[\n,]"
    return [part for part in (piece.strip() for piece in re.split(separator, value)) if part]


def _unknown(name: str, plan: Plan) -> Problem:
    names = list(plan.input_names)
    if not names:
        return Problem(name=name, says="is no input of this playbook", give="leave it out: it takes none")
    return Problem(name=name, says="is no input of this playbook", give=meant(name, names))


def meant(name: str, names: Collection[str]) -> str:
    """How to mend a name that is none of these: the one that is close, else the choices."""
    close = difflib.get_close_matches(name.lower(), names, n=2, cutoff=0.75)
    if len(close) == 1:
        return f'write "{close[0]}"'
    listed = sorted(names)
    more = f" and {len(listed) - 20} more" if len(listed) > 20 else ""
    return "choose one of: " + ", ".join(listed[:20]) + more


# --- one value ------------------------------------------------------------------------------------------------------


def only_seen(text: str) -> str:
    """Text without what cannot be seen: whoever reads it reads what was written. Raises ValueError, in plain words."""
    text = text.strip().replace("\r\n", "\n")
    if found := _UNSEEN.search(text):
        raise _Wrong(f"holds a character that cannot be seen (U+{ord(found[0]):04X})", "type it again without it")
    return text


def _quoted(field: Input, value: object) -> str:
    """The value for a message: short, and not at all where it is sensitive."""
    if field.sensitive:
        return "what was given"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f'"{_short(text)}"'


def _short(text: str) -> str:
    """Fit to be shown: not long, and encodable whatever it holds."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else text[:59] + "…"


def _text(field: Input, value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{_quoted(field, value)} is not text")
    if not value:
        raise _Wrong("is empty")
    if field.choices:
        return _choice(field, value)
    return value


def _choice(field: Input, value: object) -> str:
    if isinstance(value, str):
        if value in field.choices:
            return value
        alike = [choice for choice in field.choices if choice.casefold() == value.casefold()]
        if len(alike) == 1:
            return alike[0]
    raise _Wrong(f"{_quoted(field, value)} is no choice here", meant(str(value), field.choices))


def _token(field: Input, value: object) -> str:
    text = _text(field, value)
    if _BLANK.search(text):
        raise _Wrong(f"{_quoted(field, value)} has a space or a line's end in it")
    if len(text) > 2048:
        raise _Wrong(f"is {len(text)} characters long, and 2048 is the most")
    return text


def _number(field: Input, value: object) -> int | float:
    if isinstance(value, str):
        try:
            value = float(value) if not re.fullmatch(r"[+-]?\d{1,16}", value) else int(value)
        except ValueError:
            raise _Wrong(f"{_quoted(field, value)} is not a number") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Wrong(f"{_quoted(field, value)} is not a number")
    if not math.isfinite(value) or abs(value) > _MOST_SAFE:
        raise _Wrong("is too large a number")
    return int(value) if float(value).is_integer() else value


def _yes_no(field: Input, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else ""
    if word in ("yes", "y", "true"):
        return True
    if word in ("no", "n", "false"):
        return False
    raise _Wrong(f"{_quoted(field, value)} is neither yes nor no")


def _date_time(field: Input, value: object) -> str:
    text = _text(field, value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong(f"{_quoted(field, value)} is not a date with a time") from None
    if moment.tzinfo is None:
        raise _Wrong(f"{_quoted(field, value)} does not say which zone's time it is", f"write {text}Z if it is UTC")
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise _Wrong(f"{_quoted(field, value)} is not between {_FIRST_YEAR} and {_LAST_YEAR}")
    return moment.isoformat()


def _duration(field: Input, value: object) -> int | float:
    if isinstance(value, int | float):
        seconds = _number(field, value)
    else:
        seconds = _span(field, _text(field, value))
    if seconds < 0:
        raise _Wrong("is less than no time")
    if seconds > _LONGEST:
        raise _Wrong("is longer than ten years")
    return seconds


def _span(field: Input, text: str) -> int:
    parts = _SPAN_PART.findall(text)
    if not parts or _SPAN_PART.sub("", text).strip():
        raise _Wrong(f"{_quoted(field, text)} is not a length of time")
    return sum(int(count) * _SPAN[unit[0].lower()] for count, unit in parts)


def _url(field: Input, value: object) -> str:
    text = _token(field, value)
    if not _URL.fullmatch(text):
        raise _Wrong(f"{_quoted(field, value)} is not a web address")
    return text


def _email(field: Input, value: object) -> str:
    text = _token(field, value)
    if not _EMAIL.fullmatch(text) or len(text) > 254:
        raise _Wrong(f"{_quoted(field, value)} is not a mail address")
    return text


def _country(field: Input, value: object) -> str:
    text = _text(field, value)
    if (code := text.upper()) in COUNTRIES:
        return code
    named = [code for code, name in COUNTRIES.items() if name.casefold() == text.casefold()]
    if text.upper() == "UK":
        named = ["GB"]
    raise _Wrong(f"{_quoted(field, value)} is no country's code", f'write "{named[0]}"' if named else None)


def _language(field: Input, value: object) -> str:
    text = _text(field, value)
    if not _LANGUAGE.fullmatch(text) or len(text) > 35:
        raise _Wrong(f"{_quoted(field, value)} is no language's code")
    first, *rest = text.split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _severity(field: Input, value: object) -> str:
    text = _text(field, value).lower()
    if text not in get_args(Severity):
        raise _Wrong(f"{_quoted(field, value)} is no severity")
    return text


_READERS: Final[dict[ValueType, Callable[[Input, object], Any]]] = {
    "text": _text,
    "number": _number,
    "yes_no": _yes_no,
    "choice": _choice,
    "date_time": _date_time,
    "duration": _duration,
    "url": _url,
    "email": _email,
    "document": _text,
    "country": _country,
    "language": _language,
    "account": _token,
    "content": _token,
    "person": _token,
    "severity": _severity,
}

_ONES: Final[dict[ValueType, str]] = {
    "text": "text",
    "number": "a number, as 1200 or 0.5",
    "yes_no": "yes or no",
    "choice": "one of the choices",
    "date_time": "a date and time with its zone, as 2026-03-04T02:45:00+00:00",
    "duration": "a length of time, as 15m, 4h or 2 days",
    "url": "a web address that begins with https://",
    "email": "a mail address, as ana@platform.example",
    "document": "a document's name or address",
    "country": "a country's two letters (ISO 3166), as NZ",
    "language": "a language's code, as en or pt-BR",
    "account": "an account's id, without spaces",
    "content": "an item's id or address, without spaces",
    "person": "a person's id, as the organization has it",
    "severity": "sev1, sev2, sev3 or sev4",
}


def _one(field: Input) -> str:
    if field.choices:
        return "one of: " + ", ".join(field.choices)
    return _ONES[field.type]


def _number_said(field: Input, value: float) -> str:
    return written(value) if field.type == "duration" else f"{value:g}"
