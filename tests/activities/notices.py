"""Notices, and a place to send them: the example book's people, a real record, channels in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.notifying import Notifying
from activities.rendering import Renderer
from firedoor.connectors.channel import Channel
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.people.organization import Organization
from firedoor.plan import Who
from firedoor.protocol import NotifyOrder, NotifyReport, Rendering
from firedoor.records.all import Records, open_records
from tests.activities.orders import WARRANT, anyone, attempt_info
from tests.people.book import organization

MONDAY = datetime(2026, 1, 5, 10, tzinfo=UTC)
SATURDAY = datetime(2026, 1, 10, 10, tzinfo=UTC)

CRT = Who(kind="on_shift", name="crt")
POLICY = Who(kind="team", name="policy")
EXECS = Who(kind="team", name="execs")
LEGAL = Who(kind="on_shift", name="legal")
POLICE = Who(kind="contact", name="police")
MAYOR = Who(kind="account", name="@mayor:platform.example")
USERS = Who(kind="users")

HELLO = (Rendering(language="*", text="Two accounts were taken over"),)


def notice(*audience: Who, **changes: Any) -> NotifyOrder:
    data: dict[str, Any] = {
        "incident": "inc-1",
        "warrant": WARRANT,
        "key": "0:1",
        "step": "0",
        "audience": audience or (CRT,),
        "severity": "sev1",
        "region": "emea",
        "subject": "SEV1 Takeover",
        "texts": HELLO,
        "languages": ("en", "de", "ja"),
    }
    return NotifyOrder(**{**data, **changes})


@dataclass
class Desk:
    """Sends notices, each in an attempt of its own, at a moment of its own."""

    records: Records
    page: MemoryChannel = field(default_factory=lambda: MemoryChannel("page"))
    chat: MemoryChannel = field(default_factory=lambda: MemoryChannel("chat"))
    email: MemoryChannel = field(default_factory=lambda: MemoryChannel("email"))
    platform: MemoryChannel = field(default_factory=lambda: MemoryChannel("platform"))
    book: Organization = field(default_factory=organization)
    drills: dict[str, MemoryChannel] = field(default_factory=dict)
    renderer: Renderer = field(default_factory=Renderer)
    others: dict[str, Channel] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @classmethod
    def at(cls, folder: Path, **changes: Any) -> Desk:
        return cls(open_records(f"sqlite:///{folder}/records.db", synchronous="OFF"), **changes)

    def notifying(self) -> Notifying:
        channels: dict[str, Channel] = {
            "page": self.page,
            "chat": self.chat,
            "email": self.email,
            "platform": self.platform,
            **self.others,
        }
        return Notifying(
            lambda: self.book,
            {name: channel for name, channel in channels.items() if name not in self.missing},
            self.records.deliveries,
            self.records.timeline,
            anyone,
            self.renderer,
            drill=self._drill,
        )

    def _drill(self, name: str) -> MemoryChannel:
        return self.drills.setdefault(name, MemoryChannel(name))

    async def send(self, order: NotifyOrder, *, now: datetime = MONDAY, **info: Any) -> NotifyReport:
        return await place(now, **info).run(self.notifying().notify, order)

    async def close(self) -> None:
        await self.renderer.close()
        for channel in (self.page, self.chat, self.email, self.platform):
            await channel.close()
        self.records.close()


def place(now: datetime, **info: Any) -> ActivityEnvironment:
    """An attempt that begins at that moment."""
    made, found = ActivityEnvironment(), attempt_info(**info)
    later = now - found.started_time
    made.info = replace(
        found,
        scheduled_time=found.scheduled_time + later,
        current_attempt_scheduled_time=now,
        started_time=now,
    )
    return made


def to(channel: MemoryChannel) -> list[str]:
    """Whom a channel reached, in order of their names."""
    return sorted(sent.message.address for sent in channel.sent())


def texts(channel: MemoryChannel) -> dict[str, str]:
    return {sent.message.address: sent.message.text for sent in channel.sent()}
