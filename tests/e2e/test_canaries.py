"""Marked strings go in wherever people can put them; then every byte of what Temporal keeps, and of the logs, is searched."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.upped import Upped, closed, dumped, waits_for

TARGET = "@canary-target-91c4:x"
TITLE = "canary-title-91c4"
NOTE = "canary-note-91c4"
REASON = "canary-reason-91c4"
FAILS = "canary-fails-91c4"
MARK = b"91c4"


def test_nothing_that_people_say_or_give_is_in_temporals_database_or_in_a_log(own_up: Upped) -> None:
    policy = own_up.on_shift("policy")
    incident = own_up.launch("--title", TITLE, accounts=TARGET)
    own_up.until(incident, waits_for("approval"))
    own_up("do", incident, "note", NOTE, person=own_up.on_shift("crt"))
    own_up("do", incident, "stop", "--reason", FAILS, "--yes", person=policy, code=1)
    own_up("reject", "--yes", incident, "--reason", REASON, person=policy)
    own_up.until(incident, closed)
    assert own_up.stop() == 0

    home = own_up.installation.folder
    record = dumped(home / "records.sqlite3")
    assert all(word in record for word in (TARGET, TITLE, NOTE, REASON)), "they did go in"
    assert _holding(home / "temporal") == []
    assert _holding(home / "logs") == []


def _holding(folder: Path) -> list[str]:
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert kept
    return [path.name for path in kept if MARK in path.read_bytes()]
