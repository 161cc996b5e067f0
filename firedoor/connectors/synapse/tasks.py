"""What the homeserver works on after it has answered: begun once, watched to its end, and found again.

The server gives such a task an id and lists it for a week. Whoever acts looks there first: a worker that died while it
watched is followed by one that watches the same task, and one that died before it had read the id finds it all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from firedoor.connectors.errors import Refused, Unavailable
from firedoor.connectors.synapse.admin import ADMIN, Admin

UNDER_WAY: Final = ("scheduled", "active")
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0
"""Seconds between two looks at a task. The server itself takes up waiting ones once a minute."""


@dataclass(frozen=True, slots=True)
class Task:
    """`action` and `resource` are what the server files it under; `what` says it in words for the timeline."""

    action: str
    resource: str
    what: str


async def worked_off(admin: Admin, task: Task, start: Callable[[], Awaitable[str]]) -> dict[str, Any]:
    """What the task came to, once it has ended: the one that is under way, else one that `start` begins.

    It is watched for as long as the caller lets it be. Raises Refused when the server gave up on it.
    """
    begun = await _under_way(admin, task) or await _begun(admin, task, start)
    pause = FIRST_PAUSE
    while True:
        row = next((row for row in await _listed(admin, task) if row["id"] == begun), None)
        if row is None:
            raise Unavailable(f"{admin.name} does not list task {begun} any more: {task.what}", answered=True)
        if row["status"] == "complete":
            return dict(row["result"] or {})
        if row["status"] not in UNDER_WAY:
            raise Refused(f"{admin.name} gave up on {task.what}: {row['error'] or row['status']}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


async def _begun(admin: Admin, task: Task, start: Callable[[], Awaitable[str]]) -> str:
    try:
        return await start()
    except Refused:
        other = await _under_way(admin, task)  # somebody else began it in the meantime, and two are not taken
        if other is None:
            raise
        return other


async def _under_way(admin: Admin, task: Task) -> str | None:
    rows = [row for row in await _listed(admin, task) if row["status"] in UNDER_WAY]
    return str(rows[-1]["id"]) if rows else None


async def _listed(admin: Admin, task: Task) -> list[dict[str, Any]]:
    asked = urlencode({"action_name": task.action, "resource_id": task.resource})
    said = await admin.ask("GET", f"{ADMIN}/v1/scheduled_tasks?{asked}", f"a look at the tasks for {task.resource}")
    return list(said["scheduled_tasks"])
