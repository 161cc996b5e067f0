"""What one case has for itself, in a folder: its record, its platforms and its channels.

Cases play at the same time and often on the same accounts; they share nothing, or one would hold what another lets go.
Two processes open the same house: the one where people speak and the worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firedoor.compiler.book import Book
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.people.organization import Organization
from firedoor.records.all import Records, open_records
from firedoor.records.database import Statements
from firedoor.rehearsal.doubles import RehearsedPlatform


@dataclass(frozen=True)
class House:
    folder: Path
    organization: Organization
    records: Records
    platforms: Mapping[str, RehearsedPlatform]
    channels: Mapping[str, MemoryChannel]

    async def close(self) -> None:
        async with AsyncExitStack() as stack:
            stack.callback(self.records.close)
            for platform in self.platforms.values():
                stack.push_async_callback(platform.close)
            for channel in self.channels.values():
                stack.push_async_callback(channel.close)


_STATEMENTS: Final = Statements()


def open_house(folder: Path, book: Book) -> House:
    """The house in a folder, made where there is none. Raises ValueError for a book without an organization."""
    if book.organization is None:
        raise ValueError("the book has no organization")
    folder.mkdir(parents=True, exist_ok=True)
    named = [action.connector for action in book.actions.values()]
    named += [read.connector for read in book.reads.values()]
    return House(
        folder=folder,
        organization=book.organization,
        records=open_records(f"sqlite:///{folder / 'records.sqlite3'}", synchronous="OFF", statements=_STATEMENTS),
        platforms={
            name: RehearsedPlatform(name, path=folder / f"platform-{number}.sqlite3")
            for number, name in enumerate(dict.fromkeys(named))
        },
        channels={
            name: MemoryChannel(name, path=folder / f"channel-{number}.sqlite3")
            for number, name in enumerate(book.organization.channels)
        },
    )
