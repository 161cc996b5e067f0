"""An approval of which a no changes nothing is told; one on which anything rests is not."""

from __future__ import annotations

import pytest

from tests.compiler import golden

APPROVE = """
steps:
  - approve: Tell the public
    id: ok
    needs: [{team: policy}]
    deadline: 1h
    on_reject: continue
    on_timeout: ask commander
"""
TELL = "  - task: Tell the public\n    assign: comms\n"


def _codes(text: str) -> list[str]:
    return [found.code for found in golden.playbook(text).findings]


def test_a_no_on_which_nothing_rests_changes_nothing() -> None:
    assert _codes(APPROVE + TELL) == ["FD306"]


def test_that_nobody_answered_does_not_tell_a_no_from_a_yes() -> None:
    assert _codes(APPROVE + TELL + "    when: ok is unanswered\n") == ["FD306"]


@pytest.mark.parametrize(
    "text",
    [
        APPROVE.replace("on_reject: continue", "on_reject: leave") + TELL,
        APPROVE + TELL + "    when: ok is approved\n",
        APPROVE + TELL + "    when: not (ok is rejected)\n",
        APPROVE
        + "  - task: Say whether it was refused\n    assign: comms\n    when: ok is rejected or ok is unanswered\n",
        APPROVE
        + "  - approve: And again\n    needs: [{team: legal}, {team: policy, when: ok is rejected}]\n"
        + "    deadline: 1h\n    on_reject: leave\n    on_timeout: ask commander\n",
        "clocks: [{clock: prompt, starts: run.aware_at, not_due: ok is rejected}]\n"
        + APPROVE
        + TELL
        + "    meets: prompt\n",
        APPROVE
        + TELL
        + "review: {owner: crt, tasks: [{task: Look at the no, assign: policy, due: 2 days, when: ok is rejected}]}\n",
    ],
    ids=["a no leaves", "condition", "negated", "another's condition", "seat", "clock", "review"],
)
def test_a_no_that_something_asks_about_is_not_told(text: str) -> None:
    assert _codes(text) == []


def test_a_clock_that_only_a_yes_meets_is_told_as_that() -> None:
    clock = "clocks: [{clock: prompt, starts: run.aware_at}]\n"
    assert _codes(clock + APPROVE + "    meets: prompt\n") == ["FD505"]
