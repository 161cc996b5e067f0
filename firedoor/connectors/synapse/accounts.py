"""What an account may do: locked out, read-only, shadow-banned, or signed out everywhere.

What the real server does, and this therefore minds (tried on 1.163):

- Locking an account that does not exist *makes* it; so it is looked for first.
- A shadow-banned user sends, and nobody sees it. What was sent meanwhile stays unseen when the ban is lifted.
- Ending the sessions of an account does not keep its owner, or whoever has the password, from signing in again. So what
  counts is that the sessions that were there are gone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from firedoor.connectors.contract import Call, Found, Json, Order
from firedoor.connectors.synapse.admin import ADMIN, Act, account_path


class _Flag(Act):
    """A mark on an account that the platform shows under `flag`."""

    flag: str

    async def look(self, order: Order) -> Found:
        return self._found(await self._admin.account(order.target))

    async def apply(self, order: Order) -> Found | None:
        self._admin.no_arguments(order)
        await self._admin.spare_own(order.target)
        return await self._set(order, held=True)

    async def restore(self, order: Order, before: Found) -> Found | None:
        return await self._set(order, held=before.held)

    def _found(self, account: Mapping[str, Any]) -> Found:
        return Found(held=bool(account.get(self.flag)))

    @abstractmethod
    async def _set(self, order: Order, *, held: bool) -> Found | None: ...


class Lock(_Flag):
    call = Call("lock_user", undo="unlock_user", looks=True)
    flag = "locked"

    async def _set(self, order: Order, *, held: bool) -> Found | None:
        await self._admin.account(order.target)  # setting the flag of an account that is not there would make it
        path = f"{ADMIN}/v2/users/{account_path(order.target)}"
        return self._found(await self._admin.ask("PUT", path, f"{order.call} {order.target}", {"locked": held}))


class Suspend(_Flag):
    call = Call("suspend_user", undo="unsuspend_user", looks=True)
    flag = "suspended"

    async def _set(self, order: Order, *, held: bool) -> Found | None:
        path = f"{ADMIN}/v1/suspend/{account_path(order.target)}"
        await self._admin.ask("PUT", path, f"{order.call} {order.target}", {"suspend": held})
        return None


class ShadowBan(_Flag):
    call = Call("shadow_ban_user", undo="unshadow_ban_user", looks=True)
    flag = "shadow_banned"

    async def _set(self, order: Order, *, held: bool) -> Found | None:
        path = f"{ADMIN}/v1/users/{account_path(order.target)}/shadow_ban"
        body: dict[str, Json] | None = {} if held else None
        await self._admin.ask("POST" if held else "DELETE", path, f"{order.call} {order.target}", body)
        return None


class EndSessions(Act):
    """Every session of an account ends; its owner signs in again. Nothing takes that back, and nothing has to."""

    call = Call("end_sessions", looks=True)

    async def look(self, order: Order) -> Found:
        return Found(held=not await self._devices(order))

    async def apply(self, order: Order) -> Found:
        self._admin.no_arguments(order)
        await self._admin.spare_own(order.target)
        ending = await self._devices(order)
        if ending:
            path = f"{ADMIN}/v2/users/{account_path(order.target)}/delete_devices"
            await self._admin.ask("POST", path, f"{order.call} of {order.target}", {"devices": sorted(ending)})
        return Found(held=not ending & await self._devices(order))

    async def _devices(self, order: Order) -> set[str]:
        path = f"{ADMIN}/v2/users/{account_path(order.target)}/devices"
        said = await self._admin.ask("GET", path, f"a look at the sessions of {order.target}")
        return {str(device["device_id"]) for device in said["devices"]}
