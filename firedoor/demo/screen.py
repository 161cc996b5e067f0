"""How the demo speaks: one line for each thing that has happened, with the seconds since it began."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape


class Teller:
    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()

    def chapter(self, title: str) -> None:
        self._console.print(f"\n[bold]{escape(title)}[/]")

    def act(self, person: str, what: str) -> None:
        self._line("cyan", f"{person} {what}")

    def post(self, who: str, text: str) -> None:
        self._line("green", f"{who} posts: “{text}”")

    def refused(self, who: str, refusal: str) -> None:
        self._line("red", f"{who} tries to post; the platform says {refusal}")

    def note(self, text: str) -> None:
        self._line("dim", text)

    def last(self, text: str) -> None:
        self._console.print(text, markup=False)

    def _line(self, style: str, text: str) -> None:
        self._console.print(f"[dim]{time.monotonic() - self._began:6.1f} s[/]  [{style}]{escape(text)}[/]")
