"""Doubles for the systems of a rehearsal: they keep the real contracts, and do and answer what the rehearsal says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import override

from firedoor.compiler.rehearsals.script import Fault, How, Reply
from firedoor.connectors.contract import Json
from firedoor.connectors.errors import ConnectorError, Refused, TargetMissing, Unavailable, UnknownCall
from firedoor.connectors.memory import MemoryPlatform, Moment
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.plan import ReadAction

ERRORS: Final[dict[How, type[ConnectorError]]] = {"down": Unavailable, "refuses": Refused, "missing": TargetMissing}
ALWAYS: Final = 10**9
"""Requests that fail while a fault lasts."""

EVERYTHING: Final[tuple[Moment, ...]] = ("look", "apply", "restore", "read")


class RehearsedPlatform(MemoryPlatform):
    """A platform whose reads answer as the rehearsal says, also one thing so and another one otherwise."""

    @override
    async def read(self, call: str, arguments: Mapping[str, Json]) -> Json:
        try:
            said = await super().read(call, arguments)
        except UnknownCall:
            raise UnknownCall(f"this rehearsal does not say what {call} answers") from None
        each = said["each"]
        if each is None or len(arguments) != 1:
            return said["value"]
        (about,) = arguments.values()
        if not isinstance(about, list):
            return each.get(str(about), said["value"])
        found = [each.get(str(one), said["value"]) for one in about]
        return [item for one in found for item in one or ()] if said["listed"] else found

    def replies(self, read: ReadAction, reply: Reply) -> None:
        """What a question of the book gets from now on."""
        self.answer(read.call, {"value": reply.value, "each": reply.each, "listed": read.gives_list})


def begin(fault: Fault, platforms: Mapping[str, MemoryPlatform], channels: Mapping[str, MemoryChannel]) -> None:
    times = 1 if fault.once else ALWAYS
    error = ERRORS[fault.how]
    for name in fault.platforms:
        for where in _where(fault):
            platforms[name].fail(error, times=times, **where)
    for name in fault.channels:
        for person in fault.of or (None,):
            channels[name].fail(error, address=person, times=times)


def end(fault: Fault, platforms: Mapping[str, MemoryPlatform], channels: Mapping[str, MemoryChannel]) -> None:
    for name in fault.platforms:
        for where in _where(fault):
            platforms[name].mend(**where)
    for name in fault.channels:
        for person in fault.of or (None,):
            channels[name].mend(person)


def _where(fault: Fault) -> list[dict[str, Any]]:
    """The requests that fail, as the double names them."""
    moments = (fault.moment,) if fault.moment else ("apply",) if fault.once else EVERYTHING
    return [
        {"on": moment, "call": fault.call, "target": target} for moment in moments for target in fault.of or (None,)
    ]
