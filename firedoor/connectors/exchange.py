"""One request to an outside system over HTTP, and what its status means for whoever has to decide about a retry.

The base address is fixed by the settings, redirects are not followed, and proxies of the environment are not used: a
target that an attacker chose cannot lead the request elsewhere.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from firedoor.connectors.contract import Json
from firedoor.connectors.errors import BadSettings, ConnectorError, Overtaken, Refused, TargetMissing, Unavailable

MOST_ANSWER_BYTES: Final = 4 * 1024 * 1024
MOST_SAID: Final = 200
LONGEST_RETRY_AFTER: Final = timedelta(hours=1)

UNTOUCHED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before the request can have been sent."""

BUSY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def base_url_problem(url: str) -> str | None:
    """What is wrong with a base address: plain HTTP is for this machine only."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "base_url is no address that begins with https://"
    if parts.username or parts.query or parts.fragment:
        return "base_url has parts that do not belong there: a user, a query or a fragment"
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        return "base_url must begin with https://, unless it is this machine"
    return None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, whatever its status."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    def field(self, name: str) -> str | None:
        """A text at the top of a JSON object; None where there is none."""
        try:
            body: Any = json.loads(self.content)
        except ValueError:
            return None
        value = body.get(name) if isinstance(body, dict) else None
        return value if isinstance(value, str) else None


class Exchange:
    """Requests to one base address. `secrets` are struck from every text that leaves it."""

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | None = None,
        secrets: tuple[str, ...] = (),
        timeout: float = 10.0,
        ca_file: str | None = None,
    ) -> None:
        self.system = system
        self._secrets = tuple(secret for secret in secrets if secret)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers=headers,
            auth=auth,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(cafile=ca_file),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Raises Unavailable when there is no answer, Refused when it is too long."""
        try:
            async with self._client.stream(method, path, content=body, headers=headers) as answer:
                return Answer(answer.status_code, answer.headers, await self._content(answer))
        except UNTOUCHED as error:
            raise Unavailable(self._text(f"cannot be reached: {error}"), untouched=True) from error
        except httpx.TransportError as error:
            what = str(error) or type(error).__name__
            raise Unavailable(self._text(f"did not answer {method} {path}: {what}")) from error

    async def _content(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > MOST_ANSWER_BYTES:
                raise Refused(self._text(f"answered with more than {MOST_ANSWER_BYTES} bytes"))
        return bytes(content)

    def failure(self, answer: Answer, what: str) -> ConnectorError:
        """What an answer that is no success means. `what` says what was asked for, in words for the timeline."""
        status = answer.status
        text = self._text(f"answered {status} to {what}{self._said(answer)}")
        if status in GONE:
            return TargetMissing(text)
        if status == HTTPStatus.UNAUTHORIZED:
            return BadSettings(text)
        if status == HTTPStatus.PRECONDITION_FAILED:
            return Overtaken(text)
        if status in BUSY or status == HTTPStatus.CONFLICT or (status >= 500 and status != HTTPStatus.NOT_IMPLEMENTED):
            return Unavailable(text, retry_after=retry_after(answer), answered=True)
        return Refused(text)

    def json(self, answer: Answer, what: str) -> Json:
        """Raises Refused for an answer that is not JSON."""
        try:
            return json.loads(answer.content)
        except ValueError as error:
            raise Refused(self._text(f"answered {what} with something that is not JSON")) from error

    def _said(self, answer: Answer) -> str:
        """The platform's own words, if it gives any that are fit for a timeline."""
        said = [answer.field(name) for name in ("errcode", "error", "message", "detail")]
        words = re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", " ".join(filter(None, said))).strip()
        return f": {words[:MOST_SAID]}" if words else ""

    def _text(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "…")
        return f"{self.system} {words}"


def retry_after(answer: Answer) -> timedelta | None:
    """The header Retry-After, in seconds or as a date; at most an hour, and None where it says nothing usable."""
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        wait = timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
    return min(max(wait, timedelta()), LONGEST_RETRY_AFTER)
