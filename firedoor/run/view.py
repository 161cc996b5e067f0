"""The live picture of a run, computed from its state whenever someone looks. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from firedoor.plan import Plan, Step
from firedoor.protocol import (
    MOST_PAGE_BYTES,
    AskView,
    ClockPhase,
    ClockView,
    HoldView,
    Row,
    SeatView,
    StepView,
    View,
)
from firedoor.run import asking, batches, ending, pages, recording, telling
from firedoor.run.core import Core, Scope
from firedoor.run.state import FINAL, HELD, Act, Ask, ClockState, Hold, State, StepState

T = TypeVar("T", bound=BaseModel)

MOST_SHOWN = 300
"""Steps, asks and holds in one view."""
MOST_WORDS = 200
"""Characters of a step's or an ask's words."""
MOST_ROW_BYTES = 24 * 1024
NOT_REACHED = "nobody was reached"


def view(plan: Plan, state: State, since: int = 0) -> View:
    """The picture, with the rows after `since`: one page, which the server carries (MOST_PAGE_BYTES)."""
    rest = _picture(plan, state)
    rows, more = _page(state, since, MOST_PAGE_BYTES - _size(rest))
    return rest.model_copy(update={"rows": rows, "next_row": rows[-1].seq if rows else since, "more": more})


def _picture(plan: Plan, state: State) -> View:
    core = Core(plan, state, state.now)
    return View(
        incident=state.incident,
        playbook=plan.playbook,
        version=plan.version,
        plan=plan.digest,
        title=state.title or telling.plainly(plan, plan.title, Scope(core, "")),
        phase=state.phase,
        intent=state.intent,
        ended=state.ended,
        paused=state.paused,
        severity=state.severity,
        launcher=state.launcher,
        commander=state.commander,
        region=state.region,
        aware_at=state.aware_at,
        launched_at=state.launched_at,
        drill=state.drill,
        next_act=_next(core),
        next_due=next_due(state),
        waiting_on=waiting_on(state),
        steps=_within(40, _steps(core, plan.steps, "", 0)),
        asks=_within(120, [_ask(ask, _facts(state, ask)) for ask in state.asks.values()]),
        clocks=_clocks(core),
        holds=_within(20, _holds(core)),
        rows=(),
        recorded=(state.pending[0].seq - 1) if state.pending else state.seq,
        next_row=0,
        more=False,
        review=state.review if state.review != "none" else None,
        ladder=tuple(str(who) for who in (plan.commander.source, *plan.commander.then)),
    )


def roles_waited_for(state: State) -> tuple[str, ...]:
    """As `waiting_on`, for the server's lists, which are in the clear: no one is named."""
    whos = [who for ask in state.asks.values() for who in ask.to]
    return tuple(dict.fromkeys("person" if who.kind in ("person", "account") else str(who) for who in whos))


def nobody_reached(state: State) -> bool:
    """Whether there is an ask that nobody has been told of, though it was tried."""
    return any(ask.reached is False for ask in state.asks.values())


def waiting_on(state: State) -> tuple[str, ...]:
    """Who is waited for, each once."""
    return tuple(dict.fromkeys(str(who) for ask in state.asks.values() for who in ask.to))


def next_due(state: State) -> datetime | None:
    """The next deadline, clock or lease that runs out; reminders and polls are no one's business in a list."""
    moments = [asking.deadline(ask) for ask in state.asks.values()]
    moments += [clock.due_at for clock in state.clocks.values() if clock.runs and clock.paused_at is None]
    moments += [hold.until for step in state.steps.values() for hold in step.holds.values() if hold.leased]
    return min((moment for moment in moments if moment is not None), default=None)


def _page(state: State, since: int, room: int) -> tuple[tuple[Row, ...], bool]:
    """Rows for `room` bytes, and one at least; a row that is larger than a page is cut, and whole in the record."""
    found: list[Row] = []
    for row in sorted((*state.recent, *state.pending), key=lambda row: row.seq):
        if row.seq <= since:
            continue
        if _size(row) > MOST_ROW_BYTES:
            row = row.model_copy(update={"words": short(row.words), "data": {"cut": True}, "signed": None})
        room -= _size(row)
        if room < 0 and found:
            return tuple(found), True
        found.append(row)
    return tuple(found), False


def _within(kib: int, found: Sequence[T]) -> tuple[T, ...]:
    """As many of them, from the first, as there is room for."""
    room = kib * 1024
    for number, one in enumerate(found[:MOST_SHOWN]):
        room -= _size(one)
        if room < 0:
            return tuple(found[:number])
    return tuple(found[:MOST_SHOWN])


def _size(data: BaseModel) -> int:
    return len(data.model_dump_json().encode())


def short(words: str) -> str:
    """For a list; whole, they are in the document that is shown and in the record."""
    return words if len(words) <= MOST_WORDS else f"{words[: MOST_WORDS - 1]}…"


def _next(core: Core) -> str:
    """What happens next, in one line."""
    state = core.state
    if state.phase == "closed":
        return "Closed."
    acts = [
        act
        for act in state.acts.values()
        if act.kind in ("contain", "release", "read") or (act.path and not act.ask)
        if act.cancel or not recording.held_by_pause(state, act)
    ]
    if acts:
        return "Acting: " + "; ".join(f"{_does(act)}{core.name(act.path)}" for act in acts[:3])
    if state.paused:
        return "Paused: nothing begins until it is resumed."
    if state.asks:
        first = min(state.asks.values(), key=_urgency)
        until = asking.deadline(first)
        by = f", until {until:%Y-%m-%d %H:%M UTC}" if until else ""
        told = f"; {NOT_REACHED}" if first.reached is False else ""
        return f"Waiting for {', '.join(str(who) for who in first.to)}: {first.words}{by}{told}"
    waits = [path for path, step in state.steps.items() if step.status == "asking"]
    if waits:
        return f"Waiting: {core.name(waits[0])}"
    if state.phase == "holding":
        return f"Holding: {'; '.join(ending.owed(core)[:3]) or 'closing'}"
    return "Going on."


def _does(act: Act) -> str:
    if act.question is not None and act.question.asks == "sift":
        return "looking at the list for "
    return {"release": "undoing ", "read": "asking a system for "}.get(act.kind, "")


def _urgency(ask: Ask) -> tuple[bool, bool, float]:
    """A question that holds up what follows comes first: nothing goes on before it is answered. Then by deadline."""
    until = asking.deadline(ask)
    return not ask.blocks, until is None, until.timestamp() if until else 0.0


def _steps(core: Core, steps: tuple[Step, ...], beside: str, depth: int) -> list[StepView]:
    found: list[StepView] = []
    for number, step in enumerate(steps):
        path = f"{beside}.{number}" if beside else str(number)
        found.append(_step(core, step, path, depth))
        if step.verb == "for_each":
            state = core.state.steps.get(path)
            if state is not None and batches.is_long(state):
                found += _steps(core, step.steps, path, depth + 1)
            for round_ in range(len(state.items or []) if state else 0):
                found += _steps(core, step.steps, f"{path}[{round_}]", depth + 1)
        elif step.verb in ("parallel", "group"):
            found += _steps(core, step.steps, path, depth + 1)
        if len(found) > MOST_SHOWN:
            break
    return found


def _step(core: Core, step: Step, path: str, depth: int) -> StepView:
    state = core.state.steps.get(path)
    status = state.status if state else "waiting"
    if core.state.ended is not None and status not in FINAL and state is None:
        status = "stopped" if core.state.ended != "completed" else "not_needed"
    held = pages.held(state) if state else 0
    added = _added(core, path)
    decided = status if added else state.pending if state else None
    return StepView(
        path=path,
        id=step.id,
        verb=step.verb,
        words=short(core.name(path)),
        state=f"{decided}, asking" if decided else status,
        detail=f"asks for what was added: {added}" if added else _counted(state, held) or _detail(state),
        depth=depth,
        at=step.at,
        done_at=state.done_at if state else None,
    )


def _counted(state: StepState | None, held: int) -> str:
    """How many a step has come to."""
    if state is not None and batches.is_long(state) and not state.pages:
        return f"{sum(ref.count for ref in state.lists)} items"
    if state is not None and state.tally is not None:
        return batches.words(state)
    return f"{held} contained" if held else ""


def _facts(state: State, ask: Ask) -> tuple[str, ...]:
    return tuple(state.steps[ask.step].facts) if ask.kind == "approval" else ()


def _added(core: Core, path: str) -> str:
    """What an approval that was given is asked for again, since it was added."""
    asks = [ask for ask in core.asks_of(path) if ask.kind == "approval" and ask.addition is not None]
    return short(", ".join(target for ask in asks for target in ask.targets))


def _detail(state: StepState | None) -> str:
    if state is None:
        return ""
    if state.skip_by is not None and state.status == "asking":
        return f"{state.skip_by} asks to skip it, which a second person has to say as well"
    return short(state.reason or "")


def _ask(ask: Ask, facts: tuple[str, ...]) -> AskView:
    return AskView(
        id=ask.id,
        kind=ask.kind,
        step=ask.step,
        words=short(ask.words),
        to=tuple(str(who) for who in ask.to),
        choices=tuple(ask.choices),
        opened_at=ask.opened_at,
        deadline=asking.deadline(ask),
        silence=short(ask.silence),
        seats=tuple(
            SeatView(
                who=str(seat.who),
                seats=seat.seats,
                signed_by=tuple(signature.person for signature in ask.signatures if signature.seat == number),
            )
            for number, seat in enumerate(ask.seats)
        ),
        proof=ask.proof,
        document=ask.hash,
        facts=facts,
        late=ask.late,
        reached=ask.reached,
    )


def _clocks(core: Core) -> tuple[ClockView, ...]:
    declared = {clock.name: clock for clock in core.plan.clocks}
    return tuple(
        ClockView(
            name=name,
            kind=declared[name].kind,
            law=declared[name].law,
            started_at=clock.started_at,
            due_at=clock.due_at,
            state=_clock_state(clock, declared[name].kind),
            met_at=clock.met_at,
            paused_at=clock.paused_at,
            ground=clock.ground,
        )
        for name, clock in core.state.clocks.items()
    )


def _clock_state(clock: ClockState, kind: str) -> ClockPhase:
    if clock.not_due:
        return "not_due"
    if clock.met_at is not None:
        return "met"
    if clock.missed:
        return "breached" if kind == "fixed" else "missed"
    return "running" if clock.paused_at is None else "paused"


def _holds(core: Core) -> list[HoldView]:
    return [
        HoldView(
            step=path,
            action=short(core.name(path)),
            target=_target(core, path, hold),
            state=hold.status,
            until=hold.until,
        )
        for path, hold in core.holds()
        if hold.status in HELD or hold.status in ("undone", "failed", "refused")
    ]


def _target(core: Core, path: str, hold: Hold) -> str:
    """A page is told with how many of its targets that is, and how many have failed."""
    if hold.target not in core.at(path).pages:
        return hold.target
    failed = f", {hold.failed} failed" if hold.failed else ""
    return f"{hold.target} ({hold.count}{failed})"
