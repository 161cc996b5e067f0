"""Loops over long lists, in batches: on a real server, with the worker killed in the middle."""

from __future__ import annotations

import re
import signal
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
from tests.workflows.directory import Directory, is_public, owner_of
from tests.workflows.harness import CROSSES_AT, SMALL_PAGE, Run, Stage, staged
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
async def stage(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(pages, "SIZE", SMALL_PAGE)
    monkeypatch.setattr(walking, "MOST_ROUNDS", 100)
    async with staged(client, tmp_path, platform=Directory("memory", path=tmp_path / "platform.sqlite3")) as stage:
        yield stage


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
