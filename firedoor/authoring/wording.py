"""Texts as they stand in YAML, and names in words."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,.'()/-]*[A-Za-z0-9.)]")
_WORDS = frozenset(["yes", "no", "true", "false", "null", "on", "off"])


def quoted(text: str) -> str:
    """The text as a value: in double quotes, unless it is plain words."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def titled(name: str) -> str:
    """ "home-address" → "Home address"."""
    return re.sub(r"[-_]+", " ", name).capitalize()


def listed(values: list[str]) -> str:
    return f"[{', '.join(values)}]"
