"""Performing an act: the activity's times, and how its end comes back as an event. No failure escapes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio import exceptions, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from firedoor.plan import Plan
from firedoor.protocol import (
    LIST,
    NOTIFY_EACH,
    SIFT,
    ContainOrder,
    ContainReport,
    NotifyEachOrder,
    NotifyEachReport,
    NotifyReport,
    Order,
    ReadReport,
    ReleaseOrder,
    ReleaseReport,
    Report,
    SiftOrder,
)
from firedoor.run.events import ActEnded
from firedoor.run.orders import budget
from firedoor.run.state import Act, ActKind

REPORTS: Final[dict[ActKind, type[Report]]] = {
    "notify": NotifyReport,
    "contain": ContainReport,
    "release": ReleaseReport,
    "read": ReadReport,
    "record": Report,
}

ATTEMPT: Final = timedelta(seconds=30)
"""A worker that dies in an attempt is noticed after this at the latest."""
LONG_ATTEMPT: Final = timedelta(hours=2)
HEARTBEAT: Final = timedelta(seconds=10)
BEATS: Final[tuple[ActKind, ...]] = ("notify", "contain", "release", "read")
"""Acts that send heartbeats: one whose worker has died is noticed by their absence, and a pause, a stop or an undo
reaches one that is under way with the answer to them."""
MANY: Final = 10
"""Targets from which on an attempt is long."""

RETRY: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)


async def perform(plan: Plan, act: Act, order: Order) -> ActEnded:
    """Run the act's activity to its end: reported, failed for good, or cancelled."""
    seconds = budget(plan, act)
    paged = isinstance(order, ContainOrder | ReleaseOrder) and order.page is not None
    each = isinstance(order, SiftOrder | NotifyEachOrder)
    many = each or (act.kind in ("contain", "release") and (paged or len(act.targets or ()) > MANY))
    try:
        report = await workflow.execute_activity(
            _named(act, order),
            order,
            result_type=NotifyEachReport if isinstance(order, NotifyEachOrder) else REPORTS[act.kind],
            activity_id=act.id,
            start_to_close_timeout=LONG_ATTEMPT if many else ATTEMPT,
            schedule_to_close_timeout=_whole(seconds, many=many),
            heartbeat_timeout=HEARTBEAT if act.kind in BEATS else None,
            retry_policy=RETRY,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        return ActEnded(at=workflow.now(), act=act.id, report=report)
    except ActivityError as failure:
        return _failed(act, failure)
    except (ValueError, TypeError):
        # Not the cause's words: they repeat what was sent.
        words = "its answer could not be read"
        return ActEnded(at=workflow.now(), act=act.id, error=words, error_type="Unreadable")


def _named(act: Act, order: Order) -> str:
    match order:
        case SiftOrder():
            return SIFT
        case NotifyEachOrder():
            return NOTIFY_EACH
        case _:
            return act.kind if act.question is None else LIST


def _whole(seconds: int | None, *, many: bool) -> timedelta | None:
    """How long all attempts may take together; None for the record, which is never given up."""
    if seconds is None:
        return None
    return timedelta(seconds=seconds) + (LONG_ATTEMPT if many else timedelta())


def _failed(act: Act, failure: ActivityError) -> ActEnded:
    now, cause = workflow.now(), failure.cause
    match cause:
        case CancelledError():
            return ActEnded(at=now, act=act.id, cancelled=True)
        case ApplicationError(type="NotReached", details=[dict() as details, *_]):
            report = NotifyReport.model_validate(details)
            return ActEnded(at=now, act=act.id, report=report, error=cause.message, error_type=cause.type)
        case ApplicationError():
            return ActEnded(at=now, act=act.id, error=cause.message, error_type=cause.type)
        case exceptions.TimeoutError():
            last = getattr(cause, "cause", None)
            words = getattr(last, "message", None) or "it did not end in time"
            return ActEnded(at=now, act=act.id, error=words, error_type="Timeout")
        case _:
            return ActEnded(at=now, act=act.id, error=str(cause or failure), error_type=type(cause).__name__)
