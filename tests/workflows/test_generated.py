"""Books made by chance run to their end on the engine, whoever answers what."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from firedoor.compiler.book import compile_book
from firedoor.protocol import Answer, AskView
from tests.compiler.generated import MADE, Book, books
from tests.run.driver import PEOPLE
from tests.run.test_properties import GO_ON
from tests.workflows.harness import Run, Stage

ANSWERS = {"GET /copies": ["post-2", "post-3"], "uploader_of": "@owner", "GET /reports": 5}
MOST_ROUNDS = 60
"""Of answers, or of a day in which nobody can give one."""


def _few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@given(book=books())
@_few(3)
async def test_a_made_book_runs_to_its_end(skipping: Stage, book: Book) -> None:
    await _runs(skipping, book)


@pytest.mark.long
@pytest.mark.timeout(3600)
@given(book=books())
@_few(60)
async def test_many_made_books_run_to_their_end(skipping: Stage, book: Book) -> None:
    await _runs(skipping, book)


async def _runs(stage: Stage, book: Book) -> None:
    actions = book.files["actions.yaml"].decode()
    for connector in ("synapse", "http"):
        actions = actions.replace(f"connector: {connector}", "connector: memory")
    text = book.text.partition("review:\n")[0]  # no time is skipped while a review, which is a child, goes on
    made = compile_book(Path("book"), {**book.files, "actions.yaml": actions.encode(), MADE: text.encode()})
    for call, answer in ANSWERS.items():
        stage.platform.answer(call, answer)
    run = await stage.launch(made.plans["made"], inputs=book.given())
    for _ in range(MOST_ROUNDS):
        if (await run.handle.describe()).status is not WorkflowExecutionStatus.RUNNING:
            break
        asks = (await run.view()).asks
        if not any([await _answered(run, ask) for ask in asks]):
            with suppress(TimeoutError, RPCError):  # it may have closed meanwhile, and then no time passes
                await asyncio.wait_for(run.forward(hours=24), 5)
    assert await run.result() in ("completed", "stopped", "undone")
    assert run.kinds()[0] == "run.launched"


async def _answered(run: Run, ask: AskView) -> bool:
    """Whether somebody may answer it, so that it goes on; the launcher is among those who may not."""
    choice = next((choice for choice in GO_ON if choice in ask.choices), "done")
    now = await run.now()
    for person, holds in {**PEOPLE, "niamh": ("crt", "crt.on_shift", "commander")}.items():
        if not any(str(who) in (*holds, person) or f"{who}.on_shift" in holds for who in ask.to):
            continue
        word = Answer(
            person=person,
            holds=holds,
            incident=run.incident,
            plan=run.plan.digest,
            nonce=f"{ask.id}-{person}-{now.timestamp()}",
            ask=ask.id,
            document=ask.document,
            choice=choice,
            reason="so",
            proof="CASE-1",
            issued=now,
            expires=now + timedelta(minutes=5),
        )
        try:
            await run.send(run.stage.key.sign(word))
        except WorkflowUpdateFailedError:
            continue
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return True  # the run has closed meanwhile
        return True
    return False
