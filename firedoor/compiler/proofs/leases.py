"""Proves that nothing which is contained for a while lets go by itself while the decision about it is still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firedoor.compiler.proofs.reaching import Flow
from firedoor.compiler.proofs.situations import named
from firedoor.compiler.proofs.worst import Longest, Worst
from firedoor.plan.model import Plan
from firedoor.plan.steps import Contain, Step, consequences


@dataclass(frozen=True)
class Lapse:
    """A lease that may end before an approval that decides about what it holds."""

    step: Contain
    approval: Step
    longest: Longest
    """From the containment to the end of the approval."""


def lapses(plan: Plan, flow: Flow, worst: Worst) -> Iterator[Lapse]:
    """One for each lease: the first decision that may come too late."""
    leases = [
        step
        for step in plan.by_path.values()
        if step.verb == "contain"
        and step.expires is not None
        and step.on_expiry is not None
        and step.on_expiry.kind == "undo"
    ]
    if not leases:
        return
    about, all_of = _decisions(plan)
    for step in leases:
        for approval in sorted({*about.get(step.path, ()), *all_of}, key=flow.place):
            if flow.before(approval, step.path):
                continue
            seconds = worst.seconds(approval, step.path)
            if step.expires is not None and seconds > step.expires:
                yield Lapse(step, plan.by_path[approval], worst.longest(approval, step.path))
                break


def _decisions(plan: Plan) -> tuple[dict[str, list[str]], list[str]]:
    """Of each act the approvals of which an end undoes it, by a consequence or by an undo that stands on the outcome;
    and the approvals of which an end undoes everything."""
    about: dict[str, list[str]] = {}
    all_of = []
    for step in plan.by_path.values():
        if step.verb == "approve":
            ends = [found for _, found in consequences(step)]
            for found in ends:
                if found.kind == "undo" and found.step is not None:
                    about.setdefault(found.step, []).append(step.path)
            if step.on_reject.kind == "undo_all":
                all_of.append(step.path)
        elif step.verb == "undo":
            about.setdefault(step.step, []).extend(
                path for path in sorted(named(step.when)) if plan.by_path[path].verb == "approve"
            )
    return about, all_of
