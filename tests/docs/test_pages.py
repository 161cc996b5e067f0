"""What holds for every page: its commands exist, its links lead somewhere, and it is for its readers alone."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from firedoor.cli import cli
from firedoor.cli.entry import COMMANDS
from firedoor.compiler.codes import CODES
from tests.docs.pages import DOCS, ROOT, Page, Typed, pages

README = Page(ROOT / "README.md")
_PLACEHOLDER = re.compile(r"\[[A-Z]+\]|…")
_ANY_COMMAND = {"COMMAND": "pause"}
_COMMANDS = [
    pytest.param(typed, id=f"{one.name}-{number}") for one in pages() for number, typed in enumerate(one.typed())
]


def _words(line: str) -> list[list[str]]:
    """The firedoor commands of a line of a shell, without what is around them."""
    found = []
    for command in re.split(r"\s+[|]\s+|\s+&&\s+|;", line.partition("  #")[0]):
        words = shlex.split(command, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if words and words[0] == "firedoor":
            found.append([_ANY_COMMAND.get(word, word) for word in words[1:]])
    return found


@pytest.mark.parametrize("typed", _COMMANDS)
def test_each_command_can_be_typed(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("playbooks", "my-book"):
        (tmp_path / name).mkdir()
    for name in ("playbooks/high-profile-takeover.yaml", "my-book/home-address.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    for words in _words(_PLACEHOLDER.sub("x", typed.line)):
        if len(words) > 1 or typed.shown:
            _parse(cli, words, None)
        else:  # in the text, a name alone
            assert words[0] in COMMANDS


def _parse(command: click.Command, words: list[str], above: click.Context | None) -> None:
    """Parse as click would, without doing anything. Raises UsageError."""
    context = command.make_context(command.name, list(words), parent=above)
    if isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        _, below, rest = command.resolve_command(context, rest)
        assert below is not None
        _parse(below, rest, context)


def test_a_command_that_is_not_there_is_found() -> None:
    for line in ("firedoor lanch x", "firedoor list --al", "firedoor do x undo", "firedoor approve"):
        with pytest.raises(click.UsageError):
            _parse(cli, _words(line)[0], None)


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_each_link_leads_somewhere(one: Page) -> None:
    for link in one.links():
        if link.startswith("https://"):
            continue
        to, _, anchor = link.partition("#")
        path = (one.path.parent / to).resolve() if to else one.path
        assert path.exists(), link
        if anchor:
            assert anchor in Page(path).anchors(), link


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_each_code_that_is_named_exists(one: Page) -> None:
    for code in re.findall(r"\bFD\d{3}\b", one.text):
        assert code in CODES, code


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_each_file_that_is_named_is_there(one: Page) -> None:
    for name in re.findall(
        r"`((?:firedoor|docs|tests|workflows|activities|bench|playbooks)/[a-z0-9_./-]*)`", one.prose
    ):
        assert (ROOT / name).exists(), name


def test_the_readme_lists_the_commands_of_the_program() -> None:
    assert [row[0].strip("`").split()[1] for row in README.table("Command")] == list(COMMANDS)


def test_the_readme_leads_to_every_page() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in README.links() if "://" not in link}
    assert linked >= set(DOCS.glob("*.md"))


def test_the_readme_begins_with_the_two_commands() -> None:
    first = README.blocks()[0]
    assert [line.partition("#")[0].strip() for line in first.body.splitlines()] == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^|`)make ([a-z]+)", README.text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_what_the_demo_is_shown_to_print_is_of_its_story() -> None:
    told = "".join(path.read_text() for path in (ROOT / "firedoor" / "demo").glob("*.py"))
    (shown,) = README.blocks("text")
    posts = re.findall(r"posts: “([^”]+)”", shown.body)
    assert posts
    for words in (*posts, *(line for line in shown.body.splitlines() if line and not line.startswith((" ", "…")))):
        assert words in told, words
