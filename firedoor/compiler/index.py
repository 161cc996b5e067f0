"""The names that a book gives, each with what it is: as far as its files can be read, with mistakes or without.

They stand in an editor's schema, where a book with mistakes is the usual one.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from pathlib import Path

from firedoor.compiler import source
from firedoor.compiler.book import ACTIONS, CLOCKS, MESSAGES, ORGANIZATION, SHARED, read_files
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.messages import named
from firedoor.compiler.nodes import Mapping, Node, Scalar

Names = dict[str, str]
"""Each name, with what it is in one line, or ""."""


@dataclass(frozen=True)
class Index:
    """None where the file that gives the names cannot be read: then any name may be right."""

    teams: Names | None = None
    people: Names | None = None
    contacts: Names | None = None
    regions: Names | None = None
    channels: Names | None = None
    actions: Names | None = None
    clocks: Names | None = None
    playbooks: Names | None = None
    messages: Names | None = None


def of_book(folder: Path) -> Index:
    """The names in a book's folder."""
    files = read_files(folder, Findings())
    organization = _root(files, ORGANIZATION)
    return Index(
        teams=_section(organization, "teams", "title"),
        people=_section(organization, "people", "name"),
        contacts=_section(organization, "contacts", "title", absent={}),
        regions=_section(organization, "regions", "timezone"),
        channels=_section(organization, "channels", "connector"),
        actions=_section(_root(files, ACTIONS), "actions", "does") if ACTIONS in files else {},
        clocks=_section(_root(files, CLOCKS), "clocks", "law") if CLOCKS in files else {},
        playbooks=_playbooks(files),
        messages={name: "" for path in files if (name := _message(path)) is not None},
    )


def _root(files: MappingABC[str, bytes], name: str) -> Mapping | None:
    document = source.read(name, files[name], Findings()) if name in files else None
    return document.root if document is not None and isinstance(document.root, Mapping) else None


def _section(root: Mapping | None, section: str, says: str, absent: Names | None = None) -> Names | None:
    found = root.get(section) if root is not None else None
    if root is not None and found is None:
        return absent
    return {key.text: _text(node, says) for key, node in found.entries} if isinstance(found, Mapping) else None


def _text(node: Node, key: str) -> str:
    found = node.get(key) if isinstance(node, Mapping) else None
    if isinstance(found, Mapping) and found.entries:  # a text by language: the first
        found = found.entries[0][1]
    return " ".join(found.text.split()) if isinstance(found, Scalar) else ""


def _playbooks(files: MappingABC[str, bytes]) -> Names | None:
    """None where a file cannot be read that may be a playbook."""
    found: Names = {}
    for path in sorted(files):
        if path in SHARED or "/" in path or not path.endswith(".yaml"):
            continue
        root = _root(files, path)
        if root is None:
            return None
        name = root.get("playbook")
        if isinstance(name, Scalar) and name.text:
            found[name.text] = _text(root, "title")
    return found


def _message(path: str) -> str | None:
    return named(path) if path.startswith(f"{MESSAGES}/") else None
