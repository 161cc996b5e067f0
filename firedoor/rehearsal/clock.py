"""Skipped time on the real server, run by run. All that is known of the server's experimental API stands here.

A run that is started through `Skipper.client` can be forwarded; in between, it goes in real time. The server must have
been started with `TemporalServer(time_skipping=True)`. Close times lie in the future, so use a namespace of its own.

What the server does, as tried on 1.32: an activity that runs, and a child that is being started, hold the skip up
until they end; so does a workflow task, and a child that runs, though it was abandoned. The pause before an activity's next attempt is skipped. A child inherits its
parent's clock when it starts, and is forwarded by its own handle. After `MOST_SKIPS` skips a forward stops in silence,
and each timer is a skip; so bound what polls. Continue-as-new loses the offset by hours or days: a rehearsal must not
cross. A clock goes forward only; one that is to begin later is delayed, and forwarded over the delay.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState, WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from typing_extensions import override

MOST_SKIPS: Final = 5_000
FIRST_TASK: Final = 4
"""Events of a run that has begun: started, and its first task scheduled, started and completed."""
LOOKED_AFTER: Final = 0.25
"""Seconds until the first look at what may hold a forward up."""
FIRST_LOOK: Final = 0.02
MOST_BETWEEN_LOOKS: Final = 0.2
"""Seconds between two looks whether a run has come to rest: each costs the server as much as a small step."""


class NotQuiet(RuntimeError):
    """The run does not come to rest."""


class Skipper:
    """`client` stamps every workflow that it starts; the client that was given stays as it is.

    With `begins`, the workflows that it starts begin at that moment, which must not have passed: forward them to it.
    """

    def __init__(self, client: Client, *, begins: datetime | None = None) -> None:
        if begins is not None:
            config = client.config()
            config["interceptors"] = [*config["interceptors"], _Later(begins)]
            client = Client(**config)
        self._skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False, max_session_skip_count=MOST_SKIPS))

    @property
    def client(self) -> Client:
        return self._skipper.client

    async def now(self, handle: WorkflowHandle[Any, Any]) -> datetime:
        """The workflow's own time."""
        return _time_of(await self._look(handle))

    async def forward(self, handle: WorkflowHandle[Any, Any], length: timedelta) -> bool:
        """Let `length` pass at once, with all that becomes due in it. False where the workflow ended before."""
        try:
            return await self._skipper.fast_forward(handle, length)
        except RPCError:
            if _runs(await self._look(handle)):
                raise
            return False

    async def until(self, handle: WorkflowHandle[Any, Any], moment: datetime) -> bool:
        """Forward to a moment; nothing where it has passed already. False where the workflow ended before."""
        left = moment - await self.now(handle)
        return left <= timedelta() or await self.forward(handle, left)

    async def alone(self, handle: WorkflowHandle[Any, Any], moment: datetime) -> bool:
        """The same, and its children are ended: one that goes on, such as the review, would hold up its clock."""
        forward = asyncio.ensure_future(self.until(handle, moment))
        pause = LOOKED_AFTER
        try:
            while not (await asyncio.wait([forward], timeout=pause))[0]:
                found = await self._look(handle)
                for child in found.pending_children:
                    await self.client.get_workflow_handle(child.workflow_id).terminate("its rehearsal goes on alone")
                if not _runs(found):
                    return False
                pause = min(pause * 2, 1.0)
            return forward.result()
        finally:
            forward.cancel()
            await asyncio.gather(forward, return_exceptions=True)

    async def tries_again(self, handle: WorkflowHandle[Any, Any]) -> bool:
        """Whether something of the run waits for its next attempt."""
        return any(activity.attempt > 1 for activity in (await self._look(handle)).pending_activities)

    async def quiet(self, handle: WorkflowHandle[Any, Any], *, within: float = 60) -> bool:
        """Wait, in real time, until the run has nothing under way: it waits for people and for time alone. What waits
        for its next attempt is not under way. False where the run has ended. Raises NotQuiet after `within` seconds."""
        end = time.monotonic() + within
        pause = FIRST_LOOK
        while True:
            found = await self._look(handle)
            if not _runs(found):
                return False
            if _is_quiet(found):
                return True
            if time.monotonic() > end:
                raise NotQuiet(f"{handle.id} does not come to rest within {within:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, MOST_BETWEEN_LOOKS)

    async def _look(self, handle: WorkflowHandle[Any, Any]) -> DescribeWorkflowExecutionResponse:
        """The server's own words: the SDK would decode every search attribute and memo at each look."""
        wanted = DescribeWorkflowExecutionRequest(
            namespace=self.client.namespace, execution=WorkflowExecution(workflow_id=handle.id)
        )
        return await self.client.workflow_service.describe_workflow_execution(wanted, retry=True)


def _runs(found: DescribeWorkflowExecutionResponse) -> bool:
    return found.workflow_execution_info.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING


def _time_of(found: DescribeWorkflowExecutionResponse) -> datetime:
    """The real time where nothing was ever skipped."""
    extended = found.workflow_extended_info
    if not extended.HasField("time_skipping_info"):
        return datetime.now(UTC)
    return extended.time_skipping_info.current_time.ToDatetime().replace(tzinfo=UTC)


def _is_quiet(found: DescribeWorkflowExecutionResponse) -> bool:
    if found.workflow_execution_info.history_length < FIRST_TASK or found.HasField("pending_workflow_task"):
        return False
    return all(
        activity.attempt > 1 and activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        for activity in found.pending_activities
    )


class _Later(Interceptor):
    def __init__(self, begins: datetime) -> None:
        self._begins = begins

    @override
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _Delayed(next, self._begins)


class _Delayed(OutboundInterceptor):
    def __init__(self, next_: OutboundInterceptor, begins: datetime) -> None:
        super().__init__(next_)
        self._begins = begins

    @override
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        input.start_delay = max(self._begins - datetime.now(UTC), timedelta())
        return await super().start_workflow(input)
