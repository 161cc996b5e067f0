"""`firedoor diff`: files, folders and commits; text, Markdown and JSON; and how each ends."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from firedoor.cli import entry
from firedoor.cli.entry import BUG, cli
from tests.comparing.subject import FILE, files

LATER = ("deadline: 15m", "deadline: 30m")
SENTENCE = "Policy and Legal now have 30 minutes to sign “Freeze all posting”, was 15."
TO_SPARE = "At worst the clock order is now met with 50 minutes to spare; before, met with 1 hour 5 minutes to spare."


def write(folder: Path, *edits: tuple[str, str]) -> Path:
    """The book, its playbook edited."""
    for name, data in files({FILE: list(edits)}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def diff(*words: object, code: int = 1) -> Result:
    result = CliRunner().invoke(cli, ["diff", *map(str, words)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def books(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "old"), write(tmp_path / "new", LATER)


Commit = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commit:
    """A repository whose book lies in `books/main`; commits the book with these edits."""
    for name, value in (("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    git("init", "-q")

    def commit(*edits: tuple[str, str]) -> str:
        shutil.rmtree("books", ignore_errors=True)
        write(Path("books/main"), *edits)
        git("add", "-A")
        git("-c", "user.name=A", "-c", "user.email=a@x.example", "commit", "-q", "-m", "a change")
        return git("rev-parse", "HEAD")

    return commit


def git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()


def test_two_books(books: tuple[Path, Path]) -> None:
    old, new = books
    shown = diff(old, new).stdout
    assert shown.startswith("2 changes: Deadlines and limits (2).\n\nDeadlines and limits\n")
    assert f"  {SENTENCE}  ({new}/{FILE}:38)" in shown
    assert diff(old, old, code=0).stdout == "Nothing that matters changed.\n"


def test_two_playbooks_and_one_that_lies_in_no_book(books: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = books
    assert SENTENCE in diff(old / FILE, new / FILE).stdout
    stray = tmp_path / "before.yaml"
    shutil.copy(old / FILE, stray)
    assert SENTENCE in diff(stray, new / FILE).stdout
    assert "now have 15 minutes" in diff(new / FILE, stray).stdout


def test_what_changed_on_the_page_alone_changes_nothing(books: tuple[Path, Path]) -> None:
    old, new = books
    text = (old / FILE).read_text()
    (new / FILE).write_text(f"# A comment.\n{text}".replace("deadline: 15m", "deadline:   15 minutes   # not long"))
    diff(old, new, code=0)


def test_markdown_is_grouped_and_leads_to_the_lines(books: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(books[0].parent)
    shown = diff("old", "new", "--format", "md").stdout
    assert shown == (
        "**2 changes: Deadlines and limits (2).**\n\n### Deadlines and limits\n\n"
        f"- {SENTENCE} ([`new/{FILE}:38`](new/{FILE}#L38))\n"
        f"- {TO_SPARE} ([`new/{FILE}:56`](new/{FILE}#L56))\n"
    )


def test_markdown_shows_texts_as_they_are_and_mentions_nobody(books: tuple[Path, Path]) -> None:
    old, new = books
    write(new, ("Freeze all posting", "Freeze *all* of @mayor <now>"))
    shown = diff(old, new, "--format", "md", "--texts").stdout
    assert r"“Freeze \*all\* of @<!-- -->mayor \<now\>”" in shown
    assert r"  - Freeze <ins>\*</ins>all<ins>\*</ins> <del>posting</del><ins>of @<!-- -->mayor \<now\></ins>" in shown


def test_json_is_for_programs(books: tuple[Path, Path]) -> None:
    found: dict[str, Any] = json.loads(diff(*books, "--json").stdout)
    change, spared = found["changes"]
    assert (spared["kind"], spared["says"]) == ("clock.proof", TO_SPARE)
    assert change == {
        "matter": "time",
        "kind": "deadline.several",
        "says": SENTENCE,
        "version": "new",
        "file": f"{books[1]}/{FILE}",
        "line": 38,
        "playbooks": ["subject"],
        "texts": [],
    }
    assert json.loads(diff(books[0], books[0], "--json", code=0).stdout)["changes"] == []


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("de", "Policy und Legal haben jetzt 30 Minuten, um „Freeze all posting“ zu unterschreiben, bisher 15."),
        ("ja", "PolicyとLegalが「Freeze all posting」に署名する期限は30分になりました（以前は15分）。"),  # noqa: RUF001
    ],
)
def test_other_languages(books: tuple[Path, Path], language: str, says: str) -> None:
    assert says in diff(*books, "--language", language).stdout


def test_texts_word_by_word_in_the_readers_language(books: tuple[Path, Path]) -> None:
    old, new = books
    write(new, ("Gesperrt: {{ accounts", "Jetzt gesperrt: {{ accounts"))
    shown = diff(old, new, "--texts").stdout
    assert "      de: [-Gesperrt-]{+Jetzt gesperrt+}: {{ count of accounts }}" in shown
    assert "[-" not in diff(old, new).stdout


def test_a_playbook_that_does_not_compile_is_told_as_that(books: tuple[Path, Path]) -> None:
    old, new = books
    write(new, ("deadline: 15m", "deadline: soon"))
    shown = diff(old, new).stdout
    assert "subject does not compile: it cannot be launched." in shown
    assert f'{new}/{FILE}:43:15: error[FD106]: "soon" is no length of time' in shown
    assert json.loads(diff(old, new, "--json").stdout)["findings"][0]["code"] == "FD106"


def test_commits(repository: Commit) -> None:
    first = repository()
    repository(LATER)
    assert f"{SENTENCE}  (books/main/{FILE}:38)" in diff("--git", "HEAD~1", "HEAD", "books/main").stdout
    assert SENTENCE in diff("--git", first, "HEAD", f"books/main/{FILE}").stdout
    diff("--git", "HEAD", "books/main", code=0)
    assert "now have 15 minutes" in diff("--git", "HEAD", "HEAD~1", "books/main").stdout


def test_a_commit_against_what_lies_here(repository: Commit) -> None:
    repository()
    write(Path("books/main"), LATER)
    assert SENTENCE in diff("--git", "HEAD", "books/main").stdout
    Path("books/main", FILE).unlink()
    assert "subject is gone" in diff("--git", "HEAD", "books/main").stdout


def test_the_book_is_where_check_looks_for_it(repository: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    repository()
    monkeypatch.setenv("FIREDOOR_BOOK", "books/main")
    diff("--git", "HEAD", code=0)


def test_commits_from_within_the_book(repository: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    repository()
    repository(LATER)
    monkeypatch.chdir("books/main")
    assert SENTENCE in diff("--git", "HEAD~1", "HEAD", ".").stdout
    assert SENTENCE in diff("--git", "HEAD~1", FILE).stdout


def test_a_playbook_that_is_gone_since(repository: Commit) -> None:
    repository()
    Path("books/main", FILE).unlink()
    git("-c", "user.name=A", "-c", "user.email=a@x.example", "commit", "-q", "-a", "-m", "without it")
    assert "subject is gone" in diff("--git", "HEAD~1", "HEAD", f"books/main/{FILE}").stdout
    assert "New playbook subject" in diff("--git", "HEAD", "HEAD~1", f"books/main/{FILE}").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--git", "nothing", "books/main"], "No commit is called 'nothing' here."),
        (["--git", "HEAD", "HEAD", "elsewhere"], "At HEAD there is no book at elsewhere"),
        (["--git", "HEAD", "HEAD", "books/main", "more"], "one or two commits, and one book or playbook"),
        (["--git", "--", "--help", "books/main"], "No commit is called '--help' here."),
        (["books/main"], "Give two: OLD and NEW"),
        (["books/main", "nowhere"], "There is no nowhere."),
        (["books/main", f"books/main/{FILE}"], "One of the two is a file and the other a folder."),
        (["books", "books"], "books is no book: it has no organization.yaml."),
        (["stray.yaml", "stray.yaml"], "Neither stray.yaml nor stray.yaml lies in a book"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_is_two_and_says_what_to_do(repository: Commit, words: list[str], says: str) -> None:
    repository()
    Path("stray.yaml").write_text("playbook: x")
    assert says in diff(*words, code=2).stderr


def test_without_a_repository_or_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "book")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert "is in no git repository" in diff("--git", "HEAD", "book", code=2).stderr
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed here" in diff("--git", "HEAD", "book", code=2).stderr


def test_a_bug_of_ours_is_three(books: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("oh")

    monkeypatch.setattr("firedoor.cli.diff.of_paths", broken)
    assert entry.run(["diff", *map(str, books)]) == BUG
