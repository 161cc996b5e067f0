"""Checked expressions as a small tree of data.

The compiler makes it from Jinja2's grammar; the run walks it (firedoor.plan.evaluate). No name is left unresolved and
no operand untyped: what cannot be walked never gets here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from firedoor.plan.base import Frozen

ValueType = Literal[
    "text",
    "number",
    "yes_no",
    "choice",
    "date_time",
    "duration",
    "url",
    "email",
    "document",
    "country",
    "language",
    "account",
    "content",
    "person",
    "severity",
]
"""Types of a single value. As data, a date_time is ISO 8601 text with an offset and a duration a number of seconds."""

Outcome = Literal["approved", "rejected", "unanswered", "done", "failed", "skipped"]


class Const(Frozen):
    op: Literal["const"] = "const"
    value: Any = None
    type: ValueType = "text"


class InputValue(Frozen):
    """An input of the playbook; unknown when it was not given."""

    op: Literal["input"] = "input"
    name: str
    type: ValueType
    listed: bool = False


class RunField(Frozen):
    op: Literal["run"] = "run"
    field: Literal["aware_at", "launched_at", "launcher", "region"]


class SeverityNow(Frozen):
    op: Literal["severity"] = "severity"


class Item(Frozen):
    """This round's item of the loop that stands at the static path `loop`."""

    op: Literal["item"] = "item"
    loop: str
    type: ValueType


class StepIs(Frozen):
    """Whether the step at a static path ended so. False while it has not ended."""

    op: Literal["is"] = "is"
    step: str
    outcome: Outcome


class StepField(Frozen):
    """`held` (what it still contains), `targets` (what it was to act on), `done_at`."""

    op: Literal["field"] = "field"
    step: str
    field: Literal["held", "targets", "done_at"]


class Read(Frozen):
    """An answer of a declared read. `site` is unique in the plan: the answer is recorded under it (and the round)."""

    op: Literal["read"] = "read"
    call: str
    site: str
    argument: Expr | None = None
    type: ValueType = "text"
    listed: bool = False


class Given(Frozen):
    op: Literal["given"] = "given"
    of: Expr


class Not(Frozen):
    op: Literal["not"] = "not"
    of: Expr


class And(Frozen):
    op: Literal["and"] = "and"
    of: tuple[Expr, ...]


class Or(Frozen):
    op: Literal["or"] = "or"
    of: tuple[Expr, ...]


class Compare(Frozen):
    """`left sign right`. Severities compare by urgency: sev1 is the most severe, and `severity < sev2` means less so."""

    op: Literal["compare"] = "compare"
    sign: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr


class Within(Frozen):
    """`left in right`."""

    op: Literal["in"] = "in"
    left: Expr
    right: Expr


class Arithmetic(Frozen):
    """On numbers, moments and durations."""

    op: Literal["math"] = "math"
    sign: Literal["+", "-", "*", "/", "//", "%"]
    left: Expr
    right: Expr


class Filter(Frozen):
    op: Literal["filter"] = "filter"
    name: Literal["count", "first", "last", "unique", "lower", "join"]
    of: Expr
    argument: str | None = None


class Listing(Frozen):
    op: Literal["list"] = "list"
    of: tuple[Expr, ...]


class Prose(Frozen):
    """Text with holes: literal pieces and expressions, joined in order."""

    op: Literal["prose"] = "prose"
    of: tuple[str | Expr, ...]


Expr = Annotated[
    Const
    | InputValue
    | RunField
    | SeverityNow
    | Item
    | StepIs
    | StepField
    | Read
    | Given
    | Not
    | And
    | Or
    | Compare
    | Within
    | Arithmetic
    | Filter
    | Listing
    | Prose,
    Field(discriminator="op"),
]

for _node in (Read, Given, Not, And, Or, Compare, Within, Arithmetic, Filter, Listing, Prose):
    _node.model_rebuild()
