"""Recorded runs replay with today's code: unsandboxed, as workers run, and in the sandbox, which watches for I/O."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.workflow import NondeterminismError

from firedoor.run import pages, walking
from tests.workflows import histories
from tests.workflows import plans as p
from tests.workflows.harness import CROSSES_AT, FEW_ROUNDS, SMALL_PAGE, replayed, sandboxed, staged
from workflows import crossing


@pytest.fixture(params=["unsandboxed", "sandboxed"])
def runner(request: pytest.FixtureRequest) -> WorkflowRunner:
    return sandboxed() if request.param == "sandboxed" else UnsandboxedWorkflowRunner()


def test_there_are_histories() -> None:
    assert len(list(histories.saved())) > 50


async def test_every_history_replays(runner: WorkflowRunner) -> None:
    others = [path for path in histories.saved() if not (crosses(path) or is_paged(path) or is_in_batches(path))]
    await replayed([histories.load(path) for path in others], runner)


async def test_every_history_that_crosses_replays(runner: WorkflowRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were recorded with low bounds, which must not change within a history."""
    monkeypatch.setattr(crossing.BOUNDS, "events", CROSSES_AT[0])
    monkeypatch.setattr(crossing.BOUNDS, "updates", CROSSES_AT[1])
    await replayed([histories.load(path) for path in histories.saved() if crosses(path)], runner)


async def test_every_history_of_a_long_list_replays(runner: WorkflowRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were recorded with small pages."""
    monkeypatch.setattr(pages, "SIZE", SMALL_PAGE)
    paged = [histories.load(path) for path in histories.saved() if is_paged(path)]
    assert paged
    await replayed(paged, runner)


async def test_every_history_of_a_long_loop_replays(runner: WorkflowRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were recorded with small pages, and a low bound on rounds."""
    monkeypatch.setattr(pages, "SIZE", SMALL_PAGE)
    monkeypatch.setattr(walking, "MOST_ROUNDS", FEW_ROUNDS)
    in_batches = [histories.load(path) for path in histories.saved() if is_in_batches(path)]
    assert in_batches
    await replayed(in_batches, runner)


def is_in_batches(path: Path) -> bool:
    return path.name.startswith("long-loop.")


def is_paged(path: Path) -> bool:
    return path.name.startswith("many.")


def crosses(path: Path) -> bool:
    return path.name.startswith("crossing.")


async def test_another_history_does_not_replay() -> None:
    """So the tests above can fail."""
    history = histories.load(next(path for path in histories.saved() if path.name.startswith("contain-above")))
    scheduled = next(e for e in history.events if e.HasField("activity_task_scheduled_event_attributes"))
    scheduled.activity_task_scheduled_event_attributes.activity_type.name = "another"
    with pytest.raises(NondeterminismError):
        await replayed([history])


async def test_a_run_of_the_engine_before_goes_on_as_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clock was met by the first round of a loop, and nobody was asked when the second one was skipped."""
    (path,) = [path for path in histories.saved() if path.name.startswith("engine-2-clock-of-a-loop")]
    await replayed([histories.load(path)])
    monkeypatch.setattr(crossing, "engine", lambda before=1: 3)
    with pytest.raises(NondeterminismError):
        await replayed([histories.load(path)])


async def test_a_run_in_the_sandbox(client: Client, tmp_path: Path) -> None:
    """Alive as well: it believes the keys that the worker was given, and acts."""
    async with staged(client, tmp_path, workflow_runner=sandboxed()) as stage:
        run = await stage.launch(p.plan(p.contain(), p.approve(), p.wait(duration=1), p.undo("0")))
        await run.answer("omar", await run.ask("1"), "approve")
        assert await run.result() == "completed"
        assert len(stage.platform.effects()) == 4
