"""Where each named step of a playbook stands, and whether it has ended when another place is reached.

A condition may read only what is final by then: a step further down, one that runs at the same time, or one of another
round of a loop would read as false every time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from firedoor.compiler import values
from firedoor.compiler.nodes import Mapping, Node, Scalar, Sequence
from firedoor.compiler.schema import VERBS

BRANCHING = ("parallel", "group", "for_each")

Seen = Literal["ended", "itself", "around", "later", "beside", "round"]
"""How a step looks from another place: it has ended; it is that place; it is around it; it comes later (or lies inside
of it); it runs at the same time; it belongs to a round of a loop that the place is not in."""


@dataclass(frozen=True)
class StepRef:
    id: str
    path: str
    verb: str
    loops: tuple[str, ...]
    """Static paths of the loops around it, outermost first."""
    key: Scalar
    """Where the id is written."""
    node: Mapping


@dataclass
class Outline:
    """The steps of one playbook, at the paths where they are inlined."""

    ids: dict[str, StepRef] = field(default_factory=dict)
    twice: list[tuple[StepRef, StepRef]] = field(default_factory=list)
    """Ids that stand twice: (first, second)."""
    lost: set[str] = field(default_factory=set)
    """Ids of steps that cannot be read, which is told where they are: whatever looks at them is not wrong for that."""
    verbs: dict[str, str] = field(default_factory=dict)
    """The verb of each branching step, by path."""

    def seen(self, ref: StepRef, here: str) -> Seen:
        """How the step looks from the path `here`."""
        for loop in ref.loops:
            if not here.startswith(loop + "."):
                return "round"
        mine, theirs = ref.path.split("."), here.split(".")
        if mine == theirs:
            return "itself"
        for index, (a, b) in enumerate(zip(mine, theirs, strict=False)):
            if a != b:
                if self.verbs.get(".".join(mine[:index])) == "parallel":
                    return "beside"
                return "ended" if int(a) < int(b) else "later"
        return "around" if len(mine) < len(theirs) else "later"

    def visible(self, here: str) -> list[str]:
        return [ref.id for ref in self.ids.values() if self.seen(ref, here) == "ended"]

    def may_be_lost(self, name: str) -> bool:
        """Whether the step that a name stands for may be there, but for a mistake that is told elsewhere."""
        return name in self.lost or bool(self.twice)


def verb_of(step: Mapping) -> str | None:
    """The verb of a step; None where there is none, or more than one."""
    found = None
    for key, _ in step.entries:
        if key.text in VERBS:
            if found is not None:
                return None
            found = key.text
    return found


def outline(steps: Sequence, prefix: str) -> Outline:
    """Index a playbook's steps, the first of which gets the path `prefix` + "0"."""
    made = Outline()
    _walk(steps.items, prefix, (), made)
    return made


def _walk(items: list[Node], prefix: str, loops: tuple[str, ...], made: Outline) -> None:
    for number, step in enumerate(items):
        if not isinstance(step, Mapping):
            continue
        path = f"{prefix}{number}"
        verb = verb_of(step)
        name = step.get("id")
        if isinstance(name, Scalar) and name.text and verb:
            ref = StepRef(name.text, path, verb, loops, name, step)
            first = made.ids.setdefault(name.text, ref)
            if first is not ref:
                made.twice.append((first, ref))
            made.lost.add(values.as_identifier(name.text))
        inner = step.get("steps")
        if verb is None:
            made.lost |= _ids([step])
        elif verb in BRANCHING:
            made.verbs[path] = verb
            if isinstance(inner, Sequence):
                _walk(inner.items, f"{path}.", (*loops, path) if verb == "for_each" else loops, made)


def _ids(items: list[Node]) -> set[str]:
    """Every id of these steps, and of those that stand in them."""
    found: set[str] = set()
    for step in items:
        if isinstance(step, Mapping):
            name, inner = step.get("id"), step.get("steps")
            found |= {name.text} if isinstance(name, Scalar) else set()
            found |= _ids(inner.items) if isinstance(inner, Sequence) else set()
    return found
