"""Launches that cannot run fail as launches, at once; and a plan of one's own, through Temporal's port, does nothing."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from firedoor import protocol
from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.plan.model import MOST_BYTES
from firedoor.protocol import Signed
from tests.workflows import plans as p
from tests.workflows.harness import Stage
from workflows import trust

PLAN = p.plan(p.contain(), p.notify())


async def failure(stage: Stage, plan: Any, launch: Any, incident: str) -> str:
    return await failed(stage, [plan, launch, None], incident)


async def failed(stage: Stage, given: list[Any], incident: str, workflow: str = protocol.INCIDENT) -> str:
    handle = await stage.client.start_workflow(workflow, args=given, id=incident, task_queue=stage.queue)
    with pytest.raises(WorkflowFailureError) as caught:
        await asyncio.wait_for(handle.result(), 10)
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "Unfit"
    return caught.value.cause.message


@pytest.mark.history("launch-unfit")
async def test_a_launch_with_wrong_inputs(stage: Stage) -> None:
    run = await stage.launch(PLAN, inputs={"accounts": [], "acounts": ["@a:x"]})
    with pytest.raises(WorkflowFailureError) as caught:
        await run.result()
    words = str(caught.value.cause)
    assert "This launch cannot run: " in words
    assert "accounts: has 0 items; give at least 1" in words
    assert 'acounts: is no input of this playbook; write "accounts"' in words
    assert not stage.platform.effects()


async def test_launches_that_are_none(stage: Stage) -> None:
    incident = f"inc-{uuid4().hex[:10]}"
    launch = stage.sign_launch(PLAN, incident)
    assert "cannot be decompressed" in await failure(stage, b"no plan", launch, incident)
    assert "over the bound" in await failure(stage, b"x" * (MOST_BYTES + 1), launch, incident)
    assert "another run" in await failure(stage, PLAN.pack(), launch, "inc-other")
    assert "another run" in await failure(stage, p.plan(p.notify()).pack(), launch, incident)
    assert "this is no launch" in await failure(stage, PLAN.pack(), Signed(body="[]", key="", signature=""), incident)


async def test_arguments_of_a_wrong_kind_fail_as_a_launch(stage: Stage) -> None:
    """A case that failed: what could not be decoded failed the workflow task, for ever."""
    plan, launch = PLAN.pack(), stage.sign_launch(PLAN, "inc-x")
    wrong: list[tuple[list[Any], str]] = [
        ([], "started with 0 arguments"),
        ([plan], "started with 1 arguments"),
        ([plan, launch, None, 4], "started with 4 arguments"),
        (["plan", launch, None], "first argument is no packed plan"),
        ([{"plan": 1}, launch, None], "first argument is no packed plan"),
        ([plan, "launch", None], "second argument is no signed launch"),
        ([plan, {"body": 7}, None], "second argument is no signed launch"),
        ([plan, None, None], "second argument is no signed launch"),
        ([plan, launch, "state"], "third argument is no packed state"),
        ([plan, launch, b"state"], "third argument is no packed state"),
    ]
    for given, words in wrong:
        assert words in await failed(stage, given, f"inc-{uuid4().hex[:10]}"), given
    for given, words in (([], "0 arguments"), (["x", None], "not what a review starts from"), ([1, 2, 3], "3 arg")):
        assert words in await failed(stage, given, f"inc-{uuid4().hex[:10]}-review", protocol.REVIEW), given


async def test_a_plan_that_cannot_be_walked_fails_as_a_launch(stage: Stage) -> None:
    loose = p.plan(p.undo("7"))
    incident = f"inc-{uuid4().hex[:10]}"
    assert "cannot be walked" in await failure(stage, loose.pack(), stage.sign_launch(loose, incident), incident)


async def test_a_run_that_was_launched_wrongly_takes_no_words(stage: Stage) -> None:
    run = await stage.launch(PLAN, inputs={})
    with pytest.raises(WorkflowFailureError):
        await run.result()
    with pytest.raises(Exception, match="This launch cannot run"):
        await run.view()


@pytest.mark.history("home-made")
async def test_a_home_made_plan_contains_nothing_and_says_so(stage: Stage) -> None:
    """Signed with a key of one's own, it runs, and every act is refused where it would act."""
    mallory = SigningKey.generate()
    incident = f"inc-{uuid4().hex[:10]}"
    true = stage.sign_launch(PLAN, incident)
    own = Signed(body=true.body, key=mallory.id, signature=true.signature)
    run = await stage.launch(PLAN, incident=incident, signed=own, known=False)
    ask = await run.ask("0", "question")
    assert "the launch of this run is not believed: it is signed with a key that is not known here" in ask.words
    assert not stage.platform.effects()
    assert not stage.records.ledger.of_incident(incident)


async def test_a_launch_that_was_signed_for_another_plan_contains_nothing(stage: Stage) -> None:
    """A true launch does not carry over to a plan that was changed."""
    incident = f"inc-{uuid4().hex[:10]}"
    true = stage.sign_launch(PLAN, incident)
    changed = p.plan(p.contain("hide"))
    body = true.body.replace(PLAN.digest, changed.digest)
    run = await stage.launch(changed, incident=incident, signed=true.model_copy(update={"body": body}))
    ask = await run.ask("0", "question")
    assert "its signature does not fit what it says" in ask.words
    assert not stage.platform.effects()


async def test_an_act_believes_no_worker(stage: Stage) -> None:
    """Whoever poses as a worker can let in a decision that nobody signed. The act looks for itself."""
    forger = SigningKey.generate()
    fooled = KeyRing({stage.key.id: stage.key.public, forger.id: forger.public})
    trust.believe(fooled)
    run = await stage.launch(p.plan(p.approve(unlocks=("1",)), p.contain("freeze")))
    await run.answer("omar", await run.ask("0"), "approve", key=forger)
    ask = await run.ask("1", "question")
    assert "a decision is not believed: it is signed with a key that is not known here" in ask.words
    assert not stage.platform.effects()
