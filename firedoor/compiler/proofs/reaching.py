"""Which way the flow goes: what a step's end leads to, and which ends of the steps before it a step can follow.

An ask is taken as leading anywhere, since a person may answer it in any way.
"""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.compiler.proofs.situations import Situation
from firedoor.plan.model import Plan
from firedoor.plan.steps import Consequence, Step

_OPTION = {"rejected": "on_reject", "unanswered": "on_timeout", "failed": "on_failure"}


def consequence(step: Step, outcome: str) -> Consequence | None:
    """What the step says of this outcome; None where the flow simply goes on. A skipped approve goes on as a silence."""
    if outcome == "skipped":
        return step.on_timeout if step.verb == "approve" else None
    return getattr(step, _OPTION.get(outcome, ""), None)


class Flow:
    """The order of a plan's steps."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def _parent(self, path: str) -> str:
        return path.rpartition(".")[0]

    def _verb(self, path: str) -> str | None:
        return self.plan.by_path[path].verb if path else None

    def before(self, one: str, other: str) -> bool:
        """Whether the step at `one` is final when that at `other` is reached."""
        mine, theirs = one.split("."), other.split(".")
        for index, (a, b) in enumerate(zip(mine, theirs, strict=False)):
            if a != b:
                return self._verb(".".join(mine[:index])) != "parallel" and int(a) < int(b)
        return False

    def scope(self, path: str) -> str:
        """What `leave` ends at this step: the path of a group, a loop (its round), or a branch; "" is the playbook."""
        while path:
            parent = self._parent(path)
            match self._verb(parent):
                case "group" | "for_each":
                    return parent
                case "parallel":
                    return path
            path = parent
        return ""

    def leads_on(self, step: Step, outcome: str, to: str, *, ends: bool = True) -> bool:
        """Whether the step at `to` can be reached though `step`, which stands before it, has ended so.

        `ends=False` leaves out what ends the whole response.
        """
        found = consequence(step, outcome)
        if found is None:
            return True
        if found.kind in ("stop", "undo_all"):
            return not ends
        if found.kind == "leave":
            scope = self.scope(step.path)
            return bool(scope) and to != scope and not to.startswith(f"{scope}.")
        return True

    def reached(self, to: str, situation: Situation, *, ends: bool = True) -> bool:
        """Whether the steps that the situation tells of, and that stand before, have let the flow come to `to`."""
        return all(
            self.leads_on(self.plan.by_path[path], outcome, to, ends=ends)
            for path, outcome in situation.outcomes.items()
            if self.before(path, to)
        )

    def leaving(self, to: str) -> Iterator[Step]:
        """The steps before `to` of which some end leaves a scope that `to` is in."""
        for path, step in self.plan.by_path.items():
            if not self.before(path, to):
                continue
            if any(
                (found := consequence(step, outcome)) is not None
                and found.kind == "leave"
                and not self.leads_on(step, outcome, to)
                for outcome in ("rejected", "unanswered", "failed")
            ):
                yield step
