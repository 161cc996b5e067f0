"""An order of one's own, sent through Temporal's port straight to the acts: nothing is contained or let go, and why is
said. Whoever reads the port has the signed launch and every signed word, so these orders carry true ones.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from firedoor.plan import Consequence, Input, Plan, Seat
from firedoor.plan.expression import Const, Given, InputValue, Read, StepField, StepIs
from firedoor.protocol import CONTAIN, RELEASE, Command, ContainOrder, Decision, Order, ReleaseOrder, Warrant
from firedoor.run import reducer
from tests.workflows import plans as p
from tests.workflows.harness import HOLDS, Run, Stage

PLAN = p.plan(
    p.contain("lock", expires=3600, on_expiry=p.ASK),
    p.contain("hide", arguments={"reason": Const(value="taken over")}),
    p.approve(on_reject=p.UNDO_ALL),
)


@workflow.defn(name="Mallory")
class Mallory:
    """Somebody's own workflow, that orders an act of this installation's workers."""

    @workflow.run
    async def run(self, act: str, queue: str, order: dict[str, Any]) -> None:
        await workflow.execute_activity(
            act,
            order,
            task_queue=queue,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@pytest.fixture
async def mallory(stage: Stage) -> AsyncIterator[str]:
    queue = f"mallory-{uuid4().hex[:10]}"
    async with Worker(stage.client, task_queue=queue, workflows=[Mallory], workflow_runner=UnsandboxedWorkflowRunner()):
        yield queue


async def refused(stage: Stage, queue: str, act: str, order: Order) -> str:
    """Why the act was not done. Whatever it says, nothing has been changed by it."""
    before = stage.platform.effects()
    entries = stage.records.ledger.of_incident(order.incident)
    with pytest.raises(WorkflowFailureError) as caught:
        await stage.client.execute_workflow(
            "Mallory",
            args=[act, stage.queue, order.model_dump(mode="json")],
            id=f"mallory-{uuid4().hex[:10]}",
            task_queue=queue,
        )
    failure = caught.value.cause
    assert isinstance(failure, ActivityError)
    assert isinstance(failure.cause, ApplicationError)
    assert failure.cause.type == "NoWarrant"
    assert stage.platform.effects() == before
    assert stage.records.ledger.of_incident(order.incident) == entries
    return failure.cause.message


async def contained(stage: Stage, plan: Plan = PLAN) -> Run:
    run = await stage.launch(plan)
    await run.ask("2", "approval")
    assert {entry.target for entry in stage.records.ledger.held(run.incident)} == {"@a:x", "@b:x"}
    return run


async def launch_of(run: Run) -> Warrant:
    (row,) = [row for row in (await run.view()).rows if row.kind == "run.launched"]
    assert row.signed is not None
    return Warrant(launch=row.signed)


async def test_to_let_go_before_anybody_said_so(stage: Stage, mallory: str) -> None:
    run = await contained(stage)
    warrant = await launch_of(run)
    for step, action in (("0", "lock"), ("1", "hide")):
        for targets in (None, ("@a:x",)):
            order = ReleaseOrder(
                incident=run.incident,
                warrant=warrant,
                step=step,
                ordinal=1,
                action=PLAN.actions[action],
                targets=targets,
                cause="undo all",
            )
            assert "nobody has signed for letting go" in await refused(stage, mallory, RELEASE, order)

    ask = await run.ask("2", "approval")
    mine = await run.sign("stranger", ask, "reject", holds=("comms",))
    order = order.model_copy(update={"warrant": warrant.model_copy(update={"commands": (mine,)})})
    assert "nobody has signed for letting go" in await refused(stage, mallory, RELEASE, order)

    await run.answer("omar", ask, "reject")
    assert await run.result() == "undone"
    assert not stage.records.ledger.held(run.incident), "and who may say so is heard"


async def test_to_let_go_before_anybody_has_verified_the_owner(stage: Stage, mallory: str) -> None:
    plan = p.plan(
        p.contain("lock"),
        p.for_each(
            StepField(step="0", field="held"),
            p.task(id="identity"),
            p.undo("0", targets=p.item("1"), when=StepIs(step="1.0", outcome="done")),
            at_once=2,
        ),
    )
    run = await stage.launch(plan)
    first, second = await run.ask("1[0].0", "task"), await run.ask("1[1].0", "task")
    order = ReleaseOrder(
        incident=run.incident,
        warrant=await launch_of(run),
        step="0",
        ordinal=1,
        action=plan.actions["lock"],
        targets=("@a:x",),
        cause="mine",
    )
    assert "nobody has signed for letting go" in await refused(stage, mallory, RELEASE, order)

    document = await run.document(second.id)
    await run.answer("niamh", second, "done")
    await run.until(lambda view: [hold.state for hold in view.holds] == ["applied", "undone"])
    (row,) = [row for row in (await run.view()).rows if row.kind == "task.done"]
    assert row.signed is not None
    other = Decision(signed=row.signed, document=document)
    order = order.model_copy(update={"warrant": order.warrant.model_copy(update={"decisions": (other,)})})
    assert "nobody has signed for letting go" in await refused(stage, mallory, RELEASE, order)

    await run.answer("niamh", first, "done")
    await run.result()
    assert not stage.records.ledger.held(run.incident), "and what was verified goes, without a question"


async def test_to_let_go_because_it_is_said_to_be_calm(stage: Stage, mallory: str) -> None:
    """What a wait has waited for is the run's word: without a signature for what follows it lets nothing go."""
    calm = Read(call="is_calm", site="calm", type="yes_no")
    stage.platform.answer("is_calm", False)
    plan = p.plan(
        p.contain("lock"),
        p.approve(on_reject=Consequence(kind="continue")),
        p.wait(until=calm, check_every=1),
        p.approve(on_reject=Consequence(kind="continue"), unlocks=("4",)),
        p.undo("0", when=StepIs(step="3", outcome="approved")),
    )
    run = await stage.launch(plan)
    other = await run.ask("1", "approval")
    document = await run.document(other.id)
    await run.answer("omar", other, "approve")
    await run.until(lambda view: "wait.begun" in [row.kind for row in view.rows])
    order = ReleaseOrder(
        incident=run.incident,
        warrant=await launch_of(run),
        step="0",
        ordinal=1,
        action=plan.actions["lock"],
        targets=("@a:x", "@b:x"),
        cause="it is calm",
    )
    assert "nobody has signed for letting go" in await refused(stage, mallory, RELEASE, order)
    (row,) = [row for row in (await run.view()).rows if row.kind == "approval.signed"]
    assert row.signed is not None
    signed = Decision(signed=row.signed, document=document)
    order = order.model_copy(update={"warrant": order.warrant.model_copy(update={"decisions": (signed,)})})
    assert "nobody has signed for letting go" in await refused(stage, mallory, RELEASE, order), "of another step"

    stage.platform.answer("is_calm", True)
    await run.answer("omar", await run.ask("3", "approval"), "approve")
    assert await run.result() == "completed"
    assert not stage.records.ledger.held(run.incident), "and what was signed for goes, without a question"


async def test_to_contain_again_what_was_undone(stage: Stage, mallory: str) -> None:
    run = await contained(stage)
    order = ContainOrder(
        incident=run.incident,
        warrant=await launch_of(run),
        step="0",
        ordinal=2,
        action=PLAN.actions["lock"],
        targets=("@a:x",),
        expires=3600,
    )
    await run.command("niamh", "undo", step="0")
    await run.until(lambda view: {hold.state for hold in view.holds if hold.step == "0"} == {"undone"})
    assert "nobody has signed since" in await refused(stage, mallory, CONTAIN, order)

    await run.command("niamh", "retry", step="0")
    await run.until(lambda view: {hold.state for hold in view.holds if hold.step == "0"} == {"applied"})

    await run.command("niamh", "undo_all")
    assert await run.result() == "undone"
    words = [row.signed for row in (await run.view()).rows if row.signed is not None and row.kind.startswith("command")]
    order = order.model_copy(
        update={"ordinal": 3, "warrant": order.warrant.model_copy(update={"commands": tuple(words)})}
    )
    assert "nobody has signed since" in await refused(stage, mallory, CONTAIN, order)
    other = order.model_copy(update={"step": "1", "action": PLAN.actions["hide"], "expires": None})
    other = other.model_copy(update={"arguments": {"reason": "taken over"}})
    assert "nobody has signed since" in await refused(stage, mallory, CONTAIN, other)


async def test_to_contain_on_a_condition_that_does_not_hold(stage: Stage, mallory: str) -> None:
    plan = p.plan(
        p.contain("lock"),
        p.group(p.contain("hide"), when=Given(of=InputValue(name="extra", type="account"))),
        p.approve(),
        inputs=(
            Input(name="accounts", type="account", listed=True, at_least=1),
            Input(name="extra", type="account", optional=True),
        ),
    )
    run = await contained(stage, plan)
    order = ContainOrder(
        incident=run.incident,
        warrant=await launch_of(run),
        step="1.0",
        ordinal=1,
        action=plan.actions["hide"],
        targets=("@a:x",),
    )
    assert "does not hold" in await refused(stage, mallory, CONTAIN, order)

    await run.command("niamh", "input", value={"extra": "@e:x"})
    await run.until(lambda view: any(hold.step == "1.0" and hold.state == "applied" for hold in view.holds))


async def test_to_contain_otherwise_than_the_plan_says(stage: Stage, mallory: str) -> None:
    run = await contained(stage)
    order = ContainOrder(
        incident=run.incident,
        warrant=await launch_of(run),
        step="0",
        ordinal=9,
        action=PLAN.actions["lock"],
        targets=("@a:x",),
        expires=3600,
    )
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"expires": None}, "another time than the plan's"),
        ({"expires": 10**9}, "another time than the plan's"),
        ({"arguments": {"reason": "mine"}}, "arguments are not those"),
        ({"step": "1", "action": PLAN.actions["hide"], "expires": None}, "arguments are not those"),
        (
            {"step": "1", "action": PLAN.actions["hide"], "expires": None, "arguments": {"reason": "mine"}},
            "reason is not the one",
        ),
        ({"targets": ("@somebody:else",)}, "nobody gave"),
        ({"action": PLAN.actions["freeze"]}, "not the one of the plan's step"),
    )
    for changes, why in wrong:
        assert why in await refused(stage, mallory, CONTAIN, order.model_copy(update=changes))


async def test_to_contain_what_a_stranger_added(stage: Stage, mallory: str) -> None:
    run = await contained(stage)
    now = datetime.now(UTC)
    word = stage.key.sign(
        Command(
            person="omar",
            holds=HOLDS["omar"],
            incident=run.incident,
            plan=PLAN.digest,
            nonce=uuid4().hex,
            issued=now,
            expires=now + timedelta(minutes=5),
            command="add",
            value={"accounts": ["@c:x"]},
        )
    )
    warrant = (await launch_of(run)).model_copy(update={"commands": (word,)})
    order = ContainOrder(
        incident=run.incident,
        warrant=warrant,
        step="0",
        ordinal=9,
        action=PLAN.actions["lock"],
        targets=("@c:x",),
        expires=3600,
    )
    assert "nobody gave" in await refused(stage, mallory, CONTAIN, order)


async def test_a_manager_who_signs_before_it_escalates(stage: Stage, mallory: str) -> None:
    plan = p.plan(p.contain("lock"), p.wait(duration=1), p.approve(escalate=1800, unlocks=("3",)), p.contain("freeze"))
    assert plan.actions["freeze"].requires == (Seat(who=p.POLICY),)
    run = await contained(stage, plan)
    ask = await run.ask("2", "approval")
    early = await run.sign("ines", ask, "approve", holds=("policy.manager",))
    order = ContainOrder(
        incident=run.incident,
        warrant=Warrant(
            launch=(await launch_of(run)).launch,
            decisions=(Decision(signed=early, document=await run.document(ask.id)),),
        ),
        step="3",
        ordinal=1,
        action=plan.actions["freeze"],
        targets=("@a:x",),
    )
    assert "has not been signed by all who had to" in await refused(stage, mallory, CONTAIN, order)


async def test_a_run_that_heard_its_words_before_they_travelled_asks_and_then_lets_go(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What crossed from an older worker does not have them. It is refused, stays contained, and is asked about."""
    run = await contained(stage)
    with monkeypatch.context() as older:
        older.setattr(reducer, "LETS_GO", ())
        await run.command("niamh", "undo_all")
        first = await run.ask("1", "question")
    assert "nobody has signed for letting go" in first.words
    assert len(stage.records.ledger.held(run.incident)) == 4, "nothing was let go"
    second = await run.ask("0", "question")
    for ask in (first, second):
        await run.answer("niamh", ask, "retry")
    assert await run.result() == "undone"
    assert not stage.records.ledger.held(run.incident)
