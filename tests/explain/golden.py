"""What the book of these tests is told as, file by file. Run as a program it writes the golden files again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from firedoor.compiler import Book, load_book
from firedoor.explain import Reader, explain, layout
from firedoor.graph import mermaid

HERE = Path(__file__).parent
BOOK = HERE / "book"
GOLDEN = HERE / "golden"
AGAIN = "run `python -m tests.explain.golden`, and read the difference"
COLUMNS = 100


def book() -> Book:
    found = load_book(BOOK)
    assert not found.findings, found.findings
    return found


@cache
def expected() -> dict[Path, str]:
    """Every golden file, and what it should hold."""
    return dict(_expected())


def _expected() -> Iterator[tuple[Path, str]]:
    found = book()
    for name, plan in found.plans.items():
        told = explain(plan, found.organization, rows=found.clocks)
        yield GOLDEN / f"{name}.txt", layout.text(told, COLUMNS)
        yield GOLDEN / f"{name}.md", layout.markdown(told)
        yield GOLDEN / f"{name}.mmd", mermaid(Reader(plan, found.organization))
    yield (
        GOLDEN / "everything.de.txt",
        layout.text(explain(found.plans["everything"], found.organization, "de", rows=found.clocks), COLUMNS),
    )


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for path, text in expected().items():
        path.write_text(text, encoding="utf-8")
