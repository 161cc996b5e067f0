"""Bring a thing to the newest state that the ledger wants: check the number, act, check it again.

Most platforms cannot compare numbers, so an act that was held up on its way may land after a newer one. Whoever acts
therefore asks the ledger again afterwards. If it was overtaken by another state, its own act may have spoilt that one
just after it was settled, so the newest state takes a new number (a platform would take the old one for done) and is
applied again. So all who act on one thing end at the same state. Between the late landing and the correction the
platform shows the wrong one, and if the late one dies in that moment, it does so until its retry: no more is claimed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from firedoor.connectors.contract import Found, Json, Order, Platform
from firedoor.connectors.errors import ConnectorError, Overtaken, Refused, Unavailable, Unconfirmed

MOST_TURNS: Final = 20

State = tuple[str, str] | None
"""The call and the arguments that hold a thing; None where nothing does."""

FREE: Final[State] = None


def held_by(call: str, arguments: Mapping[str, Json]) -> State:
    """A state that can be compared with another one."""
    return call, json.dumps(arguments, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The newest state of a thing: held as `order` says, or as it was `before`.

    `before` is None while nothing has been done to it. `settled`: the platform has shown this state already.
    """

    order: Order
    held: bool
    before: Found | None
    settled: bool

    @property
    def number(self) -> int:
        return self.order.number

    @property
    def state(self) -> State:
        return held_by(self.order.call, self.order.arguments) if self.held else FREE


class Fence(Protocol):
    """What the ledger knows of one thing. Each method is atomic."""

    async def newest(self) -> Wanted: ...

    async def begin(self, number: int, before: Found, *, acts: bool) -> bool:
        """Store what is there before the first act (the first to store it counts), and that one follows, if it `acts`.

        False, and nothing is stored, when `number` has been overtaken.
        """
        ...

    async def settle(self, number: int) -> bool:
        """The platform shows the state of `number`. False when overtaken."""
        ...

    async def renew(self, number: int, found: Found | None = None) -> None:
        """What `number` stands for has to be done again, so it takes a new number, unless it was overtaken anyway.

        `found`: someone outside had undone it, and this is what is there before it is done again.
        """
        ...


async def settle(
    platform: Platform, fence: Fence, *, trust: bool = False, maybe_done: State | Literal["nothing"] = "nothing"
) -> Wanted:
    """Bring the thing to its newest state, and return that.

    `trust` spares the look at a state that has been settled before: right for a release that is not the last one,
    wrong for an act, whose report says that the thing is contained now. `maybe_done` is the state that an earlier try
    may have brought about, and that may have landed late.

    Raises ConnectorError; Unavailable too when others change the thing faster than it can be confirmed.
    """
    spoilt = maybe_done
    for _ in range(MOST_TURNS):
        wanted = await fence.newest()
        if spoilt not in ("nothing", wanted.state):
            await fence.renew(wanted.number)
            spoilt = "nothing"
            trust = False
            continue
        try:
            shown = (trust and wanted.settled) or await _bring_about(platform, fence, wanted)
        except Overtaken as overtaken:
            if (await fence.newest()).number == wanted.number:
                raise Refused(
                    f"{platform.name} has seen a newer number than {wanted.number} for this thing, and the ledger "
                    "has none: is this an older copy of the database?"
                ) from overtaken
            continue
        if shown and await fence.settle(wanted.number):
            return wanted
        spoilt = wanted.state
        trust = False
    raise Unavailable(f"{platform.name}: the thing is changed by others faster than it can be confirmed")


async def _bring_about(platform: Platform, fence: Fence, wanted: Wanted) -> bool:
    """True when the platform shows what is wanted; False when it has to be asked again what that is."""
    looks = platform.call(wanted.order.call).looks
    if not looks and wanted.settled:
        return True
    if wanted.held:
        return await _hold(platform, fence, wanted, await platform.look(wanted.order) if looks else None)
    if wanted.before is None or wanted.before.held:
        return True  # nothing was done, or others had done it before: theirs stays
    return await _let_go(platform, fence, wanted, wanted.before, await platform.look(wanted.order) if looks else None)


async def _hold(platform: Platform, fence: Fence, wanted: Wanted, seen: Found | None) -> bool:
    if seen is not None and seen.held:
        return wanted.before is not None or await fence.begin(wanted.number, seen, acts=False)
    if seen is not None and wanted.settled:
        await fence.renew(wanted.number, seen)
        return False
    if not await fence.begin(wanted.number, seen or Found(held=False, seen=False), acts=True):
        return False
    after = await platform.apply(wanted.order)
    return await _confirmed(platform, fence, wanted, after, looks=seen is not None)


async def _let_go(platform: Platform, fence: Fence, wanted: Wanted, before: Found, seen: Found | None) -> bool:
    if seen is not None and not seen.held:
        return True
    if not await fence.begin(wanted.number, before, acts=True):
        return False
    after = await platform.restore(wanted.order, before)
    return await _confirmed(platform, fence, wanted, after, looks=seen is not None)


async def _confirmed(platform: Platform, fence: Fence, wanted: Wanted, after: Found | None, *, looks: bool) -> bool:
    """Read back, where that is possible: an answer that says yes is no proof."""
    if not looks:
        return True
    if after is None:
        try:
            after = await platform.look(wanted.order)
        except ConnectorError as error:
            wait = error.retry_after if isinstance(error, Unavailable) else None
            raise Unconfirmed(f"acted, and could not read back: {error}", retry_after=wait) from error
    if after.held == wanted.held:
        return True
    if (await fence.newest()).number != wanted.number:
        return False
    state = "held" if wanted.held else "let go"
    raise Unconfirmed(f"{platform.name} took {wanted.order.call}, and does not show the thing as {state}")
