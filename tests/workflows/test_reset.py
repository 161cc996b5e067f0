"""`temporal workflow reset`: a run tells its story anew from an early event. What it did stays done, and once.

The server sends again what people had said since. A word counts again where its question is open at that moment and its
time is not over; else it is refused as any other word would be, and the question is put again. Nothing fails open.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus, WorkflowHistory

from firedoor.embedded.temporal import find_binary
from firedoor.plan import Review, ReviewTask
from firedoor.protocol import Row
from firedoor.records import report
from firedoor.records.timeline import identity
from tests.workflows import plans as p
from tests.workflows.harness import Run, Stage

REVIEW = Review(
    owner=p.COMMANDER, tasks=(ReviewTask(words=p.text("Write it up"), assign=p.CRT, due=p.due(24), at="x"),)
)


async def reset(run: Run, to: int) -> None:
    """To the workflow task that ends with the event `to`; what people said after that is applied again."""
    run.was_reset = True
    await run.stage.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=run.stage.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run.incident, run_id=run.first),
            reason="a fault of ours was mended",
            workflow_task_finish_event_id=to,
            request_id=uuid4().hex,
        )
    )


async def history(run: Run) -> WorkflowHistory:
    (found,) = await run.stage.chain(run.incident)
    return found


def tasks(of: WorkflowHistory) -> list[int]:
    """Where workflow tasks began: the points to which a run can be reset."""
    return [e.event_id for e in of.events if e.HasField("workflow_task_started_event_attributes")]


def before_the_first_word(of: WorkflowHistory) -> int:
    """The last such point before anyone was heard, when what was answered had been asked.

    A point before that is another case (`test_before_the_question`): the words are sent again before there is a question.
    """
    heard = next(e.event_id for e in of.events if e.HasField("workflow_execution_update_accepted_event_attributes"))
    asked = notified(of, "1")
    return next(event + 1 for event in reversed(tasks(of)) if asked < event and event + 1 < heard)


def notified(of: WorkflowHistory, step: str) -> int:
    """Where the notice about the question of this step was sent, which goes with the question."""
    return next(
        event.event_id
        for event in of.events
        if event.activity_task_scheduled_event_attributes.activity_id.startswith(f"notify:{step}:")
    )


def effects(run: Run) -> Counter[tuple[str, str, str | None]]:
    return Counter((effect.moment, effect.call, effect.target) for effect in run.stage.platform.effects())


def check_record(run: Run) -> list[Row]:
    rows = run.rows()
    assert len({row.seq for row in rows}) == len(rows)
    assert max(Counter(identity(row) for row in rows).values()) == 1, "each thing is told once"
    assert report.gaps(run.stage.records.timeline.told(run.incident)) == ()
    return rows


PLAN = p.plan(p.contain(), p.approve(p.POLICY, p.LEGAL), p.undo("0"), p.task(), review=REVIEW)
ONCE = {(moment, "lock", target): 1 for moment in ("apply", "restore") for target in ("@a:x", "@b:x")}


async def test_old_approvals_are_applied_again_without_a_second_effect(stage: Stage) -> None:
    run = await stage.launch(PLAN)
    ask = await run.ask("1")
    await run.until(lambda view: view.recorded == view.rows[-1].seq)
    receipts = [await run.answer(person, ask, "approve") for person in ("omar", "maria")]
    await run.ask("3")
    told = {identity(row) for row in run.rows()}
    at = {identity(row): row.at for row in run.rows()}

    await reset(run, before_the_first_word(await history(run)))
    last = await run.ask("3")
    assert effects(run) == ONCE
    view = await run.until(lambda view: view.recorded == view.rows[-1].seq)
    signed = [row for row in view.rows if row.kind == "approval.signed"]
    assert [row.by for row in signed] == ["omar", "maria"]
    assert [row.data["nonce"] for row in signed] == [receipt.nonce for receipt in receipts]

    await run.answer("niamh", last, "done")
    assert await run.result() == "completed"
    assert effects(run) == ONCE
    rows = check_record(run)
    assert told <= {identity(row) for row in rows}, "what was told before stays"
    assert all(row.at == at[identity(row)] for row in rows if identity(row) in at)
    kinds = Counter(row.kind for row in rows)
    assert (kinds["approval.signed"], kinds["task.done"], kinds["hold.applied"], kinds["hold.undone"]) == (2, 1, 1, 1)
    assert not stage.records.ledger.held(run.incident)


async def test_before_the_question(stage: Stage) -> None:
    """The words come again in the task in which the question would be put, and are refused: it is asked anew. What was
    contained stays, nothing is undone by a word that does not count, and the record keeps what was said."""
    run = await stage.launch(PLAN)
    ask = await run.ask("1")
    for person in ("omar", "maria"):
        await run.answer(person, ask, "approve")
    await run.ask("3")
    of = await history(run)
    asked = notified(of, "1")
    await reset(run, next(event + 1 for event in reversed(tasks(of)) if event < asked))
    again = await run.ask("1")
    assert again.document == ask.document
    assert not any(seat.signed_by for seat in again.seats)
    for person in ("omar", "maria"):
        await run.answer(person, again, "approve")
    await run.answer("niamh", await run.ask("3"), "done")
    assert await run.result() == "completed"
    assert effects(run) == ONCE
    check_record(run)


async def test_to_the_very_beginning(stage: Stage) -> None:
    """What was contained is found contained. What was signed is asked for again: the word was for that question then."""
    run = await stage.launch(p.plan(p.contain(), p.approve(p.POLICY, p.LEGAL), p.task()))
    ask = await run.ask("1")
    await run.answer("omar", ask, "approve")
    await run.answer("maria", ask, "approve")
    await run.ask("2")
    await reset(run, tasks(await history(run))[0] + 1)
    await run.until(lambda view: any(ask.step == "1" for ask in view.asks) or any(ask.step == "2" for ask in view.asks))
    assert {hold.state for hold in (await run.view()).holds} == {"applied"}
    for ask in (await run.view()).asks:
        if ask.step == "1":
            await run.answer("omar", ask, "approve")
            await run.answer("maria", ask, "approve")
    await run.answer("niamh", await run.ask("2"), "done")
    assert await run.result() == "completed"
    assert set(effects(run).values()) == {1}
    assert [entry.number for entry in stage.records.ledger.of_incident(run.incident)] == [1, 1]
    check_record(run)


async def test_what_was_undone_since_is_not_contained_again_by_itself(stage: Stage) -> None:
    """The ledger knows better than the run: it was let go, and a person decides whether that is to be changed."""
    run = await stage.launch(p.plan(p.contain(), p.undo("0"), p.task()))
    await run.ask("2")
    await reset(run, tasks(await history(run))[0] + 1)
    ask = await run.ask("0", "question")
    assert ask.words.endswith("it was let go since; contain it again?")
    assert effects(run) == ONCE
    await run.answer("niamh", ask, "retry")
    await run.answer("niamh", await run.ask("2"), "done")
    assert await run.result() == "completed"
    assert set(effects(run).values()) == {2}, "contained once more by a person's word, and let go again by the plan"
    assert not stage.records.ledger.held(run.incident)
    check_record(run)


async def test_a_reset_while_an_act_is_in_flight(stage: Stage) -> None:
    """Two attempts at the same entries, of the old run and of the new one: one number each, and one effect."""
    stage.platform.delay = 1.0
    run = await stage.launch(p.plan(p.contain(), p.task()))
    await run.until(lambda view: "Acting" in view.next_act)
    await asyncio.sleep(0.3)
    await reset(run, tasks(await history(run))[0] + 1)
    await run.answer("niamh", await run.ask("1"), "done")
    assert await run.result() == "completed"
    assert effects(run) == {("apply", "lock", "@a:x"): 1, ("apply", "lock", "@b:x"): 1}
    check_record(run)


async def test_a_closed_run_that_is_reset_opens_no_second_review(stage: Stage) -> None:
    run = await stage.launch(PLAN)
    ask = await run.ask("1")
    for person in ("omar", "maria"):
        await run.answer(person, ask, "approve")
    await run.answer("niamh", await run.ask("3"), "done")
    await run.result()
    review = run.of_review().handle
    first = (await review.describe()).run_id
    await run.of_review().answer("niamh", await run.item("task-1"), "done")
    await run.of_review().answer("boss", await run.item("task-1"), "verify")
    await review.result()

    written = stage.records.incidents.get(run.incident)
    assert written is not None
    assert written.phase == "closed"

    await reset(run, before_the_first_word(await history(run)))
    ask = await run.ask("3")
    async with asyncio.timeout(30):
        while (written := stage.records.incidents.get(run.incident)) and written.phase != "responding":
            await asyncio.sleep(0.05)
    await run.answer("niamh", ask, "done")
    assert await run.result() == "completed"
    assert written is not None
    assert (await review.describe()).run_id == first
    assert (await review.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert effects(run) == ONCE
    rows = check_record(run)
    kinds = Counter(row.kind for row in rows)
    assert (kinds["review.opened"], kinds["review.task"], kinds["run.closed"]) == (1, 1, 1)


async def test_a_reset_through_the_command_line(stage: Stage, tmp_path: Path) -> None:
    """As an operator does it."""
    run = await stage.launch(p.plan(p.contain(), p.task()))
    await run.ask("1")
    run.was_reset = True
    binary = await find_binary(tmp_path)
    target = run.stage.client.service_client.config.target_host
    words = ["workflow", "reset", "--workflow-id", run.incident, "--type", "FirstWorkflowTask", "--reason", "mended"]
    process = await asyncio.create_subprocess_exec(binary, *words, "--address", target)
    assert await process.wait() == 0
    await run.answer("niamh", await run.ask("1"), "done")
    assert await run.result() == "completed"
    assert set(effects(run).values()) == {1}
    check_record(run)
