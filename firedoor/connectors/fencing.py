"""Bring a thing to the newest state that the ledger wants: check the number, act, check it again.

Most platforms cannot compare numbers, so an act that was held up on its way may land after a newer one. Whoever acts
therefore asks the ledger again afterwards. If it was overtaken by another state, its own act may have spoilt that one
just after it was settled, so the newest state takes a new number (a platform would take the old one for done) and is
applied again. So all who act on one thing end at the same state. Between the late landing and the correction the
platform shows the wrong one, and if the late one dies in that moment, it does so until its retry, or until whoever acts
on the thing next: no more is claimed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from firedoor.connectors.contract import Found, Json, Order, Platform
from firedoor.connectors.errors import ConnectorError, Overtaken, Refused, Unavailable, Unconfirmed

MOST_TURNS: Final = 20

PAUSES: Final = (0.05, 0.2, 0.5)
"""Seconds before each new try of an act that was taken and is not shown."""

State = tuple[str, ...]
"""The call and the arguments that hold a thing; empty where nothing does."""

FREE: Final[State] = ()


def held_by(call: str, arguments: Mapping[str, Json]) -> State:
    """A state that can be compared with another one."""
    return call, json.dumps(arguments, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The newest state of a thing: held as `order` says, or as it was `before`.

    `before` is None while nothing has been done to it. `settled`: the platform has shown this state already.
    `doubted`: another state was sent there and not seen, so it may land yet; what a look shows now is no proof.
    """

    order: Order
    held: bool
    before: Found | None
    settled: bool
    doubted: bool = False

    @property
    def number(self) -> int:
        return self.order.number

    @property
    def state(self) -> State:
        return held_by(self.order.call, self.order.arguments) if self.held else FREE


class Fence(Protocol):
    """What the ledger knows of one thing. Each method is atomic."""

    async def newest(self) -> Wanted: ...

    async def overtaken(self, number: int, *, refused: bool) -> bool:
        """Whether a newer state is wanted by now. `refused`: by the platform, so that `number` was not done."""
        ...

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


async def settle(platform: Platform, fence: Fence, *, trust: bool = False, maybe_done: State | None = None) -> Wanted:
    """Bring the thing to its newest state, and return that.

    `trust` spares the look at a state that has been settled before: right for a release that is not the last one,
    wrong for an act, whose report says that the thing is contained now. `maybe_done` is the state that an earlier try
    may have brought about, and that may have landed late.

    Raises ConnectorError; Unavailable too when others change the thing faster than it can be confirmed.
    """
    spoilt = maybe_done
    pauses = iter(PAUSES)
    for _ in range(MOST_TURNS):
        wanted = await fence.newest()
        if spoilt is not None and spoilt != wanted.state:
            await fence.renew(wanted.number)
            spoilt, trust = None, False
            continue
        turn = _Turn(platform, fence, wanted)
        try:
            shown = (trust and wanted.settled) or await turn.bring_about()
        except Overtaken as overtaken:
            if not await fence.overtaken(wanted.number, refused=True):
                raise Refused(
                    f"{platform.name} has seen a newer number than {wanted.number} for this thing, and the ledger "
                    "has none: is this an older copy of the database?"
                ) from overtaken
            continue
        except Unavailable as error:
            if error.untouched or not turn.acted or not await fence.overtaken(wanted.number, refused=False):
                raise
            spoilt, trust = wanted.state, False  # it may land, or have landed, after what has overtaken it
            continue
        if shown and await fence.settle(wanted.number):
            return wanted
        trust = False
        spoilt = wanted.state if turn.acted else spoilt
        if turn.not_shown:
            # What others had sent before may have landed after it; a new number is not taken for done.
            await asyncio.sleep(
                _next(pauses, f"{platform.name} took {wanted.order.call}, and does not show its effect")
            )
            await fence.renew(wanted.number)
    raise Unavailable(f"{platform.name}: the thing is changed by others faster than it can be confirmed")


class _Turn:
    """One try at one number. Each step answers whether the platform shows what is wanted; if not, ask what that is now."""

    def __init__(self, platform: Platform, fence: Fence, wanted: Wanted) -> None:
        self._platform = platform
        self._fence = fence
        self._wanted = wanted
        self.acted = False
        self.not_shown = False

    async def bring_about(self) -> bool:
        wanted = self._wanted
        looks = self._platform.call(wanted.order.call).looks
        if wanted.settled and not looks:
            return True
        if wanted.held:
            return await self._hold(await self._platform.look(wanted.order) if looks else None)
        if wanted.before is None or wanted.before.held:
            return True  # nothing was done, or others had done it before: theirs stays
        return await self._let_go(wanted.before, await self._platform.look(wanted.order) if looks else None)

    async def _hold(self, seen: Found | None) -> bool:
        wanted, fence = self._wanted, self._fence
        if seen is not None and seen.held and not wanted.doubted:
            return wanted.before is not None or await fence.begin(wanted.number, seen, acts=False)
        if seen is not None and not seen.held and wanted.settled:
            await fence.renew(wanted.number, seen)
            return False
        if not await fence.begin(wanted.number, seen or Found(held=False, seen=False), acts=True):
            return False
        self.acted = True
        return await self._confirmed(await self._platform.apply(wanted.order), looks=seen is not None)

    async def _let_go(self, before: Found, seen: Found | None) -> bool:
        wanted = self._wanted
        if seen is not None and not seen.held and not wanted.doubted:
            return True
        if not await self._fence.begin(wanted.number, before, acts=True):
            return False
        self.acted = True
        return await self._confirmed(await self._platform.restore(wanted.order, before), looks=seen is not None)

    async def _confirmed(self, after: Found | None, *, looks: bool) -> bool:
        """Read back, where that is possible: an answer that says yes is no proof."""
        wanted = self._wanted
        if not looks:
            return True
        try:
            after = after or await self._platform.look(wanted.order)
        except ConnectorError as error:
            wait = error.retry_after if isinstance(error, Unavailable) else None
            raise Unconfirmed(f"acted, and could not read back: {error}", retry_after=wait) from error
        self.not_shown = after.held != wanted.held
        return not self.not_shown


def _next(pauses: Iterator[float], text: str) -> float:
    pause = next(pauses, None)
    if pause is None:
        raise Unconfirmed(text)
    return pause
