"""Any interleaving of acts, releases, deaths and retries by several incidents on a target ends where it should.

Every access to the ledger and every request to the platform is a turnstile: the test decides who goes through next, who
dies there, and whose request still lands after its death. At rest:

- a thing is contained if an entry has it applied, and is as it was before if no entry holds it;
- numbers only grow, and each has at most one effect, where the platform knows them;
- what is in doubt is settled by whoever acts on it next, and what could not be undone is, once the platform can.

Where the platform compares no numbers, two things are not claimed: a request that lands after the death of who sent it,
and the death of one whose request has just landed late, when no other attempt begins afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from temporalio.exceptions import ApplicationError

from activities import acting, holding, releasing
from activities.acting import Acts
from activities.attempt import Attempt
from activities.releasing import Releases
from firedoor.connectors import fencing
from firedoor.connectors.contract import Found, Json, Platform
from firedoor.connectors.contract import Order as Act
from firedoor.connectors.errors import ConnectorError, Refused, Unavailable
from firedoor.connectors.memory import MemoryPlatform, Moment
from firedoor.records.all import Records, open_records
from firedoor.records.ledger import OPEN, TO_RELEASE, Entry, EntryState, entries
from firedoor.records.things import things
from tests.activities.orders import contain, release

TARGETS = ("@a:x",)
INCIDENTS = ("one", "two")
MOMENTS: tuple[Moment, ...] = ("apply", "restore", "look")
KINDS: dict[str, Callable[[], MemoryPlatform]] = {
    "compares numbers": MemoryPlatform,
    "compares no numbers": partial(MemoryPlatform, fences=False),
    "knows no numbers": partial(MemoryPlatform, fences=False, keys=False),
    "cannot be looked at": partial(MemoryPlatform, looks=False),
    "neither": partial(MemoryPlatform, fences=False, keys=False, looks=False),
}


ATTEMPT: ContextVar[object] = ContextVar("attempt")
"""Which attempt goes through a turnstile: an attempt runs in several tasks, one at a time."""


class Turnstile:
    """Where every attempt waits before each step; the test opens it for one at a time."""

    def __init__(self) -> None:
        self.waiting: dict[object, asyncio.Future[None]] = {}

    async def __call__(self) -> None:
        attempt = ATTEMPT.get()
        future = asyncio.get_running_loop().create_future()
        self.waiting[attempt] = future
        try:
            await future
        finally:
            del self.waiting[attempt]

    def open(self, attempt: object) -> None:
        self.waiting[attempt].set_result(None)


class SlowPlatform:
    """The double, with a turnstile before each request and before each answer."""

    def __init__(self, memory: MemoryPlatform, turnstile: Turnstile, newest: Callable[[str], int]) -> None:
        self.name, self.at_once = "memory", 1
        self._newest = newest
        self._memory = memory
        self._turnstile = turnstile
        self.on_its_way: dict[object, Callable[[], Awaitable[object]]] = {}
        self.landed_late: set[object] = set()
        """Attempts that have sent what was out of date when it landed."""
        self.call = memory.call
        self.identify = memory.identify
        self.look = memory.look

    async def apply(self, order: Act) -> Found | None:
        await self._send(order, lambda: self._memory.apply(order))
        return None

    async def restore(self, order: Act, before: Found) -> Found | None:
        await self._send(order, lambda: self._memory.restore(order, before))
        return None

    async def read(self, call: str, arguments: Any) -> Json:
        return None

    async def check(self) -> None: ...

    async def close(self) -> None: ...

    async def _send(self, order: Act, request: Callable[[], Awaitable[object]]) -> None:
        attempt = ATTEMPT.get()
        self.on_its_way[attempt] = request
        try:
            await self._turnstile()
        finally:
            del self.on_its_way[attempt]
        if self._newest(order.thing) != order.number:
            self.landed_late.add(attempt)
        await request()
        await self._turnstile()


@dataclass(eq=False)
class FakeAttempt:
    last: bool = False
    stopped: None = None

    def now(self) -> datetime:
        return datetime.now(UTC)

    def left(self) -> timedelta:
        return timedelta(hours=1)

    def allows_another(self, wait: timedelta | None) -> bool:
        return not self.last

    def check_interrupted(self, left: int) -> None: ...

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        yield


@dataclass(eq=False)
class Errand:
    """What an incident wants done to a target, attempt after attempt, until one ends with a report."""

    incident: str
    target: str
    lets_go: bool
    done: bool = False


@dataclass
class World:
    records: Records
    memory: MemoryPlatform
    turnstile: Turnstile = field(default_factory=Turnstile)
    running: dict[object, tuple[asyncio.Task[Any], Errand | None]] = field(default_factory=dict)
    """By attempt; without an errand: what a dead one had sent, still on its way."""
    stuck: set[object] = field(default_factory=set)
    """Attempts that are held up until all others have come to rest."""
    errands: dict[tuple[str, str], Errand] = field(default_factory=dict)
    ordinals: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.platform = SlowPlatform(self.memory, self.turnstile, self._newest)

    def _newest(self, thing: str) -> int:
        with self.records.database.read() as connection:
            return int(connection.execute(select(things.c.wanted_number).where(things.c.key == thing)).scalar_one())

    def start(self, errand: Errand, *, last: bool = False) -> None:
        """Another attempt, whether or not an earlier one has ended: the server may have given up one that lives."""
        attempt = cast("Attempt", FakeAttempt(last))
        ATTEMPT.set(attempt)
        ledger, platform = self.records.ledger, cast("Platform", self.platform)
        step = errand.target
        if errand.lets_go:
            order = release(errand.target, incident=errand.incident, step=step, ordinal=self._ordinal(errand))
            work: Any = Releases(ledger, lambda _: platform, order, attempt).work()
        else:
            act = contain(errand.target, incident=errand.incident, step=step, ordinal=self._ordinal(errand))
            work = Acts(ledger, platform, "memory", act, attempt).work()
        self.running[attempt] = asyncio.ensure_future(work), errand

    def _ordinal(self, errand: Errand) -> int:
        return self.ordinals.setdefault((errand.incident, errand.target), 1)

    def next_errand(self, incident: str, target: str) -> None:
        """Contain, then let go, then contain again under a new ordinal, and so on."""
        now = self.errands.get((incident, target))
        if now is not None and not now.done:
            return
        lets_go = now is not None and not now.lets_go
        if now is not None and now.lets_go:
            self.ordinals[incident, target] += 1
        self.errands[incident, target] = Errand(incident, target, lets_go)
        self.start(self.errands[incident, target])

    def entries(self, errand: Errand) -> list[Entry]:
        return self.records.ledger.of_step(errand.incident, errand.target)

    async def rest(self) -> None:
        """Until every attempt is at a turnstile or has ended."""
        for _ in range(200):
            await asyncio.sleep(0)
            if all(task.done() or attempt in self.turnstile.waiting for attempt, (task, _) in self.running.items()):
                break
        else:
            raise AssertionError("an attempt waits for something else")
        for attempt, (task, errand) in list(self.running.items()):
            if task.done():
                del self.running[attempt]
                error = None if task.cancelled() else task.exception()
                if error is not None and not isinstance(error, ApplicationError):
                    raise error
                if errand is not None and error is None and not task.cancelled():
                    errand.done = True

    async def kill(self, attempt: object, *, lands: bool) -> None:
        """The worker dies here; a request that was on its way may land later nevertheless."""
        request = self.platform.on_its_way.get(attempt)
        task, errand = self.running[attempt]
        if lands and request is not None and errand is not None:
            ghost = object()
            ATTEMPT.set(ghost)
            self.running[ghost] = asyncio.ensure_future(self._land(request)), None
        task.cancel()
        await self.rest()

    async def _land(self, request: Callable[[], Awaitable[object]]) -> None:
        await self.turnstile()
        try:
            await request()
        except ConnectorError:
            return

    def mortal(self) -> list[object]:
        """Who may die: not one whose death is not claimed to be mended."""
        return [attempt for attempt in self.turnstile.waiting if self.memory.fences or not self._owes(attempt)]

    def _owes(self, attempt: object) -> bool:
        if attempt not in self.platform.landed_late:
            return False
        _, errand = self.running[attempt]
        alone = sum(other is errand for _, other in self.running.values()) == 1
        return errand is None or errand.done or not alone

    def moving(self) -> list[object]:
        return [attempt for attempt in self.turnstile.waiting if attempt not in self.stuck]

    async def finish(self) -> None:
        """All that lives goes on to its end, what is stuck last of all, and what died is tried again."""
        for _ in range(4000):
            await self.rest()
            if self.turnstile.waiting:
                self.turnstile.open((self.moving() or list(self.turnstile.waiting))[0])
                continue
            self.stuck.clear()
            left = [errand for errand in self.errands.values() if not errand.done]
            if not left:
                return
            self.memory.mend()
            self.start(left[0])
        raise AssertionError("it does not come to rest")


T = TypeVar("T")


class Choices:
    """A list of numbers, read as decisions; hypothesis makes it shorter and smaller when something fails."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = numbers[::-1]

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def of(self, options: Sequence[T]) -> T:
        return options[(self._numbers.pop() if self._numbers else 0) % len(options)]


async def live(choices: Choices, world: World, *, ghosts: bool) -> None:
    before = {target: choices.of([False, False, True]) and world.memory.looks for target in TARGETS}
    for target, held in before.items():
        if held:
            world.memory.hold("lock_user", target)
    while choices:
        for _ in range(choices.of(range(4, 24))):
            await turn(choices, world, ghosts=ghosts)
        await world.finish()
        check(world, before)
    world.memory.mend()
    await act_again_on_what_is_in_doubt(world, before)
    await let_everything_go(world, before)
    assert {target: world.memory.held("lock_user", target) for target in TARGETS} == before


async def act_again_on_what_is_in_doubt(world: World, before: dict[str, bool]) -> None:
    for errand in world.errands.values():
        if any(entry.state == EntryState.UNKNOWN for entry in world.entries(errand)):
            errand.done = False
    await world.finish()
    check(world, before)
    assert not [
        entry for errand in world.errands.values() for entry in world.entries(errand) if entry.state == "unknown"
    ]


async def let_everything_go(world: World, before: dict[str, bool]) -> None:
    """As people do: a release that has failed is tried again, under a new ordinal."""
    for (incident, target), errand in list(world.errands.items()):
        if any(entry.state in TO_RELEASE for entry in world.entries(errand)):
            world.ordinals[incident, target] += 1
            world.errands[incident, target] = Errand(incident, target, lets_go=True)
    await world.finish()
    check(world, before)
    assert not [
        entry for errand in world.errands.values() for entry in world.entries(errand) if entry.state in TO_RELEASE
    ]


DOES = ["go"] * 8 + ["start"] * 5 + ["stick", "stick", "again", "die", "fail", "give up"]


async def turn(choices: Choices, world: World, *, ghosts: bool) -> None:
    await world.rest()
    moving = world.moving()
    open_ = [errand for errand in world.errands.values() if not errand.done]
    does = choices.of(DOES)
    if does == "go" and moving:
        attempt = choices.of(moving)
        for _ in range(choices.of([1, 2, 4, 8, 12])):
            if attempt not in world.turnstile.waiting:
                break
            world.turnstile.open(attempt)
            await world.rest()
    elif does == "die" and (mortal := world.mortal()):
        await world.kill(choices.of(mortal), lands=ghosts and choices.of([False, True]))
    elif does == "fail":
        on = choices.of(MOMENTS)
        refuses = on == "apply" and choices.of([False, True])
        after = not refuses and on != "look" and choices.of([False, True])
        world.memory.fail(Refused if refuses else Unavailable, on=on, after=after)
    elif does == "stick" and world.platform.on_its_way:
        world.stuck.add(choices.of(list(world.platform.on_its_way)))
    elif does == "again" and open_:
        world.start(choices.of(open_))
    elif does == "give up" and open_:
        errand = choices.of(open_)
        world.start(errand, last=not errand.lets_go)
    else:
        world.next_errand(choices.of(INCIDENTS), choices.of(TARGETS))


def check(world: World, before: dict[str, bool]) -> None:
    for target in TARGETS:
        mine = [entry for incident in INCIDENTS for entry in world.records.ledger.of_step(incident, target)]
        held = world.memory.held("lock_user", target)
        if any(entry.state == EntryState.APPLIED for entry in mine):
            assert held, f"{target} is held by the ledger, and open on the platform"
        elif not any(entry.state in (*OPEN, EntryState.UNDOING, EntryState.UNDO_FAILED) for entry in mine):
            assert held == before[target], f"nobody holds {target}, and it is not as it was"
        numbers = [entry.number for entry in sorted(mine, key=lambda entry: entry.id)]
        assert numbers == sorted(set(numbers))
        effects = [effect.number for effect in world.memory.effects(target=target)]
        if world.memory.keys:
            assert len(effects) == len(set(effects))
        if world.memory.fences:
            assert effects == sorted(effects)


@pytest.mark.parametrize("kind", KINDS)
def test_every_interleaving_ends_where_it_should(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    interleave(kind, 50, monkeypatch)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_very_many_interleavings_end_where_they_should(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    interleave(kind, 1500, monkeypatch)


def interleave(kind: str, examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    records = open_records("sqlite://", synchronous="OFF")
    monkeypatch.setattr(fencing, "PAUSES", (0.0,) * 1000)
    monkeypatch.setattr(fencing, "MOST_TURNS", 1000)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(0, 9999), min_size=200, max_size=400))
    def run(numbers: list[int]) -> None:
        with records.database.write() as connection:
            connection.execute(delete(entries))
            connection.execute(delete(things))
        world = World(records, KINDS[kind]())

        async def direct(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
            await world.turnstile()
            return function(*given, **named)

        for module in (acting, holding, releasing):
            monkeypatch.setattr(module.asyncio, "to_thread", direct)
        asyncio.run(live(Choices(numbers), world, ghosts=world.memory.fences))

    run()
    records.close()
