"""The shape of mappings: which keys one has, which it must have, and what stands under each.

A shape is data (firedoor.compiler.schema), so that findings, documentation and an editor's schema say the same. A key
that is close to a missing one is one mistake, told once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from typing import Literal

from firedoor.compiler import meanings, suggest
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.meanings import Value
from firedoor.compiler.nodes import Mapping, Node, Scalar, Sequence

Kind = Literal["text", "list", "map", "texts", "words", "steps", "any"]
"""text: one; list, steps: several of anything; map: keys; texts: one text, or several; words: one text, or a map by
language; any: whatever it is."""

NOUNS = {
    "text": "one text",
    "list": "a list",
    "steps": "a list of steps",
    "map": "a mapping with keys",
    "texts": "one text or a list of them",
    "words": "one text, or a mapping from language to text",
}


_HOLDS: dict[Kind, tuple[type[Node], ...]] = {
    "text": (Scalar,),
    "list": (Sequence,),
    "steps": (Sequence,),
    "map": (Mapping,),
    "texts": (Scalar, Sequence),
    "words": (Scalar, Mapping),
    "any": (Scalar, Sequence, Mapping),
}


@dataclass(frozen=True)
class Named:
    """Things under names that the author gives: each name, and what stands under it."""

    name: Value
    each: Value | Shape
    inside: tuple[Literal["list", "map"], ...] = ()
    """In place of one value, a list or a mapping of such, which may be empty and nested."""


@dataclass(frozen=True)
class Key:
    kind: Kind
    says: str
    """One line for people: what the key is for."""
    required: bool = False
    example: str = "…"
    """What a fix shows after the key."""
    empty: bool = False
    """An empty list says something: that there is nothing."""
    of: Value | Shape | Named = meanings.TEXT
    """What stands under the key; of a list, in each of its items. Steps are steps."""
    several: str | None = None
    """What to write where one text stands and several were meant; None: repeat what stands around it."""


# --- what one key says about others. The readers tell of it in their own words; here it is said for editors.


@dataclass(frozen=True)
class Together:
    """Either both of two keys, or neither."""

    one: str
    other: str


@dataclass(frozen=True)
class OneOf:
    """One of these keys, and no more than one; where `several`, one or more."""

    keys: tuple[str, ...]
    several: bool = False


@dataclass(frozen=True)
class Where:
    """Where the text under `key` is one of `words`, or has the form, or is not said where neither is given."""

    key: str
    words: tuple[str, ...] = ()
    form: str | None = None
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    holds: MappingABC[str, Key] = field(default_factory=dict)
    """What other keys hold then."""


@dataclass(frozen=True)
class Once:
    """Exactly one of the texts in the mapping is this word."""

    word: str


Rule = Together | OneOf | Where | Once


@dataclass(frozen=True)
class Shape:
    noun: str
    """With its article: "a person"."""
    keys: MappingABC[str, Key]
    missing: str = "FD102"
    """The code of a missing key: a verb's family has its own."""
    open: bool | Named = False
    """Other keys are allowed, and hold text; or are these names, one at least."""
    rules: tuple[Rule, ...] = ()
    hints: MappingABC[str, str] = field(default_factory=dict)
    """What to write in place of a key that people expect here: another key, or in words."""

    def meant(self, word: str, free: Iterable[str]) -> str | None:
        """The key of those that are free for which `word` was probably written."""
        left = list(free)
        hint = self.hints.get(word)
        return suggest.close(word, left) or (hint if hint in left else None)


@dataclass
class Fields:
    """The values of a mapping that fit its shape, by key. What did not fit has been told, and is absent."""

    node: Mapping
    shape: Shape
    head: Node
    """Where a missing key is told."""
    values: dict[str, Node] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Keys that are there and unusable, misspelt ones included: nothing more is to be said about them."""
    strange: bool = False
    """A key has no meaning here, which has been told: it may have been meant for one that is missing."""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    @property
    def place(self) -> Place:
        return self.head.place

    @property
    def at(self) -> str:
        """file:line, as a plan says it."""
        return f"{self.node.source.name}:{self.node.source.number(self.head.first)}"

    @property
    def written(self) -> set[str]:
        """The keys that stand there, whether they fit or not."""
        return {key.text for key, _ in self.node.entries}

    def lacks(self, name: str) -> bool:
        """Whether nothing stands there that is, or was meant to be, this key."""
        return name not in self.values and name not in self.broken

    def text(self, name: str) -> Scalar | None:
        node = self.values.get(name)
        return node if isinstance(node, Scalar) else None

    def items(self, name: str) -> list[Node]:
        """The items of a list, or the one text that stands in its place."""
        node = self.values.get(name)
        if isinstance(node, Sequence):
            return node.items
        return [] if node is None else [node]

    def texts(self, name: str, findings: Findings) -> list[Scalar]:
        """The same, where each must be a text."""
        found: list[Scalar] = []
        for node in self.items(name):
            scalar = as_text(node, f"`{name}`", findings)
            if scalar is not None:
                found.append(scalar)
        return found

    def mapping(self, name: str) -> Mapping | None:
        node = self.values.get(name)
        return node if isinstance(node, Mapping) else None

    def key(self, name: str) -> Node:
        """Where the key stands."""
        return self.node.key(name) or self.head

    def key_place(self, name: str) -> Place:
        return self.key(name).place


def as_mapping(node: Node | None, what: str, findings: Findings, fix: str | None = None) -> Mapping | None:
    """The node as a mapping, or None with a finding."""
    if isinstance(node, Mapping):
        return node
    if node is not None and not is_lost(node):
        message = f"{what} must be a mapping with keys; this is {_described(node)}"
        findings.add("FD103", node.place, message, fix=fix or "write KEY: VALUE, one a line")
    return None


def as_text(node: Node | None, what: str, findings: Findings) -> Scalar | None:
    """The node as one text, or None with a finding; nothing is not a text."""
    if isinstance(node, Scalar):
        if node.lost:
            return None
        if not node.text.strip():
            findings.add("FD104", node.place, f"{what} holds an empty text", fix="write it out, or remove the line")
            return None
        return node
    if node is not None:
        _wrong_kind(node, what, "text", findings)
    return None


def fields(
    node: Mapping, shape: Shape, findings: Findings, head: Node | None = None, owner: str | None = None
) -> Fields:
    """The mapping's values by key, as far as they fit. `head` is where a missing key is told; the mapping unless said."""
    found = Fields(node, shape, head or node)
    meant: set[str] = set()
    previous: tuple[Scalar, Node] | None = None
    for key, value in node.entries:
        known = shape.keys.get(key.text)
        if known is None and not shape.open:
            found.strange = True
            meant |= _unknown(key, value, previous, found, owner, findings)
        elif (known and known.empty and isinstance(value, Sequence) and not value.items) or _fits(
            value, known.kind if known else "text", key, findings, known.several if known else None
        ):
            found.values[key.text] = value
        else:
            found.broken.add(key.text)
        previous = key, value
    for name, known in shape.keys.items():
        if not known.required or name in found.values or name in found.broken or name in meant:
            continue
        if not node.refused:
            message = f"{owner or shape.noun} needs `{name}`: {known.says}"
            findings.add(shape.missing, found.place, message, fix=f"add {name}: {known.example}")
        found.broken.add(name)
    found.broken |= meant
    return found


def _unknown(
    key: Scalar, value: Node, previous: tuple[Scalar, Node] | None, found: Fields, owner: str | None, findings: Findings
) -> set[str]:
    """Tell of a key that has no meaning, and give the keys that it was probably meant to be."""
    if (
        isinstance(value, Scalar)
        and value.is_empty
        and found.node.flow
        and previous
        and isinstance(previous[1], Scalar)
    ):
        whole = f"{previous[1].text}, {key.text}"
        message = f'a comma ends text inside {{ }}, so "{key.text}" became a key'
        findings.add("FD013", key.place, message, fix=f'quote the text: {previous[0].text}: "{whole}"')
        return set()
    free = [name for name in found.shape.keys if found.node.key(name) is None]
    near = found.shape.meant(key.text, free)
    hint = found.shape.hints.get(key.text, "")
    if near:
        fix = f'write "{near}"'
    elif hint and hint not in found.shape.keys:
        fix = hint
    else:
        fix = f"{owner or found.shape.noun} has {suggest.listed(found.shape.keys)}"
    findings.add("FD101", key.place, f'{owner or found.shape.noun} has no key "{key.text}"', fix=fix)
    return {near} if near else {name for name in free if f"`{name}`" in hint}


def is_lost(node: Node) -> bool:
    """Whether the node stands for what was refused when the file was read."""
    return isinstance(node, Scalar) and node.lost


def _fits(value: Node, kind: Kind, key: Scalar, findings: Findings, several: str | None = None) -> bool:
    if isinstance(value, Scalar) and (value.lost or not value.text or value.text.isspace()):
        if value.is_empty and not value.lost:
            findings.add("FD104", key.place, f"`{key.text}` has no value", fix="write one after it, or remove the line")
        elif not value.lost:
            message = f"`{key.text}` holds an empty text"
            findings.add("FD104", value.place, message, fix="write it out, or remove the line")
        return False
    if not isinstance(value, _HOLDS[kind]):
        _wrong_kind(value, f"`{key.text}`", kind, findings, several)
        return False
    if isinstance(value, Sequence) and not value.items:
        findings.add("FD116", value.place, f"`{key.text}` is an empty list", fix="list something, or remove the line")
        return False
    if isinstance(value, Mapping) and not value.entries:
        if value.refused:
            return False
        findings.add("FD116", value.place, f"`{key.text}` is empty", fix="write its keys, or remove the line")
        return False
    return True


_PLAIN = re.compile(r"[A-Za-z0-9_./][^,\[\]{}#:\"']*")
"""Text that needs no quotes within brackets."""


def _in_brackets(text: str) -> str:
    """The text as an item of [ ]: in quotes, unless it is plain."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _wrong_kind(value: Node, what: str, kind: Kind, findings: Findings, several: str | None = None) -> None:
    fix = None
    if kind in ("list", "steps") and isinstance(value, Scalar):
        fix = f"write it as a list: [{_in_brackets(value.text)}]" if kind == "list" else "begin each step with -"
    elif kind == "text" and isinstance(value, Sequence):
        fix = f"write one{several or '; for several, repeat what stands around it'}"
    elif kind == "text" and isinstance(value, Mapping):
        fix = "write one text; quote a text that holds : or begins with {"
        if len(value.entries) == 1 and isinstance(value.entries[0][1], Scalar):
            fix = f"write {value.entries[0][1].text} alone; quote a text that holds : or begins with {{"
    elif kind == "map":
        fix = "write KEY: VALUE, one a line"
    elif kind in ("steps", "list"):
        fix = "begin each item with -"
    findings.add("FD103", value.place, f"{what} must be {NOUNS[kind]}; this is {_described(value)}", fix=fix)


def _described(value: Node) -> str:
    match value:
        case Scalar():
            return "a text" if value.text else "nothing"
        case Sequence():
            return "a list"
        case Mapping():
            return "a mapping"
