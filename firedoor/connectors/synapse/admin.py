"""One request to a homeserver's admin API, and the names of what it acts on."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from firedoor.connectors.contract import Call, Found, Json, Order, plain_identity
from firedoor.connectors.errors import BadSettings, Refused, TargetMissing, UnknownCall
from firedoor.connectors.exchange import Exchange

ADMIN: Final = "/_synapse/admin"
ACCOUNT: Final = re.compile(r"@[!-9;-~]{1,200}:[A-Za-z0-9.:\[\]-]{1,230}")
PAGE: Final = 500
"""Rows asked for at once."""


class Admin:
    """A homeserver as its administrator sees it. `name` is what errors call it."""

    def __init__(self, name: str, base_url: str, access_token: str, timeout: float) -> None:
        self.name = name
        self._self: str | None = None
        self._exchange = Exchange(
            name,
            base_url,
            headers={"Authorization": f"Bearer {access_token}"},
            secrets=(access_token,),
            timeout=timeout,
        )

    async def ask(self, method: str, path: str, what: str, body: Mapping[str, Json] | None = None) -> dict[str, Any]:
        """The answer's JSON object. `what` says what was asked for, in words for the timeline. Raises ConnectorError."""
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

    async def pages(self, path: str, key: str, what: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        """The rows under `key`, page after page."""
        start = 0
        while True:
            asked = urlencode({**query, "from": start, "limit": PAGE})
            said = await self.ask("GET", f"{path}?{asked}", what)
            for row in said[key]:
                yield row
            if "next_token" not in said:
                return
            start = int(said["next_token"])

    async def account(self, target: Json) -> dict[str, Any]:
        """Raises TargetMissing where there is no such account."""
        return await self.ask("GET", f"{ADMIN}/v2/users/{account_path(target)}", f"a look at {target}")

    async def own_account(self) -> str:
        """The account that the token is of."""
        if self._self is None:
            said = await self.ask("GET", "/_matrix/client/v3/account/whoami", "whoami")
            self._self = str(said["user_id"])
        return self._self

    async def spare_own(self, target: Json) -> None:
        """An administrator that is contained cannot let go of anything any more. Raises Refused for the own account."""
        if target == await self.own_account():
            raise Refused(f"{self.name}: {target} is the account that Firedoor works with")

    def no_arguments(self, order: Order) -> None:
        """Raises UnknownCall."""
        if order.arguments:
            given = ", ".join(order.arguments)
            raise UnknownCall(f"{self.name}: {order.call} takes no arguments, and was given {given}")

    async def close(self) -> None:
        await self._exchange.close()


class Act(ABC):
    """One call on a homeserver: how its effect is seen, brought about and taken back, as the contract has it."""

    call: Call

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def identify(self, order: Order) -> str:
        return plain_identity(order)

    @abstractmethod
    async def look(self, order: Order) -> Found: ...

    @abstractmethod
    async def apply(self, order: Order) -> Found | None: ...

    async def restore(self, order: Order, before: Found) -> Found | None:
        raise UnknownCall(f"{self._admin.name}: nothing takes {order.call} back")


def account_id(target: Json) -> str:
    """Raises TargetMissing for what is no account's name."""
    if not isinstance(target, str) or not ACCOUNT.fullmatch(target):
        raise TargetMissing(f"{target!r:.100} is no Matrix account such as @name:server")
    return target


def account_path(target: Json) -> str:
    return segment(account_id(target))


def segment(text: str) -> str:
    return quote(text, safe="")
