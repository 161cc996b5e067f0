"""The page about the shipped book says what its playbooks do."""

from __future__ import annotations

from firedoor.compiler import load_book
from tests.docs import shipped_book
from tests.docs.pages import ROOT


def test_the_page_is_what_the_playbooks_say() -> None:
    written = shipped_book.PAGE.read_text()
    assert written == shipped_book.page(load_book(ROOT / "playbooks")), (
        "write it again: python -m tests.docs.shipped_book"
    )
