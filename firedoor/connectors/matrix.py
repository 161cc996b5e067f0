"""Matrix: a message in a configured room, or in a direct room with each recipient.

The transaction id is made from the key, and the homeserver remembers it with the access token (Synapse for a day): a
message that is sent again is the one that is there. Nothing that was inserted rings the whole room or shows as markup:
the body is plain text, `m.mentions` names exactly the people that the notice is for, and "@room" is taken apart.

Settings: `base_url` (the homeserver), `access_token_from`, `room` (an alias or id; without it, direct rooms), `timeout`.
Unless the book says otherwise they come from MATRIX_URL and MATRIX_TOKEN.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from firedoor.connectors.channel import OutgoingMessage, opaque
from firedoor.connectors.errors import BadSettings, Refused, TargetMissing
from firedoor.connectors.exchange import Exchange, base_url_problem
from firedoor.connectors.settings import Settings
from firedoor.people.recipients import Recipient

CLIENT: Final = "/_matrix/client/v3"
ROOM: Final = re.compile(r"[#!][!-9;-~]{1,200}(:[A-Za-z0-9.:\[\]-]{1,230})?")
USER: Final = re.compile(r"@[!-9;-~]{1,200}:[A-Za-z0-9.:\[\]-]{1,230}")
RINGS_ALL: Final = re.compile(r"@(?=room)", re.IGNORECASE)
APART: Final = "@\u2060"
"""A word joiner: it is not seen, and no client takes what follows for a mention."""
DIRECT: Final = "m.direct"


class MatrixChannel:
    """One account on one homeserver. Rooms are looked up, joined or made once, and kept."""

    once = True

    def __init__(
        self,
        base_url: str,
        access_token: str,
        *,
        room: str | None = None,
        name: str = "matrix",
        timeout: float = 8.0,
        at_once: int = 4,
    ) -> None:
        self.name = name
        self.at_once = at_once
        self._room = room
        self._rooms: dict[str, str] = {}
        self._me: str | None = None
        self._opening = asyncio.Lock()
        self._exchange = Exchange(
            name,
            base_url,
            headers={"Authorization": f"Bearer {access_token}"},
            secrets=(access_token,),
            timeout=timeout,
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> MatrixChannel:
        base_url = settings.text("base_url")
        if base_url and (problem := base_url_problem(base_url)):
            settings.problem(problem)
        token = settings.secret("access_token")
        room = settings.text("room", "")
        if room and not ROOM.fullmatch(room):
            settings.problem("room is neither an alias such as #crisis:server nor a room's id")
        timeout = settings.number("timeout", 8.0, least=0.1, most=60)
        settings.done()
        return cls(base_url, token, room=room or None, name=settings.connector, timeout=timeout)

    def address(self, recipient: Recipient) -> str | None:
        if recipient.kind == "users":
            return None
        return self._room or recipient.matrix

    async def send(self, message: OutgoingMessage) -> str:
        room = await self._room_of(message.address)
        names = ", ".join(message.to)
        content = {
            "msgtype": "m.text",
            "body": _plain(f"{names}: {message.text}" if names else message.text),
            "m.mentions": {"user_ids": sorted(set(message.mentions))},
        }
        path = f"{CLIENT}/rooms/{_segment(room)}/send/m.room.message/{opaque(message.key)}"
        return str((await self._ask("PUT", path, f"a message to {message.address}", content))["event_id"])

    async def check(self) -> None:
        await self._whoami()
        if self._room is not None:
            await self._room_of(self._room)

    async def close(self) -> None:
        await self._exchange.close()

    # --- rooms --------------------------------------------------------------------------------------------------------

    async def _room_of(self, address: str) -> str:
        async with self._opening:
            if address not in self._rooms:
                self._rooms[address] = await (self._direct(address) if USER.fullmatch(address) else self._join(address))
            return self._rooms[address]

    async def _join(self, room: str) -> str:
        if not ROOM.fullmatch(room):
            raise TargetMissing(f"{self.name}: what was given is neither a room nor an account")
        joined = await self._ask("POST", f"{CLIENT}/join/{_segment(room)}", f"a wish to join {room}", {})
        return str(joined["room_id"])

    async def _direct(self, user: str) -> str:
        """The room with that user alone that this account has marked as direct; a new one where there is none."""
        path = f"{CLIENT}/user/{_segment(await self._whoami())}/account_data/{DIRECT}"
        rooms = await self._account_data(path)
        for room in rooms.get(user, []):
            if await self._has_joined(room):
                return str(room)
        wish = {"preset": "trusted_private_chat", "is_direct": True, "invite": [user]}
        made = str((await self._ask("POST", f"{CLIENT}/createRoom", f"a wish for a room with {user}", wish))["room_id"])
        await self._ask("PUT", path, "a note of direct rooms", {**rooms, user: [*rooms.get(user, []), made]})
        return made

    async def _account_data(self, path: str) -> dict[str, list[str]]:
        try:
            return await self._ask("GET", path, "a look at direct rooms")
        except TargetMissing:
            return {}

    async def _has_joined(self, room: str) -> bool:
        joined = await self._ask("GET", f"{CLIENT}/joined_rooms", "a look at its rooms")
        return room in joined["joined_rooms"]

    async def _whoami(self) -> str:
        if self._me is None:
            self._me = str((await self._ask("GET", f"{CLIENT}/account/whoami", "whoami"))["user_id"])
        return self._me

    async def _ask(self, method: str, path: str, what: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        content = json.dumps(body).encode() if body is not None else None
        answer = await self._exchange.send(method, path, body=content, headers=headers)
        if not answer.good:
            failure = self._exchange.failure(answer, what)
            if answer.field("errcode") == "M_UNRECOGNIZED":
                raise BadSettings(str(failure))
            raise failure
        said = self._exchange.json(answer, what)
        if not isinstance(said, dict):
            raise Refused(f"{self.name} answered {what} with something else than was asked")
        return said


def _plain(text: str) -> str:
    return RINGS_ALL.sub(APART, text)


def _segment(text: str) -> str:
    return quote(text, safe="")
