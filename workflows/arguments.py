"""What a workflow is started with. Anyone who reaches Temporal's port can start one with anything.

So the arguments are read here and not by their types: what the SDK cannot decode fails the workflow task, again and again
for ever, and what is read here fails as a launch, at once and in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from firedoor.protocol import ReviewOrder, Signed
from firedoor.run.review import ReviewState


class Wrong(ValueError):
    """Arguments that start nothing. It says which, and repeats nothing of what was sent."""


def of_incident(given: Sequence[Any]) -> tuple[bytes, Signed, bytes | None]:
    """The packed plan, the signed launch, and the packed state of a run that has crossed. Raises Wrong."""
    _count(given, 2, "a packed plan and a signed launch")
    packed, launch, crossed = given[0], given[1], given[2] if len(given) > 2 else None
    if not isinstance(packed, bytes):
        raise Wrong("its first argument is no packed plan")
    if crossed is not None and not isinstance(crossed, bytes):
        raise Wrong("its third argument is no packed state")
    try:
        return packed, Signed.model_validate(launch), crossed
    except ValidationError:
        raise Wrong("its second argument is no signed launch") from None


def of_review(given: Sequence[Any]) -> tuple[ReviewOrder, ReviewState | None]:
    """What the review starts from, and its state where it has crossed. Raises Wrong."""
    _count(given, 1, "what a review starts from")
    try:
        order = ReviewOrder.model_validate(given[0])
    except ValidationError:
        raise Wrong("its first argument is not what a review starts from") from None
    crossed = given[1] if len(given) > 1 else None
    return order, None if crossed is None else ReviewState.model_validate_json(crossed)


def _count(given: Sequence[Any], least: int, what: str) -> None:
    if not least <= len(given) <= least + 1:
        raise Wrong(f"it was started with {len(given)} arguments, and takes {what}")
