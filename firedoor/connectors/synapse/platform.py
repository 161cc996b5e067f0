"""A homeserver as a platform that contains: its calls by name, each kept by the family that it belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from firedoor.connectors.contract import Call, Found, Json, Order
from firedoor.connectors.errors import UnknownCall
from firedoor.connectors.exchange import base_url_problem
from firedoor.connectors.settings import Settings
from firedoor.connectors.synapse.accounts import EndSessions, Lock, ShadowBan, Suspend
from firedoor.connectors.synapse.admin import ADMIN, Act, Admin, account_id, segment
from firedoor.connectors.synapse.limits import Throttle
from firedoor.connectors.synapse.media import Quarantine, media_of, uploader_of
from firedoor.connectors.synapse.redaction import RedactUser
from firedoor.connectors.synapse.reports import reporters_of, reports_of
from firedoor.connectors.synapse.rooms import BlockRoom, CloseRoom

ACTS: Final[tuple[Callable[[Admin], Act], ...]] = (
    Lock,
    Suspend,
    ShadowBan,
    Throttle,
    EndSessions,
    RedactUser,
    Quarantine,
    BlockRoom,
    CloseRoom,
)
READS: Final[dict[str, Callable[[Admin, Json], Awaitable[Json]]]] = {
    "uploader_of": uploader_of,
    "media_of": media_of,
    "reports_of": reports_of,
    "reporters_of": reporters_of,
}


class SynapsePlatform:
    """One homeserver. Accounts are `@name:server`, items `mxc://server/id`, rooms `!id:server` or `!id`."""

    def __init__(
        self, base_url: str, access_token: str, *, name: str = "synapse", timeout: float = 10.0, at_once: int = 8
    ) -> None:
        self.name = name
        self.at_once = at_once
        self._admin = Admin(name, base_url, access_token, timeout)
        acts = [make(self._admin) for make in ACTS]
        self._acts: dict[str, Act] = {act.call.name: act for act in acts}

    @classmethod
    def from_settings(cls, settings: Settings) -> SynapsePlatform:
        base_url = settings.text("base_url")
        problem = base_url_problem(base_url) if base_url else None
        if problem:
            settings.problem(problem)
        token = settings.secret("access_token")
        timeout = settings.number("timeout", 10.0, least=0.1, most=120)
        at_once = settings.number("at_once", 8, least=1, most=64)
        settings.done()
        return cls(base_url, token, name=settings.connector, timeout=timeout, at_once=int(at_once))

    def call(self, name: str) -> Call:
        return self._act(name).call

    async def identify(self, order: Order) -> str:
        return await self._act(order.call).identify(order)

    async def look(self, order: Order) -> Found:
        return await self._act(order.call).look(order)

    async def apply(self, order: Order) -> Found | None:
        return await self._act(order.call).apply(order)

    async def restore(self, order: Order, before: Found) -> Found | None:
        act = self._act(order.call)
        if act.call.undo is not None and order.undo != act.call.undo:
            raise UnknownCall(f"{self.name}: {order.undo} does not undo {order.call}; {act.call.undo} does")
        return await act.restore(order, before)

    async def read(self, call: str, arguments: Mapping[str, Json]) -> Json:
        """Each takes one thing, or a list of such things: see the function of that name."""
        if call not in READS:
            raise UnknownCall(f"{self.name} has no read {call}: it has {', '.join(READS)}")
        if len(arguments) != 1:
            raise UnknownCall(f"{self.name}: {call} takes one thing, or one list of things")
        (asked,) = arguments.values()
        return await READS[call](self._admin, asked)

    async def send_notice(self, account: str, text: str, key: str) -> str:
        """Tell a user as the server itself, in the user's room for notices. Returns the event's id.

        The same key sends once (within the half hour that the server remembers it). The server must have
        `server_notices` configured.
        """
        body = {"user_id": account_id(account), "content": {"msgtype": "m.text", "body": text}}
        path = f"{ADMIN}/v1/send_server_notice/{segment(key)}"
        return str((await self._admin.ask("PUT", path, f"send_notice to {account}", body))["event_id"])

    async def check(self) -> None:
        """The token is accepted, and is an administrator's."""
        await self._admin.account(await self._admin.own_account())

    async def close(self) -> None:
        await self._admin.close()

    def _act(self, name: str) -> Act:
        if name not in self._acts:
            raise UnknownCall(f"{self.name} has no call {name}: it has {', '.join(self._acts)}")
        return self._acts[name]
