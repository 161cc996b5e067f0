"""Each step of a plan as an item: what is done, on which condition, what a no and a silence mean, how long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from math import isinf
from typing import Final

from firedoor.compiler.proofs.worst import Worst
from firedoor.explain import conditions
from firedoor.explain.holding import Holding
from firedoor.explain.prose import Item, Point
from firedoor.explain.reader import Reader, capital, every, listed
from firedoor.plan import Approve, Consequence, Contain, ForEach, MessageRef, Notify, Prose, Step, Task, Undo, Wait, Who
from firedoor.plan.expression import StepIs
from firedoor.plan.time import spelt_out

MOST_WAYS: Final = 6
"""In which an act may come to be undone, that are told beside it; the steps that do it say so themselves."""
_COMMANDER: Final = Who(kind="commander")
_END: Final = {
    "on_reject": "a no in step {0}",
    "on_timeout": "silence in step {0}",
    "on_failure": "a failure of step {0}",
}


class Steps:
    """Tells the steps of one plan."""

    def __init__(self, reader: Reader, worst: Worst, holding: Holding) -> None:
        self.reader = reader
        self.holding = holding
        self.plan = reader.plan
        self.worst = worst

    def tell(self, steps: tuple[Step, ...]) -> tuple[Item, ...]:
        return tuple(self._item(step) for step in steps)

    def _item(self, step: Step) -> Item:
        says = [*self._only_if(step), *self._says(step), *self._failure(step), *self._meets(step), *self._endless(step)]
        return Item(
            number=self.reader.number(step.path),
            head=self.reader.head(step),
            longest=self._longest(step),
            says=tuple(says),
            points=tuple(self._points(step)),
            items=self.tell(step.steps) if step.verb in ("parallel", "group", "for_each") else (),
        )

    # --- what every step may say

    def _only_if(self, step: Step) -> Iterator[str]:
        if step.when is not None:
            yield f"{self.reader.only_if(step.when)}."

    def _meets(self, step: Step) -> Iterator[str]:
        if step.meets:
            limits = f"the time limit{'s' * (len(step.meets) > 1)} {listed(step.meets)}"
            yield f"{self._what_meets(step)} meets {limits}."

    def _what_meets(self, step: Step) -> str:
        if step.verb in ("parallel", "group", "for_each"):
            return "Doing all of it that is needed" + (", for each of them," if step.verb == "for_each" else "")
        what = "An approval" if step.verb == "approve" else "Doing it"
        return f"{what} for each of them" if self.reader.in_loop(step.path) else what

    def _failure(self, step: Step) -> Iterator[str]:
        """A failure that asks the commander is the rule, which is said once for all."""
        if step.verb not in ("notify", "contain", "undo", "for_each") or _is_rule(step.on_failure):
            return
        fails = {"notify": "If nobody can be reached", "for_each": "If the list cannot be found"}
        yield f"{fails.get(step.verb, 'If it fails')}, {self.reader.consequence(step.on_failure, step)}."

    def _longest(self, step: Step) -> str:
        longest = self.worst.of(step)
        if isinf(longest):
            return "open-ended"
        if step.verb == "wait" and step.until is None:
            return ""  # its head says so
        return f"at worst {spelt_out(longest)}" if longest else ""

    def _endless(self, step: Step) -> Iterator[str]:
        """Why the step is open-ended, where that begins with it."""
        match step.verb:
            case "task" if endless(self.worst, step):
                yield "It has no due date, so nothing limits how long it takes."
            case "wait" if endless(self.worst, step):
                yield "Nothing limits how long it waits."
            case "for_each" if endless(self.worst, step):
                yield "Nothing limits how many there are, and so how long it takes."
            case _:
                return

    # --- what each verb says

    def _says(self, step: Step) -> Iterator[str]:
        match step.verb:
            case "contain":
                yield from self._contain(step)
            case "undo":
                yield from self._undo(step)
            case "approve":
                yield from self._approve(step)
            case "task":
                yield from self._task(step)
            case "notify":
                yield from self._notify(step)
            case "wait":
                yield from self._wait(step)
            case "for_each" if step.ask_above is not None:
                yield f"Where there are more than {step.ask_above:,}, {self._asked_first(step)} is asked first."
            case _:
                return

    def _contain(self, step: Contain) -> Iterator[str]:
        reader = self.reader
        required = self.plan.actions[step.action].requires
        signed = [one.path for one in self.holding.signed_by(step)]
        if signed and not (isinstance(step.when, StepIs) and step.when.step in signed):
            yield f"It is done only once {reader.steps(signed)} {'is' if len(signed) == 1 else 'are'} approved."
        if required:
            yield f"Wherever it is done, it requires the signature of {reader.seats(required)}."
        elif not signed:
            yield "Nobody has to sign before it is done."
        if step.ask_above is not None:
            yield f"Where it would touch more than {step.ask_above:,}, {self._asked_first(step)} is asked first."
        yield from self._undone(step)

    def _asked_first(self, step: Contain | ForEach) -> str:
        return self.reader.who(step.on_failure.asks or _COMMANDER)

    def _undone(self, step: Contain) -> Iterator[str]:
        reader = self.reader
        if self.holding.irreversible(step):
            yield "It cannot be undone."
            return
        ways = [f"step {reader.number(path)}" for path in self.holding.lets_go(step)]
        ways += [_END[option].format(reader.number(one.path)) for one, option in self.holding.let_go_by(step)]
        if len(ways) > MOST_WAYS:
            ways = [*ways[:MOST_WAYS], f"{len(ways) - MOST_WAYS} further answers"]
        yield f"{capital(listed(ways, 'or'))} undoes it." if ways else "The commander can undo it."
        if step.expires is None or step.on_expiry is None:
            yield "It stays until it is undone."
        elif step.on_expiry.kind == "undo":
            yield f"After {spelt_out(step.expires)} it lapses: it is undone by itself."
        else:
            asked = reader.consequence(step.on_expiry, step)
            yield f"After {spelt_out(step.expires)} {asked} whether to undo it, prolong it or keep it; until then it stays."

    def _undo(self, step: Undo) -> Iterator[str]:
        held = self.plan.by_path[step.step]
        if held.verb == "contain":
            lifts = f"this lifts {held.action}, and restores what was there before."
            gates = self.holding.let_go_once_signed(step)
            who = dict.fromkeys(self.reader.seat(seat) for gate in gates for seat in gate.needs if seat.when is None)
            yield f"Once it is signed by {listed(who)}, {lifts}" if who else capital(lifts)

    def _approve(self, step: Approve) -> Iterator[str]:
        reader = self.reader
        within = f"within {spelt_out(step.deadline)} of being asked"
        always = [seat for seat in step.needs if seat.when is None]
        if always:
            yield f"{capital(reader.seats(always))} must sign, {within}."
        for seat in step.needs:
            if seat.when is not None:
                also = "must sign as well" if always else f"must sign, {within},"
                yield f"{capital(reader.seat(seat))} {also} if {reader.condition(seat.when)}."
        if step.not_by:
            yield f"{capital(listed((reader.who(who) for who in step.not_by), 'or'))} may not sign."
        yield from self._escalate(step)
        if step.show:
            shown = listed(conditions.named(label) for label, _ in step.show)
            yield f"Before anyone signs, they are shown {shown}."

    def _escalate(self, step: Approve) -> Iterator[str]:
        teams = {seat.who.name for seat in step.needs if seat.who.kind in ("team", "on_shift") and seat.who.name}
        if step.escalate is None or not teams:
            return
        which = self.reader.team(*teams) if len(teams) == 1 else "a team"
        yield f"If {which} has not signed after {spelt_out(step.escalate)}, its manager is told, and may sign instead."

    def _task(self, step: Task) -> Iterator[str]:
        if step.due is not None:
            yield f"It is due within {self.reader.span(step.due)}."
            if step.due.business_days:
                yield "Its worst case counts the days off that may lie between."
        if step.proof:
            yield f"Proof that it is done: {step.proof}."

    def _notify(self, step: Notify) -> Iterator[str]:
        if isinstance(step.say, MessageRef):
            languages = self.reader.languages_of(step.say)
            if languages:
                yield f"The message is there in {listed(languages)}."

    def _wait(self, step: Wait) -> Iterator[str]:
        if step.until is None:
            return
        held = f", and must have held for {spelt_out(step.held_for)}" if step.held_for else ""
        most = f"; the wait ends after {spelt_out(step.at_most)} at most" if step.at_most is not None else ""
        yield f"It is looked at {every(step.check_every)}{held}{most}."

    # --- what can come of it

    def _points(self, step: Step) -> Iterator[Point]:
        match step.verb:
            case "approve":
                yield from self._words(step)
                yield from self._outcomes(step)
            case "task" if step.on_timeout is not None:
                yield Point(label="If it is not done in time", says=f"{self._follows(step, step.on_timeout)}.")
            case "wait" if step.on_timeout is not None:
                yield Point(label="If it does not hold by then", says=f"{self._follows(step, step.on_timeout)}.")
            case _:
                return

    def _follows(self, step: Step, means: Consequence) -> str:
        return self.reader.consequence(means, step)

    def _words(self, step: Approve) -> Iterator[Point]:
        """What is signed word for word, in the reader's language."""
        for label, expr in step.show:
            if isinstance(expr, Prose) and f"({self.reader.language}" in label:
                yield Point(label=f"{conditions.named(label)} reads", says=f"“{self.reader.value(expr)}”")

    def _outcomes(self, step: Approve) -> Iterator[Point]:
        unlocks = f"{self.reader.steps(step.unlocks)} may be done" if step.unlocks else "it goes on"
        yield Point(label="If it is approved", says=f"{unlocks}.")
        yield Point(label="If anyone refuses", says=f"{self._follows(step, step.on_reject)}.")
        late = " A late signature counts until that is answered." if step.on_timeout.kind == "ask" else ""
        yield Point(
            label=f"If a signature is missing after {spelt_out(step.deadline)}",
            says=f"{self._follows(step, step.on_timeout)}.{late}",
        )


def endless(worst: Worst, step: Step) -> bool:
    """Whether the step itself is open-ended, and not only by what is inside of it."""
    inside = step.steps if step.verb in ("parallel", "group", "for_each") else ()
    return isinf(worst.of(step)) and not any(isinf(worst.of(one)) for one in inside)


def _is_rule(means: Consequence) -> bool:
    return means.kind == "ask" and means.asks in (None, _COMMANDER)
