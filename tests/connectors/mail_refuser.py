"""A mail server that says no, as real ones do: busy, full, unknown, or gone in the middle of it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult


class MailRefuser:
    """`async with MailRefuser(rcpt="451 later") as server: …`. `data` answers the mail itself; "" hangs up instead."""

    def __init__(self, *, rcpt: str = "250 OK", data: str = "250 OK", accepts_login: bool = True) -> None:
        self.rcpt = rcpt
        self.data = data
        self.accepts_login = accepts_login
        self.mails: list[bytes] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> MailRefuser:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    def _session(self) -> Any:
        return SMTP(
            self,
            loop=asyncio.get_running_loop(),
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=self.accepts_login, handled=False),
        )

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope.original_content)
        if not self.data:
            server.transport.abort()
        return self.data or "250 OK"
