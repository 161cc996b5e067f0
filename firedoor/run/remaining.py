"""What a response leaves behind when it has ended: containment that nobody has decided about, clocks that nobody is on.

The run asks about both, and holds until it is answered, because only a run can undo, and only a person can say that a
law was kept. About a clock that nothing is left to meet it asks at once, while the response goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.plan import Consequence, Step, Undo, paths
from firedoor.plan.expression import Expr, StepField, StepIs
from firedoor.plan.references import parts
from firedoor.plan.steps import consequences
from firedoor.protocol import Answer
from firedoor.run import clocks, documents, meeting, questions, releasing
from firedoor.run.core import Core
from firedoor.run.state import Ask, Hold, StepStatus

MOST_NAMED = 100
"""Targets that a question names one by one; of more it says how many they are."""

NOT_CARRIED_OUT: tuple[StepStatus, ...] = ("skipped", "unanswered", "failed", "stopped")
"""A condition that rests on such an outcome was decided by nobody."""


def ask(core: Core) -> None:
    """Put the questions that are owed, and withdraw those that were settled otherwise."""
    if core.state.engine < 2:
        return
    _ask_about_holds(core)
    _ask_about_clocks(core, unowned(core), "The response has ended, clock {} {}, and no step is left that meets it")


def ask_meanwhile(core: Core) -> None:
    """While the response goes on, or is ending: about clocks that no step is left to meet."""
    if core.state.engine >= 3:
        _ask_about_clocks(core, unmet(core), "Clock {} {}, and no step is left that meets it")


# --- containment ------------------------------------------------------------------------------------------------------


def undecided(core: Core) -> dict[str, list[str]]:
    """By step, what is contained without a lease and without anybody having decided that it stays.

    After a stop that is all of it. A response that has completed leaves what its playbook leaves; but not what an undo
    would have released that was skipped, left out or never decided on.
    """
    asked = {(a.step, t) for a in core.state.asks.values() if a.why in ("expiry", "undo_failed") for t in a.targets}
    found: dict[str, list[str]] = {}
    for path, state in core.state.steps.items():
        targets = [h.target for h in state.holds.values() if _is_open(h) and (path, h.target) not in asked]
        if targets and core.state.ended == "completed":
            targets = _should_have_been_undone(core, path, targets)
        if targets:
            found[path] = targets
    return found


def _is_open(hold: Hold) -> bool:
    return hold.status in ("entered", "applied", "unknown", "undo_failed") and hold.until is None and not hold.lasting


def _should_have_been_undone(core: Core, holder: str, targets: list[str]) -> list[str]:
    """Those for which the playbook has an undo that did not happen, though no decision of the playbook was against it."""
    static = paths.static(holder)
    missed: set[str] = set()
    for step in core.plan.by_path.values():
        if step.verb == "undo" and step.step == static:
            missed |= _passed_over(core, step, holder, targets)
        elif core.status(paths.in_run(step.path, holder)) in ("skipped", "unanswered") and any(
            _undoes(end, step, static) for end in _ends(step)
        ):
            missed.update(targets)
    return [target for target in targets if target in missed]


def _ends(step: Step) -> list[Consequence]:
    """What a refusal or a silence about the step would have led to."""
    return [end for option, end in consequences(step) if option in ("on_reject", "on_timeout")]


def _undoes(end: Consequence, step: Step, holder: str) -> bool:
    return end.kind == "undo_all" or (end.kind == "undo" and (end.step or step.path) == holder)


def _passed_over(core: Core, step: Undo, holder: str, targets: list[str]) -> set[str]:
    """Those of the targets that the undo would have released and did not: in a loop, in none of its rounds."""
    tries = [path for path in core.state.steps if paths.static(path) == step.path]
    tries = [path for path in tries if paths.in_run(step.step, path) == holder] or [paths.in_run(step.path, holder)]
    missed: set[str] = set()
    done: set[str] = set()
    for path in tries:
        state = core.state.steps.get(path)
        about = targets if state is None or state.targets is None else state.targets
        if core.status(path) == "done":
            done.update(about)
        elif _missed(core, path):
            missed.update(about)
    return missed - done


def _missed(core: Core, path: str) -> bool:
    """Whether an undo was passed over by chance: skipped, failed, left out, or under a condition that rests on what
    nobody has carried out. One whose condition was decided is not needed by the playbook's own word."""
    if any(paths.within(path, scope) for scope in core.state.left):
        return True
    inner = path
    while inner:
        status = core.status(inner)
        if status in NOT_CARRIED_OUT:
            return True
        if status == "not_needed":
            when = core.step(inner).when
            return when is not None and _rests_on_nothing(core, when, inner)
        inner = paths.parent(inner)
    return False


def _rests_on_nothing(core: Core, when: Expr, path: str) -> bool:
    return any(core.status(paths.in_run(step, path)) in NOT_CARRIED_OUT for step in _steps_in(when))


def _steps_in(expr: Expr) -> Iterator[str]:
    if isinstance(expr, StepIs | StepField):
        yield expr.step
    for part in parts(expr):
        yield from _steps_in(part)


def _ask_about_holds(core: Core) -> None:
    open_ = next((a for a in core.state.asks.values() if a.why == "held"), None)
    found = undecided(core)
    if not found:
        if open_ is not None:
            questions.settle(core, open_)
        return
    named = [f"{core.name(path)}: {target}" for path, targets in found.items() for target in targets]
    words = _words(core, found)
    if open_ is None:
        questions.put(core, "", "held", words, ["keep", "undo"], targets=named[:MOST_NAMED], block=False)
    elif open_.words != words or open_.targets != named[:MOST_NAMED]:
        open_.words, open_.targets = words, named[:MOST_NAMED]
        open_.document = documents.of_question(core, open_)
        open_.hash = documents.hash_of(open_.document)
        core.changes += 1


def _words(core: Core, found: dict[str, list[str]]) -> str:
    how = {"stopped": "was stopped", "undone": "was undone"}.get(core.state.ended or "", "has ended")
    steps = list(found)
    which = "; ".join(f"{core.name(path)} for {questions.which(core, path, found[path])}" for path in steps[:3])
    more = f"; and {len(steps) - 3} more steps" if len(steps) > 3 else ""
    return f"The response {how}, and this stays contained: {which}{more}. Keep it, or undo it"


def decided(core: Core, answer: Answer) -> None:
    """Keep what nobody has decided about, for good, or undo it: the steps with the newest entries first."""
    core.changes += 1
    found = undecided(core)
    entered = {path: max(core.at(path).holds[target].entered for target in found[path]) for path in found}
    for path in sorted(found, key=lambda path: -entered[path]):
        if answer.choice == "undo":
            releasing.release(core, path, found[path], f"{answer.person} decided so")
            continue
        for target in found[path]:
            core.at(path).holds[target].lasting = True


# --- clocks -----------------------------------------------------------------------------------------------------------


def unowned(core: Core) -> list[str]:
    """Clocks that run, and that no open task would meet."""
    tasks = [ask for ask in core.state.asks.values() if ask.kind == "task"]
    owned = {name for task in tasks for name in core.step(task.step).meets}
    return [name for name in clocks.running(core) if name not in owned]


def unmet(core: Core) -> list[str]:
    """Clocks that run, and that nothing is left to meet: the steps that meet them have ended, and did not succeed."""
    return [
        name
        for name in (clocks.running(core) if core.state.intent == "respond" else unowned(core))
        if core.plan.meeting.get(name) and meeting.standing(core, name).standing in ("lost", "not needed")
    ]


def _ask_about_clocks(core: Core, names: list[str], says: str) -> None:
    there = {a.about: a for a in core.state.asks.values() if a.why == "clock"}
    for name in [name for name in names if name not in there]:
        clock = core.state.clocks[name]
        until = f"{clock.due_at:%Y-%m-%d %H:%M UTC}"
        runs = f"ran out at {until} and was not met" if clock.missed else f"runs until {until}"
        if clock.paused_at is not None:
            runs = f"is paused ({clock.ground})"
        questions.put(
            core,
            "",
            "clock",
            f"{says.format(name, runs)}. Who meets it, and how",
            ["done", "not_due"],
            about=name,
            deadline=clock.due_at if clock.due_at > core.now and clock.paused_at is None else None,
            block=False,
        )
    for about, open_ in there.items():
        if about not in names:
            questions.settle(core, open_)
        elif open_.deadline is not None and open_.deadline <= core.now:
            open_.deadline = None
            core.changes += 1


def clock_answered(core: Core, ask: Ask, answer: Answer) -> None:
    """A person says how the clock was met, or why it is not owed."""
    clock = core.state.clocks[ask.about or ""]
    clocks.go_on(core, ask.about or "")
    if answer.choice == "done":
        clock.met_at, clock.met_by = core.now, answer.person
        late = ", late" if clock.due_at < core.now else ""
        words, kind = f"Clock {ask.about} was met{late}, by {answer.person}'s word", "clock.met"
    else:
        clock.not_due = True
        words, kind = f"Clock {ask.about} is not owed, by {answer.person}'s word", "clock.not_due"
    said = "; ".join(text for text in (answer.reason, answer.proof) if text)
    core.row(kind, f"{words}: {said}", clock=ask.about, by=answer.person, proof=answer.proof, ask=ask.id)
