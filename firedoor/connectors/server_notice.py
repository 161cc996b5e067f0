"""Notices from a Matrix homeserver itself to its users: one account, or all of them.

Synapse makes a room with each user for its notices, which the user cannot refuse. The same key sends once, within the
half hour for which Synapse remembers it.

Settings: `call: server_notice`, `base_url`, `access_token_from` (an administrator's), `most` (accounts that one notice
to all users may reach), `timeout`. Unless the book says otherwise they come from SYNAPSE_URL and SYNAPSE_TOKEN.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import quote

from firedoor.connectors.channel import OutgoingMessage, opaque
from firedoor.connectors.errors import Refused
from firedoor.connectors.exchange import Exchange, base_url_problem
from firedoor.connectors.settings import Settings
from firedoor.connectors.synapse import SynapsePlatform
from firedoor.connectors.synapse.admin import ADMIN
from firedoor.people.recipients import Recipient

EVERYONE: Final = "*"
PAGE: Final = 500


class ServerNoticeChannel:
    """Tells accounts of one homeserver, and nobody else."""

    once = True

    def __init__(
        self,
        base_url: str,
        access_token: str,
        *,
        name: str = "server_notice",
        most: int = 1000,
        timeout: float = 8.0,
        at_once: int = 8,
    ) -> None:
        self.name = name
        self.at_once = at_once
        self._most = most
        self._platform = SynapsePlatform(base_url, access_token, name=name, timeout=timeout)
        self._exchange = Exchange(
            name,
            base_url,
            headers={"Authorization": f"Bearer {access_token}"},
            secrets=(access_token,),
            timeout=timeout,
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> ServerNoticeChannel:
        call = settings.text("call", "server_notice")
        if call != "server_notice":
            settings.problem(f"there is no call {call} to send by: it is server_notice")
        base_url = settings.text("base_url")
        if base_url and (problem := base_url_problem(base_url)):
            settings.problem(problem)
        token = settings.secret("access_token")
        most = settings.number("most", 1000, least=1, most=100_000)
        timeout = settings.number("timeout", 8.0, least=0.1, most=60)
        settings.done()
        return cls(base_url, token, name=settings.connector, most=int(most), timeout=timeout)

    def address(self, recipient: Recipient) -> str | None:
        return EVERYONE if recipient.kind == "users" else recipient.matrix

    async def send(self, message: OutgoingMessage) -> str:
        if message.address != EVERYONE:
            return await self._tell(message.address, message)
        accounts = await self._accounts()
        if len(accounts) > self._most:
            raise Refused(f"{self.name}: there are {len(accounts)} users, and a notice may go to {self._most} at most")
        slots = asyncio.Semaphore(self.at_once)

        async def tell(account: str) -> None:
            async with slots:
                await self._tell(account, message)

        for result in await asyncio.gather(*map(tell, accounts), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
        return f"{len(accounts)} notices"

    async def check(self) -> None:
        await self._platform.check()

    async def close(self) -> None:
        await self._platform.close()
        await self._exchange.close()

    async def _tell(self, account: str, message: OutgoingMessage) -> str:
        return await self._platform.send_notice(account, message.text, opaque(f"{message.key} {account}"))

    async def _accounts(self) -> list[str]:
        """Everyone who can sign in, page by page, up to one more than may be told."""
        found: list[str] = []
        after = "0"
        while len(found) <= self._most:
            path = f"{ADMIN}/v2/users?deactivated=false&guests=false&limit={PAGE}&from={quote(after, safe='')}"
            answer = await self._exchange.send("GET", path)
            if not answer.good:
                raise self._exchange.failure(answer, "a look at its users")
            page = self._exchange.json(answer, "a look at its users")
            found += [str(user["name"]) for user in page["users"] if not user.get("appservice_id")]
            if "next_token" not in page:
                break
            after = str(page["next_token"])
        return found
