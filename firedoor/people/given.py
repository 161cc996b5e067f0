"""What people have given by a signed word: the launch's inputs, and what was added to them since.

An act without an approval rests on these alone; so what it acts on can be held against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from firedoor.plan import Plan
from firedoor.plan.evaluate import plain, typed
from firedoor.plan.expression import Const, Expr, Filter, InputValue, Item, Listing, Prose, StepField
from firedoor.plan.inputs import check_inputs
from firedoor.protocol import Command, Launch


def given(plan: Plan, launch: Launch, commands: Iterable[Command]) -> dict[str, frozenset[str]]:
    """Every value that each input has had: as launched (defaults too), and as added or given late, each as text."""
    found: dict[str, set[str]] = {field.name: set() for field in plan.inputs}

    def take(values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name in found:
                found[name].update(_texts(value))

    take(launch.inputs)
    take(check_inputs(plan, launch.inputs).values)
    for command in commands:
        if command.command in ("add", "input") and isinstance(command.value, dict):
            take(command.value)
            take(check_inputs(plan, {**launch.inputs, **command.value}).values)
    return {name: frozenset(values) for name, values in found.items()}


def bounds_of(plan: Plan, expr: Expr, values: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """The texts that an expression's value can only consist of; None where that is not to be seen from inputs alone.

    What a step holds or was to act on are targets of that step; an item is one of its loop's list.
    """
    match expr:
        case InputValue(name=name):
            return values.get(name, frozenset())
        case Const(value=value):
            return frozenset(_texts(value))
        case Item(loop=loop):
            step = plan.by_path.get(loop)
            return bounds_of(plan, step.items, values) if step is not None and step.verb == "for_each" else None
        case StepField(step=path, field="held" | "targets"):
            step = plan.by_path.get(path)
            if step is None or step.verb != "contain" or step.targets is None:
                return None
            return bounds_of(plan, step.targets, values)
        case Filter(name="first" | "last" | "unique", of=of):
            return bounds_of(plan, of, values)
        case Listing(of=parts):
            found = [bounds_of(plan, part, values) for part in parts]
            known = [bound for bound in found if bound is not None]
            return frozenset[str]().union(*known) if len(known) == len(found) else None
        case _:
            return None


def constant(expr: Expr) -> Any:
    """The value that a playbook has written in full, as an act's argument has it (JSON); None for what depends on the
    run."""
    match expr:
        case Const(value=value, type=kind):
            return plain(typed(value, kind))
        case Prose(of=parts) if all(isinstance(part, str) for part in parts):
            return "".join(str(part) for part in parts)
        case Listing(of=parts):
            found = [constant(part) for part in parts]
            return None if None in found else found
        case _:
            return None


def values_of(inputs: Any) -> frozenset[str]:
    """Every value in a map of inputs, each as text."""
    return (
        frozenset(text for value in inputs.values() for text in _texts(value))
        if isinstance(inputs, dict)
        else frozenset()
    )


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return [] if value is None else [str(value)]
