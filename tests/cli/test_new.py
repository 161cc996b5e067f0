"""`firedoor new`: from answers at a terminal or in a script, from another playbook, in a folder without a book."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from firedoor.cli.entry import cli
from firedoor.compiler import Book, load_book, renderers
from tests.cli.terminal import Terminal
from tests.comparing.subject import files

REHEARSAL = b"""rehearse: subject
at: 2026-03-04T10:00:00Z
given: {accounts: ["@a:x"], official: no}
cases:
  - name: Nobody answers
    expect: {asked: [commander]}
"""
SCRIPTED = (
    "--set",
    "use_when=Thousands post the same link.",
    "--set",
    "acts_on=account",
    "--set",
    "actions=lock_account",
    "--set",
    "sign=policy",
)


@dataclass
class Here:
    book: Path

    def environment(self) -> dict[str, str]:
        return {"FIREDOOR_BOOK": str(self.book)}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small book with two playbooks, one of them with a rehearsal."""
    for name, data in {**files(), "rehearsals/first.yaml": REHEARSAL}.items():
        path = tmp_path / "book" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "book"


def new(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["new", *map(str, words)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def compiles(folder: Path) -> Book:
    found = load_book(folder)
    assert renderers.text(found.findings) == ""
    return found


def test_at_a_terminal_it_asks_and_what_it_writes_compiles(book: Path) -> None:
    with Terminal(Here(book), "new", "fake-president") as terminal:
        terminal.expect("What do people call it? [Fake president]")
        terminal.enter("A president who is none")
        terminal.expect("What has happened when it is launched?")
        terminal.enter("An account says that it is the president: it is not.")
        assert "policy  Policy" in terminal.expect("Which team owns it? [crt]")
        terminal.enter("")
        terminal.expect("What do you act on? (several with commas between)")
        terminal.enter("acount")
        terminal.expect('write "account"')
        terminal.enter("account, no target")
        assert "Needs the signature of policy." in terminal.expect("What may be done about it?")
        terminal.enter("1,freeze_posting")
        terminal.expect("Who must sign? (several with commas between) [policy]")
        terminal.enter("legal")
        terminal.expect("How long do they have? [1h]")
        terminal.enter("soon")
        terminal.expect("Write 15m, 4h or 2 days.")
        terminal.enter("30m")
        terminal.expect("What does a no mean? [undo all]")
        terminal.enter("stop")
        terminal.expect("What does silence mean? [ask commander]")
        terminal.enter("")
        terminal.expect("Who is told?")
        terminal.enter("legal,hotline")
        terminal.expect("Which time limit runs? [none]")
        terminal.enter("order")
        terminal.expect("Who does what it asks for? [crt.on_shift]")
        terminal.enter("legal.on_shift")
        terminal.expect("is written.")
        terminal.expect("firedoor check")
        assert terminal.code() == 0
    plan = compiles(book).plans["fake-president"]
    assert plan.use_when == "An account says that it is the president: it is not."
    approval = plan.by_id["signed"]
    assert approval.verb == "approve"
    assert (approval.deadline, approval.on_reject.kind) == (1800, "stop")
    assert {str(seat.who) for seat in approval.needs} == {"policy", "legal"}
    assert {clock.name for clock in plan.clocks} == {"order"}
    assert "rehearse: fake-president" in (book / "rehearsals" / "fake-president.yaml").read_text()


def test_ctrl_c_writes_nothing(book: Path) -> None:
    with Terminal(Here(book), "new", "fake-president") as terminal:
        terminal.expect("What do people call it?")
        terminal.interrupt()
        terminal.expect("Interrupted.")
        assert terminal.code() == 130
    assert not (book / "fake-president.yaml").exists()


def test_in_a_script_answers_are_set_and_the_rest_is_usual(book: Path) -> None:
    shown = new("link-wave", "--book", book, *SCRIPTED)
    assert f"{book / 'link-wave.yaml'} is written." in shown.stdout
    assert f"firedoor check {book / 'link-wave.yaml'}" in shown.stderr
    assert "link-wave" in compiles(book).plans


def test_all_that_is_missing_is_told_at_once(book: Path) -> None:
    shown = new("link-wave", "--book", book, code=2).output
    assert "--set use_when=" in shown
    assert "--set acts_on=" in shown
    assert "What can be said besides: owner, actions, sign" in shown


def test_whoever_may_be_assigned_may_do_what_a_clock_asks_for(book: Path) -> None:
    new("link-wave", "--book", book, *SCRIPTED, "--set", "clock=order", "--set", "clock_by=legal")
    assert "assign: legal\n" in (book / "link-wave.yaml").read_text()


def test_what_cannot_be_undone_is_signed_for(book: Path) -> None:
    given = ("--set", "use_when=It is.", "--set", "acts_on=account", "--set", "actions=wipe_account")
    actions = book / "actions.yaml"
    wipe = "  wipe_account: {does: Wipe it., target: account, connector: http, call: POST /wipe, irreversible: yes}\n"
    actions.write_text(actions.read_text().replace("\n\nreads:", f"\n{wipe}\nreads:", 1))
    assert (
        "'nobody' is none of the choices for sign"
        in new("wipe", "--book", book, *given, "--set", "sign=nobody", code=2).output
    )
    new("wipe", "--book", book, *given, "--set", "sign=legal")
    assert "when: signed is approved" in (book / "wipe.yaml").read_text()


def test_json_names_what_is_written(book: Path) -> None:
    found = json.loads(new("link-wave", "--book", book, *SCRIPTED, "--json").stdout)
    written = [str(book / "link-wave.yaml"), str(book / "rehearsals" / "link-wave.yaml")]
    assert found == {"written": written, "findings": []}


def test_from_another_playbook(book: Path) -> None:
    new("bank-run", "--book", book, "--from", "subject", "--set", "title=A bank run")
    plan = compiles(book).plans["bank-run"]
    assert (plan.version, plan.title.in_language("en").of) == ("0.1", ("A bank run",))
    assert (book / "rehearsals" / "bank-run.yaml").read_text().count("rehearse: bank-run\n") == 1


def test_in_an_empty_folder_a_book_comes_first(tmp_path: Path) -> None:
    shown = new("--book", tmp_path / "mine")
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [
        "actions.yaml",
        "clocks.yaml",
        "organization.yaml",
    ]
    assert "firedoor new NAME --book" in shown.stderr
    assert renderers.text(load_book(tmp_path / "mine").findings) == ""
    new("link-wave", "--book", tmp_path / "both", *SCRIPTED)
    found = load_book(tmp_path / "both")
    assert renderers.text(found.findings) == ""
    assert list(found.plans) == ["link-wave"]


def test_nothing_is_written_where_it_would_not_compile(book: Path) -> None:
    shown = new("link-wave", "--book", book, *SCRIPTED, "--set", "title=Of {{ nothing }}", code=1)
    assert "FD202" in shown.stdout
    assert "Nothing was written" in shown.stderr
    assert not (book / "link-wave.yaml").exists()
    found = json.loads(new("link-wave", "--book", book, *SCRIPTED, "--set", "title={{ x }}", "--json", code=1).stdout)
    assert found["written"] == []
    assert found["findings"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "is a book already. Give the NAME"),
        (["Link Wave"], "Write link-wave."),
        (["subject"], "is a playbook called subject already"),
        (["x", "--from", "subjekt"], 'write "subject"'),
        (["x", "--from", "subject", "--set", "no=stop"], "With --from only the title can be set"),
        (["x"], "Say --set use_when="),
        (["x", *SCRIPTED, "--set", "acton=x"], "There is no question 'acton'"),
        (["x", *SCRIPTED, "--set", "silence=wait"], "'wait' is none of the choices for silence"),
        (["x", *SCRIPTED, "--set", "clock_by=crt.on_shift"], "clock_by is not asked here"),
        (["x", *SCRIPTED, "--set", "deadline=1:30"], "'1:30' is no length of time"),
    ],
)
def test_wrong_usage_is_two_and_says_what_to_do(book: Path, words: list[str], says: str) -> None:
    assert says in new(*words, "--book", book, code=2).stderr
    compiles(book)


def test_a_folder_that_has_some_of_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "actions.yaml").write_text("actions: {}\n")
    assert "actions.yaml is there already" in new("--book", tmp_path, code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["actions.yaml"]
