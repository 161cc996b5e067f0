"""Many targets in one step, by reference and in pages: on a real server, with the worker killed in the middle."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from firedoor.connectors.memory import MemoryPlatform
from firedoor.embedded.temporal import TemporalServer
from firedoor.plan.lists import FIRST
from firedoor.protocol import View
from firedoor.records.ledger import EntryState
from firedoor.run import pages
from tests.workflows import plans as p
from tests.workflows.harness import CROSSES_AT, SMALL_PAGE, Run, Stage, staged
from workflows import crossing

ROOT = Path(__file__).parents[2]
LISTED = p.read_of("copies")


def users(count: int) -> list[str]:
    return [f"@user-{number:06}:platform.example" for number in range(count)]


def by_reference(stage: Stage, targets: list[str]) -> dict[str, Any]:
    return {"accounts": stage.records.lists.keep(targets).model_dump(mode="json")}


@contextmanager
def lone_worker(stage: Stage, address: str, folder: Path, size: int) -> Iterator[subprocess.Popen[bytes]]:
    """Ended at the latest when the block is."""
    arguments = [address, stage.queue, str(folder), str(size)]
    process = subprocess.Popen([sys.executable, "-m", "tests.workflows.lone_worker", *arguments], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def effects(folder: Path, moment: str) -> int:
    """How many there are, without taking them all out of the file."""
    connection = sqlite3.connect(folder / "platform.sqlite3", timeout=30)
    (found,) = connection.execute("select count(*) from effects where moment = ?", (moment,)).fetchone()
    connection.close()
    return int(found)


async def until(holds: Callable[[], bool], within: float) -> None:
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, "it does not come to that"
        await asyncio.sleep(0.05)


async def check_size(run: Run, targets: int, most_events: int, capsys: pytest.CaptureFixture[str]) -> None:
    (history,) = await run.stage.chain(run.incident)
    size = sum(event.ByteSize() for event in history.events)
    with capsys.disabled():
        print(f"\n{targets} targets: {len(history.events)} events, {size} bytes")
    assert len(history.events) < most_events
    assert size < 4 * 1024 * len(history.events)
    named = {name for event in history.events for name in re.findall(rb"@user-\d+", event.SerializeToString())}
    assert len(named) <= FIRST, "no list travels through the history"


async def kill_in_the_middle(
    temporal_server: TemporalServer, client: Client, folder: Path, count: int, size: int, capsys: Any, patience: float
) -> None:
    platform = MemoryPlatform("memory", path=folder / "platform.sqlite3")
    async with staged(client, folder, platform=platform, works=False) as stage:
        stage.ring.save(folder / "ring.json")
        targets = users(count)
        plan = p.plan(p.contain(), p.notify())
        run = await stage.launch(plan, inputs=by_reference(stage, targets))
        with lone_worker(stage, temporal_server.address, folder, size) as first:
            await until(lambda: effects(folder, "apply") > count // 2, patience)
            first.send_signal(signal.SIGKILL)
        with lone_worker(stage, temporal_server.address, folder, size):
            assert await run.result(patience) == "completed"
        check_once(stage, run, targets, count // size)
        await check_size(run, count, 8 * (count // size) + 60, capsys)


def check_once(stage: Stage, run: Run, targets: list[str], pages_of: int) -> None:
    """Ledger, platform and timeline agree: each target was contained, once."""
    entries = stage.records.ledger.of_incident(run.incident)
    assert Counter(entry.target for entry in entries) == Counter(targets)
    assert {(entry.state, entry.number) for entry in entries} == {(EntryState.APPLIED, 1)}
    done = stage.platform.effects()
    assert Counter(effect.target for effect in done) == Counter(targets)
    assert len({effect.pid for effect in done}) == 2, "the second worker went on where the first was killed"
    told = [row for row in run.rows() if row.kind == "hold.applied"]
    assert len(told) == pages_of
    assert sum(row.data["count"] for row in told) == len(targets)
    assert not any("@user-0" in row.words for row in told)


async def test_three_thousand_targets_and_a_kill(
    temporal_server: TemporalServer,
    client: Client,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "SIZE", 500)  # the histories are replayed here
    await kill_in_the_middle(temporal_server, client, tmp_path, 3_000, 500, capsys, 120)


@pytest.mark.long
@pytest.mark.timeout(7200)
async def test_a_hundred_thousand_targets_and_a_kill(
    temporal_server: TemporalServer, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await kill_in_the_middle(temporal_server, client, tmp_path, 100_000, pages.SIZE, capsys, 3600)


# --- in this process ----------------------------------------------------------------------------------------------------


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SIZE", SMALL_PAGE)


def holds(count: int) -> Callable[[View], bool]:
    return lambda view: any(step.detail == f"{count} contained" for step in view.steps)


@pytest.mark.usefixtures("_small_pages")
@pytest.mark.history("many")
async def test_what_fails_is_asked_about_and_everything_is_undone_in_pages(stage: Stage) -> None:
    targets = users(180)
    stage.platform.missing(targets[70])
    run = await stage.launch(p.plan(p.contain(), p.approve()), inputs=by_reference(stage, targets))
    ask = await run.ask("0")
    assert "failed for 1 of 180" in ask.words
    assert targets[70] in ask.words
    await run.answer("niamh", ask, "continue")
    await run.until(holds(179))
    await run.answer("omar", await run.ask("1"), "reject")
    assert await run.result() == "undone"
    entries = stage.records.ledger.of_incident(run.incident)
    assert Counter(entry.state for entry in entries) == {EntryState.UNDONE: 179, EntryState.REFUSED: 1}
    assert Counter(effect.moment for effect in stage.platform.effects()) == {"apply": 179, "restore": 179}
    assert run.kinds().count("hold.undone") == 4


@pytest.mark.usefixtures("_small_pages")
async def test_a_pause_in_the_middle_and_then_undo_all(stage: Stage) -> None:
    targets = users(150)
    stage.platform.delay = 0.02
    run = await stage.launch(p.plan(p.contain(), p.approve()), inputs=by_reference(stage, targets))
    await until(lambda: len(stage.platform.effects()) > 60, 30)
    await run.command("niamh", "pause")
    await run.until(lambda view: view.paused and not stage.records.ledger.unsettled(view.launched_at))
    done = len(stage.platform.effects())
    assert done < 150
    await run.command("niamh", "resume")
    await until(lambda: len(stage.platform.effects()) > done + 20, 30)
    await run.command("niamh", "undo_all")
    assert await run.result() == "undone"
    moments = Counter((str(effect.target), effect.moment) for effect in stage.platform.effects())
    assert set(moments.values()) == {1}
    assert not stage.records.ledger.held(run.incident)
    applied = [target for target, moment in moments if moment == "apply"]
    assert sorted(applied) == sorted(target for target, moment in moments if moment == "restore")


@pytest.mark.usefixtures("_small_pages")
async def test_a_run_crosses_between_pages_and_within_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing.BOUNDS, "events", CROSSES_AT[0])
    targets = users(200)
    stage.platform.delay = 0.01
    run = await stage.launch(p.plan(p.contain(), p.wait(duration=1), p.undo("0")), inputs=by_reference(stage, targets))
    assert await run.result(120) == "completed"
    assert len(await stage.chain(run.incident)) > 5
    moments = Counter((str(effect.target), effect.moment) for effect in stage.platform.effects())
    assert set(moments.values()) == {1}
    assert len(moments) == 400


async def test_a_long_answer_is_written_down_and_goes_by_reference(stage: Stage) -> None:
    copies = users(600)
    stage.platform.answer("copies", copies)
    run = await stage.launch(p.plan(p.contain(targets=LISTED)))
    assert await run.result() == "completed"
    assert sorted(str(effect.target) for effect in stage.platform.effects()) == copies
    (history,) = await stage.chain(run.incident)
    named = {name for event in history.events for name in re.findall(rb"@user-\d+", event.SerializeToString())}
    assert len(named) <= FIRST
