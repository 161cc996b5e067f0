"""Matrix Synapse's admin API: accounts locked and suspended, media quarantined, and taken back.

What the real server does, and this therefore minds (tried on 1.163):

- Locking an account that does not exist *makes* it; so it is looked for first. Quarantining an item that does not
  exist is answered with success; likewise.
- An item that is protected from quarantine is answered with success, and stays.
- Quarantine works by the file's hash: it hides every copy, and lifting it from one copy lifts it from all. So what is
  held is the hash, and two copies are two holds on one thing.
- An administrator who locks the own account cannot unlock anything any more. That is refused here.

Settings: `base_url`, `access_token_from` (an administrator's), `timeout`, `at_once`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from firedoor.connectors.contract import Call, Found, Json, Order, plain_identity
from firedoor.connectors.errors import BadSettings, Refused, TargetMissing, UnknownCall
from firedoor.connectors.exchange import Exchange, base_url_problem
from firedoor.connectors.settings import Settings

ADMIN: Final = "/_synapse/admin"
ACCOUNT: Final = re.compile(r"@[!-9;-~]{1,200}:[A-Za-z0-9.:\[\]-]{1,230}")
MEDIA: Final = re.compile(r"mxc://(?P<server>[A-Za-z0-9.:\[\]-]{1,230})/(?P<id>[A-Za-z0-9_-]{1,255})")

ACCOUNT_FLAGS: Final = {"lock_user": "locked", "suspend_user": "suspended"}
QUARANTINE: Final = "quarantine_media"
CALLS: Final = {
    call.name: call
    for call in (
        Call("lock_user", undo="unlock_user", looks=True),
        Call("suspend_user", undo="unsuspend_user", looks=True),
        Call(QUARANTINE, undo="unquarantine_media", looks=True),
    )
}
READS: Final = ("uploader_of",)


class SynapsePlatform:
    """One homeserver. Accounts are `@name:server`, items are `mxc://server/id`."""

    def __init__(
        self, base_url: str, access_token: str, *, name: str = "synapse", timeout: float = 10.0, at_once: int = 8
    ) -> None:
        self.name = name
        self.at_once = at_once
        self._self: str | None = None
        self._exchange = Exchange(
            name,
            base_url,
            headers={"Authorization": f"Bearer {access_token}"},
            secrets=(access_token,),
            timeout=timeout,
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> SynapsePlatform:
        base_url = settings.text("base_url")
        problem = base_url_problem(base_url) if base_url else None
        if problem:
            settings.problem(problem)
        token = settings.secret("access_token")
        timeout = settings.number("timeout", 10.0, least=0.1, most=120)
        at_once = settings.number("at_once", 8, least=1, most=64)
        settings.done()
        return cls(base_url, token, name=settings.connector, timeout=timeout, at_once=int(at_once))

    def call(self, name: str) -> Call:
        if name not in CALLS:
            raise UnknownCall(f"{self.name} has no call {name}: it has {', '.join(CALLS)}")
        return CALLS[name]

    async def identify(self, order: Order) -> str:
        if order.call != QUARANTINE:
            return plain_identity(order)
        digest = (await self._item(order.target)).get("sha256")
        return f"sha256:{digest}" if digest else plain_identity(order)

    async def look(self, order: Order) -> Found:
        if order.call == QUARANTINE:
            return _quarantined(await self._item(order.target))
        return _flagged(await self._account(order.target), ACCOUNT_FLAGS[order.call])

    async def apply(self, order: Order) -> Found | None:
        self._plain(order)
        return await self._set(order, held=True)

    async def restore(self, order: Order, before: Found) -> Found | None:
        expected = self.call(order.call).undo
        if order.undo != expected:
            raise UnknownCall(f"{self.name}: {order.undo} does not undo {order.call}; {expected} does")
        return await self._set(order, held=before.held)

    async def read(self, call: str, arguments: Mapping[str, Json]) -> Json:
        """`uploader_of`: the account that uploaded an item of this server, or a list of them for a list of items."""
        if call not in READS:
            raise UnknownCall(f"{self.name} has no read {call}: it has {', '.join(READS)}")
        if len(arguments) != 1:
            raise UnknownCall(f"{self.name}: {call} takes an item, or a list of items")
        (asked,) = arguments.values()
        if isinstance(asked, list | tuple):
            return [await self._uploader(item) for item in asked]
        return await self._uploader(asked)

    async def send_notice(self, account: str, text: str, key: str) -> str:
        """Tell a user as the server itself, in the user's room for notices. Returns the event's id.

        The same key sends once (within the half hour that the server remembers it). The server must have
        `server_notices` configured.
        """
        body = {"user_id": _account_id(account), "content": {"msgtype": "m.text", "body": text}}
        path = f"{ADMIN}/v1/send_server_notice/{quote(key, safe='')}"
        return str((await self._ask("PUT", path, f"send_notice to {account}", body))["event_id"])

    async def check(self) -> None:
        """The token is accepted, and is an administrator's."""
        await self._account(await self._own_account())

    async def close(self) -> None:
        await self._exchange.close()

    async def _set(self, order: Order, *, held: bool) -> Found | None:
        if order.call == QUARANTINE:
            return await self._quarantine(order.target, held=held)
        path = _segment(_account_id(order.target))
        if held and order.target == await self._own_account():
            raise Refused(f"{self.name}: {order.target} is the account that Firedoor works with")
        if order.call == "suspend_user":
            await self._ask("PUT", f"{ADMIN}/v1/suspend/{path}", f"{order.call} {order.target}", {"suspend": held})
            return None
        await self._account(order.target)  # setting the flag of an account that is not there would make it
        changed = await self._ask("PUT", f"{ADMIN}/v2/users/{path}", f"{order.call} {order.target}", {"locked": held})
        return _flagged(changed, "locked")

    async def _quarantine(self, target: str | None, *, held: bool) -> Found:
        verb = "quarantine" if held else "unquarantine"
        await self._ask("POST", f"{ADMIN}/v1/media/{verb}/{_item_path(target)}", f"{verb} {target}", {})
        item = await self._item(target)
        after = _quarantined(item)
        if held and not after.held and item.get("safe_from_quarantine"):
            raise Refused(f"{self.name}: {target} is protected from quarantine")
        return after

    async def _account(self, target: str | None) -> dict[str, Any]:
        path = f"{ADMIN}/v2/users/{_segment(_account_id(target))}"
        return await self._ask("GET", path, f"a look at {target}")

    async def _item(self, target: str | None) -> dict[str, Any]:
        found = await self._ask("GET", f"{ADMIN}/v1/media/{_item_path(target)}", f"a look at {target}")
        return dict(found["media_info"])

    async def _uploader(self, item: Json) -> str:
        account = (await self._item(item)).get("user_id")
        if not account:
            raise TargetMissing(
                f"{self.name}: {item} was uploaded on another server, and its account is not known here"
            )
        return str(account)

    async def _own_account(self) -> str:
        if self._self is None:
            said = await self._ask("GET", "/_matrix/client/v3/account/whoami", "whoami")
            self._self = str(said["user_id"])
        return self._self

    async def _ask(self, method: str, path: str, what: str, body: Mapping[str, Json] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        content = json.dumps(body).encode() if body is not None else None
        answer = await self._exchange.send(method, path, body=content, headers=headers)
        if not answer.good:
            failure = self._exchange.failure(answer, what)
            if answer.status == 403 or answer.field("errcode") == "M_UNRECOGNIZED":
                raise BadSettings(str(failure))  # no administrator's token, or no admin API at that address
            raise failure
        said = self._exchange.json(answer, what)
        return said if isinstance(said, dict) else {}

    def _plain(self, order: Order) -> None:
        if order.arguments:
            raise UnknownCall(
                f"{self.name}: {order.call} takes no arguments, and was given {', '.join(order.arguments)}"
            )


def _flagged(account: Mapping[str, Any], flag: str) -> Found:
    return Found(held=bool(account.get(flag)))


def _quarantined(item: Mapping[str, Any]) -> Found:
    by = item.get("quarantined_by")
    return Found(held=by is not None, detail={"quarantined_by": by} if by else None)


def _account_id(target: Json) -> str:
    if not isinstance(target, str) or not ACCOUNT.fullmatch(target):
        raise TargetMissing(f"{target!r:.100} is no Matrix account such as @name:server")
    return target


def _item_path(target: Json) -> str:
    found = MEDIA.fullmatch(target) if isinstance(target, str) else None
    if found is None:
        raise TargetMissing(f"{target!r:.100} is no Matrix media address such as mxc://server/id")
    return f"{_segment(found['server'])}/{_segment(found['id'])}"


def _segment(text: str) -> str:
    return quote(text, safe="")
