"""The pager in the demo: a real HTTP receiver that checks each page's signature (Standard Webhooks) and keeps it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
import socket
from types import TracebackType
from typing import Any

import uvicorn
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Pager:
    """`async with Pager() as pager: pager.url, pager.secret, pager.pages`."""

    def __init__(self) -> None:
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.pages: dict[str, dict[str, Any]] = {}
        """By webhook-id: a page that comes twice is one page."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=[Route("/", self._receive, methods=["POST"])]), log_level="error")
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    async def __aenter__(self) -> Pager:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it by nothing else
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        try:
            Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            return Response("the signature does not fit", 401)
        self.pages[request.headers["webhook-id"]] = json.loads(body)
        return Response(status_code=204)
