"""Answers and commands: what a person says is resolved, signed, written down, sent, and its receipt handed back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

from firedoor.incidents import EngineBroken, NoAnswer, Refused, Trouble, Unreachable
from firedoor.people import directory
from firedoor.people.signatures import Forged
from firedoor.plan import Plan, paths, spoken
from firedoor.plan.inputs import Checked, Problem, check_late, meant, read_duration
from firedoor.protocol import Answer, AskView, Command, Launch, Receipt, Signed, View
from firedoor.run.documents import hash_of
from firedoor.web import access, changes, inbox, lists, naming
from firedoor.web.door import FRESH_FOR, NO_ROWS, Door
from firedoor.web.journal import Kind, SaidDifferently, Word, digest
from firedoor.web.messages import AnswerRequest, CommandRequest, Shown
from firedoor.web.problems import Changed, Conflict, NotFound, TooLarge, Wrong

_MOST_NAMED = 5

Send = Callable[[str, Signed, str], Awaitable[Receipt]]


async def answer(door: Door, person: str, incident: str, request: AnswerRequest) -> Receipt:
    """Sign an answer to an ask of the run, or to a task of its review, about the document that the person saw."""

    async def signed() -> Answer:
        return await (_review_answer if request.review else _answer)(door, person, incident, request)

    send = door.incidents.answer_review if request.review else door.incidents.answer
    kind: Kind = "review" if request.review else "answer"
    return await _say(door, person, incident, kind, request, f"{request.choice} {request.ask}", signed, send)


async def command(door: Door, person: str, incident: str, request: CommandRequest) -> Receipt:
    async def signed() -> Command:
        return await _command(door, person, incident, request)

    asked = " ".join(part for part in (request.command, request.step, request.reason) if part)
    return await _say(door, person, incident, "command", request, asked, signed, door.incidents.command)


async def document(door: Door, incident: str, ask: str, *, review: bool = False) -> Shown:
    """What a person is shown and signs."""
    launched = await _launched(door, incident)
    about: AskView | None = None
    refused, people = "", tuple[str, ...]()
    if review:
        text = await door.incidents.review_document(incident, ask)
    else:
        view = await door.incidents.view(incident, NO_ROWS)
        about = next((one for one in view.asks if one.id == ask), None)
        if about is None:
            raise NotFound(
                f"No question {ask[:80]!r} is open in {incident}.", "See `firedoor show` for those that are."
            )
        text = await door.incidents.document(incident, ask)
        refused = _refused(await asyncio.to_thread(door.records.plans.get, launched.plan), about, text)
        people = await asyncio.to_thread(inbox.people_for, door, view, about)
    shown = Shown(
        ask=ask,
        document=hash_of(text),
        text=text,
        about=about,
        refused=refused,
        people=people,
        drill=launched.drill,
    )
    door.remember(shown.document, text)
    return shown


def _refused(plan: Plan | None, ask: AskView, text: str) -> str:
    """What a no to an approval does."""
    step = plan.by_path.get(paths.static(ask.step)) if plan else None
    if plan is None or step is None or ask.kind != "approval":
        return ""
    if json.loads(text).get("added"):
        return "what was added is let go, and the response goes on"
    if step.verb == "approve":
        return spoken.consequence(plan, step.on_reject, at=step.path)
    return ""


async def _say(
    door: Door,
    person: str,
    incident: str,
    kind: Kind,
    request: AnswerRequest | CommandRequest,
    asked: str,
    make: Callable[[], Awaitable[Answer | Command]],
    send: Send,
) -> Receipt:
    word: Word | None = None
    try:
        word = await _written(door, person, incident, kind, request, make)
        if word.reply is not None:
            return Receipt.model_validate(word.reply)
        receipt = await send(incident, word.signed, request.nonce)
    except (Unreachable, NoAnswer, EngineBroken):
        raise  # no decision was made, so there is none to write down
    except Trouble as trouble:
        await door.write_refusal(person, kind, incident, asked, trouble)
        raise
    await door.write_counted(word, receipt.model_dump(mode="json"))
    return receipt


async def _written(
    door: Door,
    person: str,
    incident: str,
    kind: Kind,
    request: AnswerRequest | CommandRequest,
    make: Callable[[], Awaitable[Answer | Command]],
) -> Word:
    """The word as it is to go out: the one that was written down before under this nonce, or a new one."""
    asked = digest([incident, kind, request.model_dump(mode="json")])
    try:
        before = await asyncio.to_thread(door.journal.find, person, request.nonce, asked)
        if before is not None:
            return before
        try:
            statement = await make()
            signed = door.key.sign(statement)
        except Forged as error:
            raise TooLarge from error
        word = Word(person, request.nonce, kind, incident, asked, signed, statement.issued)
        return await asyncio.to_thread(door.journal.send, word)
    except SaidDifferently:
        raise Conflict("Another word was sent under this nonce.", "Send this one with a new nonce.") from None


# --- answers --------------------------------------------------------------------------------------------------------


async def _answer(door: Door, person: str, incident: str, request: AnswerRequest) -> Answer:
    launched = await _launched(door, incident)
    view = await door.incidents.view(incident, NO_ROWS)
    ask = next((one for one in view.asks if one.id == request.ask), None)
    if ask is None:
        raise Refused("This question is not open any more: it was decided, or the response has ended.", "closed")
    if request.choice not in ask.choices:
        raise Refused(f"“{request.choice}” is no choice here; it is one of {', '.join(ask.choices)}.", "choice")
    named = await access.takes_part(door, person, incident, view)
    await _same(door, request, await door.incidents.document(incident, request.ask), named=named)
    return _statement(door, person, launched, request, view.commander)


async def _review_answer(door: Door, person: str, incident: str, request: AnswerRequest) -> Answer:
    launched = await _launched(door, incident)
    named = await access.takes_part(door, person, incident, None)
    await _same(door, request, await door.incidents.review_document(incident, request.ask), named=named)
    return _statement(door, person, launched, request, None)


async def _launched(door: Door, incident: str) -> Launch:
    """The launch, as it was written down here. Nothing is signed about a run that was launched elsewhere: what it says
    of itself, its plan above all, is not to be believed."""
    written = await asyncio.to_thread(door.records.incidents.get, incident)
    if written is None:
        raise NotFound(f"{incident[:80]!r} was not launched here, so nothing is signed for it.", "See `firedoor list`.")
    return Launch.model_validate_json(written.launch.body)


async def _same(door: Door, request: AnswerRequest, text: str, *, named: bool) -> None:
    """What is signed is what was seen. Raises Changed, with what is different only where it may be `named`."""
    now = hash_of(text)
    if now != request.document:
        seen = door.shown.get(request.document)
        door.remember(now, text)
        raise Changed(changes.between(seen, text) if named else (), now)
    await asyncio.to_thread(door.journal.keep, now, text)


def _statement(door: Door, person: str, launched: Launch, request: AnswerRequest, commander: str | None) -> Answer:
    now = door.now()
    return Answer(
        person=person,
        incident=launched.incident,
        plan=launched.plan,
        nonce=request.nonce,
        issued=now,
        expires=now + FRESH_FOR,
        ask=request.ask,
        document=request.document,
        choice=request.choice,
        reason=request.reason,
        proof=request.proof,
        targets=request.targets,
        holds=directory.holds(door.organization, person, now, region=launched.region, commander=commander),
    )


# --- commands -------------------------------------------------------------------------------------------------------


async def _command(door: Door, person: str, incident: str, request: CommandRequest) -> Command:
    launched = await _launched(door, incident)
    view = await door.incidents.view(incident, NO_ROWS)
    now = door.now()
    return Command(
        person=person,
        incident=incident,
        plan=launched.plan,
        nonce=request.nonce,
        issued=now,
        expires=now + FRESH_FOR,
        command=request.command,
        step=_step(view, await asyncio.to_thread(door.records.plans.get, launched.plan), request.step),
        target=request.target,
        value=await _value(door, launched.plan, request),
        reason=request.reason,
        expects=request.expects,
        holds=directory.holds(door.organization, person, now, region=launched.region, commander=view.commander),
    )


def _step(view: View, plan: Plan | None, name: str | None) -> str | None:
    """The path of the step that is meant. Raises Refused, with what may have been meant. A picture that is cut short
    names not every step: what the plan knows, the run looks up."""
    if name is None:
        return None
    found = naming.paths_of(view.steps, name)
    if len(found) == 1:
        return found[0] if paths.rounds(found[0]) else name
    called = naming.names(view.steps)
    if found:
        rounds = ", ".join(called[path] for path in found[:_MOST_NAMED])
        raise Refused(f"“{name[:80]}” has {len(found)} rounds here: say which, as {rounds}.", "step")
    if plan is None or name in plan.by_id or paths.static(name) in plan.by_path:
        return name
    known = {step.id for step in view.steps if step.id} | {*plan.by_id}
    raise Refused(f"No step is called “{name[:80]}” in this run: {meant(name[:80], known)}.", "step")


async def _value(door: Door, plan_digest: str, request: CommandRequest) -> Any:
    """The value in its canonical form. Raises Wrong."""
    match request.command:
        case "add" | "input":
            plan = await asyncio.to_thread(door.records.plans.get, plan_digest)
            return await asyncio.to_thread(_inputs, door, plan, request.value, adding=request.command == "add")
        case "pause_clock":
            plan = await asyncio.to_thread(door.records.plans.get, plan_digest)
            return _ground(plan, request.value)
        case "extend":
            return _length(request.value)
        case "reassign":
            return _someone(door, request.value, _reassignable(door))
        case "offer" | "hand_over":
            return _someone(door, request.value, list(door.organization.people))
        case _:
            return request.value


def _inputs(door: Door, plan: Plan | None, given: Any, *, adding: bool) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Wrong([Problem(name="value", says="is no map of inputs", give="give {name: value}")])
    if plan is None:
        return cast("dict[str, Any]", given)  # the run looks at it again
    given = lists.referred(door, plan, given)
    found: Checked = check_late(plan, given, door.organization.people, adding=adding)
    if found.problems:
        raise Wrong(found.problems)
    return found.values


def _ground(plan: Plan | None, given: Any) -> Any:
    """The ground as clocks.yaml has it, from how it begins; the run looks whether the clock may be paused on it."""
    if not isinstance(given, dict) or {*given} != {"clock", "ground"}:
        raise Wrong([Problem(name="value", says="names no clock and ground", give='give {"clock": …, "ground": …}')])
    name, said = str(given["clock"]), str(given["ground"])
    clocks = {clock.name: clock for clock in plan.clocks} if plan else {}
    if plan is not None and name not in clocks:
        raise Wrong([Problem(name="clock", says=f"“{name[:80]}” is no clock of this run", give=meant(name, clocks))])
    grounds = clocks[name].may_pause if plan else ()
    meant_by = [ground for ground in grounds if ground.casefold().startswith(said.strip().casefold())]
    if grounds and len(meant_by) != 1:
        says = f"“{said[:80]}” is no ground on which {name} may be paused"
        raise Wrong([Problem(name="ground", says=says, give=f"give one of: {'; '.join(grounds)}")])
    return {"clock": name, "ground": meant_by[0] if meant_by else said}


def _length(given: Any) -> int | float:
    try:
        return read_duration(given)
    except ValueError as error:
        raise Wrong(
            [Problem(name="value", says=str(error), give="give a length of time, as 15m, 4h or 2 days")]
        ) from None


def _reassignable(door: Door) -> list[str]:
    teams = door.organization.teams
    return [
        *door.organization.people,
        *(f"{team}.on_shift" for team in teams),
        *(f"{team}.manager" for team in teams),
        "commander",
        "launcher",
    ]


def _someone(door: Door, given: Any, names: list[str]) -> str:
    if not isinstance(given, str) or given not in names:
        says = f"nobody here is called {str(given)[:80]!r}"
        raise Wrong([Problem(name="value", says=says, give=meant(str(given)[:80], names))])
    return given
