"""The hooks that a team's book repository can use, run by the real pre-commit in a repository of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.editors.language_server import ROOT

BOOK = ROOT / "tests" / "compiler" / "book"
HOOKS = ".pre-commit-hooks.yaml"


def _git(folder: Path, *words: str) -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@x.example"}
    who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *words],
        cwd=folder,
        env={**clean, **who},
        check=True,
        capture_output=True,
    )
    return done.stdout.decode().strip()


def _committed(folder: Path) -> str:
    _git(folder, "init", "--quiet")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message", "All of it")
    return _git(folder, "rev-parse", "HEAD")


def _run(folder: Path, home: Path, *words: str) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    environment |= {"PRE_COMMIT_HOME": str(home), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A team's repository: a book, and nothing else yet."""
    folder = tmp_path / "team"
    shutil.copytree(BOOK, folder / "playbooks")
    return folder


def _uses(team: Path, hooks: Path, revision: str) -> None:
    used = [{"id": hook["id"]} for hook in yaml.safe_load((ROOT / HOOKS).read_text())]
    config = {"repos": [{"repo": str(hooks), "rev": revision, "hooks": used}]}
    (team / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))


def test_a_teams_book_is_checked_before_each_commit(team: Path, tmp_path: Path) -> None:
    """Ours word for word, but that they find Firedoor on the path: the other test has pre-commit install it."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    ours: list[dict[str, Any]] = yaml.safe_load((ROOT / HOOKS).read_text())
    (hooks / HOOKS).write_text(yaml.safe_dump([{**hook, "language": "system"} for hook in ours]))
    _uses(team, hooks, _committed(hooks))
    subprocess.run([Path(sys.executable).parent / "firedoor", "schema", "--write"], cwd=team, check=True)
    _committed(team)
    home = tmp_path / "home"

    code, said = _run(team, home, "run", "--all-files")
    assert (code, said.count("Passed")) == (0, 2), said

    playbook = team / "playbooks" / "statement.yaml"
    playbook.write_text(playbook.read_text().replace("- notify: users", "- notify: userz"))
    (team / "playbooks" / "clocks.yaml").write_text("clocks:\n  other: {kind: fixed, limit: 1h, law: An Act}\n")
    _git(team, "add", ".")
    code, said = _run(team, home, "run")
    assert code == 1
    assert 'playbooks/statement.yaml:11:13: error[FD203]: no team, person or role is called "userz"' in said
    assert "playbooks/.schema/playbook.json is not current." in said

    _git(team, "rm", "--quiet", "--cached", "-r", ".")
    (team / "README.md").write_text("Our book.\n")
    _git(team, "add", "README.md")
    assert _run(team, home, "run")[1].count("Skipped") == 2


@pytest.mark.long
def test_pre_commit_installs_firedoor_by_itself(team: Path, tmp_path: Path) -> None:
    """From a clone of this repository, with everything that it needs from the package index."""
    _committed(team)
    code, said = _run(team, tmp_path / "home", "try-repo", str(ROOT), "firedoor-check", "--all-files", "--verbose")
    assert code == 0, said
    assert "nothing is wrong" in said
