"""How the timeline reaches the record: rows travel with acts, and an act of their own takes them where none goes."""

from __future__ import annotations

from datetime import timedelta

from firedoor.protocol import Row
from firedoor.run import leases
from firedoor.run.core import Core
from firedoor.run.state import Act, State

TRY_AGAIN = timedelta(minutes=5)
MOST_LOAD_BYTES = 256 * 1024


def carry(state: State, act: Act) -> tuple[Row, ...]:
    """The rows that go along with an act which begins now: those that no other has taken, as many as it can carry."""
    first = state.carried + 1 if act.rows is None else min(act.rows[0], state.carried + 1)
    rows = _load([row for row in state.pending if row.seq >= first])
    if rows:
        act.rows = (rows[0].seq, rows[-1].seq)
        state.carried = max(state.carried, rows[-1].seq)
    return leases.along_with(state, rows)


def _load(rows: list[Row]) -> tuple[Row, ...]:
    """From the first on, one at least: the server refuses what is too large."""
    room = MOST_LOAD_BYTES
    for number, row in enumerate(rows):
        room -= len(row.model_dump_json().encode())
        if room < 0:
            return tuple(rows[: max(number, 1)])
    return tuple(rows)


def arrived(core: Core, act: Act, *, reported: bool) -> None:
    """An act is over. When it reported, its rows are in the record; else they go again."""
    if act.rows is None:
        return
    if reported:
        core.recorded(*act.rows)
        core.state.record_after = None
    else:
        core.state.carried = min(core.state.carried, act.rows[0] - 1)


def failed(core: Core) -> None:
    """The record refuses the rows. They stay in the run's state, and are tried again."""
    core.state.record_after = core.now + TRY_AGAIN


def held_by_pause(state: State, act: Act) -> bool:
    """A pause holds the start of acts of steps."""
    return state.paused and act.kind in ("contain", "notify") and act.ask is None and bool(act.path)


def progress(core: Core) -> None:
    """Where nothing goes on that could take the rows along, an act takes them alone; the last one closes the run."""
    state = core.state
    if state.record_after is not None and state.record_after <= core.now:
        state.record_after = None
    goes_on = any(act.cancel or not held_by_pause(state, act) for act in state.acts.values())
    if goes_on or state.phase == "closed" or state.review == "wanted" or state.record_after is not None:
        return
    if state.pending:
        core.act("record", "", number=f"record{state.pending[-1].seq}")
    elif state.closing:
        state.phase = "closed"
        core.changes += 1
