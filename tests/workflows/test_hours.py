"""Deadlines, ladders, clocks and leases of hours and days, with the server's skipped time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from firedoor.plan import Audience, Consequence, Review, ReviewTask, Span, Updates
from tests.workflows import plans as p
from tests.workflows.harness import Run, Stage, refused

EXPIRES = Consequence(kind="undo")
HOUR = timedelta(hours=1)


async def hours_of(run: Run, kind: str) -> list[float]:
    """When rows of a kind happened, in hours since the launch."""
    rows = (await run.view()).rows
    return [round((row.at - rows[0].at) / HOUR, 2) for row in rows if row.kind == kind]


def ends_in_the_ledger(run: Run) -> dict[str, datetime | None]:
    """Until when the ledger takes each target for contained: what a watchdog goes by."""
    return {entry.target: entry.until for entry in run.stage.records.ledger.of_incident(run.incident)}


@pytest.mark.history("hours-approval")
async def test_reminder_escalation_silence_and_the_ladder(skipping: Stage) -> None:
    run = await skipping.launch(p.plan(p.approve(deadline=8 * 3600, escalate=2 * 3600)))
    ask = await run.ask("0", "approval")
    await run.forward(hours=1)
    assert (await refused(run.answer("ines", ask, "approve", holds=("policy.manager",))))[0] == "seat"
    await run.forward(hours=2)
    assert await hours_of(run, "ask.escalated") == [2.0]
    assert [str(who) for who in skipping.doubles.notices[-1].audience] == ["policy.manager"]
    await run.forward(hours=2)
    assert (await hours_of(run, "ask.reminded"))[0] == 4.0
    await run.forward(hours=3.5)
    question = await run.ask("0", "question")
    assert question.choices == ("again", "continue", "stop", "undo_all")
    await run.forward(hours=1)
    assert await hours_of(run, "step.unanswered") == [8.0]
    question = await run.ask("0", "question")
    assert question.to == ("commander", "crt.manager"), "an unanswered question climbs"
    late = await run.ask("0", "approval")
    assert late.late
    assert (await run.answer("ines", late, "approve", holds=("policy.manager",))).says.endswith("is approved.")
    assert await run.result() == "completed"
    assert not (await run.view()).asks, "a late signature closes the question about the silence"


async def test_a_signature_after_the_end_is_refused_where_silence_has_decided(skipping: Stage) -> None:
    inner = p.group(p.approve(deadline=3600, on_timeout=p.LEAVE), p.contain())
    run = await skipping.launch(p.plan(inner, p.task()))
    ask = await run.ask("0.0")
    await run.forward(hours=1.1)
    assert (await refused(run.answer("omar", ask, "approve")))[0] == "closed"
    await run.answer("niamh", await run.ask("1"), "done")
    assert await run.result() == "completed"
    assert not skipping.platform.effects()


async def test_a_question_about_silence_can_be_asked_again(skipping: Stage) -> None:
    run = await skipping.launch(p.plan(p.approve(deadline=3600)))
    first = await run.ask("0")
    await run.forward(hours=1.1)
    await run.answer("niamh", await run.ask("0", "question"), "again")
    second = await run.ask("0", "approval", but=(first.id,))
    assert second.deadline is not None
    assert first.deadline is not None
    assert second.deadline - first.deadline > HOUR
    assert (await refused(run.answer("omar", first, "approve")))[0] == "closed"
    await run.answer("omar", second, "approve")
    assert await run.result() == "completed"


@pytest.mark.history("hours-task")
async def test_a_task_that_is_not_done(skipping: Stage) -> None:
    run = await skipping.launch(p.plan(p.task(due=p.due(4), on_timeout=p.STOP), p.contain()))
    await run.ask("0")
    await run.forward(hours=4.5)
    assert await run.result() == "stopped"
    assert not skipping.platform.effects()


@pytest.mark.history("hours-clock")
async def test_a_clock_of_72_hours_is_breached_and_met_late(skipping: Stage) -> None:
    run = await skipping.launch(p.plan(p.task(meets=("gdpr",)), clocks=(p.clock("gdpr", 72 * 3600),)))
    ask = await run.ask("0")
    await run.forward(hours=71)
    assert (await run.view()).clocks[0].state == "running"
    await run.forward(hours=2)
    assert (await run.view()).clocks[0].state == "breached"
    assert await hours_of(run, "clock.breached") == [72.0]
    assert len([notice for notice in skipping.doubles.notices if notice.key == "clock:gdpr"]) == 1
    await run.answer("niamh", ask, "done")
    await run.result()
    assert run.kinds().count("clock.met") == 1


@pytest.mark.history("hours-lease")
async def test_a_lease_of_14_days_ends_after_the_response(skipping: Stage) -> None:
    lease = p.contain(expires=14 * 86_400, on_expiry=EXPIRES)
    run = await skipping.launch(p.plan(lease))
    view = await run.until(lambda view: view.phase == "holding")
    assert view.next_act.startswith("Holding: lock for @a:x")
    assert all(hold.until and hold.until - view.launched_at >= timedelta(days=14) for hold in view.holds)
    await run.forward(days=13)
    assert {hold.state for hold in (await run.view()).holds} == {"applied"}
    assert "Extended" in (await run.command("ana", "extend", step="0", value=86_400)).says
    await run.forward(days=1.5)
    assert {hold.state for hold in (await run.view()).holds} == {"applied"}
    assert ends_in_the_ledger(run) == {hold.target: hold.until for hold in (await run.view()).holds}
    await run.forward(days=1)
    assert await run.result() == "completed"
    assert not skipping.records.ledger.held(run.incident)
    assert run.kinds()[-4:] == ["hold.expired", "hold.undoing", "hold.undone", "run.closed"]


@pytest.mark.history("hours-expiry-asks")
async def test_a_lease_whose_end_is_asked_about(skipping: Stage) -> None:
    lease = p.contain(expires=86_400, on_expiry=Consequence(kind="ask", asks=p.COMMANDER))
    run = await skipping.launch(p.plan(lease))
    await run.until(lambda view: view.phase == "holding")
    await run.forward(days=1.01)
    ask = await run.ask("0", "question")
    assert ask.choices == ("undo", "again", "keep")
    assert "for @a:x, @b:x" in ask.words, "what was contained together is one question"
    assert skipping.platform.held("lock", "@a:x"), "nothing expires into the open by silence"
    await run.answer("niamh", ask, "again")
    await run.until(lambda view: not view.asks)
    await run.forward(hours=1)
    assert ends_in_the_ledger(run) == {hold.target: hold.until for hold in (await run.view()).holds}
    await run.forward(days=1.01)
    await run.answer("niamh", await run.ask("0", "question"), "keep", reason="its owner cannot be reached")
    assert await run.result() == "completed"
    assert ends_in_the_ledger(run) == {"@a:x": None, "@b:x": None}


@pytest.mark.history("hours-updates")
async def test_updates_are_repeated_while_the_response_runs(skipping: Stage) -> None:
    updates = Updates(every={"sev2": 3600}, to=(Audience(who=p.CRT),), say=p.text("Still at it"))
    run = await skipping.launch(p.plan(p.task(), updates=updates))
    ask = await run.ask("0")
    await run.forward(hours=3.5)
    await run.until(lambda view: [row.kind for row in view.rows].count("update.sent") == 3)
    await run.answer("niamh", ask, "done")
    await run.result()
    assert len(skipping.doubles.told("update:")) == 3


@pytest.mark.history("hours-wait")
async def test_a_wait_of_two_days_between_acts(skipping: Stage) -> None:
    run = await skipping.launch(p.plan(p.contain(), p.wait(duration=2 * 86_400), p.undo("0")))
    await run.until(lambda view: view.steps[1].state == "asking")
    await run.forward(days=1)
    assert skipping.platform.held("lock", "@a:x")
    await run.forward(days=1.01)
    assert await run.result() == "completed"
    assert not skipping.platform.held("lock", "@a:x")


REVIEW = Review(
    owner=p.COMMANDER,
    meeting_within={"sev2": Span(business_days=5)},
    tasks=(ReviewTask(words=p.text("Tell the holder why"), assign=p.LEGAL, due=p.due(48), at="x:9"),),
)


@pytest.mark.history("hours-review")
async def test_a_review_outlives_its_incident_and_is_chased(skipping: Stage) -> None:
    run = await skipping.launch(p.plan(p.contain(), review=REVIEW))
    assert await run.result() == "completed"
    view = await run.review()
    assert [(item.id, item.assign, item.state) for item in view.items] == [
        ("meeting", "commander", "open"),
        ("task-1", "legal", "open"),
    ]
    review = run.of_review()
    await review.forward(hours=25)
    reminded = [notice for notice in skipping.doubles.notices if notice.subject.startswith("Reminder")]
    assert [str(notice.audience[0]) for notice in reminded] == ["legal.on_shift"]
    await review.forward(hours=24)
    assert [row.words for row in (await run.review()).rows if row.kind == "review.reminded"][1].endswith("overdue.")

    task = await review.item("task-1")
    assert (await refused(review.answer("omar", task, "done")))[0] == "role"
    assert (await refused(review.answer("maria", task, "verify")))[0] == "choice"
    assert "Someone else has to verify it" in (await review.answer("maria", task, "done", proof="D-4")).says
    assert (await refused(review.answer("maria", task, "verify")))[0] == "changed"
    done = await review.item("task-1")
    assert (await refused(review.answer("maria", done, "verify")))[0] == "role"
    await review.answer("omar", done, "again", reason="It names the wrong account")
    await review.answer("maria", await review.item("task-1"), "done")
    await review.answer("omar", await review.item("task-1"), "verify")
    await review.answer("niamh", await review.item("meeting"), "done")
    await review.answer("boss", await review.item("meeting"), "verify")
    assert await review.handle.result() == 2
    assert [row.kind for row in run.rows() if row.seq > 1_000_000].count("review.verify") == 2
