"""Reads one YAML file into nodes, from the parser's events and nothing else.

Plain YAML types what it reads (`NO` is false, `1:30` is 90), keeps the last of two equal keys in silence, and can be
made to run for seconds by a few hundred bytes. So every scalar stays text, what authors do not need is refused with its
place, and the walk is iterative and bounded. Only libyaml's parser is used: another one refuses other things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from firedoor.compiler.characters import unseen
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.nodes import LINE_BREAK, Mapping, Node, Scalar, Sequence, Source, Style
from firedoor.compiler.yaml_errors import translate

MOST_BYTES = 256 * 1024
MOST_SCALAR_BYTES = 16 * 1024
DEEPEST = 32
MOST_OF_A_KIND = 20
"""After so many unseen characters in one file, the rest goes without saying."""

_STYLES: dict[str, Style] = {
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
_SPACES = (" ", "\t")
_TAG = re.compile(r"!\S*")
_COMMENT = re.compile(r"[ \t]+#(?=[^\s#!])")
_WORD = re.compile(r"[^ ,\]}]+")


@dataclass(frozen=True)
class Document:
    """A file as it was read. `root` is None where it could not be, or holds nothing."""

    source: Source
    root: Node | None


def decode(name: str, data: bytes, findings: Findings) -> Source | None:
    """The text of a file of the book, or None with a finding: UTF-8, of bounded size, without unseen characters."""
    if len(data) > MOST_BYTES:
        message = f"the file has {len(data) // 1024} KiB; {MOST_BYTES // 1024} KiB is the most"
        findings.add("FD002", Place(name), message, fix="split it into several files")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        source = Source(name, before)
        findings.add(
            "FD001",
            source.place(len(before), len(before) + 1),
            "this byte is not UTF-8 text",
            fix="save the file as UTF-8",
        )
        return None
    source = Source(name, text.removeprefix("\ufeff"))
    bad = False
    for count, (offset, what) in enumerate(unseen(source.text)):
        bad = True
        if count == MOST_OF_A_KIND:
            break
        findings.add("FD003", source.place(offset, offset + 1), f"here stands {what}", fix="delete it")
    return None if bad else source


def read(name: str, data: bytes, findings: Findings) -> Document | None:
    """The nodes of a YAML file; None where there is no reading it, with the reasons in `findings`."""
    source = decode(name, data, findings)
    if source is None:
        return None
    return _Reader(source, findings).document()


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun. `key` is the key that waits for its value."""

    node: Sequence | Mapping
    key: Scalar | None = None
    seen: dict[str, Scalar] | None = None
    keep: bool = True
    """False while the value of a refused key is read: it is checked, and belongs nowhere."""


class _Reader:
    def __init__(self, source: Source, findings: Findings) -> None:
        self.source = source
        self.findings = findings
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.documents = 0
        self.quoted: tuple[int, int] | None = None
        """Line and column where the last quoted text began that goes over several lines (0-based)."""

    def document(self) -> Document | None:
        try:
            for event in self._events():
                if not self._take(event):
                    return None
        except yaml.MarkedYAMLError as error:
            mistake = translate(error, self.source, self.quoted)
            written = _WORD.match(self.source.line(mistake.line + 1), mistake.column)
            width = mistake.width or (len(written.group()) if written else 1)
            place = Place(self.source.name, mistake.line + 1, mistake.column + 1, mistake.column + 1 + width)
            self.findings.add(mistake.code, place, mistake.message, fix=mistake.fix)
            return None
        except yaml.YAMLError as error:
            self.findings.add(
                "FD011", Place(self.source.name), f"this is not YAML: {error}", fix="save it as UTF-8 text"
            )
            return None
        return Document(self.source, self.root)

    def _events(self) -> Iterator[Any]:
        return iter(yaml.CSafeLoader(self.source.text).get_event, None)

    def _take(self, event: Any) -> bool:
        """One event. False where reading on makes no sense."""
        kind = type(event)
        if kind is yaml.ScalarEvent:  # most of them
            self._put(self._text(event))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            return self._begin(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._end(event)
        elif kind is yaml.DocumentStartEvent:
            return self._begin_document(event)
        elif kind is yaml.AliasEvent:
            self._refuse_alias(event)
        return True

    def _note_quote(self, event: Any) -> None:
        if event.style in ("'", '"') and event.start_mark.line != event.end_mark.line:
            self.quoted = (event.start_mark.line, event.start_mark.column)

    def _begin_document(self, event: Any) -> bool:
        self.documents += 1
        if self.documents > 1:
            fix = "keep one, and put the others into files of their own"
            self.findings.add("FD009", self._place(event), "a second document begins here; a file holds one", fix=fix)
            return False
        return True

    def _begin(self, event: Any) -> bool:
        self._refuse_extras(event)
        if len(self.stack) >= DEEPEST:
            message = f"lists and mappings are nested over {DEEPEST} deep here"
            self.findings.add(
                "FD004", self._place(event, 1), message, fix="move the inner part into a playbook of its own"
            )
            return False
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.SequenceStartEvent):
            self.stack.append(_Open(Sequence([], self.source, start, end, bool(event.flow_style))))
            return True
        above = self.stack[-1] if self.stack else None
        if above is not None and isinstance(above.node, Mapping) and above.key is None:
            return self._refuse_braces(event)
        self.stack.append(_Open(Mapping([], self.source, start, end, bool(event.flow_style)), seen={}))
        return True

    def _refuse_braces(self, event: Any) -> bool:
        written = self.source.text[event.start_mark.index : event.start_mark.index + 1]
        start = self.source.text[: event.start_mark.index].rstrip()
        if written == "{" and start.endswith("{"):
            place = self.source.place(len(start) - 1, event.start_mark.index + 1)
            self.findings.add(
                "FD016",
                place,
                "text that begins with {{ needs quotes",
                fix='put the whole text in double quotes: "{{ … }}"',
            )
        else:
            self.findings.add(
                "FD010", self._place(event, 1), "a key is one word, not a mapping", fix="write a word as the key"
            )
        return False

    def _end(self, event: Any) -> None:
        done = self.stack.pop()
        done.node.end = event.end_mark.index
        self._put(done.node)

    def _put(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        above = self.stack[-1]
        if isinstance(above.node, Sequence):
            above.node.items.append(node)
        elif above.key is None:
            above.key, above.keep = self._key(node, above)
        else:
            if above.keep:
                above.node.entries.append((above.key, node))
            else:
                above.node.refused = True
            above.key = None

    def _key(self, node: Node, above: _Open) -> tuple[Scalar, bool]:
        """A key, and whether its value is to be kept: a refused key is told once, and its value is read past."""
        if not isinstance(node, Scalar):
            self.findings.add("FD010", node.place, "a key is one word, not a list", fix="write a word as the key")
            return Scalar("", "plain", self.source, node.start, node.end), False
        seen = above.seen if above.seen is not None else {}
        if node.text == "<<" and node.style == "plain":
            self.findings.add(
                "FD008", node.place, "a merge key (<<) takes in what is written elsewhere", fix="write it out again"
            )
            return node, False
        if not node.text.isascii():
            self.findings.add(
                "FD010",
                node.place,
                f'the key "{node.text}" holds letters beyond a to z',
                fix="write keys in plain letters",
            )
            return node, False
        first = seen.get(node.text)
        if first is not None:
            message = f'"{node.text}" stands twice, on lines {first.place.line} and {node.place.line}'
            self.findings.add("FD006", node.place, message, fix="keep one of them")
            return node, False
        seen[node.text] = node
        return node, True

    def _text(self, event: Any) -> Scalar:
        if event.anchor is not None or event.tag is not None:
            self._refuse_extras(event)
        scalar = Scalar(
            event.value, _STYLES.get(event.style, "plain"), self.source, event.start_mark.index, event.end_mark.index
        )
        if scalar.style == "plain":
            if self.source.text[scalar.end : scalar.end + 1] in _SPACES:
                self._warn_of_comment(scalar)
        else:
            self._note_quote(event)
        if len(scalar.text) * 4 > MOST_SCALAR_BYTES < len(scalar.text.encode("utf-8", "surrogatepass")):
            message = f"this text is over {MOST_SCALAR_BYTES // 1024} KiB long"
            self.findings.add("FD005", scalar.place, message, fix="shorten it, or make it a message file")
        if scalar.style == "double":
            for offset, what in unseen(scalar.text):
                self.findings.add("FD003", scalar.at(offset, offset + 1), f"this escape makes {what}", fix="delete it")
        return scalar

    def _warn_of_comment(self, scalar: Scalar) -> None:
        """`Call room #7` ends before the hash: a comment has a space after it, so one without is probably text."""
        found = _COMMENT.match(self.source.text, scalar.end)
        if found:
            line_end = LINE_BREAK.search(self.source.text, found.end())
            end = line_end.start() if line_end else len(self.source.text)
            lost = self.source.text[found.end() - 1 : end].rstrip()
            place = self.source.place(found.end() - 1, found.end() - 1 + len(lost))
            message = f'"{lost}" is a comment here, and not part of the text before it'
            self.findings.add(
                "FD019",
                place,
                message,
                fix="quote the text with it, or write a space after # to say that it is a comment",
            )

    def _refuse_alias(self, event: Any) -> None:
        message = "an alias (*name) repeats what is written elsewhere"
        self.findings.add("FD008", self._place(event), message, fix="write it out again")
        self._put(Scalar("", "plain", self.source, event.start_mark.index, event.end_mark.index, lost=True))

    def _refuse_extras(self, event: Any) -> None:
        if event.anchor is not None:
            place = self._place(event, len(event.anchor) + 1)
            self.findings.add(
                "FD008",
                place,
                f"an anchor (&{event.anchor}) names text for use elsewhere",
                fix="remove it; quote a text that begins with &",
            )
        if event.tag is not None:
            self.findings.add(
                "FD007",
                self._place(event),
                f"a tag ({self._tag(event)}) changes what text means",
                fix="remove it; quote a text that begins with !",
            )

    def _tag(self, event: Any) -> str:
        found = _TAG.search(self.source.text, event.start_mark.index)
        return found.group() if found else str(event.tag)

    def _place(self, event: Any, width: int | None = None) -> Place:
        start = event.start_mark.index
        return self.source.place(start, start + width if width else max(event.end_mark.index, start + 1))
