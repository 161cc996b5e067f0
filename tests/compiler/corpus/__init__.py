"""A corpus of bad books: what an author gets wrong in a sound book, and exactly what the compiler says of it.

`base/` is a sound book. Each `.case` file holds many cases; one is a title, what is changed in which file, and what is
found:

    # The team's name is misspelt in a seat
    in takeover.yaml
    - needs: [{team: policy}, {role: commander, when: severity is sev1}]
    + needs: [{team: polcy}, {role: commander, when: severity is sev1}]
    = takeover.yaml:61:20 FD203 «polcy» write "policy"

Lines of `-` stand once in the file, and those of `+` take their place: without `-` they go to its end, without `+` the
others are taken out; `- *` is the whole file. A line of `~` is one of `+` with Python's escapes, for what cannot be seen.
`=` is a finding: its place, its code, the text that is underlined, and its fix.

`python -m tests.compiler.corpus` writes the findings again: look at the difference before it is committed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from firedoor.compiler.book import Book, compile_book
from firedoor.compiler.diagnostics import Finding

HERE = Path(__file__).parent
BASE = {
    path.relative_to(HERE / "base").as_posix(): path.read_bytes()
    for path in sorted((HERE / "base").rglob("*"))
    if path.is_file()
}


@dataclass
class Edit:
    file: str
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def made(self, text: str) -> str:
        old, new = "\n".join(self.old), "\n".join(self.new)
        if not self.old:
            return text + new + "\n"
        if old == "*":
            return new + "\n" if self.new else ""
        count = text.count(old)
        assert count == 1, f"{self.file}: this stands {count} times, not once: {old}"
        if not self.new:
            old += "\n" if old + "\n" in text else ""
        return text.replace(old, new)


@dataclass
class Case:
    path: Path
    title: str
    lines: list[str] = field(default_factory=list)
    """As written, the findings left out."""
    edits: list[Edit] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    @cached_property
    def files(self) -> dict[str, bytes]:
        files = dict(BASE)
        for edit in self.edits:
            text = files.get(edit.file, b"").decode()
            files[edit.file] = edit.made(text).encode("utf-8", "surrogateescape")
        return {name: data for name, data in files.items() if data}

    @cached_property
    def book(self) -> Book:
        return compile_book(Path("book"), self.files)

    @cached_property
    def found(self) -> list[str]:
        return [_said(one) for one in self.book.findings]


def _said(found: Finding) -> str:
    line = found.source or ""
    text = line[found.column - 1 : found.end_column - 1]
    return f"{found.file}:{found.line}:{found.column} {found.code} «{text}» {found.fix}"


def cases(path: Path) -> Iterator[Case]:
    """The cases of one file. Raises ValueError where a line is none of a case's."""
    case = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        sign, text = line[:1], line[2:]
        if sign == "#":
            if case is not None:
                yield case
            case = Case(path, text)
        elif case is None:
            raise ValueError(f"{path.name}:{number}: a case begins with # and its title")
        elif sign == "=":
            case.expected.append(text)
            continue
        elif line.startswith("in "):
            case.edits.append(Edit(line[3:]))
        elif sign in ("-", "+", "~") and case.edits:
            edit = case.edits[-1]
            if sign == "-" and edit.new:
                edit = Edit(edit.file)
                case.edits.append(edit)
            (edit.old if sign == "-" else edit.new).append(text if sign != "~" else _unescaped(text))
        elif line.strip():
            raise ValueError(f"{path.name}:{number}: {line!r} begins with none of # in - + ~ =")
        case.lines.append(line)
    if case is not None:
        yield case


def _unescaped(text: str) -> str:
    """Escapes as in Python; one of a byte, such as \\xff, that is no UTF-8 stays that byte."""
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape")


def written(cases: Sequence[Case]) -> str:
    """The text of a file of cases, with what is found now."""
    parts = []
    for case in cases:
        lines = [*case.lines]
        while lines and not lines[-1].strip():
            lines.pop()
        parts.append("\n".join([*lines, *(f"= {one}" for one in case.found)]))
    return "\n\n".join(parts) + "\n"


FILES = sorted(HERE.glob("*.case"))


def all_cases() -> list[Case]:
    return [case for path in FILES for case in cases(path)]
