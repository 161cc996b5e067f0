"""Golden cases: a file or a small book that is wrong, and beside it exactly what the compiler says of it.

A case is laid over `book/`, the rest of a small platform's book: `NAME.yaml` is a playbook, to which the keys that it
does not need are added at its end; a folder `NAME/` holds several files. `python -m tests.compiler.golden` writes the
`.out` files and the pages in docs/codes again: look at the difference before it is committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from firedoor.compiler import renderers
from firedoor.compiler.book import Book, compile_book
from firedoor.compiler.codes import CODES

HERE = Path(__file__).parent
CASES = HERE / "cases"
PAGES = HERE.parents[1] / "docs" / "codes"
PLAYBOOK = "playbook.yaml"

_KEY = re.compile(r"^([a-z_]+):", re.MULTILINE)
_DEFAULTS = {
    "playbook": "case",
    "version": '"1"',
    "owner": "crt",
    "title": "Case",
    "use_when": "Never.",
    "severity": "{sev2: otherwise}",
    "steps": "[{wait: 1m}]",
}
_BASE = {
    path.relative_to(HERE / "book").as_posix(): path.read_bytes()
    for path in sorted((HERE / "book").rglob("*"))
    if path.is_file()
}


@dataclass
class Case:
    name: str
    files: dict[str, bytes]
    """What is laid over the book, as it stands in the case."""
    out: Path

    @cached_property
    def book(self) -> Book:
        return compile_book(Path("book"), laid_over(self.files))

    @cached_property
    def says(self) -> str:
        return renderers.text(self.book.findings)


def laid_over(files: dict[str, bytes]) -> dict[str, bytes]:
    """The small book with these files in it; an empty file removes one."""
    made = {**_BASE, **files}
    if PLAYBOOK in made:
        made[PLAYBOOK] = completed(made[PLAYBOOK])
    return {name: data for name, data in made.items() if data}


def completed(data: bytes) -> bytes:
    """A playbook with the keys that it does not say, after those that it does, so that its lines stay where they are."""
    text = data.decode("utf-8", "surrogateescape")
    present = set(_KEY.findall(text))
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(f"{key}: {value}\n" for key, value in _DEFAULTS.items() if key not in present)
    return text.encode("utf-8", "surrogateescape")


def playbook(text: str) -> Book:
    """The small book with this playbook in it."""
    return compile_book(Path("book"), laid_over({PLAYBOOK: text.encode()}))


@cache
def cases(kind: str) -> list[Case]:
    """The cases in cases/ok or cases/err."""
    found = []
    for path in sorted((CASES / kind).iterdir()):
        if path.is_dir():
            files = {
                one.relative_to(path).as_posix(): one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()
            }
            found.append(Case(path.name, files, path.with_suffix(".out")))
        elif path.suffix == ".yaml":
            found.append(Case(path.stem, {PLAYBOOK: path.read_bytes()}, path.with_suffix(".out")))
    return found


# --- what is too large, or too odd, to lie in a file

MADE: dict[str, tuple[str, dict[str, bytes]]] = {
    "FD001": (
        "A playbook that was saved in another encoding than UTF-8.",
        {PLAYBOOK: b"title: Livestream \xfcber alles\n"},
    ),
    "FD002": ("A playbook of more than 256 KiB.", {PLAYBOOK: b"use_when: " + b"x " * 140_000}),
    "FD004": (
        "Lists and mappings nested more than 32 deep.",
        {PLAYBOOK: b"steps:\n" + b"".join(b" " * depth + b"-\n" for depth in range(40))},
    ),
    "FD005": ("A text of more than 16 KiB.", {PLAYBOOK: b"use_when: " + b"x" * 20_000}),
    "FD020": ("A book without `organization.yaml`.", {"organization.yaml": b""}),
    "FD119": (
        "A playbook of more than 2,000 steps, those of the playbooks that it runs included.",
        {PLAYBOOK: b"steps:\n" + b"- wait: 1m\n" * 2_001},
    ),
    "FD705": ("A message of more than 8 KiB.", {"messages/removed.en.md.j2": b"Removed. " * 1_000}),
}


# --- pages

_WHY = re.compile(r"## Why it matters in a crisis\n\n(.*?)\n\n## Good", re.DOTALL)
_PAGE = """# {code}: {title}

{kind}

## Bad

{bad}

```text
{says}
```

## Why it matters in a crisis

{why}

## Good

{good}
"""


def page(code: str) -> str:
    """The page of a code: written by hand is only why it matters; the rest is what the compiler makes of its case."""
    path = PAGES / f"{code}.md"
    found = _WHY.search(path.read_text()) if path.exists() else None
    why = found.group(1) if found else CODES[code].meaning[0].upper() + CODES[code].meaning[1:] + "."
    good = {case.name: case for case in cases("ok")}[code]
    if code in MADE:
        words, files = MADE[code]
        says = renderers.text(compile_book(Path("book"), laid_over(files)).findings).rstrip()
        bad = words
    else:
        case = {case.name: case for case in cases("err")}[code]
        says, bad = case.says.rstrip(), _blocks(case)
    kind = "A warning: it does not stop a launch."
    if CODES[code].severity == "error":
        kind = f"An error: it stops {'its rehearsal, and no launch' if code.startswith('FD8') else 'a launch'}."
    title = CODES[code].title
    return _PAGE.format(code=code, title=title, kind=kind, bad=bad, says=says, why=why, good=_blocks(good))


def _blocks(case: Case) -> str:
    blocks = []
    for name, data in case.files.items():
        text = data.decode().rstrip("\n")
        language = "yaml" if name.endswith(".yaml") else "jinja"
        heading = "" if name == PLAYBOOK else f"`{name}`:\n\n"
        blocks.append(f"{heading}```{language}\n{text}\n```" if text else f"No `{name}`.")
    return "\n\n".join(blocks)


def expected() -> Iterator[tuple[Path, str]]:
    """Every file that is made from the cases, and what it should hold."""
    for case in cases("err"):
        yield case.out, case.says
    for code in CODES:
        yield PAGES / f"{code}.md", page(code)
    yield PAGES / "README.md", index()


def index() -> str:
    families = {
        "FD0": "YAML",
        "FD1": "Shape",
        "FD2": "Names and types",
        "FD3": "Approvals",
        "FD4": "Containment",
        "FD5": "Clocks and time",
        "FD6": "People and languages",
        "FD7": "Messages",
        "FD8": "Rehearsals",
    }
    lines = [
        "# What the compiler says",
        "",
        "Each code has a page: bad, what the compiler says, why it matters, good.",
        "",
    ]
    for family, name in families.items():
        lines += [f"## {family}xx: {name}", ""]
        lines += [f"- [{code}]({code}.md) {known.title}" for code, known in CODES.items() if code.startswith(family)]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGES.mkdir(parents=True, exist_ok=True)
    for path, text in expected():
        path.write_text(text)
