"""What people call a step of a run, and what it asks: the author's id, and in a loop the number of the round, as in
`identity[2]`; what is asked about the run as a whole is called by what it is about, as `held`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from firedoor.plan import paths
from firedoor.protocol import AskView, StepView


def called(step: StepView) -> str:
    """Rounds count from 1, as they do in the step's words. A step without an id is called by its path."""
    if step.id is None:
        return step.path
    return step.id + "".join(f"[{number + 1}]" for _, number in paths.rounds(step.path))


def names(steps: Iterable[StepView]) -> dict[str, str]:
    """The name of each path."""
    return {step.path: called(step) for step in steps}


def is_round(name: str, of: str) -> bool:
    """Whether a name is that of a round of the step called `of`."""
    return re.fullmatch(rf"{re.escape(of)}(\[\d+\])+", name) is not None


def paths_of(steps: Sequence[StepView], name: str) -> list[str]:
    """The paths that a name can stand for. In a loop a step's name alone is that of the rounds which ask, else of all."""
    rounds = [step for step in steps if is_round(called(step), name)]
    asking = [step for step in rounds if step.state.endswith("asking")]
    exact = [step for step in steps if name in (called(step), step.path)]
    return [step.path for step in exact or asking or rounds]


def of_ask(ask: AskView, steps: Mapping[str, str]) -> str:
    """`steps`: the name of each path."""
    if ask.step:
        return steps.get(ask.step, ask.step)
    _, _, about, *_ = [*ask.id.split(":"), "", "", ""]  # as in question::held:3
    return about or ask.id


class Called(Protocol):
    """Something that is asked, under a name that another one may have as well."""

    @property
    def ask(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def choices(self) -> Sequence[str]: ...


def shortest(ask: Called, among: Iterable[Called]) -> str:
    """What `firedoor answer` takes for it: the name, where no other one of that name takes any of its choices."""
    others = (one for one in among if one.step == ask.step and one.ask != ask.ask)
    alone = not any(set(one.choices) & set(ask.choices) for one in others)
    return ask.step if ask.step and alone else ask.ask
