"""The schemas for editors: they accept what the compiler accepts, and refuse the mistakes that a schema can see.

Each file is read as editors read it, by YAML 1.1 and 1.2, which type what they read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from firedoor.compiler import json_schema, schema
from firedoor.compiler.book import compile_book, read_files
from firedoor.compiler.codes import CODES
from firedoor.compiler.diagnostics import Finding, Findings
from firedoor.compiler.index import Index, of_book
from firedoor.compiler.kinds import INPUT_TYPES
from firedoor.compiler.meanings import CONSEQUENCES, TYPES
from tests.compiler import corpus, golden
from tests.compiler.golden import PLAYBOOK, Case
from tests.compiler.yaml_readings import VERSIONS, Version, read
from tests.docs.pages import page

REHEARSAL = "rehearsals/case.yaml"
SMALL = golden.HERE / "book"
SHIPPED = golden.HERE.parents[1] / "playbooks"
SHAPE = {code for code in CODES if code.startswith("FD1")} - {"FD118", "FD119"}
"""FD118 and FD119 are about whole files: what is no file of the book, and what is too large."""
OF_A_VERB = {"FD301", "FD401", "FD402", "FD501", "FD601", "FD602", "FD701"}
"""A key that is missing is told in the family of its verb."""
OF_A_REHEARSAL = {"FD804", "FD808"}
"""What nobody can say, and how no clock ends."""
NAMES = {"FD201", "FD203", "FD204", "FD206", "FD207", "FD220", "FD801", "FD803"}
"""Names of the book: a schema knows them that was made with the book."""

SEEN = SHAPE | OF_A_VERB | OF_A_REHEARSAL


@cache
def validator(kind: str, book: Path | None = None) -> Draft7Validator:
    made = json_schema.of(kind, of_book(book) if book else Index())
    Draft7Validator.check_schema(made)
    return Draft7Validator(made)


def kind_of(name: str) -> str:
    if name.startswith("rehearsals/"):
        return "rehearsal"
    stem = name.removesuffix(".yaml")
    return stem if stem in json_schema.KINDS else "playbook"


def refusals(name: str, data: bytes, version: Version, book: Path | None = None) -> list[str]:
    found = validator(kind_of(name), book).iter_errors(read(data.decode(), version))
    return [f"{name}: {list(error.absolute_path)}: {error.message[:200]}" for error in found]


def _files(files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    whole = golden.laid_over(files)
    return ((name, whole[name]) for name in files if name.endswith(".yaml"))


# --- what is right


@pytest.mark.parametrize("case", golden.cases("ok"), ids=lambda case: case.name)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_compiles_is_accepted(case: Case, version: Version) -> None:
    assert [said for name, data in _files(case.files) for said in refusals(name, data, version)] == []


@pytest.mark.parametrize("folder", [SMALL, SHIPPED], ids=lambda folder: folder.name)
@pytest.mark.parametrize("version", VERSIONS)
def test_whole_books_are_accepted_with_their_names(folder: Path, version: Version) -> None:
    files = {name: data for name, data in read_files(folder, Findings()).items() if name.endswith(".yaml")}
    assert {kind_of(name) for name in files} >= json_schema.KINDS.keys() - {"rehearsal"}
    assert [said for name, data in files.items() for said in refusals(name, data, version, folder)] == []
    assert [said for name, data in files.items() for said in refusals(name, data, version)] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_book_of_the_authors_page_is_accepted(version: Version) -> None:
    for block in page("author").blocks("yaml"):
        if "file" in block.options and "/" not in block.options["file"]:
            assert refusals(block.options["file"], block.body.encode(), version) == []


# --- what is wrong

_WRONG = [case for case in golden.cases("err") if {found.code for found in case.book.findings} & SEEN]
_UNSEEN = {
    "attacks": "expressions are text to a schema",
    "conditions": "expressions are text to a schema",
    "inlined": "what a `run` passes is typed by another file",
}


@pytest.mark.parametrize("case", _WRONG, ids=lambda case: case.name)
@pytest.mark.parametrize("version", VERSIONS)
def test_mistakes_of_shape_are_refused(case: Case, version: Version) -> None:
    said = [one for name, data in _files(case.files) for one in refusals(name, data, version)]
    assert bool(said) != (case.name in _UNSEEN), said


_UNSEEN_OF_THE_CORPUS = {
    "A moment is compared with a length of time": "expressions are text to a schema",
    "An input of a run is no yes or no": "what a `run` passes is typed by another file",
}


def test_the_mistakes_of_shape_of_the_corpus_are_refused() -> None:
    """Each by one of the two readings in turn."""
    passed = set()
    tried = 0
    for case in corpus.all_cases():
        if not any(line.split(" ")[1] in SHAPE for line in case.expected):
            continue
        for name in {edit.file for edit in case.edits if edit.file in case.files}:
            found = [one for one in case.book.findings if one.file == name]
            if any(one.code in SHAPE and not _beyond(one) for one in found):
                tried += 1
                if not refusals(name, case.files[name], VERSIONS[tried % 2]):
                    passed.add(case.title)
    assert passed == _UNSEEN_OF_THE_CORPUS.keys()
    assert tried > 50


def test_each_code_of_a_shape_is_tried() -> None:
    assert {case.name for case in _WRONG} >= SHAPE | OF_A_VERB


@pytest.mark.parametrize(
    "case", [case for case in golden.cases("err") if case.name in NAMES], ids=lambda case: case.name
)
def test_names_that_the_book_does_not_give_are_refused_where_the_schema_knows_the_book(case: Case) -> None:
    for version in VERSIONS:
        assert [said for name, data in _files(case.files) for said in refusals(name, data, version, SMALL)]


# --- what is broken at random: the schema and the compiler agree

_TEXTS = st.sampled_from(
    """
    no|yes|true|off|on|1|0|-2|1.10|007|15m|0m|1:30|2.5h|4H|5 business days|9999 days|sev1|sev9|en|NO|EN|english|a|| |
    undo|undo all|undo lock|stopp|continue|ask commander|mon-fri|every day|Monday|08:00-17:00|25:00-26:00|fixed|standard|
    account|list of account|list of no|personal|secret|crt|crt.manager|omar|launcher|commander|2026-03-04|a-b|a_b|A_B|
    2026-03-04T02:45:00Z|severity|otherwise|x in y|a b|1h < 2|{{ x }}
    """.replace("\n    ", "").split("|")
)
_OTHERS = st.sampled_from(
    [[], {}, ["crt"], [["crt"]], {"en": "x"}, {"a": ""}, [""], {"team": "policy"}, {"sev1": "1h"}]
)
_VALUES = st.one_of(_TEXTS, _OTHERS)
_KEYS = st.sampled_from(
    sorted({key for shape in (schema.PLAYBOOK, schema.INPUT, schema.TEAM, schema.ACTION) for key in shape.keys})
    + sorted({key for verb in schema.VERBS.values() for key in verb.shape.keys})
    + ["on_timout", "x", "sev1", "en"]
)


class _Plain(yaml.SafeDumper):
    """Writes text without quotes wherever it can, as authors do."""

    yaml_implicit_resolvers: dict[Any, Any] = {}


def _written(document: Any) -> bytes:
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True).encode()


@cache
def _good() -> list[tuple[str, Any]]:
    """Files that are right, each as plain text in lists and mappings."""
    found = [
        (PLAYBOOK, golden.completed(case.files[PLAYBOOK])) for case in golden.cases("ok") if PLAYBOOK in case.files
    ]
    shared = [(name, data) for name, data in read_files(SMALL, Findings()).items() if kind_of(name) != "playbook"]
    shared += [(REHEARSAL, case.files[REHEARSAL]) for case in golden.cases("ok") if REHEARSAL in case.files]
    documents = [(name, yaml.load(data, Loader=yaml.CBaseLoader)) for name, data in found + shared * 10]  # noqa: S506
    return [(name, made) for name, made in documents if isinstance(made, dict) and len(_written(made)) < 20_000]


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every list and mapping with each of its indices and keys."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield node, key
        yield from _places(value)


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, Any]:
    name, whole = draw(st.sampled_from(_good()))
    document = deepcopy(whole)
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(document))
        assume(places)
        node, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["value", "value", "drop", "name", "add"])):
            case "value":
                node[key] = deepcopy(draw(_VALUES))
            case "drop":
                del node[key]
            case "name" if isinstance(node, dict):
                node[draw(_KEYS)] = node.pop(key)
            case "add" if isinstance(node, dict):
                node[draw(_KEYS)] = deepcopy(draw(_VALUES))
    return name, document


@settings(max_examples=120, deadline=None)
@given(broken())
def test_schema_and_compiler_agree_about_what_is_broken(made: tuple[str, Any]) -> None:
    name, document = made
    data = _written(document)
    files = {**golden.laid_over({}), name: data}
    found = [one for one in compile_book(Path("book"), files).findings if one.file == name]
    for version in VERSIONS:
        said = refusals(name, data, version)
        if said:  # never narrower than the compiler
            assert found, said
        if any(one.code in SHAPE and not _beyond(one) for one in found):
            assert said, "\n".join(one.message for one in found)


def _beyond(found: Finding) -> bool:
    """Whether no schema can know it: what a table of the world says, what two values say together, and what another
    file types, as a playbook does what its rehearsals give."""
    if found.file == REHEARSAL and found.code not in ("FD101", "FD102"):
        return True
    if found.message.startswith(_PASSED):
        return True
    return any(words in found.message for words in ("no time zone", "over ten years", "is less than `at_least`"))


_PASSED = ('"line" must be', '"urgent" must be')
"""What `run: statement` passes is typed by the playbook that is run."""


# --- words


def test_each_key_of_each_file_has_a_description() -> None:
    for kind in json_schema.KINDS:
        undescribed = [path for path, one in _properties(json_schema.of(kind)) if not one.get("description")]
        assert undescribed == []


def _properties(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, one in node.get("properties", {}).items() if "required" in node and "title" in node else ():
            yield f"{path}/{name}", one
        for name, inner in node.items():
            yield from _properties(inner, f"{path}/{name}")
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from _properties(inner, f"{path}/{number}")


def test_each_type_and_each_consequence_is_told() -> None:
    assert TYPES.keys() == set(INPUT_TYPES)
    told = json_schema.of("playbook")["definitions"]["then"]["defaultSnippets"]
    assert [one["label"] for one in told] == list(CONSEQUENCES)
    assert all(one["description"] for one in told)


@pytest.mark.parametrize("kind", json_schema.KINDS)
def test_the_schemas_of_the_shipped_book_are_current(kind: str) -> None:
    written = json.loads((SHIPPED / ".schema" / f"{kind}.json").read_text())
    assert written == json_schema.of(kind, of_book(SHIPPED)), "run `firedoor schema --write`"


def test_a_name_that_yaml_reads_as_something_else_is_a_name() -> None:
    assert json_schema.readings("crt") == ["crt"]
    assert json_schema.readings("no") == ["no", False]
    assert 7 in json_schema.readings("007")
