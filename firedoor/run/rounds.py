"""One item of a long loop, as the steps in the loop see it: evaluated where the list is, by an activity.

The run says what the steps name of it (`around`); the item, and what systems answer about it, are found there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.plan import Step, paths
from firedoor.plan.batches import nodes
from firedoor.plan.evaluate import plain
from firedoor.plan.expression import InputValue, Outcome, Read, RunField, StepField, StepIs
from firedoor.plan.lists import Question
from firedoor.protocol import Around
from firedoor.run.core import Core


def around(core: Core, steps: list[Step], path: str) -> Around:
    """What these steps name of the run, as seen from the run's path. Raises Unread."""
    known = core.known(path)
    outer = {loop: plain(known.item(loop)) for loop, _ in paths.rounds(path)}
    found = Around(severity=core.state.severity, items=outer)
    for node in (node for step in steps for node in nodes(step)):
        match node:
            case InputValue(name=name):
                found.inputs[name] = plain(known.input(name))
            case RunField(field=field):
                found.run[field] = plain(known.run(field))
            case StepIs(step=step, outcome=outcome):
                found.outcomes[f"{step} {outcome}"] = known.is_(step, outcome)
            case StepField(step=step, field=field):
                found.fields[f"{step} {field}"] = plain(known.field(step, field))
            case _:
                pass
    return found


class Round:
    """What an expression may know in one round (firedoor.plan.evaluate.Known). `read` and `worked_out` raise Unread where
    there is no answer yet."""

    def __init__(
        self,
        around: Around,
        loop: str,
        item: str,
        read: Callable[[Read, Any], Any],
        worked_out: Callable[[Question], Any],
    ) -> None:
        self._around = around
        self._items = {**around.items, loop: item}
        self.read = read
        self.worked_out = worked_out

    def input(self, name: str) -> Any:
        return self._around.inputs.get(name)

    def run(self, field: str) -> Any:
        return self._around.run[field]

    def severity(self) -> str:
        return self._around.severity

    def item(self, loop: str) -> Any:
        return self._items[loop]

    def is_(self, step: str, outcome: Outcome) -> bool:
        return self._around.outcomes[f"{step} {outcome}"]

    def field(self, step: str, field: str) -> Any:
        return self._around.fields[f"{step} {field}"]


__all__ = ["Round", "around"]
