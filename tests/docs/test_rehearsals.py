"""The page about rehearsals: its rehearsal is played, and prints what is shown; every part of it is read as it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from firedoor.cli import cli
from firedoor.compiler import load_book
from firedoor.compiler.book import compile_book
from firedoor.compiler.rehearsals import schema
from firedoor.compiler.rehearsals.expecting import CLOCK_ENDS, OUTCOMES
from firedoor.compiler.rehearsals.words import CHOICES, FORMS
from tests.docs.pages import ROOT, Block, page, printed, prints

PAGE = page("rehearsals")
GIVEN = {
    "high-profile-takeover": '{accounts: ["@a:platform.example"], public_office: no}',
    "livestreamed-attack": '{event_name: It, live_now: no, links: ["mxc://platform.example/1"]}',
}
WHOLE = """\
rehearse: {playbook}
at: 2026-03-04T02:45:00+00:00
given: {given}
{part}
cases:
  - {{name: One, expect: {{ends: completed}}}}
"""


CASES = """\
rehearse: {playbook}
at: 2026-03-04T02:45:00+00:00
given: {given}
cases:
{part}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The author's page's book, with the rehearsal of this page."""
    folder = tmp_path / "my-book"
    for block in (*page("author").blocks(), *PAGE.blocks("yaml")):
        if "file" in block.options and block.kind != "diff":
            path = folder / block.options["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body)
    return folder


def test_the_commands_print_what_is_shown(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(book.parent)
    for typed in (typed for block in PAGE.blocks("console") for typed in printed(block)):
        result = CliRunner().invoke(cli, shlex.split(typed.line)[1:], prog_name="firedoor", catch_exceptions=False)
        assert prints(typed.prints, result.output), f"{typed.where}: $ {typed.line}\n{result.output}"
        assert result.exit_code == int("otherwise" in result.output)


def test_what_is_mended_reads_as_well(book: Path) -> None:
    path = book / "rehearsals" / "home-address.yaml"
    (mend,) = PAGE.blocks("yaml", mend="rehearsals/home-address.yaml")
    head, _, _ = path.read_text().rpartition("      ends: stopped\n")
    path.write_text(head + mend.body)
    found = load_book(book)
    assert found.errors == ()
    assert found.rehearsals["rehearsals/home-address.yaml"].cases[1].expect.ends == "waiting"


def _parts() -> Iterator[Block]:
    yield from (block for block in PAGE.blocks("yaml") if block.options.keys() & {"part", "case"})


@pytest.mark.parametrize("block", list(_parts()), ids=lambda block: f"line {block.line}")
def test_each_part_is_read(block: Block) -> None:
    shipped = ROOT / "playbooks"
    playbook = block.options.get("part") or block.options["case"]
    files = {path.relative_to(shipped).as_posix(): path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    form = WHOLE if "part" in block.options else CASES
    text = form.format(playbook=playbook, given=GIVEN[playbook], part=block.body)
    found = compile_book(shipped, {**files, "rehearsals/part.yaml": text.encode()})
    assert [str(finding) for finding in found.findings if finding.file == "rehearsals/part.yaml"] == []
    assert "rehearsals/part.yaml" in found.rehearsals


def _named(cells: list[str]) -> set[str]:
    return {cell.strip("`") for cell in cells}


def test_every_key_is_told() -> None:
    keys = schema.REHEARSAL.keys.keys() | schema.CASE.keys.keys()
    assert _named([row[0] for row in PAGE.table("key")]) == keys - {"rehearse", "cases", "name"}
    expected = {key for row in _table_of("What is expected") for key in [row[0].strip("`")]}
    assert expected == schema.EXPECT.keys.keys()


def _table_of(head: str) -> list[list[str]]:
    lines = PAGE.prose.partition(f"## {head}\n")[2].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_every_word_choice_and_outcome_is_told() -> None:
    rows = _table_of("What they say")
    told = {code.split()[0] for row in rows for code in re.findall(r"`([^`]+)`", row[0])}
    assert told == FORMS.keys()
    choices = {choice for row in rows for choice in re.findall(r"`(\w+)`", row[1])} - {"clock"}
    assert choices | {"done", "answer", "not_due"} == set(CHOICES)
    (order,) = [row[1] for row in _table_of("What is expected") if row[0] == "`order`"]
    assert set(OUTCOMES) <= set(re.findall(r"`(\w+)`", order))
    (clocks,) = [row[1] for row in _table_of("What is expected") if row[0] == "`clocks`"]
    assert set(CLOCK_ENDS) <= set(re.findall(r"`(\w+)`", clocks))


def test_the_cases_of_the_shipped_book_are_read() -> None:
    found = load_book(ROOT / "playbooks")
    assert [one.message for one in found.findings if one.file.startswith("rehearsals/")] == []
    assert {"rehearsals/high-profile-takeover.yaml", "rehearsals/livestreamed-attack.yaml"} <= found.rehearsals.keys()
