"""Who stands in for somebody who is away may do what was asked of them, as themselves; the front door signs for whom."""

from __future__ import annotations

import pytest

from firedoor.run import validity
from tests.run.driver import Run
from tests.run.plans import contain, given, plan, task

FOR_OMAR = ("policy", "instead:omar")


def test_a_task_of_a_person_is_done_by_who_stands_in_for_them() -> None:
    run = Run(plan(task(name="it"))).launch()
    run.command("reassign", "it", value="omar")
    with pytest.raises(validity.Refused, match="you are none of them"):
        run.answer(run.ask("it"), "done", by="ines")
    run.answer(run.ask("it"), "done", by="ines", holds=FOR_OMAR)
    assert run.status("it") == "done"
    assert run.told("task.done")[0].by == "ines"


def test_who_stands_in_for_the_commander_commands_and_their_word_is_believed_at_the_act() -> None:
    run = Run(plan(contain(name="lock", targets=given("accounts")), task(name="after"))).launch()
    run.command("hand_over", value="omar", reason="now")
    with pytest.raises(validity.Refused, match="omar"):
        run.command("add", value={"accounts": ["@b"]}, by="ines")
    run.command("add", value={"accounts": ["@b"]}, by="ines", holds=FOR_OMAR)
    run.settle()
    assert run.holds()["@b"] == "applied"
