"""Uploaded files hidden from everyone, and who uploaded what.

What the real server does, and this therefore minds (tried on 1.163):

- Quarantining an item that does not exist is answered with success; so it is looked for first.
- An item that is protected from quarantine is answered with success, and stays.
- Quarantine works by the file's hash: it hides every copy, and lifting it from one copy lifts it from all. So what is
  held is the hash, and two copies are two holds on one thing.
- All of a user's items can be quarantined in one request, and not let go in one. So a playbook asks for `media_of` that
  user, and contains those items.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from firedoor.connectors.contract import Call, Found, Json, Order, plain_identity
from firedoor.connectors.errors import Refused, TargetMissing
from firedoor.connectors.synapse.admin import ADMIN, Act, Admin, account_id, account_path, segment

MEDIA: Final = re.compile(r"mxc://(?P<server>[A-Za-z0-9.:\[\]-]{1,230})/(?P<id>[A-Za-z0-9_-]{1,255})")


class Quarantine(Act):
    call = Call("quarantine_media", undo="unquarantine_media", looks=True)

    async def identify(self, order: Order) -> str:
        digest = (await item(self._admin, order.target)).get("sha256")
        return f"sha256:{digest}" if digest else plain_identity(order)

    async def look(self, order: Order) -> Found:
        return _quarantined(await item(self._admin, order.target))

    async def apply(self, order: Order) -> Found:
        self._admin.no_arguments(order)
        return await self._set(order.target, held=True)

    async def restore(self, order: Order, before: Found) -> Found:
        return await self._set(order.target, held=before.held)

    async def _set(self, target: str | None, *, held: bool) -> Found:
        verb = "quarantine" if held else "unquarantine"
        await self._admin.ask("POST", f"{ADMIN}/v1/media/{verb}/{_item_path(target)}", f"{verb} {target}", {})
        there = await item(self._admin, target)
        after = _quarantined(there)
        if held and not after.held and there.get("safe_from_quarantine"):
            raise Refused(f"{self._admin.name}: {target} is protected from quarantine")
        return after


async def item(admin: Admin, target: Json) -> dict[str, Any]:
    """What the homeserver knows of a file. Raises TargetMissing."""
    found = await admin.ask("GET", f"{ADMIN}/v1/media/{_item_path(target)}", f"a look at {target}")
    return dict(found["media_info"])


async def uploader_of(admin: Admin, asked: Json) -> Json:
    """The account that uploaded an item of this server, or a list of them for a list of items."""
    if isinstance(asked, list | tuple):
        return [await _uploader(admin, one) for one in asked]
    return await _uploader(admin, asked)


async def media_of(admin: Admin, asked: Json) -> Json:
    """The items that an account has uploaded, or several accounts, oldest first."""
    accounts = asked if isinstance(asked, list | tuple) else [asked]
    return [address for account in accounts for address in await _uploads(admin, account)]


async def _uploads(admin: Admin, account: Json) -> list[str]:
    server = account_id(account).partition(":")[2]
    path, what = f"{ADMIN}/v1/users/{account_path(account)}/media", f"a look at the media of {account}"
    rows = admin.pages(path, "media", what, order_by="created_ts", dir="f")
    return [f"mxc://{server}/{row['media_id']}" async for row in rows]


async def _uploader(admin: Admin, asked: Json) -> str:
    account = (await item(admin, asked)).get("user_id")
    if not account:
        raise TargetMissing(f"{admin.name}: {asked} was uploaded on another server, and its account is not known here")
    return str(account)


def _quarantined(there: Mapping[str, Any]) -> Found:
    by = there.get("quarantined_by")
    return Found(held=by is not None, detail={"quarantined_by": by} if by else None)


def _item_path(target: Json) -> str:
    found = MEDIA.fullmatch(target) if isinstance(target, str) else None
    if found is None:
        raise TargetMissing(f"{target!r:.100} is no Matrix media address such as mxc://server/id")
    return f"{segment(found['server'])}/{segment(found['id'])}"
