"""The platforms that the contract is held against, each with the same few handles for a test."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol
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

CLIENT = "/_matrix/client/v3"
ROOM_CALLS = ("block_room", "close_room")
FLAGS = {"lock_user": "locked", "suspend_user": "suspended", "shadow_ban_user": "shadow_banned"}


class Kit(Protocol):
    """A platform, and how a test looks at it and meddles with it, past the connector."""

    platform: Platform
    call: str
    undo: str
    """Empty where nothing takes the call back."""

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
        self.platform: Platform = SynapsePlatform(url, server.admin_token)
        self.undo = self.platform.call(call).undo or ""
        self._server = server
        self._gate = gate

    async def new_target(self) -> str:
        name = f"u{secrets.token_hex(4)}"
        token = await self._server.register(name, "a long password")
        if self.call == "quarantine_media":
            return await upload(self._server, token, secrets.token_bytes(16))
        if self.call in ROOM_CALLS or self.call == "redact_user":
            room = await new_room(self._server, token)
            await say(self._server, token, room, "Buy now.")
            if self.call in ROOM_CALLS:
                return room
        return self._server.user_id(name)

    async def missing_target(self) -> str:
        server = self._server.user_id("x").partition(":")[2]
        nobody = secrets.token_hex(4)
        if self.call in ROOM_CALLS:
            return f"!{nobody}:{server}"
        return f"mxc://{server}/{nobody}" if self.call == "quarantine_media" else f"@{nobody}:{server}"

    async def held(self, target: str) -> bool:
        match self.call:
            case "quarantine_media":
                item = await self._admin("GET", f"v1/media/{target.removeprefix('mxc://')}")
                return item["media_info"]["quarantined_by"] is not None
            case "throttle_user":
                return bool(await self._admin("GET", f"v1/users/{_path(target)}/override_ratelimit"))
            case "block_room":
                return bool((await self._admin("GET", f"v1/rooms/{_path(target)}/block"))["block"])
            case "close_room":
                return not (await self._admin("GET", f"v1/rooms/{_path(target)}/members"))["members"]
            case "end_sessions":
                return not (await self._admin("GET", f"v2/users/{_path(target)}/devices"))["devices"]
            case "redact_user":
                return not await readable(self._server, target)
        return bool((await self._admin("GET", f"v2/users/{_path(target)}"))[FLAGS[self.call]])

    async def meddle(self, target: str, *, held: bool) -> None:
        acts: dict[str, tuple[str, str, dict[str, Any]]] = {
            "lock_user": ("PUT", f"v2/users/{_path(target)}", {"locked": held}),
            "suspend_user": ("PUT", f"v1/suspend/{_path(target)}", {"suspend": held}),
            "shadow_ban_user": ("POST" if held else "DELETE", f"v1/users/{_path(target)}/shadow_ban", {}),
            "throttle_user": (
                "POST" if held else "DELETE",
                f"v1/users/{_path(target)}/override_ratelimit",
                {"messages_per_second": 1, "burst_count": 1},
            ),
            "block_room": ("PUT", f"v1/rooms/{_path(target)}/block", {"block": held}),
            "quarantine_media": (
                "POST",
                f"v1/media/{'quarantine' if held else 'unquarantine'}/{target.removeprefix('mxc://')}",
                {},
            ),
        }
        await self._admin(*acts[self.call])

    def effects(self) -> int:
        return len(self._gate.acts)

    def fail_next(self, *, after: bool = False, retry_after: timedelta | None = None) -> None:
        self._gate.faults.append(Fault(503, _retry_after(retry_after), after))

    def hold_back(self) -> Callable[[], None]:
        self._gate.hold_back = threading.Event()
        return self._gate.hold_back.set

    async def _admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return await self._server.ask(method, f"/_synapse/admin/{path}", token=self._server.admin_token, body=body)


async def new_room(server: Homeserver, token: str, **options: Any) -> str:
    """A room that anybody may join, of the bearer of `token`; its id."""
    made = await server.ask("POST", f"{CLIENT}/createRoom", token=token, body={"preset": "public_chat", **options})
    return str(made["room_id"])


async def join(server: Homeserver, token: str, room: str) -> None:
    await server.ask("POST", f"{CLIENT}/join/{_path(room)}", token=token, body={})


async def say(server: Homeserver, token: str, room: str, text: str) -> str:
    """The new event's id."""
    path = f"{CLIENT}/rooms/{_path(room)}/send/m.room.message/{secrets.token_hex(6)}"
    said = await server.ask("PUT", path, token=token, body={"msgtype": "m.text", "body": text})
    return str(said["event_id"])


async def heard(server: Homeserver, token: str, room: str) -> list[str]:
    """What the bearer of `token` can read in a room, newest first."""
    path = f"{CLIENT}/rooms/{_path(room)}/messages?dir=b&limit=100"
    events = (await server.ask("GET", path, token=token))["chunk"]
    return [event["content"]["body"] for event in events if "body" in event["content"]]


async def readable(server: Homeserver, account: str) -> list[str]:
    """The texts of an account that an administrator can read in the rooms that it is in."""
    admin = server.admin_token
    path = f"/_synapse/admin/v1/users/{_path(account)}/joined_rooms"
    found: list[str] = []
    for room in (await server.ask("GET", path, token=admin))["joined_rooms"]:
        path = f"/_synapse/admin/v1/rooms/{_path(room)}/messages?dir=b&limit=100"
        events = (await server.ask("GET", path, token=admin))["chunk"]
        found += [
            event["content"]["body"] for event in events if event["sender"] == account and "body" in event["content"]
        ]
    return found


def _path(target: str) -> str:
    return quote(target, safe="")


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
