"""People interrupt: what each command does while an act is in flight, and around it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from firedoor.connectors.contract import Order
from firedoor.connectors.memory import Moment
from firedoor.plan import SeverityRule
from firedoor.plan.expression import Compare, Const, SeverityNow
from tests.workflows import plans as p
from tests.workflows.harness import Run, Stage, refused


class Slow:
    """Holds the platform's acts until it is told to let them go."""

    def __init__(self, stage: Stage, *, on: Moment = "apply", target: str | None = None) -> None:
        self.on, self.target = on, target
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        stage.platform.interpose = self._hold

    async def _hold(self, moment: Moment, order: Order) -> None:
        if moment == self.on and (self.target is None or order.target == self.target):
            self.reached.set()
            await asyncio.wait_for(self.go.wait(), 20)


async def in_flight(stage: Stage, *, on: Moment = "apply", target: str | None = None) -> tuple[Run, Slow]:
    slow = Slow(stage, on=on, target=target)
    run = await stage.launch(p.plan(p.contain(), p.notify(), p.task()))
    await asyncio.wait_for(slow.reached.wait(), 10)
    return run, slow


def effects(stage: Stage) -> list[tuple[str, str | None]]:
    return [(effect.moment, effect.target) for effect in stage.platform.effects()]


@pytest.mark.history("pause")
async def test_pause_and_resume_while_an_act_is_in_flight(stage: Stage) -> None:
    run, slow = await in_flight(stage)
    assert "no act begins" in (await run.command("ana", "pause")).says
    slow.go.set()
    view = await run.until(lambda view: view.steps[0].state == "done")
    assert view.paused
    await asyncio.sleep(0.3)
    assert not stage.doubles.told("1:"), "nothing begins while it is paused"
    await run.command("ana", "resume")
    await run.answer("niamh", await run.ask("2"), "done")
    await run.result()
    assert sorted(effects(stage)) == [("apply", "@a:x"), ("apply", "@b:x")]


@pytest.mark.history("pause-between")
async def test_what_a_pause_has_cut_off_goes_again(stage: Stage) -> None:
    """Of many targets, those that were not reached when the pause came are acted on after it."""
    stage.platform.at_once = 1
    slow = Slow(stage, target="@a:x")
    run = await stage.launch(p.plan(p.contain()))
    await asyncio.wait_for(slow.reached.wait(), 10)
    await run.command("ana", "pause")
    await asyncio.sleep(3.5)  # until the act hears of it, with a heartbeat
    slow.go.set()
    await run.until(lambda view: "Acting" not in view.next_act)
    paused = effects(stage)
    await run.command("ana", "resume")
    view = await run.until(lambda view: view.asks or view.ended)
    for ask in view.asks:
        await run.answer("niamh", ask, "retry")
    await run.result()
    assert paused == [("apply", "@a:x")]
    assert effects(stage) == [("apply", "@a:x"), ("apply", "@b:x")]


@pytest.mark.history("stop")
async def test_stop_keeps_what_is_contained(stage: Stage) -> None:
    run, slow = await in_flight(stage)
    assert (await run.command("ana", "stop", reason="It was us")).says == (
        "The response ends; what is contained stays contained."
    )
    slow.go.set()
    await run.keep()
    assert await run.result() == "stopped"
    assert sorted(effects(stage)) == [("apply", "@a:x"), ("apply", "@b:x")]
    assert {hold.state for hold in stage.records.ledger.held(run.incident)} == {"applied"}
    assert not stage.doubles.told("1:")
    assert {row.data["to"] if row.kind == "run.severity" else row.kind for row in run.rows()} >= {"run.stopped"}


@pytest.mark.history("stop-undone")
async def test_what_a_stop_has_left_can_be_undone(stage: Stage) -> None:
    """A case that failed: the run closed at once, and nobody could undo any more."""
    run = await stage.launch(p.plan(p.contain(), p.task()))
    await run.ask("1")
    await run.command("ana", "stop", reason="It was us")
    view = await run.until(lambda view: view.ended == "stopped" and view.asks)
    (ask,) = view.asks
    assert ask.choices == ("keep", "undo")
    assert (await refused(run.answer("niamh", ask, "keep")))[0] == "reason"
    await run.answer("niamh", ask, "undo")
    assert await run.result() == "stopped"
    assert not stage.records.ledger.held(run.incident)
    assert not stage.platform.held("lock", "@a:x")


@pytest.mark.history("undo-all-clock")
async def test_a_running_clock_outlives_an_undo_of_everything(stage: Stage) -> None:
    clocked = p.task(meets=("law",))
    run = await stage.launch(p.plan(p.contain(), clocked, clocks=(p.clock("law", 3600),)))
    await run.ask("1")
    await run.command("ana", "undo_all", reason="Wrong account")
    view = await run.until(lambda view: view.ended == "undone")
    assert (view.phase, [ask.kind for ask in view.asks]) == ("holding", ["task"])
    await run.answer("niamh", await run.ask("1"), "done")
    assert await run.result() == "undone"
    assert not stage.records.ledger.held(run.incident)


@pytest.mark.history("undo-all")
async def test_undo_all_awaits_the_act_and_then_undoes_it(stage: Stage) -> None:
    run, slow = await in_flight(stage)
    await run.command("ana", "undo_all", reason="Wrong account")
    assert (await refused(run.command("ana", "retry", step="0")))[0] == "ended"
    await asyncio.sleep(0.2)
    assert not effects(stage)
    slow.go.set()
    assert await run.result() == "undone"
    assert sorted(effects(stage)) == [
        ("apply", "@a:x"),
        ("apply", "@b:x"),
        ("restore", "@a:x"),
        ("restore", "@b:x"),
    ]
    assert not stage.records.ledger.held(run.incident)


@pytest.mark.history("undo-in-flight")
async def test_undo_of_a_step_that_acts(stage: Stage) -> None:
    run, slow = await in_flight(stage, target="@a:x")
    await run.until(lambda view: view.steps[0].state == "acting")
    assert (await run.command("ana", "undo", step="0")).says == "It is being undone."
    slow.go.set()
    await run.answer("niamh", await run.ask("2"), "done")
    assert await run.result() == "completed"
    assert not stage.records.ledger.held(run.incident)
    assert not stage.platform.held("lock", "@a:x")


async def test_an_act_hears_of_a_stop_soon(stage: Stage) -> None:
    """By a heartbeat's answer, long before the attempt's own end: what has not begun is not begun."""
    stage.platform.at_once = 1
    stage.platform.delay = 1.0
    run = await stage.launch(p.plan(p.contain()), inputs={"accounts": [f"@{n}:x" for n in range(9)]})
    await run.until(lambda view: "Acting" in view.next_act)
    await run.command("ana", "stop")
    await run.until(lambda view: view.ended == "stopped")
    await run.keep()
    assert await run.result() == "stopped"
    assert len(effects(stage)) < 7


@pytest.mark.history("skip")
async def test_skip(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.task(), p.approve(on_timeout=p.LEAVE), p.contain()))
    await run.ask("0")
    assert (await run.command("ana", "skip", step="0", reason="Done by phone")).says == "Skipped."
    await run.ask("1")
    assert "A second person" in (await run.command("ana", "skip", step="1", reason="Asleep")).says
    assert (await refused(run.command("ana", "skip", step="1", reason="Asleep")))[0] == "second"
    assert "Skipped" in (await run.command("niamh", "skip", step="1", reason="Asleep")).says
    assert await run.result() == "completed"
    assert not effects(stage), "a skipped approve goes on as its silence says: leave"


@pytest.mark.history("severity")
async def test_severity_raised_and_lowered(stage: Stage) -> None:
    sev1 = Compare(sign="==", left=SeverityNow(), right=Const(value="sev1", type="severity"))
    run = await stage.launch(p.plan(p.contain(when=sev1), p.task(), severity=(SeverityRule(severity="sev3"),)))
    ask = await run.ask("1")
    assert (await run.command("ana", "severity", value="sev1")).says == "Severity is sev1."
    offered = await run.ask("0", "question")
    assert "At sev1, lock applies" in offered.words
    await run.answer("niamh", offered, "retry")
    await run.until(lambda view: view.steps[0].state == "done")
    assert (await run.command("omar", "severity", value="sev4")).says == "Severity is sev4."
    await run.answer("niamh", ask, "done")
    await run.result()
    assert len(effects(stage)) == 2


@pytest.mark.history("add")
async def test_added_targets_run_for_themselves(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.notify(), p.approve(unlocks=("2",)), p.contain("freeze"), p.task()))
    await run.answer("omar", await run.ask("1"), "approve")
    last = await run.ask("3")
    assert "1 added" in (await run.command("ana", "add", value={"accounts": ["@a:x", "@c:x"]})).says
    ask = await run.ask("1", "approval")
    assert ask.words.endswith("for 1 added")
    assert len(effects(stage)) == 2
    await run.answer("omar", ask, "approve")
    await run.until(lambda view: len(view.holds) == 3)
    await run.answer("niamh", last, "done")
    assert await run.result() == "completed"
    assert effects(stage)[2:] == [("apply", "@c:x")]


@pytest.mark.history("reassign-hand-over")
async def test_reassign_extend_and_hand_over(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.task(due=p.due(1), on_timeout=p.ASK), p.approve()))
    ask = await run.ask("0")
    await run.command("ana", "reassign", step="0", value="omar")
    assert (await refused(run.answer("niamh", ask, "done")))[0] == "role"
    assert "Extended" in (await run.command("ana", "extend", step="0", value=3600)).says
    later = await run.ask("0")
    assert ask.deadline is not None
    assert later.deadline is not None
    assert (later.deadline - ask.deadline).total_seconds() == 3600
    await run.command("ana", "hand_over", value="maria", reason="My shift ends")
    assert (await refused(run.command("ana", "note", holds=(), reason="x")))[0] == "role"
    await run.command("maria", "note", reason="I have it")
    await run.answer("omar", later, "done")
    await run.answer("omar", await run.ask("1"), "approve")
    await run.result()


@pytest.mark.history("hand-over-accepted")
async def test_who_is_to_command_is_asked_and_commands_once_they_accept(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain(), p.task()))
    await run.command("ana", "offer", value="omar", reason="My shift ends")
    ask = await run.ask("")
    assert ask.to == ("omar",)
    assert (await run.view()).commander is None
    assert (await refused(run.command("omar", "pause")))[0] == "role"
    await run.answer("omar", ask, "decline", reason="I am away")
    await run.command("ana", "offer", value="maria", reason="My shift ends")
    again = await run.ask("", but=(ask.id,))
    await run.answer("maria", again, "accept")
    assert (await run.view()).commander == "maria"
    await run.command("maria", "undo", step="0")
    await run.until(lambda view: all(hold.state == "undone" for hold in view.holds))
    await run.answer("niamh", await run.ask("1"), "done")
    await run.result()


@pytest.mark.history("retry-undone")
async def test_what_was_undone_is_contained_again(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain(), p.task()))
    last = await run.ask("1")
    await run.command("ana", "undo", step="0")
    await run.until(lambda view: all(hold.state == "undone" for hold in view.holds))
    await run.command("ana", "retry", step="0")
    await run.until(lambda view: all(hold.state == "applied" for hold in view.holds))
    await run.answer("niamh", last, "done")
    await run.result()
    assert [moment for moment, _ in effects(stage)] == ["apply"] * 2 + ["restore"] * 2 + ["apply"] * 2
    assert [entry.ordinal for entry in stage.records.ledger.held(run.incident)] == [2, 2]


@pytest.mark.history("input")
async def test_a_late_input(stage: Stage) -> None:
    from firedoor.plan import Input
    from firedoor.plan.expression import Given, InputValue

    country = InputValue(name="country", type="country")
    plan = p.plan(
        p.notify(when=Given(of=country)),
        p.task(),
        inputs=(
            Input(name="accounts", type="account", listed=True),
            Input(name="country", type="country", optional=True),
        ),
    )
    run = await stage.launch(plan)
    last = await run.ask("1")
    assert not stage.doubles.told("0:")
    await run.command("ana", "input", value={"country": "IE"})
    await run.until(lambda view: view.steps[0].state == "done")
    await run.answer("niamh", last, "done")
    await run.result()
    assert len(stage.doubles.told("0:")) == 1


Doing = Callable[[Run], Awaitable[object]]


@pytest.mark.parametrize("command", ["stop", "undo_all"])
async def test_a_notice_that_is_in_flight_is_not_sent_again(stage: Stage, command: str) -> None:
    """A stop ends the attempt; it does not begin another one."""
    held, go = asyncio.Event(), asyncio.Event()
    sent: list[str] = []
    true = stage.doubles._write

    def write(order: object) -> int:
        sent.append(getattr(order, "key", ""))
        return true(order)  # type: ignore[arg-type]

    stage.doubles._write = write  # type: ignore[method-assign]
    stage.doubles.gate = (held, go)
    run = await stage.launch(p.plan(p.notify(), p.contain()))
    await asyncio.wait_for(held.wait(), 10)
    await run.command("ana", command)  # type: ignore[arg-type]
    go.set()
    await run.result()
    assert sent.count("0:1") == 1
    assert not effects(stage)
