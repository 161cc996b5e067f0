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

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from typing_extensions import override

MOST_SKIPS: Final = 5_000
FIRST_TASK: Final = 4
"""Events of a run that has begun: started, and its first task scheduled, started and completed."""


LOOKED_AFTER: Final = 0.25
"""Seconds between two looks at what may hold a forward up."""


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
        return (await self._skipper.get_current_time(handle)).astimezone(UTC)

    async def forward(self, handle: WorkflowHandle[Any, Any], length: timedelta) -> bool:
        """Let `length` pass at once, with all that becomes due in it. False where the workflow ended before."""
        return await self._skipper.fast_forward(handle, length)

    async def until(self, handle: WorkflowHandle[Any, Any], moment: datetime) -> bool:
        """Forward to a moment; nothing where it has passed already. False where the workflow ended before."""
        left = moment - await self.now(handle)
        return left <= timedelta() or await self.forward(handle, left)

    async def alone(self, handle: WorkflowHandle[Any, Any], moment: datetime) -> bool:
        """The same, and its children are ended: one that goes on, such as the review, would hold up its clock."""
        forward = asyncio.ensure_future(self.until(handle, moment))
        pause = 0.0
        try:
            while True:
                found = await handle.describe()
                for child in found.raw_description.pending_children:
                    await self.client.get_workflow_handle(child.workflow_id).terminate("its rehearsal goes on alone")
                if found.status is not WorkflowExecutionStatus.RUNNING:
                    return False
                pause = min(pause * 2, 1.0) or LOOKED_AFTER
                if (await asyncio.wait([forward], timeout=pause))[0]:
                    return forward.result()
        finally:
            forward.cancel()
            await asyncio.gather(forward, return_exceptions=True)

    async def tries_again(self, handle: WorkflowHandle[Any, Any]) -> bool:
        """Whether something of the run waits for its next attempt."""
        return any(activity.attempt > 1 for activity in (await handle.describe()).raw_description.pending_activities)

    async def quiet(self, handle: WorkflowHandle[Any, Any], *, within: float = 60) -> bool:
        """Wait, in real time, until the run has nothing under way: it waits for people and for time alone. What waits
        for its next attempt is not under way. False where the run has ended. Raises NotQuiet after `within` seconds."""
        end = time.monotonic() + within
        pause = 0.002
        while True:
            found = await handle.describe()
            if found.status is not WorkflowExecutionStatus.RUNNING:
                return False
            if _is_quiet(found):
                return True
            if time.monotonic() > end:
                raise NotQuiet(f"{handle.id} does not come to rest within {within:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.05)


def _is_quiet(found: WorkflowExecutionDescription) -> bool:
    raw = found.raw_description
    if found.history_length < FIRST_TASK or raw.HasField("pending_workflow_task"):
        return False
    return all(
        activity.attempt > 1 and activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        for activity in raw.pending_activities
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
