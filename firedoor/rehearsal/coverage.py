"""Which outcomes of a playbook a set of rehearsals has walked, from the plan and the timelines.

An outcome is one way that a step can go: an approval's three ends, a task done or unanswered, a wait over or not, a
failure of each act and notice, an expiry, each condition true and false, and each answer to an `ask` that the playbook
writes. What a stop left undone is not walked.

Of a playbook that is run inside and has rehearsals of its own, one outcome: that it was run. What can happen in it is
walked there, once, and not again by each playbook that runs it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from firedoor.compiler.rehearsals.steps import HOLDER
from firedoor.plan import Consequence, Plan, Step, paths
from firedoor.plan.expression import StepIs
from firedoor.plan.model import walk
from firedoor.plan.steps import consequences
from firedoor.rehearsal.playing import Played

_WHY: Final = {"on_reject": "reject", "on_timeout": "timeout", "on_expiry": "expiry"}
_WORDS: Final = {"reject": "a rejection", "timeout": "silence", "expiry": "an expiry"}


@dataclass(frozen=True, order=True)
class Outcome:
    """`what` is "approved", "when false", or "timeout: again": an answer to what is asked after a silence."""

    path: str
    what: str


@dataclass(frozen=True)
class Walked:
    """Of one playbook: all outcomes, and those that some case has walked."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    walked: frozenset[Outcome]
    unseen: bool = False
    """A run was too large to be seen whole, so that something that was walked may be listed as not walked."""

    @property
    def missing(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome not in self.walked]

    def says(self, outcome: Outcome) -> str:
        """`ratify (high-profile-takeover.yaml:37): rejected`."""
        step = self.plan.by_path[outcome.path]
        what = outcome.what
        why, colon, answer = what.partition(": ")
        if colon:
            what = f"after {_WORDS[why]}, the answer “{answer.replace('_', ' ')}”"
        return f"{_name(step)} ({step.at}): {what}"


def of(plan: Plan, cases: Iterable[Played], rehearsed: Collection[str] = ()) -> Walked:
    """What these cases of one playbook have walked. `rehearsed`: playbooks with rehearsals of their own."""
    inside = [step.path for step in walk(plan.steps) if step.verb == "group" and step.playbook in rehearsed]
    steps = [step for step in walk(plan.steps) if not any(_is_below(step.path, scope) for scope in inside)]
    outcomes = tuple(
        outcome
        for step in steps
        for outcome in _outcomes(step, run=step.path in inside)
        if outcome.what != "when false" or not _is_only_reached_approved(plan, step)
    )
    found: set[Outcome] = set()
    unseen = False
    for played in cases:
        found |= set(_walked(plan, played))
        unseen |= played.view is not None and len(played.view.steps) >= _MOST_SEEN
    return Walked(plan, outcomes, frozenset(found) & frozenset(outcomes), unseen)


_MOST_SEEN: Final = 300
RUN: Final = "run"


# --- what there is


def _is_below(path: str, scope: str) -> bool:
    return path != scope and paths.within(path, scope)


def _is_only_reached_approved(plan: Plan, step: Step) -> bool:
    """Whether a condition `X is approved` is true wherever it is read: X stands before it in the same group, is always
    asked, and whatever else it comes to ends that group, or the run. Then nobody can walk its being false."""
    if not isinstance(step.when, StepIs) or step.when.outcome != "approved":
        return False
    asked = plan.by_path[step.when.step]
    scope = paths.parent(asked.path)
    beside = bool(scope) and plan.by_path[scope].verb == "parallel"
    return (
        asked.verb == "approve"
        and asked.when is None
        and not beside
        and paths.within(step.path, scope or "")
        and not _goes_on(asked.on_reject)
        and not _goes_on(asked.on_timeout)
    )


def _goes_on(consequence: Consequence) -> bool:
    return consequence.kind in ("continue", "undo") or (consequence.kind == "ask" and consequence.may_continue)


def _outcomes(step: Step, *, run: bool = False) -> Iterator[Outcome]:
    if step.when is not None:
        yield Outcome(step.path, "when true")
        yield Outcome(step.path, "when false")
    if run:
        yield Outcome(step.path, RUN)
    match step.verb:
        case "approve":
            ends = ["approved", "rejected", "unanswered"]
        case "contain":
            ends = ["done", "failed", *(["expired"] if step.expires else [])]
        case "notify":
            ends = ["done", "failed"]
        case "undo":
            ends = ["done"]
        case "task":
            ends = ["done", *(["unanswered"] if step.on_timeout else [])]
        case "wait":
            ends = ["done", *(["unanswered"] if step.at_most else [])]
        case _:
            ends = []
    yield from (Outcome(step.path, end) for end in ends)
    for option, consequence in consequences(step):
        if consequence.kind == "ask" and option in _WHY:
            why = _WHY[option]
            yield from (Outcome(step.path, f"{why}: {choice}") for choice in _choices(step, why, consequence))


def _choices(step: Step, why: str, consequence: Consequence) -> list[str]:
    """What a person may answer, as firedoor.run.questions offers it."""
    if why == "expiry":
        return ["undo", "again", "keep"]
    on = "continue" if consequence.may_continue else "leave" if step.verb == "approve" else None
    return ["again", *([on] if on else []), "stop", "undo_all"]


# --- what was walked


def _walked(plan: Plan, played: Played) -> Iterator[Outcome]:
    whys: dict[str, str] = {}
    for row in played.rows:
        path = paths.static(row.step or "")
        if path not in plan.by_path:
            continue
        family, _, what = row.kind.partition(".")
        if family == "step":
            yield Outcome(path, what)
        elif row.kind == "hold.failed":
            yield Outcome(path, "failed")
        elif row.kind == "hold.expired":
            yield Outcome(path, "expired")
        elif row.kind == "question.asked":
            whys[str(row.data.get("ask"))] = str(row.data.get("why"))
        elif row.kind == "question.answered":
            yield Outcome(path, f"{whys.get(str(row.data.get('ask')), '')}: {row.data.get('choice')}")
    yield from _conditions(played)


def _conditions(played: Played) -> Iterator[Outcome]:
    """A condition was read where its step was reached; what a `leave` left out was not, and neither what ended before."""
    left = [(row.step or "", row.at) for row in played.rows if row.kind == "scope.left"]
    for step in played.view.steps if played.view else ():
        if step.state in ("waiting", "stopped", "skipped"):
            continue
        path = paths.static(step.path)
        if step.state != "not_needed":
            yield Outcome(path, "when true")
            yield Outcome(path, RUN)
        elif step.done_at is not None and not any(
            paths.within(step.path, scope) and step.done_at == at for scope, at in left
        ):
            yield Outcome(path, "when false")


def _name(step: Step) -> str:
    match step.verb:
        case "contain":
            return step.id or step.action
        case "notify":
            return step.id or "notify " + ", ".join(str(one.who or HOLDER) for one in step.audience)
        case "approve":
            text = step.question
        case "task":
            text = step.words
        case "group" if step.playbook:
            return f"run {step.playbook}"
        case "group" | "parallel":
            text = step.name
        case _:
            return step.id or step.verb
    prose = text.in_language("en")
    words = "".join(part if isinstance(part, str) else "…" for part in prose.of)
    return step.id or f"“{words[:60]}”"
