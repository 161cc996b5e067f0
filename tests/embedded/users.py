"""Ordinary users of a homeserver, and what each of them sees."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from firedoor.embedded.homeserver import Homeserver, MatrixRefused


@dataclass(frozen=True)
class Users:
    server: Homeserver
    ids: tuple[str, ...]
    tokens: tuple[str, ...]

    @classmethod
    async def made(cls, server: Homeserver, count: int) -> Users:
        """New ones, who have signed in."""
        names = [f"user{secrets.token_hex(4)}" for _ in range(count)]
        tokens = [await server.register(name, "a password") for name in names]
        return cls(server, tuple(server.user_id(name) for name in names), tuple(tokens))

    async def locked(self) -> list[bool]:
        """Whether each is told that the account is locked."""
        return [await is_locked(self.server, token) for token in self.tokens]


async def is_locked(server: Homeserver, token: str) -> bool:
    try:
        await server.ask("GET", "/_matrix/client/v3/account/whoami", token=token)
    except MatrixRefused as refusal:
        return refusal.code == "M_USER_LOCKED"
    return False
