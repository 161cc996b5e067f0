"""The pages for users, read as a test needs them: their fenced blocks, their tables and their links.

A block's first words after the fence say what is done with it:

    ```console          commands after `$ `, each followed by what it prints; run in order, page by page
    ```sh               commands that are only shown: they must parse
    ```yaml file=F      the whole file F of the page's book
    ```yaml mend=F      the same file as it stands after a later change
    ```text  ```toml    looked at by the page's own test

In what a command prints, `…` stands for anything in its line, and a line of `…` alone for any lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ANYTHING = "…"

_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<to>[^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    kind: str
    """The language of the fence: yaml, sh, console …"""
    options: dict[str, str]
    body: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Typed:
    """A command line as a page shows it, and what the page says that it prints."""

    where: str
    line: str
    prints: tuple[str, ...] = ()
    shown: bool = True
    """In a block of its own; else in the text, where a name alone may stand for the command."""


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def blocks(self, kind: str | None = None, **options: str) -> list[Block]:
        """The fenced blocks, of one kind and with these options where they are named."""
        return [
            block
            for block in self._blocks()
            if kind in (None, block.kind) and all(block.options.get(key) == value for key, value in options.items())
        ]

    def _blocks(self) -> Iterator[Block]:
        for found in _FENCE.finditer(self.text):
            kind, *words = found["info"].split() or [""]
            options = dict(word.split("=", 1) for word in words)
            line = self.text.count("\n", 0, found.start()) + 1
            yield Block(self.name, line, kind, options, found["body"])

    @property
    def prose(self) -> str:
        """The page without its fenced blocks."""
        return _FENCE.sub("", self.text)

    def links(self) -> list[str]:
        return [found["to"] for found in _LINK.finditer(self.prose)]

    def anchors(self) -> set[str]:
        heads = re.findall(r"^#+ +(.+?)\s*$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}

    def typed(self) -> list[Typed]:
        """Every command line: of `sh` and `console` blocks, and those that stand in the text as code."""
        found = [typed for block in self.blocks("console") for typed in printed(block)]
        for block in self.blocks("sh"):
            lines = re.sub(r"\\\n\s*", "", block.body).splitlines()
            found += [Typed(f"{block.where}", line) for line in lines]
        found += [
            Typed(self.name, " ".join(code.split()), shown=False)
            for code in re.findall(r"`(firedoor [^`]+)`", self.prose)
        ]
        return found

    def table(self, head: str) -> list[list[str]]:
        """The rows of the table whose first heading is this."""
        lines = self.prose.splitlines()
        start = next((n for n, line in enumerate(lines) if line.startswith(f"| {head} |")), None)
        assert start is not None, f"{self.name} has no table that begins with {head}"
        rows = []
        for line in lines[start + 2 :]:
            if not line.startswith("|"):
                break
            rows.append([cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        return rows


def printed(block: Block) -> list[Typed]:
    """The commands of a console block, each with the lines that follow it."""
    found: list[Typed] = []
    lines: list[str] = []
    number = block.line
    for offset, line in enumerate(block.body.splitlines(), 1):
        if line.startswith("$ "):
            found, lines, number = [*found, Typed(f"{block.page}:{block.line + offset}", line[2:])], [], number
        else:
            assert found, f"{block.where} does not begin with a command"
            lines.append(line.rstrip())
            found[-1] = Typed(found[-1].where, found[-1].line, tuple(lines))
    return found


def prints(shown: tuple[str, ...], real: str) -> bool:
    """Whether a program has printed what a page shows."""
    lines = [line.rstrip() for line in real.splitlines()]
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == ANYTHING else ".*".join(map(re.escape, line.split(ANYTHING))) + r"\n"
        for line in _stripped(list(shown))
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _stripped(lines))) is not None


def _stripped(lines: list[str]) -> list[str]:
    while lines and not lines[0]:
        lines = lines[1:]
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def pages() -> list[Page]:
    """README and everything in docs/ that is written by hand, in docs/codes nothing: those pages are made."""
    return [Page(ROOT / "README.md"), Page(ROOT / "CHANGELOG.md"), *map(Page, sorted(DOCS.glob("*.md")))]


def page(name: str) -> Page:
    return Page(DOCS / f"{name}.md")
