"""A worker may die between any two lines. Then another attempt runs, and all is as if nothing had happened."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firedoor.connectors.memory import MemoryPlatform
from tests.activities.orders import MAYOR, Scene, contain, environment, make_scene, release, row

SEAMS = {
    "of_step", "enter", "wanted", "begin", "applied", "undone", "find", "release", "refuse", "doubt", "renew",
    "identify", "look", "apply", "restore",
}  # fmt: skip


class Died(Exception):
    """The worker is gone."""


class Saboteur:
    """Dies at the `at`-th seam, counted over everything that it wraps: just before a line, or just after it."""

    def __init__(self, at: int) -> None:
        self._left = at
        self.died = False

    def wrap(self, thing: Any) -> Any:
        return _Wrapped(thing, self)

    def seam(self) -> None:
        if self.died or self._left == 0:
            self.died = True
            raise Died
        self._left -= 1


class _Wrapped:
    def __init__(self, thing: Any, saboteur: Saboteur) -> None:
        self._thing = thing
        self._saboteur = saboteur

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._thing, name)
        if name not in SEAMS:
            return member
        return (
            _awaited(member, self._saboteur) if inspect.iscoroutinefunction(member) else _called(member, self._saboteur)
        )


def _awaited(member: Callable[..., Any], saboteur: Saboteur) -> Callable[..., Any]:
    async def call(*given: Any, **named: Any) -> Any:
        saboteur.seam()
        result = await member(*given, **named)
        saboteur.seam()
        return result

    return call


def _called(member: Callable[..., Any], saboteur: Saboteur) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        saboteur.seam()
        result = member(*given, **named)
        saboteur.seam()
        return result

    return call


PLATFORMS = {
    "compares numbers": (True, True),
    "compares no numbers": (False, True),
    "cannot be looked at": (True, False),
    "neither": (False, False),
}


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> MemoryPlatform:
    fences, looks = PLATFORMS[request.param]
    return MemoryPlatform(fences=fences, looks=looks)


async def dies_at_each_seam(work: Callable[[Scene], Any], scenes: Callable[[], Scene]) -> Any:
    """Yields each scene after a death at the next seam, until there is none left to die at."""
    for at in range(1000):
        scene = scenes()
        saboteur = Saboteur(at)
        try:
            await work(scene.sibling(saboteur.wrap))
        except Died:
            yield scene
        else:
            assert at > 8, "the sabotage touched nothing"
            return


@pytest.fixture
def scenes(tmp_path: Path, platform: MemoryPlatform) -> Callable[[], Scene]:
    count = iter(range(1000))

    def make() -> Scene:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        return make_scene(folder, MemoryPlatform(fences=platform.fences, looks=platform.looks))

    return make


async def test_an_act_that_dies_anywhere_has_one_effect(scenes: Callable[[], Scene]) -> None:
    order = contain(rows=(row(1),))

    async def act(scene: Scene) -> None:
        await environment().run(scene.containing.contain, order)

    async for scene in dies_at_each_seam(act, scenes):
        (outcome,) = (await scene.contain(order, attempt=2)).outcomes
        assert (outcome.state, outcome.number) == ("applied", 1)
        assert scene.moments() == ["apply"]
        (undone,) = (await scene.release(release())).outcomes
        assert undone.state == "undone"  # what was there before was not overwritten by what the dead attempt did
        assert not scene.held()
        assert scene.moments() == ["apply", "restore"]


async def test_an_act_that_dies_anywhere_can_be_undone(scenes: Callable[[], Scene]) -> None:
    async def act(scene: Scene) -> None:
        await environment().run(scene.containing.contain, contain())

    async for scene in dies_at_each_seam(act, scenes):
        report = await scene.release(release(MAYOR))
        assert [outcome.state for outcome in report.outcomes] == ["undone"]
        assert not scene.held()


async def test_an_act_that_dies_anywhere_keeps_what_others_had_locked(tmp_path: Path) -> None:
    count = iter(range(1000))

    def locked() -> Scene:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        scene = make_scene(folder, MemoryPlatform(fences=False))
        scene.platform.hold("lock_user", MAYOR)
        return scene

    async def act(scene: Scene) -> None:
        await environment().run(scene.containing.contain, contain())
        await environment().run(scene.containing.release, release())

    async for scene in dies_at_each_seam(act, locked):
        await scene.contain(contain(), attempt=2)
        await scene.release(release(), attempt=2)
        assert scene.held()
        assert scene.moments() == []


async def test_a_release_that_dies_anywhere_lets_go_once(scenes: Callable[[], Scene]) -> None:
    async def let_go(scene: Scene) -> None:
        await environment().run(scene.containing.release, release())

    async for scene in dies_at_each_seam(let_go, await_each(scenes)):
        (outcome,) = (await scene.release(release(), attempt=2)).outcomes
        assert outcome.state == "undone"
        assert not scene.held()
        assert scene.moments() == ["apply", "restore"]


def await_each(scenes: Callable[[], Scene]) -> Callable[[], Scene]:
    """Scenes in which one incident holds the account already, entered and done by hand, without an event loop."""

    def make() -> Scene:
        import asyncio
        import threading

        scene = scenes()
        runner = threading.Thread(target=lambda: asyncio.run(scene_contains(scene)))
        runner.start()
        runner.join()
        return scene

    return make


async def scene_contains(scene: Scene) -> None:
    await scene.contain(contain())


async def test_a_second_incident_that_dies_anywhere_changes_nothing(scenes: Callable[[], Scene]) -> None:
    async def hold_and_let_go(scene: Scene) -> None:
        await environment().run(scene.containing.contain, contain(incident="two"))
        await environment().run(scene.containing.release, release(incident="two"))

    async for scene in dies_at_each_seam(hold_and_let_go, await_each(scenes)):
        await scene.contain(contain(incident="two"), attempt=2)
        await scene.release(release(MAYOR, incident="two"), attempt=2)
        assert scene.held()
        assert scene.moments() == ["apply"]
        (outcome,) = (await scene.release(release())).outcomes
        assert outcome.state == "undone"
        assert not scene.held()
        assert scene.moments() == ["apply", "restore"]


async def test_a_death_in_a_list_loses_and_doubles_none(scenes: Callable[[], Scene]) -> None:
    targets = [f"@{name}:x" for name in "abc"]

    async def act(scene: Scene) -> None:
        scene.platform.at_once = 1
        await environment().run(scene.containing.contain, contain(*targets))

    async for scene in dies_at_each_seam(act, scenes):
        report = await scene.contain(contain(*targets), attempt=2)
        assert [outcome.state for outcome in report.outcomes] == ["applied"] * 3
        assert sorted(effect.target or "" for effect in scene.platform.effects()) == targets
