"""Continue-as-new: a run crosses into a fresh history well before the server's bounds, with its state as data."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass

from temporalio import workflow

from firedoor.run.state import ENGINE, OLDEST, State

MOST_STATE_BYTES = 512 * 1024


class TooLarge(Exception):
    """A state over the bound."""


class NoState(ValueError):
    """What a run was started with as its state is none."""


@dataclass
class Bounds:
    """Past these nothing new starts and the run crosses. Tests lower them; within one history they must not change."""

    events: int = 8_000
    updates: int = 900
    again: int = 500
    """After so many more events a state that was too large is tried again."""


BOUNDS = Bounds()


def due(updates: int) -> bool:
    info = workflow.info()
    return (
        info.is_continue_as_new_suggested()
        or info.get_current_history_length() >= BOUNDS.events
        or updates >= BOUNDS.updates
    )


def packed(state: State) -> bytes:
    """The state as it crosses. Raises TooLarge when it cannot."""
    data = zlib.compress(state.model_dump_json(exclude_defaults=True).encode(), 6)
    if len(data) > MOST_STATE_BYTES:
        raise TooLarge(f"the run's state is {len(data)} bytes, compressed; {MOST_STATE_BYTES} can cross")
    return data


def engine(before: int = OLDEST) -> int:
    """The engine of what begins here. What was recorded under an earlier one goes on under it until it crosses. A state
    that is of this one already does not ask: a marker in each link would cost two events of it."""
    for number in range(ENGINE, before, -1):
        if workflow.patched(f"engine-{number}"):
            return number
    return before


def unpacked(data: bytes) -> State:
    """Raises NoState for what never was one, and ValueError for a state of an engine that this code does not know: that
    one waits for a worker that does."""
    try:
        raw = zlib.decompress(data)
    except zlib.error:
        raise NoState("its third argument is no packed state") from None
    state = State.model_validate_json(raw)
    if not OLDEST <= state.engine <= ENGINE:
        raise ValueError(f"the state is of engine {state.engine}; this worker knows {OLDEST} to {ENGINE}")
    if state.engine < ENGINE:
        state.engine = engine(state.engine)
    return state


async def handlers_finished() -> None:
    """Wait for them before a run returns or crosses. A cancellation that comes in that moment changes nothing more."""
    while not workflow.all_handlers_finished():
        try:
            await workflow.wait_condition(workflow.all_handlers_finished)
        except asyncio.CancelledError:
            continue
