"""The reference of every key (docs/keys.md), made from the shapes that the compiler checks with.

`python -m tests.docs.keys` writes it again: look at the difference before it is committed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from firedoor.compiler import meanings, schema
from firedoor.compiler.json_schema import KINDS
from firedoor.compiler.meanings import Value
from firedoor.compiler.shape import Key, Named, Shape
from firedoor.compiler.values import SEVERITIES
from tests.docs.pages import DOCS

PATH = DOCS / "keys.md"
_FILES = {kind: f"`{kind}.yaml`" for kind in KINDS} | {"playbook": "A playbook", "rehearsal": "A rehearsal"}
_HEAD = """\
# Every key

What a book's files may say. Editors show the same ([editors.md](editors.md)); the [author's page](author.md) tells how it
fits together. This page is made from what `firedoor check` checks with.
"""


def page() -> str:
    return "\n".join([_HEAD, *_files(), *_values()]).rstrip() + "\n"


def _files() -> Iterator[str]:
    told: set[str] = set()
    for kind, shape in KINDS.items():
        yield f"## {_FILES[kind]}\n"
        yield from _shape(shape, told, heading=False)
        if kind == "playbook":
            yield from _steps(told)


def _shape(
    shape: Shape, told: set[str], *, heading: bool = True, but: Mapping[str, Key] | None = None
) -> Iterator[str]:
    """The shape's table, and those of what stands inside of it, each once."""
    if shape.noun in told:
        return
    told.add(shape.noun)
    if heading:
        yield f"### {_title(shape)}\n"
    yield _table({name: key for name, key in shape.keys.items() if name not in (but or {})})
    if isinstance(shape.open, Named):
        yield f"Its other keys are {_link(shape.open.name)}; under each stands {_link(shape.open.each)}, or a list of such.\n"
    elif shape.open:
        yield "Its other keys are the connector's settings; `…_from` names an environment variable.\n"
    for key in shape.keys.values():
        inner = key.of.each if isinstance(key.of, Named) else key.of
        if isinstance(inner, Shape) and not _by_severity(inner):
            yield from _shape(inner, told)


def _steps(told: set[str]) -> Iterator[str]:
    yield "### Steps\n\nEvery step has exactly one verb, and may have:\n"
    yield _table(schema.EVERY_STEP)
    for verb in schema.VERBS.values():
        yield f"#### `{verb.name}`\n\n{meanings.sentence(verb.says)}\n"
        yield from _shape(verb.shape, told, heading=False, but=schema.EVERY_STEP)


def _table(keys: Mapping[str, Key]) -> str:
    rows = ["| Key | | What it is for | Holds |", "|---|---|---|---|"]
    for name, key in keys.items():
        rows.append(f"| `{name}` | {'must' if key.required else ''} | {_cell(key.says)} | {_cell(_holds(name, key))} |")
    return "\n".join(rows) + "\n"


_MANY_FORMS = {
    "default": "a value of the type",
    "held": "a list of targets, or under the id of each step a list of those that it holds",
    "undone": "a list of steps' ids, or under each a list of targets",
    "told": "a list, each someone; or names, and under each a text that it says",
}
"""What a key may hold that takes more than one form."""


def _holds(name: str, key: Key) -> str:
    match key.kind, key.of:
        case "steps", _:
            return "a list of [steps](#steps)"
        case _, Named() as named:
            return f"names, and under each {_link(named.each)}"
        case "list", of:
            return f"a list, each {_link(of)}"
        case "texts", of:
            return f"{_link(of)}; or a list of such"
        case "words", of:
            return f"{_link(of)}; or one for each language"
        case "any", _:
            return _MANY_FORMS[name]
        case _, of:
            return _link(of)


def _by_severity(shape: Shape) -> bool:
    return tuple(shape.keys) == SEVERITIES


def _link(of: Value | Shape | Named) -> str:
    if isinstance(of, Shape) and _by_severity(of):
        return f"for each of {', '.join(f'`{name}`' for name in of.keys)} that counts: {_link(of.keys['sev1'].of)}"
    if isinstance(of, Shape):
        return f"[{of.noun}](#{of.noun.replace(' ', '-').replace('.', '').replace(chr(39), '')})"
    assert isinstance(of, Value)
    return of.says


def _values() -> Iterator[str]:
    yield "## What follows\n\nAfter a no, a silence or a failure:\n"
    yield _words(meanings.CONSEQUENCES)
    yield "## Types\n\nOf inputs, targets and reads; each as well as `list of` it:\n"
    yield _words({str(kind): says for kind, says in meanings.TYPES.items()})


def _words(words: Mapping[str, str]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| `{word}` | {_cell(says)} |" for word, says in words.items())]) + "\n"


def _title(shape: Shape) -> str:
    return f"{shape.noun[:1].upper()}{shape.noun[1:]}"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PATH.write_text(page(), "utf-8")
