"""What the YAML parser says, in the words of someone who writes playbooks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from firedoor.compiler.nodes import Source

_KEY = re.compile(r"\s*-?\s*\w+")
_COMMENT = re.compile(r"[\[{,:]\s+(#[^\s,}\]]*)")
_LIKE_A_SPACE = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
QUOTE_IT = 'put the whole text in double quotes: "…"'


@dataclass(frozen=True)
class Mistake:
    """A syntax error: its code, where it is (0-based line and column), what it is, how to mend it."""

    code: str
    line: int
    column: int
    message: str
    fix: str
    width: int | None = None
    """Of what is wrong; one word unless said."""


@dataclass(frozen=True)
class _Problem:
    """The parser's complaint: where it stopped, and where what it was reading began (0-based)."""

    line: int
    column: int
    began: tuple[int, int]
    context: str
    source: Source
    quoted: tuple[int, int] | None
    """Where the last quoted text began that goes over several lines."""

    @property
    def text(self) -> str:
        return self.source.line(self.line + 1)

    @property
    def rest(self) -> str:
        return self.text[self.column :]

    def here(self, code: str, message: str, fix: str) -> Mistake:
        return Mistake(code, self.line, self.column, message, fix)

    def where_it_began(self, code: str, message: str, fix: str) -> Mistake:
        return Mistake(code, *self.began, message, fix)


def translate(error: yaml.MarkedYAMLError, source: Source, quoted: tuple[int, int] | None = None) -> Mistake:
    """The parser's complaint as ours. Its place is kept, or moved to where the mistake began."""
    said = error.problem or ""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    began = (error.context_mark.line, error.context_mark.column) if error.context_mark else (line, column)
    problem = _Problem(line, column, began, error.context or "", source, quoted)
    for words, tell in _TOLD:
        if words in said:
            return tell(problem)
    return problem.here("FD011", f"this is not YAML: {said or error}", "see the lines just above as well")


def _colon(problem: _Problem) -> Mistake:
    before = problem.text[: problem.column]
    if ": " not in before and before.lstrip("- ").strip() and problem.line > 0:
        start = len(problem.text) - len(problem.text.lstrip())
        fix = "align this key with its siblings; the line above already has a value of its own"
        message = "this key is indented below a line that already has a value"
        return Mistake("FD015", problem.line, start, message, fix)
    return problem.here("FD012", "text that holds ': ' needs quotes", QUOTE_IT)


def _inside_brackets(problem: _Problem) -> Mistake:
    opening = problem.source.line(problem.began[0] + 1)[problem.began[1] : problem.began[1] + 1] or "{"
    closing = "}" if opening == "{" else "]"
    before = problem.text[: problem.column]
    if problem.rest.startswith(":") and not (problem.line > problem.began[0] and _KEY.fullmatch(before)):
        message = f"text that holds ': ' needs quotes, and so does text with a comma inside {opening} {closing}"
        return problem.here("FD012", message, QUOTE_IT)
    if problem.rest[:1] in ("]", "}"):
        return problem.here("FD017", f"{problem.rest[:1]} cannot close {opening}", f"close it with {closing}")
    if not problem.rest.strip() or problem.line > problem.began[0]:
        hidden = _COMMENT.search(problem.source.line(problem.began[0] + 1), problem.began[1])
        if hidden:
            message = f"{hidden.group(1)} is a comment here, and so is the rest of its line"
            return Mistake("FD016", problem.began[0], hidden.start(1), message, f'quote it: "{hidden.group(1)}"')
        return problem.where_it_began("FD017", f"this {opening} is never closed", f"close it with {closing}")
    fix = f"quote a text inside {opening} {closing} that holds commas or quotes"
    return problem.here("FD013", f"a comma or {closing} must stand before this", fix)


def _tab(problem: _Problem) -> Mistake:
    return problem.here("FD015", "a tab cannot indent a line", "use spaces")


def _bad_start(problem: _Problem) -> Mistake:
    if problem.rest[:1] == "\t":
        return _tab(problem)
    return problem.here("FD016", f"text cannot begin with {problem.rest[:1]} unless it is quoted", QUOTE_IT)


def _unclosed_quote(problem: _Problem) -> Mistake:
    return problem.where_it_began("FD014", "this quote is never closed", "close the quote at the end of the text")


def _anchor(problem: _Problem) -> Mistake:
    character = problem.source.line(problem.began[0] + 1)[problem.began[1] : problem.began[1] + 1] or "&"
    return problem.where_it_began("FD016", f"text cannot begin with {character} unless it is quoted", QUOTE_IT)


def _backslash(problem: _Problem) -> Mistake:
    fix = 'write \\\\ for a backslash inside "…", or use single quotes'
    return problem.here("FD018", "this backslash begins an escape that YAML does not know", fix)


def _neither(problem: _Problem) -> Mistake:
    text = problem.source.line(problem.began[0] + 1)
    odd = _LIKE_A_SPACE.search(text)
    if odd:
        message = f"U+{ord(odd.group()):04X} looks like a space here, and is none"
        return Mistake("FD003", problem.began[0], odd.start(), message, "write an ordinary space in its place", width=1)
    fix = "write KEY: VALUE, or indent the line if it belongs to the text above"
    message = "this line is neither a key with a value nor a list item"
    return Mistake("FD011", problem.began[0], len(text) - len(text.lstrip()), message, fix)


def _list_here(problem: _Problem) -> Mistake:
    fix = 'begin the list on a line of its own, or quote a text that begins with "- "'
    return problem.here("FD015", "a list item cannot stand here", fix)


def _among_items(problem: _Problem) -> Mistake:
    fix = "begin the line with - like the items above it, or move it to the left if the list has ended"
    return problem.here("FD015", "this line stands among list items and is none", fix)


def _not_a_key(problem: _Problem) -> Mistake:
    before = problem.text[: problem.column].rstrip()
    if before and before[-1] in "\"'":
        if problem.quoted is not None:
            message = f"this quote is not closed on its line, so the text goes on to line {problem.line + 1}"
            return Mistake("FD014", *problem.quoted, message, "close the quote at the end of the text")
        fix = "put the whole text inside the quotes; for a quote within it, use the other kind around it"
        return problem.here("FD014", "the text goes on after its closing quote", fix)
    fix = "indent it exactly like the keys beside it"
    return problem.here("FD015", "this line is indented like none of the lines above it", fix)


def _half(problem: _Problem) -> Mistake:
    if problem.rest[:1] in tuple("]},"):
        message = f"{problem.rest[:1]} stands here without its other half"
        return problem.here("FD017", message, "remove it, or quote the text that holds it")
    return problem.here("FD011", "a value was expected here", "write it, and look at the lines just above as well")


def _after_the_end(problem: _Problem) -> Mistake:
    fix = "remove the line of dots, or what stands after it"
    line = problem.line
    while line > 0 and not problem.source.line(line + 1).startswith("..."):
        line -= 1
    return Mistake("FD009", line, 0, "the file goes on after its end was marked here", fix)


_TOLD: tuple[tuple[str, Callable[[_Problem], Mistake]], ...] = (
    ("mapping values are not allowed", _colon),
    ("expected ',' or", _inside_brackets),
    ("found unexpected end of stream", _unclosed_quote),
    ("found unexpected document", _unclosed_quote),
    ("found character that cannot start", _bad_start),
    ("found a tab character", _tab),
    ("alphabetic or numeric", _anchor),
    ("escape", _backslash),
    ("hexdecimal", _backslash),
    ("could not find expected ':'", _neither),
    ("block sequence entries are not allowed", _list_here),
    ("expected '-' indicator", _among_items),
    ("expected key", _not_a_key),
    ("expected node content", _half),
    ("<document start>", _after_the_end),
)
"""Words of libyaml's complaints, and what they are for an author."""
