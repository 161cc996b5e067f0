"""One way out to what Apprise knows: SMS gateways, push services, chats, some 170 of them, each an address.

Apprise says yes or no, and gives no id. So what Firedoor returns is a mark of its own, which stands under the text too:
a message whose acceptance was lost on the way is sent again, may arrive twice, and both copies carry one mark. Nobody
answers by such a channel.

What Apprise does, and this therefore minds (tried on 2.3):

- It tries nothing again (its own retries are off): the run does, for as long as it may.
- Why something failed, it writes to its log only. From there the status is taken; no word of its log goes anywhere else,
  since it may hold a token. Without a status nobody knows whether the message arrived.
- It pauses up to 5.5 s between two messages of one service object; so each message has one of its own.

Settings: `url_from`, the variable with the address in Apprise's own form, such as `twilio://SID:TOKEN@FROM/{phone}`;
`timeout`. `{phone}` and `{email}` stand for each person's own, who is not reached without it. An address without them
is one place that all share.
"""

from __future__ import annotations

import asyncio
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from firedoor.connectors.channel import OutgoingMessage, one_line, opaque
from firedoor.connectors.errors import BadSettings, ConnectorError, Refused, TargetMissing, Unavailable
from firedoor.connectors.exchange import BUSY, GONE
from firedoor.connectors.settings import Settings
from firedoor.connectors.smtp import MAILBOX
from firedoor.people.recipients import Recipient

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult

HOLES: Final = {"{phone}": re.compile(r"\+?[0-9][0-9 ()-]{2,30}"), "{email}": MAILBOX}
"""What may stand in an address, and how that looks: anything else could lead elsewhere."""
STATUS: Final = re.compile(r"\berror=(\d{3})\b")
RINGS_ALL: Final = re.compile(r"(?<=@)(?=everyone|here|channel|all|room)|(?<=<)(?=[!@#&])", re.IGNORECASE)
"""Where a word joiner keeps a text from calling a whole room, or anyone, on chats that look for it in the text."""
APART: Final = "\u2060"
TALKATIVE: Final = ("apprise", "urllib3", "requests_oauthlib")
"""Loggers that may write an address with its token."""
SAMPLE: Final = {"{phone}": "+15555550100", "{email}": "someone@platform.example"}


class AppriseChannel:
    """One address. With a hole, a message for each person; without one, a place that everyone shares."""

    once = False

    def __init__(self, url: str, *, name: str = "apprise", timeout: float = 8.0, at_once: int = 4) -> None:
        self.name = name
        self.at_once = at_once
        self._url = url
        self._timeout = timeout

    @classmethod
    def from_settings(cls, settings: Settings) -> AppriseChannel:
        url = settings.secret("url")
        if url and "://" not in url:
            settings.problem("url is no address in Apprise's form, such as json://host/path")
        if all(hole in url for hole in HOLES):
            settings.problem("url has {phone} and {email}: a person is reached by one of them")
        timeout = settings.number("timeout", 8.0, least=0.1, most=60)
        settings.done()
        return cls(url, name=settings.connector, timeout=timeout)

    def address(self, recipient: Recipient) -> str | None:
        if "{phone}" in self._url:
            return recipient.phone
        if "{email}" in self._url:
            return recipient.email
        return None if recipient.kind == "users" else f"#{self.name}"

    async def send(self, message: OutgoingMessage) -> str:
        """Returns a mark of our own, which the reader sees too: the system gives none."""
        mark = opaque(message.key)[:10]
        names = ", ".join(message.to)
        text = _plain(f"{names}: {message.text}" if names else message.text)
        result = await asyncio.to_thread(self._hand_over, message, f"{text.rstrip()}\n[{mark}]")
        if not result:
            raise self._failure(result, message.address)
        return mark

    async def check(self) -> None:
        """That the address can be read is all that is proved: to try it would tell someone."""
        await asyncio.to_thread(self._service, None)

    async def close(self) -> None:
        """Nothing stays open between messages."""

    def _hand_over(self, message: OutgoingMessage, text: str) -> AppriseResult:
        service = self._service(message.address)
        kind = "warning" if message.urgent else "info"
        title = _plain(one_line(message.subject))
        return service.notify(text, title=title, notify_type=kind, body_format="text", timeout=self._timeout)

    def _service(self, address: str | None) -> Apprise:
        """An address of the channel, made out; the sample person's where it is None. Raises BadSettings."""
        from apprise import Apprise, AppriseAsset  # it takes a quarter of a second, which few workers need

        _silence()
        asset = AppriseAsset(image_url_mask="", app_id="Firedoor", http_redirects=False)
        service = Apprise(asset=asset)
        if not service.add(self._filled(address)):
            raise BadSettings(f"connector {self.name}: url is no address that Apprise takes")
        for one in service:
            one.retry = 0
        return service

    def _filled(self, address: str | None) -> str:
        url = self._url
        for hole, shape in HOLES.items():
            if hole in url:
                stands = SAMPLE[hole] if address is None else address
                if not shape.fullmatch(stands):
                    raise TargetMissing(f"{self.name}: what was given is no {hole.strip('{}')}")
                url = url.replace(hole, quote(stands, safe=""))
        return url

    def _failure(self, result: AppriseResult, address: str) -> ConnectorError:
        """What became of it. The words are ours: Apprise's may hold a token."""
        said = [STATUS.search(entry.message) for attempts in result for attempt in attempts for entry in attempt]
        found = [int(match[1]) for match in said if match]
        what = f"a message for {address}"
        if not found:
            return Unavailable(f"{self.name} did not say whether it took {what}")
        status, text = found[-1], f"{self.name} answered {found[-1]} to {what}"
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return BadSettings(text)
        if status in GONE:
            return TargetMissing(text)
        if status in BUSY or status == HTTPStatus.CONFLICT or status >= 500:
            return Unavailable(text, answered=True)
        return Refused(text)


def _plain(text: str) -> str:
    return RINGS_ALL.sub(APART, text)


def _silence() -> None:
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        if logger.propagate:
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
