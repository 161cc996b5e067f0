"""The platforms that the contract is held against, each with the same few handles for a test."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote

from firedoor.connectors.contract import Order as Act
from firedoor.connectors.contract import Platform
from firedoor.connectors.errors import Unavailable
from firedoor.connectors.http import HttpPlatform
from firedoor.connectors.memory import MemoryPlatform, Moment
from firedoor.connectors.synapse import SynapsePlatform
from firedoor.embedded.homeserver import Homeserver
from tests.connectors.http_platform import SECRET, Fault, HttpService
from tests.connectors.synapse_gate import SynapseGate


class Kit(Protocol):
    """A platform, and how a test looks at it and meddles with it, past the connector."""

    platform: Platform
    call: str
    undo: str

    async def new_target(self) -> str: ...

    async def missing_target(self) -> str: ...

    async def held(self, target: str) -> bool: ...

    async def meddle(self, target: str, *, held: bool) -> None:
        """Someone else changes the state, past Firedoor."""
        ...

    def effects(self) -> int:
        """How many changes Firedoor has really made."""
        ...

    def fail_next(self, *, after: bool = False, retry_after: timedelta | None = None) -> None:
        """The next act is answered with a 503; with `after`, once it was done."""
        ...

    def hold_back(self) -> Callable[[], None]:
        """Acts stay on their way, from now until the returned function is called."""
        ...


class MemoryKit:
    call, undo = "lock_user", "unlock_user"

    def __init__(self, *, fences: bool, keys: bool, looks: bool) -> None:
        self.platform: Platform
        self.platform = self._memory = MemoryPlatform(fences=fences, keys=keys, looks=looks)

    async def new_target(self) -> str:
        return f"@{secrets.token_hex(4)}:platform.example"

    async def missing_target(self) -> str:
        target = await self.new_target()
        self._memory.missing(target)
        return target

    async def held(self, target: str) -> bool:
        return self._memory.held(self.call, target)

    async def meddle(self, target: str, *, held: bool) -> None:
        if held:
            self._memory.hold(self.call, target)
        else:
            self._memory.free(self.call, target)

    def effects(self) -> int:
        return len(self._memory.effects())

    def fail_next(self, *, after: bool = False, retry_after: timedelta | None = None) -> None:
        for moment in ("apply", "restore"):
            self._memory.fail(Unavailable, on=moment, after=after, retry_after=retry_after)

    def hold_back(self) -> Callable[[], None]:
        gate = asyncio.Event()

        async def wait(_moment: Moment, _order: Act) -> None:
            await gate.wait()

        self._memory.interpose = wait

        def open_gate() -> None:
            self._memory.interpose = None
            gate.set()

        return open_gate


class HttpKit:
    call, undo = "POST /v1/freezes", "POST /v1/freezes/lift"

    def __init__(self, service: HttpService, url: str, *, looks: bool) -> None:
        self._service = service
        sees = {self.call: "GET /v1/freezes"} if looks else {}
        self.platform: Platform = HttpPlatform(url, SECRET, looks=sees)

    async def new_target(self) -> str:
        return f"mxc://platform.example/{secrets.token_hex(4)}"

    async def missing_target(self) -> str:
        target = await self.new_target()
        self._service.missing.add(target)
        return target

    async def held(self, target: str) -> bool:
        return target in self._service.frozen

    async def meddle(self, target: str, *, held: bool) -> None:
        if held:
            self._service.frozen[target] = {}
        else:
            self._service.frozen.pop(target, None)

    def effects(self) -> int:
        return len(self._service.acts)

    def fail_next(self, *, after: bool = False, retry_after: timedelta | None = None) -> None:
        self._service.faults.append(Fault(503, _retry_after(retry_after), after))

    def hold_back(self) -> Callable[[], None]:
        self._service.hold_back = threading.Event()
        return self._service.hold_back.set


class SynapseKit:
    """The real homeserver, through a gate that counts. `call` says which of its calls is tried."""

    def __init__(self, server: Homeserver, gate: SynapseGate, url: str, call: str) -> None:
        self.call = call
        self.undo = {"lock_user": "unlock_user", "suspend_user": "unsuspend_user"}.get(call, "unquarantine_media")
        self._server = server
        self._gate = gate
        self.platform: Platform = SynapsePlatform(url, server.admin_token)

    async def new_target(self) -> str:
        name = f"u{secrets.token_hex(4)}"
        token = await self._server.register(name, "a long password")
        if self.call != "quarantine_media":
            return self._server.user_id(name)
        return await upload(self._server, token, secrets.token_bytes(16))

    async def missing_target(self) -> str:
        server = self._server.user_id("x").partition(":")[2]
        nobody = secrets.token_hex(4)
        return f"mxc://{server}/{nobody}" if self.call == "quarantine_media" else f"@{nobody}:{server}"

    async def held(self, target: str) -> bool:
        token = self._server.admin_token
        if self.call == "quarantine_media":
            path = f"/_synapse/admin/v1/media/{target.removeprefix('mxc://')}"
            return (await self._server.ask("GET", path, token=token))["media_info"]["quarantined_by"] is not None
        flag = "locked" if self.call == "lock_user" else "suspended"
        return bool((await self._server.ask("GET", f"/_synapse/admin/v2/users/{quote(target)}", token=token))[flag])

    async def meddle(self, target: str, *, held: bool) -> None:
        path, body, method = {
            "lock_user": (f"v2/users/{quote(target)}", {"locked": held}, "PUT"),
            "suspend_user": (f"v1/suspend/{quote(target)}", {"suspend": held}, "PUT"),
            "quarantine_media": (
                f"v1/media/{'quarantine' if held else 'unquarantine'}/{target.removeprefix('mxc://')}",
                {},
                "POST",
            ),
        }[self.call]
        await self._server.ask(method, f"/_synapse/admin/{path}", token=self._server.admin_token, body=body)

    def effects(self) -> int:
        return len(self._gate.acts)

    def fail_next(self, *, after: bool = False, retry_after: timedelta | None = None) -> None:
        self._gate.faults.append(Fault(503, _retry_after(retry_after), after))

    def hold_back(self) -> Callable[[], None]:
        self._gate.hold_back = threading.Event()
        return self._gate.hold_back.set


async def upload(server: Homeserver, token: str, content: bytes) -> str:
    """A new item of media; its address."""
    import httpx

    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
        answer = await client.post("/_matrix/media/v3/upload", content=content, headers=headers)
    return str(answer.raise_for_status().json()["content_uri"])


def _retry_after(wait: timedelta | None) -> dict[str, str]:
    return {} if wait is None else {"Retry-After": str(int(wait.total_seconds()))}


Interpose = Callable[[Moment, Act], Awaitable[None]]
