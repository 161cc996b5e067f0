"""What is shown: for people in colour where there is a terminal, for programs as JSON, and never as the data likes."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from typing import Any, Final

import click
from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from firedoor.plan.time import written

_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PIPE_WIDTH: Final = 10_000
"""In a pipe nothing is folded."""

SEVERITY_STYLE: Final = {"sev1": "bold white on red", "sev2": "bold red", "sev3": "yellow", "sev4": "green"}


class Screen:
    """Results go to standard output, everything else to standard error."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    @property
    def asks(self) -> bool:
        """Whether there is a person to be asked."""
        return not self.as_json and sys.stdin.isatty() and sys.stdout.isatty()

    def json(self, data: Any) -> None:
        plain_data = data.model_dump(mode="json") if isinstance(data, BaseModel) else data
        click.echo(json.dumps(plain_data, ensure_ascii=False, indent=2 if self.out.is_terminal else None))

    def show(self, *parts: RenderableType) -> None:
        for part in parts:
            self.out.print(part, markup=False, highlight=False, soft_wrap=isinstance(part, str | Text))

    def say(self, words: str, style: str = "") -> None:
        """One line beside the result."""
        self.err.print(Text(seen(words), style=style), soft_wrap=True)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)


def seen(text: object) -> str:
    """Text that steers no terminal and shows as it is written."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", str(text))


def line(*parts: str | tuple[str, str]) -> Text:
    """A line of pieces, each text or (text, style)."""
    return Text.assemble(*((seen(part), "") if isinstance(part, str) else (seen(part[0]), part[1]) for part in parts))


def table(*columns: str) -> Table:
    found = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, column in enumerate(columns):
        found.add_column(column, overflow="fold", no_wrap=number == 0)
    return found


def heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def severity(name: str | None) -> Text:
    return Text(f" {name} " if name == "sev1" else name or "-", style=SEVERITY_STYLE.get(name or "", ""))


def drill(is_drill: bool) -> tuple[str, str]:
    """The mark of an exercise, for a heading."""
    return ("  DRILL", "bold magenta") if is_drill else ("", "")


def moment(at: datetime | None) -> str:
    """18:45 UTC today, or with its date."""
    if at is None:
        return "-"
    at = at.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == datetime.now(UTC).date() else f"{at:%Y-%m-%d %H:%M} UTC"


def left(until: datetime | None, now: datetime | None = None) -> Text:
    """How long is left: what runs out is red."""
    if until is None:
        return Text("no deadline", style="dim")
    seconds = (until - (now or datetime.now(UTC))).total_seconds()
    if seconds < 0:
        return Text(f"{written(-seconds)} late", style="bold red")
    return Text(f"{written(seconds)} left", style="bold red" if seconds < 300 else "yellow" if seconds < 1800 else "")
