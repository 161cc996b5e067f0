"""Whatever fails for good becomes a question: no failure ends a run, and none is swallowed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus

from firedoor.connectors.errors import Refused, Unavailable
from firedoor.plan import Prose, Text
from firedoor.plan.expression import Read
from tests.workflows import plans as p
from tests.workflows.harness import Stage

COPIES = Read(call="copies", site="copies", type="account", listed=True)


@pytest.mark.history("failure-contain")
async def test_a_target_that_fails_is_asked_about_alone(stage: Stage) -> None:
    stage.platform.fail(Refused, target="@a:x")
    run = await stage.launch(p.plan(p.contain(), p.notify()))
    ask = await run.ask("0", "question")
    assert "lock failed for @a:x: memory was told to fail lock on @a:x" in ask.words
    assert ask.to == ("commander",)
    await run.until(lambda view: view.steps[1].state == "done")
    assert [effect.target for effect in stage.platform.effects()] == ["@b:x"]
    await run.answer("niamh", ask, "retry")
    assert await run.result() == "completed"
    assert [effect.target for effect in stage.platform.effects()] == ["@b:x", "@a:x"]


async def test_a_connector_that_is_not_set_up_has_contained_nothing_and_says_so(stage: Stage) -> None:
    elsewhere = p.ACTIONS["lock"].model_copy(update={"connector": "elsewhere"})
    run = await stage.launch(p.plan(p.contain(), p.notify(), actions={"lock": elsewhere}))
    ask = await run.ask("0", "question")
    assert "nothing was touched: no connector is set up as elsewhere. Set it up for the worker" in ask.words
    view = await run.view()
    assert {hold.state for hold in view.holds} == {"refused"}
    assert view.steps[0].detail.startswith("nothing was touched: "), "and not that any is contained"
    assert "retry" in ask.choices
    await run.answer("niamh", ask, "skip")
    assert await run.result() == "completed"
    assert not stage.records.ledger.of_incident(run.incident)


@pytest.mark.history("failure-undo")
async def test_an_undo_that_fails_asks_and_the_others_go_on(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain(), p.contain("hide"), p.approve()))
    ask = await run.ask("2")
    stage.platform.fail(Refused, on="restore", call="hide", target="@a:x")
    await run.answer("omar", ask, "reject")
    ask = await run.ask("1", "question")
    assert "undoing failed for @a:x" in ask.words
    view = await run.until(lambda view: view.phase == "holding")
    assert {(hold.action, hold.target, hold.state) for hold in view.holds} == {
        ("lock", "@a:x", "undone"),
        ("lock", "@b:x", "undone"),
        ("hide", "@a:x", "undo_failed"),
        ("hide", "@b:x", "undone"),
    }
    await run.answer("niamh", ask, "retry")
    assert await run.result() == "undone"
    assert not stage.records.ledger.held(run.incident)


@pytest.mark.history("failure-notify")
async def test_a_notice_that_fails_is_asked_about_and_tried_again(stage: Stage) -> None:
    stage.doubles.failing = 1
    run = await stage.launch(p.plan(p.notify(), p.task()))
    ask = await run.ask("0", "question")
    assert "failed: the channel is down" in ask.words
    await run.answer("niamh", ask, "retry")
    await run.answer("niamh", await run.ask("1"), "done")
    await run.result()
    assert [notice.key for notice in stage.doubles.told("0:")] == ["0:2"]


@pytest.mark.history("failure-repeated-notice")
async def test_a_repeated_notice_that_fails_goes_by_its_on_failure(stage: Stage) -> None:
    """History `failure-repeated-notice-asked` was recorded when it asked the commander, whatever the author said."""
    say = Text(by_language={"*": Prose(of=("Of ", p.ACCOUNTS))})
    run = await stage.launch(p.plan(p.notify(say=say, on_failure=p.GO_ON), p.task()))
    last = await run.ask("1")
    stage.doubles.failing = 1
    await run.command("ana", "add", value={"accounts": ["@c:x"]})
    view = await run.until(lambda view: any(row.kind == "notice.failed" for row in view.rows))
    assert [ask.step for ask in view.asks] == ["1"]
    await run.answer("niamh", last, "done")
    assert await run.result() == "completed"


@pytest.mark.history("failure-read")
async def test_a_read_that_fails_is_asked_about(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain("hide", COPIES)))
    ask = await run.ask("0", "question")
    assert "the answer of copies is missing" in ask.words
    stage.platform.answer("copies", ["@c:x"])
    await run.answer("niamh", ask, "retry")
    await run.result()
    assert [effect.target for effect in stage.platform.effects()] == ["@c:x"]


@pytest.mark.history("failure-retried")
async def test_a_platform_that_is_away_for_a_while(stage: Stage) -> None:
    """Retried by the server, without a trace in the history but the last attempt, and without a second effect."""
    stage.platform.fail(Unavailable, times=2)
    stage.platform.fail(Unavailable, target="@b:x", after=True)
    run = await stage.launch(p.plan(p.contain()))
    assert await run.result() == "completed"
    assert sorted(str(effect.target) for effect in stage.platform.effects()) == ["@a:x", "@b:x"]
    (history,) = await stage.chain(run.incident)
    scheduled = [e for e in history.events if e.HasField("activity_task_scheduled_event_attributes")]
    assert [e.activity_task_scheduled_event_attributes.activity_type.name for e in scheduled] == ["contain", "record"]


@pytest.mark.history("failure-budget")
async def test_a_platform_that_stays_away(stage: Stage) -> None:
    stage.platform.fail(Unavailable, times=1_000)
    action = p.ACTIONS["lock"].model_copy(update={"retries_for": 3})
    run = await stage.launch(p.plan(p.contain(), actions={"lock": action}))
    ask = await run.ask("0", "question")
    stage.platform.mend()
    await run.answer("niamh", ask, "undo")
    assert await run.result() == "completed"
    assert not stage.platform.held("lock", "@a:x")
    assert not stage.records.ledger.held(run.incident)


@pytest.mark.history("failure-record")
async def test_a_record_that_refuses_rows_loses_none(stage: Stage) -> None:
    stage.doubles.refusing = "the disk is full"
    run = await stage.launch(p.plan(p.task(), p.contain()))
    ask = await run.ask("0")
    view = await run.until(lambda view: any(row.kind == "notice.failed" for row in view.rows))
    assert view.recorded == 0
    stage.doubles.refusing = None
    await run.answer("niamh", ask, "done")
    await run.result()
    rows = run.rows()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [row.kind for row in rows].count("notice.failed") == 1


@pytest.mark.history("cancelled")
async def test_a_cancellation_from_outside_becomes_a_question(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain(), p.task()))
    await run.ask("1")
    await run.handle.cancel()
    ask = await run.ask("", "question")
    assert ask.words == "Someone asked the server to cancel this run. Nothing was cancelled; decide what is to happen"
    assert ask.choices == ("continue", "stop", "undo_all")
    await run.answer("niamh", ask, "continue")
    await run.answer("niamh", await run.ask("1"), "done")
    assert await run.result() == "completed"
    assert (await run.handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert stage.platform.held("lock", "@a:x")


@pytest.mark.history("cancelled-at-once")
async def test_a_cancellation_together_with_the_start(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.task()))
    await run.handle.cancel()
    await run.answer("niamh", await run.ask("", "question"), "undo_all")
    assert await run.result() == "undone"


async def test_a_cancellation_while_acts_are_under_way(stage: Stage) -> None:
    stage.platform.delay = 0.5
    run = await stage.launch(p.plan(p.contain()))
    await run.until(lambda view: "Acting" in view.next_act)
    await run.handle.cancel()
    await run.answer("niamh", await run.ask("", "question"), "undo_all")
    assert await run.result() == "undone"
    assert not stage.records.ledger.held(run.incident)


async def test_a_fault_of_ours_fails_the_task_and_a_mended_worker_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left in an asyncio task it would stop the run for ever, and nobody would see it."""
    from firedoor.run import notifying

    true = notifying.ended
    broken = asyncio.Event()

    def ended(*_: object, **__: object) -> None:
        broken.set()
        raise KeyError("a fault of ours")

    monkeypatch.setattr(notifying, "ended", ended)
    run = await stage.launch(p.plan(p.notify()), task_timeout=timedelta(seconds=1))
    await asyncio.wait_for(broken.wait(), 10)
    async with asyncio.timeout(30):
        while not any(
            event.HasField("workflow_task_failed_event_attributes")
            for event in (await run.handle.fetch_history()).events
        ):
            await asyncio.sleep(0.05)
    monkeypatch.setattr(notifying, "ended", true)
    assert await run.result(within=30) == "completed"
