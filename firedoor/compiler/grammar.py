"""Reads an expression with Jinja2's own parser, and knows the exact column of every part of it.

Jinja2's nodes carry a line and no column. So its parser is told that each token stands on a line of its own: a node's
line is then the number of its first token, and the token's place in the text is known. Nothing is ever compiled or
called: the parser only builds a tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import jinja2
from jinja2 import nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

MOST_TOKENS = 400
DEEPEST = 24
"""Brackets within brackets."""
DEEPEST_TREE = 100
"""A chain of `and`s nests, and so do signs and nots."""

LONGEST_NUMBER = 40
"""Digits; what is far longer Python refuses to read."""

ENVIRONMENT = jinja2.Environment(autoescape=False, optimized=False)  # noqa: S701 - it only ever parses
_PARSER = Parser(ENVIRONMENT, "")
"""Copied for each expression: a new one would begin by taking an empty text apart."""

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = {")", "]", "}"}
_UNITS = ("s", "m", "h", "d", "w")
_AT = re.compile(r"(.*) at (\d+)$")
_INSTEAD = {
    "&": "write `and`",
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not`",
    "?": "write the two cases as two steps, each with its `when`",
    "=": "write == to compare",
    "$": "write the name alone",
    "'": "close the quote",
    '"': "close the quote",
    "%": "divide by something, or quote the text",
}


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    """Offset in the expression's text."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class Unreadable(Exception):
    """The text is no expression. `start` and `end` are the offsets of what is wrong."""

    def __init__(self, message: str, start: int, end: int, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = max(end, start + 1)
        self.fix = fix


@dataclass(frozen=True)
class Parsed:
    """An expression's tree, with the offsets of its parts in the text."""

    text: str
    tokens: tuple[Token, ...]
    root: nodes.Expr

    def index(self, line: int) -> int:
        """The number of the token that stands on this line; lines count from 1, tokens from 0."""
        return max(0, min(line - 1, len(self.tokens) - 1))

    def span(self, node: nodes.Node) -> tuple[int, int]:
        """Offsets of a node: from its first token to its last."""
        lines = list(_lines(node))
        if not lines:
            return 0, len(self.text)
        first, last = self.index(min(lines)), self.index(max(lines))
        inside = 0
        for number, token in enumerate(self.tokens[first:], first):
            inside += (token.text in _OPENING) - (token.text in _CLOSING) if token.kind == "operator" else 0
            if number >= last and inside <= 0:
                last = number if inside == 0 else last
                break
        while self.tokens[last].text in ("is", "not") and last + 1 < len(self.tokens):
            last += 1  # a test has the line of its `is`
        return self.tokens[first].start, self.tokens[last].end

    def token(self, node: nodes.Node) -> Token:
        """The token at which a node begins to be itself: the name of a filter, the dot before an attribute."""
        return self.tokens[self.index(node.lineno)]

    def word_after(self, node: nodes.Node, word: str) -> tuple[int, int]:
        """Offsets of `word` at or after the node's token: the attribute after its dot, the test after its `is`."""
        for token in self.tokens[self.index(node.lineno) :]:
            if token.text == word:
                return token.start, token.end
        return self.span(node)


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of an expression, without white space. Raises Unreadable."""
    source = "{{ " + text + " }}"
    found: list[Token] = []
    position = 0
    try:
        for _, kind, value in ENVIRONMENT.lex(source):
            if len(value) > LONGEST_NUMBER and kind in ("integer", "float"):
                raise Unreadable(
                    "this number is too large", position - 3, position - 3 + len(value), "write a smaller one"
                )
            if kind != "whitespace":
                found.append(Token(kind, value, position - 3))
            position += len(value)
            if len(found) > MOST_TOKENS:
                raise Unreadable("this expression is too long", 0, len(text), "split it into several steps")
            if kind == "variable_end":
                break
    except jinja2.TemplateSyntaxError as error:
        raise _lexing(error, text, found) from error
    if position < len(source):
        raise Unreadable("}} ends the expression here", position - 5, position - 3, "remove it")
    body = tuple(token for token in found if token.kind not in ("variable_begin", "variable_end"))
    _balanced(body, text)
    return body


@lru_cache(maxsize=2048)
def parse(text: str) -> Parsed:
    """The tree of an expression. Raises Unreadable, with the place and the author's words.

    Kept, as a book says the same conditions and holes many times, and an inlined playbook all of its own again: a third
    of the time of a check. Nobody changes a tree.
    """
    body = tokens(text)
    if not body:
        raise Unreadable("there is no expression here", 0, max(1, len(text)), "write one, or remove the line")
    try:
        root = _tree(body)
    except jinja2.TemplateSyntaxError as error:
        raise _parsing(error, text, body) from error
    except RecursionError as error:
        raise Unreadable("this expression is nested too deep", 0, len(text), "split it into several steps") from error
    if len(body) > DEEPEST_TREE:  # each level has a token of its own
        _bounded(root, len(text))
    return Parsed(text, body, root)


def _tree(body: tuple[Token, ...]) -> nodes.Expr:
    lines = [*_lined(body), (len(body) + 1, "variable_end", "}}")]
    parser = copy(_PARSER)
    parser.stream = TokenStream(ENVIRONMENT.lexer.wrap(lines), None, None)
    root = parser.parse_tuple(with_condexpr=True)
    parser.stream.expect("variable_end")
    return root


def is_expression(text: str) -> bool:
    try:
        parse(text)
    except Unreadable:
        return False
    return True


def _lined(body: tuple[Token, ...]) -> Iterator[tuple[int, str, str]]:
    """Each token on a line of its own. `is "several words"` is read as a comparison: Jinja2's tests have one bare word."""
    previous = ""
    for number, token in enumerate(body, 1):
        following = [one.kind if one.kind == "string" else one.text for one in body[number : number + 2]]
        if token.text == "is" and following[:1] == ["string"]:
            yield number, "operator", "=="
        elif token.text == "is" and following == ["not", "string"]:
            yield number, "operator", "!="
        elif not (token.text == "not" and previous == "is" and following[:1] == ["string"]):
            yield number, token.kind, token.text
        previous = token.text


def _bounded(root: nodes.Node, length: int) -> None:
    level: list[nodes.Node] = [root]
    for _ in range(DEEPEST_TREE):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
    raise Unreadable("this expression is too long", 0, length, "split it into several steps")


def hyphenated(body: tuple[Token, ...]) -> Iterator[tuple[int, int]]:
    """Offsets of each run of names with hyphens and nothing else between them: `sign-off`."""
    index = 0
    while index < len(body):
        last = index
        while (
            last + 2 < len(body)
            and body[last].kind == body[last + 2].kind == "name"
            and body[last + 1].text == "-"
            and body[last].end == body[last + 1].start
            and body[last + 1].end == body[last + 2].start
        ):
            last += 2
        if last > index:
            yield body[index].start, body[last].end
        index = last + 1


def _lexing(error: jinja2.TemplateSyntaxError, text: str, found: list[Token]) -> Unreadable:
    at = _AT.match(error.message or "")
    if at:
        start = int(at.group(2)) - 3
        character = text[start : start + 1]
        double = text[start : start + 2]
        fix = _INSTEAD.get(double) or _INSTEAD.get(character) or "remove it, or quote the text that holds it"
        if character in "'\"":
            return Unreadable("this quote is never closed", start, len(text), fix)
        written = double if double in _INSTEAD else character
        return Unreadable(f"{written} has no meaning in an expression", start, start + len(written), fix)
    # A closing bracket that fits no opening one: the lexer says which, and not where.
    opened: list[Token] = []
    for token in found:
        if token.text in _OPENING:
            opened.append(token)
        elif token.text in _CLOSING and opened:
            opened.pop()
    if opened:
        start = opened[-1].start
        wanted = _OPENING[opened[-1].text]
        return Unreadable(f"this {opened[-1].text} is never closed", start, start + 1, f"close it with {wanted}")
    last = found[-1].end if found else 0
    after = len(text) - len(text[max(last, 0) :].lstrip())
    return Unreadable("a bracket is closed here that was not opened", after, after + 1, "remove it")


def _balanced(body: tuple[Token, ...], text: str) -> None:
    opened: list[Token] = []
    for token in body:
        if token.kind != "operator":
            continue
        if token.text in _OPENING:
            opened.append(token)
            if len(opened) > DEEPEST:
                raise Unreadable("brackets are nested too deep", token.start, token.end, "split it into several steps")
        elif token.text in _CLOSING:
            if not opened or _OPENING[opened[-1].text] != token.text:
                raise Unreadable("a bracket is closed here that was not opened", token.start, token.end, "remove it")
            opened.pop()
    if opened:
        token = opened[-1]
        fix = f"close it with {_OPENING[token.text]}"
        raise Unreadable(f"this {token.text} is never closed", token.start, token.end, fix)


def _parsing(error: jinja2.TemplateSyntaxError, text: str, body: tuple[Token, ...]) -> Unreadable:
    index = error.lineno - 1
    if index >= len(body):
        last = body[-1]
        message = f"something is missing after `{last.text}`"
        return Unreadable(message, last.start, last.end, "finish the expression")
    token = body[max(0, index)]
    said = error.message or ""
    if token.text in _INSTEAD and token.kind == "operator":
        return Unreadable(f"`{token.text}` has no meaning here", token.start, token.end, _INSTEAD[token.text])
    if "end of print statement" in said and "got" in said:
        before = body[max(index - 1, 0)]
        if before.kind == "integer" and token.text in _UNITS and before.end == token.start:
            written = f'"{before.text}{token.text}"'
            fix = f"write {written}"
            if len(body) == 2:  # alone it could only get YAML's quotes
                fix = f"add it to a moment, in quotes: run.aware_at + {written}"
            return Unreadable("a length of time needs quotes here", before.start, token.end, fix)
        if index > 0 and before.kind == token.kind == "name":
            if token.text == "not":
                fix = f"write {before.text} is not …, or {before.text} and not …"
                return Unreadable(f"`not` cannot stand behind `{before.text}`", token.start, token.end, fix)
            message = f"`{before.text} {token.text}` is no expression: a name holds no space"
            fix = f"write {before.text}_{token.text}, or put and, or, is between the two; quote what is a text"
            return Unreadable(message, before.start, token.end, fix)
        return Unreadable(
            f"the expression ends before `{token.text}`", token.start, token.end, "put and, or between the two"
        )
    return Unreadable(f"`{token.text}` cannot stand here", token.start, token.end, "finish what stands before it")


def _lines(node: nodes.Node) -> Iterator[int]:
    """The lines of every part of a tree. Iterative: a chain of a hundred `and`s is a hundred deep."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.lineno:
            yield here.lineno
            if isinstance(here, nodes.Getattr):
                yield here.lineno + 1  # its name stands after its dot
        waiting.extend(here.iter_child_nodes())
