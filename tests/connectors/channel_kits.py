"""The channels that the contract is held against, each with the same few handles for a test."""

from __future__ import annotations

import base64
import secrets
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from firedoor.connectors.apprise import AppriseChannel
from firedoor.connectors.channel import Channel
from firedoor.connectors.matrix import MatrixChannel
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.connectors.server_notice import ServerNoticeChannel
from firedoor.connectors.smtp import SmtpChannel
from firedoor.connectors.webhook import WebhookChannel
from firedoor.embedded.homeserver import Homeserver
from firedoor.people.recipients import Recipient
from tests.fixtures.smtp import SmtpServer

SECRET = "whsec_" + base64.b64encode(b"between the two of us, 32 bytes.").decode()
TOKEN = "a-token-that-nobody-may-see"
SENDER = "firedoor@platform.example"
NOWHERE = "127.0.0.1:9"


@dataclass(frozen=True)
class Arrived:
    """A message as its reader has it. `id` is what a reader can tell repeats by."""

    id: str
    text: str
    subject: str | None = None
    raw: Any = None


class Kit(Protocol):
    """A channel, and how a test looks at what its reader got, past the connector."""

    channel: Channel

    async def recipient(self) -> Recipient:
        """Someone new whom the channel reaches."""
        ...

    async def arrived(self, recipient: Recipient) -> list[Arrived]: ...

    def unreachable(self) -> Channel:
        """The same channel to an address where nothing listens."""
        ...

    async def close(self) -> None: ...


def person(name: str, **addresses: Any) -> Recipient:
    return Recipient(id=name, kind="person", name=name.title(), languages=("en",), **addresses)


class MemoryKit:
    def __init__(self, path: Path | None = None) -> None:
        self._memory = MemoryChannel(path=path)
        self.channel: Channel = self._memory

    async def recipient(self) -> Recipient:
        return person(secrets.token_hex(4))

    async def arrived(self, recipient: Recipient) -> list[Arrived]:
        found = self._memory.sent(recipient.id)
        return [Arrived(one.id, one.message.text, one.message.subject, one.message) for one in found]

    def unreachable(self) -> Channel:
        raise NotImplementedError("nothing stands between")

    async def close(self) -> None:
        await self.channel.close()


class SmtpKit:
    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self.channel: Channel = SmtpChannel(f"smtp://127.0.0.1:{server.port}", SENDER)

    async def recipient(self) -> Recipient:
        name = secrets.token_hex(4)
        return person(name, email=f"{name}@platform.example")

    async def arrived(self, recipient: Recipient) -> list[Arrived]:
        mails = self._server.messages(recipient.email)
        return [
            Arrived(mail["Message-ID"], mail.get_content().replace("\r\n", "\n"), mail["Subject"], mail)
            for mail in mails
        ]

    def unreachable(self) -> Channel:
        return SmtpChannel(f"smtp://ana:{TOKEN}@{NOWHERE}", SENDER)

    async def close(self) -> None:
        await self.channel.close()


@dataclass
class Receiver:
    """A receiver of webhooks as its makers would write it: it verifies, keeps ids, and takes each once."""

    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)
    answers: deque[Response] = field(default_factory=deque)

    async def take(self, request: Request) -> Response:
        headers = dict(request.headers)
        self.requests.append(headers)
        if self.answers:
            return self.answers.popleft()
        try:
            body = Webhook(SECRET).verify(await request.body(), headers)
        except WebhookVerificationError as error:
            return JSONResponse({"error": str(error)}, 401)
        self.taken.setdefault(headers["webhook-id"], body)
        return JSONResponse({"ok": True})

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hooks/{token}", self.take, methods=["POST"])])


class WebhookKit:
    def __init__(self, receiver: Receiver, url: str) -> None:
        self.receiver = receiver
        self.channel: Channel = WebhookChannel(f"{url}/hooks/{TOKEN}", SECRET)

    async def recipient(self) -> Recipient:
        return person(secrets.token_hex(4))

    async def arrived(self, recipient: Recipient) -> list[Arrived]:
        found = [(key, body["data"]) for key, body in self.receiver.taken.items()]
        return [
            Arrived(key, data["text"], data["subject"], data)
            for key, data in found
            if data["recipient"] == recipient.id
        ]

    def unreachable(self) -> Channel:
        return WebhookChannel(f"http://{NOWHERE}/hooks/{TOKEN}", SECRET)

    async def close(self) -> None:
        await self.channel.close()


@dataclass
class Form:
    """A system that takes what Apprise posts as JSON, and knows no ids: whatever arrives, arrives."""

    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: deque[Response] = field(default_factory=deque)

    async def take(self, request: Request) -> Response:
        if self.answers:
            return self.answers.popleft()
        self.taken.append((request.path_params["whom"], await request.json()))
        return JSONResponse({"ok": True})

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{token}/{whom}", self.take, methods=["POST"])])


class AppriseKit:
    """By Apprise's plainest service, a POST of JSON. The mark under the text is what a reader tells repeats by."""

    def __init__(self, form: Form, url: str) -> None:
        self._form = form
        self.channel: Channel = AppriseChannel(f"{url.replace('http', 'json')}/{TOKEN}/{{phone}}")

    async def recipient(self) -> Recipient:
        return person(secrets.token_hex(4), phone=f"+1555{secrets.randbelow(10**7):07}")

    async def arrived(self, recipient: Recipient) -> list[Arrived]:
        found = [body for whom, body in self._form.taken if whom == recipient.phone]
        return [Arrived(*_unmarked(body["message"]), body["title"], body) for body in found]

    def unreachable(self) -> Channel:
        return AppriseChannel(f"json://ana:{TOKEN}@{NOWHERE}/{{phone}}")

    async def close(self) -> None:
        await self.channel.close()


class AppriseMailKit(SmtpKit):
    """Mail by Apprise: the same mailbox as that of the mail channel."""

    def __init__(self, server: SmtpServer) -> None:
        super().__init__(server)
        asked = f"from={SENDER}&mode=insecure&format=text"
        self.channel = AppriseChannel(f"mailto://127.0.0.1:{server.port}/{{email}}?{asked}")

    async def arrived(self, recipient: Recipient) -> list[Arrived]:
        found = await super().arrived(recipient)
        return [Arrived(*_unmarked(one.text), one.subject, one.raw) for one in found]

    def unreachable(self) -> Channel:
        return AppriseChannel(f"mailto://{NOWHERE}/{{email}}?from={SENDER}&mode=insecure")


def _unmarked(text: str) -> tuple[str, str]:
    """The mark, and the text above it."""
    above, _, mark = text.rstrip("\n").rpartition("\n")
    return mark, above


class MatrixKit:
    """With `shared` every message goes to one room, which its members read; else to a direct room with each."""

    def __init__(self, server: Homeserver, token: str, room: str | None) -> None:
        self._server = server
        self._room = room
        self._tokens: dict[str, str] = {}
        self.channel: Channel = MatrixChannel(server.url, token, room=room)

    @classmethod
    async def new(cls, server: Homeserver, *, shared: bool) -> MatrixKit:
        token = await server.register(f"bot-{secrets.token_hex(4)}", "a long password")
        room = None
        if shared:
            body = {"preset": "public_chat", "room_alias_name": f"crisis-{secrets.token_hex(4)}"}
            owner = await server.register(f"owner-{secrets.token_hex(4)}", "a long password")
            made = await server.ask("POST", "/_matrix/client/v3/createRoom", token=owner, body=body)
            room = f"#{body['room_alias_name']}:{made['room_id'].partition(':')[2] or 'firedoor.test'}"
        return cls(server, token, room)

    async def recipient(self) -> Recipient:
        name = f"reader-{secrets.token_hex(4)}"
        self._tokens[name] = await self._server.register(name, "a long password")
        return person(name, matrix=self._server.user_id(name))

    async def arrived(self, recipient: Recipient) -> list[Arrived]:
        token = self._tokens[recipient.id]
        if self._room:
            await self._join(token, self._room)
        synced = await self._server.ask("GET", "/_matrix/client/v3/sync", token=token)
        for invited in synced.get("rooms", {}).get("invite", {}):
            await self._join(token, invited)
        rooms = await self._server.ask("GET", "/_matrix/client/v3/joined_rooms", token=token)
        return [found for room in rooms["joined_rooms"] for found in await self._messages(token, room)]

    async def _join(self, token: str, room: str) -> None:
        await self._server.ask("POST", f"/_matrix/client/v3/join/{quote(room, safe='')}", token=token, body={})

    async def _messages(self, token: str, room: str) -> list[Arrived]:
        path = f"/_matrix/client/v3/rooms/{quote(room, safe='')}/messages?dir=f&limit=100"
        chunk = (await self._server.ask("GET", path, token=token))["chunk"]
        events = [event for event in chunk if event["type"] == "m.room.message"]
        return [Arrived(event["event_id"], event["content"]["body"], None, event) for event in events]

    def unreachable(self) -> Channel:
        return MatrixChannel(f"http://{NOWHERE}", TOKEN, room=self._room)

    async def close(self) -> None:
        await self.channel.close()


class ServerNoticeKit(MatrixKit):
    def __init__(self, server: Homeserver) -> None:
        super().__init__(server, server.admin_token, None)
        self.channel = ServerNoticeChannel(server.url, server.admin_token)

    def unreachable(self) -> Channel:
        return ServerNoticeChannel(f"http://{NOWHERE}", TOKEN)
