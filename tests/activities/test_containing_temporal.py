"""Contain and release under the real server: its retries, its budget, its cancellations."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from firedoor.connectors.errors import Unavailable
from firedoor.embedded.temporal import TemporalServer
from firedoor.protocol import CONTAIN, RELEASE, ContainOrder, ContainReport, ReleaseOrder, ReleaseReport
from tests.activities.orders import Scene, contain, make_scene, release


@workflow.defn(name="OneAct")
class OneAct:
    """Runs one activity, and cancels it when it is told to."""

    def __init__(self) -> None:
        self._cancel = False

    @workflow.run
    async def run(self, order: ContainOrder, budget: float, beat: float) -> ContainReport:
        act = workflow.start_activity(
            CONTAIN,
            order,
            result_type=ContainReport,
            start_to_close_timeout=timedelta(seconds=30),
            schedule_to_close_timeout=timedelta(seconds=budget),
            heartbeat_timeout=timedelta(seconds=beat),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100)),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        await workflow.wait_condition(lambda: self._cancel or act.done())
        if self._cancel:
            act.cancel()
        report: ContainReport = await act
        return report

    @workflow.signal
    def stop(self) -> None:
        self._cancel = True


@workflow.defn(name="OneRelease")
class OneRelease:
    @workflow.run
    async def run(self, order: ReleaseOrder) -> ReleaseReport:
        report: ReleaseReport = await workflow.execute_activity(
            RELEASE, order, result_type=ReleaseReport, start_to_close_timeout=timedelta(seconds=30)
        )
        return report


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


@asynccontextmanager
async def working(server: TemporalServer, scene: Scene) -> AsyncIterator[tuple[Client, str]]:
    client = await Client.connect(server.address, data_converter=pydantic_data_converter)
    queue = f"acts-{uuid.uuid4()}"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[OneAct, OneRelease],
        activities=[scene.containing.contain, scene.containing.release],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        yield client, queue


async def start(
    client: Client, queue: str, order: ContainOrder, *, budget: float = 30, beat: float = 10
) -> WorkflowHandle[OneAct, ContainReport]:
    return await client.start_workflow(OneAct.run, args=[order, budget, beat], id=str(uuid.uuid4()), task_queue=queue)


async def test_only_those_that_are_left_are_tried_again(temporal_server: TemporalServer, scene: Scene) -> None:
    scene.platform.fail(Unavailable, target="@b:x", times=2, retry_after=timedelta(seconds=0.2))
    async with working(temporal_server, scene) as (client, queue):
        report = await (await start(client, queue, contain("@a:x", "@b:x", expires=600))).result()
        assert [outcome.state for outcome in report.outcomes] == ["applied", "applied"]
        assert scene.moments("@a:x") == ["apply"]
        assert scene.moments("@b:x") == ["apply"]
        undone = await client.execute_workflow(OneRelease.run, release(), id=str(uuid.uuid4()), task_queue=queue)
        assert {outcome.state for outcome in undone.outcomes} == {"undone"}


async def test_at_the_end_of_its_budget_it_reports(temporal_server: TemporalServer, scene: Scene) -> None:
    scene.platform.fail(Unavailable, target="@b:x", times=10_000)
    async with working(temporal_server, scene) as (client, queue):
        report = await (await start(client, queue, contain("@a:x", "@b:x"), budget=3)).result()
    assert [(outcome.state, outcome.error_type) for outcome in report.outcomes] == [
        ("applied", None),
        ("failed", "Unavailable"),
    ]


async def test_when_it_is_cancelled_it_says_what_became_of_each(temporal_server: TemporalServer, scene: Scene) -> None:
    scene.platform.delay, scene.platform.at_once = 0.3, 1
    async with working(temporal_server, scene) as (client, queue):
        handle = await start(client, queue, contain(*(f"@{number}:x" for number in range(40))), beat=1)
        await asyncio.sleep(0.5)
        await handle.signal(OneAct.stop)
        report = await handle.result()
    states = [outcome.state for outcome in report.outcomes]
    applied = states.count("applied")
    assert 1 <= applied < 40
    assert states == ["applied"] * applied + ["failed"] * (40 - applied)
    assert len(scene.platform.effects()) == applied


async def test_a_worker_that_stops_hands_over_to_the_next(temporal_server: TemporalServer, scene: Scene) -> None:
    scene.platform.delay, scene.platform.at_once = 0.3, 1
    client = await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)
    async with working(temporal_server, scene) as (_, queue):
        handle = await start(client, queue, contain(*(f"@{number}:x" for number in range(8))), beat=2)
        await asyncio.sleep(0.5)
    done = len(scene.platform.effects())
    assert 1 <= done < 8
    scene.platform.delay = 0
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[OneAct],
        activities=[scene.containing.contain],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        report = await handle.result()
    assert [outcome.state for outcome in report.outcomes] == ["applied"] * 8
    assert len(scene.platform.effects()) == 8
