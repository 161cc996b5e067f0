"""The double in memory: shared by processes, outlives them, and fails when it is told to."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from pathlib import Path

import pytest

from firedoor.connectors.contract import Found
from firedoor.connectors.contract import Order as Act
from firedoor.connectors.errors import BadSettings, Overtaken, Refused, Unavailable, UnknownCall
from firedoor.connectors.memory import MemoryPlatform
from firedoor.connectors.settings import Settings


def act(number: int = 1, target: str = "@a:x") -> Act:
    return Act("thing", number, "lock_user", "unlock_user", target)


def _act(path: Path) -> int:
    asyncio.run(MemoryPlatform(path=path).apply(act()))
    return os.getpid()


def test_processes_share_what_was_done(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pids = pool.map(_act, [path] * 4)
    (effect,) = MemoryPlatform(path=path).effects()
    assert effect.pid in pids


async def test_faults_are_told_by_any_process(tmp_path: Path) -> None:
    script, worker = MemoryPlatform(path=tmp_path / "p.db"), MemoryPlatform(path=tmp_path / "p.db")
    script.fail(Refused, target="@b:x", times=2)
    script.fail(Unavailable, on="restore", after=True)
    await worker.apply(act())
    for _ in range(2):
        with pytest.raises(Refused):
            await worker.apply(act(target="@b:x"))
    with pytest.raises(Unavailable):
        await worker.restore(act(2), Found(held=False))
    assert not script.held("lock_user", "@a:x")
    script.fail(Refused, times=99)
    script.mend()
    await worker.apply(act(3))


async def test_it_puts_back_other_arguments() -> None:
    platform = MemoryPlatform()
    platform.hold("POST /v1/holds", "x", {"days": 30})
    order = Act("thing", 1, "POST /v1/holds", "POST /v1/unholds", "x", {"days": 90})
    before = await platform.look(order)
    assert before == Found(held=False, detail={"days": 30})
    await platform.apply(order)
    assert (await platform.look(order)).held
    await platform.restore(Act("thing", 2, order.call, order.undo, "x", order.arguments), before)
    assert await platform.look(order) == before


async def test_it_refuses_an_older_number_and_an_answer_that_it_was_not_given() -> None:
    platform = MemoryPlatform()
    await platform.apply(act(2))
    with pytest.raises(Overtaken):
        await platform.restore(act(1), Found(held=False))
    with pytest.raises(UnknownCall):
        await platform.read("GET /v1/matches", {})
    with pytest.raises(UnknownCall):
        await platform.restore(Act("thing", 3, "POST /v1/disclosures"), Found(held=False))


def test_settings(tmp_path: Path) -> None:
    made = MemoryPlatform.from_settings(Settings("double", {"path": str(tmp_path / "p.db"), "at_once": 3}, {}))
    assert (made.name, made.at_once) == ("double", 3)
    with pytest.raises(BadSettings, match="at_once is not between 1 and 64"):
        MemoryPlatform.from_settings(Settings("double", {"at_once": 0}, {}))
