"""What people call a step of a run: the author's id, and in a loop the number of the round, as in `identity[2]`."""

from __future__ import annotations

from collections.abc import Iterable

from firedoor.plan import paths
from firedoor.protocol import StepView


def called(step: StepView) -> str:
    """Rounds count from 1, as they do in the step's words. A step without an id is called by its path."""
    if step.id is None:
        return step.path
    return step.id + "".join(f"[{number + 1}]" for _, number in paths.rounds(step.path))


def names(steps: Iterable[StepView]) -> dict[str, str]:
    """The name of each path."""
    return {step.path: called(step) for step in steps}


def path_of(steps: Iterable[StepView], name: str | None) -> str | None:
    """The path that the name of a step in a loop stands for; any other name the run knows itself."""
    if name is None or "[" not in name:
        return name
    return next((step.path for step in steps if called(step) == name), name)
