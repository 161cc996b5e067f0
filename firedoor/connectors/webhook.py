"""A signed webhook, as Standard Webhooks says: for a pager, or any system that takes a POST.

`webhook-id` is made from the key and stays the same when a message is sent again, so a receiver that keeps ids takes it
once. The signature is an HMAC over the id, the time and the body: a receiver verifies it with any of the published
libraries.

Settings: `url` (https, unless it is this machine), `secret_from` (`whsec_…`, base64), `timeout`. Unless the book says
otherwise the secret comes from WEBHOOK_SECRET. The address itself often is a secret: it is struck from every text.
"""

from __future__ import annotations

import binascii
import json
import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from firedoor.connectors.channel import OutgoingMessage, one_line, opaque
from firedoor.connectors.errors import BadSettings
from firedoor.connectors.exchange import Exchange, base_url_problem
from firedoor.connectors.settings import Settings
from firedoor.people.recipients import Recipient

TYPE: Final = "firedoor.notice"
PIECES: Final = re.compile(r"[/?&=]")


class WebhookChannel:
    """One receiver. Each recipient gets a message of their own: whom to wake is in `data.recipient`."""

    once = True

    def __init__(self, url: str, secret: str, *, name: str = "webhook", timeout: float = 8.0, at_once: int = 8) -> None:
        parts = urlsplit(url)
        self.name = name
        self.at_once = at_once
        self._path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        try:
            self._webhook = Webhook(secret)
        except (EmptyWebhookSecretError, binascii.Error, ValueError) as error:
            raise BadSettings(f"connector {name}: secret is no base64, with or without whsec_ before it") from error
        secrets = (
            secret,
            *sorted(filter(_may_be_secret, (self._path, *PIECES.split(self._path))), key=len, reverse=True),
        )
        base = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        self._exchange = Exchange(name, base, secrets=secrets, timeout=timeout)

    @classmethod
    def from_settings(cls, settings: Settings) -> WebhookChannel:
        url = settings.text("url")
        parts = urlsplit(url)
        if url and (problem := base_url_problem(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")))):
            settings.problem(problem.replace("base_url", "url"))
        secret = settings.secret("secret")
        timeout = settings.number("timeout", 8.0, least=0.1, most=60)
        settings.done()
        return cls(url, secret, name=settings.connector, timeout=timeout)

    def address(self, recipient: Recipient) -> str | None:
        return recipient.id

    async def send(self, message: OutgoingMessage) -> str:
        now, known_as = datetime.now(UTC), f"msg_{opaque(message.key)}"
        data = {
            "key": known_as,
            "recipient": message.address,
            "to": list(message.to),
            "subject": one_line(message.subject),
            "text": message.text,
            "language": message.locale,
            "urgent": message.urgent,
            "drill": message.drill,
        }
        body = json.dumps({"type": TYPE, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": known_as,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(known_as, now, body),
        }
        answer = await self._exchange.send("POST", self._path, body=body.encode(), headers=headers)
        if not answer.good:
            raise self._exchange.failure(answer, f"a message for {message.address}")
        return known_as

    async def check(self) -> None:
        """A webhook cannot be tried without waking someone; that its settings can be read is all that is proved."""

    async def close(self) -> None:
        await self._exchange.close()


def _may_be_secret(piece: str) -> bool:
    """Addresses of pagers carry tokens; a word as short as `hooks` is none."""
    return len(piece) >= 8
