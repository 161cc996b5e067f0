"""A connector's settings, read so that every mistake is told at once and no secret is written in a book.

A setting that ends in `_from` names the environment variable that holds the value: `token_from: SYNAPSE_TOKEN`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from firedoor.connectors.errors import BadSettings


class Settings:
    """Take what is needed, then call `done`, which raises BadSettings with all that was missing, wrong or unknown."""

    def __init__(self, connector: str, given: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> None:
        self.connector = connector
        self._left = dict(given)
        self._environ = os.environ if environ is None else environ
        self._problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """A text, given as `name` or by the variable that `name_from` names; "" when it is missing, until `done`."""
        value = self._take(name)
        if value is None:
            value = default
        if value is None:
            self._problems.append(f"{name} is missing")
            return ""
        if not isinstance(value, str):
            self._problems.append(f"{name} is no text")
            return ""
        return value

    def secret(self, name: str) -> str:
        """A text that may come by the environment only."""
        if self._left.pop(name, None) is not None:
            self._problems.append(f"{name} is a secret: name the environment variable that holds it, as {name}_from")
            self._left.pop(f"{name}_from", None)
            return ""
        if f"{name}_from" not in self._left:
            self._problems.append(f"{name}_from is missing: the environment variable that holds the {name}")
            return ""
        return self.text(name)

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        value = self._take(name)
        if value is None:
            return default
        try:
            number = float(value)
        except (TypeError, ValueError):
            self._problems.append(f"{name} is no number")
            return default
        if not least <= number <= most:
            self._problems.append(f"{name} is not between {least:g} and {most:g}")
            return default
        return number

    def table(self, name: str) -> dict[str, str]:
        """Texts by name."""
        value = self._left.pop(name, None)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
            self._problems.append(f"{name} is no table of texts")
            return {}
        return dict(value)

    def problem(self, text: str) -> None:
        self._problems.append(text)

    def done(self) -> None:
        self._problems.extend(f"there is no setting called {name}" for name in sorted(self._left))
        if self._problems:
            raise BadSettings(f"connector {self.connector}: {'; '.join(self._problems)}")

    def _take(self, name: str) -> Any:
        named = self._left.pop(f"{name}_from", None)
        value = self._left.pop(name, None)
        if named is None:
            return value
        if value is not None:
            self._problems.append(f"{name} and {name}_from are both given")
        found = self._environ.get(named) if isinstance(named, str) else None
        if not found:
            self._problems.append(f"{name}_from names the environment variable {named}, which is not set")
            return ""
        return found
