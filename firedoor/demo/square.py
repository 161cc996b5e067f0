"""The platform in the demo: a public room on the homeserver, in which users post and read as ordinary clients."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import quote

from firedoor.embedded.homeserver import Homeserver, MatrixRefused

CLIENT = "/_matrix/client/v3"


@dataclass(frozen=True)
class User:
    """Someone who is signed in. `token` is what their client holds."""

    id: str
    token: str
    password: str


class Square:
    """A room that everybody of the story is in."""

    def __init__(self, homeserver: Homeserver, room: str) -> None:
        self._homeserver = homeserver
        self._room = room

    @classmethod
    async def open(cls, homeserver: Homeserver, owner: User, *, alias: str) -> Square:
        body = {"preset": "public_chat", "name": "Town square", "room_alias_name": alias}
        made = await homeserver.ask("POST", f"{CLIENT}/createRoom", token=owner.token, body=body)
        return cls(homeserver, str(made["room_id"]))

    async def join(self, user: User) -> None:
        await self._homeserver.ask("POST", f"{CLIENT}/join/{quote(self._room)}", token=user.token, body={})

    async def post(self, user: User, text: str) -> str | None:
        """Post as the user. Returns the platform's refusal, in its own words; None when it was posted."""
        path = f"{CLIENT}/rooms/{quote(self._room)}/send/m.room.message/{secrets.token_hex(8)}"
        try:
            await self._homeserver.ask("PUT", path, token=user.token, body={"msgtype": "m.text", "body": text})
        except MatrixRefused as refusal:
            return str(refusal)
        return None

    async def read(self, user: User, last: int = 20) -> list[tuple[str, str]]:
        """What an ordinary reader sees: (who, text), oldest first."""
        path = f"{CLIENT}/rooms/{quote(self._room)}/messages?dir=b&limit={last}"
        found = await self._homeserver.ask("GET", path, token=user.token)
        messages = [one for one in found["chunk"] if one["type"] == "m.room.message" and one["content"]]
        return [(one["sender"], one["content"]["body"]) for one in reversed(messages)]


async def arrive(homeserver: Homeserver, name: str) -> User:
    """Make a user, or sign the user in again with another device."""
    password = secrets.token_urlsafe(12)
    token = await homeserver.register(name, password)
    return User(homeserver.user_id(name), token, password)
