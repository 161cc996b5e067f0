"""What an approval covers, and what may follow a silence.

One pass forward over the lowered steps, carrying the approvals that are known to be approved: a sequence unites, a
condition adds its positive `is approved` parts, and an approval adds itself only where every other end of it leaves. The
run enforces `requires` by what is found here, so each doubt goes against knowing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from operator import is_

from firedoor.plan.expression import Expr, Outcome, StepIs
from firedoor.plan.model import Action
from firedoor.plan.steps import Approve, Consequence, Contain, Step, consequences

Known = frozenset[str]
"""Static paths of approvals."""

_LEAVES = ("leave", "undo_all", "stop")


@dataclass
class _Exits:
    """What is known at each place from which a scope is left."""

    known: list[Known] = field(default_factory=list)


def unlocks(steps: tuple[Step, ...]) -> dict[str, tuple[str, ...]]:
    """For each approval's path, the acts (contain and undo) on whose every path it is known to be approved."""
    acts: dict[str, Known] = {}
    _sequence(steps, frozenset(), _Exits(), acts)
    covered: dict[str, list[str]] = {}
    for path, known in acts.items():
        for approval in known:
            covered.setdefault(approval, []).append(path)
    return {approval: tuple(paths) for approval, paths in covered.items()}


def _sequence(steps: tuple[Step, ...], known: Known, exits: _Exits, acts: dict[str, Known]) -> Known:
    for step in steps:
        known = _step(step, known, exits, acts)
    return known


def _step(step: Step, known: Known, exits: _Exits, acts: dict[str, Known]) -> Known:
    """What is known after the step. `exits` gathers what is known where the scope around it is left."""
    within = known | approved_by(step.when)
    if any(consequence.kind == "leave" for _, consequence in consequences(step)):
        exits.known.append(within)
    after = within
    match step.verb:
        case "contain" | "undo":
            acts[step.path] = within
        case "approve":
            if _every_other_end_leaves(step):
                after = within | {step.path}
        case "group":
            own = _Exits()
            after = _meet(_sequence(step.steps, within, own, acts), own)
        case "parallel":
            ends = []
            for branch in step.steps:
                own = _Exits()
                ends.append(_meet(_step(branch, within, own, acts), own))
            after = within.union(*ends)
        case "for_each":
            _sequence(step.steps, within, _Exits(), acts)
    # Where the condition did not hold, or the step was skipped or failed, nothing of it is known.
    return after if step.when is None and step.verb != "for_each" else known


def _meet(end: Known, exits: _Exits) -> Known:
    for left in exits.known:
        end &= left
    return end


def _every_other_end_leaves(step: Approve) -> bool:
    """Not approved is then never behind it. An ask never counts: a person may answer it in any way."""
    failure = step.on_failure
    fails_safe = failure.kind in _LEAVES or (failure.kind == "ask" and not failure.may_continue)
    return step.on_reject.kind in _LEAVES and step.on_timeout.kind in _LEAVES and fails_safe


def approved_by(condition: Expr | None) -> Known:
    """The approvals that are approved wherever the condition holds."""
    return frozenset(part.step for part in _conjuncts(condition) if part.outcome == "approved")


def _conjuncts(condition: Expr | None) -> Iterator[StepIs]:
    if condition is None:
        return
    if condition.op == "is":
        yield condition
    elif condition.op == "and":
        for part in condition.of:
            yield from _conjuncts(part)


# --- silences


@dataclass(frozen=True)
class Hazard:
    """An act that may follow a silence and must not."""

    step: Step
    why: str


@dataclass(frozen=True)
class _Act:
    """An act that wants a decision: it cannot be taken back, or requires signatures."""

    step: Contain
    action: Action
    parts: tuple[int, ...]
    guards: frozenset[tuple[str, str]]
    """(path of a step, its outcome): what has happened wherever the act is reached, by its conditions."""


_Want = tuple[str, str | None] | None
"""Whose signature an act requires; None where it cannot be taken back."""


class Following:
    """What can happen after a step, beside it, or with it in the next round of a loop.

    Acts are kept by what they want, in the order of the text: a silence looks at those that stand behind it, and at no
    others but within a loop or a parallel around it.
    """

    def __init__(self, steps: tuple[Step, ...], actions: dict[str, Action]) -> None:
        self.actions = actions
        self.verbs: dict[tuple[int, ...], str] = {}
        self.acts: dict[_Want, list[_Act]] = {}
        self._gather(steps, frozenset())

    def _gather(self, steps: tuple[Step, ...], around: frozenset[tuple[str, str]]) -> None:
        for step in steps:
            guards = around | {(part.step, part.outcome) for part in _conjuncts(step.when)}
            if step.verb in ("parallel", "group", "for_each"):
                self.verbs[_parts(step)] = step.verb
                self._gather(step.steps, guards)
            elif step.verb == "contain":
                action = self.actions.get(step.action)
                if action is not None:
                    for want in _wants(action):
                        self.acts.setdefault(want, []).append(_Act(step, action, _parts(step), guards))

    def hazard(self, step: Step, outcome: Outcome = "unanswered") -> Hazard | None:
        """The first act that going on after the step ended so could lead to, though nobody has decided on it."""
        parts = _parts(step)
        begin = self._begin(parts)
        seats = {(seat.who.kind, seat.who.name) for seat in step.needs} if step.verb == "approve" else set()
        first: _Act | None = None
        for want in (None, *seats):
            acts = self.acts.get(want, ())
            for act in islice(acts, bisect_left(acts, begin, key=_place), None):
                if first is not None and act.parts >= first.parts:
                    break
                if self._follows(act.parts, parts) and not _excluded(act, step, outcome):
                    first = act
                    break
        return Hazard(first.step, _why(first.action, seats)) if first is not None else None

    def _begin(self, silent: tuple[int, ...]) -> tuple[int, ...]:
        """From where on acts may follow: from the outermost loop or parallel around the step, else from the step."""
        for depth in range(len(silent)):
            if self.verbs.get(silent[:depth]) in ("for_each", "parallel"):
                return silent[:depth]
        return silent

    def _follows(self, act: tuple[int, ...], silent: tuple[int, ...]) -> bool:
        """Whether the act stands behind the silent step, in a branch beside it, or in a loop with it."""
        for depth, (one, other) in enumerate(zip(act, silent, strict=False)):
            verb = self.verbs.get(act[:depth])
            if verb == "for_each":
                return act != silent
            if one != other:
                return verb == "parallel" or one > other
        return False


def _wants(action: Action) -> set[_Want]:
    """What about the act must not follow from a silence: that it cannot be taken back, and who must have signed."""
    seats: set[_Want] = {(seat.who.kind, seat.who.name) for seat in action.requires}
    return {None, *seats} if action.irreversible else seats


def _why(action: Action, seats: Set[_Want]) -> str:
    if action.irreversible:
        return f"{action.name}, which cannot be taken back"
    wanted = next(seat.who for seat in action.requires if (seat.who.kind, seat.who.name) in seats)
    return f"{action.name}, which requires {wanted} to sign"


def _excluded(act: _Act, step: Step, outcome: Outcome) -> bool:
    """Whether the act happens only where the step has ended in another way."""
    return any(path == step.path and ended != outcome for path, ended in act.guards)


def _place(act: _Act) -> tuple[int, ...]:
    return act.parts


def _parts(step: Step) -> tuple[int, ...]:
    return tuple(int(part) for part in step.path.split("."))


# --- both, written into the steps


def settle(
    steps: tuple[Step, ...], actions: dict[str, Action], refuse: Callable[[Step, Hazard], None]
) -> tuple[Step, ...]:
    """The steps with each approval's `unlocks`, and each ask's `may_continue`.

    `refuse` is told of each silence that says `continue` where it may not.
    """
    settled = _settled(steps, Following(steps, actions), refuse)
    return _unlocking(settled, unlocks(settled))


def _settled(steps: tuple[Step, ...], following: Following, refuse: Callable[[Step, Hazard], None]) -> tuple[Step, ...]:
    found: list[Step] = []
    for step in steps:
        changed: dict[str, object] = {}
        for option, consequence in consequences(step):
            if consequence.kind == "ask":
                may = _may_continue(step, option, following)
                if may != consequence.may_continue:
                    changed[option] = _asking(consequence, may)
            elif consequence.kind == "continue" and option == "on_timeout":
                hazard = following.hazard(step)
                if hazard is not None:
                    refuse(step, hazard)
        if step.verb in ("parallel", "group", "for_each"):
            changed["steps"] = _settled(step.steps, following, refuse)
        found.append(step.model_copy(update=changed) if changed else step)
    return tuple(found)


@lru_cache(maxsize=256)
def _asking(consequence: Consequence, may_continue: bool) -> Consequence:
    return consequence.model_copy(update={"may_continue": may_continue})


def _may_continue(step: Step, option: str, following: Following) -> bool:
    """Whether an ask may offer to go on: only where nothing that needs a decision could follow from it."""
    if option == "on_expiry":
        return False
    if option == "on_timeout":
        return following.hazard(step, "unanswered") is None
    if option == "on_reject":
        return following.hazard(step, "rejected") is None
    if step.verb == "approve":
        return False
    return step.verb != "wait" or following.hazard(step, "failed") is None


def _unlocking(steps: tuple[Step, ...], covered: dict[str, tuple[str, ...]]) -> tuple[Step, ...]:
    found: list[Step] = []
    for step in steps:
        changed: dict[str, object] = {}
        if step.verb == "approve" and covered.get(step.path, ()) != step.unlocks:
            changed["unlocks"] = covered.get(step.path, ())
        elif step.verb in ("parallel", "group", "for_each"):
            inner = _unlocking(step.steps, covered)
            if not all(map(is_, inner, step.steps)):
                changed["steps"] = inner
        found.append(step.model_copy(update=changed) if changed else step)
    return tuple(found)
