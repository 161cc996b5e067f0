"""Whether a word may be counted: pure checks, in the order of SEMANTICS 3, after its signature was verified.

They run in the update's validator, so that a refused word leaves no event, and its sender learns why at once.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

from firedoor.plan import Plan, paths
from firedoor.plan.evaluate import said, typed
from firedoor.plan.inputs import check_inputs, check_late
from firedoor.plan.lists import reference
from firedoor.protocol import Answer, Command, Receipt, Signed, speaks_as
from firedoor.run import asking, bounds, clocks, documents, interrupting, seats, tasks
from firedoor.run.core import Core
from firedoor.run.documents import hash_of
from firedoor.run.severity import LOWERED_BY, URGENCY
from firedoor.run.state import FINAL, Ask, ClockState, State


class Refused(Exception):
    """A word is not counted. `code` is stable; the message says why and what to do, in plain words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def seen_before(state: State, nonce: str, signed: Signed) -> Receipt | None:
    """The receipt of the same word, if it was counted already. Raises Refused for another body under its nonce."""
    accepted = state.accepted.get(nonce)
    if accepted is None:
        return None
    if accepted.body != hash_of(signed.body):
        raise Refused("nonce", "Another word was sent under this nonce. Send yours with a new one.")
    return accepted.receipt


def check_words(*words: str | None, most: int = bounds.MOST_WORDS) -> None:
    """Raises Refused for a reason or a proof that is longer than a run remembers."""
    if any(text and len(text) > most for text in words):
        raise Refused("size", f"Say it in {most} characters at most; link what is longer.")


def check_answer(plan: Plan, state: State, answer: Answer, now: datetime) -> None:
    """Raises Refused."""
    core = Core(plan, state, max(now, state.now))
    check_words(answer.reason, answer.proof)
    _check_open(state)
    ask = state.asks.get(answer.ask)
    if ask is None:
        raise Refused("closed", "This question is not open any more: it was decided, or the response has ended.")
    until = asking.deadline(ask)
    if _lapses(core, ask) and until is not None and until <= now:
        raise Refused("late", f"The time for this was over at {until:%Y-%m-%d %H:%M UTC}. {ask.silence.capitalize()}.")
    if answer.document != ask.hash:
        raise Refused(
            "changed", "What is asked has changed since you looked. Look again, and decide on what it says now."
        )
    if answer.choice not in ask.choices:
        raise Refused("choice", f"“{answer.choice}” is no choice here; it is one of {', '.join(ask.choices)}.")
    if ask.kind == "approval":
        _check_approval(core, ask, answer)
    else:
        _check_asked(core, ask, answer)


def _lapses(core: Core, ask: Ask) -> bool:
    """Whether its deadline decides something: a question never lapses, and neither does a task without `on_timeout`."""
    if ask.kind != "task":
        return ask.kind == "approval"
    step = core.step(ask.step)
    return step.verb == "task" and step.on_timeout is not None and core.state.intent == "respond"


def _check_open(state: State) -> None:
    if state.closing or state.phase == "closed":
        raise Refused("closed", "The run is closed.")


def _check_approval(core: Core, ask: Ask, answer: Answer) -> None:
    step = core.step(ask.step)
    signed = [signature.person for signature in ask.signatures]
    if answer.choice == "approve" and answer.person in signed:
        raise Refused("twice", "You have signed this already; nobody fills two seats.")
    excluded = step.not_by if step.verb == "approve" else ()
    if any(core.matches(who, answer.person, answer.holds) for who in excluded):
        raise Refused("not_by", "The playbook excludes you from signing this.")
    if not any(seats.fits(core, ask, seat, answer) for seat in ask.seats):
        names = ", ".join(str(seat.who) for seat in ask.seats)
        if answer.person == core.state.launcher:
            raise Refused("launcher", f"You launched this run, so you do not sign. It waits for {names}.")
        raise Refused("seat", f"No seat here is yours: it waits for {names}.")
    if answer.choice == "approve" and seats.seat(core, ask, answer) is None:
        raise Refused("seat", "The seat that you could fill is taken.")
    if answer.choice == "need_fact":
        _check_fact(core, ask, answer)
    if answer.targets is not None:
        _check_fewer(core, ask, answer)


MOST_FACTS = 20
"""Facts that may be asked for about one approval."""


def _check_fact(core: Core, ask: Ask, answer: Answer) -> None:
    if not answer.reason:
        raise Refused("reason", must_say(None, answer.choice))
    check_words(answer.reason, most=bounds.MOST_FACT)
    open_ = [other for other in core.asks_of(ask.step) if other.why == "fact"]
    if any(other.asker == answer.person for other in open_):
        raise Refused("twice", "You have asked for a fact already, and the commander has not answered yet.")
    if len(open_) + len(core.at(ask.step).facts) >= MOST_FACTS:
        raise Refused("many", f"{MOST_FACTS} facts were asked for already. Sign, reject, or talk to the commander.")


def _check_fewer(core: Core, ask: Ask, answer: Answer) -> None:
    if answer.choice != "approve" or not answer.targets:
        raise Refused("targets", "Targets go with an approval, and name at least one; to approve none, reject.")
    shown = documents.targets_of(ask.document)
    if documents.shows_long_list(ask.document):
        raise Refused("targets", "This approval is about a long list: approve it whole, or reject it.")
    if not shown:
        raise Refused("targets", "This approval names no targets, so there is nothing to narrow.")
    unknown = [target for target in answer.targets if target not in shown]
    if unknown:
        raise Refused("targets", f"{unknown[0]} is not among the targets; they are {', '.join(shown[:20])}.")


def _check_asked(core: Core, ask: Ask, answer: Answer) -> None:
    if not any(core.matches(who, answer.person, answer.holds) for who in ask.to):
        raise Refused("role", f"This is asked of {', '.join(str(who) for who in ask.to)}, and you are none of them.")
    if ask.proof and not answer.proof:
        raise Refused("proof", f"Give the {ask.proof} as proof.")
    if ask.why == "handover" and answer.choice == "accept" and answer.person == ask.asker:
        raise Refused("giver", "It is you who hands over. To keep the command, decline.")
    if ask.why == "fact":
        check_words(answer.reason, most=bounds.MOST_FACT)
    if ask.why == "failure" and answer.choice == "retry" and not core.is_final(ask.step):
        _check_still(core, ask.step)
    missing = must_say(ask.why, answer.choice)
    if missing and not answer.reason:
        raise Refused("reason", missing)
    if answer.targets is not None:
        raise Refused("targets", "This answer takes no targets.")


_SAY: dict[tuple[str | None, str], str] = {
    (None, "need_fact"): "Say which fact you need.",
    ("held", "keep"): "Say why it is kept.",
    ("expiry", "keep"): "Say why it is kept.",
    ("clock", "done"): "Say how the clock was met.",
    ("clock", "not_due"): "Say why the clock is not owed.",
    ("fact", "answer"): "Say what the answer is.",
}
"""Answers that need a reason, by what the question is about."""


def must_say(why: str | None, choice: str) -> str:
    """What the reason of an answer has to say; empty where it needs none. `why`: what a question is about."""
    return _SAY.get((why, choice), "")


COMMANDED_BY_ALL = ("note",)


def check_command(plan: Plan, state: State, command: Command, now: datetime) -> None:
    """Raises Refused. The table of SEMANTICS, "States"."""
    core = Core(plan, state, max(now, state.now))
    check_words(command.reason)
    _check_open(state)
    _check_commander(core, command)
    path = ""
    if command.step:
        try:
            path = interrupting.resolve(core, command.step)
        except LookupError:
            raise Refused("step", f"No step is called “{command.step}” in this run.") from None
    if command.expects is not None and core.status(path) != command.expects:
        raise Refused("changed", f"{core.name(path)} is {core.status(path)} by now, not {command.expects}. Look again.")
    check = _CHECKS.get(command.command)
    if check is not None:
        check(core, command, path)


def _check_commander(core: Core, command: Command) -> None:
    person, holds = command.person, command.holds
    if command.command in COMMANDED_BY_ALL and holds:
        return
    lowers = command.command == "severity" and URGENCY.get(str(command.value), 9) < URGENCY[core.state.severity]
    if lowers:
        if LOWERED_BY not in holds:
            raise Refused("role", "Only Policy lowers the severity.")
        return
    plan = core.plan
    ladder = (plan.commander.source, *plan.commander.then)
    named = core.state.commander is not None and speaks_as(person, holds, core.state.commander)
    if not named and not any(core.matches(who, person, holds) for who in ladder):
        who = core.state.commander or ", ".join(str(rung) for rung in ladder)
        raise Refused("role", f"This is the commander's to say ({who}).")


def _responding(core: Core) -> None:
    if core.state.ended is not None or core.state.intent != "respond":
        raise Refused("ended", "The response has ended.")


def _needs_step(path: str) -> None:
    if not path:
        raise Refused("step", "Say which step.")


def _within_what_goes_on(core: Core, path: str) -> None:
    """A step that was never reached, in a group or a loop that is over, will not be reached."""
    outer = paths.parent(path)
    while outer and core.status(path) == "waiting":
        if not outer.endswith("]") and core.is_final(outer):
            raise Refused("state", f"{core.name(path)} was left out: {core.name(outer)} is {core.status(outer)}.")
        outer = paths.parent(outer)


def _pause(core: Core, command: Command, path: str) -> None:
    _responding(core)
    if core.state.paused:
        raise Refused("state", "The run is paused already.")


def _resume(core: Core, command: Command, path: str) -> None:
    if not core.state.paused:
        raise Refused("state", "The run is not paused.")


def _skip(core: Core, command: Command, path: str) -> None:
    _needs_step(path)
    if not any(tasks.is_kept(ask) for ask in core.asks_of(path)):
        _responding(core)
    if not command.reason:
        raise Refused("reason", "Say why it is skipped.")
    _within_what_goes_on(core, path)
    status = core.status(path)
    if status == "acting":
        raise Refused("state", f"{core.name(path)} acts now. Stop it with stop or undo, or wait for its end.")
    if any(ask.kind == "approval" and ask.addition is not None for ask in core.asks_of(path)):
        words = f"{core.name(path)} is {status}; what is asked there now is about what was added. Sign it, or reject it"
        raise Refused("state", f"{words}: a rejection releases what was added, and nothing else.")
    if status in FINAL and status != "failed":
        raise Refused("state", f"{core.name(path)} has ended: {status}.")
    if core.step(path).verb == "approve" and (state := core.state.steps.get(path)) and state.skip_by == command.person:
        raise Refused("second", "A second person has to ask for the skip as well.")


def _check_names(core: Core, command: Command, path: str) -> None:
    """What stands in a long list is not known here by name."""
    state = core.state.steps.get(path)
    if command.target and state is not None and state.pages:
        raise Refused(
            "targets", f"{core.name(path)} works on a long list: {command.command} all of it, or undo some by name."
        )


def _retry(core: Core, command: Command, path: str) -> None:
    _responding(core)
    _needs_step(path)
    state = core.state.steps.get(path)
    failed = state is not None and (state.status == "failed" or state.pending == "failed")
    undone = state is not None and state.status == "done" and bool(state.holds) and not core.held(path)
    if not failed and not undone:
        raise Refused(
            "state", f"{core.name(path)} is {core.status(path)}; only what failed or was undone is tried again."
        )
    _check_still(core, path)


def _check_still(core: Core, path: str) -> None:
    """What is tried again must not meet an act or a release of its own that is still under way."""
    if any(act.ask is None for act in core.acts_of(path)):
        raise Refused("state", f"{core.name(path)} acts now. Wait for its end.")


def _extend(core: Core, command: Command, path: str) -> None:
    _needs_step(path)
    more = command.value
    if not isinstance(more, int | float) or isinstance(more, bool) or not 0 < more <= 365 * 86_400:
        raise Refused("value", "Say by how many seconds, more than none.")
    ends = [until for ask in core.asks_of(path) if (until := asking.deadline(ask)) is not None]
    if any(until <= core.now for until in ends):
        raise Refused("late", f"The time of {core.name(path)} is over already.")
    named = command.target
    _check_names(core, command, path)
    leases = [
        hold
        for there, hold in core.holds()
        if there == path and hold.leased and (named is None or hold.target in named)
    ]
    if not ends and not leases:
        raise Refused("state", f"{core.name(path)} has no deadline and no lease to extend.")
    for name in clocks.running(core) if ends else ():
        due = clocks.due(core, name)
        if max(ends) + timedelta(seconds=more) > due:
            raise Refused("clock", f"That would go past clock {name}, which runs out at {due:%Y-%m-%d %H:%M UTC}.")


def _undo(core: Core, command: Command, path: str) -> None:
    _needs_step(path)
    state = core.state.steps.get(path)
    if command.target and state is not None and any(target in state.pages for target in command.target):
        raise Refused("targets", "That names a page of a long list: name targets, or none to undo all of it.")
    status = core.status(path)
    if status in ("waiting", "asking"):
        raise Refused("state", f"{core.name(path)} has not acted; there is nothing to undo.")
    if core.step(path).verb != "contain":
        raise Refused("step", f"{core.name(path)} contains nothing; undo the step that contains.")
    if not core.held(path):
        raise Refused("state", f"{core.name(path)} holds nothing any more.")


def _keep(core: Core, command: Command, path: str) -> None:
    _needs_step(path)
    _check_names(core, command, path)
    if not core.held(path):
        raise Refused("state", f"{core.name(path)} holds nothing.")
    if not command.reason:
        raise Refused("reason", "Say why it is kept.")


def _severity(core: Core, command: Command, path: str) -> None:
    if not isinstance(command.value, str) or command.value not in URGENCY:
        raise Refused("value", "A severity is one of sev1, sev2, sev3, sev4.")
    if command.value == core.state.severity:
        raise Refused("state", f"It is {command.value} already.")


def _values(core: Core, command: Command, *, lists: bool) -> dict[str, Any]:
    _responding(core)
    if not isinstance(command.value, dict) or not command.value:
        raise Refused("value", "Say which input, and what it is.")
    checked = check_late(core.plan, command.value, adding=lists)
    if checked.problems:
        raise Refused("value", "; ".join(str(problem) for problem in checked.problems))
    return checked.values


def _add(core: Core, command: Command, path: str) -> None:
    for name, value in _values(core, command, lists=True).items():
        most = core.plan.input_names[name].at_most
        there = core.state.inputs.get(name) or []
        long, more = reference(there), reference(value)
        if long is not None or more is not None:
            has, count = long.count if long else len(there), more.count if more else len(value)
            if most is not None and has + count > most:
                raise Refused("value", f"“{name}” may have {most:g} items at most, and has {has}.")
            continue
        if most is not None and len({*there, *value}) > most:
            raise Refused("value", f"“{name}” may have {most:g} items at most, and has {len(there)}.")
        every = list(dict.fromkeys((*there, *value)))
        many = bounds.too_many(core.plan, {**core.state.inputs, name: every})
        if many is not None:
            raise Refused("many", many)


def _input(core: Core, command: Command, path: str) -> None:
    values = _values(core, command, lists=False)
    many = bounds.too_many(core.plan, {**core.state.inputs, **values})
    if many is not None:
        raise Refused("many", many)
    for name in values:
        _check_not_known(core, name)


def _check_not_known(core: Core, name: str) -> None:
    """What people have decided on stays what it was. A default that nobody has given gives way once."""
    field, there = core.plan.input_names[name], core.state.inputs.get(name)
    if there is None or there == []:
        return
    if field.listed:
        raise Refused("value", f"“{name}” has items; use add to add to it.")
    default = check_inputs(core.plan, {}).values.get(name)
    if there != default or _given_late(core, name):
        known = "." if field.sensitive else f": {said(typed(there, field.type))}."
        raise Refused("known", f"{name} is known{known} What was given stays; note what is otherwise.")


def _given_late(core: Core, name: str) -> bool:
    words = [json.loads(signed.body) for signed in core.state.commands]
    return any(word.get("command") == "input" and name in word["value"] for word in words)


def _reassign(core: Core, command: Command, path: str) -> None:
    _needs_step(path)
    kept = any(tasks.is_kept(ask) for ask in core.asks_of(path))
    if not kept and (core.step(path).verb != "task" or core.status(path) not in ("waiting", "asking")):
        raise Refused("state", f"{core.name(path)} is no open task.")
    _within_what_goes_on(core, path)
    if not isinstance(command.value, str) or not command.value:
        raise Refused("value", "Say to whom.")


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_@.+-]{0,99}")
"""What a person can be called (firedoor.people.organization)."""


def _offer(core: Core, command: Command, path: str) -> None:
    _to_one_person(core, command)
    if command.value == command.person:
        raise Refused("value", "You would ask yourself. To command from now on, hand it over to yourself at once.")
    if any(ask.why == "handover" and ask.about == command.value for ask in core.state.asks.values()):
        raise Refused("state", f"{command.value} is asked already, and has not answered yet.")


def _hand_over(core: Core, command: Command, path: str) -> None:
    _to_one_person(core, command)
    if not command.reason:
        raise Refused("reason", f"Say why {command.value} is to command at once, without being asked.")


def _to_one_person(core: Core, command: Command) -> None:
    """Who is of the organization is known to the front door, which signs; a run knows what no person's name can be."""
    if not isinstance(command.value, str) or not command.value:
        raise Refused("value", "Say who is to command.")
    if interrupting.who_named(core, command.value).kind != "person" or not _NAME.fullmatch(command.value):
        raise Refused("value", "The command is handed over to one person, by the name that the organization knows.")
    if command.value == core.state.commander:
        raise Refused("state", f"{command.value} commands already.")


def _pause_clock(core: Core, command: Command, path: str) -> None:
    given = command.value if isinstance(command.value, dict) else {}
    name, ground = given.get("clock"), given.get("ground")
    clock = _running_clock(core, name)
    grounds = next(declared.may_pause for declared in core.plan.clocks if declared.name == name)
    if not grounds:
        raise Refused("ground", f"No ground is known on which clock {name} may be paused. It goes on.")
    if ground not in grounds:
        listed = ", ".join(f"“{one}”" for one in grounds)
        raise Refused("ground", f"Clock {name} may be paused only on these grounds: {listed}. It goes on.")
    if clock.paused_at is not None:
        raise Refused("state", f"Clock {name} is paused already: {clock.ground}.")
    if clock.missed or clock.due_at <= core.now:
        raise Refused("late", f"Clock {name} ran out at {clock.due_at:%Y-%m-%d %H:%M UTC}.")
    if not command.reason:
        raise Refused("reason", "Say what shows the ground: whoever looks later asks for it.")


def _resume_clock(core: Core, command: Command, path: str) -> None:
    if _running_clock(core, command.value).paused_at is None:
        raise Refused("state", f"Clock {command.value} is not paused.")


def _running_clock(core: Core, name: Any) -> ClockState:
    running = clocks.running(core)
    if name not in running:
        listed = f"; these run: {', '.join(running)}" if running else ": none does"
        raise Refused("clock", f"No clock that runs is called “{name}”{listed}.")
    return core.state.clocks[name]


def _stop(core: Core, command: Command, path: str) -> None:
    _responding(core)


def _undo_all(core: Core, command: Command, path: str) -> None:
    if core.state.intent == "undo_all":
        raise Refused("state", "Everything is being undone already.")


_CHECKS = {
    "pause": _pause,
    "resume": _resume,
    "skip": _skip,
    "retry": _retry,
    "extend": _extend,
    "undo": _undo,
    "keep": _keep,
    "pause_clock": _pause_clock,
    "resume_clock": _resume_clock,
    "severity": _severity,
    "add": _add,
    "input": _input,
    "reassign": _reassign,
    "offer": _offer,
    "hand_over": _hand_over,
    "stop": _stop,
    "undo_all": _undo_all,
}
