"""By what right something is let go: the playbook says so by now, or somebody who may has signed for it.

To let go too early is what an attacker wants who has had an account locked. So nothing is released on a run's word. What
the playbook does after a time is not due before that time has passed since the launch. What it does after an approval
needs the approval; and that is enough for all that came before it, since whoever signed was shown that this would follow
(firedoor.people.shown). What it does on a condition, or after work by people, needs the words that make it true. An act's
own failure is believed where the ledger has it. What cannot be shown (a read, a notice that failed) needs a signed word:
an approval in the playbook, or that somebody who may says so now, or tries a failed undo again. The compiler refuses a
playbook with an undo for which there can be neither (FD406).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from firedoor.people import standing
from firedoor.people.given import bounds_of, given, values_of
from firedoor.people.shown import Shown, Word
from firedoor.people.signatures import LEEWAY
from firedoor.plan import Approve, Consequence, Contain, ForEach, Plan, Step, Task, Undo, paths
from firedoor.plan.expression import Item
from firedoor.plan.inputs import check_inputs
from firedoor.plan.references import inputs_behind
from firedoor.plan.steps import consequences
from firedoor.protocol import Answer, Command, Launch, ReleaseOrder

TRIES_AGAIN: Final = ("failure", "severity")
"""The questions about an undo step on which a retry asks for the undo. One about a missing answer of a system asks that
system again, and no more."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One asking of an approval that everyone who had to has signed: the moment of the last signature, and what the
    signers were shown."""

    moment: datetime
    document: Mapping[str, Any]

    def shows(self, undo: str) -> bool:
        """Whether the deciders were shown that the undo at this path follows; an approval of an addition is about that
        alone."""
        acts = self.document.get("unlocks")
        return self.added is None and any(
            isinstance(act, dict) and act.get("step") == undo and act.get("action") == "undo"
            for act in (acts if isinstance(acts, list) else ())
        )

    @property
    def added(self) -> frozenset[str] | None:
        """What it was asked for alone; None where it was asked for everything."""
        found = self.document.get("added")
        if found is None:
            return None
        return frozenset(str(target) for target in found) if isinstance(found, list) else frozenset()


@dataclass(frozen=True, slots=True)
class Leave:
    """What is known, when something is to be let go. All of `words` and `answers` are verified, and of this run.

    `signed` has the complete signings of the approval at a path of the run.
    `failed` are the run's paths of the acts that the ledger knows not to have gone as they should, and `recorded` the words
    that the timeline has, whether they came with the order or not.
    """

    plan: Plan
    order: ReleaseOrder
    launch: Launch
    words: Sequence[Answer | Command]
    answers: Sequence[Word]
    signed: Callable[[Approve, str], Sequence[Consent]]
    now: datetime
    failed: Collection[str] = ()
    recorded: Sequence[Answer | Command] = ()

    def given(self) -> bool:
        """Whether somebody, or the playbook, lets this go."""
        return any(self._by_word(word) for word in self.words) or self._by_plan() or self._by_refused_addition()

    # --- signed words -----------------------------------------------------------------------------------------------

    def _by_word(self, word: Answer | Command) -> bool:
        if isinstance(word, Answer):
            return self._by_answer(word)
        if not self._commands(word):
            return False
        if word.command == "undo_all":
            return True
        if word.command == "retry":
            by_id = self.plan.by_id.get(word.step or "")
            return self._tries_again(by_id.path if by_id else word.step or "")
        return word.command == "undo" and self._here(word.step) and self._covers(word.target)

    def _by_answer(self, answer: Answer) -> bool:
        kind, path, why = _ask(answer.ask)
        if kind == "approve":
            return answer.choice == "reject" and self._by_rejection(answer, path)
        if kind != "question" or not self._may_decide(answer, path):
            return False
        match answer.choice:
            case "undo_all":
                return True
            case "undo":
                return path in ("", self.order.step)
            case "retry":
                if why == "undo_failed":
                    return path == self.order.step
                return why in TRIES_AGAIN and self._tries_again(path)
            case _:
                return False

    def _tries_again(self, path: str) -> bool:
        """Whether an undo step of this very hold is to be tried again: whoever asks for that was told that it failed, and
        could as well undo the hold in their own name. A retry of what is around the step asks for no undo."""
        step = self.plan.by_path.get(paths.static(path))
        if not isinstance(step, Undo) or paths.in_run(step.step, path) != self.order.step:
            return False
        mine = self._bounds(step, self._shown(), path)
        return mine is None or self._covers(tuple(mine))

    def _by_rejection(self, answer: Answer, path: str) -> bool:
        step = self.plan.by_path.get(paths.static(path))
        return (
            isinstance(step, Approve)
            and standing.sits(step, answer, self.launch)
            and self._undoes(step.on_reject, path)
        )

    def _may_decide(self, answer: Answer, path: str) -> bool:
        """A question goes to whom the step names, and up the commander's ladder."""
        step = self.plan.by_path.get(paths.static(path)) if path else None
        asked = [end.asks for _, end in consequences(step) if end.asks] if step else []
        return self._commands(answer) or any(standing.answers_for(who, answer, self.launch) for who in asked)

    def _commands(self, word: Answer | Command) -> bool:
        return standing.commands_among(self.plan, self.words, word, self.launch)

    # --- the playbook -----------------------------------------------------------------------------------------------

    def _by_plan(self) -> bool:
        return any(self._lets_go(step) for step in self.plan.by_path.values())

    def _lets_go(self, step: Step) -> bool:
        path = paths.in_run(step.path, self.order.step)
        if isinstance(step, Undo) and self._undoes_here(step):
            return True
        if path in self.failed and self._undoes(step.on_failure, path):
            return True
        match step.verb:
            case "approve":
                early = self._skipped(step.path) or all(seat.when is not None for seat in step.needs)
                silent = self._is_past(step.deadline) and not self._shown().is_signed(step, path)
                return (early or silent) and self._undoes(step.on_timeout, path)
            case "task":
                return step.on_timeout is not None and self._is_overdue(step) and self._undoes(step.on_timeout, path)
            case "wait":
                wait = step.at_most or 0
                return step.on_timeout is not None and self._is_past(wait) and self._undoes(step.on_timeout, path)
            case "contain" if step.expires is not None and step.on_expiry is not None:
                return self._is_past(step.expires) and self._undoes(step.on_expiry, path)
            case _:
                return False

    def _undoes_here(self, step: Undo) -> bool:
        """Whether the step is reached and lets this go: in a loop, in its rounds together."""
        over = [
            other for other in self.plan.by_path.values() if isinstance(other, Approve) and step.path in other.unlocks
        ]
        bounds: set[str] = set()
        for place in self._shown().places(step, self.order.step):
            if paths.in_run(step.step, place) != self.order.step:
                continue
            gates = {paths.in_run(other.path, place): other for other in over}
            if not all(self._approved(other, there) for there, other in gates.items()):
                continue
            signed = {there: self._signed_for(other, there, step.path) for there, other in gates.items()}
            shown = self._shown({there: moment for there, moment in signed.items() if moment is not None})
            if shown.reaches(place):
                mine = self._bounds(step, shown, place)
                if mine is None:
                    return True
                bounds |= mine
        return bool(bounds) and self._covers(tuple(bounds))

    def _shown(self, anchors: Mapping[str, datetime] | None = None) -> Shown:
        words = [*self.words, *self.recorded]
        return Shown(
            self.plan, self.launch, words, self.answers, self._approved, self.now, anchors or {}, self.recorded
        )

    def _approved(self, approve: Approve, there: str) -> bool:
        """Whether the approval was given, by people who could know of what is let go here: a yes is not about what was
        added, or contained once more, after it."""
        signed = self.signed(approve, there)
        return any(one.added is None for one in signed) and all(
            any(issued <= one.moment and (one.added is None or target in one.added) for one in signed)
            for target, issued in self._news(there).items()
        )

    def _signed_for(self, approve: Approve, there: str, undo: str) -> datetime | None:
        """Since when the undo at a static path has been signed for, in a document that shows it. What was added later
        needs to have been signed for beside it."""
        return min((one.moment for one in self.signed(approve, there) if one.shows(undo)), default=None)

    def _news(self, there: str) -> dict[str | None, datetime]:
        """When each target of the order was added; under None, when what was contained before the approval was last
        contained once more."""
        found: dict[str | None, datetime] = {}
        for word in [*self.words, *self.recorded]:
            if self._is_retry_of_the_hold(word) and _comes_first(self.order.step, there):
                found[None] = max(word.issued, found.get(None, word.issued))
            if isinstance(word, Command) and word.command == "add" and self._commands(word):
                values = values_of(word.value)
                for target in values if self.order.targets is None else values.intersection(self.order.targets):
                    found[target] = max(word.issued, found.get(target, word.issued))
        return found

    def _is_retry_of_the_hold(self, word: Answer | Command) -> bool:
        if isinstance(word, Answer):
            return word.choice == "retry" and word.ask.startswith(f"question:{self.order.step}:failure:")
        static = paths.static(self.order.step)
        named = self._static(word.step)
        return word.command == "retry" and bool(named) and paths.within(static, named) and self._commands(word)

    def _bounds(self, step: Undo, shown: Shown, place: str) -> frozenset[str] | None:
        """An undo of some targets lets go of no others, where they can be known."""
        if step.targets is None:
            return None
        if isinstance(step.targets, Item):
            return shown.items(step.targets, place) or frozenset()
        commands = [word for word in self.words if isinstance(word, Command) and self._commands(word)]
        return bounds_of(self.plan, step.targets, given(self.plan, self.launch, commands))

    def _by_refused_addition(self) -> bool:
        """What was contained for an addition goes when its approval is refused, or nobody can sign it. A silence about an
        addition decides nothing."""
        added: dict[str, datetime] = {}
        names: set[str] = set()
        for word in [*self.words, *self.recorded]:
            if isinstance(word, Command) and word.command == "add" and self._commands(word):
                values = values_of(word.value)
                added |= {target: max(word.issued, added.get(target, word.issued)) for target in values}
                names |= set(word.value) if values.intersection(self.order.targets or ()) else set()
        launched = values_of(self.launch.inputs) | values_of(check_inputs(self.plan, self.launch.inputs).values)
        if not self.order.targets or not self._covers(tuple(added.keys() - launched)):
            return False
        since = max(added[target] for target in self.order.targets)
        approvals = [step for step in self.plan.by_path.values() if isinstance(step, Approve)]
        return any(
            self._rejects_addition(step, since)
            or (self._asks_for_addition(step, names) and self._may_have_no_seat(step, since))
            for step in approvals
        )

    def _rejects_addition(self, step: Approve, added: datetime) -> bool:
        return any(
            isinstance(word, Answer)
            and word.choice == "reject"
            and word.issued >= added
            and _is_of_an_addition(word, paths.in_run(step.path, self.order.step))
            and standing.sits(step, word, self.launch)
            for word in [*self.words, *self.recorded]
        )

    def _asks_for_addition(self, step: Approve, names: Collection[str]) -> bool:
        """Whether the approval is asked once more when something is added to these inputs: it shows them, or unlocks what
        rests on them."""
        about = [expr for _, expr in step.show]
        for path in step.unlocks:
            match self.plan.by_path[path]:
                case Contain(targets=targets) if targets is not None:
                    about.append(targets)
                case ForEach(items=items):
                    about.append(items)
        return any(not inputs_behind(self.plan, expr).isdisjoint(names) for expr in about)

    def _may_have_no_seat(self, step: Approve, added: datetime) -> bool:
        """Whether it may be that nobody can sign for the addition: each seat is on a condition; by the record, the approval
        itself was given, and nobody has signed for an addition since."""
        there = paths.in_run(step.path, self.order.step)
        shown = self._shown()
        more = [word for word in self.recorded if isinstance(word, Answer) and _is_of_an_addition(word, there)]
        first = [word for word in self.recorded if word not in more]
        later = [word for word in more if word.issued >= added]
        conditional = all(seat.when is not None for seat in step.needs)
        return conditional and shown.is_signed_by(first, step, there) and not shown.is_signed_by(later, step, there)

    def _skipped(self, step: str) -> bool:
        return any(
            isinstance(word, Command)
            and word.command == "skip"
            and self._commands(word)
            and self._static(word.step) == step
            for word in self.words
        )

    # --- what the order is for --------------------------------------------------------------------------------------

    def _undoes(self, end: Consequence, path: str) -> bool:
        if end.kind == "undo_all":
            return True
        return end.kind == "undo" and paths.in_run(end.step or paths.static(path), path) == self.order.step

    def _here(self, named: str | None) -> bool:
        by_id = self.plan.by_id.get(named or "")
        return (by_id.path if by_id else named) == self.order.step

    def _static(self, named: str | None) -> str:
        by_id = self.plan.by_id.get(named or "")
        return by_id.path if by_id else paths.static(named or "")

    def _covers(self, targets: Sequence[str] | None) -> bool:
        if targets is None:
            return True
        return self.order.targets is not None and set(targets).issuperset(self.order.targets)

    def _is_overdue(self, task: Task) -> bool:
        calendar = self.plan.calendar(self.launch.region)
        return task.due is not None and self.now + LEEWAY >= task.due.after(self.launch.issued, calendar)

    def _is_past(self, seconds: int) -> bool:
        return self.now + LEEWAY >= self.launch.issued + timedelta(seconds=seconds)


def _comes_first(one: str, other: str) -> bool:
    """Whether a step stands before another in the plan."""
    mine, theirs = ([int(part) for part in paths.static(path).split(".")] for path in (one, other))
    return mine < theirs


def _ask(name: str) -> tuple[str, str, str]:
    """What an ask's id says: its kind, the run's path, and why it is asked ("question:3.1:expiry:2")."""
    kind, _, rest = name.partition(":")
    path, _, rest = rest.partition(":")
    return kind, path, rest.partition(":")[0]


def _is_of_an_addition(answer: Answer, path: str) -> bool:
    """Whether the approval at a run's path was asked for an addition alone: "approve:<path>:<ordinal>+<addition>"."""
    return answer.ask.startswith(f"approve:{path}:") and "+" in answer.ask
