"""Words that are not counted: each refused at once, in plain words, without a trace in the history; and those that are."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from firedoor import protocol
from firedoor.people.signatures import SigningKey
from firedoor.plan import Who
from firedoor.protocol import Receipt, Signed
from tests.workflows import plans as p
from tests.workflows.harness import Run, Stage, refused, staged


async def asking(stage: Stage, *steps: Any) -> Run:
    run = await stage.launch(p.plan(*steps or (p.approve(p.POLICY, p.LEGAL),)))
    await run.ask("0")
    # The notice about the ask has ended, and the record is written: nothing goes on.
    await run.until(lambda view: view.recorded == view.rows[-1].seq)
    return run


async def events(run: Run) -> int:
    return len((await run.handle.fetch_history()).events)


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a person of no seat": ({"person": "niamh"}, "seat", "No seat here is yours: it waits for policy, legal."),
    "a stranger": ({"person": "stranger"}, "seat", "No seat here is yours"),
    "the launcher": (
        {"person": "ana", "holds": ("crt", "policy")},
        "launcher",
        "You launched this run, so you do not sign.",
    ),
    "another document": ({"document": "0" * 64}, "changed", "What is asked has changed since you looked."),
    "no choice": ({"choice": "perhaps"}, "choice", "“perhaps” is no choice here; it is one of approve, reject"),
    "another incident": ({"incident": "inc-other"}, "forged", "This was signed for another run."),
    "another plan": ({"plan": "0" * 64}, "forged", "This was signed for another run."),
    "a question that is not open": ({"ask": "approve:7:1"}, "closed", "This question is not open any more"),
    "no fact": ({"choice": "need_fact"}, "reason", "Say which fact you need."),
    "narrower, with nothing to narrow": ({"targets": ("@a:x",)}, "targets", "there is nothing to narrow"),
    "a key that is not known": ({"key": SigningKey.generate()}, "forged", "signed with a key that is not known here"),
}


async def test_answers_that_are_not_counted(stage: Stage, subtests: pytest.Subtests) -> None:
    run = await asking(stage)
    ask = await run.ask("0")
    before = await events(run)
    for name, (change, code, words) in CASES.items():
        with subtests.test(name):
            given = {"person": "omar", "choice": "approve", **change}
            other = ask.model_copy(update={"id": given.pop("ask", ask.id)})
            signed = await run.sign(given.pop("person"), other, given.pop("choice"), **given)
            why, says = await refused(run.send(signed))
            assert why == code
            assert words in says
    assert await events(run) == before, "a refusal leaves no trace in the history"
    assert (await run.ask("0")).seats[0].signed_by == ()


async def test_words_that_are_not_believed(stage: Stage) -> None:
    run = await asking(stage)
    ask = await run.ask("0")
    before = await events(run)
    true = await run.sign("omar", ask, "approve")
    now = await run.now()

    forged = true.model_copy(update={"body": true.body.replace('"approve"', '"reject"')})
    assert await refused(run.send(forged)) == (
        "forged",
        "This word is not believed: its signature does not fit what it says.",
    )
    large = await run.sign("omar", ask, "approve", reason="x" * 60_000)
    larger = large.model_copy(update={"body": large.body.replace("x" * 1_000, "x" * 9_000)})
    assert await refused(run.send(larger)) == ("size", "This is larger than 64 KiB.")
    old = await run.sign("omar", ask, "approve", now=now - timedelta(minutes=6))
    assert "signed too long ago" in (await refused(run.send(old)))[1]
    early = await run.sign("omar", ask, "approve", now=now + timedelta(minutes=6))
    assert "signed for a later time than now" in (await refused(run.send(early)))[1]
    launch = stage.sign_launch(run.plan, run.incident)
    assert await refused(run.send(launch)) == ("forged", "This is no answer.")
    assert await refused(run.send(true, protocol.COMMAND)) == ("forged", "This is no command.")
    nothing = Signed(body="{}", key=stage.key.id, signature="")
    assert "neither a launch, an answer nor a command" in (await refused(run.send(nothing)))[1]
    assert await events(run) == before

    with pytest.raises(WorkflowUpdateFailedError):
        await run.handle.execute_update(protocol.ANSWER, {"what": "is this"}, result_type=Receipt)
    with pytest.raises(WorkflowUpdateFailedError):
        await run.handle.execute_update("approve", "yes")
    assert await events(run) == before
    await run.answer("omar", ask, "approve")


async def test_the_same_word_counts_once_and_a_person_signs_once(stage: Stage) -> None:
    run = await asking(stage)
    ask = await run.ask("0")
    word = await run.sign("omar", ask, "approve")
    receipts = await asyncio.gather(*(run.send(word) for _ in range(5)))
    assert len({receipt.model_dump_json() for receipt in receipts}) == 1
    assert await refused(run.answer("omar", ask, "approve")) == (
        "twice",
        "You have signed this already; nobody fills two seats.",
    )
    assert (await refused(run.answer("yuki", ask, "approve")))[1] == "The seat that you could fill is taken."
    other = await run.sign("omar", ask, "reject", nonce=receipts[0].nonce)
    assert "under this nonce" in (await refused(run.send(other)))[1]
    assert (await run.ask("0")).seats[0].signed_by == ("omar",)
    await run.answer("maria", ask, "approve")
    await run.result()
    assert run.kinds().count("approval.signed") == 2


async def test_ten_racers_for_one_seat(stage: Stage) -> None:
    run = await asking(stage, p.approve(), p.task())
    ask = await run.ask("0")

    async def race(person: str) -> bool:
        try:
            await run.answer(person, ask, "approve")
        except WorkflowUpdateFailedError:
            return False
        return True

    won = await asyncio.gather(*(race(person) for person in ("omar", "yuki", "ines") * 4))
    assert won.count(True) == 1
    await run.ask("1")
    assert [row.kind for row in (await run.view()).rows].count("approval.signed") == 1


async def test_whom_a_playbook_excludes(stage: Stage) -> None:
    run = await asking(stage, p.approve(not_by=(Who(kind="person", name="omar"),)))
    ask = await run.ask("0")
    assert (await refused(run.answer("omar", ask, "approve")))[0] == "not_by"
    await run.answer("yuki", ask, "approve")


async def test_what_changed_meanwhile_voids_what_was_signed(stage: Stage) -> None:
    """A document that a person still looks at is not what is decided any more."""
    run = await asking(stage, p.approve(p.POLICY, p.LEGAL, unlocks=("1",)), p.contain())
    seen = await run.ask("0")
    await run.answer("omar", seen, "approve")
    await run.command("ana", "add", value={"accounts": ["@c:x"]})
    assert (await refused(run.answer("maria", seen, "approve")))[0] == "changed"
    now = await run.ask("0")
    assert now.seats[0].signed_by == ()
    assert "@c:x" in await run.document("approve:0:1")
    await run.answer("omar", now, "approve")
    await run.answer("maria", now, "approve")
    await run.result()
    assert {effect.target for effect in stage.platform.effects()} == {"@a:x", "@b:x", "@c:x"}


COMMANDS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "not the commander": ("maria", {"command": "pause"}, "role", "This is the commander's to say (crt.on_shift"),
    "lower, not by policy": (
        "ana",
        {"command": "severity", "value": "sev4"},
        "role",
        "Only Policy lowers the severity.",
    ),
    "no such step": ("ana", {"command": "skip", "step": "9", "reason": "x"}, "step", "No step is called “9”"),
    "no reason": ("ana", {"command": "skip", "step": "0"}, "reason", "Say why it is skipped."),
    "nothing to retry": ("ana", {"command": "retry", "step": "0"}, "state", "only what failed or was undone"),
    "nothing to undo": ("ana", {"command": "undo", "step": "0"}, "state", "there is nothing to undo"),
    "not paused": ("ana", {"command": "resume"}, "state", "The run is not paused."),
    "another state": ("ana", {"command": "note", "step": "0", "expects": "done"}, "changed", "is asking by now"),
    "no input of that name": (
        "ana",
        {"command": "add", "value": {"acounts": ["@c:x"]}},
        "value",
        "is no input of this playbook",
    ),
    "no severity": ("ana", {"command": "severity", "value": "high"}, "value", "A severity is one of"),
}


async def test_commands_that_are_not_carried_out(stage: Stage, subtests: pytest.Subtests) -> None:
    run = await asking(stage)
    before = await events(run)
    for name, (person, word, code, words) in COMMANDS.items():
        with subtests.test(name):
            given = dict(word)
            why, says = await refused(run.command(person, given.pop("command"), **given))
            assert why == code
            assert words in says
    assert await events(run) == before, "a refusal leaves no trace in the history"


async def test_a_word_before_the_first_step_of_the_run(client: Client, tmp_path: Path) -> None:
    """An update may be delivered together with the start: it finds a run that was launched."""
    async with staged(client, tmp_path, works=False) as stage:
        run = await stage.launch(p.plan(p.task()))
        note = asyncio.ensure_future(run.command("ana", "note", reason="It is on the news"))
        await asyncio.sleep(0.3)
        async with stage.worker():
            assert (await note).says == "Noted."
            kinds = [row.kind for row in (await run.view()).rows]
            assert kinds[:3] == ["run.launched", "task.asked", "command.note"]


async def test_a_closed_run_takes_no_words(stage: Stage) -> None:
    run = await asking(stage, p.task())
    ask = await run.ask("0")
    await run.answer("niamh", ask, "done")
    await run.result()
    with pytest.raises(Exception, match="already completed"):
        await run.answer("niamh", ask, "done")
