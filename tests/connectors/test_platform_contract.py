"""The one contract of all platforms: the double in memory, a real HTTP server, a real homeserver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from firedoor.connectors.contract import Found
from firedoor.connectors.contract import Order as Act
from firedoor.connectors.errors import Overtaken, TargetMissing, Unavailable, UnknownCall
from firedoor.embedded.homeserver import Homeserver
from firedoor.records.all import open_records
from tests.connectors.desk import Desk
from tests.connectors.http_platform import HttpService, Served
from tests.connectors.kits import HttpKit, Kit, MemoryKit, SynapseKit
from tests.connectors.synapse_gate import SynapseGate

KITS = [
    "memory",
    "memory that compares no numbers",
    "memory that knows no numbers",
    "memory that cannot be looked at",
    "http",
    "http that compares no numbers",
    "http that cannot be looked at",
    "synapse lock_user",
    "synapse suspend_user",
    "synapse quarantine_media",
    "synapse shadow_ban_user",
    "synapse throttle_user",
    "synapse block_room",
]
IRREVERSIBLE = ["synapse end_sessions", "synapse redact_user", "synapse close_room"]
KNOWS_NO_NUMBERS = [name for name in KITS if "knows no" in name or "synapse" in name]
KNOWS_NUMBERS = [name for name in KITS if name not in KNOWS_NO_NUMBERS]
COMPARES = [name for name in KNOWS_NUMBERS if "compares no" not in name]
LOOKS = [name for name in KITS if "cannot be looked at" not in name]

that = partial(pytest.mark.parametrize, "kit", indirect=True)
"""Where a promise is not made by all of them, or by those too that have no undo."""


@pytest.fixture(params=KITS)
async def kit(request: pytest.FixtureRequest, homeserver: Homeserver) -> AsyncIterator[Kit]:
    name: str = request.param
    fences, keys, looks = name in COMPARES, name in KNOWS_NUMBERS, name in LOOKS
    made: Kit
    if name.startswith("memory"):
        made = MemoryKit(fences=fences, keys=keys, looks=looks)
        yield made
    elif name.startswith("http"):
        service = HttpService(fences=fences)
        with Served(service.app()) as served:
            made = HttpKit(service, served.url, looks=looks)
            yield made
    else:
        gate = SynapseGate(homeserver.url)
        with Served(gate.app()) as served:
            made = SynapseKit(homeserver, gate, served.url, name.split()[1])
            yield made
    await made.platform.close()


@pytest.fixture
def desk(kit: Kit, tmp_path: Path) -> Desk:
    records = open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")
    return Desk(records, kit.platform, kit.call, kit.undo or None)


async def tried_again(act: Callable[[], Awaitable[object]]) -> None:
    """As an activity is: a homeserver answers 500 where a limit is set and taken away in one moment."""
    try:
        await act()
    except Unavailable:
        await act()


async def test_an_act_holds_and_its_undo_lets_go(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    await desk.hold("one", target)
    assert await kit.held(target)
    assert kit.effects() == 1

    assert (await desk.let_go("one", target)).state == "undone"
    assert not await kit.held(target)
    assert kit.effects() == 2


@that(argvalues=KNOWS_NUMBERS)
async def test_the_same_number_acts_once(kit: Kit) -> None:
    target = await kit.new_target()
    act = Act("thing", 1, kit.call, kit.undo, target)
    await asyncio.gather(*(kit.platform.apply(act) for _ in range(3)))
    await kit.platform.apply(act)
    assert await kit.held(target)
    assert kit.effects() == 1


@that(argvalues=KNOWS_NO_NUMBERS)
async def test_the_same_again_changes_nothing_where_no_number_is_known(kit: Kit) -> None:
    target = await kit.new_target()
    act = Act("thing", 1, kit.call, kit.undo, target)
    await asyncio.gather(*(kit.platform.apply(act) for _ in range(3)))
    assert await kit.held(target)
    await kit.platform.restore(act, Found(held=False))
    assert not await kit.held(target)


async def test_repeating_an_entry_acts_once(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    for _ in range(3):
        await desk.hold("one", target)
    assert kit.effects() == 1
    for _ in range(3):
        await desk.let_go("one", target)
    assert kit.effects() == 2
    assert not await kit.held(target)


@that(argvalues=IRREVERSIBLE)
async def test_what_has_no_undo_is_done_once_and_not_taken_back(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    assert not await kit.held(target)
    for incident in ("one", "one", "two"):
        await desk.hold(incident, target)
    assert await kit.held(target)
    assert kit.effects() == 1
    with pytest.raises(UnknownCall, match="nothing takes"):
        await kit.platform.restore(Act("thing", 2, kit.call, None, target), Found(held=False))


async def test_an_older_number_never_overrides_a_newer_one(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    open_gate = kit.hold_back()
    late = asyncio.create_task(desk.hold("one", target))
    async with asyncio.timeout(20):
        while desk.ledger.find("one", "0", target, 1) is None:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)  # its act is on its way
    letting_go = asyncio.create_task(desk.let_go("one", target))
    await asyncio.sleep(0.2)
    open_gate()
    await asyncio.gather(late, letting_go)
    assert not await kit.held(target)
    assert not desk.ledger.holders(letting_go.result().thing)


async def test_a_late_release_does_not_free_what_another_incident_holds_by_now(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    await desk.hold("one", target)
    open_gate = kit.hold_back()
    late = asyncio.create_task(desk.let_go("one", target))
    await asyncio.sleep(0.2)
    holding = asyncio.create_task(tried_again(lambda: desk.hold("two", target)))
    await asyncio.sleep(0.2)
    open_gate()
    await asyncio.gather(late, holding)
    assert await kit.held(target)
    assert [entry.incident for entry in desk.ledger.holders(late.result().thing)] == ["two"]


@that(argvalues=COMPARES)
async def test_a_platform_that_compares_numbers_refuses_an_older_one(kit: Kit) -> None:
    """Where it cannot, the fence converges instead, as the two tests above show."""
    target = await kit.new_target()
    await kit.platform.apply(Act("thing", 2, kit.call, kit.undo, target))
    with pytest.raises(Overtaken):
        await kit.platform.restore(Act("thing", 1, kit.call, kit.undo, target), Found(held=False))
    assert await kit.held(target)


@that(argvalues=LOOKS)
async def test_undo_restores_what_was_there_before(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    await kit.meddle(target, held=True)
    await desk.hold("one", target)
    released = await desk.let_go("one", target)
    assert await kit.held(target)
    assert released.kept
    assert kit.effects() == 0


@that(argvalues=LOOKS)
async def test_what_someone_outside_undid_is_done_again_for_the_next_incident(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    await desk.hold("one", target)
    await kit.meddle(target, held=False)
    await desk.hold("two", target)
    assert await kit.held(target)


@pytest.mark.parametrize("first", ["one", "two"])
async def test_two_incidents_hold_one_target_until_the_last_lets_go(kit: Kit, desk: Desk, first: str) -> None:
    target = await kit.new_target()
    await desk.hold("one", target)
    await desk.hold("two", target)
    assert kit.effects() == 1

    kept = await desk.let_go(first, target)
    assert kept.state == "undone"
    assert kept.kept
    assert await kit.held(target)
    assert kit.effects() == 1

    last = await desk.let_go("two" if first == "one" else "one", target)
    assert not last.kept
    assert not await kit.held(target)
    assert kit.effects() == 2


@that(argvalues=KITS + IRREVERSIBLE)
async def test_a_missing_target_is_a_failure_that_is_not_retried(kit: Kit) -> None:
    target = await kit.missing_target()
    with pytest.raises(TargetMissing) as caught:
        await kit.platform.apply(Act("thing", 1, kit.call, kit.undo, target))
    assert not caught.value.retryable
    assert kit.effects() == 0 or "quarantine" in kit.call


@that(argvalues=KITS + IRREVERSIBLE)
async def test_a_503_is_a_failure_that_is_retried_when_the_platform_says(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    kit.fail_next(retry_after=timedelta(seconds=7))
    with pytest.raises(Unavailable) as caught:
        await desk.hold("one", target)
    assert caught.value.retryable
    assert caught.value.retry_after == timedelta(seconds=7)
    assert not await kit.held(target)


@that(argvalues=KITS + IRREVERSIBLE)
async def test_an_act_whose_answer_was_lost_is_not_done_twice(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    kit.fail_next(after=True)
    with pytest.raises(Unavailable):
        await desk.hold("one", target)
    await desk.hold("one", target)
    assert await kit.held(target)
    assert kit.effects() == 1


async def test_a_release_whose_answer_was_lost_is_not_done_twice(kit: Kit, desk: Desk) -> None:
    target = await kit.new_target()
    await desk.hold("one", target)
    kit.fail_next(after=True)
    with pytest.raises(Unavailable):
        await desk.let_go("one", target)
    assert (await desk.let_go("one", target)).state == "undone"
    assert not await kit.held(target)
    assert kit.effects() == 2


async def test_check_passes_for_good_settings(kit: Kit) -> None:
    await kit.platform.check()
