"""Proves that nothing which is contained for a while lets go by itself while the decision about it is still open."""

from __future__ import annotations

from dataclasses import dataclass

from firedoor.compiler.proofs.reaching import Flow
from firedoor.compiler.proofs.worst import Longest, Worst
from firedoor.compiler.scope import approved_by, consequences
from firedoor.plan.model import Plan
from firedoor.plan.steps import Approve, Contain


@dataclass(frozen=True)
class Lapse:
    """A lease that may end before an approval that decides about what it holds."""

    step: Contain
    approval: Approve
    longest: Longest
    """From the containment to the end of the approval."""


def lapses(plan: Plan, flow: Flow, worst: Worst) -> list[Lapse]:
    """One for each lease: the first decision that may come too late."""
    found = []
    for step in plan.by_path.values():
        if step.verb != "contain" or step.expires is None or step.on_expiry is None or step.on_expiry.kind != "undo":
            continue
        for approval in plan.by_path.values():
            if approval.verb != "approve" or not flow.before(step.path, approval.path):
                continue
            if not _decides(plan, approval, step):
                continue
            longest = worst.until(approval.path, step.path)
            if longest.unbounded is None and longest.seconds > step.expires:
                found.append(Lapse(step, approval, longest))
                break
    return found


def _decides(plan: Plan, approval: Approve, step: Contain) -> bool:
    """Whether one of the approval's ends undoes the step: by a consequence, or by an undo that stands on its outcome."""
    if any(found.kind == "undo" and found.step == step.path for _, found in consequences(approval)):
        return True
    if approval.on_reject.kind == "undo_all":
        return True
    return any(
        undo.verb == "undo" and undo.step == step.path and approval.path in approved_by(undo.when)
        for undo in plan.by_path.values()
    )
