"""All that an account has said, emptied.

What the real server does, and this therefore minds (tried on 1.163):

- Its task says that it is complete even when every redaction failed. So its failures are read, and then the messages.
- Asked for no rooms in particular, it forgets those that the account has left. So they are named, all of them.
- It takes at most 1,000 events of a room, unless it is told otherwise.
- It empties messages and the account's joins (its name and picture there). Reactions and stickers stay.
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlencode

from firedoor.connectors.contract import Call, Found, Order
from firedoor.connectors.errors import Refused
from firedoor.connectors.synapse.admin import ADMIN, PAGE, Act, account_path, segment
from firedoor.connectors.synapse.tasks import Task, worked_off

EMPTIED: Final = ("m.room.message", "m.room.encrypted", "m.room.member")
BEEN_IN: Final = ("join", "leave", "ban")
MOST_IN_A_ROOM: Final = 1_000_000


class RedactUser(Act):
    """Irreversible: nobody but the server's administrator can read the messages afterwards."""

    call = Call("redact_user", looks=True)

    async def look(self, order: Order) -> Found:
        await self._admin.account(order.target)
        for room in await self._rooms(order):
            if await self._readable(order, room):
                return Found(held=False)
        return Found(held=True)

    async def apply(self, order: Order) -> Found:
        self._admin.no_arguments(order)
        await self._admin.account(order.target)
        await self._admin.spare_own(order.target)
        path, what = f"{ADMIN}/v1/user/{account_path(order.target)}/redact", f"{order.call} {order.target}"
        rooms = await self._rooms(order)

        async def start() -> str:
            said = await self._admin.ask("POST", path, what, {"rooms": rooms, "limit": MOST_IN_A_ROOM})
            return str(said["redact_id"])

        done = await worked_off(self._admin, Task("redact_all_events", str(order.target), what), start)
        after = await self.look(order)
        failed: dict[str, str] = done.get("failed_redactions") or {}
        if not after.held and failed:
            why = next(iter(failed.values()))
            text = f"{len(failed)} of its events could not be redacted, and can still be read: {why:.200}"
            raise Refused(f"{self._admin.name}: {what}: {text}")
        return after

    async def _rooms(self, order: Order) -> list[str]:
        """Where the account is, or was."""
        path = f"{ADMIN}/v1/users/{account_path(order.target)}/memberships"
        said = await self._admin.ask("GET", path, f"a look at the rooms of {order.target}")
        return sorted(room for room, state in said["memberships"].items() if state in BEEN_IN)

    async def _readable(self, order: Order, room: str) -> bool:
        """Whether anything is left in the room that redaction would empty."""
        wanted = json.dumps({"senders": [order.target], "types": list(EMPTIED)})
        query = {"dir": "b", "limit": str(PAGE), "filter": wanted}
        path, what = f"{ADMIN}/v1/rooms/{segment(room)}/messages", f"a look at what {order.target} said in {room}"
        while True:
            said = await self._admin.ask("GET", f"{path}?{urlencode(query)}", what)
            if any(map(_is_whole, said["chunk"])):
                return True
            if not said["chunk"] or "end" not in said:
                return False
            query["from"] = said["end"]


def _is_whole(event: dict[str, Any]) -> bool:
    if event["type"] == "m.room.member" and event["content"].get("membership") != "join":
        return False  # a way out of a room is left standing
    return "redacted_because" not in event and "redacted_because" not in event.get("unsigned", {})
