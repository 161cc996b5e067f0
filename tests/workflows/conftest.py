"""Stages for runs: in real time, and with time that is skipped."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from firedoor.embedded.temporal import TemporalServer
from firedoor.rehearsal.clock import Skipper
from tests.fixtures.servers import REHEARSAL_NAMESPACE
from tests.workflows.harness import Stage, staged


@pytest.fixture
async def client(temporal_server: TemporalServer) -> Client:
    return await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)


@pytest.fixture
async def stage(client: Client, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(client, tmp_path) as stage:
        yield stage


@pytest.fixture
async def skipping(temporal_time_skipping: TemporalServer, tmp_path: Path) -> AsyncIterator[Stage]:
    """Runs on this stage stand still in time, and are forwarded."""
    client = await Client.connect(
        temporal_time_skipping.address, namespace=REHEARSAL_NAMESPACE, data_converter=pydantic_data_converter
    )
    async with staged(client, tmp_path, skipper=Skipper(client)) as stage:
        yield stage
