"""What an approval covers, and where a silence may go on: tables of small playbooks."""

from __future__ import annotations

import pytest

from firedoor.compiler import planning
from firedoor.plan import Approve, Plan
from firedoor.plan.model import walk
from firedoor.plan.steps import Step
from tests.compiler import golden

LEAVES = "deadline: 1h, on_reject: leave, on_timeout: stop"
ASKS = "deadline: 1h, on_reject: ask commander, on_timeout: ask commander"
GOES = "deadline: 1h, on_reject: continue, on_timeout: stop"
FREEZE = "{contain: freeze_posting}"
TASK_LEAVES = "      - {task: T, assign: crt, due: 1h, on_timeout: leave}\n"


@pytest.fixture
def unproved(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an approval covers is found before anything is proved of it, so books that break a proof show it as well."""
    monkeypatch.setattr(planning, "prove", lambda *_: ())


def plan(steps: str) -> Plan:
    book = golden.playbook("inputs: {accounts: {type: list of account}, live: {type: yes_no}}\nsteps:\n" + steps)
    assert not book.errors, book.errors
    return book.plans["case"]


def covered(made: Plan, name: str) -> tuple[str, ...]:
    step = made.by_id[name]
    assert isinstance(step, Approve)
    return step.unlocks


def ok(ends: str, extra: str = "") -> str:
    return f"{{approve: Freeze, id: ok, needs: [{{team: policy}}], {ends}{extra}}}"


COVERS = {
    "an act behind an approval that leaves otherwise": (f"  - {ok(LEAVES)}\n  - {FREEZE}\n", ("1",)),
    "not where a rejection goes on": (f"  - {ok(GOES)}\n  - {FREEZE}\n", ()),
    "not where a rejection asks": (f"  - {ok(ASKS)}\n  - {FREEZE}\n", ()),
    "not where its own failure goes on": (f"  - {ok(LEAVES, ', on_failure: continue')}\n  - {FREEZE}\n", ()),
    "not before it": (f"  - {FREEZE}\n  - {ok(LEAVES)}\n", ()),
    "by a condition": (f"  - {ok(ASKS)}\n  - {{contain: freeze_posting, when: ok is approved}}\n", ("1",)),
    "by a part of a condition": (
        f"  - {ok(ASKS)}\n  - {{contain: freeze_posting, when: live and (ok is approved and not live)}}\n",
        ("1",),
    ),
    "not by one side of an or": (
        f"  - {ok(ASKS)}\n  - {{contain: freeze_posting, when: ok is approved or live}}\n",
        (),
    ),
    "not by a negation": (f"  - {ok(ASKS)}\n  - {{contain: freeze_posting, when: not (ok is approved)}}\n", ()),
    "not by another outcome": (f"  - {ok(ASKS)}\n  - {{contain: freeze_posting, when: ok is rejected}}\n", ()),
    "by a group's condition": (
        f"  - {ok(ASKS)}\n  - group: G\n    when: ok is approved\n    steps:\n      - {FREEZE}\n",
        ("1.0",),
    ),
    "not behind that group": (
        f"  - {ok(ASKS)}\n  - group: G\n    when: ok is approved\n    steps: [{{wait: 1m}}]\n  - {FREEZE}\n",
        (),
    ),
    "behind the group that it is in": (
        f"  - group: G\n    steps:\n      - {ok(LEAVES.replace('leave', 'stop'))}\n  - {FREEZE}\n",
        ("1",),
    ),
    "not behind the group that a rejection leaves": (
        f"  - group: G\n    steps:\n      - {ok(LEAVES)}\n      - {FREEZE}\n  - {FREEZE}\n",
        ("0.1",),
    ),
    "not behind a group that may not happen": (
        f"  - group: G\n    when: live\n    steps:\n      - {ok(LEAVES.replace('leave', 'stop'))}\n  - {FREEZE}\n",
        (),
    ),
    "not where the approval may not be asked": (
        f"  - {ok(LEAVES.replace('leave', 'stop'), ', when: live')}\n  - {FREEZE}\n",
        (),
    ),
    "not where the group is left before it": (
        f"  - group: G\n    steps:\n{TASK_LEAVES}      - {ok(LEAVES.replace('leave', 'stop'))}\n      - {FREEZE}\n  - {FREEZE}\n",
        ("0.2",),
    ),
    "behind the group that is left after it": (
        f"  - group: G\n    steps:\n      - {ok(LEAVES.replace('leave', 'stop'))}\n{TASK_LEAVES}      - {FREEZE}\n  - {FREEZE}\n",
        ("0.2", "1"),
    ),
    "not beside it": (
        f"  - parallel: P\n    steps:\n      - {ok(LEAVES.replace('leave', 'stop'))}\n      - {FREEZE}\n",
        (),
    ),
    "behind the parallel that it is in": (
        f"  - parallel: P\n    steps:\n      - {ok(LEAVES.replace('leave', 'stop'))}\n      - {{wait: 1m}}\n  - {FREEZE}\n",
        ("1",),
    ),
    "not behind a parallel whose branch a rejection leaves": (
        f"  - parallel: P\n    steps:\n      - {ok(LEAVES)}\n      - {{wait: 1m}}\n  - {FREEZE}\n",
        (),
    ),
    "within its round of a loop, and not behind the loop": (
        f"  - for_each: a in accounts\n    steps:\n      - {ok(LEAVES)}\n      - {FREEZE}\n  - {FREEZE}\n",
        ("0.1",),
    ),
    "an undo too": (
        f"  - {{contain: lock_account, id: lock, targets: accounts}}\n  - {ok(LEAVES)}\n  - {{undo: lock}}\n",
        ("2",),
    ),
}


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize("name", COVERS)
def test_an_approval_covers(name: str) -> None:
    steps, expected = COVERS[name]
    assert covered(plan(steps), "ok") == expected


def approve(ends: str = "on_reject: stop, on_timeout: continue", team: str = "legal", name: str = "ok") -> str:
    return f"{{approve: Q, id: {name}, needs: [{{team: {team}}}], deadline: 1h, {ends}}}"


TELL = "{contain: disclose_data, targets: accounts}"
TASK = "{task: T, id: t, assign: crt, due: 1h, on_timeout: continue}"

SILENCES: dict[str, tuple[str, bool]] = {
    "nothing follows": (f"  - {approve()}\n", True),
    "something that can be undone follows": (
        f"  - {approve()}\n  - {{contain: lock_account, targets: accounts}}\n",
        True,
    ),
    "a notice follows": (f"  - {approve()}\n  - {{notify: users, say: Done}}\n", True),
    "what cannot be taken back follows": (f"  - {approve(team='policy')}\n  - {TELL}\n", False),
    "it follows a task": (f"  - {TASK}\n  - {TELL}\n", False),
    "what requires the seat follows": (f"  - {approve(team='policy')}\n  - {FREEZE}\n", False),
    "what requires another seat follows": (f"  - {approve(team='crt')}\n  - {FREEZE}\n", True),
    "what requires a seat follows a task": (f"  - {TASK}\n  - {FREEZE}\n", True),
    "only where it was approved": (
        f"  - {approve()}\n  - {{contain: disclose_data, targets: accounts, when: ok is approved}}\n",
        True,
    ),
    "only where the task was done": (
        f"  - {TASK}\n  - {{contain: disclose_data, targets: accounts, when: live and t is done}}\n",
        True,
    ),
    "only where it was unanswered": (
        f"  - {approve()}\n  - {{contain: disclose_data, targets: accounts, when: ok is unanswered}}\n",
        False,
    ),
    "in a group further down": (
        f"  - {approve()}\n  - group: G\n    steps:\n      - {{wait: 1m}}\n      - {TELL}\n",
        False,
    ),
    "behind its group": (f"  - group: G\n    steps:\n      - {approve()}\n  - {TELL}\n", False),
    "beside it": (f"  - parallel: P\n    steps:\n      - {TELL}\n      - {approve()}\n", False),
    "before it": (f"  - {TELL}\n  - {approve()}\n", True),
    "before it, in a loop": (
        f"  - for_each: a in accounts\n    steps:\n      - {{contain: disclose_data, targets: a}}\n      - {approve()}\n",
        False,
    ),
    "before it in a group, in a loop": (
        f"  - for_each: a in accounts\n    steps:\n      - group: G\n        steps:\n          - {{contain: disclose_data, targets: a}}\n          - {approve()}\n",
        False,
    ),
}


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize("name", SILENCES)
def test_a_silence_may_go_on_only_where(name: str) -> None:
    steps, may = SILENCES[name]
    head = "inputs: {accounts: {type: list of account}, live: {type: yes_no}}\nsteps:\n"
    assert [found.code for found in golden.playbook(head + steps).findings] == ([] if may else ["FD302"])
    # The same where it asks: the ask may offer to go on exactly where `continue` would compile.
    asking = plan(steps.replace("on_timeout: continue", "on_timeout: ask commander"))
    silent = next(step for step in walk(asking.steps) if step.id in ("ok", "t"))
    consequence = silent.on_timeout  # type: ignore[union-attr]
    assert consequence is not None
    assert consequence.may_continue is may


def _of(steps: str, name: str) -> Step:
    return plan(steps).by_id[name]


def test_asks_about_failures_offer_to_go_on_but_for_approvals_and_expiries() -> None:
    made = plan(
        "  - {contain: lock_account, id: lock, targets: accounts, expires: 1h, on_expiry: ask policy}\n"
        f"  - {approve('on_reject: ask crt.manager, on_timeout: stop')}\n"
    )
    lock, ok_ = made.by_id["lock"], made.by_id["ok"]
    assert lock.on_failure.may_continue
    assert lock.on_expiry is not None  # type: ignore[union-attr]
    assert not lock.on_expiry.may_continue  # type: ignore[union-attr]
    assert lock.on_expiry.asks.kind == "on_shift"  # type: ignore[union-attr]
    assert not ok_.on_failure.may_continue
    assert ok_.on_reject.may_continue  # type: ignore[union-attr]
