"""Loops over long lists, in batches: on a real server, with the worker killed in the middle."""

from __future__ import annotations

import re
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.embedded.temporal import TemporalServer
from firedoor.plan import Audience, Plan
from firedoor.plan.expression import Expr, Prose, Read
from firedoor.plan.lists import FIRST
from firedoor.records.ledger import EntryState
from firedoor.run import pages, walking
from tests.workflows import plans as p
from tests.workflows.conftest import keep
from tests.workflows.directory import Directory, is_public, owner_of
from tests.workflows.harness import CROSSES_AT, FEW_ROUNDS, SMALL_PAGE, Run, Stage, staged
from tests.workflows.test_many import by_reference, effects, lone_worker, until, users
from workflows import crossing

LOOP = "0"


def asked_of(name: str, loop: str = LOOP, **more: Any) -> Read:
    return Read(call=name, site=name, argument=p.item(loop), **more)


PUBLIC = asked_of("is_public", type="yes_no")
OWNER = asked_of("owner_of", type="account")


def about(item: Expr) -> Any:
    return p.text("").model_copy(update={"by_language": {"*": Prose(of=("We locked ", item))}})


def looped(*more: Any, at_once: int = 16, **options: Any) -> Plan:
    """Lock each account that is public, and tell its owner."""
    lock = p.contain("lock", p.item(LOOP), when=PUBLIC, id="take")
    tell = p.notify(audience=(Audience(of=OWNER),), say=about(p.item(LOOP)))
    return p.plan(p.for_each(p.ACCOUNTS, lock, tell, at_once=at_once, **options), *more)


def check_items(stage: Stage, run: Run, targets: list[str]) -> None:
    """Ledger, platform and messages agree about each item, and nothing happened twice."""
    public = [target for target in targets if is_public(target)]
    entries = stage.records.ledger.of_incident(run.incident)
    assert Counter(entry.target for entry in entries) == Counter(public)
    assert {entry.step for entry in entries} == {"0.0"}
    assert {(entry.state, entry.number) for entry in entries} == {(EntryState.APPLIED, 1)}
    assert Counter(str(effect.target) for effect in stage.platform.effects()) == Counter(public)
    told = stage.channel.sent()
    assert Counter(one.message.address for one in told) == Counter(owner_of(target) for target in targets)
    texts = {one.message.address: one.message.text for one in told}
    assert all(texts[owner_of(target)] == f"We locked {target}" for target in targets)
    assert isinstance(stage.platform, Directory)
    every = [("is_public", target) for target in targets] + [("owner_of", target) for target in targets]
    assert stage.platform.asked().keys() == set(every)


async def check_history(run: Run, items: int, most_events: int, capsys: pytest.CaptureFixture[str]) -> None:
    (history,) = await run.stage.chain(run.incident)
    size = sum(event.ByteSize() for event in history.events)
    with capsys.disabled():
        print(f"\na loop over {items} items: {len(history.events)} events, {size} bytes")
    assert len(history.events) < most_events
    named = {name for event in history.events for name in re.findall(rb"@user-\d+", event.SerializeToString())}
    assert len(named) <= 4 * FIRST + items // 100, "no list travels through the history"


@pytest.fixture
async def stage(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    monkeypatch.setattr(pages, "SIZE", SMALL_PAGE)
    monkeypatch.setattr(walking, "MOST_ROUNDS", FEW_ROUNDS)
    async with staged(client, tmp_path, platform=Directory("memory", path=tmp_path / "platform.sqlite3")) as stage:
        yield stage
        await keep(stage, request)


@pytest.mark.history("long-loop")
async def test_each_item_is_contained_where_its_condition_holds_and_its_owner_is_told(stage: Stage) -> None:
    targets = users(180)
    run = await stage.launch(looped(), inputs=by_reference(stage, targets))
    assert await run.result() == "completed"
    check_items(stage, run, targets)
    view = await run.view()
    assert [(step.path, step.detail) for step in view.steps] == [
        ("0", "180 items"),
        ("0.0", "120 contained, 60 not needed"),
        ("0.1", "told about 180"),
    ]


def sent(folder: Path) -> int:
    """How many messages have arrived, without taking them all out of the file."""
    connection = sqlite3.connect(folder / "channel.sqlite3", timeout=30)
    (found,) = connection.execute("select count(*) from sent").fetchone()
    connection.close()
    return int(found)


async def kill_in_the_middle(
    temporal_server: TemporalServer, client: Client, folder: Path, count: int, size: int, capsys: Any, patience: float
) -> None:
    platform = Directory("memory", path=folder / "platform.sqlite3")
    channel = MemoryChannel("memory", path=folder / "channel.sqlite3")
    async with staged(client, folder, platform=platform, channel=channel, works=False) as stage:
        stage.ring.save(folder / "ring.json")
        targets = users(count)
        plan = looped(p.task(), at_once=32)
        run = await stage.launch(plan, inputs=by_reference(stage, targets))
        with lone_worker(stage, temporal_server.address, folder, size) as first:
            await until(lambda: effects(folder, "apply") > count // 4, patience)
            first.send_signal(signal.SIGKILL)
        with lone_worker(stage, temporal_server.address, folder, size) as second:
            await until(lambda: sent(folder) > count // 2, patience)
            second.send_signal(signal.SIGKILL)
        with lone_worker(stage, temporal_server.address, folder, size):
            await until(lambda: sent(folder) == count, patience)
            await run.ask("1", "task")
            check_items(stage, run, targets)
            assert len({one.pid for one in channel.sent()}) == 2, "a third worker went on where the second was killed"
            assert platform.asked().total() <= 2 * count + 4 * 32, "what was answered is asked no more"
            await check_history(run, count, 40 * (count // size) + 80, capsys)
            await run.command("niamh", "undo", step="take", reason="a mistake")
            await run.until(lambda view: not stage.records.ledger.held(run.incident), patience)
            await run.answer("luis", await run.ask("1", "task"), "done")
            assert await run.result(patience) == "completed"
        moments = Counter((str(effect.target), effect.moment) for effect in stage.platform.effects())
        assert set(moments.values()) == {1}
        assert {moment for _, moment in moments} == {"apply", "restore"}
        assert len(moments) == 2 * sum(is_public(target) for target in targets)


@pytest.mark.timeout(600)
async def test_three_thousand_items_and_two_kills(
    temporal_server: TemporalServer,
    client: Client,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "SIZE", 500)  # the histories are replayed here
    await kill_in_the_middle(temporal_server, client, tmp_path, 3_000, 500, capsys, 240)


@pytest.mark.long
@pytest.mark.timeout(7200)
async def test_twenty_thousand_items_and_two_kills(
    temporal_server: TemporalServer, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await kill_in_the_middle(temporal_server, client, tmp_path, 20_000, pages.SIZE, capsys, 3600)


# --- in this process ----------------------------------------------------------------------------------------------------


async def test_what_fails_is_asked_about_and_the_owner_is_told_once_it_is_contained(stage: Stage) -> None:
    targets = users(130)
    missing, silent = targets[61], targets[7]
    assert isinstance(stage.platform, Directory)
    stage.platform.missing(missing)
    stage.platform.silent.add(silent)
    plan = looped(p.task())
    run = await stage.launch(plan, inputs=by_reference(stage, targets))
    unread = await run.ask("0.0", "question")
    assert silent in unread.words
    failed = await run.ask("0.0", "question", but=[unread.id])
    assert "failed for 1 of" in failed.words
    await run.ask("1", "task")
    told = {one.message.address for one in stage.channel.sent()}
    assert told == {owner_of(target) for target in targets if target not in (missing, silent)}
    stage.platform.silent.clear()
    await run.answer("niamh", unread, "retry")
    await until(lambda: bool(stage.channel.sent(owner_of(silent))), 30)
    assert not stage.channel.sent(owner_of(missing)), "nobody has decided about it yet"
    await run.answer("niamh", failed, "continue")
    await until(lambda: bool(stage.channel.sent(owner_of(missing))), 30)
    assert Counter(one.message.address for one in stage.channel.sent()) == Counter(owner_of(t) for t in targets)
    await run.answer("luis", await run.ask("1", "task"), "done")
    assert await run.result() == "completed"
    view = await run.view()
    assert [step.detail for step in view.steps[1:3]] == ["85 contained, 44 not needed", "told about 130"]


async def test_a_pause_in_the_middle_and_then_undo_all(stage: Stage) -> None:
    targets = users(160)
    stage.platform.delay = 0.05
    run = await stage.launch(looped(p.approve(), at_once=2), inputs=by_reference(stage, targets))
    await until(lambda: len(stage.platform.effects()) > 20, 30)
    await run.command("niamh", "pause")
    await run.until(lambda view: view.paused and not stage.records.ledger.unsettled(view.launched_at))
    done = len(stage.platform.effects())
    await run.command("niamh", "resume")
    await until(lambda: len(stage.platform.effects()) > done + 10, 30)
    await run.command("niamh", "undo_all")
    assert await run.result() == "undone"
    moments = Counter((str(effect.target), effect.moment) for effect in stage.platform.effects())
    assert set(moments.values()) == {1}
    assert not stage.records.ledger.held(run.incident)
    assert not stage.channel.sent()
    applied = [target for target, moment in moments if moment == "apply"]
    assert sorted(applied) == sorted(target for target, moment in moments if moment == "restore")


async def test_a_run_crosses_with_a_long_loop_under_way(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing.BOUNDS, "events", CROSSES_AT[0])
    targets = users(150)
    stage.platform.delay = 0.01
    run = await stage.launch(looped(), inputs=by_reference(stage, targets))
    assert await run.result(120) == "completed"
    assert len(await stage.chain(run.incident)) > 3
    check_items(stage, run, targets)


async def test_a_loop_that_holds_people_asks_and_says_why(stage: Stage) -> None:
    plan = p.plan(p.for_each(p.ACCOUNTS, p.task(), p.contain("lock", p.item(LOOP))))
    run = await stage.launch(plan, inputs=by_reference(stage, users(600)))
    ask = await run.ask("0")
    assert "600 items are more than the 200 that this loop may take, since it holds a task (plan:5)" in ask.words


async def test_what_was_not_signed_for_is_contained_for_no_item(stage: Stage) -> None:
    freeze = p.contain("freeze", p.item("1"))
    plan = p.plan(p.approve(p.POLICY, on_reject=p.GO_ON, unlocks=("1.0",)), p.for_each(p.ACCOUNTS, freeze))
    run = await stage.launch(plan, inputs=by_reference(stage, users(120)))
    await run.answer("omar", await run.ask("0"), "reject")
    ask = await run.ask("1.0")
    assert "policy has not signed" in ask.words
    assert not stage.platform.effects()


async def test_what_was_signed_for_is_contained_for_each_item(stage: Stage) -> None:
    freeze = p.contain("freeze", p.item("1"))
    plan = p.plan(p.approve(p.POLICY, unlocks=("1.0",)), p.for_each(p.ACCOUNTS, freeze))
    targets = users(120)
    run = await stage.launch(plan, inputs=by_reference(stage, targets))
    await run.answer("omar", await run.ask("0"), "approve")
    assert await run.result() == "completed"
    assert sorted(str(effect.target) for effect in stage.platform.effects()) == targets
