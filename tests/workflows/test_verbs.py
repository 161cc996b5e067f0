"""Each verb from its start to its end, on the real server. The histories of these are kept (see CONTRIBUTING)."""

from __future__ import annotations

import pytest

from firedoor.plan import Audience, Consequence, Seat, SeverityRule
from firedoor.plan.expression import Compare, Const, Read, SeverityNow, StepField, StepIs
from tests.workflows import plans as p
from tests.workflows.harness import Stage

COPIES = Read(call="copies", site="copies", type="account", listed=True)
CALM = Read(call="is_calm", site="calm", type="yes_no")


def effects(stage: Stage) -> list[tuple[str, str, str | None]]:
    return [(effect.moment, effect.call, effect.target) for effect in stage.platform.effects()]


@pytest.mark.history("notify")
async def test_notify(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.notify()))
    assert await run.result() == "completed"
    (notice,) = stage.doubles.told("0:")
    assert notice.texts[0].text == "It has begun"
    kinds = run.kinds()
    assert kinds[0] == "run.launched"
    assert kinds[-3:] == ["run.completed", "run.holding", "run.closed"]
    assert kinds.count("notice.sent") == kinds.count("step.done") == 1
    assert [row.seq for row in run.rows()] == list(range(1, len(kinds) + 1))


@pytest.mark.history("notify-accounts")
async def test_notify_the_holders_of_accounts(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.notify(audience=(Audience(who=p.LEGAL), Audience(of=p.ACCOUNTS)))))
    await run.result()
    (notice,) = stage.doubles.told("0:")
    assert [str(who) for who in notice.audience] == ["legal", "@a:x", "@b:x"]


@pytest.mark.history("approve")
async def test_approve_by_two_seats(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.approve(p.POLICY, p.LEGAL)))
    ask = await run.ask("0", "approval")
    first = await run.answer("omar", ask, "approve")
    assert first.says == "Signed. Still needed: legal."
    second = await run.answer("maria", ask, "approve", reason="The law allows it")
    assert second.says.endswith("is approved.")
    assert await run.result() == "completed"
    signed = [row for row in run.rows() if row.kind == "approval.signed"]
    assert [(row.by, row.seq) for row in signed] == [("omar", first.row), ("maria", second.row)]
    assert all(row.signed and row.data["document"] == ask.document for row in signed)


@pytest.mark.history("approve-rejected")
async def test_a_rejection_undoes_everything(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain(), p.contain("hide"), p.approve(), p.notify()))
    ask = await run.ask("2")
    assert (await run.answer("omar", ask, "reject", reason="It is satire")).says.endswith("is refused.")
    assert await run.result() == "undone"
    assert [call for moment, call, _ in effects(stage) if moment == "restore"] == ["hide", "hide", "lock", "lock"]
    assert not stage.records.ledger.held(run.incident)
    assert not stage.doubles.told("3:")


@pytest.mark.history("approve-needs-fact")
async def test_one_fact_is_asked_of_the_commander_and_stops_no_clock(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.approve()))
    ask = await run.ask("0")
    await run.answer("omar", ask, "need_fact", reason="Is it the owner's own device?")
    again = await run.ask("0", "approval")
    assert (again.id, again.deadline, again.document) == (ask.id, ask.deadline, ask.document)
    fact = await run.ask("0", "question")
    await run.answer("niamh", fact, "answer", reason="It is")
    view = await run.until(lambda view: len(view.asks) == 1)
    assert view.asks[0].document == ask.document
    assert [fact.endswith("own device? — niamh answered: It is") for fact in view.asks[0].facts] == [True]
    await run.answer("omar", again, "approve")
    await run.result()
    asked, told = [notice for notice in stage.doubles.notices if "own device" in notice.texts[0].text]
    assert asked.audience == (p.COMMANDER,)
    assert "niamh answered: It is" in told.texts[0].text


@pytest.mark.history("contain-signed")
async def test_contain_what_was_signed_for(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.approve(unlocks=("1",)), p.contain("freeze")))
    ask = await run.ask("0")
    await run.answer("omar", ask, "approve", targets=("@b:x",))
    assert await run.result() == "completed"
    assert effects(stage) == [("apply", "freeze", "@b:x")]
    assert "contain.fewer" in run.kinds()
    (hold,) = stage.records.ledger.held(run.incident)
    assert (hold.target, hold.state, hold.number) == ("@b:x", "applied", 1)


@pytest.mark.history("contain-unsigned")
async def test_without_a_signature_an_act_that_needs_one_is_not_even_tried(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain("freeze")))
    ask = await run.ask("0", "question")
    assert "policy has not signed" in ask.words
    await run.answer("niamh", ask, "skip")
    await run.result()
    assert effects(stage) == []


@pytest.mark.history("contain-found")
async def test_contain_what_a_read_finds(stage: Stage) -> None:
    stage.platform.answer("copies", ["@c:x", "@d:x", "@c:x"])
    run = await stage.launch(p.plan(p.contain("hide", COPIES)))
    await run.result()
    assert sorted(effects(stage)) == [("apply", "hide", "@c:x"), ("apply", "hide", "@d:x")]


@pytest.mark.history("contain-above")
async def test_more_than_expected_is_asked_about(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain(ask_above=1)))
    ask = await run.ask("0", "question")
    assert effects(stage) == []
    await run.answer("niamh", ask, "continue")
    await run.result()
    assert len(effects(stage)) == 2


@pytest.mark.history("contain-no-target")
async def test_an_act_without_a_target(stage: Stage) -> None:
    action = p.ACTIONS["lock"].model_copy(update={"name": "close", "target": None, "call": "close", "undo": "open"})
    run = await stage.launch(p.plan(p.contain("close", None), actions={"close": action}))
    await run.result()
    assert effects(stage) == [("apply", "close", None)]


@pytest.mark.history("undo")
async def test_undo(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.contain(), p.undo("0"), p.undo("0")))
    assert await run.result() == "completed"
    assert sorted(effects(stage)) == [
        ("apply", "lock", "@a:x"),
        ("apply", "lock", "@b:x"),
        ("restore", "lock", "@a:x"),
        ("restore", "lock", "@b:x"),
    ]
    assert run.kinds().count("hold.undone") == 1, "the second undo has nothing to do"


@pytest.mark.history("task")
async def test_task_with_proof(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.task(proof="case number")))
    ask = await run.ask("0", "task")
    await run.answer("niamh", ask, "done", proof="C-17")
    await run.result()
    (row,) = [row for row in run.rows() if row.kind == "task.done"]
    assert row.data["proof"] == "C-17"


@pytest.mark.history("wait")
async def test_wait_a_while(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.wait(duration=1), p.notify()))
    await run.result()
    begun, done = (next(row.at for row in run.rows() if row.kind == kind) for kind in ("wait.begun", "step.done"))
    assert (done - begun).total_seconds() >= 1


@pytest.mark.history("wait-until")
async def test_wait_for_a_condition_that_a_read_answers(stage: Stage) -> None:
    stage.platform.answer("is_calm", False)
    run = await stage.launch(p.plan(p.wait(until=CALM, check_every=1, held_for=1), p.notify()))
    await run.until(lambda view: "wait.begun" in [row.kind for row in view.rows])
    stage.platform.answer("is_calm", True)
    assert await run.result() == "completed"
    assert "wait.true" in run.kinds()


@pytest.mark.history("wait-signed-undo")
async def test_what_was_signed_for_after_a_wait_for_a_condition_is_let_go(stage: Stage) -> None:
    """A case that failed: the undo was refused, since no signed word shows what a wait has waited for."""
    stage.platform.answer("is_calm", False)
    approved = StepIs(step="2", outcome="approved")
    run = await stage.launch(
        p.plan(
            p.contain(),
            p.wait(until=CALM, check_every=1),
            p.approve(on_reject=Consequence(kind="continue"), unlocks=("3",)),
            p.undo("0", when=approved),
        )
    )
    await run.until(lambda view: "wait.begun" in [row.kind for row in view.rows])
    stage.platform.answer("is_calm", True)
    await run.answer("omar", await run.ask("2", "approval"), "approve")
    assert await run.result() == "completed"
    assert "hold.undo_failed" not in run.kinds()
    assert not stage.records.ledger.held(run.incident)


async def test_an_undo_that_nobody_has_signed_for_is_let_go_when_the_commander_tries_it_again(stage: Stage) -> None:
    """As the compiler refuses it; a plan from before the compiler did may be under way."""
    stage.platform.answer("is_calm", True)
    run = await stage.launch(p.plan(p.contain(), p.wait(until=CALM, check_every=1), p.undo("0", id="loosen")))
    ask = await run.ask("2", "question")
    assert f"Whoever commands lets it go: firedoor do {run.incident} undo 0" in ask.words
    await run.command("niamh", "retry", step="loosen")
    assert await run.result() == "completed"
    assert not stage.records.ledger.held(run.incident)


@pytest.mark.history("wait-out")
async def test_a_condition_that_does_not_come_about_in_time(stage: Stage) -> None:
    stage.platform.answer("is_calm", False)
    run = await stage.launch(p.plan(p.wait(until=CALM, check_every=1, at_most=2, on_timeout=p.STOP), p.notify()))
    assert await run.result() == "stopped"
    assert "step.unanswered" in run.kinds()
    assert not stage.doubles.told("1:")


@pytest.mark.history("parallel")
async def test_a_failure_holds_up_only_its_own_branch(stage: Stage) -> None:
    stage.platform.missing("@a:x")
    stage.platform.missing("@b:x")
    stage.platform.answer("copies", ["@c:x"])
    branch = p.group(p.contain(), p.notify(say=p.text("never")))
    run = await stage.launch(p.plan(p.parallel(branch, p.contain("hide", COPIES)), p.notify()))
    ask = await run.ask("0.0.0", "question")
    await run.until(lambda view: any(hold.state == "applied" for hold in view.holds))
    assert ask.to == ("commander",)
    await run.answer("niamh", ask, "stop")
    await run.keep()
    assert await run.result() == "stopped"
    assert effects(stage) == [("apply", "hide", "@c:x")]
    assert not stage.doubles.told("0.0.1")


@pytest.mark.history("group-left")
async def test_leaving_a_group(stage: Stage) -> None:
    inner = p.group(p.approve(on_reject=p.LEAVE), p.contain())
    run = await stage.launch(p.plan(inner, p.notify()))
    await run.answer("omar", await run.ask("0.0"), "reject")
    assert await run.result() == "completed"
    assert effects(stage) == []
    assert stage.doubles.told("1:")


@pytest.mark.history("for-each")
async def test_for_each_of_what_is_held(stage: Stage) -> None:
    rounds = p.for_each(
        StepField(step="0", field="held"),
        p.task(proof="case number"),
        p.undo("0", targets=p.item("1"), when=StepIs(step="1.0", outcome="done")),
        at_once=2,
    )
    run = await stage.launch(p.plan(p.contain(), rounds))
    for path in ("1[1].0", "1[0].0"):
        await run.answer("niamh", await run.ask(path), "done", proof=path)
    assert await run.result() == "completed"
    assert sorted(effects(stage)[2:]) == [("restore", "lock", "@a:x"), ("restore", "lock", "@b:x")]


@pytest.mark.history("when")
async def test_a_condition_that_does_not_hold(stage: Stage) -> None:
    urgent = Compare(sign="==", left=SeverityNow(), right=Const(value="sev1", type="severity"))
    run = await stage.launch(p.plan(p.contain(when=urgent), p.notify(), severity=(SeverityRule(severity="sev3"),)))
    await run.result()
    assert effects(stage) == []
    assert stage.doubles.told("1:")


@pytest.mark.history("clock")
async def test_a_clock_is_met_by_its_step(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.task(meets=("gdpr",)), clocks=(p.clock("gdpr", 3600),)))
    view = await run.until(lambda view: view.clocks and view.asks)
    assert (view.clocks[0].state, view.next_due) == ("running", view.clocks[0].due_at)
    await run.answer("niamh", view.asks[0], "done")
    await run.result()
    assert (await run.view()).clocks[0].state == "met"
    assert run.kinds().count("clock.met") == 1


@pytest.mark.history("clock-of-a-loop")
async def test_a_clock_that_a_round_has_not_met_is_asked_about_at_once(stage: Stage) -> None:
    rounds = p.for_each(p.ACCOUNTS, p.task(meets=("gdpr",)))
    run = await stage.launch(p.plan(rounds, p.task(), clocks=(p.clock("gdpr", 3600),)))
    await run.answer("niamh", await run.ask("0[0].0"), "done")
    await run.ask("0[1].0")
    assert (await run.view()).clocks[0].state == "running"
    await run.command("ana", "skip", step="0[1].0", reason="Nobody answers there")
    await run.answer("ana", await run.ask(""), "done", reason="Told by letter")
    assert (await run.view()).clocks[0].state == "met"
    await run.answer("niamh", await run.ask("1"), "done")
    assert await run.result() == "completed"


@pytest.mark.history("undo-by-rejection")
async def test_a_rejection_that_undoes_one_step_and_goes_on(stage: Stage) -> None:
    back = Consequence(kind="undo", step="0")
    run = await stage.launch(p.plan(p.contain(), p.contain("hide"), p.approve(on_reject=back), p.notify()))
    await run.answer("omar", await run.ask("2"), "reject")
    assert await run.result() == "completed"
    assert [call for moment, call, _ in effects(stage) if moment == "restore"] == ["lock", "lock"]
    assert {hold.call for hold in stage.records.ledger.held(run.incident)} == {"hide"}
    assert stage.doubles.told("3:")


def test_every_action_of_the_plans_has_an_undo() -> None:
    assert all(action.undo for action in p.ACTIONS.values())
    assert p.ACTIONS["freeze"].requires == (Seat(who=p.POLICY),)
