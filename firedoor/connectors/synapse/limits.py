"""How fast an account may send: a limit of its own, in place of the homeserver's usual one.

What the real server does, and this therefore minds (tried on 1.163):

- Its numbers are whole: one message a second is the slowest that there is.
- Zero messages a second takes *every* limit off the account. That is refused here.
- A limit that is set and taken away in one moment is answered with 500. That is tried again like any other 500.
"""

from __future__ import annotations

from typing import Final

from firedoor.connectors.contract import Call, Found, Json, Order
from firedoor.connectors.errors import UnknownCall
from firedoor.connectors.synapse.admin import ADMIN, Act, account_path

RATE: Final = "messages_per_second"
BURST: Final = "burst_count"
MOST: Final = 10_000


class Throttle(Act):
    """Takes `messages_per_second` and `burst_count`, whole numbers, each 1 unless it is given."""

    call = Call("throttle_user", undo="unthrottle_user", looks=True)

    async def look(self, order: Order) -> Found:
        return self._found(order, await self._admin.ask("GET", self._path(order), f"a look at {order.target}"))

    async def apply(self, order: Order) -> Found:
        await self._admin.spare_own(order.target)
        return self._found(order, await self._set(order, self._limits(order)))

    async def restore(self, order: Order, before: Found) -> Found:
        """What somebody else had set before is set again."""
        former = self._limits(order) if before.held else before.detail
        if former:
            return self._found(order, await self._set(order, former))
        await self._admin.ask("DELETE", self._path(order), f"{order.undo} {order.target}")
        return Found(held=False)

    async def _set(self, order: Order, limits: dict[str, Json]) -> dict[str, Json]:
        return await self._admin.ask("POST", self._path(order), f"{order.call} {order.target}", limits)

    def _found(self, order: Order, there: dict[str, Json]) -> Found:
        return Found(held=there == self._limits(order), detail=there or None)

    def _limits(self, order: Order) -> dict[str, Json]:
        unknown = order.arguments.keys() - {RATE, BURST}
        if unknown:
            name = self._admin.name
            raise UnknownCall(f"{name}: {order.call} takes {RATE} and {BURST}, and was given {', '.join(unknown)}")
        return {name: self._whole(order, name) for name in (RATE, BURST)}

    def _whole(self, order: Order, name: str) -> int:
        given = str(order.arguments.get(name, 1)).removesuffix(".0")
        if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= MOST:
            text = f"{name} is {given!r:.40}, and has to be a whole number from 1 to {MOST}"
            raise UnknownCall(f"{self._admin.name}: {order.call}: {text} (0 would take every limit off)")
        return int(given)

    def _path(self, order: Order) -> str:
        return f"{ADMIN}/v1/users/{account_path(order.target)}/override_ratelimit"
