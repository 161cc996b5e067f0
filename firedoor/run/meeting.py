"""Whether the steps that meet a clock have done so: each round of a loop, and all that a group holds, counts.

Of steps in order, or beside each other, one that succeeds is enough. A loop around such steps needs every round: in each,
one of them has succeeded, or none was needed by its `when`; and one round at least has done something. A group, a
parallel or a loop that meets a clock itself has met it when it has ended with all in it done that was needed. What was
left out, passed over, or ended otherwise than well is not done. An act on nothing is not needed. In a long
loop, whose steps go through all items one after the other, each of the steps that meet it has to have done so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from firedoor.plan import Branching, Step, paths
from firedoor.run import batches
from firedoor.run.core import Core

Standing = Literal["met", "open", "lost", "not needed"]


class Met(NamedTuple):
    """How it stands with a clock at some place of the plan. "lost": nothing that is left there can meet it."""

    standing: Standing
    by: str = ""
    """The run's path of the step that met it; of a loop, in the last round that did something."""


def standing(core: Core, clock: str) -> Met:
    """How it stands with the clock in the whole plan; "lost" also where no step meets it."""
    return _any(_meeting(core, core.plan.steps, "", clock, over=core.state.ended is not None))


def succeeded(core: Core, path: str) -> bool:
    """Whether the step has done what it is for: of a containment, all that it was to contain is contained."""
    if core.status(path) not in ("done", "approved"):
        return False
    tally = core.at(path).tally
    if tally is not None and not tally.complete:
        return False
    holds = core.at(path).holds.values()
    contained = all(hold.status == "applied" and not hold.failed for hold in holds)
    return core.step(path).verb != "contain" or (bool(holds) and contained)


def around(path: str) -> Iterator[str]:
    """The step itself, and those that hold it, from the inside out; a round is none."""
    while path:
        if not path.endswith("]"):
            yield path
        path = paths.parent(path)


def loop_around(core: Core, path: str) -> str | None:
    """The outermost loop that the step stands in, if it stands in one."""
    loops = [outer for outer in around(path) if outer != path and core.step(outer).verb == "for_each"]
    return loops[-1] if loops else None


def _meeting(core: Core, steps: tuple[Step, ...], beside: str, clock: str, *, over: bool) -> Iterator[Met]:
    """Each of the steps here that meets the clock, or holds some that do. `over`: what has not begun never will."""
    holding = core.plan.meeting[clock]
    for number, step in enumerate(steps):
        if step.path in holding:
            yield _of(core, step, f"{beside}.{number}" if beside else str(number), clock, over=over)


def _of(core: Core, step: Step, path: str, clock: str, *, over: bool) -> Met:
    if clock in step.meets:
        return _itself(core, step, path, over=over)
    found = _begun(core, path, over=over)
    if found is not None or step.verb not in ("parallel", "group", "for_each"):
        return found or Met("open")
    ended = core.is_final(path)
    if step.verb != "for_each":
        return _any(_meeting(core, step.steps, path, clock, over=over or ended))
    if batches.is_long(core.at(path)):
        every = _every(_meeting(core, step.steps, path, clock, over=over or ended))
        return Met("open") if every.standing == "not needed" and not ended else every
    every = _every(
        _any(_meeting(core, step.steps, round_, clock, over=over or ended or passed))
        for round_, passed in _rounds(core, path)
    )
    return Met("open") if every.standing == "not needed" and not ended else every


def _itself(core: Core, step: Step, path: str, *, over: bool) -> Met:
    """Of a step, whether it has done what it is for; of one that holds others, whether all of them have."""
    found = _begun(core, path, over=over)
    if found is not None:
        return found
    if step.verb not in ("parallel", "group", "for_each"):
        return _ended(core, path)
    ended = core.is_final(path)
    inside = _every(_inside(core, step, path, over=over or ended))
    if inside.standing == "met":
        return Met("met", path) if core.status(path) == "done" else Met("open" if not ended else "lost")
    return Met("open") if inside.standing == "not needed" and not ended else inside


def _inside(core: Core, step: Branching, path: str, *, over: bool) -> Iterator[Met]:
    in_rounds = step.verb == "for_each" and not batches.is_long(core.at(path))
    rounds = _rounds(core, path) if in_rounds else ((path, False),)
    for round_, passed in rounds:
        for number, child in enumerate(step.steps):
            yield _itself(core, child, f"{round_}.{number}", over=over or passed)


def _rounds(core: Core, path: str) -> Iterator[tuple[str, bool]]:
    """The rounds of a loop, the last one first, as that is the last to end; and whether each is over."""
    state = core.at(path)
    passed = frozenset(state.passed)
    for number in reversed(range(len(state.items or []))):
        yield f"{path}[{number}]", number in passed


def _begun(core: Core, path: str, *, over: bool) -> Met | None:
    """How it stands with a step that has not begun, or that was not needed; None where one has to look further."""
    match core.status(path):
        case "waiting":
            return Met("lost" if over else "open")
        case "not_needed":
            left = any(paths.within(path, scope) for scope in core.state.left)
            return Met("lost" if left else "not needed")
        case "skipped" | "failed":
            return _ended(core, path)
        case _:
            return None


def _ended(core: Core, path: str) -> Met:
    if succeeded(core, path):
        return Met("not needed") if _chose_nothing(core, path) else Met("met", path)
    if not core.is_final(path) or core.asks_of(path) or core.acts_of(path):
        return Met("open")
    acts_on_nothing = core.step(path).verb == "contain" and core.status(path) == "done" and not core.at(path).holds
    return Met("not needed" if acts_on_nothing else "lost")


def _chose_nothing(core: Core, path: str) -> bool:
    """Whether a step of a long loop was needed for none of its items."""
    tally = core.at(path).tally
    return tally is not None and tally.complete and not tally.chosen


def _any(steps: Iterable[Met]) -> Met:
    """Of steps of which one is enough."""
    found = [*steps]
    for wanted in ("met", "open", "lost"):
        for one in found:
            if one.standing == wanted:
                return one
    return Met("not needed" if found else "lost")


def _every(parts: Iterable[Met]) -> Met:
    """Of parts that all count: none of them when nothing was needed. Looks no further than at the first that is not done."""
    met = None
    still = False
    for one in parts:
        if one.standing == "lost":
            return one
        still = still or one.standing == "open"
        met = met or (one if one.standing == "met" else None)
    if still:
        return Met("open")
    return met or Met("not needed")
