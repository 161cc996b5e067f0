"""By what right an act is done: verified again at the act, by whoever holds the credentials to act.

A run may have been started by anyone who reaches Temporal's port, on a plan of their own, and an order may come from
anyone who poses as a worker. So an order proves itself. The launch was signed over this very plan. The act stands in it
as it is ordered. Whoever had to sign for it has signed, in one decision, about a document that shows this act with
these targets. Nothing of it is taken from the run's word.

An approval's document is canonical JSON (firedoor.run.documents); `unlocks` lists the acts that the deciders were shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn, TypeVar

from firedoor.people import standing
from firedoor.people.again import Again
from firedoor.people.given import bounds_of, constant, given
from firedoor.people.leave import Consent, Leave
from firedoor.people.past import NO_PAST, Past
from firedoor.people.shown import Word
from firedoor.people.signatures import LEEWAY, Forged, KeyRing
from firedoor.plan import Action, Approve, Contain, ForEach, Plan, Seat, paths
from firedoor.plan.batches import why_not
from firedoor.plan.lists import Load, no_lists, opened
from firedoor.protocol import (
    Answer,
    Command,
    ContainOrder,
    Decision,
    Launch,
    ListOrder,
    NotifyEachOrder,
    NotifyOrder,
    Order,
    ReadOrder,
    RecordOrder,
    ReleaseOrder,
    SiftOrder,
    Signed,
    Statement,
)

Acted = Mapping[str, Collection[str]]
"""The targets that were entered so far of one step of the plan, by the run's path: in a loop, by round."""

NOTHING: Final[Acted] = {}

ROUND: Final = r"\[(0|[1-9][0-9]*)\]"


class Unwarranted(ValueError):
    """An order that nobody had the right to give. Its text is plain words, for the timeline and for whoever is asked."""


def launch_of(order: Order, keys: KeyRing) -> Launch:
    """The verified launch that an order comes with: its `plan` says which plan to check the order against."""
    try:
        launch = keys.verify_launch(order.warrant.launch)
    except Forged as error:
        raise Unwarranted(f"the launch of this run is not believed: {error}") from error
    if launch.incident != order.incident:
        _refuse("the launch was signed for another incident")
    return launch


def check_launch(plan: Plan, order: Order, keys: KeyRing, now: datetime) -> Launch:
    """A person launched this very plan as this very incident. The word was for delivery once, and holds as long as the
    run does; only one from the future is refused.
    """
    launch = launch_of(order, keys)
    if launch.plan != plan.digest:
        _refuse("the launch was signed for another plan")
    if launch.issued > now + LEEWAY:
        _refuse("the launch was signed for a later time than now")
    return launch


def check_record(plan: Plan, order: RecordOrder | ListOrder, keys: KeyRing, now: datetime) -> None:
    check_launch(plan, order, keys, now)


def check_notify(plan: Plan, order: NotifyOrder, keys: KeyRing, now: datetime) -> None:
    """The step, where one is named, is of the plan, and so is the message: no other template is ever rendered."""
    launch = check_launch(plan, order, keys, now)
    _same_drill(launch, order.drill)
    if order.step:
        _step(plan, order.step)
    if isinstance(order, NotifyEachOrder):
        _in_loop(plan, order.step or "", order.loop)
    message = plan.messages.get(order.message.message) if order.message else None
    if order.templates != (message.by_language if message else {}):
        _refuse("the order's message is not the plan's")


def check_sift(plan: Plan, order: SiftOrder, keys: KeyRing, now: datetime) -> None:
    """The step is of the plan, in the loop that is named; what is asked about its items is what the plan has there."""
    launch = check_launch(plan, order, keys, now)
    _same_drill(launch, order.drill)
    _in_loop(plan, order.step, order.loop)


def _in_loop(plan: Plan, path: str, loop: str) -> None:
    _step(plan, path)
    found = _step(plan, loop)
    if not isinstance(found, ForEach) or not path.startswith(f"{loop}."):
        _refuse("the order names a loop that the step does not stand in")
    if why_not(plan, found) is not None:
        _refuse("the order names a loop that does not go in batches")


def check_read(plan: Plan, order: ReadOrder, keys: KeyRing, now: datetime) -> None:
    """The question is one that the plan declares, as it declares it."""
    launch = check_launch(plan, order, keys, now)
    _same_drill(launch, order.drill)
    if plan.reads.get(order.read.name) != order.read:
        _refuse(f"the plan has no such read as {order.read.name}")


def check_release(
    plan: Plan, order: ReleaseOrder, keys: KeyRing, now: datetime, past: Past = NO_PAST, lists: Load = no_lists
) -> None:
    """The plan's own act is let go by its own undo, because the plan says so by now or somebody has signed for it
    (firedoor.people.leave). `past`: what the record has of acts that failed, and of answers that ended a silence. Raises
    Unwarranted.

    A run of before words travelled with releases has none to show. What it may not let go by the plan stays contained,
    and is asked about; the answer is a signed word.
    """
    launch = _opened(check_launch(plan, order, keys, now), lists)
    _same_drill(launch, order.drill)
    _contain_step(plan, order.step, order.action)
    words = [_opened(_word(signed, launch, keys, now), lists) for signed in order.warrant.commands]
    decisions = [_verified(decision, launch, keys, now, lists) for decision in order.warrant.decisions]

    def signed(approve: Approve, there: str) -> list[Consent]:
        complete = _complete(approve, there, launch, decisions)
        return [Consent(max(word.answer.issued for word in one.signatures), one.document) for one in complete]

    recorded = [_opened(word, lists) for word in _recorded(past, launch, keys)]
    if not Leave(plan, order, launch, words, decisions, signed, now, past.failed, recorded).given():
        held = plan.by_path[paths.static(order.step)].id or order.step
        _refuse(
            f"nobody has signed for letting go of what {order.action.name} contains, and the playbook does not say so"
            f" by now. Whoever commands lets it go: firedoor do {order.incident} undo {held}"
        )


def is_bounded(plan: Plan, order: ContainOrder) -> bool:
    """Whether an approval is over the act, so that what was acted on before may count."""
    static = paths.static(order.step)
    return any(isinstance(step, Approve) and static in step.unlocks for step in plan.by_path.values())


def check_act(
    plan: Plan,
    order: ContainOrder,
    keys: KeyRing,
    now: datetime,
    acted: Acted = NOTHING,
    past: Past = NO_PAST,
    lists: Load = no_lists,
) -> None:
    """The act stands in the plan, everyone who had to sign has signed for it, and its targets are those that were shown.
    A long list that a signed word or a document refers to (`lists` has it) stands there with all of its items.

    With what earlier orders `acted` on, what a read may find stays under its maximum though it is worked through in
    parts, or in the rounds of a loop. What is new to the ledger is not contained after the end, by the `past` of this
    incident, nor again after it was let go, unless somebody signed for that since. Raises Unwarranted.
    """
    launch = _opened(check_launch(plan, order, keys, now), lists)
    _same_drill(launch, order.drill)
    step = _contain_step(plan, order.step, order.action)
    if order.expires != step.expires:
        _refuse("the order holds for another time than the plan's step")
    _check_arguments(step, order)
    if step.targets is None and order.targets != ("",):
        _refuse(f"{step.action} takes no target, and the order names some")
    words = [_opened(_word(signed, launch, keys, now), lists) for signed in order.warrant.commands]
    _check_given(plan, step, order, launch, words)

    decisions = [_verified(decision, launch, keys, now, lists) for decision in order.warrant.decisions]
    recorded = [_opened(word, lists) for word in _recorded(past, launch, keys)]
    again = Again(plan, order, launch, [*words, *recorded])
    if again.is_ruled_out(now):
        _refuse("the step is on a condition that does not hold with what was given")
    if any(again.needs_word(target, past) for target in order.targets):
        _refuse("it was let go, or the response has ended, and nobody has signed since for containing it again")
    over = [other for other in plan.by_path.values() if other.verb == "approve" and step.path in other.unlocks]
    signed = False
    for approve in over:
        verdicts = _verdicts(approve, order, launch, decisions)
        _check_scope(approve, order, verdicts, acted)
        signed = signed or all(
            _fill(order.action.requires, verdict, approve, launch) for verdict in verdicts if verdict.used
        )
    if order.action.requires and not signed:
        who = ", ".join(str(seat.who) for seat in order.action.requires)
        _refuse(f"{order.action.name} must be signed by {who}, in one approval that covers this step")


# --- the order and the plan -----------------------------------------------------------------------------------------


def _step(plan: Plan, path: str) -> Any:
    step = plan.by_path.get(paths.static(path))
    if step is None:
        _refuse("the order names a step that the plan does not have")
    return step


def _check_rounds(plan: Plan, path: str) -> None:
    """The path has a round of each loop around the step, and no others; of a loop that goes in batches it may have none.
    So a step has one name for what it holds, which is what the ledger knows it by."""
    parts = paths.static(path).split(".")
    wanted = ""
    for end, part in enumerate(parts, start=1):
        around = plan.by_path[".".join(parts[:end])]
        wanted += f"{'.' if wanted else ''}{part}".replace(".", r"\.")
        if isinstance(around, ForEach):
            wanted += ROUND if why_not(plan, around) is not None else f"({ROUND})?"
    if not re.fullmatch(wanted, path):
        _refuse("the order names a step in rounds that it does not have")


def _contain_step(plan: Plan, path: str, action: Action) -> Contain:
    step = _step(plan, path)
    if not isinstance(step, Contain):
        _refuse("the order is to act, and the step that it names is no act")
    _check_rounds(plan, path)
    if step.action != action.name or plan.actions.get(action.name) != action:
        _refuse("the order's action is not the one of the plan's step")
    return step


def _same_drill(launch: Launch, drill: bool) -> None:
    if launch.drill != drill:
        _refuse(
            "an exercise was launched, and the order is in earnest" if launch.drill else "the order is an exercise's"
        )


def _check_arguments(step: Contain, order: ContainOrder) -> None:
    """The arguments are those that the step names, and what the playbook has written in full is as it is written."""
    if order.arguments.keys() != step.arguments.keys():
        _refuse("the order's arguments are not those of the plan's step")
    for name, expr in step.arguments.items():
        written = constant(expr)
        if written is not None and order.arguments[name] != written:
            _refuse(f"the order's {name} is not the one of the plan's step")


def _check_given(
    plan: Plan, step: Contain, order: ContainOrder, launch: Launch, words: Sequence[Answer | Command]
) -> None:
    """Where targets are what people gave, each has been given by a signed word."""
    if step.targets is None:
        return
    named = standing.handed_over_to(plan, words, launch)
    commands = [word for word in words if isinstance(word, Command) and standing.commands(plan, word, launch, named)]
    bounds = bounds_of(plan, step.targets, given(plan, launch, commands))
    if bounds is not None and not bounds.issuperset(order.targets):
        _refuse("the order names targets that nobody gave, at the launch or since")


# --- signed words ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Verdict:
    """All decisions about one document, and the targets of this order that they let through."""

    signatures: tuple[Word, ...]
    document: dict[str, Any]
    grants: frozenset[str]

    @property
    def used(self) -> bool:
        return bool(self.grants)


def _same_run(statement: Statement, launch: Launch) -> None:
    if statement.incident != launch.incident or statement.plan != launch.plan:
        _refuse("a word was signed for another incident or plan")


def _recorded(past: Past, launch: Launch, keys: KeyRing) -> Iterator[Answer | Command]:
    """The words of the record; without those that are no believed words of this run, which nobody has to have put there."""
    for signed in past.words:
        try:
            word = keys.verify(signed)
        except Forged:
            continue
        if not isinstance(word, Launch) and word.incident == launch.incident and word.plan == launch.plan:
            yield word


Said = TypeVar("Said", Launch, Answer | Command)


def _opened(word: Said, lists: Load) -> Said:
    """The word with the items of the long lists that it refers to."""
    try:
        if isinstance(word, Launch):
            return word.model_copy(update={"inputs": opened(word.inputs, lists)})
        if isinstance(word, Command):
            return word.model_copy(update={"value": opened(word.value, lists)})
    except (LookupError, ValueError) as error:
        raise Unwarranted(f"a long list of a signed word cannot be opened: {error}") from error
    return word


def _word(signed: Signed, launch: Launch, keys: KeyRing, now: datetime) -> Answer | Command:
    try:
        word = keys.verify(signed)
    except Forged as error:
        raise Unwarranted(f"a signed word is not believed: {error}") from error
    if isinstance(word, Launch):
        _refuse("a launch is no word that asks for anything to be let go")
    _same_run(word, launch)
    if word.issued > now + LEEWAY:
        _refuse("a word was signed for a later time than now")
    return word


def _verified(decision: Decision, launch: Launch, keys: KeyRing, now: datetime, lists: Load) -> Word:
    try:
        answer = keys.verify_answer(decision.signed)
    except Forged as error:
        raise Unwarranted(f"a decision is not believed: {error}") from error
    _same_run(answer, launch)
    if answer.issued > now + LEEWAY:
        _refuse("a decision was signed for a later time than now")
    try:
        digest = hashlib.sha256(decision.document.encode()).hexdigest()
        document = opened(json.loads(decision.document), lists)
    except (ValueError, RecursionError, LookupError):
        _refuse("the document of a decision cannot be read")
    if digest != answer.document:
        _refuse("a decision was signed about another document")
    if not isinstance(document, dict):
        _refuse("the document of a decision cannot be read")
    if document.get("incident") != launch.incident or document.get("ask") != answer.ask:
        _refuse("the document of a decision is about something else")
    return Word(answer, document)


def _verdicts(approve: Approve, order: ContainOrder, launch: Launch, decisions: Iterable[Word]) -> list[_Verdict]:
    """The complete verdicts of one approval, with the targets of this order that each lets through."""
    return [
        _Verdict(verdict.signatures, verdict.document, _grants(verdict, order))
        for verdict in _complete(approve, paths.in_run(approve.path, order.step), launch, decisions)
    ]


def _complete(approve: Approve, there: str, launch: Launch, decisions: Iterable[Word]) -> list[_Verdict]:
    """The verdicts of the approval at the run's path `there` that everyone who had to has signed: one for each time
    that it was asked."""
    asked: dict[str, list[Word]] = {}
    for signature in decisions:
        document = signature.document
        if document.get("kind") == "approval" and document.get("step") == there and _asks(signature.answer.ask, there):
            asked.setdefault(signature.answer.document, []).append(signature)
    verdicts = []
    for signatures in asked.values():
        verdict = _Verdict(tuple(signatures), signatures[0].document, frozenset())
        choices = {signature.answer.choice for signature in signatures}
        if choices == {"approve"} and _fill(_quorum(approve, verdict.document), verdict, approve, launch):
            verdicts.append(verdict)
    return verdicts


def _asks(ask: str, path: str) -> bool:
    """Whether the id belongs to an asking of the approval at a run's path: "approve:<path>:<ordinal>"."""
    return ask.startswith(f"approve:{path}:")


def _quorum(approve: Approve, document: dict[str, Any]) -> tuple[Seat, ...]:
    """The seats of an approval: those that the plan always has, and the conditional ones that the deciders were shown
    besides."""
    listed = document.get("seats")
    shown = Counter(
        (seat.get("who"), seat.get("seats"))
        for seat in (listed if isinstance(listed, list) else ())
        if isinstance(seat, dict)
    )
    shown.subtract((str(seat.who), seat.seats) for seat in approve.needs if seat.when is None)
    asked = []
    for seat in approve.needs:
        if seat.when is not None:
            shown[str(seat.who), seat.seats] -= 1
            if shown[str(seat.who), seat.seats] < 0:
                continue
        asked.append(seat)
    return tuple(asked)


# --- scope ----------------------------------------------------------------------------------------------------------


def _grants(verdict: _Verdict, order: ContainOrder) -> frozenset[str]:
    """Those of the order's targets that the document shows for this act and every decider approved."""
    acts = verdict.document.get("unlocks")
    granted: set[str] = set()
    for act in acts if isinstance(acts, list) else []:
        if isinstance(act, dict) and _shows(act, order):
            shown = act.get("targets")
            if isinstance(shown, list):
                granted |= {str(target) for target in shown} & set(order.targets)
            elif isinstance(act.get("read"), str):
                granted |= set(order.targets)
    for signature in verdict.signatures:
        if signature.answer.targets is not None:
            granted &= set(signature.answer.targets)
    return frozenset(granted)


def _shows(act: dict[str, Any], order: ContainOrder) -> bool:
    """Whether an act of a document is this order's: the step, the action, and every argument that was known."""
    if act.get("step") != paths.static(order.step) or act.get("action") != order.action.name:
        return False
    shown = act.get("arguments")
    if not isinstance(shown, dict) or shown.keys() != order.arguments.keys():
        return False
    return all(value is None or value == order.arguments[name] for name, value in shown.items())


def _check_scope(approve: Approve, order: ContainOrder, verdicts: Sequence[_Verdict], acted: Acted) -> None:
    """Every target is let through by a complete verdict, and what a read found is no more than was shown."""
    if not verdicts:
        _refuse(f"the approval at {approve.at} has not been signed by all who had to, for this act")
    granted = frozenset[str]().union(*(verdict.grants for verdict in verdicts))
    if not granted.issuperset(order.targets):
        _refuse("the order goes beyond what was shown to those who signed, or what they approved")
    limits = [most for verdict in verdicts if verdict.used and (most := _at_most(verdict, order)) is not None]
    if not limits:
        return
    there = paths.in_run(approve.path, order.step)
    found = set(order.targets).union(
        *(targets for path, targets in acted.items() if paths.in_run(approve.path, path) == there)
    )
    count = max(len(found), order.page.of if order.page is not None else 0)
    if count > min(limits):
        _refuse(f"the order is for {count} targets, and at most {min(limits)} were approved")


def _at_most(verdict: _Verdict, order: ContainOrder) -> int | None:
    """The maximum that was shown for this act, where its targets were not known yet."""
    limits = [
        act.get("at_most")
        for act in verdict.document.get("unlocks", [])
        if isinstance(act, dict) and _shows(act, order) and not isinstance(act.get("targets"), list)
    ]
    return min((limit for limit in limits if isinstance(limit, int)), default=None)


# --- seats ----------------------------------------------------------------------------------------------------------


def _fill(seats: Sequence[Seat], verdict: _Verdict, approve: Approve, launch: Launch) -> bool:
    """Whether distinct people who signed fill every seat, each person one."""
    places = [seat for seat in seats for _ in range(seat.seats)]
    people = list({signature.answer.person: signature.answer for signature in verdict.signatures}.values())
    sits: dict[int, int] = {}

    def seat(place: int, tried: set[int]) -> bool:
        for index, answer in enumerate(people):
            if index in tried or not standing.may_sit(places[place].who, len(places) > 1, answer, approve, launch):
                continue
            tried.add(index)
            if index not in sits or seat(sits[index], tried):
                sits[index] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(places)))


def _refuse(words: str) -> NoReturn:
    raise Unwarranted(words)
