"""The compiler: a book of YAML becomes checked, frozen plans, or findings in the author's words."""

from firedoor.compiler.book import Book, check, load_book
from firedoor.compiler.diagnostics import Finding, exit_code

__all__ = ["Book", "Finding", "check", "exit_code", "load_book"]
