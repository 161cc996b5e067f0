"""Proves that each undo which is reached is allowed: the activity that lets go believes signed words, and no run's word.

This is the activity's rule (firedoor.people.shown), read off the plan: whatever stands before an undo has to be over by
what people signed and by the time, and its condition has to hold by these; but where an approval is known approved at
the undo, whatever stands before that approval may be anything. What is found here is an undo that a run may reach, and
that is refused then. Taken as said at the launch: what a correction or a changed severity makes of a step that was
passed over already is asked about in the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from firedoor.compiler.proofs.reaching import Flow, may_leave
from firedoor.plan.expression import (
    And,
    Const,
    Expr,
    InputValue,
    Item,
    Not,
    Or,
    Outcome,
    Prose,
    Read,
    RunField,
    SeverityNow,
    StepField,
    StepIs,
)
from firedoor.plan.model import Plan, walk
from firedoor.plan.references import parts
from firedoor.plan.steps import Approve, Step, Undo, consequences

Why = Literal["before", "condition", "round", "targets"]


@dataclass(frozen=True)
class Refused:
    """An undo that a run may reach, and that nobody will have signed for. `because` is the step that no signed word
    shows to be over, or whose condition none does; the undo itself where it is about its own condition."""

    step: Undo
    because: Step
    why: Why


def refused(plan: Plan, flow: Flow) -> Iterator[Refused]:
    """One for each undo: the nearest thing that cannot be shown."""
    for step in plan.by_path.values():
        if isinstance(step, Undo):
            found = _Undoing(plan, flow, step).unshown()
            if found is not None:
                yield Refused(step, *found)


_PEOPLE_AND_TIME = ("task", "approve", "wait")
"""What stands before an undo and has to be shown to be over."""

_ALWAYS = frozenset({"holds", "fails", "false", "not false"})
"""What is shown of a condition whenever it is so: that it holds, that it does not, that it is false, that it is not (a
condition may be unknown, which is neither)."""
_NEGATED = {"holds": "false", "false": "holds", "fails": "not false", "not false": "fails"}
_NEVER: frozenset[str] = frozenset()


class _Undoing:
    def __init__(self, plan: Plan, flow: Flow, undo: Undo) -> None:
        self.plan = plan
        self.flow = flow
        self.undo = undo
        self.anchors = [
            step.path for step in plan.by_path.values() if isinstance(step, Approve) and undo.path in step.unlocks
        ]
        around = [plan.by_path[path] for path in _upwards(undo.path)]
        self.loops = {step.path: step for step in around if step.verb == "for_each"}
        self.facts = {
            (fact.step, fact.outcome) for step in around if step.when is not None for fact in _conjuncts(step.when)
        }
        """How steps have ended wherever the undo is reached, by its condition and those around it."""

    def unshown(self) -> tuple[Step, Why] | None:
        for path in _upwards(self.undo.path):
            step = self.plan.by_path[path]
            if step.verb == "for_each" and not self._knows_round(path):
                return step, "round"
            if not self.anchors and "holds" not in self._shown(step.when):
                return step, "condition"
            for before in self._before(path):
                unshown = self._not_over(before)
                if unshown is not None:
                    return unshown, "before"
        targets = self.undo.targets
        if isinstance(targets, Item) and not (
            self._is_given(self._items(targets.loop)) or self._has_done_task(targets.loop)
        ):
            return self.plan.by_path[targets.loop], "targets"
        return None

    def _before(self, path: str) -> Iterator[Step]:
        """The steps beside it that come first, nearest first."""
        outer, _, number = path.rpartition(".")
        if outer and self.plan.by_path[outer].verb == "parallel":
            return
        for earlier in reversed(range(int(number))):
            yield self.plan.by_path[f"{outer}.{earlier}" if outer else str(earlier)]

    # --- rounds -----------------------------------------------------------------------------------------------------

    def _items(self, loop: str) -> Expr:
        step = self.plan.by_path[loop]
        if step.verb != "for_each":
            raise AssertionError(f"{loop} is no loop")
        return step.items

    def _knows_round(self, loop: str) -> bool:
        """Whether the rounds are known: from the inputs, by what is held in this one, or by a word that was given in it."""
        named = any(there.startswith(f"{loop}.") for there in (self.undo.step, *self.anchors))
        return named or self._is_given(self._items(loop)) or self._has_done_task(loop)

    def _has_done_task(self, loop: str) -> bool:
        """Whether a task of the round is surely done there; its document shows the items of its rounds."""
        return any(
            path.startswith(f"{loop}.") and outcome == "done" and self.plan.by_path[path].verb == "task"
            for path, outcome in self.facts
        )

    # --- what is over -----------------------------------------------------------------------------------------------

    def _not_over(self, step: Step) -> Step | None:
        """The step, or one in it, that can end without a signed word that shows it; None where each end is shown."""
        if self._is_waived(step):
            return None
        unshown = self._not_over_when_begun(step)
        if unshown is not None:
            return unshown
        passed_over = step.when is not None and "fails" not in self._shown(step.when) and not self._has_begun(step)
        return step if passed_over and self._needs_showing(step) else None

    def _has_begun(self, step: Step) -> bool:
        """Whether something in it has ended wherever the undo is reached, so that its condition held."""
        ended = [*self.anchors, *(path for path, outcome in self.facts if outcome != "skipped")]
        return any(path == step.path or path.startswith(f"{step.path}.") for path in ended)

    def _is_waived(self, step: Step) -> bool:
        """Whether people have signed for the undo with this step behind them."""
        return any(self.flow.before(step.path, anchor) for anchor in self.anchors)

    def _needs_showing(self, step: Step) -> bool:
        if self._is_waived(step):
            return False
        if step.verb in ("parallel", "group", "for_each"):
            return any(self._needs_showing(inner) for inner in step.steps)
        return step.verb in _PEOPLE_AND_TIME

    def _not_over_when_begun(self, step: Step) -> Step | None:
        match step.verb:
            case "wait":
                return step if step.duration is None else None
            case "parallel":
                return next((found for inner in step.steps if (found := self._not_over(inner)) is not None), None)
            case "group":
                return self._not_all_over(step.steps)
            case "for_each":
                return next((one for one in walk(step.steps) if one.verb in _PEOPLE_AND_TIME), None)
            case _:
                return None

    def _not_all_over(self, steps: tuple[Step, ...]) -> Step | None:
        """In a sequence some step may leave what stands after it; an approval's word shows that."""
        left: Step | None = None
        for step in steps:
            if left is not None and self._needs_showing(step):
                return left
            found = self._not_over(step)
            if found is not None:
                return found
            if left is None and self._may_leave_unseen(step):
                left = step
        return None

    def _may_leave_unseen(self, step: Step) -> bool:
        """Whether the step may leave the sequence without a signed word or a time that shows it."""
        leaves = [option for option, end in consequences(step) if may_leave(step, end)]
        if step.verb == "approve":
            return step.on_failure.kind == "leave" or (bool(leaves) and "holds" not in self._shown(step.when))
        return bool(leaves)

    # --- conditions -------------------------------------------------------------------------------------------------

    def _shown(self, condition: Expr | None) -> frozenset[str]:
        match condition:
            case None:
                return _ALWAYS
            case And(of=of) | Or(of=of):
                return frozenset.intersection(*(self._shown(part) for part in of))
            case Not(of=of):
                return frozenset(_NEGATED[one] for one in self._shown(of))
            case StepIs(step=path, outcome=outcome):
                return self._shown_of(self.plan.by_path[path], outcome)
            case _:
                return _ALWAYS if self._is_given(condition) else _NEVER

    def _shown_of(self, step: Step, outcome: Outcome) -> frozenset[str]:
        """That a step has ended so is yes or no, and never unknown."""
        if (step.path, outcome) in self.facts and outcome in ("done", "approved", "rejected", "skipped"):
            return _ALWAYS if self._comes_true(step, outcome) else _NEVER
        found = {"holds", "not false"} if self._comes_true(step, outcome) else set()
        if step.verb == "approve" and outcome == "approved" and self._is_no_seen(step):
            found |= {"fails", "false"}
        return frozenset(found)

    def _comes_true(self, step: Step, outcome: Outcome) -> bool:
        if any(
            loop not in self.loops for loop in _upwards(step.path)[1:] if self.plan.by_path[loop].verb == "for_each"
        ):
            return False
        if outcome == "skipped":
            return True
        match step.verb:
            case "approve":
                return True
            case "task":
                return outcome == "done" or (outcome == "unanswered" and step.due is not None)
            case "wait":
                return outcome == "done" and step.duration is not None
            case _:
                return False

    def _is_no_seen(self, step: Approve) -> bool:
        """Whether each end of the approval but a yes is shown: where it stands in no group that may be passed over."""
        outer = step.path.rpartition(".")[0]
        within = not outer or self.undo.path.startswith(f"{outer}.")
        asked = step.when is None or "fails" in self._shown(step.when)
        return within and asked

    def _is_given(self, expr: Expr) -> bool:
        """Whether its value follows from signed words alone: the launch, and what was given, added and set since."""
        match expr:
            case Const() | InputValue() | SeverityNow():
                return True
            case RunField(field=field):
                return field != "launched_at"
            case Item(loop=loop):
                return self._is_given(self._items(loop))
            case Read() | StepField() | StepIs():
                return False
            case Prose():
                return all(self._is_given(part) for part in expr.of if not isinstance(part, str))
            case _:
                return all(self._is_given(part) for part in parts(expr))


def _conjuncts(condition: Expr) -> Iterator[StepIs]:
    match condition:
        case StepIs():
            yield condition
        case And(of=of):
            for part in of:
                yield from _conjuncts(part)


def _upwards(path: str) -> list[str]:
    """The static path, and those of the steps around it."""
    found = [path]
    while path := path.rpartition(".")[0]:
        found.append(path)
    return found
