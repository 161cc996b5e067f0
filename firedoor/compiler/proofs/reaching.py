"""Which way the flow goes: what a step's end leads to, and which ends of the steps before it a step can follow.

For what may be reached an ask is taken as leading anywhere, since a person may answer it in any way. For what must be
reached it is taken as leaving, where that is one of its answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from firedoor.plan.model import Plan
from firedoor.plan.steps import Consequence, Step

OPTION = {"rejected": "on_reject", "unanswered": "on_timeout", "failed": "on_failure"}


def consequence(step: Step, outcome: str) -> Consequence | None:
    """What the step says of this outcome; None where the flow simply goes on. A skipped approve goes on as a silence."""
    if outcome == "skipped":
        return step.on_timeout if step.verb == "approve" else None
    option = OPTION.get(outcome)
    return getattr(step, option, None) if option is not None else None


def may_leave(step: Step, found: Consequence) -> bool:
    """Whether what follows may be that the scope is left: as written, or as one answer of an ask about an approval."""
    return found.kind == "leave" or (found.kind == "ask" and step.verb == "approve" and not found.may_continue)


class Flow:
    """The order of a plan's steps."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._place = {path: tuple(int(part) for part in path.split(".")) for path in plan.by_path}
        self._scope: dict[str, str] = {}
        self._leavers: dict[str, list[Step]] = {}
        self._ending: list[Step] = []
        self._beside: dict[tuple[str, str], bool] = {}
        self._look(plan.steps, "", "")

    def _look(self, steps: Iterable[Step], outer: str, scope: str) -> None:
        """Note the scope of each step, and who may leave which."""
        beside = self._verb(outer) == "parallel"
        for step in steps:
            own = step.path if beside else scope
            self._scope[step.path] = own
            ends = [found for outcome in OPTION if (found := consequence(step, outcome)) is not None]
            if any(may_leave(step, found) for found in ends):
                self._leavers.setdefault(own, []).append(step)
            if any(found.kind in ("stop", "undo_all") for found in ends):
                self._ending.append(step)
            if step.verb in ("parallel", "group", "for_each"):
                inner = own if step.verb == "parallel" else step.path
                self._look(step.steps, step.path, inner)

    def _verb(self, path: str) -> str | None:
        return self.plan.by_path[path].verb if path else None

    def place(self, path: str) -> tuple[int, ...]:
        """Where the step stands, to sort by."""
        return self._place[path]

    def before(self, one: str, other: str) -> bool:
        """Whether the step at `one` is final when that at `other` is reached."""
        for index, (a, b) in enumerate(zip(self._place[one], self._place[other], strict=False)):
            if a != b:
                return a < b and (index == 0 or self._verb(_outer(one, index)) != "parallel")
        return False

    def scope(self, path: str) -> str:
        """What `leave` ends at this step: the path of a group, a loop (its round), or a branch; "" is the playbook."""
        return self._scope[path]

    def stays(self, path: str, found: Consequence) -> bool:
        """Whether a step that meets a started clock stays as a task when the response ends so, wherever it stands."""
        verb = self.plan.by_path[path].verb
        if verb in ("parallel", "group", "for_each"):
            return False
        return not (found.kind == "undo_all" and verb == "contain") and not self.in_loop(path)

    def in_loop(self, path: str) -> bool:
        """Whether the step happens once for each round of a loop around it."""
        while path := path.rpartition(".")[0]:
            if self._verb(path) == "for_each":
                return True
        return False

    def _in_one_loop(self, one: str, other: str) -> bool:
        """Whether some loop goes around both: what stands after a step in a round stands before it in the next one."""
        for index, (a, b) in enumerate(zip(self._place[one], self._place[other], strict=False)):
            if a != b:
                return False
            if self._verb(_outer(one, index + 1)) == "for_each":
                return True
        return False

    def leads_on(self, step: Step, outcome: str, to: str) -> bool:
        """Whether the step at `to` may be reached though `step`, which stands before it, has ended so."""
        found = consequence(step, outcome)
        if found is None:
            return True
        if found.kind in ("stop", "undo_all"):
            return False
        return found.kind != "leave" or not self._is_in(to, self.scope(step.path))

    def surely_leads_on(self, step: Step, outcome: str, to: str, *, meets: bool) -> bool:
        """Whether it is reached then whatever a person answers. `meets`: it meets a clock that has started."""
        found = consequence(step, outcome)
        if found is None:
            return True
        if found.kind in ("stop", "undo_all"):
            return meets and self.stays(to, found)
        return not may_leave(step, found) or not self._is_in(to, self.scope(step.path))

    def _is_in(self, path: str, scope: str) -> bool:
        return not scope or path == scope or path.startswith(f"{scope}.")

    def hindering(self, outcomes: Mapping[str, str]) -> dict[str, str]:
        """Those outcomes that may keep the flow from some step: `reached` and `surely_reached` look at no others."""
        return {
            path: outcome
            for path, outcome in outcomes.items()
            if (found := consequence(step := self.plan.by_path[path], outcome)) is not None
            and (found.kind in ("stop", "undo_all") or may_leave(step, found))
        }

    def reached(self, to: str, outcomes: Mapping[str, str]) -> bool:
        """Whether the steps whose outcomes these are, and that stand before, let the flow come to `to`."""
        return all(
            self.leads_on(self.plan.by_path[path], outcome, to)
            for path, outcome in outcomes.items()
            if self.before(path, to)
        )

    def surely_reached(self, to: str, outcomes: Mapping[str, str], *, meets: bool) -> bool:
        """Whether it is reached whatever a person answers. What ends the response counts from beside it as well."""
        for path, outcome in outcomes.items():
            step = self.plan.by_path[path]
            if self.before(path, to):
                if not self.surely_leads_on(step, outcome, to, meets=meets):
                    return False
            elif path != to and self._is_beside(path, to):
                found = consequence(step, outcome)
                if found is not None and found.kind in ("stop", "undo_all") and not (meets and self.stays(to, found)):
                    return False
        return True

    def _is_beside(self, one: str, other: str) -> bool:
        """Whether each may happen before the other: in branches beside each other, or in rounds of one loop."""
        known = self._beside.get((one, other))
        if known is None:
            apart = not (self._is_in(one, other) or self._is_in(other, one))
            known = apart and (not self.before(other, one) or self._in_one_loop(one, other))
            self._beside[one, other] = known
        return known

    def deciding(self, to: str, *, meets: bool) -> Iterator[Step]:
        """The steps before `to` of which some end may keep the flow from it."""
        scope: str = to
        while True:
            for step in self._leavers.get(scope, ()):
                if self.before(step.path, to):
                    yield step
            if not scope:
                break
            scope = scope.rpartition(".")[0]
        for step in self._ending:
            if self.before(step.path, to) or (step.path != to and self._is_beside(step.path, to)):
                ends = [found for outcome in OPTION if (found := consequence(step, outcome)) is not None]
                ending = [found for found in ends if found.kind in ("stop", "undo_all")]
                if not meets or not all(self.stays(to, found) for found in ending):
                    yield step


def _outer(path: str, depth: int) -> str:
    return ".".join(path.split(".")[:depth])
