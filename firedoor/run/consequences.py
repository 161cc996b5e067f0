"""What a no, a silence and a failure lead to: one place for the six words that an author can write."""

from __future__ import annotations

from firedoor.plan import Consequence, paths
from firedoor.run import asking, clocks, ending, questions, releasing
from firedoor.run.core import Core
from firedoor.run.state import StepStatus, Why


def follow(core: Core, path: str, outcome: StepStatus, consequence: Consequence, why: Why, words: str) -> None:
    """Write the outcome and do what follows from it. A failure or a silence that asks is written when the ask closes."""
    if consequence.kind == "ask" and outcome in ("failed", "unanswered"):
        state = core.at(path)
        state.status = "asking"
        state.pending = outcome
        core.changes += 1
        core.row(
            f"step.{outcome}", f"{words} — a person decides what follows", step=path, ordinal=state.ordinal, open=True
        )
    else:
        core.finish(path, outcome, words)
        clocks.watch(core)
    apply(core, path, consequence, why, words)


def apply(core: Core, path: str, consequence: Consequence, why: Why, words: str) -> None:
    match consequence.kind:
        case "continue":
            return
        case "leave":
            leave(core, path)
        case "undo":
            target = paths.in_run(consequence.step or paths.static(path), path)
            releasing.release(core, target, None, words)
        case "undo_all":
            ending.undo_all(core, words)
        case "stop":
            ending.stop(core, words)
        case "ask" if why == "failure":
            questions.about_failure(core, core.step(path), path, core.at(path).targets)
        case "ask":
            questions.about_outcome(core, path, why, consequence, words)


def leave(core: Core, path: str) -> None:
    """End the group, the loop's round, the inlined playbook or the parallel's branch that the step stands in."""
    scope = scope_of(core, path)
    if scope == path or scope in core.state.left:
        return
    core.state.left.append(scope)
    core.changes += 1
    for inner, state in list(core.state.steps.items()):
        if inner not in (scope, path) and paths.within(inner, scope) and not core.is_final(inner):
            for ask in core.asks_of(inner):
                asking.close(core, ask)
            if state.status == "waiting":
                core.finish(inner, "not_needed")
    core.row(
        "scope.left", f"{core.name(scope)}: left; what is left out is not needed", step=scope or None, by_step=path
    )


def scope_of(core: Core, path: str) -> str:
    """What `leave` ends. "" is the playbook's own steps; the step itself, where it is a branch of a parallel."""
    inner = path
    while True:
        outer = paths.parent(inner)
        if outer == "" or outer.endswith("]") or core.step(outer).verb == "group":
            return outer
        if core.step(outer).verb == "parallel":
            return inner
        inner = outer
