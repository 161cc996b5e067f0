"""Skipped time on the real server, run by run. All that is known of the server's experimental API stands here.

A run that is started through `Skipper.client` can be forwarded; in between, it goes in real time. The server must have
been started with `TemporalServer(time_skipping=True)`. Close times lie in the future, so use a namespace of its own.

What the server does, as tried on 1.32: an activity that runs, and a child that is being started, hold the skip up
until they end; so does a workflow task. A child inherits its parent's clock when it starts, and is forwarded by its own
handle. After `MOST_SKIPS` skips a forward stops in silence, and each timer is a skip; so bound what polls.
Continue-as-new loses the offset by hours or days: a rehearsal must not cross.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

MOST_SKIPS: Final = 5_000


class Skipper:
    """`client` stamps every workflow that it starts; the client that was given stays as it is."""

    def __init__(self, client: Client) -> None:
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
