"""What a no, a silence and a failure lead to: one place for the six words that an author can write."""

from __future__ import annotations

from firedoor.plan import Consequence, Step, paths
from firedoor.run import asking, batches, clocks, ending, questions, releasing
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
    """End the group, the loop's round, the inlined playbook or the parallel's branch that the step stands in.

    What has not begun in it is not needed; acts that are under way go on to their end, and the scope ends with them.
    """
    scope = scope_of(core, path)
    if scope == path or scope in core.state.left:
        return
    core.state.left.append(scope)
    core.changes += 1
    for ask in list(core.state.asks.values()):
        moot = ask.blocks or ask.why == "severity"
        if moot and ask.step != path and paths.within(ask.step, scope) and core.is_final(ask.step):
            asking.close(core, ask)
    _leave_out(core, _steps_of(core, scope), scope, path)
    words = f"{core.name(scope)}: left; what is left out is not needed"
    core.row("scope.left", words, step=scope or None, by_step=path, ordinal=core.at(path).ordinal)


def _steps_of(core: Core, scope: str) -> tuple[Step, ...]:
    if not scope:
        return core.plan.steps
    step = core.step(scope)
    return step.steps if step.verb in ("parallel", "group", "for_each") else ()


def _leave_out(core: Core, steps: tuple[Step, ...], beside: str, but: str) -> None:
    for number, step in enumerate(steps):
        path = f"{beside}.{number}" if beside else str(number)
        status = core.status(path)
        if path == but or core.is_final(path):
            continue
        if status in ("waiting", "asking"):
            for ask in core.asks_of(path):
                asking.close(core, ask)
            core.finish(path, core.at(path).pending or "not_needed")
        elif step.verb in ("parallel", "group") or (step.verb == "for_each" and batches.is_long(core.at(path))):
            _leave_out(core, step.steps, path, but)
        elif step.verb == "for_each":
            _leave_out_rounds(core, step.steps, path, but)


def _leave_out_rounds(core: Core, steps: tuple[Step, ...], path: str, but: str) -> None:
    state = core.at(path)
    begun = {
        number
        for inner in core.state.steps
        for loop, number in paths.rounds(inner)
        if paths.in_run(loop, inner) == path
    }
    for number in range(len(state.items or [])):
        if number in begun:
            _leave_out(core, steps, f"{path}[{number}]", but)
        elif number not in state.passed:
            state.passed.append(number)


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
