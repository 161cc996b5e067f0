"""Any platform that speaks plain HTTP: the book names method and path, this sends the rest.

    call: POST /v1/freezes        undo: POST /v1/freezes/lift

An act sends `{"target": …, "arguments": {…}}`; its undo sends the same, and `"before"` where there was something else.
`{target}` in a path stands for the target. With it go

- `Idempotency-Key`: the platform acts once for each;
- `Firedoor-Thing` and `Firedoor-Number`: the platform answers 412 to a number that is older than one it has seen for
  that thing;
- `Firedoor-Signature` (firedoor.connectors.signing).

Success is any 2xx. 404 and 410 say that the target is missing. 408, 409 (the same key is under way), 425, 429 and 5xx
are tried again, after `Retry-After` where it is given. Everything else is a refusal.

Settings: `base_url`; `secret_from`, the variable with the key that signs; `looks`, for calls whose state can be seen:
`{"POST /v1/freezes": "GET /v1/freezes"}`, asked with target and arguments in the query and answered by
`{"held": true|false}`. Without it the platform itself must keep apart what others had frozen before; with it, a thing
that was found held is left alone, before and after. Also `check` ("GET /healthz"), `timeout` and `at_once`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from typing import Final
from urllib.parse import quote, urlencode

import httpx
from typing_extensions import override

from firedoor.connectors import signing
from firedoor.connectors.contract import Call, Found, Json, Order, plain_identity
from firedoor.connectors.errors import Refused, UnknownCall
from firedoor.connectors.exchange import Answer, Exchange, base_url_problem
from firedoor.connectors.settings import Settings

CALL: Final = re.compile(r"(?P<method>GET|POST|PUT|PATCH|DELETE) (?P<path>/[^\s?#/][^\s?#]*|/)")
MOST_PATH: Final = 8_000


class HttpPlatform:
    """Calls are those that the book names. `looks` maps a call to the one that sees its state."""

    def __init__(
        self,
        base_url: str,
        secret: str,
        *,
        name: str = "http",
        looks: Mapping[str, str] | None = None,
        check: str | None = None,
        timeout: float = 10.0,
        at_once: int = 8,
        ca_file: str | None = None,
    ) -> None:
        self.name = name
        self.at_once = at_once
        self._looks = dict(looks or {})
        self._check = check
        self._exchange = Exchange(
            name, base_url, auth=_Signature(secret), secrets=(secret,), timeout=timeout, ca_file=ca_file
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> HttpPlatform:
        base_url = settings.text("base_url")
        problem = base_url_problem(base_url) if base_url else None
        if problem:
            settings.problem(problem)
        secret = settings.secret("secret")
        looks = settings.table("looks")
        check = settings.text("check", "") or None
        timeout = settings.number("timeout", 10.0, least=0.1, most=120)
        at_once = settings.number("at_once", 8, least=1, most=64)
        ca_file = settings.text("ca_file", "") or None
        for call in (*looks, *looks.values(), *([check] if check else [])):
            if not CALL.fullmatch(call):
                settings.problem(f'"{call}" is no call such as "GET /v1/freezes"')
        settings.done()
        return cls(
            base_url,
            secret,
            name=settings.connector,
            looks=looks,
            check=check,
            timeout=timeout,
            at_once=int(at_once),
            ca_file=ca_file,
        )

    def call(self, name: str) -> Call:
        _split(name)
        return Call(name, looks=name in self._looks)

    async def identify(self, order: Order) -> str:
        return plain_identity(order)

    async def look(self, order: Order) -> Found:
        seen = await self._ask(self._looks[order.call], _asked(order), order.target)
        if not isinstance(seen, dict) or not isinstance(seen.get("held"), bool):
            raise Refused(f'{self.name} answered {self._looks[order.call]} without "held": true or false')
        return Found(held=seen["held"], detail={name: value for name, value in seen.items() if name != "held"} or None)

    async def apply(self, order: Order) -> Found | None:
        await self._act(order.call, order, {})
        return None

    async def restore(self, order: Order, before: Found) -> Found | None:
        if order.undo is None:
            raise UnknownCall(f"{self.name}: {order.call} has no undo")
        await self._act(order.undo, order, {} if before.detail is None else {"before": before.detail})
        return None

    async def read(self, call: str, arguments: Mapping[str, Json]) -> Json:
        """A GET with the arguments in its query, or a POST with them as its body.

        The answer is a JSON value, or an object that has it under "value".
        """
        method, _ = _split(call)
        if method not in ("GET", "POST"):
            raise UnknownCall(f"{self.name}: {call} does not read")
        value = await self._ask(call, arguments, None)
        return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value

    async def check(self) -> None:
        if self._check:
            method, path = _split(self._check)
            await self._send(method, path, self._check, None, {})

    async def close(self) -> None:
        await self._exchange.close()

    async def _act(self, call: str, order: Order, more: Mapping[str, Json]) -> None:
        method, path = _split(call)
        target = {} if order.target is None else {"target": order.target}
        body = _json({**target, "arguments": dict(order.arguments), **more})
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": order.key,
            "Firedoor-Thing": order.thing,
            "Firedoor-Number": str(order.number),
        }
        await self._send(method, _fill(path, order.target), call, body, headers)

    async def _ask(self, call: str, arguments: Mapping[str, Json], target: str | None) -> Json:
        method, path = _split(call)
        path = _fill(path, target)
        if method == "POST":
            answer = await self._send(method, path, call, _json(arguments), {"Content-Type": "application/json"})
            return self._exchange.json(answer, call)
        query = urlencode([(name, _plain(item)) for name, value in arguments.items() for item in _items(value)])
        path = f"{path}?{query}" if query else path
        if len(path) > MOST_PATH:
            raise Refused(f"{self.name}: the arguments of {call} are too long for an address; declare it as a POST")
        return self._exchange.json(await self._send(method, path, call, None, {}), call)

    async def _send(self, method: str, path: str, call: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        answer = await self._exchange.send(method, path, body=body, headers=headers)
        if not answer.good:
            raise self._exchange.failure(answer, call)
        return answer


class _Signature(httpx.Auth):
    """Signs each request as it leaves, address and body as they are sent."""

    requires_request_body = True

    def __init__(self, secret: str) -> None:
        self._secret = secret

    @override
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        path = request.url.raw_path.decode("ascii")
        key = request.headers.get("Idempotency-Key", "")
        request.headers[signing.HEADER] = signing.sign(self._secret, request.method, path, key, request.content)
        yield request


def _split(call: str) -> tuple[str, str]:
    found = CALL.fullmatch(call)
    if found is None:
        raise UnknownCall(f'"{call}" is no call such as "POST /v1/freezes"')
    return found["method"], found["path"]


def _fill(path: str, target: str | None) -> str:
    if "{target}" not in path:
        return path
    if target is None or target in ("", ".", ".."):
        raise Refused(f"{path} needs a target")
    return path.replace("{target}", quote(target, safe=""))


def _asked(order: Order) -> dict[str, Json]:
    return {**order.arguments, **({} if order.target is None else {"target": order.target})}


def _items(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json(value: Mapping[str, Json]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
