"""`firedoor launch`: what is missing is asked for, what will happen is shown, and nothing goes by accident."""

from pathlib import Path

from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal


def test_without_a_playbook_it_lists_them(shell: Shell) -> None:
    assert "takeover" in shell("launch").stdout
    assert shell.json("launch")["playbooks"][0]["name"] == "takeover"


def test_repeated_values_of_a_list_are_its_items(shell: Shell) -> None:
    words = ["--set", "accounts=@a:x,@b:x", "--set", "accounts=@c:x", "--set", "public_office=yes"]
    result = shell("launch", "takeover", "--yes", *words)
    assert "is running as inc-" in result.stdout
    assert "sev1" in result.stderr
    assert "lock_account" in result.stderr
    assert "policy: Keep these accounts locked" in result.stderr
    (plan_and_state,) = shell.house.engine.runs.values()
    assert plan_and_state[1].inputs["accounts"] == ["@a:x", "@b:x", "@c:x"]


def test_a_long_list_comes_from_a_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "taken-over.txt"
    file.write_text("\n".join(f"@user-{number}:x" for number in range(1_200)) + "\n\n")
    words = ["--list", f"accounts={file}", "--set", "public_office=no", "--nonce", "0123456789ab"]
    result = shell("launch", "takeover", "--yes", *words)
    assert "1200: @user-0:x, @user-1:x, @user-2:x, @user-3:x, @user-4:x and 1195 more" in result.stderr
    assert shell("launch", "takeover", "--yes", *words).stdout == result.stdout
    (plan_and_state,) = shell.house.engine.runs.values()
    assert plan_and_state[1].inputs["accounts"]["count"] == 1_200
    missing = shell("launch", "takeover", "--yes", "--list", f"accounts={tmp_path / 'no'}", code=2)
    assert "cannot be read" in missing.stderr


def test_every_problem_is_told_and_nothing_is_launched(shell: Shell) -> None:
    words = ["--set", "acounts=@a:x", "--set", "public_office=perhaps", "--set", "public_office=no"]
    result = shell("launch", "takeover", "--yes", *words, code=1)
    assert 'acounts: is no input of this playbook; write "accounts"' in result.stderr
    assert "accounts: is not given" in result.stderr
    assert "takes one value, and 2 were given" in result.stderr
    assert shell.house.engine.started == 0
    problem = shell.json("launch", "takeover", "--yes", code=1)
    assert problem["error"] == "inputs"


def test_wrong_usage_is_two(shell: Shell) -> None:
    assert "NAME=VALUE" in shell("launch", "takeover", "--yes", "--set", "accounts", code=2).stderr
    assert "which zone" in shell("launch", "takeover", "--yes", "--aware-at", "2026-03-04T10:00", code=2).stderr
    assert "not 'soon'" in shell("launch", "takeover", "--yes", "--aware-at", "soon", code=2).stderr


def test_without_a_terminal_it_needs_a_yes_once_the_inputs_are_right(shell: Shell) -> None:
    result = shell("launch", "takeover", code=1)
    assert "accounts: is not given" in result.stderr
    assert "--yes" not in result.stderr
    words = ["launch", "takeover", "--set", "accounts=@a:x", "--set", "public_office=no"]
    assert "say --yes" in shell(*words, code=2).stderr
    assert shell.house.engine.started == 0


def test_an_unknown_playbook(shell: Shell) -> None:
    assert 'Write "takeover".' in shell("launch", "takeovr", "--yes", code=1).stderr


def test_the_same_nonce_is_the_same_incident(shell: Shell) -> None:
    assert shell.launch("--nonce", "0123456789ab") == shell.launch("--nonce", "0123456789ab")


def test_on_a_terminal_it_asks_for_what_is_missing_and_then_for_what_is_wrong(shell: Shell) -> None:
    with Terminal(shell, "launch", "takeover", "--as", "ana") as terminal:
        terminal.expect("Accounts?")
        terminal.enter("@a:x @b:x")
        terminal.expect("Does any of them hold a public office?")
        terminal.enter("no")
        terminal.expect("has a space")
        terminal.expect("Accounts?")
        terminal.enter("@a:x")
        terminal.expect("What will happen")
        terminal.expect("Launch it?")
        terminal.enter("y")
        terminal.expect("is running as inc-")
        assert terminal.code() == 0


def test_a_no_launches_nothing_and_ctrl_c_neither(shell: Shell) -> None:
    words = ["launch", "takeover", "--as", "ana", "--set", "accounts=@a:x", "--set", "public_office=no"]
    with Terminal(shell, *words) as terminal:
        terminal.expect("Launch it?")
        terminal.enter("n")
        terminal.expect("Nothing was done.")
        assert terminal.code() == 1
    with Terminal(shell, *words) as terminal:
        terminal.expect("Launch it?")
        terminal.interrupt()
        terminal.expect("Interrupted.")
        assert terminal.code() == 130
    assert shell.house.engine.started == 0
