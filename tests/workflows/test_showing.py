"""What people see: pages that the server carries, search attributes, and a review that is opened once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey

from firedoor import protocol
from firedoor.incidents import CutOff, Live, TemporalIncidents
from firedoor.plan import Review, ReviewTask
from firedoor.protocol import Row, Signed
from firedoor.records.timeline import AFTER_THE_RUN
from firedoor.run import core, recording
from firedoor.run.state import Act, State
from tests.workflows import plans as p
from tests.workflows.harness import Run, Stage, staged
from tests.workflows.test_reset import history, reset, tasks

LIMIT = 256 * 1024
REVIEW = Review(
    owner=p.COMMANDER, tasks=(ReviewTask(words=p.text("Write it up"), assign=p.CRT, due=p.due(24), at="x"),)
)


async def pages(run: Run) -> list[Row]:
    """All rows that the run still has, page by page."""
    rows: list[Row] = []
    since = 0
    for _ in range(100):
        view = await run.view(since)
        assert len(view.model_dump_json()) < LIMIT
        rows += view.rows
        if not view.more:
            return rows
        assert view.next_row > since, "a page moves on"
        since = view.next_row
    raise AssertionError("the pages do not end")


async def test_a_view_of_many_questions_and_long_rows_comes_in_pages(stage: Stage) -> None:
    accounts = [f"@an-account-with-a-rather-long-name-{n}:platform.example" for n in range(150)]
    many = p.for_each(p.ACCOUNTS, p.task(words=p.text("Look at " + "this account with great care " * 9)), at_once=150)
    run = await stage.launch(p.plan(many), inputs={"accounts": accounts})
    await run.until(lambda view: len(view.asks) > 50)
    for number in range(30):
        await run.command("ana", "note", reason=f"{number} " + 'a "quoted" word ' * 240)
    rows = await pages(run)
    assert [row.seq for row in rows] == list(range(rows[0].seq, rows[-1].seq + 1))
    assert "command.note" in [row.kind for row in rows]


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "RECENT_ROWS", 8)


@pytest.mark.usefixtures("few_rows")
async def test_the_live_view_keeps_the_latest_rows_and_the_record_has_all(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.task()))
    await run.ask("0")
    for number in range(20):
        await run.command("ana", "note", reason=str(number))
    await run.until(lambda view: view.recorded == view.rows[-1].seq)
    rows = run.rows()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [row.kind for row in rows].count("command.note") == 20
    assert await pages(run) == rows[-8:]


SEVERITY = SearchAttributeKey.for_keyword(protocol.SEARCH_SEVERITY)
PHASE = SearchAttributeKey.for_keyword(protocol.SEARCH_PHASE)
WAITING_ON = SearchAttributeKey.for_keyword(protocol.SEARCH_WAITING_ON)
NEXT_DUE = SearchAttributeKey.for_datetime(protocol.SEARCH_NEXT_DUE)


async def test_search_attributes(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.approve(p.POLICY, p.LEGAL)))
    ask = await run.ask("0")
    shown = (await run.handle.describe()).typed_search_attributes
    assert (shown.get(SEVERITY), shown.get(PHASE), shown.get(WAITING_ON)) == ("sev2", "responding", "policy, legal")
    due = shown.get(NEXT_DUE)
    assert due is not None
    assert ask.deadline is not None
    assert abs(due - ask.deadline) < timedelta(milliseconds=1)
    query = f'{protocol.SEARCH_WAITING_ON} = "policy, legal" AND WorkflowId = "{run.incident}"'
    for _ in range(100):
        if (await stage.client.count_workflows(query)).count == 1:
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError("the list does not show who is waited for")
    await run.answer("omar", ask, "approve")
    await run.answer("maria", ask, "approve")
    await run.result()
    shown = (await run.handle.describe()).typed_search_attributes
    assert (shown.get(SEVERITY), shown.get(PHASE)) == ("sev2", "closed")
    assert (shown.get(WAITING_ON), shown.get(NEXT_DUE)) == (None, None)


@pytest.mark.history("review")
async def test_the_review_opens_when_the_response_has_ended(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.notify(), review=REVIEW))
    await run.result()
    view = await run.review()
    assert [(item.words, item.assign, item.state) for item in view.items] == [("Write it up", "crt.on_shift", "open")]
    assert "review.opened" in run.kinds()
    handle = run.of_review().handle
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await run.of_review().answer("niamh", await run.item("task-1"), "done")
    await run.of_review().answer("boss", await run.item("task-1"), "verify")
    assert await handle.result() == 1
    assert (await run.review()).closed


async def test_a_review_says_what_was_left_contained_and_leaves_the_record_of_the_run_alone(stage: Stage) -> None:
    """What becomes of it is the run's question, so that no task of the review stays open when all is undone."""
    run = await stage.launch(p.plan(p.contain(), p.task(), review=REVIEW))
    await run.ask("1")
    await run.command("ana", "stop")
    await run.until(lambda view: view.review == "opened")
    review = await run.review()
    assert [item.id for item in review.items] == ["task-1"]
    assert "The response has left 2 contained; its run asks what becomes of that" in [row.words for row in review.rows]
    async with asyncio.timeout(30):
        while not any(row.seq > AFTER_THE_RUN for row in run.rows()):
            await asyncio.sleep(0.05)
        while (written := stage.records.incidents.get(run.incident)) is None or written.phase != "holding":
            await asyncio.sleep(0.05)
    await run.command("ana", "undo_all")
    assert await run.result() == "undone"
    assert [item.id for item in (await run.review()).items] == ["task-1"]


async def test_a_run_that_was_terminated_says_so_and_a_reset_brings_it_back(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain(), p.task()))
    await run.ask("1")
    await at_rest(run)
    incidents = TemporalIncidents(stage.client, task_queue=stage.queue)
    assert (await incidents.view(run.incident)).ended is None
    assert await incidents.ended([run.incident, "inc-nothing"]) == {}
    await stage.client.get_workflow_handle(run.incident).terminate()
    view = await incidents.view(run.incident)
    assert (view.ended, view.phase, len(view.holds)) == ("terminated", "responding", 2)
    assert await incidents.ended([run.incident]) == {run.incident: "terminated"}

    run.was_reset = True
    await reset(run, tasks(await history(run))[-1] + 1)
    assert (await incidents.view(run.incident)).ended is None
    assert await incidents.ended([run.incident]) == {}
    async with asyncio.timeout(30):
        while [live.ended for live in await _listed(incidents, run)] != [None]:
            await asyncio.sleep(0.1)
    await run.answer("niamh", await run.ask("1"), "done")
    assert await run.result() == "completed"
    assert await incidents.ended([run.incident]) == {run.incident: "closed"}


async def at_rest(run: Run) -> None:
    """Until nothing is under way: the last that happened was looked at by the run."""
    async with asyncio.timeout(30):
        while not (await history(run)).events[-1].HasField("workflow_task_completed_event_attributes"):
            await asyncio.sleep(0.05)


async def test_a_run_that_was_terminated_between_two_steps_says_that_it_cannot_be_shown(
    client: Client, tmp_path: Path
) -> None:
    """Its act has ended, and it was not told so: what would follow from that was never decided."""
    async with staged(client, tmp_path, works=False) as stage:
        incidents = TemporalIncidents(stage.client, task_queue=stage.queue)
        async with stage.worker(acts=False):
            run = await stage.launch(p.plan(p.contain(), p.task()))
            await run.until(lambda view: "Acting" in view.next_act)
        async with stage.worker(decides=False):
            async with asyncio.timeout(30):
                while not any(
                    e.HasField("activity_task_completed_event_attributes") for e in (await history(run)).events
                ):
                    await asyncio.sleep(0.05)
        await run.handle.terminate()
        async with stage.worker():
            with pytest.raises(CutOff, match="terminated in the middle of a step") as caught:
                await incidents.view(run.incident)
            assert caught.value.ended == "terminated"
            await reset(run, tasks(await history(run))[-1] + 1)
            await run.answer("niamh", await run.ask("1"), "done")
            assert await run.result() == "completed"


async def _listed(incidents: TemporalIncidents, run: Run) -> list[Live]:
    return [live for live in await incidents.listed(everything=True) if live.incident == run.incident]


async def test_a_review_that_someone_cancels_goes_on(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.notify(), review=REVIEW))
    await run.result()
    handle = run.of_review().handle
    await handle.cancel()
    await asyncio.sleep(0.3)
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    assert "review.cancel_asked" in [row.kind for row in (await run.review()).rows]
    await run.of_review().answer("niamh", await run.item("task-1"), "done")
    await run.of_review().answer("boss", await run.item("task-1"), "verify")
    assert await handle.result() == 1


def test_what_one_act_carries_to_the_record_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server refuses an order that is too large, and with it the run's whole next step."""
    monkeypatch.setattr(recording, "MOST_LOAD_BYTES", 2_000)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    rows = [Row(seq=seq, at=now, kind="note", words="x" * (seq * 300)) for seq in range(1, 9)]
    nobody = Signed(body="", key="", signature="")
    state = State(
        incident="i",
        launch=nobody,
        launcher="a",
        region="emea",
        aware_at=now,
        launched_at=now,
        now=now,
        pending=list(rows),
    )
    loads = []
    while state.carried < 8:
        load = recording.carry(state, Act(id="record", kind="record", path=""))
        loads.append([row.seq for row in load])
    assert loads == [[1, 2], [3], [4], [5], [6], [7], [8]]
