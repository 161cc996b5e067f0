"""Recorded runs replay with today's code: unsandboxed, as workers run, and in the sandbox, which watches for I/O."""

from __future__ import annotations

import pytest
from temporalio.worker import UnsandboxedWorkflowRunner

from tests.workflows import histories
from tests.workflows.harness import replayed, sandboxed


def test_there_are_histories() -> None:
    assert len(list(histories.saved())) > 30


async def test_every_history_replays() -> None:
    await replayed([histories.load(path) for path in histories.saved()], UnsandboxedWorkflowRunner())


async def test_every_history_replays_in_the_sandbox() -> None:
    await replayed([histories.load(path) for path in histories.saved()], sandboxed())


async def test_another_history_does_not_replay() -> None:
    """So the tests above can fail."""
    history = histories.load(next(path for path in histories.saved() if path.name.startswith("contain-above")))
    wrong = history.events[:]
    scheduled = next(event for event in wrong if event.HasField("activity_task_scheduled_event_attributes"))
    scheduled.activity_task_scheduled_event_attributes.activity_type.name = "another"
    with pytest.raises(Exception, match="[Nn]ondeterminism"):
        await replayed([type(history)(history.workflow_id, wrong)])
