"""A platform over HTTP as its makers would write it: it keeps numbers, keys and signatures, on a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from firedoor.connectors import signing

SECRET = "a secret between two"


@dataclass
class Fault:
    """The next act is answered like this; with `after`, once it was done."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False


@dataclass
class HttpService:
    """Freezes, by target. `fences` says whether it compares numbers."""

    fences: bool = True
    frozen: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    answered: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    acts: list[tuple[str, str, str]] = field(default_factory=list)
    """(path, target, key) of all that was really done."""
    faults: deque[Fault] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    reads: dict[str, Any] = field(default_factory=dict)
    hold_back: threading.Event | None = None
    """Acts wait for it before they land."""

    async def act(self, request: Request) -> Response:
        body = await self._signed(request)
        if body is None:
            return JSONResponse({"error": "bad signature"}, 401)
        fault = self.faults.popleft() if self.faults else None
        if fault and not fault.after:
            return JSONResponse({"error": "told to fail"}, fault.status, fault.headers)
        while self.hold_back is not None and not self.hold_back.is_set():
            await asyncio.sleep(0.005)
        refusal = self._do(request, json.loads(body))
        if fault:
            return JSONResponse({"error": "told to fail"}, fault.status, fault.headers)
        return refusal or JSONResponse({"ok": True})

    def _do(self, request: Request, body: dict[str, Any]) -> Response | None:
        key, thing = request.headers["Idempotency-Key"], request.headers["Firedoor-Thing"]
        number = int(request.headers["Firedoor-Number"])
        target = body.get("target", "")
        if target in self.missing:
            return JSONResponse({"error": f"no {target}"}, 404)
        if self.fences and number < self.numbers.get(thing, 0):
            return JSONResponse({"error": f"{number} is older than {self.numbers[thing]}"}, 412)
        self.numbers[thing] = max(number, self.numbers.get(thing, 0))
        if key in self.answered:
            return None
        self.answered[key] = number
        self.acts.append((request.url.path, target, key))
        if request.url.path.endswith("/lift"):
            self.frozen.pop(target, None)
        else:
            self.frozen[target] = body["arguments"]
        return None

    async def look(self, request: Request) -> Response:
        if await self._signed(request) is None:
            return JSONResponse({"error": "bad signature"}, 401)
        target = request.query_params.get("target", "")
        if target in self.missing:
            return JSONResponse({"error": f"no {target}"}, 404)
        return JSONResponse({"held": target in self.frozen})

    async def read(self, request: Request) -> Response:
        if await self._signed(request) is None:
            return JSONResponse({"error": "bad signature"}, 401)
        name = request.path_params["name"]
        self.reads[name] = request.query_params.multi_items()
        return JSONResponse({"matches": ["mxc://a/1", "mxc://a/2"], "blocked": {"value": 17}}.get(name, "?"))

    async def elsewhere(self, request: Request) -> Response:
        return Response(status_code=302, headers={"location": "http://169.254.169.254/"})

    async def huge(self, request: Request) -> Response:
        return Response(b"9" * (5 * 1024 * 1024))

    async def broken(self, request: Request) -> Response:
        return Response(b"<html>not JSON</html>")

    async def _signed(self, request: Request) -> bytes | None:
        self.requests.append(request)
        body = await request.body()
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        key = request.headers.get("Idempotency-Key", "")
        good = signing.check(SECRET, request.headers.get(signing.HEADER, ""), request.method, path, key, body)
        return body if good else None

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/freezes", self.act, methods=["POST"]),
                Route("/v1/freezes/lift", self.act, methods=["POST"]),
                Route("/v1/freezes", self.look, methods=["GET"]),
                Route("/v1/elsewhere", self.elsewhere),
                Route("/v1/huge", self.huge),
                Route("/v1/broken", self.broken),
                Route("/v1/{name}", self.read, methods=["GET"]),
            ]
        )


class Served:
    """An application on a free port of this machine, in a thread of its own, until the block ends."""

    def __init__(self, app: Starlette) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Served:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.002)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()
