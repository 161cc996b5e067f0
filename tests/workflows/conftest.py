"""Stages for runs: in real time, and with time that is skipped."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from firedoor.embedded.temporal import TemporalServer
from firedoor.rehearsal.clock import Skipper
from tests.fixtures.servers import REHEARSAL_NAMESPACE
from tests.workflows import histories
from tests.workflows.harness import Stage, staged


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "history(name): its runs are kept under tests/workflows/histories")


@pytest.fixture
async def client(temporal_server: TemporalServer) -> Client:
    return await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)


@pytest.fixture
async def stage(client: Client, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with staged(client, tmp_path) as stage:
        yield stage
        await keep(stage, request)


@pytest.fixture
async def skipping(
    temporal_time_skipping: TemporalServer, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    """Runs on this stage are forwarded: hours pass at once."""
    client = await Client.connect(
        temporal_time_skipping.address, namespace=REHEARSAL_NAMESPACE, data_converter=pydantic_data_converter
    )
    async with staged(client, tmp_path, skipper=Skipper(client)) as stage:
        yield stage
        await keep(stage, request)


async def keep(stage: Stage, request: pytest.FixtureRequest) -> None:
    mark = request.node.get_closest_marker("history")
    if mark is not None and histories.RECORDING:
        histories.save(mark.args[0], await stage.histories())
