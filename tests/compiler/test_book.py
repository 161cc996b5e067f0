"""Books: what is compiled together, what a mistake in one file costs the others, and that plans are reproducible."""

from __future__ import annotations

import shutil
import time
from functools import cache
from pathlib import Path

import pytest

from firedoor.compiler import check, exit_code, load_book
from firedoor.compiler.book import SHARED, Book, compile_book
from firedoor.compiler.proofs.reaching import Flow
from firedoor.connectors.synapse import SynapsePlatform
from firedoor.plan import Approve, Contain, Group, MessageRef, Notify, Plan, Prose, Task, Text
from firedoor.plan.expression import And, Compare, Const, Given, InputValue, Item, Listing, SeverityNow
from firedoor.plan.expression import Prose as ProseExpr
from firedoor.plan.inputs import check_inputs
from firedoor.plan.model import Action, unpack, walk
from tests.compiler import golden

SHIPPED = Path(__file__).parents[2] / "playbooks"
TWELVE = (
    "child-sexual-abuse-escalation",
    "coordinated-harassment",
    "crisis-misinformation",
    "election-integrity-incident",
    "emergency-data-request",
    "enforcement-rollback",
    "government-order",
    "high-profile-takeover",
    "imminent-harm",
    "livestreamed-attack",
    "ncii-and-deepfake",
    "terrorist-removal-order",
)
SHARED_BY_THEM = ("exposure-care", "legal-hold", "public-statement", "region-handover", "user-notice")


@cache
def shipped() -> Book:
    return load_book(SHIPPED)


def book(**files: str) -> Book:
    """The small book with these playbooks; `a__b` is a/b, and names end in .yaml unless they say otherwise."""
    made = {name if "." in name else f"{name}.yaml": text.encode() for name, text in files.items()}
    whole = {name: text if name in SHARED else golden.completed(text) for name, text in made.items()}
    return compile_book(Path("book"), golden.laid_over(whole))


def test_the_shipped_book_compiles_and_names_the_one_hole_that_it_has_on_purpose() -> None:
    (hole,) = shipped().findings
    assert (hole.file, hole.line, hole.code) == ("organization.yaml", 27, "FD603")
    assert hole.message == "Legal in emea has nobody from Saturday 08:00 to 16:00; Sunday 08:00 to 16:00"
    assert set(shipped().plans) == {*TWELVE, *SHARED_BY_THEM}
    organization = shipped().organization
    assert organization is not None
    assert len(organization.people) == 51


@pytest.mark.parametrize("name", TWELVE)
def test_no_notice_of_the_shipped_book_holds_up_what_is_contained(name: str) -> None:
    """Not even for the time of its retries (tests/run/test_playbooks.py): no notice stands before an act."""
    plan = shipped().plans[name]
    flow = Flow(plan)
    notices = [step.path for step in walk(plan.steps) if step.verb == "notify"]
    acts = [step.path for step in walk(plan.steps) if step.verb == "contain"]
    assert acts
    assert [(notice, act) for act in acts for notice in notices if flow.before(notice, act)] == []


@pytest.mark.parametrize("name", TWELVE)
def test_each_crisis_of_the_shipped_book_is_complete(name: str) -> None:
    plan = shipped().plans[name]
    assert plan.inputs
    assert plan.review is not None
    assert plan.review.meeting_within
    assert len(plan.review.tasks) >= 3
    assert plan.updates is not None or name == "high-profile-takeover"
    assert all(step.on_expiry for step in plan.by_path.values() if step.verb == "contain" and step.expires)


def test_what_the_shipped_book_asks_of_the_homeserver_it_can_do() -> None:
    platform = SynapsePlatform("http://127.0.0.1:1", "token")
    asked = {action.call: action.undo for plan in shipped().plans.values() for action in _acts_of(plan, "synapse")}
    assert asked
    for name, undo in asked.items():
        assert platform.call(name).undo == undo, name


def _acts_of(plan: Plan, connector: str) -> list[Action]:
    return [action for action in plan.actions.values() if action.connector == connector]


def test_every_message_of_the_shipped_book_is_there_in_three_languages() -> None:
    for name, message in shipped().messages.items():
        assert set(message.by_language) == {"en", "de", "ja"}, name


@pytest.mark.parametrize("name", [*TWELVE, *SHARED_BY_THEM])
def test_a_plan_survives_being_packed_and_keeps_its_digest(name: str) -> None:
    plan = shipped().plans[name]
    again = unpack(plan.pack())
    assert again == plan
    assert again.digest == plan.digest
    assert len({step.path for step in walk(plan.steps)}) == len(list(walk(plan.steps)))


def test_the_same_book_gives_the_same_digests_wherever_it_lies(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "elsewhere")
    here, there = load_book(SHIPPED), load_book(tmp_path / "elsewhere")
    assert {name: plan.digest for name, plan in here.plans.items()} == {
        name: plan.digest for name, plan in there.plans.items()
    }


def test_how_a_playbook_is_laid_out_does_not_change_its_plan() -> None:
    loose = "steps:\n  - notify: crt\n    say: 'Wake up'   # now\n"
    tight = 'steps: # short\n  - {notify: [crt], say: "Wake up"}\n'
    assert book(playbook=loose).plans["case"].digest == book(playbook=tight).plans["case"].digest


def test_windows_line_ends_and_a_mark_do_not_change_the_plan() -> None:
    text = "steps:\n  - notify: crt\n    say: |\n      Wake\n      up\n"
    first = book(playbook=text).plans["case"]
    data = golden.completed(text.encode()).replace(b"\n", b"\r\n")
    second = compile_book(Path("book"), golden.laid_over({}) | {"playbook.yaml": b"\xef\xbb\xbf" + data}).plans["case"]
    assert first.digest == second.digest


# --- a mistake in one file


def test_a_playbook_with_a_mistake_has_no_plan_and_the_others_have() -> None:
    made = book(playbook="steps: [{wait: soon}]\n", other="playbook: other\nsteps: [{wait: 1m}]\n")
    assert set(made.plans) == {"other", "statement"}
    assert set(made.files) == {"case", "other", "statement"}


def test_a_playbook_that_runs_a_broken_one_has_no_plan_either() -> None:
    made = book(playbook="steps: [{run: other}]\n", other="playbook: other\nsteps: [{wait: soon}]\n")
    assert set(made.plans) == {"statement"}
    assert [found.file for found in made.findings] == ["other.yaml"]


def test_no_playbook_compiles_on_a_broken_organization_and_its_names_are_not_told_again() -> None:
    made = book(
        **{"organization.yaml": "organization: X\nteams: [crt]\n", "playbook": "steps: [{notify: crt, say: Hello}]\n"}
    )
    assert made.plans == {}
    assert {found.file for found in made.findings} == {"organization.yaml"}


@pytest.mark.parametrize("name", ["organization.yaml", "actions.yaml", "clocks.yaml"])
def test_a_shared_file_that_cannot_be_read_is_one_finding(name: str) -> None:
    playbook = """
inputs: {accounts: {type: list of account}}
clocks: [{clock: breach, starts: run.aware_at}]
steps:
  - {contain: lock_account, targets: accounts, meets: breach}
  - {notify: zoe, say: "{{ reports_per_hour }}"}
"""
    made = book(**{name: "a: b: c\n", "playbook": playbook})
    assert [(found.file, found.code) for found in made.findings] == [(name, "FD012")]
    assert made.plans == {}


def test_a_broken_action_is_told_where_it_is_and_not_where_it_is_used() -> None:
    actions = "actions:\n  lock_account: {does: Lock, target: acount, connector: x, call: y, undo: z}\n"
    playbook = "inputs: {a: {type: list of account}}\nsteps: [{contain: lock_account, id: l, targets: a}, {undo: l}]\n"
    made = book(**{"actions.yaml": actions, "playbook": playbook})
    assert [(found.file, found.code) for found in made.findings] == [("actions.yaml", "FD112")]
    assert made.plans == {}


# --- folders


def test_check_names_files_as_the_paths_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SHIPPED, tmp_path / "ours")
    (tmp_path / "ours" / "bad.yaml").write_text("playbook: bad\n")
    monkeypatch.chdir(tmp_path)
    found = check([Path("ours")])
    assert {one.file for one in found} == {"ours/bad.yaml", "ours/organization.yaml"}
    assert exit_code(found) == 1
    assert check([Path("ours/bad.yaml")]) == found
    assert {one.code for one in check([Path("ours/livestreamed-attack.yaml")])} == {"FD603"}
    assert exit_code([]) == 0


def test_a_folder_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    (found,) = load_book(tmp_path / "nowhere").findings
    assert found.code == "FD020"


def test_files_that_are_not_of_the_book_are_left_alone_or_warned_of(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "book")
    (tmp_path / "book" / ".hidden.yaml").write_text("x")
    (tmp_path / "book" / "notes.txt").write_text("x")
    (tmp_path / "book" / "old.yml").write_text("playbook: x")
    (tmp_path / "book" / "data.yaml").write_text("a: 1")
    made = load_book(tmp_path / "book")
    assert [(found.file, found.code, found.severity) for found in made.findings] == [
        ("data.yaml", "FD118", "warning"),
        ("old.yml", "FD118", "warning"),
        ("organization.yaml", "FD603", "warning"),
    ]
    assert made.plans.keys() == shipped().plans.keys()


def test_two_playbooks_of_one_name_are_told() -> None:
    made = book(playbook="playbook: statement\n")
    assert [(found.file, found.code) for found in made.findings] == [("statement.yaml", "FD209")]


# --- inlining


INNER = """
playbook: inner
inputs:
  who: {type: list of account, at_least: 1}
  line: {type: text, default: Hello}
  urgent: {type: yes_no, default: no}
  at: {type: date_time, optional: yes}
clocks:
  - {clock: prompt, starts: run.aware_at, when: urgent}
steps:
  - {contain: lock_account, id: lock, targets: who, meets: prompt}
  - {notify: users, id: said, say: "{{ line }}", when: lock is done and at is given}
  - for_each: one in lock.held
    steps:
      - {task: "Call {{ one }}", assign: crt, when: urgent}
"""


def inlined(
    run: str,
    inputs: str = "{accounts: {type: list of account, at_least: 1}, event: {type: text}, live: {type: yes_no}}",
) -> Plan:
    made = book(inner=INNER, playbook=f"inputs: {inputs}\nsteps:\n{run}")
    assert not made.findings, made.findings
    return made.plans["case"]


def test_a_run_becomes_a_group_with_private_ids_and_the_parents_values() -> None:
    plan = inlined('  - {run: inner, when: live, with: {who: "{{ accounts }}", line: "{{ event }}!", urgent: yes}}\n')
    group = plan.steps[0]
    assert isinstance(group, Group)
    assert (group.playbook, group.path) == ("inner", "0")
    assert set(plan.by_id) == {"inner/lock", "inner/said"}
    lock, said = plan.by_id["inner/lock"], plan.by_id["inner/said"]
    assert isinstance(lock, Contain)
    assert isinstance(said, Notify)
    assert lock.targets == InputValue(name="accounts", type="account", listed=True)
    assert isinstance(said.say, Text)
    assert said.say.by_language["*"] == Prose(of=(InputValue(name="event", type="text"), "!"))
    assert isinstance(said.when, And)
    assert lock.at == "inner.yaml:11"
    assert lock.meets == ("prompt",)


def test_an_inlined_playbooks_clocks_join_and_run_only_where_it_does() -> None:
    plan = inlined('  - {run: inner, when: live, with: {who: "{{ accounts }}", urgent: "{{ live }}"}}\n')
    (clock,) = plan.clocks
    live = InputValue(name="live", type="yes_no")
    assert clock.when == And(of=(live, live))


def test_what_is_not_passed_is_the_default_or_unknown() -> None:
    plan = inlined('  - {run: inner, with: {who: "{{ accounts }}"}}\n')
    said = plan.by_id["inner/said"]
    assert isinstance(said, Notify)
    assert isinstance(said.say, Text)
    assert said.say.by_language["*"] == Prose(of=("Hello",))
    assert isinstance(said.when, And)
    assert said.when.of[1] == Given(of=Const(value=None, type="date_time"))
    assert plan.clocks[0].when == Const(value=False, type="yes_no")


def test_a_loops_item_is_passed_as_it_is() -> None:
    run = "  - for_each: account in accounts\n    steps:\n      - {run: other, with: {who: '{{ account }}'}}\n"
    other = "playbook: other\ninputs: {who: {type: list of account}}\nsteps: [{contain: lock_account, targets: who}]\n"
    made = book(other=other, playbook=f"inputs: {{accounts: {{type: list of account}}}}\nsteps:\n{run}")
    assert not made.findings
    lock = made.plans["case"].by_path["0.0.0"]
    assert isinstance(lock, Contain)
    assert lock.targets == Listing(of=(Item(loop="0", type="account"),))


def test_two_runs_of_one_playbook_keep_their_ids_apart() -> None:
    run = "  - {run: statement, with: {line: One}}\n  - {run: statement, with: {line: Two}}\n"
    plan = book(playbook=f"steps:\n{run}").plans["case"]
    assert set(plan.by_id) == {"statement/said", "statement#2/said"}


def test_the_name_of_a_message_that_is_passed_is_the_message() -> None:
    run = "inputs: {event: {type: text}}\nsteps: [{run: statement, with: {line: holding}}]\n"
    plan = book(playbook=run).plans["case"]
    said = plan.by_id["statement/said"]
    assert isinstance(said, Notify)
    assert said.say == MessageRef(message="holding")
    assert set(plan.messages) == {"holding"}


ASKS = (
    "playbook: other\ninputs: {line: {type: text}, event: {type: text}}\nsteps:\n"
    "  - {approve: Publish it, id: ok, needs: [{team: policy}], show: [line], deadline: 1h, "
    "on_reject: stop, on_timeout: stop}\n  - {notify: users, say: '{{ line }}'}\n"
)


def test_who_signs_for_a_message_that_is_passed_is_shown_its_words() -> None:
    run = "inputs: {name: {type: text}}\nsteps: [{run: other, with: {line: holding, event: '{{ name }}'}}]\n"
    approve = book(other=ASKS, playbook=run).plans["case"].by_id["other/ok"]
    assert isinstance(approve, Approve)
    name = InputValue(name="name", type="text")
    assert approve.show == (
        ("line", Const(value="holding")),
        ("line (de)", ProseExpr(of=("Wir wissen von ", name, "."))),
        ("line (en)", ProseExpr(of=("We know of ", name, "."))),
    )


def test_a_message_that_is_more_than_names_is_shown_as_it_is_written() -> None:
    message = b"{% if event is given %}We know of {{ event }}.{% endif %}\n"
    files = {"messages/holding.en.md.j2": message, "other.yaml": golden.completed(ASKS.encode())}
    run = b"steps: [{run: other, with: {line: holding, event: It}}]\n"
    found = compile_book(Path("book"), golden.laid_over({**files, golden.PLAYBOOK: run}))
    approve = found.plans["case"].by_id["other/ok"]
    assert isinstance(approve, Approve)
    assert approve.show[2] == ("line (en, filled in when it is sent)", Const(value=message.decode()))


def test_a_message_says_what_the_inlined_playbook_was_given() -> None:
    other = "playbook: other\ninputs: {event: {type: text}}\nsteps: [{notify: users, id: said, say: holding}]\n"
    plan = book(other=other, playbook="steps: [{run: other, with: {event: 'sev {{ severity }}'}}]\n").plans["case"]
    said = plan.by_id["other/said"]
    assert isinstance(said, Notify)
    assert said.say == MessageRef(message="holding", context={"event": ProseExpr(of=("sev ", SeverityNow()))})
    by_itself = book(other=other).plans["other"].by_id["said"]
    assert isinstance(by_itself, Notify)
    assert by_itself.say == MessageRef(message="holding")


def test_clocks_of_a_playbook_that_is_run_in_a_loop_are_refused() -> None:
    run = "  - for_each: account in accounts\n    steps:\n      - {run: inner, with: {who: '{{ account }}'}}\n"
    made = book(inner=INNER, playbook=f"inputs: {{accounts: {{type: list of account}}}}\nsteps:\n{run}")
    assert [found.code for found in made.findings] == ["FD224"]


def test_runs_that_double_each_other_end_at_the_bound() -> None:
    files = {f"p{n}": f"playbook: p{n}\nsteps: [{{run: p{n + 1}}}, {{run: p{n + 1}}}]\n" for n in range(12)}
    started = time.process_time()
    made = book(**files, p12="playbook: p12\nsteps: [{wait: 1m}]\n")
    assert time.process_time() - started < 15
    assert {found.code for found in made.findings} == {"FD119"}
    assert "p4" in made.plans
    assert "p1" not in made.plans


# --- what a plan takes of the book


def test_a_plan_holds_only_what_it_uses() -> None:
    plan = shipped().plans["high-profile-takeover"]
    assert set(plan.actions) == {"freeze_posting", "lock_account"}
    assert plan.reads == {}
    assert plan.messages == {}
    assert plan.zones == {"amer": "America/Los_Angeles", "emea": "Europe/Dublin", "apac": "Asia/Singapore"}


def test_inputs_that_the_plan_describes_can_be_launched() -> None:
    plan = shipped().plans["high-profile-takeover"]
    checked = check_inputs(plan, {"accounts": ["@a:platform.example"], "public_office": False})
    assert checked.problems == ()
    assert checked.values["internal_tool_suspected"] is False


def test_a_bare_team_is_asked_on_shift_and_assigned_as_a_team() -> None:
    made = book(playbook="steps: [{task: T, id: t, assign: policy, due: 1h, on_timeout: ask policy}]\n")
    task = made.plans["case"].by_id["t"]
    assert isinstance(task, Task)
    assert task.assign.kind == "team"
    assert task.on_timeout is not None
    assert task.on_timeout.asks is not None
    assert task.on_timeout.asks.kind == "on_shift"


def test_the_worst_severity_stands_first_and_otherwise_is_needed() -> None:
    made = book(playbook="inputs: {n: {type: number}}\nseverity: {sev3: otherwise, sev1: n > 3}\n")
    assert [rule.severity for rule in made.plans["case"].severity] == ["sev1", "sev3"]
    assert isinstance(made.plans["case"].severity[0].when, Compare)
    assert [found.code for found in book(playbook="severity: {sev1: run.region == 'emea'}\n").findings] == ["FD102"]


def test_every_playbook_of_the_shipped_book_is_rehearsed() -> None:
    rehearsed = {path.stem for path in (SHIPPED / "rehearsals").glob("*.yaml")}
    assert rehearsed == shipped().plans.keys()
