"""A person of the book at the front door, over HTTP and with their own token: what the CLI does, without a terminal."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from firedoor.protocol import AskView, Receipt, View
from firedoor.web.messages import Launched


class DemoFailed(RuntimeError):
    """The story did not go as it should. It says where, and what was there instead."""


class Responder:
    def __init__(self, person: str, url: str, token: Path) -> None:
        self.person = person
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token.read_text().strip()}"},
            timeout=40,
            trust_env=False,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def launch(self, playbook: str, inputs: dict[str, Any]) -> Launched:
        body = {"playbook": playbook, "inputs": inputs, "nonce": secrets.token_hex(12)}
        return Launched.model_validate_json(await self._send("POST", "/api/launches", body))

    async def show(self, incident: str) -> View:
        return View.model_validate_json(await self._send("GET", f"/api/incidents/{incident}"))

    async def answer(self, incident: str, ask: AskView, choice: str, **said: str) -> Receipt:
        body = {"ask": ask.id, "choice": choice, "document": ask.document, "nonce": secrets.token_hex(12), **said}
        return Receipt.model_validate_json(await self._send("POST", f"/api/incidents/{incident}/answers", body))

    async def export(self, incident: str) -> str:
        return (await self._send("GET", f"/api/incidents/{incident}/export?format=md")).decode()

    async def until(self, incident: str, what: str, found: Any, within: timedelta = timedelta(seconds=30)) -> View:
        """Look at the incident until `found(view)`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within.total_seconds()
        while True:
            view = await self.show(incident)
            if found(view):
                return view
            if loop.time() > end:
                raise DemoFailed(f"waited {within.total_seconds():.0f} s for {what}; instead: {view.next_act}")
            await asyncio.sleep(0.1)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        reply = await self._client.request(method, path, json=body)
        if not reply.is_success:
            raise DemoFailed(f"{self.person} was told {reply.status_code}: {reply.text}")
        return reply.content
