"""The demo, as a user runs it: it plays to the end on real parts, names its file last, and leaves nothing running."""

import re
import subprocess
import sys
from pathlib import Path

import psutil


def test_the_demo_plays_to_its_end_and_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "firedoor", "demo", "--folder", str(folder)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    timeline = Path(done.stdout.strip().splitlines()[-1])
    assert timeline.parent == folder

    assert done.stdout.count("M_USER_LOCKED") == 4, "each contained account was tried, as its user"
    assert "the response has ended: completed" in done.stdout
    assert "the response has ended: undone" in done.stdout

    record = timeline.read_text()
    for kind in (
        "run.launched",
        "approval.signed",
        "approval.rejected",
        "hold.applied",
        "hold.undone",
        "review.opened",
    ):
        assert f"`{kind}`" in record
    assert len(re.findall(r"^- Signature: \S{86}==$", record, re.MULTILINE)) == 6, "two launches, four answers"

    left = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or [])
    ]
    assert left == []
