"""The codec on the real server: what is given comes back, and nothing of it can be found in what the server keeps."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from firedoor.embedded.temporal import TemporalServer
from firedoor.payloads import PayloadKeys, SealingCodec, sealing_converter
from firedoor.payloads.codec import NotSealed

CANARY = "canary-c7d1"


async def test_a_payload_comes_back_whole_with_its_metadata() -> None:
    codec = SealingCodec(PayloadKeys.new())
    plain = Payload(metadata={"encoding": b"json/plain", "messageType": b"x"}, data=b'"words"')
    (sealed,) = await codec.encode([plain])
    assert b"words" not in sealed.SerializeToString()
    assert b"json/plain" not in sealed.SerializeToString()
    assert await codec.decode([sealed, plain]) == [plain, plain]


async def test_what_was_altered_on_its_way_is_refused() -> None:
    codec = SealingCodec(PayloadKeys.new())
    (sealed,) = await codec.encode([Payload(data=b"words")])
    sealed.data = sealed.data[:-1] + bytes([sealed.data[-1] ^ 1])
    with pytest.raises(NotSealed, match="altered"):
        await codec.decode([sealed])


@activity.defn
async def fails(words: str) -> str:
    activity.heartbeat(f"{words} beats")
    raise ApplicationError(f"{words} failed", f"{words} detail", non_retryable=True)


@workflow.defn
class Speaks:
    @workflow.init
    def __init__(self, words: str) -> None:
        self.heard: list[str] = []
        self.over = False

    @workflow.run
    async def run(self, words: str) -> list[str]:
        await workflow.wait_condition(lambda: self.over)
        try:
            await workflow.execute_activity(
                fails,
                words,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=RetryPolicy(maximum_attempts=1),
                summary=f"{words} summary",
            )
        except ActivityError as error:
            raise ApplicationError(f"{words} over", str(error.cause), non_retryable=True) from error
        return self.heard

    @workflow.update
    async def say(self, words: str) -> str:
        self.heard.append(words)
        self.over = words.endswith("end")
        return f"{words} heard"

    @workflow.query
    def all(self) -> list[str]:
        return self.heard


async def test_nothing_that_was_given_is_in_the_servers_files(tmp_path: Path) -> None:
    keys = PayloadKeys.new()
    async with TemporalServer(tmp_path / "temporal") as server:
        client = await Client.connect(server.address, data_converter=sealing_converter(keys))
        async with Worker(
            client,
            task_queue="canary",
            workflows=[Speaks],
            activities=[fails],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            handle = await client.start_workflow(
                Speaks.run,
                f"{CANARY} input",
                id="opaque",
                task_queue="canary",
                memo={"title": f"{CANARY} memo"},
                static_summary=f"{CANARY} static",
            )
            assert await handle.execute_update(Speaks.say, f"{CANARY} word") == f"{CANARY} word heard"
            await handle.execute_update(Speaks.say, f"{CANARY} end")
            with pytest.raises(WorkflowFailureError) as failed:
                await handle.result()
            assert str(failed.value.cause) == f"{CANARY} input over"
            plain = await Client.connect(server.address)
            history = await plain.get_workflow_handle("opaque").fetch_history()
            assert CANARY not in history.to_json()
    kept = [path for path in (tmp_path / "temporal").rglob("*") if path.is_file()]
    assert kept
    assert [path.name for path in kept if CANARY.encode() in path.read_bytes()] == []


async def test_a_worker_without_the_key_stands_still_and_goes_on_when_it_is_back(
    temporal_server: TemporalServer,
) -> None:
    keys = PayloadKeys.new()
    client = await Client.connect(temporal_server.address, data_converter=sealing_converter(keys))
    other = await Client.connect(temporal_server.address, data_converter=sealing_converter(PayloadKeys.new()))

    def worker(connected: Client) -> Worker:
        return Worker(
            connected,
            task_queue="canary-keys",
            workflows=[Speaks],
            activities=[fails],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )

    handle = await client.start_workflow(Speaks.run, "input", id="waits-for-its-key", task_queue="canary-keys")
    async with worker(other):
        for _ in range(600):
            found = await handle.describe()
            if found.raw_description.pending_workflow_task.attempt > 1:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the worker without the key tried only once")
    async with worker(client):
        await handle.execute_update(Speaks.say, "word")
        assert await handle.query(Speaks.all) == ["word"]
    await handle.terminate()
