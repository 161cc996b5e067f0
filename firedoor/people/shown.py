"""What of a plan can be shown to have come: that a step is reached, and that its conditions hold.

Inputs are those that were launched with, and given since. That a task is done, or an approval signed, is shown by the
word for it, of the same round. A time is over or not. What a platform answered, and what became of an act, cannot be
shown; so nothing that rests on these is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, NoReturn

from firedoor.people import standing
from firedoor.people.signatures import LEEWAY
from firedoor.plan import Approve, Consequence, Expr, Plan, Step, Task, Wait, paths
from firedoor.plan.evaluate import plain, value_of
from firedoor.plan.expression import And, Given, Not, Or, Outcome, Read, StepIs
from firedoor.plan.inputs import check_inputs
from firedoor.plan.lists import Question
from firedoor.plan.model import walk
from firedoor.plan.steps import consequences
from firedoor.protocol import Answer, Command, Launch

LOWERS_SEVERITY: Final = "policy"
"""The team that may set a severity besides the commander."""


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
    run was signed by all who had to, and `recorded` are words of the record, whether they came with the order or not.

    `anchors` are the approvals that were signed for the very step that is asked about, whose document shows it: by the
    run's path, with the moment of the last signature that it needed. Whoever signed looked at the situation and decided
    that the step may follow. So nothing that stands before an anchor needs to be shown: a wait for a condition, a read
    or a severity may be anything, and may be forged, and people have signed all the same. What stands between the
    anchor and the step has to be over, as the signers were told that it comes first: work that is signed as done, and
    time that has passed since they signed. A condition of the step itself only narrows what they agreed to; it need not
    be shown, but where signed words tell that it never held, the step is not reached.

    A task is no anchor, though its `done` is signed: its document shows the work, and no undo that follows it. Whoever
    runs a forged flow could ask for the work early, and it would be done in good faith.
    """

    plan: Plan
    launch: Launch
    words: Sequence[Answer | Command]
    answers: Sequence[Word]
    approved: Callable[[Approve, str], bool]
    now: datetime
    anchors: Mapping[str, datetime] = field(default_factory=dict)
    recorded: Sequence[Answer | Command] = ()

    def reaches(self, path: str) -> bool:
        """Whether the step at a path of the run is reached: what is before it is over, and its conditions hold."""
        outer = paths.parent(path)
        inside = not path.endswith("]")
        if inside:
            if self._never_held(path) if self.anchors else not self._held(path):
                return False
            number = int(path.rpartition(".")[2])
            in_turn = not outer or outer.endswith("]") or self._step(outer).verb != "parallel"
            beside = [f"{outer}.{before}" if outer else str(before) for before in range(number)] if in_turn else []
            if any(self._leaves(before) or not self._over(before) for before in beside):
                return False
        return not outer or self.reaches(outer)

    def is_ruled_out(self, path: str) -> bool:
        """Whether the condition of the step, or of one around it, is known not to have held with any of the inputs.

        Of the severity and of how steps ended, words may be missing here: nothing is ruled out by these.
        """
        outer = paths.parent(path)
        when = None if path.endswith("]") else self._step(path).when
        never = when is not None and not any(
            True in self._may_be(when, _Given(self, path, inputs)) for inputs in self._inputs
        )
        return never or (bool(outer) and self.is_ruled_out(outer))

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

    def _held(self, path: str) -> bool:
        """Whether the step's condition is known to have held at some moment of the run."""
        when = self._step(path).when
        return when is None or any(self._may_be(when, known) == {True} for known in self._moments(path))

    def _never_held(self, path: str) -> bool:
        """Whether the step's condition is known not to have held at any moment."""
        when = self._step(path).when
        return when is not None and not any(True in self._may_be(when, known) for known in self._moments(path))

    def _moments(self, path: str) -> Iterator[_Known]:
        """What a condition may have seen, one after the other."""
        for inputs, severity in self._situations:
            yield _Known(self, path, inputs, severity)

    def _may_be(self, expr: Expr, known: _Known) -> frozenset[bool | None]:
        """The values that a condition can have, as far as it is shown: more than one where it rests on what is not."""
        match expr:
            case And(of=parts):
                return _joint([self._may_be(part, known) for part in parts], decides=False)
            case Or(of=parts):
                return _joint([self._may_be(part, known) for part in parts], decides=True)
            case Not(of=of):
                return frozenset(None if value is None else not value for value in self._may_be(of, known))
        try:
            value = value_of(expr, known)
        except NotShown:
            return frozenset({True, False} if isinstance(expr, StepIs | Given) else {True, False, None})
        return frozenset({None if value is None else bool(value)})

    @property
    def _inputs(self) -> list[dict[str, Any]]:
        """The inputs as launched, and after each word that changed them."""
        return [inputs for inputs, _ in self._situations]

    @cached_property
    def _situations(self) -> list[tuple[dict[str, Any], str]]:
        """The inputs and the severity at the launch, and after each word that changed one of them, as the run takes it:
        the severity rises by the rules, and is lowered by Policy alone. Once a person has set it, the rules raise it only
        where they say more than they did then."""
        inputs = {**self.launch.inputs, **check_inputs(self.plan, self.launch.inputs).values}
        severity, ruled = self._by_rules(inputs) or "sev1", None
        found = [(inputs, severity)]
        for word in sorted(self.words, key=lambda word: word.issued):
            if not isinstance(word, Command):
                continue
            if word.command == "severity" and (self._commands(word) or LOWERS_SEVERITY in word.holds):
                if str(word.value) > severity and LOWERS_SEVERITY not in word.holds:
                    continue
                severity, ruled = str(word.value), self._by_rules(inputs)
            elif word.command in ("add", "input") and isinstance(word.value, dict) and self._commands(word):
                inputs = self._given(inputs, word.command, word.value)
                now = self._by_rules(inputs)
                if now is not None and (ruled is None or now < ruled):
                    severity = min(severity, now)
            else:
                continue
            found.append((inputs, severity))
        return found

    def _given(self, there: dict[str, Any], how: str, value: dict[str, Any]) -> dict[str, Any]:
        changes = check_inputs(self.plan, {**there, **value}).values
        late = {name: changes.get(name, value[name]) for name in value}
        if how == "add":
            late = {name: _joined(there.get(name), more) for name, more in late.items()}
        return {**there, **late}

    def _by_rules(self, inputs: dict[str, Any]) -> str | None:
        known = _Given(self, "", inputs)
        holding = [
            rule.severity
            for rule in self.plan.severity
            if rule.when is None or self._may_be(rule.when, known) == {True}
        ]
        return min(holding, default=None)

    # --- what is over -----------------------------------------------------------------------------------------------

    def ended(self, step: str, outcome: Outcome) -> bool:
        """Whether a step of the run can be shown to have ended so."""
        found = self._step(step)
        if outcome == "skipped":
            return self._skipped(step) or self._answered(step, "skip", ("failure", "above", "read"))
        match found:
            case Task():
                return (
                    self._done(found, step)
                    if outcome == "done"
                    else outcome == "unanswered" and self._late(found, step)
                )
            case Approve():
                match outcome:
                    case "approved":
                        return self.approved(found, step)
                    case "rejected":
                        return any(True for _ in self._refusals(found, step))
                    case "unanswered":
                        return self._is_past(found.deadline, step)
            case Wait() if found.duration is not None:
                return outcome == "done" and self._is_past(found.duration, step)
        return False

    def ended_otherwise(self, step: str, outcome: Outcome) -> bool:
        """Whether an approval can be shown to have ended in another way: by a word, or by a silence that no signature of
        the record has ended."""
        found = self._step(step)
        if not isinstance(found, Approve) or outcome not in ("approved", "rejected"):
            return False
        if outcome == "rejected":
            return self.approved(found, step) or self.ended(step, "skipped")
        passed = [self._answered(step, choice, ("failure", "reject", "timeout")) for choice in ("continue", "leave")]
        silent = self._is_past(found.deadline, step) and not self.is_signed(found, step)
        return (
            self.ended(step, "rejected")
            or self.ended(step, "skipped")
            or any(passed)
            or silent
            or self._never_held(step)
        )

    def is_signed(self, step: Approve, path: str) -> bool:
        """Whether as many as have to have signed one asking of it, by the record: then there was no silence."""
        return self.is_signed_by(self.recorded, step, path)

    def is_signed_by(self, words: Iterable[Answer | Command], step: Approve, path: str) -> bool:
        asked: dict[str, set[str]] = {}
        for word in words:
            if not isinstance(word, Answer) or word.choice != "approve" or not word.ask.startswith(f"approve:{path}:"):
                continue
            if standing.sits(step, word, self.launch):
                asked.setdefault(word.document, set()).add(word.person)
        wanted = sum(seat.seats for seat in step.needs if seat.when is None)
        return any(len(people) >= max(wanted, 1) for people in asked.values())

    def _over(self, path: str) -> bool:
        """What stands before: work of people and waits are over only where that can be shown, or where people have signed
        for what follows after it. An end is only half of it: what the playbook has follow from it must lead on."""
        if self._is_waived(path) or self._never_held(path):
            return True
        step = self._step(path)
        if self._was_gone_on_from(path):
            return True
        match step:
            case Task():
                return self._done(step, path) or (_leads_on(step.on_timeout) and self._late(step, path))
            case Approve():
                no = _leads_on(step.on_reject) and self.ended(path, "rejected")
                silence = _leads_on(step.on_timeout) and (self._is_silent(step, path) or self._skipped(path))
                return no or silence or self.approved(step, path)
            case Wait():
                if step.duration is not None:
                    return self._is_past(step.duration, path)
                return step.at_most is not None and _leads_on(step.on_timeout) and self._is_past(step.at_most, path)
        match step.verb:
            case "parallel":
                branches = [f"{path}.{number}" for number in range(len(step.steps))]
                return all(self._leaves(branch) or self._over(branch) for branch in branches)
            case "group":
                return self._all_over(step.steps, path)
            case "for_each":
                rounds = len(self._list(path))
                return all(self._all_over(step.steps, f"{path}[{number}]") for number in range(rounds)) and (
                    rounds > 0 or not any(inner.verb in ("task", "approve", "wait") for inner in walk(step.steps))
                )
            case _:
                return True

    def _was_gone_on_from(self, path: str) -> bool:
        """Whether somebody who decides about the step has signed for what stands behind it to go on."""
        approve = self._step(path).verb == "approve"
        return (
            (self._skipped(path) and not approve)
            or self._answered(path, "skip", ("failure", "above", "read", "severity"))
            or self._answered(path, "continue", ("failure", "reject", "timeout"))
        )

    def _is_waived(self, path: str) -> bool:
        """Whether people have signed for the step with this one behind them."""
        return any(self._before(path, anchor) for anchor in self.anchors)

    def _all_over(self, steps: Sequence[Step], beside: str) -> bool:
        for number in range(len(steps)):
            path = f"{beside}.{number}"
            if self._leaves(path):
                return True
            if not self._over(path):
                return False
        return True

    def _leaves(self, path: str) -> bool:
        """Whether an approval, or work that nobody did, has ended the scope that it stands in."""
        step = self._step(path)
        if self._is_waived(path) or not self._held(path):
            return False
        match step:
            case Task():
                late = step.on_timeout is not None and step.on_timeout.kind == "leave" and self._late(step, path)
                return late and not self._done(step, path) and not self._was_gone_on_from(path)
            case Approve():
                rejected = step.on_reject.kind == "leave" and self.ended(path, "rejected")
                unasked = self._is_silent(step, path) or self._skipped(path)
                silent = step.on_timeout.kind == "leave" and unasked and not self.approved(step, path)
                return rejected or silent or self._answered(path, "leave", ("reject", "timeout"))
        return False

    def _is_silent(self, step: Approve, path: str) -> bool:
        """Whether the approval's time has passed, or nobody could sign, without a word that ended it: no signature of the
        record, and no refusal after which nobody has asked again."""
        over = self._is_past(step.deadline, path) or self._has_no_seat(step, path)
        return over and not self.is_signed(step, path) and not self._stays_refused(step, path)

    def _has_no_seat(self, step: Approve, path: str) -> bool:
        """Whether at some moment surely no seat applied."""
        return any(
            all(seat.when is not None and True not in self._may_be(seat.when, known) for seat in step.needs)
            for known in self._moments(path)
        )

    def _stays_refused(self, approve: Approve, path: str) -> bool:
        refused = max((word.issued for word in self._refusals(approve, path)), default=None)
        return refused is not None and not any(
            self._asks_again(word, path) and word.issued >= refused for word in self.words
        )

    def _asks_again(self, word: Answer | Command, path: str) -> bool:
        if isinstance(word, Answer):
            asks = word.choice == "again" and word.ask.startswith(f"question:{path}:")
            return asks and self._may_decide(word, path)
        if word.command != "retry" or not self._commands(word):
            return False
        by_id = self.plan.by_id.get(word.step or "")
        named = by_id.path if by_id else paths.static(word.step or "")
        return bool(named) and paths.within(paths.static(path), named)

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

    def _refusals(self, approve: Approve, path: str) -> Iterator[Answer]:
        """Those of the approval itself; to refuse an addition ("approve:1:1+2") is about what was added alone."""
        for word in self.words:
            if not isinstance(word, Answer) or word.choice != "reject" or "+" in word.ask:
                continue
            if word.ask.startswith(f"approve:{path}:") and standing.sits(approve, word, self.launch):
                yield word

    def _skipped(self, path: str) -> bool:
        return any(
            isinstance(word, Command)
            and word.command == "skip"
            and self.names(word.step, path)
            and self._commands(word)
            for word in self.words
        )

    def _answered(self, path: str, choice: str, about: Sequence[str]) -> bool:
        """Whether a question about the step, which was asked for one of these reasons, was answered so."""
        return any(
            isinstance(word, Answer)
            and word.choice == choice
            and word.ask.startswith(tuple(f"question:{path}:{why}:" for why in about))
            and self._may_decide(word, path)
            for word in self.words
        )

    def _may_decide(self, answer: Answer, path: str) -> bool:
        """A question goes to whom the step names, and up the commander's ladder."""
        asked = [end.asks for _, end in consequences(self._step(path)) if end.asks]
        return self._commands(answer) or any(standing.answers_for(who, answer, self.launch) for who in asked)

    def _commands(self, word: Answer | Command) -> bool:
        return standing.commands_among(self.plan, self.words, word, self.launch)

    def names(self, named: str | None, path: str) -> bool:
        by_id = self.plan.by_id.get(named or "")
        return named == path or (by_id is not None and by_id.path == path)

    def _late(self, task: Task, path: str) -> bool:
        calendar = self.plan.calendar(self.launch.region)
        return task.due is not None and self.now + LEEWAY >= task.due.after(self._since(path), calendar)

    def _is_past(self, seconds: int, path: str) -> bool:
        return self.now + LEEWAY >= self._since(path) + timedelta(seconds=seconds)

    def _since(self, path: str) -> datetime:
        """The moment before which the step did not begin: the last signature of the anchors before it, or the launch."""
        signed = [moment for anchor, moment in self.anchors.items() if self._before(anchor, path)]
        return max(signed, default=self.launch.issued)

    def _before(self, one: str, other: str) -> bool:
        """Whether the step at a path of the run is final when the other begins."""
        outer = ""
        for mine, theirs in zip(one.split("."), other.split("."), strict=False):
            if mine != theirs:
                in_turn = not outer or outer.endswith("]") or self._step(outer).verb != "parallel"
                return in_turn and int(paths.static(mine)) < int(paths.static(theirs))
            outer = f"{outer}.{mine}" if outer else mine
        return False

    def _step(self, path: str) -> Step:
        return self.plan.by_path[paths.static(path)]


class _Known:
    """What an expression sees, from a path of the run. Raises NotShown for what cannot be shown."""

    def __init__(self, shown: Shown, path: str, inputs: dict[str, Any], severity: str | None = None) -> None:
        self._shown = shown
        self._path = path
        self._inputs = inputs
        self._severity = severity

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
        if self._severity is None:
            raise NotShown("severity")
        return self._severity

    def item(self, loop: str) -> Any:
        return self._shown.item(loop, self._path)

    def is_(self, step: str, outcome: Outcome) -> bool:
        there = paths.in_run(step, self._path)
        if self._shown.ended(there, outcome):
            return True
        if self._shown.ended_otherwise(there, outcome):
            return False
        raise NotShown(step)

    def field(self, step: str, field: str) -> NoReturn:
        raise NotShown(f"{step}.{field}")

    def read(self, read: Read, argument: Any) -> NoReturn:
        raise NotShown(read.site)

    def worked_out(self, question: Question) -> NoReturn:
        raise NotShown(question.asks)


class _Given(_Known):
    """What is known from the inputs, and from what surely came: how a step has not ended is not."""

    def is_(self, step: str, outcome: Outcome) -> bool:
        if self._shown.ended(paths.in_run(step, self._path), outcome):
            return True
        raise NotShown(step)


def _leads_on(end: Consequence | None) -> bool:
    """Whether what stands behind it in its scope comes next, without anybody's word."""
    return end is not None and end.kind in ("continue", "undo")


def _joint(parts: Sequence[frozenset[bool | None]], *, decides: bool) -> frozenset[bool | None]:
    """What `and` (decides=False) and `or` (decides=True) of such values can be."""
    found: set[bool | None] = set()
    if any(decides in part for part in parts):
        found.add(decides)
    if all((not decides) in part for part in parts):
        found.add(not decides)
    if all(part - {decides} for part in parts) and any(None in part for part in parts):
        found.add(None)
    return frozenset(found)


def _joined(there: Any, more: Any) -> list[Any]:
    def listed(value: Any) -> Iterable[Any]:
        return value if isinstance(value, list | tuple) else [] if value is None else [value]

    return list(dict.fromkeys((*listed(there), *listed(more))))


def _path(word: Answer | Command) -> str:
    if isinstance(word, Command):
        return word.step or ""
    return word.ask.split(":")[1] if word.ask.count(":") else ""
