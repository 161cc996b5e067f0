"""What an author sees in an editor: yaml-language-server, driven over its protocol, with the shipped book open."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from firedoor.compiler.schema import EVERY_STEP, VERBS
from tests.editors.language_server import CURSOR, ROOT, Editor, editor

BOOK = ROOT / "playbooks"
SETTINGS = json.loads((ROOT / ".vscode" / "settings.json").read_text())
BEGUN = """\
playbook: not-yet-saved
version: "1"
owner: crt
title: Not yet saved
use_when: Never.
severity: {sev2: otherwise}
steps:
"""


@pytest.fixture(scope="module")
def code() -> Iterator[Editor]:
    """VS Code with this repository open."""
    with editor(ROOT, SETTINGS) as opened:
        yield opened


def test_nothing_is_wrong_with_the_shipped_book(code: Editor) -> None:
    files = sorted(BOOK.rglob("*.yaml"))
    assert len({path.parent for path in files}) == 2
    assert {str(path): code.open(path) for path in files} == {str(path): [] for path in files}


def test_a_step_is_offered_the_verbs_each_with_what_it_does(code: Editor) -> None:
    offered = code.complete(BOOK, f"{BEGUN}  - {CURSOR}\n")
    assert offered.keys() >= VERBS.keys() | EVERY_STEP.keys()
    for name, verb in VERBS.items():
        assert verb.says[1:] in offered[name], name
        assert verb.says[1:] in offered[f"{name}: …"], name  # a whole step, to be filled in


def test_after_its_verb_a_step_is_offered_its_own_options(code: Editor) -> None:
    offered = code.complete(BOOK, f"{BEGUN}  - task: Look\n    {CURSOR}\n")
    assert offered.keys() >= VERBS["task"].shape.keys.keys() - {"task"}
    assert offered["due"].startswith("How long they have.")
    assert not offered.keys() & VERBS.keys()


NAMES = [
    (f"task: Look\n    assign: {CURSOR}", "legal.on_shift", "who is on shift in Legal"),
    (f"task: Look\n    assign: crt\n    on_failure: {CURSOR}", "undo all", "release everything"),
    (f"task: Look\n    assign: crt\n    on_failure: {CURSOR}", "ask policy", "Policy"),
    (f"task: Look\n    assign: crt\n    meets: {CURSOR}", "gdpr-breach-authority", "GDPR, Article"),
    (f"notify: {CURSOR}", "users", "the platform's own users"),
    (f"notify: crt\n    say: {CURSOR}", "exec-brief", ""),
    (f"contain: {CURSOR}", "lock_account", "Stop the account from signing in"),
    (f"run: {CURSOR}", "public-statement", "Public statement"),
    (f"approve: Yes?\n    needs:\n      - team: {CURSOR}", "policy", "Policy"),
]
"""A step; a name that is offered in it; and how that is described."""


def test_the_names_of_the_book_are_offered(code: Editor) -> None:
    for step, word, says in NAMES:
        assert says in code.complete(BOOK, f"{BEGUN}  - {step}\n")[word], step


def test_under_the_pointer_stands_what_a_key_is_for(code: Editor) -> None:
    step = f"  - approve: Yes?\n    esca{CURSOR}late: 15m\n"
    assert "When the managers of empty seats are told, and may sign." in code.hover(BOOK, BEGUN + step)
    assert "One decision, by named seats." in code.hover(BOOK, f"{BEGUN}  - appr{CURSOR}ove: Yes?\n")
    team = (
        f"# yaml-language-server: $schema=.schema/organization.json\nteams:\n  crt:\n    cle{CURSOR}ars: [personal]\n"
    )
    assert "What sensitive data may reach it" in code.hover(BOOK, team)


def test_a_rehearsal_is_completed_and_told(code: Editor) -> None:
    begun = "# yaml-language-server: $schema=.schema/rehearsal.json\nrehearse: public-statement\ncases:\n  - name: x\n"
    assert {"people", "faults", "expect"} <= code.complete(BOOK, f"{begun}    {CURSOR}\n").keys()
    ends = code.complete(BOOK, f"{begun}    expect:\n      ends: {CURSOR}\n")
    assert ends["holding"] == "it has ended, and something is still contained"
    assert "approve STEP" in code.complete(BOOK, f"{begun}    people:\n      - at: 5m\n        comms: {CURSOR}\n")


MISTAKES = [
    ("task: Look\n    assign: crt\n    on_timout: stop", "Property on_timout is not allowed.", 2, 5),
    ("tsk: Look", "a step has exactly one verb: notify, approve", 0, 5),
    ("task: Look\n    notify: crt", "a step has exactly one verb: notify, approve", 0, 5),
    ("notify: crt", 'Missing property "say".', 0, 5),
    ("task: Look\n    assign: crtt", "this must be someone", 1, 13),
    ("task: Look\n    assign: crt\n    due: 4h", "missing property on_timeout required by property due", 0, 5),
    ("task: Look\n    assign: crt\n    due: 1:30\n    on_timeout: stop", "this must be a length of time", 2, 10),
    ("task: Look\n    assign: crt\n    on_failure: stopp", "this must be what follows", 2, 17),
    ("notify: crt\n    say: exec-breif", "the book has no message of this name", 1, 10),
    ("contain: lock_acount\n    targets: x", "this must be an action of actions.yaml", 0, 14),
]
"""A step; what is said of it; and where: lines after its first, and the column."""


def test_each_mistake_is_underlined_once_where_it_is(code: Editor) -> None:
    text, expected = BEGUN, []
    for step, says, line, column in MISTAKES:
        expected.append((says, text.count("\n") + 1 + line, column))
        text += f"  - {step}\n"
    found = code.open(BOOK / "mistakes.yaml", text)
    assert [(one.line, one.column) for one in found] == [(line, column) for _, line, column in expected]
    for one, (says, *_) in zip(found, expected, strict=True):
        assert says in one.says
    misspelt = found[0]
    assert misspelt.end_column - misspelt.column == len("on_timout")


def test_the_first_line_of_a_file_is_enough_for_any_editor() -> None:
    """One without settings of ours, that reads YAML 1.1: `no` is false there."""
    path = BOOK / "high-profile-takeover.yaml"
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=.schema/playbook.json\n")
    with editor(BOOK, {"yaml.yamlVersion": "1.1", "yaml.schemaStore.enable": False}) as other:
        assert other.open(path) == []
        found = other.open(BOOK / "misspelt.yaml", text.replace("owner: crt", "ownr: crt"))
        assert {one.says for one in found} == {"Property ownr is not allowed.", 'Missing property "owner".'}


def test_the_servers_lock_names_no_address() -> None:
    """Whoever installs it has a registry of their own; the hashes say what it must serve."""
    lock = json.loads((ROOT / "tests" / "editors" / "package-lock.json").read_text())
    assert "http" not in json.dumps(lock)
    assert all(package["integrity"] for name, package in lock["packages"].items() if name)
