"""Which step of the new version is which of the old one, through insertions, moves and new names.

By id; then by verb and words, in the order of the text; then, among what is left over, by how much two steps of one
verb have in common: their words, their place, what stands around and inside of them, and their options.
"""

from __future__ import annotations

import bisect
import difflib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from firedoor.plan import Plan, Step, paths
from firedoor.plan.model import walk

Named = Callable[[Step], str]
_ENOUGH: Final = 1.2
"""What two steps must have in common, of 4, to be one. Above what two strangers of one verb have by chance, which is
their verb, their default options and a few letters of their words."""
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
    gone: dict[str, list[Step]] = defaultdict(list)
    for step in found.removed:
        gone[family(step)].append(step)
    scored = [
        (_likeness(found, old, new, old_name(old), new_name(new)), number, old, new)
        for number, new in enumerate(found.added)
        for old in gone[family(new)]
    ]
    for score, _, old, new in sorted(scored, key=lambda one: (-one[0], one[1])):
        if score >= _ENOUGH and old.path not in found.new_of and new.path not in found.old_of:
            found.pair(old, new)


def _likeness(found: Alignment, old: Step, new: Step, old_name: str, new_name: str) -> float:
    """From 0 to 4: words, options, place, and neighbours or children, each from 0 to 1."""
    matcher = difflib.SequenceMatcher(None, old_name, new_name, autojunk=False)
    words = matcher.ratio() if matcher.quick_ratio() > 0.3 else 0.0
    return words + _options(old, new) + _around(found, old, new) + _inside(found, old, new)


def _options(old: Step, new: Step) -> float:
    """How many of the options that are more than their default are the same."""
    fields = [name for name in type(new).model_fields if name not in ("path", "at", "id", "verb", "steps")]
    own = [name for name in fields if _said(old, name) or _said(new, name)]
    same = sum(getattr(old, name, None) == getattr(new, name, None) for name in own)
    return same / len(own) if own else 0.0


def _said(step: Step, name: str) -> bool:
    declared = type(step).model_fields.get(name)
    return declared is not None and getattr(step, name) != declared.default


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
