"""Looking: list, show, watch, export. In colour for people, as JSON for programs, and what is shown steers nothing."""

import hashlib
import json
from pathlib import Path

import click

from firedoor.cli import entry
from firedoor.incidents import Unreachable
from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal


def test_list_shows_what_runs(shell: Shell) -> None:
    assert "No incident is running." in shell("list").stderr
    incident = shell.launch("--title", "The mayor", "--drill")
    line = next(line for line in shell("list").stdout.splitlines() if incident in line)
    assert "The mayor (drill)" in line
    assert "policy" in line
    assert "\x1b" not in line
    shell.house.engine.trouble = Unreachable()
    result = shell("list")
    assert incident in result.stdout
    assert "written down last" in result.stderr
    assert shell.json("list")["live"] is False


def test_show_is_the_whole_picture(shell: Shell) -> None:
    incident = shell.launch("--set", "internal_tool_suspected=yes")
    shown = shell("show", incident).stdout
    for words in (
        "sev1",
        "Next: Waiting for policy",
        "approve/reject/need-fact",
        "Contained: 1",
        "@a:x  lock_account, applied",
        "? approval “Keep these accounts locked” (ratify)  asking",
        "ana launched takeover 2.0 at sev1",
    ):
        assert words in shown, shown
    assert shell.json("show", incident)["incident"] == incident
    assert "Nothing is known of" in shell("show", "inc-nothing", code=1).stderr


def test_show_names_who_commands_and_what_was_said(shell: Shell) -> None:
    incident = shell.launch()
    assert "In command: ana, luis (crt.on_shift); may command as well: crt.manager" in shell("show", incident).stdout
    shell("do", incident, "extend", "ratify", "30m")
    shell("do", incident, "add", "accounts=@b:x", "accounts=@c:x")
    shell("do", incident, "skip", "ratify", "--reason", "nobody there")
    shell("do", incident, "hand-over", "omar", "--reason", "my shift ends")
    offered = shell("show", incident).stdout
    assert "In command: ana, luis (crt.on_shift)" in offered
    assert "ana hands the command over to omar: my shift ends" in offered
    assert "handover" in shell("inbox", person="omar").stdout
    shell("answer", incident, "handover", "accept", "--yes", person="omar")
    shown = shell("show", incident, person="omar").stdout
    for words in (
        "In command: omar (by handover); may command as well: crt.on_shift, crt.manager",
        "by 30m, until 2026-03-04 20:15 UTC",
        "ana: add accounts: @b:x, @c:x",
        "asking, ana asks to skip it, which a second person has to say as well",
        "ana: offer the command to omar: my shift ends",
        "omar commands now; ana has handed over",
    ):
        assert words in shown, shown


def test_show_has_the_review_when_there_is_one(shell: Shell) -> None:
    incident = shell.launch()
    shell("reject", "--yes", incident, person="omar")
    shown = shell("show", incident).stdout
    assert "How did they get in?" in shown


def test_watch_ends_with_the_run_and_tells_each_thing_once(shell: Shell) -> None:
    incident = shell.launch()
    shell("reject", "--yes", incident, person="omar")
    shown = shell("watch", incident).stdout
    assert shown.count("ana launched takeover") == 1
    assert "omar refused" in shown
    rows = [json.loads(line) for line in shell("watch", incident, "--json").stdout.splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))


def test_watch_ends_with_a_run_that_was_ended_by_force(shell: Shell) -> None:
    incident = shell.launch()
    shell.house.engine.forced = {incident: "terminated"}
    assert "terminated: nobody is asked any more" in shell("watch", incident).stdout
    assert f"{incident} terminated: nobody is asked any more" in shell("list").stdout


def test_watch_on_a_terminal_is_live(shell: Shell) -> None:
    incident = shell.launch()
    with Terminal(shell, "watch", incident, "--as", "ana") as terminal:
        terminal.expect("Waiting for")
        terminal.expect("late")  # the tests' clock stands in the past
        shell("reject", "--yes", incident, person="omar")
        terminal.expect("undone")
        assert terminal.code() == 0


def test_export_writes_the_record(shell: Shell, tmp_path: Path) -> None:
    incident = shell.launch()
    shell("approve", "--yes", incident, person="omar")
    file = tmp_path / "record.md"
    assert "Written to" in shell("export", incident, "-o", str(file)).stderr
    assert "## Signed words" in file.read_text()
    record = json.loads(shell("export", incident, "--format", "json").stdout)
    assert any(row["kind"] == "approval.signed" for row in record["timeline"])


def test_text_steers_no_terminal(shell: Shell) -> None:
    incident = shell.launch()
    _, state = shell.house.engine.runs[incident]
    state.title = "\x1b[2Jgone [red]red[/red]\u202e"
    shown = shell("show", incident).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]red[/red]" in shown


def test_who_is_nobody_and_where_nothing_is_up(shell: Shell, tmp_path: Path) -> None:
    assert "not known who you are" in shell("list", person=None, code=1).stderr
    assert "It is one of: ana, li" in shell("list", person="anna", code=1).stderr
    assert "no token for '../ana'" in shell("list", person="../ana", code=1).stderr
    assert "Nobody answers at" in shell("list", "--url", "http://127.0.0.1:1", code=1).stderr
    problem = shell.json("list", "--url", "http://127.0.0.1:1", code=1)
    assert problem["error"] == "down"
    shell.house.url = ""
    assert "Firedoor is not up here" in shell("list", "--home", str(tmp_path), code=1).stderr


def test_a_bug_of_ours_is_three(shell: Shell) -> None:
    async def broken(*, everything: bool = False) -> list[object]:
        raise KeyError("secret")

    shell.house.engine.listed = broken  # type: ignore[assignment,method-assign]
    assert "fault of ours" in shell("list", code=3).stderr


def test_exit_codes_of_the_command_itself(shell: Shell) -> None:
    assert entry.run(["nothing"]) == entry.run(["list", "--nothing"]) == 2
    assert entry.run(["--help"]) == entry.run(["list", "--help"]) == 0
    assert entry.run(["list", "--as", "ana", "--url", "http://127.0.0.1:1"]) == 1


def test_every_command_teaches_with_an_example(shell: Shell) -> None:
    context = click.Context(entry.cli)
    for name in set(entry.cli.list_commands(context)) - {"demo"}:  # it takes nothing
        found = entry.cli.get_command(context, name)
        assert found is not None
        assert f"firedoor {name}" in (found.help or ""), name


def test_the_record_holds_what_was_signed_word_for_word(shell: Shell) -> None:
    incident = shell.launch()
    shell("approve", incident, "--yes", person="omar")
    record = shell.json("export", incident)
    (signed,) = (row["signed"] for row in record["timeline"] if row["kind"] == "approval.signed")
    named = json.loads(signed["body"])["document"]
    assert "Keep these accounts locked" in record["documents"][named]
    assert hashlib.sha256(record["documents"][named].encode()).hexdigest() == named
    written = shell("export", incident).stdout
    assert record["documents"][named] in written
    assert "The run has not closed" in written
    shell.house.engine.trouble = Unreachable()
    assert "could not be asked" in shell("export", incident).stdout


def test_what_is_away_says_what_became_of_it_and_how_to_go_on(shell: Shell) -> None:
    incident = shell.launch()
    shell.house.engine.trouble = Unreachable()
    for words in (["show", incident], ["approve", incident, "--yes"], ["do", incident, "pause"]):
        said = shell(*words, code=1).stderr
        assert "The Temporal server does not answer." in said
        assert "Nothing was sent, and nothing is lost" in said
        assert "`firedoor up`" in said
        assert "`firedoor export ID`" in said
        assert "Traceback" not in said
    gone = shell("approve", incident, "--yes", "--url", "http://127.0.0.1:1", code=1).stderr
    assert "Nothing was sent" in gone
    assert "`firedoor up`" in gone
    assert "The same again" not in gone
