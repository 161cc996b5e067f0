"""The compiler: a book of YAML becomes checked, frozen plans, or findings in the author's words."""

from firedoor.compiler.book import Book, Checked, check, load_book, look
from firedoor.compiler.diagnostics import Finding, exit_code

__all__ = ["Book", "Checked", "Finding", "check", "exit_code", "load_book", "look"]
