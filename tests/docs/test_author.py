"""The author's page: its book compiles, and what it shows is what the compiler and a launch say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firedoor import compiler
from firedoor.compiler import load_book, renderers
from firedoor.compiler.kinds import INPUT_TYPES
from firedoor.compiler.schema import INPUT, VERBS
from tests.docs.pages import Block, page, printed
from tests.docs.stage import opened

PAGE = page("author")


def written(folder: Path) -> Path:
    """The page's book, in a folder."""
    book = folder / "my-book"
    for block in PAGE.blocks():
        if "file" in block.options and block.kind != "diff":
            path = book / block.options["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body)
    return book


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return written(tmp_path)


def test_the_book_compiles(book: Path) -> None:
    found = load_book(book)
    assert renderers.text(found.findings) == ""
    assert sorted(found.plans) == ["every-verb", "home-address"]


def test_the_commands_print_what_is_shown(
    book: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(book.parent)
    with opened(book, tmp_path_factory.mktemp("home"), monkeypatch) as stage:
        for block in PAGE.blocks():
            if block.kind == "diff":
                spoil(book, block)
            elif block.kind == "console":
                stage.play(printed(block))


def test_what_is_proved_names_every_code_of_a_proof() -> None:
    named = [re.findall(r"\[(FD\d{3})\]\(codes/\1\.md\)", row[1]) for row in PAGE.table("what holds")]
    proofs = (Path(compiler.__file__).parent / "proofs").glob("*.py")
    emitted = {code for path in proofs for code in re.findall(r'"(FD\d{3})"', path.read_text())} | {"FD603", "FD604"}
    assert {code for row in named for code in row} == emitted
    assert all(named)


def spoil(book: Path, block: Block) -> None:
    path = book / block.options["file"]
    text = path.read_text()
    lines = block.body.splitlines()
    for old, new in zip(lines[::2], lines[1::2], strict=True):
        assert (old[0], new[0]) == ("-", "+")
        assert text.count(f"{old[1:]}\n") == 1, old
        text = text.replace(f"{old[1:]}\n", f"{new[1:]}\n")
    path.write_text(text)


def test_each_condition_compiles(book: Path) -> None:
    path = book / "home-address.yaml"
    before, review, after = path.read_text().partition("\nreview:")
    steps = "".join(
        f"  - notify: crt.on_shift\n    when: '{row[0].strip('`')}'\n    say: It holds.\n"
        for row in PAGE.table("Expression")
    )
    path.write_text(before + "\n" + steps + review + after)
    assert renderers.text(load_book(book).findings) == ""


def test_each_verb_is_used_and_its_options_are_told(book: Path) -> None:
    used = (book / "every-verb.yaml").read_text()
    rows = {row[0].strip("`").partition(":")[0]: row for row in PAGE.table("Verb")}
    assert list(rows) == list(VERBS)
    for name, verb in VERBS.items():
        assert re.search(rf"- {name}: ", used), name
        own = verb.shape.keys.keys() - {name, "id", "when", "meets", "on_failure"}
        assert set(re.findall(r"`(\w+)`", " ".join(rows[name][2:]))) == own, name
        must = {key for key in own if verb.shape.keys[key].required}
        assert must <= set(re.findall(r"`(\w+)`", rows[name][2])), name


def test_each_type_and_option_of_an_input_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE.prose.partition("## Values")[2].partition("## Conditions")[0]))
    assert set(INPUT_TYPES) <= told
    assert INPUT.keys.keys() - {"type"} <= told
