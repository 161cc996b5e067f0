"""Vets message templates: Jinja2's syntax with an allow-list, checked on the tree before anything else touches it.

Even `Environment.from_string` evaluates constants, so a template is only ever parsed here, and refused unless each node
of it is one that a message needs: output, names, constant attributes and items, `if`, one `for` that is not nested,
comparisons, `and or not`, concatenation, the listed filters, `is given`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import jinja2
from jinja2 import nodes

from firedoor.compiler import suggest
from firedoor.compiler.grammar import ENVIRONMENT, LONGEST_NUMBER

MOST_BYTES = 8 * 1024
MOST_TOKENS = 4_000
DEEPEST = 60
DEEPEST_BLOCKS = 12
MOST_BRANCHES = 20
FILTERS = ("count", "first", "last", "unique", "lower", "join")
TESTS = ("given",)

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.For,
    nodes.Compare,
    nodes.Operand,
    nodes.Concat,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Filter,
    nodes.Test,
    nodes.List,
)
_CALLED = {
    nodes.Call: "a call",
    nodes.CondExpr: "`if … else` inside {{ }}",
    nodes.Slice: "a slice",
    nodes.Assign: "`set`",
    nodes.AssignBlock: "`set`",
    nodes.Macro: "a macro",
    nodes.CallBlock: "a call",
    nodes.FilterBlock: "a filter block",
    nodes.Include: "`include`",
    nodes.Import: "`import`",
    nodes.FromImport: "`import`",
    nodes.Extends: "`extends`",
    nodes.Block: "a block",
    nodes.With: "`with`",
    nodes.Dict: "{ }",
    nodes.Tuple: "( , )",
}
_BLOCK = re.compile(r"\{%[-+]?\s*(end)?(\w+)")
_OPEN_BLOCK = re.compile(r"innermost block that needs to be closed is '(\w+)'")
_UNKNOWN_TAG = re.compile(r"unknown tag '(\w+)'")
_QUOTE = re.compile(r"unexpected char (?:'(\")'|\"(')\")")
_REPEATED = re.compile(r"(?:\bnot\s+|[-+]\s*){20}")


@dataclass(frozen=True)
class Problem:
    code: str
    line: int
    """Counts from 1."""
    message: str
    fix: str | None = None
    text: str = ""
    """What is wrong, as it stands on that line; the whole line where that is not known."""


@dataclass(frozen=True)
class Vetted:
    """What is wrong with a template, and the names that it takes from its context."""

    problems: tuple[Problem, ...]
    names: frozenset[str] = frozenset()


def vet(source: str) -> Vetted:
    """Check a template's text. It may be rendered only where `problems` is empty."""
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        message = f"the message has {size} bytes; {MOST_BYTES} is the most"
        return Vetted((Problem("FD705", 1, message, "shorten it, or split it into two"),))
    try:
        _bounds(source)
        tree = ENVIRONMENT.parse(source)
    except jinja2.TemplateSyntaxError as error:
        return Vetted((_unreadable(error, source),))
    except RecursionError:
        return Vetted((Problem("FD705", 1, "the message is nested too deep", "simplify it"),))
    problems = list(_check(tree))
    names = frozenset() if problems else frozenset(_free(tree))
    return Vetted(tuple(problems), names)


def _unreadable(error: jinja2.TemplateSyntaxError, source: str) -> Problem:
    said, line = error.message or "", max(1, error.lineno)
    unknown, open_ = _UNKNOWN_TAG.search(said), _OPEN_BLOCK.search(said)
    if open_:
        message = f"this {{% {open_[1]} %}} is never closed"
        line, text = _opened(source, open_[1], line)
        return Problem("FD704", line, message, f"end it with {{% end{open_[1]} %}}", text)
    if unknown and unknown[1] in ("endif", "endfor", "elif", "else"):
        message = f"this {{% {unknown[1]} %}} belongs to no block"
        return Problem("FD704", line, message, "remove it, or begin its block before it")
    if unknown:
        message = f"messages have no {{% {unknown[1]} %}}"
        return Problem("FD703", line, message, "a message has if and one for", unknown[1])
    if quote := _QUOTE.search(said):
        return Problem("FD704", line, "this quote is never closed", "close it before the braces", quote[1] or quote[2])
    if said in ("unexpected '}'", "unexpected end of template"):
        return Problem("FD704", line, "these braces are never closed", "close {{ with }}, and {% with %}")
    return Problem("FD704", line, f"this cannot be read: {said}", "look at the braces and quotes on this line")


def _opened(source: str, name: str, line: int) -> tuple[int, str]:
    """The line on which the block begins that is never closed, and how it begins."""
    opened: list[re.Match[str]] = []
    for found in _BLOCK.finditer(source):
        if found[1] and opened:
            opened.pop()
        elif found[2] in ("if", "for"):
            opened.append(found)
    left = [found for found in opened if found[2] == name]
    return (source.count("\n", 0, left[-1].start()) + 1, left[-1].group()) if left else (line, "")


def _bounds(source: str) -> None:
    """Refuse what would exhaust the parser, which recurses: many blocks or brackets within each other."""
    depth = blocks = 0
    for count, (line, kind, value) in enumerate(ENVIRONMENT.lex(source)):
        if kind == "operator" and value in "([{":
            depth += 1
        elif kind == "operator" and value in ")]}":
            depth -= 1
        if len(value) > LONGEST_NUMBER and kind in ("integer", "float"):
            raise jinja2.TemplateSyntaxError("a number is too large", line)
        if count > MOST_TOKENS or depth > DEEPEST_BLOCKS:
            raise jinja2.TemplateSyntaxError("it is too long or too deep", line)
    for found in _BLOCK.finditer(source):
        if found.group(2) in ("if", "for"):
            blocks += -1 if found.group(1) else 1
        if blocks > DEEPEST_BLOCKS:
            raise jinja2.TemplateSyntaxError("blocks are nested too deep", source.count("\n", 0, found.start()) + 1)
    repeated = _REPEATED.search(source)
    if repeated:
        raise jinja2.TemplateSyntaxError("signs are repeated too often", source.count("\n", 0, repeated.start()) + 1)


def _check(tree: nodes.Template) -> Iterator[Problem]:
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 1)]
    loops = 0
    while waiting:
        node, depth, line = waiting.pop()
        line = node.lineno or line
        if depth > DEEPEST:
            yield Problem("FD705", line, "this is nested too deep", "simplify it")
            return
        if not isinstance(node, _ALLOWED):
            what = _CALLED.get(type(node), "this")
            yield Problem(
                "FD703",
                line,
                f"{what} has no place in a message",
                "a message has {{ names }}, if, one for, comparisons and filters",
                _text(node),
            )
            continue
        loops += isinstance(node, nodes.For)
        yield from _refused(node, line, loops)
        waiting.extend((child, depth + 1, line) for child in reversed(list(node.iter_child_nodes())))


def _refused(node: nodes.Node, line: int, loops: int) -> Iterator[Problem]:
    match node:
        case nodes.If() if len(node.elif_) > MOST_BRANCHES:
            yield Problem("FD705", line, f"an `if` has at most {MOST_BRANCHES} `elif`", "write several messages")
        case nodes.For():
            yield from _refused_loop(node, line, loops)
        case nodes.Name(name=name) | nodes.Getattr(attr=name) if not name.isascii():
            yield Problem("FD703", line, f"{name} holds letters beyond a to z", "write names in plain letters", name)
        case nodes.Getattr() if node.attr.startswith("_"):
            yield Problem("FD703", line, f".{node.attr} is no field", "names do not begin with _", node.attr)
        case nodes.Getitem() if not isinstance(node.arg, nodes.Const) or not isinstance(node.arg.value, int | str):
            yield Problem("FD703", line, "[ ] takes a number or a quoted word", "write NAME[0]")
        case nodes.Getitem() if isinstance(node.arg.value, str) and node.arg.value.startswith("_"):  # type: ignore[attr-defined]
            yield Problem("FD703", line, "names do not begin with _", None)
        case nodes.Name() if node.name.startswith("_"):
            yield Problem("FD703", line, f"{node.name} is no name", "names do not begin with _", node.name)
        case nodes.Filter() if node.name not in FILTERS:
            fix = suggest.fix(node.name, FILTERS)
            yield Problem("FD703", line, f'messages have no filter "{node.name}"', fix, node.name)
        case nodes.Filter() if node.kwargs or node.dyn_args or node.dyn_kwargs or (node.args and not _joins(node)):
            yield Problem(
                "FD703",
                line,
                f"`{node.name}` takes nothing but what stands before it",
                'only join takes a text: join(", ")',
                node.name,
            )
        case nodes.Test() if node.name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            yield Problem("FD703", line, f"messages have no `is {node.name}`", "use `is given`, == or in", node.name)


def _refused_loop(node: nodes.For, line: int, loops: int) -> Iterator[Problem]:
    if loops > 1:
        fix = 'join the items: {{ names | join(", ") }}'
        yield Problem("FD703", line, "a message has one `for`, and this is another", fix)
    elif node.recursive or node.test is not None or not isinstance(node.target, nodes.Name):
        yield Problem("FD703", line, "a `for` is written {% for NAME in LIST %}", "remove what stands beside that")
    elif node.target.name == "loop":
        yield Problem("FD703", line, "`loop` has a meaning of its own here", "write {% for NAME in LIST %}", "loop")


def _text(node: nodes.Node) -> str:
    """What of a node that messages do not have can be found on its line."""
    match node:
        case nodes.Call(node=nodes.Getattr(attr=name)) | nodes.Call(node=nodes.Name(name=name)):
            return f"{name}("
        case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends() | nodes.Block() | nodes.With():
            return "from" if isinstance(node, nodes.FromImport) else type(node).__name__.lower()
        case nodes.Assign() | nodes.AssignBlock():
            return "set"
        case nodes.Macro() | nodes.CallBlock() | nodes.FilterBlock():
            return {"CallBlock": "call", "FilterBlock": "filter"}.get(type(node).__name__, "macro")
        case nodes.BinExpr():
            return node.operator
        case _:
            return ""


def _joins(node: nodes.Filter) -> bool:
    only = node.args[0] if len(node.args) == 1 else None
    return node.name == "join" and isinstance(only, nodes.Const) and isinstance(only.value, str)


def _free(tree: nodes.Template) -> Iterator[str]:
    """Names that come from the context: all but the loop's own item and `loop`, inside of that loop."""
    waiting: list[tuple[nodes.Node, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, bound = waiting.pop()
        if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
            inner = bound | {node.target.name, "loop"}
            waiting.append((node.iter, bound))
            waiting += [(child, inner) for child in node.body]
            waiting += [(child, bound) for child in node.else_]
            continue
        if isinstance(node, nodes.Name) and node.name not in bound:
            yield node.name
        waiting.extend((child, bound) for child in node.iter_child_nodes())
