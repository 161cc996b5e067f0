"""The engine as the front door addresses it: a real server, and a run that is no more than its messages."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio import workflow
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from firedoor import protocol
from firedoor.embedded.temporal import TemporalServer
from firedoor.incidents import (
    Closed,
    EngineBroken,
    NoAnswer,
    NoSuchIncident,
    NotPrepared,
    Refused,
    Stuck,
    TemporalIncidents,
    Trouble,
    Unreachable,
    connect,
    new_incident_id,
)
from firedoor.plan import Commander, Plan, Text, Who
from firedoor.plan.expression import Prose
from firedoor.plan.model import SeverityRule
from firedoor.protocol import Receipt, Signed

QUEUE = "incidents-test"


@workflow.defn(name=protocol.INCIDENT, sandboxed=False)
class Run:
    def __init__(self) -> None:
        self.heard = 0
        self.over = False

    @workflow.run
    async def run(self, packed: bytes, launch: Signed, state: None) -> None:
        await workflow.wait_condition(lambda: self.over)

    @workflow.update(name=protocol.ANSWER)
    def answer(self, word: Signed) -> Receipt:
        self.heard += 1
        self.over = word.body == "end"
        return Receipt(nonce=word.body, at=workflow.now(), says="counted", row=self.heard)

    @answer.validator
    def check(self, word: Signed) -> None:
        if word.body == "no":
            raise ApplicationError("You are not of Policy.", type="WrongPerson", non_retryable=True)

    @workflow.query(name=protocol.DOCUMENT)
    def document(self, ask: str) -> str:
        return f"{{{ask}}}"


def word(body: str) -> Signed:
    return Signed(body=body, key="k", signature="s")


@pytest.fixture
def plan() -> Plan:
    return Plan(
        playbook="takeover",
        version="1",
        owner="crt",
        title=Text(by_language={"*": Prose(of=("Takeover",))}),
        use_when="",
        at="takeover.yaml:1",
        languages=("en",),
        zones={},
        severity=(SeverityRule(severity="sev2"),),
        steps=(),
        commander=Commander(source=Who(kind="on_shift", name="crt"), answers_within=300),
    )


async def incidents_on(server: TemporalServer, patience: float = 10) -> TemporalIncidents:
    return TemporalIncidents(await connect(server.address), task_queue=QUEUE, patience=timedelta(seconds=patience))


@pytest.fixture
async def worker(temporal_server: TemporalServer) -> AsyncIterator[None]:
    client = await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)
    async with Worker(client, task_queue=QUEUE, workflows=[Run]):
        yield


async def trouble(told: type[Trouble], asking: object) -> str:
    with pytest.raises(told) as caught:
        await asking  # type: ignore[misc]
    return str(caught.value)


@pytest.mark.usefixtures("worker")
async def test_a_launch_starts_once_and_words_are_counted_once(temporal_server: TemporalServer, plan: Plan) -> None:
    incidents = await incidents_on(temporal_server)
    incident = new_incident_id()
    assert await incidents.launch(plan, incident, word("launch"))
    assert not await incidents.launch(plan, incident, word("launch"))
    first = await incidents.answer(incident, word("yes"), "n1")
    again = await incidents.answer(incident, word("yes"), "n1")
    assert first == again
    assert await incidents.document(incident, "ask") == "{ask}"
    (live,) = [live for live in await incidents.listed() if live.incident == incident]
    assert (live.playbook, live.phase, live.ended) == ("takeover", "responding", None)
    health = await incidents.health()
    assert (health.server, health.worker) == (True, True)


@pytest.mark.usefixtures("worker")
async def test_a_refusal_is_told_in_the_validators_words(temporal_server: TemporalServer, plan: Plan) -> None:
    incidents = await incidents_on(temporal_server)
    incident = new_incident_id()
    await incidents.launch(plan, incident, word("launch"))
    with pytest.raises(Refused) as caught:
        await incidents.answer(incident, word("no"), "n1")
    assert (caught.value.says, caught.value.why) == ("You are not of Policy.", "WrongPerson")


@pytest.mark.usefixtures("worker")
async def test_what_has_ended_takes_no_words_and_is_not_launched_again(
    temporal_server: TemporalServer, plan: Plan
) -> None:
    incidents = await incidents_on(temporal_server)
    incident = new_incident_id()
    await incidents.launch(plan, incident, word("launch"))
    await incidents.answer(incident, word("end"), "n1")
    assert "takes no more words" in await trouble(Closed, incidents.answer(incident, word("yes"), "n2"))
    assert not await incidents.launch(plan, incident, word("launch"))
    assert incident not in [live.incident for live in await incidents.listed()]


async def test_an_unknown_incident(temporal_server: TemporalServer) -> None:
    incidents = await incidents_on(temporal_server)
    assert "inc-nothing" in await trouble(NoSuchIncident, incidents.view("inc-nothing"))
    await trouble(NoSuchIncident, incidents.answer("inc-nothing", word("yes"), "n"))


async def test_without_a_worker_a_words_fate_is_told_truly(tmp_path: Path, plan: Plan) -> None:
    async with TemporalServer(tmp_path, sync="1") as server:
        incidents = await incidents_on(server, patience=1)
        incident = new_incident_id()
        await incidents.launch(plan, incident, word("launch"))
        told = await trouble(NoAnswer, incidents.answer(incident, word("yes"), "n1"))
        assert "No worker is running" in told
        assert "may still be counted" in told
        assert "No worker" in await trouble(NoAnswer, incidents.document(incident, "ask"))
        health = await incidents.health()
        assert (health.server, health.worker) == (True, False)

        client = await Client.connect(server.address, data_converter=pydantic_data_converter)
        async with Worker(client, task_queue=QUEUE, workflows=[Run]):
            receipt = await (await incidents_on(server)).answer(incident, word("yes"), "n1")
        assert receipt.row == 1, "the same word was counted twice"


async def test_a_server_that_is_down_hung_and_back(tmp_path: Path, plan: Plan) -> None:
    server = TemporalServer(tmp_path, sync="1")
    await server.start()
    incidents = await incidents_on(server, patience=1)
    incident = new_incident_id()
    await incidents.launch(plan, incident, word("launch"))

    os.kill(server.pid, signal.SIGSTOP)
    assert "may still be counted" in await trouble(NoAnswer, incidents.answer(incident, word("yes"), "n1"))
    await trouble(Unreachable, incidents.listed())
    os.kill(server.pid, signal.SIGCONT)

    await server.stop()
    assert "may still be counted" in await trouble(NoAnswer, incidents.launch(plan, new_incident_id(), word("launch")))
    assert "may still be counted" in await trouble(NoAnswer, incidents.answer(incident, word("yes"), "n1"))
    assert not (await incidents.health()).server

    await server.start()
    assert [live.incident for live in await (await incidents_on(server)).listed()] == [incident]
    await server.stop()


async def test_a_client_that_never_saw_a_server() -> None:
    incidents = TemporalIncidents(await connect("127.0.0.1:1"))
    await trouble(Unreachable, incidents.answer("inc-a", word("yes"), "n"))
    assert not (await incidents.health()).server


def test_ids_are_opaque() -> None:
    assert new_incident_id() != new_incident_id()
    assert len(new_incident_id()) == len("inc-") + 10


@workflow.defn(name=protocol.INCIDENT, sandboxed=False)
class SomebodyElses:
    @workflow.run
    async def run(self, packed: bytes, launch: Signed, state: None) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query(name=protocol.VIEW)
    def view(self, since: int) -> dict[str, str]:
        return {"title": "Approve this"}


async def test_what_is_no_run_of_ours_is_told_as_that(temporal_server: TemporalServer, plan: Plan) -> None:
    client = await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)
    incidents = await incidents_on(temporal_server)
    incident = new_incident_id()
    async with Worker(client, task_queue=QUEUE, workflows=[SomebodyElses]):
        await incidents.launch(plan, incident, word("launch"))
        assert "no run of ours" in await trouble(EngineBroken, incidents.view(incident))


@workflow.defn(name=protocol.INCIDENT, sandboxed=False)
class Failing:
    """A run after a change of code that it cannot be replayed with."""

    @workflow.run
    async def run(self, packed: bytes, launch: Signed, state: None) -> None:
        raise KeyError("step")

    @workflow.update(name=protocol.ANSWER)
    def answer(self, word: Signed) -> Receipt:
        raise AssertionError("nobody gets so far")

    @workflow.query(name=protocol.VIEW)
    def view(self, since: int) -> dict[str, str]:
        raise AssertionError("nobody gets so far")


async def test_a_run_whose_code_fails_at_every_try_is_stuck(temporal_server: TemporalServer, plan: Plan) -> None:
    client = await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)
    queue = "incidents-stuck"
    incidents = TemporalIncidents(
        await connect(temporal_server.address), task_queue=queue, patience=timedelta(seconds=2)
    )
    incident, sound = new_incident_id(), new_incident_id()
    await incidents.launch(plan, incident, word("launch"))
    async with Worker(client, task_queue=queue, workflows=[Failing]):
        async with asyncio.timeout(60):
            while await incidents.stuck([incident, sound]) != {incident}:
                await asyncio.sleep(0.2)
        for asked, fate in (
            (incidents.view(incident), ""),
            (incidents.answer(incident, word("yes"), "n1"), "Send the same again"),
        ):
            told = await trouble(Stuck, asked)
            assert f"{incident} is stuck: its code cannot go on. What is contained stays contained" in told
            assert "Call the operator: restart the worker with the right version" in told
            assert fate in told
    await client.get_workflow_handle(incident).terminate()
    assert await incidents.stuck([incident, "inc-nothing"]) == frozenset()


async def test_a_server_without_our_search_attributes(temporal_server: TemporalServer, plan: Plan) -> None:
    client = await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)
    namespace = "bare"
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=Duration(seconds=86_400))
    )
    incidents = TemporalIncidents(await connect(temporal_server.address, namespace=namespace), task_queue=QUEUE)
    async with asyncio.timeout(60):  # a new namespace is known to all parts of the server after a while
        while "bare is not found" in (told := await trouble(Trouble, incidents.launch(plan, "inc-a", word("launch")))):
            await asyncio.sleep(0.5)
    assert "namespace bare lacks Firedoor's search attributes" in told
    assert "temporal operator search-attribute create --namespace bare --name FiredoorPlaybook --type Keyword" in told
    assert "--name FiredoorNextDue --type Datetime" in told

    await incidents.prepare()
    await incidents.prepare()
    async with asyncio.timeout(60):
        while True:
            try:
                assert await incidents.launch(plan, "inc-a", word("launch"))
                break
            except NotPrepared:
                await asyncio.sleep(0.5)
