"""Stands before a real homeserver: counts what changes something there, and fails, holds back or keeps its answers when told to."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

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
        self.faults: deque[Fault] = deque()
        self.hold_back: threading.Event | None = None
        self.hold_answers: threading.Event | None = None
        """What changes something is done, and its answer waits for this."""

    async def pass_on(self, request: Request) -> Response:
        changes = request.method != "GET"
        fault = self.faults.popleft() if changes and self.faults else None
        if fault and not fault.after:
            return JSONResponse({"errcode": "M_UNKNOWN", "error": "told to fail"}, fault.status, fault.headers)
        while changes and self.hold_back is not None and not self.hold_back.is_set():
            await asyncio.sleep(0.005)
        path = request.scope["raw_path"].decode()
        headers = {"Authorization": request.headers.get("Authorization", "")}
        async with httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=30) as client:
            answer = await client.request(request.method, path, headers=headers, content=await request.body())
        if changes and answer.is_success:
            self.acts.append((request.method, path))
        while changes and self.hold_answers is not None and not self.hold_answers.is_set():
            await asyncio.sleep(0.005)
        if fault:
            return JSONResponse({"errcode": "M_UNKNOWN", "error": "told to fail"}, fault.status, fault.headers)
        return Response(answer.content, answer.status_code, media_type="application/json")

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.pass_on, methods=["GET", "PUT", "POST", "DELETE"])])
