"""A plan whose clock runs faster, for a drill: everything that is waited for is divided by the pace.

The plan changes and not the engine's clock, so that a drill runs beside real incidents on the same installation. What
a system needs stays as it is: an act is retried as long as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from firedoor.plan.base import Frozen
from firedoor.plan.expression import Const
from firedoor.plan.model import Clock, Commander, Plan, Updates
from firedoor.plan.steps import Approve, Contain, Wait
from firedoor.plan.time import Span

MOST_PACE: Final = 100

_DAY: Final = 86_400
_WAITED_FOR: Final[Mapping[type[Frozen], tuple[str, ...]]] = {
    Approve: ("deadline", "escalate"),
    Clock: ("limit",),
    Commander: ("answers_within",),
    Contain: ("expires",),
    Wait: ("duration", "held_for", "check_every", "at_most"),
}
"""Fields that hold seconds in which people or the plan wait."""


def paced(plan: Plan, pace: int) -> Plan:
    """The plan `pace` times as fast; the same plan for 1. A business day counts as a day of 24 hours then.

    Raises ValueError for a pace that is not between 1 and MOST_PACE.
    """
    if not 1 <= pace <= MOST_PACE:
        raise ValueError(f"a pace is a whole number from 1 to {MOST_PACE}, not {pace}")
    if pace == 1:
        return plan
    faster: Plan = _faster(plan, pace)
    return Plan(**{**_fields(faster), "pace": pace})


def _faster(value: Any, pace: int) -> Any:
    match value:
        case Span():
            return Span(seconds=_shorter(value.seconds + value.business_days * _DAY, pace))
        case Const(type="duration", value=int() | float() as seconds):
            return Const(value=seconds / pace, type="duration")
        case Updates():
            shorter = {severity: _shorter(seconds, pace) for severity, seconds in value.every.items()}
            return Updates(every=shorter, to=value.to, say=_faster(value.say, pace))
        case Frozen():
            waited_for = _WAITED_FOR.get(type(value), ())
            fields = {
                name: _shorter(part, pace) if name in waited_for and part else _faster(part, pace)
                for name, part in _fields(value).items()
            }
            return type(value)(**fields)
        case tuple():
            return tuple(_faster(one, pace) for one in value)
        case dict():
            return {name: _faster(one, pace) for name, one in value.items()}
        case _:
            return value


def _fields(value: Frozen) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).model_fields}


def _shorter(seconds: int, pace: int) -> int:
    """At least a second, where there was any."""
    return max(1, round(seconds / pace)) if seconds else 0
