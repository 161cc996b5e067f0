"""Which step of the new version is which of the old one, through insertions, moves and new names.

By id; then by verb and words, in the order of the text; then, among what is left over, by how much two steps of one
verb have in common: their words, their place, what stands around and inside of them, and their options.
"""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from firedoor.plan import Plan, Step, paths
from firedoor.plan.model import walk

Named = Callable[[Step], str]
_ENOUGH: Final = 1.2
"""What two steps must have in common, of 4, to be one."""
_ITSELF: Final = 0.6
"""What of that, of 3, must be their own and not their place: words, options, what is inside."""
_MOST_PAIRS: Final = 40_000
_NEAR: Final = 20
_NO_OPTIONS: Final = frozenset(["path", "at", "id", "verb", "steps", "question", "words", "name"])
_FAMILIES: Final = {"parallel": "group"}


@dataclass
class Alignment:
    """`new_of` is the step of the new version by the old one's path, `old_of` the other way round."""

    old: Plan
    new: Plan
    new_of: dict[str, Step] = field(default_factory=dict)
    old_of: dict[str, Step] = field(default_factory=dict)

    def pair(self, old: Step, new: Step) -> None:
        self.new_of[old.path] = new
        self.old_of[new.path] = old

    @property
    def pairs(self) -> Iterator[tuple[Step, Step]]:
        for new in walk(self.new.steps):
            if new.path in self.old_of:
                yield self.old_of[new.path], new

    @cached_property
    def in_place(self) -> bool:
        """Whether every step stands where it stood: then two equal steps also refer to equal ones."""
        old, new = ({step.path for step in walk(plan.steps)} for plan in (self.old, self.new))
        return old == new == {path for path, step in self.new_of.items() if path == step.path}

    @property
    def added(self) -> Iterator[Step]:
        return (step for step in walk(self.new.steps) if step.path not in self.old_of)

    @property
    def removed(self) -> Iterator[Step]:
        return (step for step in walk(self.old.steps) if step.path not in self.new_of)


def align(old: Plan, new: Plan, old_name: Named, new_name: Named) -> Alignment:
    """`old_name` and `new_name` say what a step is called, each in its plan."""
    found = Alignment(old, new)
    _by_key(found, lambda step: (family(step), step.id) if step.id else None, lambda step: (family(step), step.id))
    _by_key(found, lambda step: (family(step), old_name(step)), lambda step: (family(step), new_name(step)))
    _by_likeness(found, old_name, new_name)
    return found


def family(step: Step) -> str:
    """A parallel that becomes a group is still that step."""
    return _FAMILIES.get(step.verb, step.verb)


def _by_key(found: Alignment, old_key: Callable[[Step], object], new_key: Callable[[Step], object]) -> None:
    """Pair those that share a key; of several the first with the first, those at one place before others."""
    waiting: dict[object, list[Step]] = defaultdict(list)
    for step in found.removed:
        key = old_key(step)
        if key is not None:
            waiting[key].append(step)
    left = list(found.added)
    for fits in (_same_place, lambda _found, _old, _new: True):
        for step in [step for step in left if step.path not in found.old_of]:
            candidates = waiting.get(new_key(step), [])
            chosen = next((one for one in candidates if fits(found, one, step)), None)
            if chosen is not None:
                candidates.remove(chosen)
                found.pair(chosen, step)


def _same_place(found: Alignment, old: Step, new: Step) -> bool:
    above = paths.parent(new.path)
    partner = found.old_of.get(above)
    return paths.parent(old.path) == (partner.path if partner is not None else above if not above else None)


def _by_likeness(found: Alignment, old_name: Named, new_name: Named) -> None:
    gone, came = _by_family(found.removed, old_name), _by_family(found.added, new_name)
    scored = [
        (_likeness(found, one, other), other.step.path, one.step, other.step)
        for family_, others in came.items()
        for one, other in _candidates(gone.get(family_, []), others)
    ]
    for score, _, old, new in sorted(scored, key=lambda one: -one[0]):
        if score >= _ENOUGH and old.path not in found.new_of and new.path not in found.old_of:
            found.pair(old, new)


@dataclass(frozen=True)
class _Left:
    """A step that is left over: its name in pairs of letters, and the options that are more than their default."""

    step: Step
    pairs: frozenset[str]
    options: Mapping[str, object]


def _by_family(steps: Iterator[Step], name: Named) -> dict[str, list[_Left]]:
    found: dict[str, list[_Left]] = defaultdict(list)
    for step in steps:
        called = name(step)
        pairs = frozenset(map("".join, itertools.pairwise(called)))
        found[family(step)].append(_Left(step, pairs, _options(step)))
    return found


def _candidates(old: list[_Left], new: list[_Left]) -> Iterator[tuple[_Left, _Left]]:
    """Every pair; of very many, those that stand about as far from the beginning."""
    near = len(old) if len(old) * len(new) <= _MOST_PAIRS else _NEAR
    for number, other in enumerate(new):
        middle = number * len(old) // len(new)
        for one in old[max(0, middle - near) : middle + near + 1]:
            yield one, other


def _likeness(found: Alignment, old: _Left, new: _Left) -> float:
    """From 0 to 4: words, options, what is inside, and place, each from 0 to 1."""
    both = len(old.pairs) + len(new.pairs)
    words = 2 * len(old.pairs & new.pairs) / both if both else 0.0
    named = old.options.keys() | new.options.keys()
    same = sum(old.options.get(name) == new.options.get(name) for name in named)
    own = words + (same / len(named) if named else 0.0) + _inside(found, old.step, new.step)
    return own + _around(found, old.step, new.step) if own >= _ITSELF else 0.0


def _options(step: Step) -> dict[str, object]:
    return {
        name: getattr(step, name)
        for name, declared in type(step).model_fields.items()
        if name not in _NO_OPTIONS and getattr(step, name) != declared.default
    }


def _around(found: Alignment, old: Step, new: Step) -> float:
    if not _same_place(found, old, new):
        return 0.0
    beside = [_beside(found.old, old, offset) for offset in (-1, 1)]
    now = [_beside(found.new, new, offset) for offset in (-1, 1)]
    same = sum(
        (a is None and b is None) or (a is not None and b is not None and found.old_of.get(b.path) is a)
        for a, b in zip(beside, now, strict=True)
    )
    return 0.4 + 0.3 * same


def _beside(plan: Plan, step: Step, offset: int) -> Step | None:
    head, dot, last = step.path.rpartition(".")
    return plan.by_path.get(f"{head}{dot}{int(last) + offset}")


def _inside(found: Alignment, old: Step, new: Step) -> float:
    mine, theirs = children(old), children(new)
    if not mine and not theirs:
        return 0.0
    same = sum(found.new_of.get(child.path) in theirs for child in mine)
    return same / max(len(mine), len(theirs))


def children(step: Step) -> tuple[Step, ...]:
    return step.steps if step.verb in ("parallel", "group", "for_each") else ()


def out_of_order(numbers: Sequence[int]) -> set[int]:
    """The fewest of distinct numbers without which the others rise: what was moved, where the rest stayed."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        at = bisect.bisect_left(tails, number)
        tails[at:] = [number, *tails[at + 1 :]]
        ends[at:] = [index, *ends[at + 1 :]]
        before.append(ends[at - 1] if at else -1)
    kept: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        kept.add(numbers[index])
        index = before[index]
    return set(numbers) - kept
