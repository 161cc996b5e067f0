"""A file of a book as editors read it: unlike the compiler, they type what they read, by YAML 1.2 or by YAML 1.1."""

from __future__ import annotations

import re
from typing import Any, Literal

import yaml

Version = Literal["1.1", "1.2"]
VERSIONS: tuple[Version, ...] = ("1.1", "1.2")

_EMPTY = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = {
    "1.1": re.compile(r"[Yy]|[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON|[Nn]|[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF"),
    "1.2": re.compile(r"[Tt]rue|TRUE|[Ff]alse|FALSE"),
}
_NUMBER = {
    "1.1": re.compile(
        r"[-+]?(?:0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+][0-9]+)?)"
    ),
    "1.2": re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"),
}


def read(text: str, version: Version) -> Any:
    """The document as JSON. Keys are their text, and dates are text, as to an editor's checker."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    return _value(node, version)


def _value(node: yaml.Node | None, version: Version) -> Any:
    match node:
        case yaml.MappingNode(value=pairs):
            return {key.value: _value(value, version) for key, value in pairs}
        case yaml.SequenceNode(value=items):
            return [_value(item, version) for item in items]
        case yaml.ScalarNode(value=text, style=None):
            return _scalar(text, version)
        case yaml.ScalarNode(value=text):
            return text
    return None


def _scalar(text: str, version: Version) -> Any:
    if _EMPTY.fullmatch(text):
        return None
    if _BOOLEAN[version].fullmatch(text):
        return text.lower() in ("y", "yes", "true", "on")
    if _NUMBER[version].fullmatch(text):
        return _number(text.replace("_", ""), version)
    return text


def _number(text: str, version: Version) -> float:
    if ":" in text:
        whole = 0.0
        for part in text.split(":"):
            whole = whole * 60 + float(part)
        return whole
    if version == "1.1" and re.fullmatch(r"[-+]?0[0-7]+", text):
        return int(text, 8)
    if re.fullmatch(r"[-+]?(0[box][0-9a-fA-F]+)", text):
        return int(text, 0)
    number = float(text)
    return int(number) if number.is_integer() and "." not in text else number
