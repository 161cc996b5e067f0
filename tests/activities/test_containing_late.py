"""What lands late is corrected by whoever sent it. Where even that fails, the ledger says so of every hold it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from firedoor.connectors import fencing
from firedoor.connectors.contract import Order
from firedoor.connectors.errors import Refused, Unavailable
from firedoor.connectors.memory import MemoryPlatform, Moment
from firedoor.records.ledger import Entry
from tests.activities.orders import LAST, Scene, contain, make_scene, release


@pytest.fixture(params=["can be looked at", "cannot be looked at"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """On a platform that knows no numbers, as most do."""
    monkeypatch.setattr(fencing, "PAUSES", (0.0, 0.0, 0.0))
    looks = request.param == "can be looked at"
    return make_scene(tmp_path, MemoryPlatform(fences=False, keys=False, looks=looks))


@asynccontextmanager
async def late(scene: Scene, on: Moment, work: Awaitable[Any]) -> AsyncIterator[asyncio.Future[Any]]:
    """The first such act of `work` is on its way throughout the block, and lands after it. Gives what `work` will."""
    sent, land = asyncio.Event(), asyncio.Event()

    async def hold_up(moment: Moment, order: Order) -> None:
        if moment == on and not sent.is_set():
            sent.set()
            await land.wait()

    scene.platform.interpose = hold_up
    task = asyncio.ensure_future(work)
    await sent.wait()
    yield task
    land.set()
    await asyncio.wait([task])


def entry(scene: Scene, incident: str) -> Entry:
    return scene.records.ledger.of_incident(incident)[-1]


def states(scene: Scene) -> tuple[str, str]:
    return entry(scene, "one").state.value, entry(scene, "two").state.value


def lost_answer(scene: Scene, on: Moment) -> None:
    scene.platform.fail(Unavailable, on=on, after=True)


async def overtaken_by_another_attempt_and_a_hold(scene: Scene) -> None:
    """A release is tried twice at once, and one incident more holds the account meanwhile."""
    await scene.contain(contain(incident="two"))
    await scene.release(release(), attempt=2)
    assert states(scene) == ("undone", "applied")


async def test_a_release_that_lands_late_and_cannot_be_corrected_puts_the_other_hold_in_doubt(scene: Scene) -> None:
    await scene.contain(contain())
    async with late(scene, "restore", scene.release(release())) as released:
        await scene.contain(contain(incident="two", expires=3600))
        until = entry(scene, "two").until
        scene.platform.fail(Refused, on="apply")
    assert [outcome.state for outcome in released.result().outcomes] == ["undo_failed"]
    assert not scene.held()
    assert states(scene) == ("undo_failed", "unknown")

    assert [outcome.state for outcome in (await scene.release(release(ordinal=2))).outcomes] == ["kept"]
    assert scene.held()
    assert states(scene) == ("undone", "applied")
    assert entry(scene, "two").until == until
    assert entry(scene, "two").error is None


async def test_a_release_that_lands_late_without_an_answer_is_corrected(scene: Scene) -> None:
    await scene.contain(contain())
    async with late(scene, "restore", scene.release(release())):
        await overtaken_by_another_attempt_and_a_hold(scene)
        lost_answer(scene, "restore")
    assert scene.held()
    assert states(scene) == ("undone", "applied")


@pytest.mark.parametrize("answered", [True, False])
async def test_a_late_release_of_what_another_attempt_has_released_puts_the_other_hold_in_doubt(
    scene: Scene, answered: bool
) -> None:
    await scene.contain(contain())
    async with late(scene, "restore", scene.release(release())) as released:
        await overtaken_by_another_attempt_and_a_hold(scene)
        if not answered:
            lost_answer(scene, "restore")
        scene.platform.fail(Unavailable, on="apply")
    assert isinstance(released.exception(), ApplicationError)
    assert not scene.held()
    assert states(scene) == ("undone", "unknown")

    (again,) = (await scene.contain(contain(incident="two"), attempt=2)).outcomes  # any act on it mends it
    assert again.state == "applied"
    assert scene.held()
    assert states(scene) == ("undone", "applied")


async def test_a_hold_in_doubt_is_let_go_like_any_other(scene: Scene) -> None:
    await scene.contain(contain())
    async with late(scene, "restore", scene.release(release())):
        await scene.contain(contain(incident="two"))
        scene.platform.fail(Refused, on="apply")
    (outcome,) = (await scene.release(release(incident="two"))).outcomes
    assert outcome.state == "undone"
    assert not scene.held()


async def test_an_act_that_lands_after_its_release_is_taken_back(scene: Scene) -> None:
    async with late(scene, "apply", scene.contain(contain())):
        await scene.contain(contain(), attempt=2)
        await scene.release(release())
        lost_answer(scene, "apply")
    assert not scene.held()
    assert entry(scene, "one").state == "undone"


async def test_an_act_that_lands_after_its_release_and_cannot_be_taken_back_is_still_to_be_undone(scene: Scene) -> None:
    async with late(scene, "apply", scene.contain(contain())):
        await scene.contain(contain(), attempt=2)
        await scene.release(release())
        lost_answer(scene, "apply")
        scene.platform.fail(Unavailable, on="restore")
    assert scene.held()
    assert [held.state.value for held in scene.records.ledger.held("one")] == ["undo_failed"]

    (outcome,) = (await scene.release(release(ordinal=2))).outcomes
    assert outcome.state == "undone"
    assert not scene.held()


async def test_a_refusal_keeps_the_hold_while_another_attempts_act_is_on_its_way(scene: Scene) -> None:
    async with late(scene, "apply", scene.contain(contain(), **LAST)) as first:
        scene.platform.fail(Refused, on="apply")
        (refused,) = (await scene.contain(contain(), attempt=9)).outcomes
        assert refused.state == "unknown"
        lost_answer(scene, "apply")
    assert [outcome.state for outcome in first.result().outcomes] == ["unknown"]
    assert scene.held()
    (outcome,) = (await scene.release(release())).outcomes
    assert outcome.state == "undone"
    assert not scene.held()
