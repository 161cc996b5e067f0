"""Rooms: kept from growing, or closed for good.

What the real server does, and this therefore minds (tried on 1.163):

- A block keeps everyone out who is not in the room yet; who is in it still posts.
- Blocking and closing a room that does not exist are answered with success; so it is looked for first.
- Closing is a task that the server works on afterwards. It can be told to delete what was said as well; that is never
  asked for here, since it is evidence.
"""

from __future__ import annotations

import re
from typing import Any, Final

from firedoor.connectors.contract import Call, Found, Json, Order
from firedoor.connectors.errors import Refused, TargetMissing
from firedoor.connectors.synapse.admin import ADMIN, Act, Admin, segment
from firedoor.connectors.synapse.tasks import Task, worked_off

ROOM: Final = re.compile(r"![!-~]{1,254}")


class BlockRoom(Act):
    """Nobody else can join."""

    call = Call("block_room", undo="unblock_room", looks=True)

    async def look(self, order: Order) -> Found:
        await room(self._admin, order.target)
        return await _blocked(self._admin, order)

    async def apply(self, order: Order) -> Found:
        self._admin.no_arguments(order)
        await room(self._admin, order.target)
        return await self._set(order, held=True)

    async def restore(self, order: Order, before: Found) -> Found:
        return await self._set(order, held=before.held)

    async def _set(self, order: Order, *, held: bool) -> Found:
        path = f"{ADMIN}/v1/rooms/{room_path(order.target)}/block"
        said = await self._admin.ask("PUT", path, f"{order.call} {order.target}", {"block": held})
        return Found(held=bool(said["block"]))


class CloseRoom(Act):
    """Everyone of this homeserver is put out of the room, and nobody can join it again. What was said is kept."""

    call = Call("close_room", looks=True)

    async def look(self, order: Order) -> Found:
        blocked = await _blocked(self._admin, order)
        return Found(held=not await self._inside(order) and blocked.held)

    async def apply(self, order: Order) -> Found:
        self._admin.no_arguments(order)
        await room(self._admin, order.target)
        path, what = f"{ADMIN}/v2/rooms/{room_path(order.target)}", f"{order.call} {order.target}"

        async def start() -> str:
            said = await self._admin.ask("DELETE", path, what, {"block": True, "purge": False})
            return str(said["delete_id"])

        done = await worked_off(self._admin, Task("shutdown_and_purge_room", str(order.target), what), start)
        after = await self.look(order)
        stayed = done.get("failed_to_kick_users") or []
        if not after.held and stayed:
            text = f"{len(stayed)} of its members could not be put out, such as {stayed[0]}"
            raise Refused(f"{self._admin.name} has not closed {order.target}: {text}")
        return after

    async def _inside(self, order: Order) -> list[str]:
        """The accounts of this homeserver that are in the room."""
        path = f"{ADMIN}/v1/rooms/{room_path(order.target)}/members"
        members = (await self._admin.ask("GET", path, f"a look at who is in {order.target}"))["members"]
        server = (await self._admin.own_account()).partition(":")[2]
        return [member for member in members if member.partition(":")[2] == server]


async def room(admin: Admin, target: Json) -> dict[str, Any]:
    """What the homeserver knows of a room. Raises TargetMissing."""
    return await admin.ask("GET", f"{ADMIN}/v1/rooms/{room_path(target)}", f"a look at {target}")


def room_path(target: Json) -> str:
    if not isinstance(target, str) or not ROOM.fullmatch(target):
        raise TargetMissing(f"{target!r:.100} is no Matrix room such as !id:server")
    return segment(target)


async def _blocked(admin: Admin, order: Order) -> Found:
    path = f"{ADMIN}/v1/rooms/{room_path(order.target)}/block"
    said = await admin.ask("GET", path, f"a look at {order.target}")
    return Found(held=bool(said["block"]))
