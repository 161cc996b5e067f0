"""Continue-as-new forced again and again through a whole takeover, with people answering meanwhile: nothing is lost."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from firedoor.plan import Review, ReviewTask
from firedoor.plan.expression import StepField, StepIs
from firedoor.protocol import Receipt, Signed
from firedoor.run import core
from tests.workflows import plans as p
from tests.workflows.harness import CROSSES_AT, Run, Stage
from workflows import crossing

REVIEW = Review(
    owner=p.COMMANDER, tasks=(ReviewTask(words=p.text("Write it up"), assign=p.CRT, due=p.due(24), at="x"),)
)

TAKEOVER = p.plan(
    p.notify(),
    p.contain(),
    p.approve(p.POLICY, p.LEGAL, unlocks=("3",)),
    p.contain("freeze"),
    p.for_each(
        StepField(step="1", field="held"),
        p.task(proof="case number"),
        p.undo("1", targets=p.item("4"), when=StepIs(step="4.0", outcome="done")),
        p.undo("3", targets=p.item("4")),
        at_once=2,
    ),
    p.wait(duration=1),
    p.notify(say=p.text("It is over")),
    review=REVIEW,
)


@pytest.fixture
def crosses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server waits a second between links that follow each other at once, so a run takes its time."""
    monkeypatch.setattr(crossing.BOUNDS, "events", CROSSES_AT[0])
    monkeypatch.setattr(crossing.BOUNDS, "updates", CROSSES_AT[1])


class Racers:
    """People who answer whatever is asked, each several times at once, and who keep their receipts."""

    def __init__(self, run: Run, seed: int) -> None:
        self.run = run
        self.random = random.Random(seed)
        self.acknowledged: dict[str, str] = {}
        """What each nonce got back."""
        self.over = False

    async def play(self) -> None:
        await asyncio.gather(*(self._person(name) for name in ("omar", "yuki", "maria", "niamh", "ana")))

    async def _person(self, person: str) -> None:
        while not self.over:
            try:
                await self._turn(person)
            except RPCError:
                return  # the run is closed
            await asyncio.sleep(self.random.uniform(0, 0.05))

    async def _turn(self, person: str) -> None:
        if person == "ana":
            await self._say(person, None)
        for ask in (await self.run.view()).asks:
            choice = "approve" if ask.kind == "approval" else "done" if ask.kind == "task" else "retry"
            await self._say(person, await self.run.sign(person, ask, choice, proof=f"{person} {ask.id}"))

    async def _say(self, person: str, word: Signed | None) -> None:
        receipts: tuple[Receipt, ...]
        try:
            if word is None:
                receipts = (await self.run.command(person, "note", reason=f"note {self.random.random()}"),)
            else:
                receipts = await asyncio.gather(self.run.send(word), self.run.send(word))
        except WorkflowUpdateFailedError:
            return
        for receipt in receipts:
            before = self.acknowledged.setdefault(receipt.nonce, receipt.says)
            assert before == receipt.says, "the same word gets the same receipt"


@pytest.mark.usefixtures("crosses")
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))])
async def test_a_takeover_that_crosses_all_the_time(stage: Stage, seed: int) -> None:
    run = await stage.launch(TAKEOVER)
    racers = Racers(run, seed)
    playing = asyncio.ensure_future(racers.play())
    assert await run.result(within=60) == "completed"
    racers.over = True
    await playing

    links = await stage.chain(run.incident)
    assert len(links) > 10
    rows = [row for row in run.rows() if row.seq < 1_000_000]
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    counted = Counter(str(row.data["nonce"]) for row in rows if "nonce" in row.data)
    assert set(racers.acknowledged) <= set(counted), "an acknowledged word was lost"
    assert set(counted.values()) == {1}, "a word was counted twice"
    assert Counter((effect.moment, effect.call, effect.target) for effect in stage.platform.effects()) == {
        (moment, call, target): 1
        for moment in ("apply", "restore")
        for call in ("lock", "freeze")
        for target in ("@a:x", "@b:x")
    }
    assert not stage.records.ledger.held(run.incident)
    assert [notice.key for notice in stage.doubles.told("0:")] == ["0:1"]
    assert [notice.key for notice in stage.doubles.told("6:")] == ["6:1"]
    kinds = Counter(row.kind for row in rows)
    assert (kinds["approval.signed"], kinds["task.done"], kinds["review.opened"]) == (2, 2, 1)
    assert len((await run.review()).items) == 1


@pytest.mark.history("crossing")
@pytest.mark.usefixtures("crosses")
async def test_what_crosses_is_all_that_a_run_knows(stage: Stage) -> None:
    """Asks with their documents, deadlines and late signatures; a pause; a severity; clocks; who commands."""
    plan = p.plan(p.contain(), p.approve(p.POLICY, p.LEGAL), p.task(meets=("gdpr",)), clocks=(p.clock("gdpr", 3600),))
    run = await stage.launch(plan)
    ask = await run.ask("1")
    await run.answer("omar", ask, "approve")
    await run.command("ana", "severity", value="sev1")
    again = await run.ask("1")
    assert again.document != ask.document, "the severity is part of what is signed"
    await run.answer("omar", again, "approve")
    await run.command("ana", "pause")
    await run.command("ana", "hand_over", value="maria", reason="now")
    before = await run.view()
    for number in range(6):
        await run.command("maria", "note", reason=str(number))
    view = await run.view()
    assert len(await stage.chain(run.incident)) >= 4
    same = ("asks", "clocks", "severity", "paused", "commander", "holds", "steps", "aware_at", "launched_at")
    assert [getattr(view, name) for name in same] == [getattr(before, name) for name in same]
    assert view.asks[0].seats[0].signed_by == ("omar",)
    await run.command("maria", "resume")
    await run.answer("maria", await run.ask("1"), "approve")
    await run.answer("niamh", await run.ask("2"), "done")
    assert await run.result() == "completed"


@pytest.mark.usefixtures("crosses")
async def test_an_act_in_flight_is_awaited_before_a_run_crosses(stage: Stage) -> None:
    stage.platform.delay = 1.0
    run = await stage.launch(p.plan(p.contain(), p.undo("0")))
    for number in range(4):
        await run.command("ana", "note", reason=str(number))
    assert await run.result() == "completed"
    effects = Counter((effect.moment, effect.target) for effect in stage.platform.effects())
    assert set(effects.values()) == {1}
    assert len(effects) == 4


@pytest.fixture
def small_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing.BOUNDS, "updates", 2)
    monkeypatch.setattr(crossing, "MOST_STATE_BYTES", 100)


@pytest.mark.usefixtures("small_states")
async def test_a_state_that_is_too_large_stays_where_it_is(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.task(), p.contain()))
    for number in range(4):
        await run.command("ana", "note", reason=str(number))
    await run.answer("niamh", await run.ask("0"), "done")
    assert await run.result() == "completed"
    assert len(await stage.chain(run.incident)) == 1


@pytest.fixture
def states_that_shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said stays in the state only until it is recorded, and one long word does not fit."""
    monkeypatch.setattr(crossing.BOUNDS, "updates", 2)
    monkeypatch.setattr(crossing.BOUNDS, "again", 4)
    monkeypatch.setattr(crossing, "MOST_STATE_BYTES", 4_000)
    monkeypatch.setattr(core, "RECENT_ROWS", 1)


@pytest.mark.usefixtures("states_that_shrink")
async def test_a_state_that_was_too_large_crosses_when_it_has_shrunk(stage: Stage) -> None:
    """A case that failed: after one try it never crossed again, and the history grew to the server's end of it."""
    run = await stage.launch(p.plan(p.task(), p.contain()))
    await run.until(lambda view: view.recorded == view.rows[-1].seq)
    await run.command("ana", "note", reason="short")
    await run.command("ana", "note", reason=secrets.token_urlsafe(2_900))
    for number in range(6):
        await run.until(lambda view: view.recorded == view.rows[-1].seq)
        await run.command("ana", "note", reason=str(number))
    await run.answer("niamh", await run.ask("0"), "done")
    assert await run.result() == "completed"
    assert len(await stage.chain(run.incident)) > 1


async def test_a_state_of_an_engine_that_is_not_known_waits_for_a_worker_that_knows_it(stage: Stage) -> None:
    """Failing the run would end an incident because a worker was rolled back."""
    with pytest.raises(ValueError, match="this worker knows"):
        crossing.unpacked(_of_engine(stage, 99))
    run = await stage.launch(p.plan(p.task()))
    await run.ask("0")


def _of_engine(stage: Stage, engine: int) -> bytes:
    from datetime import UTC, datetime

    from firedoor.run.launching import begin

    plan = p.plan(p.task())
    state = begin(plan, stage.sign_launch(plan, "inc-x"), "inc-x", datetime.now(UTC))
    state.engine = engine
    return crossing.packed(state)
