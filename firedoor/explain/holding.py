"""What becomes of what the steps of a plan contain: which steps let go of it, which answers do, and who signs for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from firedoor.compiler.proofs.reaching import Flow
from firedoor.plan import Approve, Consequence, Contain, Plan, Step, Undo
from firedoor.plan.steps import consequences


class Holding:
    """Looked up once for a plan, so that a plan of thousands of steps is told in a second."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._flow = Flow(plan)
        self._signed: dict[str, list[Approve]] = defaultdict(list)
        self._undone: dict[str, list[str]] = defaultdict(list)
        self._ends: dict[str | None, list[tuple[Step, str]]] = defaultdict(list)
        for step in plan.by_path.values():
            if step.verb == "approve":
                for act in step.unlocks:
                    self._signed[act].append(step)
            if step.verb == "undo":
                self._undone[step.step].append(step.path)
            for option, means in consequences(step):
                if option != "on_expiry" and means.kind in ("undo", "undo_all"):
                    self._ends[_held(means)].append((step, option))

    def acts(self) -> list[Contain]:
        return [step for step in self.plan.by_path.values() if step.verb == "contain"]

    def signed_by(self, act: Contain) -> list[Approve]:
        """The approvals that it is only reached after."""
        return self._signed[act.path]

    def let_go_once_signed(self, undo: Undo) -> list[Approve]:
        """The approvals that an undo step is only reached after: what they have signed lets go."""
        return self._signed[undo.path]

    def lets_go(self, act: Contain) -> list[str]:
        """Static paths of the `undo` steps that release it."""
        return self._undone[act.path]

    def let_go_by(self, act: Contain) -> Iterator[tuple[Step, str]]:
        """The other steps that may end so that it is released, each with the option that says so ("on_reject").

        One that has always ended before the act begins holds nothing of it, unless a loop around both comes again.
        """
        for step, option in (*self._ends[act.path], *self._ends[None]):
            if step.path != act.path and (not self._flow.before(step.path, act.path) or self._in_one_loop(step, act)):
                yield step, option

    def _in_one_loop(self, one: Step, other: Step) -> bool:
        path = ""
        for mine, theirs in zip(one.path.split("."), other.path.split("."), strict=False):
            if mine != theirs:
                return False
            path = f"{path}.{mine}" if path else mine
            if self.plan.by_path[path].verb == "for_each":
                return True
        return False

    def irreversible(self, act: Contain) -> bool:
        action = self.plan.actions[act.action]
        return action.irreversible or action.undo is None


def _held(means: Consequence) -> str | None:
    """What it releases; None is everything."""
    return means.step if means.kind == "undo" else None
