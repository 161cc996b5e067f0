"""What the YAML parser says, in the words of someone who writes playbooks."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from firedoor.compiler.nodes import Source

QUOTE_IT = 'put the whole text in double quotes: "…"'


@dataclass(frozen=True)
class Mistake:
    """A syntax error: its code, where it is (0-based line and column), what it is, how to mend it."""

    code: str
    line: int
    column: int
    message: str
    fix: str


def translate(error: yaml.MarkedYAMLError, source: Source) -> Mistake:
    """The parser's complaint as ours. Its problem's place is kept, or moved to where the mistake began."""
    problem = error.problem or ""
    context = error.context or ""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    began = (error.context_mark.line, error.context_mark.column) if error.context_mark else (line, column)
    text = source.line(line + 1)
    rest = text[column:]

    if problem.startswith("mapping values are not allowed"):
        return _two_colons(line, column, source)
    if "expected ',' or" in problem:
        return _inside_brackets(began, line, column, rest, source)
    if problem.startswith("found unexpected end of stream") or problem.startswith("found unexpected document"):
        return Mistake("FD014", *began, "this quote is never closed", "close the quote at the end of the text")
    if problem.startswith("found character that cannot start"):
        return _bad_start(line, column, rest)
    if "alphabetic or numeric" in problem:
        character = source.line(began[0] + 1)[began[1] : began[1] + 1] or "&"
        return Mistake("FD016", *began, f"text cannot begin with {character} unless it is quoted", QUOTE_IT)
    if "escape" in problem or "hexdecimal" in problem or "Unicode" in problem:
        fix = 'write \\\\ for a backslash inside "…", or use single quotes'
        return Mistake("FD018", line, column, "this backslash begins an escape that YAML does not know", fix)
    if problem.startswith("could not find expected ':'"):
        began = (began[0], len(source.line(began[0] + 1)) - len(source.line(began[0] + 1).lstrip()))
        fix = "write KEY: VALUE, or indent the line if it belongs to the text above"
        return Mistake("FD011", *began, "this line is neither a key with a value nor a list item", fix)
    if problem.startswith("block sequence entries are not allowed"):
        fix = 'begin the list on a line of its own, or quote a text that begins with "- "'
        return Mistake("FD015", line, column, "a list item cannot stand here", fix)
    if "expected '-' indicator" in problem:
        fix = "begin the line with - like the items above it, or move it to the left if the list has ended"
        return Mistake("FD015", line, column, "this line stands among list items and is none", fix)
    if "expected key" in problem:
        return _not_a_key(line, column, text, began, source)
    if "block mapping" in context or "block collection" in context:
        fix = "align it with the lines that it belongs to"
        return Mistake("FD015", line, column, "this line is not aligned with the ones above it", fix)
    if "did not find expected node content" in problem and rest[:1] in "]},":
        message = f"{rest[:1]} stands here without its other half"
        return Mistake("FD017", line, column, message, "remove it, or quote the text that holds it")
    if "<document start>" in problem:
        fix = "remove the line of dots, or what stands after it"
        return Mistake("FD009", line, column, "the file goes on after its end was marked", fix)
    return Mistake("FD011", line, column, f"this is not YAML: {problem or error}", "see the lines just above as well")


def _two_colons(line: int, column: int, source: Source) -> Mistake:
    text = source.line(line + 1)
    first = text.find(": ")
    if text[:column].strip() and (0 <= first < column or ": " in text[:column]):
        return Mistake("FD012", line, column, "text that holds ': ' needs quotes", QUOTE_IT)
    if text[:column].lstrip("- ").strip() and line > 0:
        start = len(text) - len(text.lstrip())
        fix = "align this key with its siblings; the line above already has a value of its own"
        return Mistake("FD015", line, start, "this key is indented below a line that already has a value", fix)
    return Mistake("FD012", line, column, "text that holds ': ' needs quotes", QUOTE_IT)


def _inside_brackets(began: tuple[int, int], line: int, column: int, rest: str, source: Source) -> Mistake:
    opening = source.line(began[0] + 1)[began[1] : began[1] + 1] or "{"
    closing = "}" if opening == "{" else "]"
    if rest.startswith(":"):
        message = f"text that holds ': ' needs quotes, and so does text with a comma inside {opening} {closing}"
        return Mistake("FD012", line, column, message, QUOTE_IT)
    if not rest.strip() or line > began[0]:
        return Mistake("FD017", *began, f"this {opening} is never closed", f"close it with {closing}")
    message = f"a comma or {closing} must stand before this"
    return Mistake(
        "FD013", line, column, message, f"text inside {opening} {closing} that holds commas or quotes: {QUOTE_IT}"
    )


def _bad_start(line: int, column: int, rest: str) -> Mistake:
    if rest[:1] == "\t":
        return Mistake("FD015", line, column, "a tab cannot indent a line", "use spaces")
    return Mistake("FD016", line, column, f"text cannot begin with {rest[:1]} unless it is quoted", QUOTE_IT)


def _not_a_key(line: int, column: int, text: str, began: tuple[int, int], source: Source) -> Mistake:
    before = text[:column].rstrip()
    if before and before[-1] in "\"'":
        fix = "put the whole text inside the quotes; for a quote within it, use the other kind around it"
        return Mistake("FD014", line, column, "the text goes on after its closing quote", fix)
    if began[0] != line and column != began[1]:
        fix = "indent it exactly like the keys beside it"
        return Mistake("FD015", line, column, "this line is indented like none of the lines above it", fix)
    fix = "write KEY: VALUE, or quote the text above"
    return Mistake("FD015", line, column, "a key was expected here", fix)
