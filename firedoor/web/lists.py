"""Long lists at the front door: checked item by item against the playbook's input, written down, and referred to from
then on. So what is signed names the list by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.plan import Plan
from firedoor.plan.evaluate import plain
from firedoor.plan.inputs import Problem, check_items, items_of
from firedoor.plan.lists import BY_REFERENCE, INLINE, ListRef, opened, reference
from firedoor.plan.model import Input
from firedoor.records.lists import TooLong, UnknownList
from firedoor.web.door import Door
from firedoor.web.messages import ListRequest
from firedoor.web.problems import Wrong


def keep(door: Door, plan: Plan, request: ListRequest) -> ListRef:
    """Write the items of an input down. Raises Wrong with everything that is wrong with them."""
    field = plan.input_names.get(request.input)
    if field is None or not _is_long(field):
        raise Wrong([Problem(name=request.input[:80], says="is no list of names here", give="give it with the launch")])
    return _kept(door, field, request.items)


def referred(door: Door, plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same inputs, each long list among them written down and by reference, and no other. Raises Wrong."""
    found = dict(given)
    for name, value in given.items():
        field = plan.input_names.get(name)
        if field is None or not _is_long(field):
            continue
        long = reference(value) is not None
        items = _opened(door, name, value) if long else items_of(field, value)
        if len(items) > INLINE:
            found[name] = plain(_kept(door, field, items))
        elif long:
            found[name] = list(items)
    return found


def _is_long(field: Input) -> bool:
    return field.listed and field.type in BY_REFERENCE


def _opened(door: Door, name: str, value: Any) -> list[Any]:
    try:
        items: list[Any] = opened(value, door.records.lists.get)
    except (UnknownList, ValueError) as error:
        give = "send the items to /api/lists, and give what it answers"
        raise Wrong([Problem(name=name, says=f"refers to a list that is not here: {error}", give=give)]) from None
    return items


def _kept(door: Door, field: Input, items: list[Any]) -> ListRef:
    checked, problems = check_items(field, items, door.organization.people)
    if problems or not checked:
        raise Wrong(problems or [Problem(name=field.name, says="is empty", give="give one item at least")])
    try:
        return door.records.lists.keep(checked)
    except TooLong as error:
        raise Wrong(
            [Problem(name=field.name, says=f"is too long: {error}", give="launch another for the rest")]
        ) from None
