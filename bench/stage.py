"""The stage: the embedded server, a worker for each side, and the load that both get in turns."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.by_hand import ASK
from bench.job import CONTAINS, PLAYBOOK, SIDES, WORKFLOWS, Side, Words, read_book
from bench.measures import Measured
from bench.worker import READY
from firedoor import protocol
from firedoor.embedded.temporal import TemporalServer
from firedoor.incidents import seen
from firedoor.installation import Installation
from firedoor.plan import Plan
from firedoor.protocol import Receipt, Signed
from firedoor.records.all import Records, open_records
from firedoor.records.ledger import EntryState
from firedoor.records.plans import Incident

SETTLE = 0.4
"""Seconds after the last run in which the server tidies up; its CPU is still that side's."""

READS = 0.25
"""Seconds that a person takes from the announcement to the signature, so that the announcement is over by then."""

PATIENCE = 120.0
"""Seconds that a round may take before it is given up."""

PLAYBOOK_KEY = SearchAttributeKey.for_keyword(protocol.SEARCH_PLAYBOOK)
PHASE_KEY = SearchAttributeKey.for_keyword(protocol.SEARCH_PHASE)


@dataclass
class Lane:
    """One side: its worker, its records, and who waits to hear of an ask."""

    side: Side
    queue: str
    process: Process
    records: Records
    words: Words
    asked: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ready = self.expect(READY)

    async def listen(self) -> None:
        """Hear the pager until the worker ends; then nobody waits in vain."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self._heard(line.decode().strip())
        for waiting in self.asked.values():
            if not waiting.done():
                waiting.set_exception(RuntimeError(f"the worker of the side {self.side} has ended"))

    def _heard(self, said: str) -> None:
        waiting = self.asked.get(said)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def expect(self, said: str) -> asyncio.Future[None]:
        future = self.asked[said] = asyncio.get_running_loop().create_future()
        return future


@dataclass
class Stage:
    server: TemporalServer
    client: Client
    lanes: dict[Side, Lane]
    histories: dict[Side, list[WorkflowHistory]] = field(default_factory=dict)
    """Of each side, those of the last round."""

    async def round(self, side: Side, runs: int) -> Measured:
        """`runs` of the side at once, from start to end. Raises where one of them did not do the job."""
        lane = self.lanes[side]
        launches = self._write_down(lane, runs)
        worker, server = psutil.Process(lane.process.pid), psutil.Process(self.server.pid)
        worker_before, server_before = _cpu(worker), _cpu(server)
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(self._run(lane, incident, launch) for incident, launch in launches.items()))
        seconds = time.perf_counter() - began
        await asyncio.sleep(SETTLE)
        worker_cpu, server_cpu = _cpu(worker) - worker_before, _cpu(server) - server_before
        sizes = [await self._size(incident) for incident in launches]
        self.histories[side] = [await self.client.get_workflow_handle(one).fetch_history() for one in launches]
        for incident in launches:
            _check_done(lane, incident)
        return Measured(
            events=sum(events for events, _ in sizes) / runs,
            history_bytes=sum(size for _, size in sizes) / runs,
            runs_per_second=runs / seconds,
            worker_cpu_ms=1000 * worker_cpu / runs,
            server_cpu_ms=1000 * server_cpu / runs,
            seconds=seconds,
        )

    def _write_down(self, lane: Lane, runs: int) -> dict[str, Signed]:
        """What the front door does before it starts a run."""
        launches: dict[str, Signed] = {}
        for _ in range(runs):
            incident = f"inc-{uuid4().hex[:10]}"
            launch = launches[incident] = lane.words.launch(incident)
            line = Incident(
                incident=incident,
                playbook=PLAYBOOK,
                title="",
                plan=lane.words.plan.digest,
                launch=launch,
                launched_by="ana",
                launched_at=datetime.now(UTC),
            )
            lane.records.incidents.launched(line)
        return launches

    async def _run(self, lane: Lane, incident: str, launch: Signed) -> None:
        """Launch, sign when the pager says so, and see it end."""
        asked = lane.expect(incident)
        attributes = [SearchAttributePair(PLAYBOOK_KEY, PLAYBOOK), SearchAttributePair(PHASE_KEY, "responding")]
        handle: WorkflowHandle[Any, Any] = await self.client.start_workflow(
            WORKFLOWS[lane.side],
            args=lane.words.arguments(lane.side, launch),
            id=incident,
            task_queue=lane.queue,
            result_type=str,
            search_attributes=TypedSearchAttributes(attributes),
        )
        await asked
        await asyncio.sleep(READS)
        document = await seen(lambda: handle.query(protocol.DOCUMENT, ASK, result_type=str))
        word, nonce = lane.words.approve(incident, ASK, document)
        await handle.execute_update(protocol.ANSWER, word, id=nonce, result_type=Receipt)
        ended = await handle.result()
        if ended != "completed":
            raise RuntimeError(f"{incident} ({lane.side}) ended as {ended}")

    async def _size(self, incident: str) -> tuple[int, int]:
        """Events, and bytes of history, as the server counts them."""
        info = (await self.client.get_workflow_handle(incident).describe()).raw_description.workflow_execution_info
        return info.history_length, info.history_size_bytes


def _check_done(lane: Lane, incident: str) -> None:
    """Raises where the records of a run do not hold what it was to do."""
    entries = lane.records.ledger.of_incident(incident)
    applied = sum(entry.state is EntryState.APPLIED for entry in entries)
    rows = lane.records.timeline.read(incident)
    if applied != CONTAINS or not rows or rows[-1].kind != "run.closed":
        raise RuntimeError(f"{incident} ({lane.side}) contained {applied} of {CONTAINS}, and recorded {len(rows)} rows")


def _cpu(process: psutil.Process) -> float:
    """Seconds of CPU, user and system, of a process and its children."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(float(one.user + one.system) for one in times)


@asynccontextmanager
async def staged(sides: Iterable[Side] = SIDES) -> AsyncIterator[Stage]:
    """A server with an empty database, and a worker for each side, warmed up. Leaves nothing behind."""
    plan = read_book().plans[PLAYBOOK]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firedoor-bench-")))
        server = await stack.enter_async_context(TemporalServer(folder / "temporal", sync="1"))
        client = await Client.connect(server.address, data_converter=pydantic_data_converter)
        stage = Stage(server, client, {})
        for side in sides:
            stage.lanes[side] = await stack.enter_async_context(_lane(side, server.address, folder, plan))
        async with asyncio.timeout(60):
            await asyncio.gather(*(lane.ready for lane in stage.lanes.values()))
        await asyncio.gather(*(stage.round(side, 2) for side in stage.lanes))
        yield stage


@asynccontextmanager
async def _lane(side: Side, address: str, folder: Path, plan: Plan) -> AsyncIterator[Lane]:
    """An installation for one side, and its worker."""
    queue = f"bench-{side.replace(' ', '-')}"
    installation = Installation(folder / queue)
    installation.prepare()
    words = Words(plan, installation.open_keys())
    (installation.folder / "connectors.toml").write_text('[memory]\nkind = "memory"\n')
    records = open_records(installation.database_url)
    records.plans.keep(plan)
    command = (sys.executable, "-m", "bench.worker", side, address, queue, str(installation.folder))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=Path(__file__).parents[1])
    lane = Lane(side, queue, process, records, words)
    listening = asyncio.create_task(lane.listen())
    try:
        yield lane
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await listening
        records.close()
