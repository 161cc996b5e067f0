"""Whatever is written, the compiler neither breaks nor hangs, and whatever it refuses has a place."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from firedoor.compiler import renderers, templates
from firedoor.compiler.book import Book, compile_book
from tests.compiler import golden

SHIPPED = Path(__file__).parents[2] / "playbooks"
PARTS = ("organization.yaml", "actions.yaml", "clocks.yaml", "high-profile-takeover.yaml", "livestreamed-attack.yaml")
FILES = {
    path.relative_to(SHIPPED).as_posix(): path.read_bytes() for path in sorted(SHIPPED.rglob("*")) if path.is_file()
}
FILES = {name: data for name, data in FILES.items() if not name.startswith("rehearsals/")}
VERBS = (golden.CASES / "ok" / "verbs.yaml").read_bytes()
SCRAPS = [
    "", " ", "  ", "\n", "\t", ":", ": ", "- ", "#", " #x", "'", '"', "{", "}", "[", "]", ",", "|", ">", "&a ", "*a", "!t ",
    "<<: ", "---\n", "...\n", "%YAML", "{{", "}}", "{{ x }}", "{% if", "\\", "\\u200b", "\u200b", "\u202e", "\x00", "é", "日",
    "NO", "null", "when: ", "undo", "undo all", "ask ", "ask zoe", "leave", "sev1", "is approved", "1:30", "5 business days",
    "in", "not ", " and ", "| count", "(", ")", ".held", "severity", "run", "-1", "1e999", "steps:\n", "id: lock\n",
]  # fmt: skip
LONGEST = 3.0
"""Seconds of work for one small book, with room for a busy machine."""


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """The text with a few cuts, scraps, swaps of lines and copies."""
    text = data.decode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12))
        kind = draw(st.sampled_from(["scrap", "scrap", "cut", "line", "copy", "bytes"]))
        if kind == "scrap":
            text = text[:at] + draw(st.sampled_from(SCRAPS)) + text[at + length :]
        elif kind == "cut":
            text = text[:at] + text[at + length :]
        elif kind == "line":
            lines = text.splitlines(keepends=True)
            here, there = (draw(st.integers(0, max(0, len(lines) - 1))) for _ in range(2))
            if lines:
                lines[here], lines[there] = lines[there], lines[here]
            text = "".join(lines)
        elif kind == "copy":
            text = text[:at] + text[max(0, at - length * 8) :]
        else:
            text = text[:at] + draw(st.text(max_size=4)) + text[at:]
    return text.encode("utf-8", "replace")


def _sound(book: Book) -> None:
    for found in book.findings:
        source = book.sources.get(found.file)
        assert found.line >= 1
        assert found.end_column > found.column >= 1
        if source is not None:
            line = source.line(found.line)
            assert found.column <= len(line) + 1, (found, line)
            assert found.end_column <= len(line) + 2, (found, line)
    wrong = {found.file for found in book.errors}
    for name, plan in book.plans.items():
        assert book.files[name] not in wrong
        assert plan.digest
    renderers.text(book.findings, colour=True)
    renderers.as_json(book.findings)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_mutated_book_never_breaks_the_compiler(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(PARTS))
    files = {**FILES, name: data.draw(mutated(FILES[name]))}
    started = time.process_time()
    _sound(compile_book(Path("book"), files))
    assert time.process_time() - started < LONGEST


@settings(max_examples=50, deadline=None)
@given(mutated(VERBS))
def test_a_mutated_playbook_of_every_verb_never_breaks_the_compiler(data: bytes) -> None:
    _sound(compile_book(Path("book"), golden.laid_over({golden.PLAYBOOK: data})))


WORDS = st.sampled_from(
    [
        *(
            "a",
            "n",
            "severity",
            "run",
            "go",
            "sev1",
            "IN",
            "'30m'",
            "'x'",
            "1",
            "2.5",
            "yes",
            "none",
            "copies_of",
            "accounts",
        ),
        *(
            " and ",
            " or ",
            " not ",
            " in ",
            " is ",
            " is not ",
            "given",
            "approved",
            "done",
            " == ",
            " < ",
            " >= ",
            " != ",
        ),
        *(
            "(",
            ")",
            "[",
            "]",
            ",",
            ".",
            "|",
            "count",
            "first",
            "+",
            "-",
            "*",
            "/",
            "%",
            "**",
            "~",
            " ",
            "{",
            "}",
            ":",
            "'",
            '"',
        ),
        *(
            " if ",
            " else ",
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "\\",
            "\n",
            "é",
            "&",
            "=",
            "!",
            "held",
            "aware_at",
            "lower",
            "join",
        ),
    ]
)
BLOCKS = st.sampled_from(["{{ ", " }}", "{% if ", "{% for x in ", "{% endif %}", "{% endfor %}", "{%- "])


@settings(max_examples=120, deadline=None)
@given(st.lists(WORDS, max_size=14).map("".join))
def test_any_text_as_an_expression_is_a_tree_or_a_finding(text: str) -> None:
    quoted = text.replace("'", "''")
    playbook = f"""
inputs: {{a: {{type: yes_no}}, n: {{type: number}}, accounts: {{type: list of account}}}}
steps:
  - {{approve: Q, id: go, needs: [{{team: policy}}], deadline: 1h, on_reject: stop, on_timeout: stop}}
  - notify: crt
    say: 'x {{{{ {quoted} }}}}'
    when: '{quoted}'
"""
    book = compile_book(Path("book"), golden.laid_over({golden.PLAYBOOK: playbook.encode()}))
    _sound(book)
    assert bool(book.errors) == ("case" not in book.plans)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.one_of(WORDS, BLOCKS), max_size=24).map("".join))
def test_any_text_as_a_message_is_vetted_or_refused_with_a_line(text: str) -> None:
    vetted = templates.vet(text)
    for problem in vetted.problems:
        assert problem.code in ("FD703", "FD704", "FD705")
        assert 1 <= problem.line <= text.count("\n") + 1
