"""What is in the picture, before it has a place: boxes for what is done, frames for what holds others, lanes for who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

FIREDOOR: Final = "Firedoor, by itself"
"""The lane of what nobody does by hand: containing, undoing, waiting."""

Verb = Literal["contain", "undo", "approve", "task", "notify", "wait"]
FrameKind = Literal["parallel", "group", "playbook", "for_each"]


@dataclass(frozen=True)
class Outcome:
    """What a step can come to, and what follows: "Refused", "everything is undone, and the response ends"."""

    label: str
    follows: str


@dataclass(frozen=True)
class Box:
    path: str
    verb: Verb
    lanes: dict[str, tuple[str, ...]]
    """Lane → what is asked there: who signs, on which condition. Nothing where one lane does it all."""
    tag: str
    head: str
    notes: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class Frame:
    path: str
    kind: FrameKind
    tag: str
    head: str
    notes: tuple[str, ...]
    children: tuple[Box | Frame, ...]
    conditional: bool = False


Node = Box | Frame


@dataclass(frozen=True)
class Edge:
    kind: Literal["unlocks", "undoes"]
    source: str
    target: str
    outcome: int | None = None
    """Which of the source's outcomes leads there; None where doing it does."""


@dataclass(frozen=True)
class ClockBar:
    name: str
    words: tuple[str, ...]
    fixed: bool
    since: str | None
    """Static path of the step whose end starts it; None: the launch, or before."""
    met_by: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    playbook: str
    language: str
    title: str
    about: tuple[Outcome, ...]
    """Above the picture."""
    after: tuple[Outcome, ...]
    """Below it: the review."""
    lanes: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    clocks: tuple[ClockBar, ...]


def leaves(nodes: Iterable[Node]) -> Iterator[Box]:
    for node in nodes:
        if isinstance(node, Box):
            yield node
        else:
            yield from leaves(node.children)


def arranged(boxes: list[Box]) -> tuple[str, ...]:
    """The lanes, the automatic one first; those that decide together stand side by side as far as that can be had."""
    order = list(dict.fromkeys(lane for box in boxes for lane in box.lanes if lane != FIREDOOR))
    together = Counter(frozenset(box.lanes) for box in boxes if len(box.lanes) > 1)
    follow = Counter(frozenset((min(one.lanes), min(other.lanes))) for one, other in pairwise(boxes))
    best, better = _spread(order, together, follow), True
    while better:
        better = False
        for lane in tuple(order):
            for place in range(len(order)):
                other = [one for one in order if one != lane]
                other.insert(place, lane)
                if (spread := _spread(other, together, follow)) < best:
                    order, best, better = other, spread, True
    automatic = any(FIREDOOR in box.lanes for box in boxes)
    return (*((FIREDOOR,) if automatic else ()), *order)


def _spread(order: list[str], together: Counter[frozenset[str]], follow: Counter[frozenset[str]]) -> int:
    """Over how many lanes reaches what several lanes share, which counts most, and what follows one another."""
    at = {FIREDOOR: -1, **{name: number for number, name in enumerate(order)}}

    def reach(lanes: frozenset[str]) -> int:
        return max(at[one] for one in lanes) - min(at[one] for one in lanes)

    return sum(4 * times * reach(lanes) for lanes, times in together.items()) + sum(
        times * reach(lanes) for lanes, times in follow.items()
    )
