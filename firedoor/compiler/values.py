"""Single values as authors write them: lengths of time, yes and no, numbers, dates, severities, languages, names.

Each function takes the text as it stands and gives the value, or None with a finding at the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Literal, get_args

from firedoor.compiler import suggest
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.nodes import Scalar
from firedoor.plan.model import Severity
from firedoor.plan.time import Span

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
SENSITIVITIES = ("personal", "graphic")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = ("every day", "daily", "all")
LONGEST = 10 * 366 * 86_400
"""Seconds; a longer span is a slip."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
}
_PART = re.compile(r"(\d{1,9})\s*([A-Za-z]+)\s*")
_BUSINESS = re.compile(r"(\d{1,4})\s+business\s+days?", re.IGNORECASE)
_DECIMAL = re.compile(r"(\d+)\.(\d+)\s*([A-Za-z]+)")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_KEBAB = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")

TAKEN = ("commander", "launcher", "users", "region", "undo", "all", "stop", "ask", "continue", "leave")
"""Words that mean something where a name could stand."""

_KEYWORDS = "and or not in is if else true false none"
RESERVED = frozenset([*_KEYWORDS.split(), "run", "severity", "yes", "no", "otherwise", "given", "loop", *SEVERITIES])
"""Words with a meaning of their own in expressions and messages."""


@lru_cache(maxsize=1024)
def seconds_of(text: str) -> int | None:
    """Seconds of "15m", "2 days", "1h 30m"; None for anything else."""
    text = text.strip()
    total = position = 0
    while position < len(text):
        part = _PART.match(text, position)
        unit = UNITS.get(part.group(2).lower()) if part else None
        if part is None or unit is None:
            return None
        total += int(part.group(1)) * _SECONDS[unit]
        position = part.end()
    return total if text else None


def seconds(scalar: Scalar, findings: Findings, *, zero: bool = False) -> int | None:
    """A length of time in seconds. Business days have none: they are refused."""
    span_ = span(scalar, findings, zero=zero)
    if span_ is None:
        return None
    if span_.business_days:
        message = f'"{scalar.text}" counts business days, which only `due` and `meeting_within` can'
        findings.add("FD106", scalar.place, message, fix="write days, such as 5 days")
        return None
    return span_.seconds


def span(scalar: Scalar, findings: Findings, *, zero: bool = False) -> Span | None:
    """A length of time, or a count of business days."""
    text = scalar.text.strip()
    business = _BUSINESS.fullmatch(text)
    if business and int(business.group(1)):
        return Span(business_days=int(business.group(1)))
    found = seconds_of(text)
    if found is None:
        findings.add("FD106", scalar.place, f'"{text}" is no length of time', fix=_mended(text))
        return None
    if found == 0 and not zero:
        findings.add("FD106", scalar.place, f'"{text}" is no time at all', fix="write a length of time, such as 15m")
        return None
    if found > LONGEST:
        findings.add("FD106", scalar.place, f'"{text}" is over ten years', fix="write a shorter time")
        return None
    return _lasting(found)


@lru_cache(maxsize=1024)
def _lasting(seconds: int) -> Span:
    return Span(seconds=seconds)


def _mended(text: str) -> str:
    clock = re.fullmatch(r"(\d{1,2}):(\d\d)", text)
    if clock:
        return f"write {int(clock.group(1))}h {int(clock.group(2))}m, or {int(clock.group(1))}m {int(clock.group(2))}s"
    decimal = _DECIMAL.fullmatch(text)
    if decimal and decimal.group(3).lower() in UNITS:
        unit = _SECONDS[UNITS[decimal.group(3).lower()]]
        whole = round(float(f"{decimal.group(1)}.{decimal.group(2)}") * unit)
        return f"write {whole // 60}m" if whole % 60 == 0 else f"write {whole}s"
    if re.fullmatch(r"\d+", text):
        return f"say of what: {text}m, {text}h or {text} days"
    if _IDENTIFIER.fullmatch(text):
        return "write a number and a unit, such as 4h: an input's name cannot stand here"
    return "write a number and a unit: 90s, 15m, 4h, 1h 30m, 2 days, 5 business days"


def yes_no(scalar: Scalar, findings: Findings) -> bool | None:
    """`yes` or `no`; `true` and `false` mean the same."""
    if scalar.text in ("yes", "no", "true", "false"):
        return scalar.text in ("yes", "true")
    other = {"on": "yes", "off": "no", "y": "yes", "n": "no", "true": "yes", "false": "no"}.get(scalar.text.lower())
    lowered = scalar.text.lower() if scalar.text.lower() in ("yes", "no") else other
    fix = f"write {lowered}" if lowered else "write yes or no"
    findings.add("FD107", scalar.place, f'"{scalar.text}" is neither yes nor no', fix=fix)
    return None


def number(scalar: Scalar, findings: Findings, *, least: float | None = None) -> float | None:
    text = scalar.text.strip()
    if not _NUMBER.fullmatch(text):
        mended = text.replace(",", "").replace("_", "").replace(" ", "")
        fix = f"write {mended}" if _NUMBER.fullmatch(mended) else "write digits, such as 20000"
        findings.add("FD108", scalar.place, f'"{text}" is no number', fix=fix)
        return None
    found = float(text)
    if least is not None and found < least:
        findings.add("FD108", scalar.place, f"{text} is too small", fix=f"write {least:g} or more")
        return None
    return int(found) if found.is_integer() else found


def whole(scalar: Scalar, findings: Findings, *, least: int = 1) -> int | None:
    found = number(scalar, findings, least=least)
    if found is not None and not float(found).is_integer():
        findings.add("FD108", scalar.place, f"{scalar.text} is no whole number", fix=f"write {round(found)}")
        return None
    return None if found is None else int(found)


def is_moment(text: str) -> bool:
    if not MOMENT.fullmatch(text.strip()):
        return False
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def moment(scalar: Scalar, findings: Findings) -> str | None:
    """A moment in ISO 8601 with an offset."""
    text = scalar.text.strip()
    if is_moment(text):
        return datetime.fromisoformat(text).isoformat()
    fix = "write date, time and offset: 2026-03-04T02:45:00+00:00"
    findings.add("FD109", scalar.place, f'"{text}" is no moment with a date, a time and an offset', fix=fix)
    return None


def severity(scalar: Scalar, findings: Findings) -> Severity | None:
    for name in SEVERITIES:
        if scalar.text == name:
            return name
    fix = suggest.fix(scalar.text, SEVERITIES)
    findings.add("FD111", scalar.place, f'no severity is called "{scalar.text}"', fix=fix)
    return None


def is_language(text: str) -> bool:
    return bool(_LANGUAGE.fullmatch(text))


def language(scalar: Scalar, findings: Findings) -> str | None:
    if is_language(scalar.text):
        return scalar.text
    fix = "write a code of two or three letters, such as en, de, ja or pt-BR"
    findings.add("FD110", scalar.place, f'"{scalar.text}" is no language', fix=fix)
    return None


def choice(scalar: Scalar, choices: Iterable[str], what: str, findings: Findings) -> str | None:
    known = list(choices)
    if scalar.text in known:
        return scalar.text
    findings.add("FD112", scalar.place, f'"{scalar.text}" is no {what}', fix=suggest.fix(scalar.text, known))
    return None


def identifier(scalar: Scalar, what: str, findings: Findings) -> str | None:
    """A name that expressions can use: small letters, digits and _."""
    return _name(scalar, what, findings, "underscore")


def kebab(scalar: Scalar, what: str, findings: Findings) -> str | None:
    """A name that expressions never use: it may have hyphens."""
    return _name(scalar, what, findings, "hyphen")


def as_identifier(text: str) -> str:
    """What was probably meant by a name that is none: "public-office" → "public_office"."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def is_kebab(text: str) -> bool:
    """Whether a playbook, a team or a clock may be called so."""
    return _KEBAB.fullmatch(text) is not None


def as_kebab(text: str) -> str:
    """The same, for a name that may have hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _name(scalar: Scalar, what: str, findings: Findings, style: Literal["underscore", "hyphen"]) -> str | None:
    text = scalar.text
    fits = _IDENTIFIER if style == "underscore" else _KEBAB
    place: Place = scalar.place
    if style == "underscore" and text in RESERVED:
        message = f'{what} cannot be called "{text}", which has a meaning of its own'
        findings.add("FD113", place, message, fix=f"choose another name, such as {text}_value")
        return None
    if fits.fullmatch(text) and len(text) <= 100:
        return text
    mended = as_identifier(text) if style == "underscore" else as_kebab(text)
    letters = "small letters, digits and _" if style == "underscore" else "small letters, digits and hyphens"
    usable = fits.fullmatch(mended) is not None and mended not in RESERVED
    fix = f'write "{mended[:100]}"' if usable else f"use {letters}, a letter first"
    findings.add("FD113", place, f'{what} is called "{text}"; names are {letters}', fix=fix)
    return None
