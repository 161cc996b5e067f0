"""Every activity asks, before it does or writes anything, by what right it was ordered (firedoor.people.warrants)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from temporalio import activity

from firedoor.people import warrants
from firedoor.people.past import Past
from firedoor.people.signatures import KeyRing
from firedoor.people.warrants import Acted, Unwarranted
from firedoor.plan import Plan
from firedoor.plan.lists import Load, no_lists
from firedoor.protocol import (
    ContainOrder,
    ListOrder,
    NotifyOrder,
    Order,
    ReadOrder,
    RecordOrder,
    ReleaseOrder,
    SiftOrder,
)

PlanOf = Callable[[str], Plan | None]
"""The plan of a digest; None where nobody has written it down."""
ActedOn = Callable[[str, str], Acted]
"""The targets that were entered so far, of an incident's step: in all rounds of its loops."""
PastOf = Callable[[str, str, Sequence[str] | None], Past]
"""What the record has of an incident, as far as an order on these targets of a step needs it; None: on all that it has."""


class Warrants:
    """`warrants(order)` raises Unwarranted, in plain words, for an order that nobody had the right to give.

    `plan_of` gives the plan that the launch was signed for, from the record: never one that travelled with the order.
    """

    def __init__(
        self, keys: KeyRing, plan_of: PlanOf, acted_on: ActedOn, past_of: PastOf, lists: Load = no_lists
    ) -> None:
        self._keys = keys
        self._lists = lists
        self._plan_of = plan_of
        self._acted_on = acted_on
        self._past_of = past_of

    def __call__(self, order: Order) -> None:
        launch = warrants.launch_of(order, self._keys)
        plan = self._plan_of(launch.plan)
        if plan is None:
            raise Unwarranted("the plan that was launched is not in the record")
        now = _now()
        match order:
            case ContainOrder():
                acted = self._acted_on(order.incident, order.step) if warrants.is_bounded(plan, order) else {}
                past = self._past_of(order.incident, order.step, order.targets)
                warrants.check_act(plan, order, self._keys, now, acted, past, self._lists)
            case ReleaseOrder():
                past = self._past_of(order.incident, order.step, order.targets)
                warrants.check_release(plan, order, self._keys, now, past, self._lists)
            case NotifyOrder():
                warrants.check_notify(plan, order, self._keys, now)
            case ReadOrder():
                warrants.check_read(plan, order, self._keys, now)
            case SiftOrder():
                warrants.check_sift(plan, order, self._keys, now)
            case RecordOrder() | ListOrder():
                warrants.check_record(plan, order, self._keys, now)
            case _:
                raise Unwarranted("this is no order that is known here")


def _now() -> datetime:
    """The run's time, which a rehearsal has skipped ahead, or the clock's: whichever is later."""
    now = datetime.now(UTC)
    return max(now, activity.info().started_time) if activity.in_activity() else now
