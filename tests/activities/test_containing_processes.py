"""Workers are many: processes that share one database and one platform hold and let go as one would."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from pathlib import Path

from firedoor.connectors.memory import MemoryPlatform
from firedoor.records.ledger import EntryState
from tests.activities.orders import MAYOR, Scene, contain, environment, make_scene, release

TASKS = 8


def scene_in(folder: Path) -> Scene:
    return make_scene(folder, MemoryPlatform(path=folder / "platform.db"))


def _contain(folder: Path, process: int) -> list[str]:
    async def all_at_once() -> list[str]:
        scene = scene_in(folder)
        orders = [contain(incident=f"{process}-{task}") for task in range(TASKS)]
        reports = await asyncio.gather(*(scene.contain(order) for order in orders))
        return [report.outcomes[0].state for report in reports]

    return asyncio.run(all_at_once())


def _release(folder: Path, process: int) -> list[str]:
    async def all_at_once() -> list[str]:
        scene = scene_in(folder)
        orders = [release(incident=f"{process}-{task}") for task in range(TASKS)]
        reports = await asyncio.gather(*(scene.release(order) for order in orders))
        return [report.outcomes[0].state for report in reports]

    return asyncio.run(all_at_once())


def test_two_processes_with_eight_incidents_each_on_one_account(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        held = pool.starmap(_contain, [(tmp_path, 0), (tmp_path, 1)])
        assert held == [["applied"] * TASKS] * 2
        assert scene_in(tmp_path).moments() == ["apply"]
        assert scene_in(tmp_path).held()

        let_go = pool.starmap(_release, [(tmp_path, 0), (tmp_path, 1)])
    states = [state for states in let_go for state in states]
    assert set(states) <= {"undone", "kept"}
    assert "undone" in states
    scene = scene_in(tmp_path)
    assert scene.moments() == ["apply", "restore"]
    assert not scene.held()
    entries = [
        entry for n in range(2) for task in range(TASKS) for entry in scene.records.ledger.of_incident(f"{n}-{task}")
    ]
    assert {entry.state for entry in entries} == {EntryState.UNDONE}
    assert sorted(entry.number for entry in entries) == list(range(1, 2 * TASKS + 1))


def _work(folder: Path, targets: list[str], lets_go: bool) -> None:
    async def work() -> None:
        scene = scene_in(folder)
        scene.platform.delay = 0.01
        if lets_go:
            await environment().run(scene.containing.release, release())
        else:
            await environment().run(scene.containing.contain, contain(*targets))

    asyncio.run(work())


def _kill_in_the_middle(folder: Path, targets: list[str], *, lets_go: bool, done: int) -> None:
    worker = multiprocessing.get_context("spawn").Process(target=_work, args=(folder, targets, lets_go))
    worker.start()
    platform = MemoryPlatform(path=folder / "platform.db")
    deadline = time.monotonic() + 60
    while len(platform.effects()) < done:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()


async def test_a_worker_that_is_killed_in_a_list_doubles_and_loses_none(tmp_path: Path) -> None:
    targets = [MAYOR, *(f"@user-{number}:x" for number in range(99))]
    scene_in(tmp_path)
    _kill_in_the_middle(tmp_path, targets, lets_go=False, done=30)
    scene = scene_in(tmp_path)
    report = await scene.contain(contain(*targets), attempt=2)
    assert {outcome.state for outcome in report.outcomes} == {"applied"}
    assert len(scene.platform.effects()) == 100
    assert len({effect.pid for effect in scene.platform.effects()}) == 2

    _kill_in_the_middle(tmp_path, targets, lets_go=True, done=140)
    released = await scene.release(release(), attempt=2)
    assert {outcome.state for outcome in released.outcomes} == {"undone"}
    assert len(released.outcomes) == 100
    assert len(scene.platform.effects()) == 200
    assert not any(scene.platform.held("lock_user", target) for target in targets)
