"""A playbook that waits until it is calm, asks, and lets go: rehearsed whole, with a yes and with a no."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from firedoor.cli import cli
from tests.compiler import golden

PLAYBOOK = """\
playbook: calm
inputs:
  accounts: {type: list of account}
severity:
  sev2: otherwise
steps:
  - contain: lock_account
    id: lock
    targets: accounts
  - wait: reports_per_hour < 10
    check_every: 15m
    at_most: 12h
    on_timeout: ask commander
  - approve: It is calm, unlock them
    id: calm
    needs: [{team: policy}]
    show: [accounts]
    deadline: 1h
    on_reject: continue
    on_timeout: ask commander
  - wait: 30m
    when: calm is approved
  - undo: lock
    when: calm is approved
"""

REHEARSAL = """\
rehearse: calm
at: 2026-03-04T09:00:00+00:00
launcher: ana
given: {accounts: ["@a:x", "@b:x"]}
answers: {reports_per_hour: {0m: 100, 3h: 1}}
cases:
  - name: signed, it is let go
    people:
      - at: 3h 20m
        policy: approve calm
    expect:
      order: [lock, wait done, calm approved, undo lock]
      undone: {lock: ["@a:x", "@b:x"]}
      held: []
      ends: completed

  - name: refused, it stays
    people:
      - at: 3h 20m
        policy: reject calm
    expect:
      order: [lock, wait done, calm rejected]
      never: [undo lock]
      held: {lock: ["@a:x", "@b:x"]}
      ends: completed
"""


def test_what_waits_until_calm_is_let_go_once_it_is_signed_for(tmp_path: Path) -> None:
    files = golden.laid_over({golden.PLAYBOOK: PLAYBOOK.encode(), "rehearsals/calm.yaml": REHEARSAL.encode()})
    for file, data in files.items():
        path = tmp_path / "book" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    result = CliRunner().invoke(cli, ["rehearse", str(tmp_path / "book"), "--json"], prog_name="firedoor")
    cases = json.loads(result.stdout)["cases"]
    assert [case["name"] for case in cases] == ["signed, it is let go", "refused, it stays"]
    for case in cases:
        assert [one for one in case["expectations"] if not one["kept"]] == []
        assert case["unexpected"] == []
        assert case["passed"]
