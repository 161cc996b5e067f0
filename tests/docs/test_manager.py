"""The manager's page: its commands are typed, and its snippet tells a good signature from a forged one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, page, printed, prints
from tests.docs.stage import SHIPPED, opened

PAGE = page("manager")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page's commands were typed, with what they have written."""
    folder = tmp_path_factory.mktemp("played")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with opened(SHIPPED, folder / "home", patch) as stage:
            for block in PAGE.blocks("console"):
                stage.play(printed(block))
    shutil.copy(folder / "home" / "keys" / "believed.json", folder)
    (script,) = PAGE.blocks("python")
    (folder / script.options["file"]).write_text(script.body)
    return folder


def _checked(folder: Path, record: str = "takeover.json") -> str:
    command = [sys.executable, "check.py", record, "believed.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_the_snippet_says_what_is_shown(played: Path) -> None:
    (shown,) = PAGE.blocks("text")
    _, *lines = shown.body.splitlines()
    assert prints(tuple(lines), _checked(played))


@pytest.mark.parametrize("change", ["body", "signature", "key"])
def test_the_snippet_finds_a_forgery(played: Path, change: str) -> None:
    record = json.loads((played / "takeover.json").read_text())
    signed = next(row["signed"] for row in record["timeline"] if row["kind"] == "approval.rejected")
    signed[change] = signed[change].replace("reject", "approve") if change == "body" else signed[change][::-1]
    if change == "signature":
        signed[change] = "A" * 86 + "=="
    (played / "forged.json").write_text(json.dumps(record))
    verdicts = [line.endswith("NOT GOOD") for line in _checked(played, "forged.json").splitlines()]
    assert verdicts == [False, True]


def test_the_export_holds_what_is_told(played: Path) -> None:
    told = {name for row in PAGE.table("In the JSON") for name in re.findall(r"`(\w+)`", row[0])}
    assert told == json.loads((played / "takeover.json").read_text()).keys()


def test_the_kinds_of_rows_are_real() -> None:
    source = "".join(path.read_text() for path in (ROOT / "firedoor").rglob("*.py"))
    (named,) = re.findall(r"^Some kinds of rows, for programs: (.*?)\.\n", PAGE.prose, re.MULTILINE | re.DOTALL)
    for kind in re.findall(r"`([a-z.]+)`", named):
        head, _, tail = kind.partition(".")
        assert kind in source or (f'"{head}.{{' in source and tail in source), kind
