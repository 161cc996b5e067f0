"""Mail. SMTP knows no keys: a message whose acceptance was lost on the way is sent again, and may arrive twice.

Both copies have one Message-ID, made from the key, so that mail programs that fold duplicates show one. More than that
SMTP does not allow: this channel is at-least-once.

Settings: `url` (`smtps://user:password@host:465`, or `smtp://…:587`, where STARTTLS is required unless the host is
this machine), `sender`, `timeout`. Unless the book says otherwise they come from SMTP_URL and SMTP_SENDER.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

from firedoor.connectors.channel import OutgoingMessage, one_line, opaque
from firedoor.connectors.errors import BadSettings, Refused, TargetMissing, Unavailable
from firedoor.connectors.settings import Settings
from firedoor.people.recipients import Recipient

MAILBOX: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
UNNAMELY: Final = re.compile(r"[^\w\s-]")
NO_TAG: Final = re.compile(r"[^A-Za-z0-9, -]")
MOST_SUBJECT: Final = 250
MOST_NAME: Final = 60
HERE: Final = ("localhost", "127.0.0.1", "::1")
LOST: Final = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)


class SmtpChannel:
    """One mail server, a connection for each message."""

    once = False

    def __init__(
        self,
        url: str,
        sender: str,
        *,
        name: str = "smtp",
        timeout: float = 8.0,
        at_once: int = 4,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.at_once = at_once
        self._server = urlsplit(url)
        self._sender = sender
        self._timeout = timeout
        self._tls = tls

    @classmethod
    def from_settings(cls, settings: Settings) -> SmtpChannel:
        url, sender = settings.text("url"), settings.text("sender")
        if url and (problem := _url_problem(url)):
            settings.problem(problem)
        if sender and not MAILBOX.fullmatch(sender):
            settings.problem("sender is no mail address")
        timeout = settings.number("timeout", 8.0, least=0.1, most=60)
        settings.done()
        return cls(url, sender, name=settings.connector, timeout=timeout)

    def address(self, recipient: Recipient) -> str | None:
        return recipient.email

    async def send(self, message: OutgoingMessage) -> str:
        mail = self._mail(message)
        async with self._connected() as server:
            try:
                await server.send_message(mail, sender=self._sender, recipients=[message.address])
            except aiosmtplib.SMTPRecipientsRefused as error:
                raise self._failure(error.recipients[0].code, message.address) from error
            except aiosmtplib.SMTPResponseException as error:
                raise self._failure(error.code, message.address) from error
            except LOST as error:
                raise Unavailable(f"{self.name} did not say whether it took the mail to {message.address}") from error
            except aiosmtplib.SMTPException as error:
                raise Refused(f"{self.name} does not take this mail: {type(error).__name__}") from error
        return str(mail["Message-ID"])

    async def check(self) -> None:
        async with self._connected():
            pass

    async def close(self) -> None:
        """Nothing stays open between messages."""

    def _mail(self, message: OutgoingMessage) -> EmailMessage:
        if not MAILBOX.fullmatch(message.address):
            raise TargetMissing(f"{self.name}: what was given is no mail address")
        mail = EmailMessage(policy=WIRE)
        try:
            mail.set_content(message.text, charset="utf-8", cte="quoted-printable")
            mail["Message-ID"] = f"<{opaque(message.key)}@{self._sender.rpartition('@')[2]}>"
            mail["Date"] = datetime.now(UTC)
            mail["From"] = Address(addr_spec=self._sender)
            mail["To"] = Address(display_name=_name(message.to), addr_spec=message.address)
            mail["Subject"] = _words(message.subject)
            mail["Auto-Submitted"] = "auto-generated"
            if message.locale != "*":
                mail["Content-Language"] = NO_TAG.sub("", message.locale)[:MOST_NAME]
            if message.urgent:
                mail["Importance"] = "high"
                mail["X-Priority"] = "1"
        except (ValueError, MessageError) as error:
            raise Refused(f"{self.name}: no mail can be made of this message: {type(error).__name__}") from error
        return mail

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        server = aiosmtplib.SMTP(
            hostname=self._server.hostname,
            port=self._server.port,
            username=unquote(self._server.username) if self._server.username else None,
            password=unquote(self._server.password) if self._server.password else None,
            use_tls=self._server.scheme == "smtps",
            start_tls=self._server.scheme == "smtp" and (self._server.hostname not in HERE or None),
            tls_context=self._tls,
            timeout=self._timeout,
        )
        try:
            await server.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise BadSettings(f"{self.name} does not accept the user name and password") from error
        except aiosmtplib.SMTPResponseException as error:
            raise Unavailable(f"{self.name} answered {error.code} to the connection", untouched=True) from error
        except LOST as error:
            raise Unavailable(f"{self.name} cannot be reached: {type(error).__name__}", untouched=True) from error
        except aiosmtplib.SMTPException as error:
            raise BadSettings(f"{self.name} cannot be spoken to as it is set up: {type(error).__name__}") from error
        try:
            yield server
        finally:
            server.close()

    def _failure(self, code: int, address: str) -> Unavailable | Refused:
        """4xx means later, 5xx means no (RFC 5321, 4.2.1). The server's words may quote the mail, so they stay out."""
        words = f"{self.name} answered {code} to the mail to {address}"
        return Unavailable(words) if 400 <= code < 500 else Refused(words)


def _words(text: str) -> str:
    """A header's text. The email package decodes what looks like an encoded word (`=?utf-8?q?=0D=0ABcc:…?=`), line
    breaks and all, and writes those out as a header of its own; so nothing may look like one.
    """
    return one_line(text).replace("=?", "= ?")[:MOST_SUBJECT]


def _name(names: tuple[str, ...]) -> str:
    """A display name of plain words: where it is long, the email package folds one with marks into other addresses."""
    return one_line(UNNAMELY.sub(" ", " ".join(names)))[:MOST_NAME].strip()


def _url_problem(url: str) -> str | None:
    parts: SplitResult = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        return "url is no address that begins with smtps:// or smtp://"
    if parts.path.strip("/") or parts.query or parts.fragment:
        return "url has parts that do not belong there: a path, a query or a fragment"
    return None
