"""Types of values as the compiler knows them: one value or a list of it, and for a choice, among what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from firedoor.compiler import suggest
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.nodes import Scalar
from firedoor.plan.expression import ValueType

VALUE_TYPES: tuple[ValueType, ...] = get_args(ValueType)
INPUT_TYPES: tuple[ValueType, ...] = tuple(name for name in VALUE_TYPES if name != "severity")
TEXTUAL: frozenset[str] = frozenset(
    ["text", "choice", "url", "email", "document", "country", "language", "account", "content", "person"]
)
ORDERED: frozenset[str] = frozenset(["number", "date_time", "duration", "severity"])

Base = ValueType | Literal["step", "run", "anything"]


@dataclass(frozen=True)
class Kind:
    """`anything` is what could not be found out, because of a mistake that has been told: it fits everywhere."""

    base: Base
    listed: bool = False
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = {"yes_no": "yes or no", "date_time": "moment"}.get(self.base, self.base)
        return f"a list of {name}" if self.listed else f"an {name}" if name[0] in "aeiou" else f"a {name}"

    @property
    def one(self) -> Kind:
        return Kind(self.base, False, self.choices)

    @property
    def many(self) -> Kind:
        return Kind(self.base, True, self.choices)

    @property
    def value(self) -> ValueType:
        """As a plan has it."""
        return "text" if self.base in ("step", "run", "anything") else self.base  # type: ignore[return-value]


ANYTHING = Kind("anything")
YES_NO = Kind("yes_no")
TEXT = Kind("text")
NUMBER = Kind("number")
DATE_TIME = Kind("date_time")
DURATION = Kind("duration")
SEVERITY = Kind("severity")


def read(scalar: Scalar, findings: Findings) -> Kind | None:
    """`account`, `list of account`."""
    words = scalar.text.split()
    listed = words[:2] == ["list", "of"]
    name = " ".join(words[2:]) if listed else " ".join(words)
    for known in INPUT_TYPES:
        if name == known:
            return Kind(known, listed)
    start = scalar.text.rfind(name) if name else 0
    singular = suggest.close(name, INPUT_TYPES) or suggest.close(name.replace(" ", "_"), INPUT_TYPES)
    fix = f'write "{singular}"' if singular else f"choose one of {suggest.listed(INPUT_TYPES)}"
    findings.add("FD112", scalar.at(start, len(scalar.text)), f'"{name}" is no type', fix=fix)
    return None


def alike(left: Kind, right: Kind) -> bool:
    """Whether two values can be compared: of one type, or a text and whatever is written as one."""
    if "anything" in (left.base, right.base) or left.base == right.base:
        return True
    return "text" in (left.base, right.base) and left.base in TEXTUAL and right.base in TEXTUAL
