"""What the live picture says first: who holds the run up, and who has not heard of it."""

from __future__ import annotations

from firedoor.protocol import Delivery, NotifyReport
from firedoor.run.events import ActEnded
from firedoor.run.view import view
from tests.run.driver import Run
from tests.run.plans import approve, plan, task, then


def test_a_question_that_holds_the_run_up_comes_before_a_late_approval() -> None:
    gate = approve("Go?", name="ok", on_timeout=then("ask commander", may_continue=True))
    run = Run(plan(gate, task("After", name="after"))).launch()
    assert view(run.plan, run.state).next_act.startswith("Waiting for policy: ")
    run.wait(100_000)
    assert run.ask("ok", kind="question").blocks
    assert view(run.plan, run.state).next_act.startswith("Waiting for commander")


def test_an_ask_says_that_nobody_was_reached_until_somebody_is() -> None:
    run = Run(plan(approve("Go?", name="look")))
    run.world.acts["notify"] = ["1 of 1 were not reached (nobody is reachable by chat: this channel is not set up)"]
    run.launch()
    (ask,) = view(run.plan, run.state).asks
    assert ask.reached is False
    assert "; nobody was reached" in view(run.plan, run.state).next_act
    remind_at = run.ask("look").remind_at
    assert remind_at is not None
    run.wait((remind_at - run.now).total_seconds() + 1)
    assert run.ask("look").reached is True
    assert "nobody was reached" not in view(run.plan, run.state).next_act


def test_who_was_reached_in_part_was_reached() -> None:
    run = Run(plan(task("Look", name="look")))
    partly = NotifyReport(deliveries=(Delivery(recipient="ana", channel="chat", state="sent"),))

    def end(plan: object, act: object, order: object, now: object) -> ActEnded:
        if act.kind != "notify":  # type: ignore[attr-defined]
            return real(plan, act, order, now)  # type: ignore[arg-type]
        return ActEnded(at=now, act=act.id, report=partly, error="1 of 2 were not reached", error_type="NotReached")  # type: ignore[attr-defined,arg-type]

    real, run.world.end = run.world.end, end  # type: ignore[method-assign]
    run.launch()
    assert run.ask("look").reached is True
