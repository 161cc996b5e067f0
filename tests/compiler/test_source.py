"""Reading YAML: what is refused, where it is, and that nothing takes long or breaks the reader."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedoor.compiler import source
from firedoor.compiler.diagnostics import Finding, Findings
from firedoor.compiler.nodes import Mapping, Node, Scalar


def read(text: str | bytes) -> tuple[Node | None, list[Finding]]:
    findings = Findings()
    data = text.encode() if isinstance(text, str) else text
    document = source.read("x.yaml", data, findings)
    return (document.root if document else None), findings.sorted()


def scalar(text: str) -> Scalar:
    """The value of the only key of a document."""
    root, findings = read(text)
    assert not findings
    assert isinstance(root, Mapping)
    value = root.entries[0][1]
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize("text", ["NO", "1:30", "1.10", "null", "~", "0x10", "2026-01-01", "on", "1e3", "Yes"])
def test_a_scalar_is_the_text_that_was_written(text: str) -> None:
    assert scalar(f"key: {text}").text == text


def test_a_mark_at_the_start_and_windows_line_ends_are_fine() -> None:
    value = scalar("\ufeffkey: value\r\n")
    assert (value.text, value.place.line, value.place.column, value.place.end_column) == ("value", 1, 6, 11)


CASES = [
    ("a: 1\nb: 2\na: 3\n", "FD006", 3, 1),
    ("a: !!python/object/apply:os.system [ls]\n", "FD007", 1, 4),
    ("a: &x 1\n", "FD008", 1, 4),
    ("a: *x\n", "FD008", 1, 4),
    ("a:\n  <<: {b: 1}\n", "FD008", 2, 3),
    ("a: 1\n---\nb: 2\n", "FD009", 2, 1),
    ("a: 1\n...\nb: 2\n", "FD009", 2, 1),
    ("? [a, b]\n: 1\n", "FD010", 1, 3),
    ("? {a: b}\n: 1\n", "FD010", 1, 3),
    ("stra\u00dfe: 1\n", "FD010", 1, 1),
    ("a: b\u202ec\n", "FD003", 1, 5),
    ("a: b\u0000c\n", "FD003", 1, 5),
    ("a: b\u0085c\n", "FD003", 1, 5),
    ("a: b\u2028c\n", "FD003", 1, 5),
    ("a: bb\ufeff\n", "FD003", 1, 6),
    ('a: "bb\\u202e"\n', "FD003", 1, 7),
    ('a: "\\x07"\n', "FD003", 1, 5),
    ("a: b: c\n", "FD012", 1, 5),
    ("a: {b: c: d}\n", "FD012", 1, 9),
    ("a: 'b\n", "FD014", 1, 4),
    ("a: 'b' c\n", "FD014", 1, 8),
    ("a:\n\tb: c\n", "FD015", 2, 1),
    ("a:\n  b: c\n c: d\n", "FD015", 3, 2),
    ("- a\nb: c\n", "FD015", 2, 1),
    ("a: @b\n", "FD016", 1, 4),
    ("a: `b`\n", "FD016", 1, 4),
    ("a: &\n", "FD016", 1, 4),
    ("a: {{ b }}\n", "FD016", 1, 4),
    ("a: [b, c\n", "FD017", 1, 4),
    ("a: }\n", "FD017", 1, 4),
    ('a: "\\q"\n', "FD018", 1, 5),
    ('a: "\\ud800"\n', "FD018", 1, 7),
    ("a: room #7\n", "FD019", 1, 9),
    ("a: #general\n", "FD019", 1, 4),
    ("just a line\nb: c\n", "FD015", 2, 1),
    ("a: b\nc\n", "FD011", 2, 1),
]


@pytest.mark.parametrize(("text", "code", "line", "column"), CASES)
def test_what_plain_yaml_would_take_in_silence_is_told_at_its_place(
    text: str, code: str, line: int, column: int
) -> None:
    _, findings = read(text)
    assert [(found.code, found.line, found.column) for found in findings] == [(code, line, column)]


def test_equal_keys_are_told_with_both_lines() -> None:
    _, (found,) = read("due: 1h\nassign: crt\ndue: 4h\n")
    assert "lines 1 and 3" in found.message


def test_a_comment_is_a_comment() -> None:
    assert read("# first\na: b # with a space\n#without, on a line of its own\n")[1] == []


def test_bytes_that_are_no_text_are_told_at_their_place() -> None:
    _, (found,) = read(b"a: b\nc: d\xff\n")
    assert (found.code, found.line, found.column) == ("FD001", 2, 5)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_other_encodings_are_refused(encoding: str) -> None:
    _, findings = read("a: ü\n".encode(encoding))
    assert findings
    assert {found.code for found in findings} <= {"FD001", "FD003"}


BOMBS = {
    "merge keys": "a: &a {x: 1}\n"
    + "".join(f"{b}: &{b} {{<<: [*{a}, *{a}, *{a}]}}\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "aliases": "a: &a [x]\n"
    + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "brackets": "a: " + "[" * 50_000,
    "braces": "{" * 50_000,
    "dashes": "- " * 50_000,
    "keys": "? " * 50_000,
    "indents": "".join(" " * depth + "a:\n" for depth in range(700)),
    "one scalar": "a: " + "x" * 250_000,
    "many keys": "".join(f"k{number}: 1\n" for number in range(20_000)),
    "equal keys": "k: 1\n" * 40_000,
    "unseen": "a: " + "\u200b" * 80_000,
    "quotes": "a: " + "'" * 100_000,
    "tags": "".join(f"k{number}: !t{number} 1\n" for number in range(9_000)),
    "too large": "a: 1\n" * 100_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_file_takes_long(name: str) -> None:
    started = time.process_time()
    _, findings = read(BOMBS[name])
    assert time.process_time() - started < 2.5
    assert len(findings) > 0 or name == "many keys"


# --- places


PIECES = [
    "key: some words here\n",
    "key: 'it''s some words'\n",
    'key: "tab\\tand \\u00e9 words"\n',
    "key: some\n  folded words\n",
    "key: 'some\n\n  folded words'\n",
    'key: "some \\\n  joined words"\n',
    "key: |\n  some\n  more words\n",
    "key: >\n  some\n  more words\n",
    "key: >-\n  some\n\n  more words\n",
    "日本: 1\nkey: 日本 words\n",
    "a: {key: some words, other: x}\r\n",
]


@pytest.mark.parametrize("text", PIECES)
def test_a_piece_of_text_is_found_in_the_file(text: str) -> None:
    findings = Findings()
    document = source.read("x.yaml", text.encode(), findings)
    assert document is not None

    def scalars(node: Node | None) -> list[Scalar]:
        if isinstance(node, Mapping):
            return [one for _, value in node.entries for one in scalars(value)]
        return [node] if isinstance(node, Scalar) else []

    value = next(one for one in scalars(document.root) if "words" in one.text)
    place = value.at(value.text.index("words"), value.text.index("words") + len("words"))
    before = text[: text.index("words")]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert (place.line, place.column, place.end_column) == (line, column, column + len("words"))


@given(st.text(alphabet="ab \n\t'\"\\#:,日{}", max_size=60))
def test_places_are_always_inside_of_the_file(text: str) -> None:
    for written in (
        f"k: '{text.replace(chr(39), chr(39) * 2)}'\n",
        f'k: "{text}"\n',
        "k: |\n  " + text,
        "k: >\n  " + text,
    ):
        findings = Findings()
        document = source.read("x.yaml", written.encode(), findings)
        if document is None or not isinstance(document.root, Mapping) or not document.root.entries:
            continue
        value = document.root.entries[0][1]
        assert isinstance(value, Scalar)
        for index in range(len(value.text) + 1):
            place = value.at(index, index + 1)
            assert 1 <= place.column <= len(document.source.line(place.line)) + 2
