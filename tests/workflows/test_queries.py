"""Someone looks at a run just when a worker is replaced: what they see is true, and what they say does not break it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowQueryFailedError

from firedoor import protocol
from firedoor.incidents import NoAnswer, TemporalIncidents
from firedoor.plan import Review, ReviewTask
from tests.workflows import plans as p
from tests.workflows.harness import Run, Stage, staged

REVIEW = Review(
    owner=p.COMMANDER, tasks=(ReviewTask(words=p.text("Write it up"), assign=p.CRT, due=p.due(24), at="x"),)
)

Act = Callable[[], Awaitable[object]]


async def test_a_look_and_a_word_between_an_act_and_its_workflow_task(client: Client, tmp_path: Path) -> None:
    """The act ends while no worker decides. A view is asked for, and answered by the worker that comes, before its task:
    with what a replay could not repeat, if nobody minded it (workflows.torn)."""
    async with staged(client, tmp_path, works=False) as stage, stage.worker(decides=False):
        held = asyncio.Event()
        stage.doubles.gate = (asyncio.Event(), held)
        first = stage.worker(acts=False)
        deciding = asyncio.ensure_future(first.run())
        run = await stage.launch(p.plan(p.notify(), p.task()))
        await asyncio.wait_for(stage.doubles.gate[0].wait(), 10)
        await first.shutdown()
        await deciding

        incidents = TemporalIncidents(client, task_queue=stage.queue)
        looking = asyncio.ensure_future(incidents.view(run.incident))
        await asyncio.sleep(0.3)
        held.set()
        await until_scheduled(run)
        noting = asyncio.ensure_future(run.command("ana", "note", reason="It is on the news"))
        await asyncio.sleep(0.2)
        async with stage.worker(acts=False):
            assert (await looking).steps[0].state == "done"
            assert (await noting).says == "Noted."
            await run.answer("niamh", await run.ask("1"), "done")
            assert await run.result() == "completed"
        assert run.kinds().count("command.note") == 1


async def until_scheduled(run: Run) -> None:
    """The act has ended, and the workflow task for that waits for a worker."""
    for _ in range(200):
        (history,) = await run.stage.chain(run.incident)
        if history.events[-1].HasField("workflow_task_scheduled_event_attributes"):
            return
        await asyncio.sleep(0.03)
    raise AssertionError("no workflow task was scheduled")


async def test_the_same_with_a_review(client: Client, tmp_path: Path) -> None:
    """The notice fails, so its end is a row: one that stands where a replay puts it too, behind the word."""
    async with staged(client, tmp_path, works=False) as stage, stage.worker(decides=False):
        reached, held = asyncio.Event(), asyncio.Event()
        first = stage.worker(acts=False)
        deciding = asyncio.ensure_future(first.run())
        stage.doubles.gate_of_review = (reached, held)
        stage.doubles.failing = 1
        run = await stage.launch(p.plan(p.contain(), review=REVIEW))
        await asyncio.wait_for(reached.wait(), 10)
        await run.result()
        item = await run.item("task-1")
        await first.shutdown()
        await deciding

        review = run.of_review()
        incidents = TemporalIncidents(client, task_queue=stage.queue)
        looking = asyncio.ensure_future(incidents.review(run.incident))
        await asyncio.sleep(0.3)
        held.set()
        for _ in range(200):
            (history,) = await stage.chain(protocol.review_id(run.incident))
            if history.events[-1].HasField("workflow_task_scheduled_event_attributes"):
                break
            await asyncio.sleep(0.03)
        doing = asyncio.ensure_future(review.answer("niamh", item, "done"))
        await asyncio.sleep(0.2)
        async with stage.worker(acts=False):
            assert [item.id for item in (await looking).items] == ["task-1"]
            receipt = await doing
            assert "Someone else" in receipt.says
            told = await rows_of(incidents, run.incident)
        async with stage.worker(acts=False):
            assert (await rows_of(incidents, run.incident))[: len(told)] == told
            assert (receipt.row, "review.done") in told
            await review.answer("boss", await run.item("task-1"), "verify")
            assert await review.handle.result() == 1


async def rows_of(incidents: TemporalIncidents, incident: str) -> list[tuple[int, str]]:
    """Asked again while the server still waits for the worker that has left."""
    for _ in range(10):
        try:
            return [(row.seq, row.kind) for row in (await incidents.review(incident)).rows]
        except NoAnswer:
            continue
    raise AssertionError("the review does not answer")


async def test_a_question_that_is_not_open_has_no_document(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.task()))
    ask = await run.ask("0")
    assert '"question"' in await run.document(ask.id)
    with pytest.raises(WorkflowQueryFailedError, match="not open any more"):
        await run.document("task:7:1")
