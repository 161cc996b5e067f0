"""What of a plan can be shown to have come: that a step is reached, and that its conditions hold.

Inputs are those that were launched with, and given since. That a task is done, or an approval signed, is shown by the
word for it, of the same round. A time is over or not. What a platform answered, and what became of an act, cannot be
shown; so nothing that rests on these is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NoReturn

from firedoor.people import standing
from firedoor.people.signatures import LEEWAY
from firedoor.plan import Approve, Expr, Plan, Step, Task, paths
from firedoor.plan.evaluate import plain, value_of
from firedoor.plan.expression import And, Not, Or, Outcome, Read
from firedoor.plan.inputs import check_inputs
from firedoor.plan.lists import Question
from firedoor.plan.model import walk
from firedoor.protocol import Answer, Command, Launch


class NotShown(Exception):
    """The value rests on what nobody has signed for."""


@dataclass(frozen=True, slots=True)
class Word:
    """A verified answer, with the document that it was given about."""

    answer: Answer
    document: dict[str, Any]

    @property
    def step(self) -> str:
        return str(self.document.get("step"))


@dataclass(frozen=True)
class Shown:
    """All of `words` and `answers` are verified, and of this run. `approved` tells whether the approval at a path of the
    run was signed by all who had to.
    """

    plan: Plan
    launch: Launch
    words: Sequence[Answer | Command]
    answers: Sequence[Word]
    approved: Callable[[Approve, str], bool]
    now: datetime

    def reaches(self, path: str) -> bool:
        """Whether the step at a path of the run is reached: what is before it is over, and its conditions hold."""
        outer = paths.parent(path)
        inside = not path.endswith("]")
        if inside:
            if self._condition(path) is not True:
                return False
            number = int(path.rpartition(".")[2])
            in_turn = not outer or outer.endswith("]") or self._step(outer).verb != "parallel"
            beside = [f"{outer}.{before}" if outer else str(before) for before in range(number)] if in_turn else []
            if not all(self._over(before) for before in beside):
                return False
        return not outer or self.reaches(outer)

    def is_ruled_out(self, path: str) -> bool:
        """Whether the condition of the step, or of one around it, is known not to have held with any of the inputs."""
        outer = paths.parent(path)
        return (not path.endswith("]") and self._condition(path) is False) or (bool(outer) and self.is_ruled_out(outer))

    def places(self, step: Step, beside: str) -> Iterator[str]:
        """The step's paths in the run, as far as its rounds are known."""
        known = {beside, *(word.step for word in self.answers), *(_path(word) for word in self.words)}
        for place in sorted({paths.in_run(step.path, other) for other in known}):
            yield from self._in_rounds(place)

    def items(self, expr: Expr, path: str) -> frozenset[str] | None:
        """The texts of an expression's value; None where it cannot be shown."""
        try:
            value = plain(value_of(expr, _Known(self, path, self._inputs[-1])))
        except NotShown:
            return None
        found = value if isinstance(value, list) else [] if value is None else [value]
        return frozenset(str(item) for item in found)

    # --- rounds -----------------------------------------------------------------------------------------------------

    def _in_rounds(self, place: str) -> Iterator[str]:
        """The path itself, or one for each round of a loop around it whose list is known from the inputs."""
        parts = place.split(".")
        for end in range(1, len(parts)):
            loop = ".".join(parts[:end])
            if not loop.endswith("]") and self._step(loop).verb == "for_each":
                for number in range(len(self._list(loop))):
                    yield from self._in_rounds(".".join((f"{loop}[{number}]", *parts[end:])))
                return
        yield place

    def _list(self, loop: str) -> list[Any]:
        step = self._step(loop)
        if step.verb != "for_each":
            return []
        try:
            value = plain(value_of(step.items, _Known(self, loop, self._inputs[-1])))
        except NotShown:
            return []
        return value if isinstance(value, list) else [] if value is None else [value]

    def item(self, loop: str, path: str) -> Any:
        """The item of the round that `path` is in: as it was shown to whoever answered in that round, or as given."""
        for static, number in paths.rounds(path):
            if static != loop:
                continue
            there = paths.in_run(loop, path)
            for word in self.answers:
                rounds = word.document.get("round")
                mine = paths.within(word.step, f"{there}[{number}]") and isinstance(rounds, dict) and loop in rounds
                task = self.plan.by_path.get(paths.static(word.step)) if mine else None
                if isinstance(task, Task) and self._does(task, word.step, word):
                    return word.document["round"][loop]
            items = self._list(there)
            if number < len(items):
                return items[number]
        raise NotShown(loop)

    # --- conditions -------------------------------------------------------------------------------------------------

    def _condition(self, path: str) -> bool | None:
        """Whether the step's condition holds; None where it cannot be told. It held if it did with any of the inputs
        that there were, one after the other."""
        when = self._step(path).when
        if when is None:
            return True
        found = [self._holds(when, _Known(self, path, inputs)) for inputs in self._inputs]
        return True if True in found else None if None in found else False

    def _holds(self, expr: Expr, known: _Known) -> bool | None:
        match expr:
            case And(of=parts):
                found = [self._holds(part, known) for part in parts]
                return False if False in found else None if None in found else True
            case Or(of=parts):
                found = [self._holds(part, known) for part in parts]
                return True if True in found else None if None in found else False
            case Not(of=of) if isinstance(of, And | Or | Not):
                inner = self._holds(of, known)
                return None if inner is None else not inner
            case _:
                try:
                    return value_of(expr, known) is True
                except NotShown:
                    return None

    @cached_property
    def _inputs(self) -> list[dict[str, Any]]:
        """The inputs as launched, and after each word that changed them."""
        found = [{**self.launch.inputs, **check_inputs(self.plan, self.launch.inputs).values}]
        given = [word for word in self.words if isinstance(word, Command) and word.command in ("add", "input")]
        for word in sorted(given, key=lambda word: word.issued):
            if not isinstance(word.value, dict) or not self._commands(word):
                continue
            there = found[-1]
            changes = check_inputs(self.plan, {**there, **word.value}).values
            late = {name: changes.get(name, word.value[name]) for name in word.value}
            if word.command == "add":
                late = {name: _joined(there.get(name), value) for name, value in late.items()}
            found.append({**there, **late})
        return found

    # --- what is over -----------------------------------------------------------------------------------------------

    def ended(self, step: str, outcome: Outcome) -> bool:
        """Whether a step of the run can be shown to have ended so."""
        found = self._step(step)
        if outcome == "skipped":
            return self._skipped(step) or self._answered(step, "skip")
        match found:
            case Task():
                return self._done(found, step) if outcome == "done" else outcome == "unanswered" and self._late(found)
            case Approve():
                match outcome:
                    case "approved":
                        return self.approved(found, step)
                    case "rejected":
                        return self._rejected(found, step)
                    case "unanswered":
                        return self._is_past(found.deadline)
        return False

    def _over(self, path: str) -> bool:
        """What stands before: work of people and waits are over only where that can be shown."""
        condition = self._condition(path)
        if condition is False:
            return True
        step = self._step(path)
        if self.ended(path, "skipped") or any(
            self._answered(path, choice) for choice in ("continue", "leave", "answer")
        ):
            return True
        match step:
            case Task():
                return self._done(step, path) or (step.on_timeout is not None and self._late(step))
            case Approve():
                return any(self.ended(path, outcome) for outcome in ("approved", "rejected", "unanswered"))
        match step.verb:
            case "wait":
                return self._is_past(step.duration) if step.duration is not None else self._waited(step.at_most)
            case "parallel":
                return all(self._over(f"{path}.{number}") for number in range(len(step.steps)))
            case "group":
                return self._all_over(step.steps, path)
            case "for_each":
                rounds = len(self._list(path))
                return all(self._all_over(step.steps, f"{path}[{number}]") for number in range(rounds)) and (
                    rounds > 0 or not any(inner.verb in ("task", "approve", "wait") for inner in walk(step.steps))
                )
            case _:
                return True

    def _all_over(self, steps: Sequence[Step], beside: str) -> bool:
        for number in range(len(steps)):
            path = f"{beside}.{number}"
            if not self._over(path):
                return False
            if self._leaves(path):
                return True
        return True

    def _leaves(self, path: str) -> bool:
        """Whether an approval has ended the scope that it stands in."""
        step = self._step(path)
        if not isinstance(step, Approve) or self._condition(path) is not True:
            return False
        rejected = step.on_reject.kind == "leave" and self.ended(path, "rejected")
        silent = step.on_timeout.kind == "leave" and self.ended(path, "unanswered")
        return rejected or (silent and not self.ended(path, "approved"))

    def _done(self, task: Task, path: str) -> bool:
        return any(self._does(task, path, word) for word in self.answers)

    def _does(self, task: Task, path: str, word: Word) -> bool:
        """Whether the answer is that of somebody who had the task, that it is done."""
        assigned = [
            str(word.value)
            for word in self.words
            if isinstance(word, Command)
            and word.command == "reassign"
            and self.names(word.step, path)
            and self._commands(word)
        ]
        answer = word.answer
        said = answer.choice == "done" and answer.ask.startswith(f"task:{path}:") and word.step == path
        return said and (self._assigned(task, answer) or not {answer.person, *answer.holds}.isdisjoint(assigned))

    def _assigned(self, task: Task, answer: Answer) -> bool:
        if task.assign.kind == "commander":
            return self._commands(answer)
        return standing.answers_for(task.assign, answer, self.launch)

    def _rejected(self, approve: Approve, path: str) -> bool:
        return any(
            isinstance(word, Answer)
            and word.choice == "reject"
            and word.ask.startswith(f"approve:{path}:")
            and standing.sits(approve, word, self.launch)
            for word in self.words
        )

    def _skipped(self, path: str) -> bool:
        return any(
            isinstance(word, Command)
            and word.command == "skip"
            and self.names(word.step, path)
            and self._commands(word)
            for word in self.words
        )

    def _answered(self, path: str, choice: str) -> bool:
        return any(
            isinstance(word, Answer)
            and word.choice == choice
            and word.ask.startswith(f"question:{path}:")
            and self._commands(word)
            for word in self.words
        )

    def _commands(self, word: Answer | Command) -> bool:
        return standing.commands_among(self.plan, self.words, word, self.launch)

    def names(self, named: str | None, path: str) -> bool:
        by_id = self.plan.by_id.get(named or "")
        return named == path or (by_id is not None and by_id.path == path)

    def _late(self, task: Task) -> bool:
        calendar = self.plan.calendar(self.launch.region)
        return task.due is not None and self.now + LEEWAY >= task.due.after(self.launch.issued, calendar)

    def _waited(self, at_most: int | None) -> bool:
        return at_most is not None and self._is_past(at_most)

    def _is_past(self, seconds: int) -> bool:
        return self.now + LEEWAY >= self.launch.issued + timedelta(seconds=seconds)

    def _step(self, path: str) -> Step:
        return self.plan.by_path[paths.static(path)]


class _Known:
    """What an expression sees, from a path of the run. Raises NotShown for what cannot be shown."""

    def __init__(self, shown: Shown, path: str, inputs: dict[str, Any]) -> None:
        self._shown = shown
        self._path = path
        self._inputs = inputs

    def input(self, name: str) -> Any:
        return self._inputs.get(name)

    def run(self, field: str) -> Any:
        launch = self._shown.launch
        match field:
            case "aware_at":
                return launch.aware_at.isoformat()
            case "launcher":
                return launch.person
            case "region":
                return launch.region
            case _:
                raise NotShown(field)

    def severity(self) -> str:
        raise NotShown("severity")

    def item(self, loop: str) -> Any:
        return self._shown.item(loop, self._path)

    def is_(self, step: str, outcome: Outcome) -> bool:
        if self._shown.ended(paths.in_run(step, self._path), outcome):
            return True
        raise NotShown(step)

    def field(self, step: str, field: str) -> NoReturn:
        raise NotShown(f"{step}.{field}")

    def read(self, read: Read, argument: Any) -> NoReturn:
        raise NotShown(read.site)

    def worked_out(self, question: Question) -> NoReturn:
        raise NotShown(question.asks)


def _joined(there: Any, more: Any) -> list[Any]:
    def listed(value: Any) -> Iterable[Any]:
        return value if isinstance(value, list | tuple) else [] if value is None else [value]

    return list(dict.fromkeys((*listed(there), *listed(more))))


def _path(word: Answer | Command) -> str:
    return word.ask.split(":")[1] if isinstance(word, Answer) and word.ask.count(":") else ""
