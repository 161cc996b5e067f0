"""Stands before a real homeserver: counts what changes something there, and fails, holds back or keeps its answers when told to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from urllib.parse import unquote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.connectors.http_platform import Fault


class SynapseGate:
    def __init__(self, url: str) -> None:
        self._url = url
        self.acts: list[tuple[str, str]] = []
        """(method, path) of every request that got through and changes something."""
        self.bodies: list[tuple[str, str]] = []
        """(path, body) of the same."""
        self.faults: deque[Fault] = deque()
        self.delay = 0.0
        """Seconds that what changes something takes to get through."""
        self.hold_back: threading.Event | None = None
        self.hold_answers: threading.Event | None = None
        """What changes something is done, and its answer waits for this."""

    async def pass_on(self, request: Request) -> Response:
        changes = request.method != "GET"
        fault = self.faults.popleft() if changes and self.faults else None
        if fault and not fault.after:
            return JSONResponse({"errcode": "M_UNKNOWN", "error": "told to fail"}, fault.status, fault.headers)
        if changes:
            await asyncio.sleep(self.delay)
        while changes and self.hold_back is not None and not self.hold_back.is_set():
            await asyncio.sleep(0.005)
        path = request.scope["raw_path"].decode()
        asked = f"{path}?{request.url.query}" if request.url.query else path
        headers = {"Authorization": request.headers.get("Authorization", "")}
        body = await request.body()
        async with httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=30) as client:
            answer = await client.request(request.method, asked, headers=headers, content=body)
        if changes and answer.is_success:
            self.acts.append((request.method, path))
            self.bodies.append((path, body.decode()))
        while changes and self.hold_answers is not None and not self.hold_answers.is_set():
            await asyncio.sleep(0.005)
        if fault:
            return JSONResponse({"errcode": "M_UNKNOWN", "error": "told to fail"}, fault.status, fault.headers)
        return Response(answer.content, answer.status_code, media_type="application/json")

    def locks(self) -> list[tuple[str, bool]]:
        """What the homeserver was told, in order: which account, and whether to lock it."""
        told = [
            (unquote(path.rpartition("/")[2]), json.loads(body)) for path, body in self.bodies if "/v2/users/" in path
        ]
        return [(account, body["locked"]) for account, body in told]

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.pass_on, methods=["GET", "PUT", "POST", "DELETE"])])
