"""A plan as a scene: which box or frame each step becomes, and what stands in it. The words are those of the
explanation, in short, and the steps have its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import isinf
from typing import Final

from firedoor.compiler.proofs.clocks import Shown
from firedoor.compiler.proofs.worst import Worst
from firedoor.explain import conditions, limits
from firedoor.explain.holding import Holding
from firedoor.explain.reader import Reader, capital, every, listed
from firedoor.graph.scene import (
    FIREDOOR,
    Box,
    ClockBar,
    Edge,
    Frame,
    FrameKind,
    Node,
    Outcome,
    Scene,
    arranged,
    leaves,
)
from firedoor.plan import Approve, Contain, ForEach, Group, Notify, Parallel, Plan, Step, Task, Text, Undo, Wait, Who
from firedoor.plan.steps import consequences
from firedoor.plan.time import spelt_out

MOST_SAID: Final = 160
"""Characters of a message that are shown; `firedoor explain` tells all of it."""
_FRAMES: Final[dict[FrameKind, str]] = {
    "parallel": "AT THE SAME TIME",
    "group": "IN ORDER",
    "playbook": "PLAYBOOK",
    "for_each": "FOR EACH",
}
_COMMANDER: Final = Who(kind="commander")


def scene(reader: Reader) -> Scene:
    plan, worst = reader.plan, Worst(reader.plan)
    nodes = _Drawing(reader, worst).nodes(plan.steps)
    return Scene(
        playbook=plan.playbook,
        language=reader.language,
        title=reader.text(plan.title),
        about=tuple(_about(reader)),
        after=tuple(_after(reader)),
        lanes=arranged([*leaves(nodes)]),
        nodes=nodes,
        edges=tuple(_edges(plan)),
        clocks=tuple(_clock(plan, one) for one in limits.shown(plan, worst)),
    )


def lane_of(reader: Reader, who: Who) -> str:
    """The lane of whoever does, decides or is told: their team's; the public has one of its own."""
    match who.kind:
        case "team" | "on_shift" | "manager":
            return capital(reader.team(who.name or "").removeprefix("the "))
        case "account" | "users":
            return "Users"
        case _:
            return capital(reader.who(who).removeprefix("the "))


class _Drawing:
    def __init__(self, reader: Reader, worst: Worst) -> None:
        self.reader = reader
        self.plan = reader.plan
        self.worst = worst
        self.holding = Holding(reader.plan)

    def nodes(self, steps: tuple[Step, ...]) -> tuple[Node, ...]:
        return tuple(self._node(step) for step in steps)

    def _node(self, step: Step) -> Node:
        match step.verb:
            case "parallel" | "group" | "for_each":
                return self._frame(step)
            case "contain":
                return self._contain(step)
            case "undo":
                return self._undo(step)
            case "approve":
                return self._approve(step)
            case "task":
                return self._task(step)
            case "notify":
                return self._notify(step)
            case "wait":
                return self._wait(step)

    def _frame(self, step: Parallel | Group | ForEach) -> Frame:
        reader = self.reader
        kind: FrameKind = "playbook" if step.verb == "group" and step.playbook else step.verb
        notes = [*self._only_if(step)]
        if step.verb == "for_each":
            head = f"{conditions.plain(step.item)} of {reader.value(step.items)}"
            notes.append(f"Up to {step.at_once:,} at a time" if step.at_once > 1 else "One after another")
            if step.ask_above is not None:
                notes.append(
                    f"More than {step.ask_above:,}: {reader.who(step.on_failure.asks or _COMMANDER)} is asked first"
                )
        else:
            head = reader.text(step.name)
        if step.meets:
            notes.append(f"Meets {listed(step.meets)}, when all of it is done")
        tag = f"{reader.number(step.path)}  {_FRAMES[kind]}"
        return Frame(step.path, kind, tag, head, tuple(notes), self.nodes(step.steps), step.when is not None)

    def _only_if(self, step: Step) -> Iterator[str]:
        if step.when is not None:
            yield self.reader.only_if(step.when)

    def _tag(self, step: Step, words: str) -> str:
        return f"{self.reader.number(step.path)}  {words}"

    def _tail(self, step: Step) -> Iterator[str]:
        """What a box says last."""
        means = step.on_failure
        rule = means.kind == "ask" and means.asks in (None, _COMMANDER)
        if step.verb in ("notify", "contain", "undo") and not rule:
            yield f"If it fails: {self.reader.consequence(means, step)}"
        if step.meets:
            yield f"Meets {listed(step.meets)}"
        longest = self.worst.of(step)
        if step.verb != "wait" or step.until is not None:
            yield "Open-ended" if isinf(longest) else f"At worst {spelt_out(longest)}"

    def _contain(self, step: Contain) -> Box:
        reader, required = self.reader, self.plan.actions[step.action].requires
        on = f" on {reader.value(step.targets)}" if step.targets is not None else ""
        given = "".join(f", {conditions.plain(key)}: {reader.value(one)}" for key, one in step.arguments.items())
        notes = [*self._only_if(step), f"{step.action}{on}{given}"]
        if required:
            notes.append(f"Requires {listed(reader.seat(seat) for seat in required)}")
        if step.ask_above is not None:
            notes.append(
                f"More than {step.ask_above:,}: {reader.who(step.on_failure.asks or _COMMANDER)} is asked first"
            )
        outcomes = []
        if self.holding.irreversible(step):
            notes.append("CANNOT BE UNDONE")
        elif step.expires is not None and step.on_expiry is not None:
            follows = reader.consequence(step.on_expiry, step)
            outcomes.append(Outcome(f"After {spelt_out(step.expires)}", follows))
        notes += self._tail(step)
        lanes: dict[str, tuple[str, ...]] = {FIREDOOR: ()}
        return Box(
            step.path, "contain", lanes, self._tag(step, "CONTAIN"), reader.does(step), tuple(notes), tuple(outcomes)
        )

    def _undo(self, step: Undo) -> Box:
        which = f"for {self.reader.value(step.targets)}" if step.targets is not None else "all that it holds"
        head = f"Undo {self.reader.step(step.step)}, {which}"
        notes = (*self._only_if(step), *self._tail(step))
        return Box(step.path, "undo", {FIREDOOR: ()}, self._tag(step, "UNDO"), head, notes)

    def _approve(self, step: Approve) -> Box:
        reader = self.reader
        lanes: dict[str, list[str]] = {}
        for seat in step.needs:
            only = f" if {reader.condition(seat.when)}" if seat.when is not None else ""
            lanes.setdefault(lane_of(reader, seat.who), []).append(f"{capital(reader.seat(seat))} must sign{only}")
        notes = [*self._only_if(step)]
        if step.escalate is not None and any(seat.who.kind in ("team", "on_shift") for seat in step.needs):
            notes.append(f"Not signed after {spelt_out(step.escalate)}: that team's manager may sign instead")
        if step.not_by:
            notes.append(f"May not sign: {listed(reader.who(who) for who in step.not_by)}")
        deadline = spelt_out(step.deadline)
        outcomes = (
            Outcome("Approved", f"{reader.steps(step.unlocks)} may be done" if step.unlocks else "it goes on"),
            Outcome("Refused", reader.consequence(step.on_reject, step)),
            Outcome(f"Silence after {deadline}", reader.consequence(step.on_timeout, step)),
        )
        tag = self._tag(step, f"DECISION within {deadline}")
        question = f"“{reader.text(step.question)}”"
        signs = {name: tuple(words) for name, words in lanes.items()}
        return Box(step.path, "approve", signs, tag, question, (*notes, *self._tail(step)), outcomes)

    def _task(self, step: Task) -> Box:
        reader = self.reader
        due = f" within {reader.span(step.due)}" if step.due is not None else ""
        who = [] if step.assign.kind in ("team", "commander") else [f"For {reader.who(step.assign)}"]
        proof = [f"Proof: {step.proof}"] if step.proof else []
        late = (
            [Outcome("Not in time", reader.consequence(step.on_timeout, step))] if step.on_timeout is not None else []
        )
        notes = (*self._only_if(step), *who, *proof, *self._tail(step))
        lanes: dict[str, tuple[str, ...]] = {lane_of(reader, step.assign): ()}
        return Box(step.path, "task", lanes, self._tag(step, f"TASK{due}"), reader.text(step.words), notes, tuple(late))

    def _notify(self, step: Notify) -> Box:
        reader = self.reader
        told = reader.text(step.say) if isinstance(step.say, Text) else reader.message(step.say)
        said = told if len(told) <= MOST_SAID else f"{told[:MOST_SAID].rstrip()} …"
        lanes = {lane_of(reader, one.who) if one.who is not None else "Users": () for one in step.audience}
        head = f"“{said}”" if isinstance(step.say, Text) else capital(said)
        notes = (*self._only_if(step), f"To {reader.audience(step.audience)}", *self._tail(step))
        return Box(step.path, "notify", dict(lanes), self._tag(step, "TELL"), head, notes)

    def _wait(self, step: Wait) -> Box:
        reader = self.reader
        notes, late = [*self._only_if(step)], []
        if step.until is None:
            head = f"Wait {spelt_out(step.duration or 0)}"
        else:
            head = f"Until {reader.condition(step.until)}"
            held = f", to hold for {spelt_out(step.held_for)}" if step.held_for else ""
            notes.append(f"Looked at {every(step.check_every)}{held}")
        if step.at_most is not None and step.on_timeout is not None:
            late.append(Outcome(f"Not by {spelt_out(step.at_most)}", reader.consequence(step.on_timeout, step)))
        notes += self._tail(step)
        return Box(step.path, "wait", {FIREDOOR: ()}, self._tag(step, "WAIT"), head, tuple(notes), tuple(late))


# --- around the steps -----------------------------------------------------------------------------------------------


def _edges(plan: Plan) -> Iterator[Edge]:
    """From an approval to each act that it unlocks, and back to an act from what lets go of it."""
    for step in plan.by_path.values():
        if step.verb == "approve":
            yield from (Edge("unlocks", step.path, act, 0) for act in step.unlocks)
        if step.verb == "undo":
            yield Edge("undoes", step.path, step.step)
        for option, means in consequences(step):
            if means.kind == "undo" and means.step not in (None, step.path):
                yield Edge("undoes", step.path, means.step, _outcome(step, option))


def _outcome(step: Step, option: str) -> int | None:
    """Where the option stands among the outcomes of its box."""
    if step.verb == "approve":
        return {"on_reject": 1, "on_timeout": 2}.get(option)
    return 0 if option == "on_timeout" else None


def _clock(plan: Plan, one: Shown) -> ClockBar:
    limit = f"{'Limit' if one.clock.kind == 'fixed' else 'Our target'}: {limits.hours(one.clock.limit)}"
    worst = (
        [f"At worst met after {limits.hours(round(one.longest.seconds))}"]
        if one.at and one.verdict != "not shown"
        else []
    )
    met_by = tuple(step.path for step in plan.by_path.values() if one.clock.name in step.meets)
    words = (limit, *worst, capital(limits.verdict(one)))
    return ClockBar(one.clock.name, words, one.clock.kind == "fixed", one.since, met_by)


def _about(reader: Reader) -> Iterator[Outcome]:
    plan = reader.plan
    yield Outcome("Playbook", f"{plan.playbook}, version {plan.version}, owned by {reader.team(plan.owner)}")
    yield Outcome("When to use it", plan.use_when)
    if plan.inputs:
        yield Outcome("Asked at launch", listed(conditions.named(one.name) for one in plan.inputs))
    rules = [f"{rule.severity} if {reader.condition(rule.when)}" for rule in plan.severity if rule.when is not None]
    rules += [f"else {rule.severity}" if rules else rule.severity for rule in plan.severity if rule.when is None]
    yield Outcome("How bad", "; ".join(rules))
    yield Outcome("The commander", reader.who(plan.commander.source))
    if plan.updates is not None:
        times = listed(f"{every(seconds)} at {one}" for one, seconds in sorted(plan.updates.every.items()))
        yield Outcome("Kept informed", f"{reader.audience(plan.updates.to)}, {times}")


def _after(reader: Reader) -> Iterator[Outcome]:
    review = reader.plan.review
    if review is None:
        return
    meeting = listed(f"within {reader.span(span)} at {one}" for one, span in sorted(review.meeting_within.items()))
    yield Outcome("Review", f"owned by {reader.who(review.owner)}" + (f"; meeting {meeting}" if meeting else ""))
    for task in review.tasks:
        only = f", if {reader.condition(task.when)}" if task.when is not None else ""
        label = f"{capital(reader.who(task.assign))}, within {reader.span(task.due)}"
        yield Outcome(label, f"{reader.text(task.words)}{only}")
