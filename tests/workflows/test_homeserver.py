"""Runs that contain on a real homeserver, torn at every step: what its users see, the ledger and the timeline agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from firedoor.connectors.synapse import SynapsePlatform
from firedoor.embedded.homeserver import Homeserver
from firedoor.plan import Action
from firedoor.records.ledger import EntryState
from tests.connectors.http_platform import Served
from tests.connectors.synapse_gate import SynapseGate
from tests.embedded.users import Users
from tests.workflows import plans as p
from tests.workflows.harness import CROSSES_AT, Run, Stage, staged
from tests.workflows.test_reset import before_the_first_word, check_record, history, reset, tasks
from workflows import crossing

LOCK = Action(
    name="lock",
    does="Lock it",
    target="account",
    connector="synapse",
    call="lock_user",
    undo="unlock_user",
    retries_for=60,
)
PLAN = p.plan(p.contain(), p.approve(p.POLICY, p.LEGAL), p.undo("0"), p.task(), actions={"lock": LOCK})


@pytest.fixture
async def users(homeserver: Homeserver) -> Users:
    return await Users.made(homeserver, 2)


@pytest.fixture
def gate(homeserver: Homeserver) -> SynapseGate:
    return SynapseGate(homeserver.url)


@pytest.fixture
async def stage(client: Client, tmp_path: Path, homeserver: Homeserver, gate: SynapseGate) -> AsyncIterator[Stage]:
    with Served(gate.app()) as served:
        platform = SynapsePlatform(served.url, homeserver.admin_token)
        async with staged(client, tmp_path, works=False) as stage:
            stage.beside["synapse"] = platform
            async with stage.worker():
                yield stage
        await platform.close()


def check_once(run: Run, gate: SynapseGate) -> None:
    told = gate.locks()
    assert Counter(told) == {(account, held): 1 for account, _ in told for held in (True, False)}
    assert len(told) == 4
    entries = run.stage.records.ledger.of_incident(run.incident)
    assert [entry.state for entry in entries] == [EntryState.UNDONE] * 2
    kinds = Counter(row.kind for row in run.rows())
    assert (kinds["hold.applied"], kinds["approval.signed"], kinds["hold.undone"], kinds["task.done"]) == (1, 2, 1, 1)


@pytest.fixture
def crosses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing.BOUNDS, "events", CROSSES_AT[0])
    monkeypatch.setattr(crossing.BOUNDS, "updates", CROSSES_AT[1])


@pytest.mark.usefixtures("crosses")
async def test_a_run_that_crosses_at_every_step(stage: Stage, users: Users, gate: SynapseGate) -> None:
    run = await stage.launch(PLAN, inputs={"accounts": list(users.ids)})
    ask = await run.ask("1")
    assert await users.locked() == [True, True]
    await run.answer("omar", ask, "approve")
    await run.answer("maria", ask, "approve")
    await run.answer("niamh", await run.ask("3"), "done")
    assert await run.result() == "completed"
    assert len(await stage.chain(run.incident)) > 3
    assert await users.locked() == [False, False]
    check_once(run, gate)


async def test_a_run_that_is_reset_before_its_approvals(stage: Stage, users: Users, gate: SynapseGate) -> None:
    run = await stage.launch(PLAN, inputs={"accounts": list(users.ids)})
    ask = await run.ask("1")
    await run.until(lambda view: view.recorded == view.rows[-1].seq)
    for person in ("omar", "maria"):
        await run.answer(person, ask, "approve")
    await run.ask("3")
    await reset(run, before_the_first_word(await history(run)))
    await run.answer("niamh", await run.ask("3"), "done")
    assert await run.result() == "completed"
    assert await users.locked() == [False, False]
    check_once(run, gate)
    check_record(run)


async def test_a_run_that_is_reset_to_its_beginning_finds_what_it_has_locked(
    stage: Stage, users: Users, gate: SynapseGate
) -> None:
    run = await stage.launch(PLAN, inputs={"accounts": list(users.ids)})
    await run.ask("1")
    await reset(run, tasks(await history(run))[0] + 1)
    ask = await run.ask("1")
    for person in ("omar", "maria"):
        await run.answer(person, ask, "approve")
    await run.answer("niamh", await run.ask("3"), "done")
    assert await run.result() == "completed"
    assert await users.locked() == [False, False]
    check_once(run, gate)
