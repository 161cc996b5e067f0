"""What becomes of what a step contains: which steps let go of it, which answers do, and when it lapses."""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.compiler.proofs.reaching import Flow
from firedoor.plan import Approve, Contain, Plan, Step, paths
from firedoor.plan.steps import consequences


def lets_go(plan: Plan, act: Contain) -> list[str]:
    """Static paths of the `undo` steps that release it."""
    return [step.path for step in plan.by_path.values() if step.verb == "undo" and step.step == act.path]


def let_go_by(plan: Plan, act: Contain) -> Iterator[tuple[Step, str]]:
    """The other steps that may end so that it is released, each with the option that says so ("on_reject").

    One that has always ended before the act begins holds nothing of it, unless a loop around both comes again.
    """
    flow = Flow(plan)
    for step in plan.by_path.values():
        if step is act or (flow.before(step.path, act.path) and not _in_one_loop(plan, step, act)):
            continue
        for option, means in consequences(step):
            if option != "on_expiry" and (
                means.kind == "undo_all" or (means.kind == "undo" and means.step == act.path)
            ):
                yield step, option


def _in_one_loop(plan: Plan, one: Step, other: Step) -> bool:
    return any(
        loop.verb == "for_each" and all(paths.within(step.path, loop.path) for step in (one, other))
        for loop in plan.by_path.values()
    )


def signed_by(plan: Plan, act: Contain) -> list[Approve]:
    """The approvals that it is only reached after."""
    return [step for step in plan.by_path.values() if step.verb == "approve" and act.path in step.unlocks]


def irreversible(plan: Plan, act: Contain) -> bool:
    action = plan.actions[act.action]
    return action.irreversible or action.undo is None
