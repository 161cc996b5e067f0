"""Orders to the acts of a run, and a place to carry them out: a real ledger, the platform in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.testing import ActivityEnvironment

from activities.containing import Containing
from firedoor.connectors.contract import Platform
from firedoor.connectors.memory import MemoryPlatform
from firedoor.plan import Action, ReadAction
from firedoor.protocol import (
    ContainOrder,
    ContainReport,
    Order,
    ReadOrder,
    ReleaseOrder,
    ReleaseReport,
    Row,
    Signed,
    Warrant,
)
from firedoor.records.all import Records, open_records

WARRANT = Warrant(launch=Signed(body="{}", key="test", signature=""))
LOCK = Action(
    name="lock_account", does="Lock.", target="account", connector="memory", call="lock_user", undo="unlock_user"
)
DISCLOSE = Action(
    name="disclose", does="Tell.", target="account", connector="memory", call="POST /v1/disclosures", irreversible=True
)
FREEZE = Action(
    name="freeze", does="Freeze.", connector="memory", call="POST /v1/freezes", undo="POST /v1/freezes/lift"
)
PRESERVE = Action(
    name="preserve", does="Keep.", target="content", connector="memory", call="POST /v1/holds", undo="POST /v1/unholds"
)
MAYOR = "@mayor:platform.example"


def row(seq: int) -> Row:
    return Row(seq=seq, at=datetime.now(UTC), kind="test", words=f"row {seq}")


def contain(
    *targets: str, incident: str = "one", step: str = "0", ordinal: int = 1, action: Action = LOCK, **more: Any
) -> ContainOrder:
    return ContainOrder(
        incident=incident,
        warrant=WARRANT,
        step=step,
        ordinal=ordinal,
        action=action,
        targets=targets or (MAYOR,),
        **more,
    )


def release(
    *targets: str, incident: str = "one", step: str = "0", ordinal: int = 1, action: Action = LOCK, **more: Any
) -> ReleaseOrder:
    return ReleaseOrder(
        incident=incident,
        warrant=WARRANT,
        step=step,
        ordinal=ordinal,
        action=action,
        targets=targets or None,
        cause="test",
        **more,
    )


def read(action: ReadAction, argument: Any = None, **more: Any) -> ReadOrder:
    return ReadOrder(incident="one", warrant=WARRANT, site="0", read=action, argument=argument, **more)


def anyone(order: Order) -> None:
    """A warrant that is always good."""


def attempt_info(
    *,
    attempt: int = 1,
    budget: float | None = 300,
    spent: float = 0,
    start_to_close: float | None = 30,
    most_attempts: int = 0,
) -> activity.Info:
    """Seconds: the whole budget, and how much of it was spent before this attempt."""
    now = datetime.now(UTC)
    return replace(
        ActivityEnvironment.default_info(),
        attempt=attempt,
        scheduled_time=now - timedelta(seconds=spent),
        current_attempt_scheduled_time=now,
        started_time=now,
        schedule_to_close_timeout=None if budget is None else timedelta(seconds=budget),
        start_to_close_timeout=None if start_to_close is None else timedelta(seconds=start_to_close),
        heartbeat_timeout=None,
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=most_attempts),
    )


LAST: dict[str, Any] = {"attempt": 8, "budget": 300, "spent": 240, "start_to_close": 60}
"""An attempt after which no other fits: the server would wait longer for it than the minute that is left for this one."""


@dataclass
class Scene:
    """Carries orders out, each in an attempt of its own."""

    records: Records
    platform: MemoryPlatform
    containing: Containing

    async def contain(self, order: ContainOrder, **info: Any) -> ContainReport:
        return await environment(**info).run(self.containing.contain, order)

    async def release(self, order: ReleaseOrder, **info: Any) -> ReleaseReport:
        return await environment(**info).run(self.containing.release, order)

    def held(self, target: str = MAYOR) -> bool:
        return self.platform.held("lock_user", target)

    def moments(self, target: str = MAYOR) -> list[str]:
        return [effect.moment for effect in self.platform.effects(target=target)]

    def sibling(self, wrap: Callable[[Any], Any]) -> Scene:
        """The same records and platform, seen through `wrap`."""
        return scene_of(self.records, self.platform, ledger=wrap(self.records.ledger), platform=wrap(self.platform))


def environment(**info: Any) -> ActivityEnvironment:
    made = ActivityEnvironment()
    made.info = attempt_info(**info)
    return made


def make_scene(folder: Path, platform: MemoryPlatform | None = None) -> Scene:
    records = open_records(f"sqlite:///{folder}/records.db", synchronous="OFF")
    return scene_of(records, platform or MemoryPlatform())


def scene_of(
    records: Records,
    memory: MemoryPlatform,
    *,
    ledger: Any = None,
    platform: Any = None,
    more: Mapping[str, Platform] | None = None,
) -> Scene:
    platforms: dict[str, Platform] = {"memory": platform or memory, **(more or {})}
    containing = Containing(platforms, ledger or records.ledger, records.timeline, anyone, lists=records.lists)
    return Scene(records, memory, containing)
