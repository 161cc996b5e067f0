"""A worker in a process of its own, to be killed: `python -m tests.workflows.lone_worker ADDRESS QUEUE FOLDER SIZE`.

It works on the records, the platform and the keys in the folder, as a stage's own worker would; a page has SIZE targets.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.records.all import open_records
from firedoor.run import pages
from tests.workflows.directory import Directory
from tests.workflows.harness import Doubles, Stage
from workflows import trust


async def work(address: str, queue: str, folder: Path) -> None:
    ring = KeyRing.load(folder / "ring.json")
    trust.believe(ring)
    records = open_records(f"sqlite:///{folder / 'records.sqlite3'}", synchronous="OFF")
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    platform = Directory("memory", path=folder / "platform.sqlite3", at_once=32)
    channel = MemoryChannel("memory", path=folder / "channel.sqlite3")
    stage = Stage(client, queue, SigningKey.generate(), ring, records, platform, Doubles(records), channel=channel)
    async with stage.worker():
        await asyncio.Event().wait()


if __name__ == "__main__":
    _, where, named, there, size = sys.argv
    pages.SIZE = int(size)
    asyncio.run(work(where, named, Path(there)))
