"""The shipped playbooks, walked from launch to end: what their authors wrote is what happens."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from firedoor.compiler import load_book
from firedoor.plan import Plan
from firedoor.run.reviewing import review_of
from tests.run.driver import Run, World, refused
from tests.run.plans import DAY, HOUR, MINUTE

BOOK = Path(__file__).parents[2] / "playbooks"
MAYOR = "@mayor:platform.example"
TWO = [MAYOR, "@press:platform.example"]
LINKS = ["mxc://platform.example/one", "mxc://platform.example/two"]
COPIED, HASHES = "0.0.2", "0.0.2.1"
COPIES = ["mxc://platform.example/copy-1", "mxc://platform.example/copy-2"]


@cache
def playbook(name: str) -> Plan:
    return load_book(BOOK).plans[name]


# --- a high-profile account takeover ----------------------------------------------------------------------------------


def takeover(accounts: list[str] | None = None, **given: bool) -> Run:
    return Run(playbook("high-profile-takeover"), {"accounts": accounts or [MAYOR], "public_office": False, **given})


def test_no_containment_of_a_takeover_waits_for_a_notice() -> None:
    """The channels are down, and their retries go on and on."""
    run = takeover(internal_tool_suspected=True)
    run.stays = ["notify"]
    run.launch()
    assert run.holds() == {MAYOR: "applied"}
    assert [act.path for act in run.state.acts.values() if act.kind == "notify" and not act.ask], "somebody is told"
    for person in ("omar", "ravi", "noor"):
        run.answer("freeze_ok", by=person)
    run.settle()
    assert run.holds("1.1.1") == {"": "applied"}
    run.command("add", value={"accounts": [TWO[1]]})
    run.settle()
    assert run.holds() == dict.fromkeys(TWO, "applied")


def test_policy_signs_and_the_owner_is_verified() -> None:
    run = takeover(public_office=True).launch()
    assert run.state.severity == "sev1"
    assert run.holds() == {MAYOR: "applied"}, "the lock does not wait for Policy"
    run.answer("ratify", by="omar")
    run.settle()
    assert run.status("freeze_ok") == "waiting"
    refused("proof", lambda: run.answer("2[0].0", "done", by="ana"))
    run.answer("2[0].0", "done", by="ana", proof="CASE-1")
    run.settle()
    assert run.holds() == {MAYOR: "undone"}
    assert (run.ended, run.phase) == ("completed", "closed")
    assert [one.id for one in review_of(run.plan, run.state).items] == ["meeting", "task-1", "task-3"]


def test_policy_refuses_so_the_lock_is_undone() -> None:
    run = takeover(TWO).launch()
    run.answer("ratify", "reject", by="omar", reason="the owner is posting it on purpose")
    run.settle()
    assert set(run.holds().values()) == {"undone"}
    assert (run.ended, run.phase) == ("undone", "closed")
    assert review_of(run.plan, run.state).held == 0


def test_a_refusal_leaves_the_authority_to_be_notified() -> None:
    """72 hours run, whether or not the lock was right: Legal keeps the task."""
    run = takeover(personal_data_accessed=True).launch()
    run.answer("ratify", "reject", by="omar")
    run.settle()
    assert run.holds() == {MAYOR: "undone"}
    assert (run.ended, run.phase) == ("undone", "holding")
    kept = run.ask(kind="task")
    assert "supervisory authority" in kept.words
    run.wait(2 * DAY + HOUR)
    assert run.told("task.late")
    run.answer(kept, "done", by="tom", proof="REF-7")
    run.settle()
    assert run.state.clocks["gdpr-breach-authority"].met_at is not None
    assert run.phase == "closed"


def test_nobody_at_policy_answers_and_the_commander_stops() -> None:
    run = takeover(TWO).launch()
    run.wait(70 * MINUTE)
    assert run.told("ask.escalated")[0].data["to"] == ["policy.manager"]
    question = run.ask("ratify", kind="question")
    assert {"again", "stop", "undo_all"} < {*question.choices}
    run.answer(question, "stop", by="ana")
    run.settle()
    assert run.ended == "stopped"
    assert set(run.holds().values()) == {"applied"}
    assert review_of(run.plan, run.state).held == 2
    run.answer(run.ask("", why="held"), "undo", by="ana")
    run.settle()
    assert set(run.holds().values()) == {"undone"}
    assert run.phase == "closed"


def test_an_owner_who_is_not_verified_stays_locked_with_somebody_asked() -> None:
    run = takeover(TWO).launch()
    run.answer("ratify", by="omar")
    run.settle()
    run.command("skip", "2[1].0")
    run.answer("2[0].0", "done", by="ana", proof="CASE-1")
    run.settle()
    assert run.holds() == {TWO[0]: "undone", TWO[1]: "applied"}
    assert run.ask("", why="held").targets == [f"lock_account: {TWO[1]}"]
    run.keep()
    assert (run.ended, run.phase) == ("completed", "closed")


def test_a_suspected_tool_freezes_only_with_three_signatures_and_for_four_hours() -> None:
    run = takeover(internal_tool_suspected=True).launch()
    run.answer("ratify", by="omar")
    for person, seat in (("omar", "policy"), ("ravi", "engineering")):
        run.answer("freeze_ok", by=person)
        assert seat in run.told("approval.signed")[-1].data["seat"]
    assert not [kind for kind, path, _ in run.world.touched if path.startswith("1.1")]
    run.answer("freeze_ok", by="noor")
    run.settle()
    assert run.holds("1.1.1") == {"": "applied"}
    run.answer("2[0].0", "done", by="ana", proof="CASE-1")
    run.settle()
    assert (run.ended, run.phase) == ("completed", "holding")
    run.wait(5 * HOUR)
    assert run.holds("1.1.1") == {"": "undone"}
    assert run.phase == "closed"


def test_a_refused_freeze_leaves_its_group_and_the_rest_goes_on() -> None:
    run = takeover(internal_tool_suspected=True).launch()
    run.answer("freeze_ok", "reject", by="noor")
    run.answer("ratify", by="omar")
    run.settle()
    assert run.status("1.1.1") == "not_needed"
    assert run.status("2[0].0") == "asking"


# --- a livestreamed attack --------------------------------------------------------------------------------------------


def attack(world: World | None = None, **given: Any) -> Run:
    world = world or World()
    world.reads = {"matches_of": COPIES, "owner_of": "@viewer:platform.example", "uploads_blocked_per_hour": 3}
    told = {"event_name": "An attack", "live_now": True, "links": LINKS, **given}
    return Run(playbook("livestreamed-attack"), told, world=world)


def test_no_containment_of_an_attack_waits_for_a_notice_or_for_evidence_to_be_kept() -> None:
    """The channels and the evidence store are down, and their retries go on and on."""
    world = World()
    run = attack(world, order_received_at="2026-03-04T02:40:00+00:00")
    world.reads["matches_of"] = many = [f"mxc://platform.example/copy-{number}" for number in range(60)]
    run.stays = ["notify", run.path("evidence")]
    run.launch()
    assert run.holds("cut") == dict.fromkeys(LINKS, "applied")
    assert run.state.clocks["eu-tco-removal-order"].met_at is not None
    assert run.status("evidence") == "acting"
    run.stays = ["notify"]
    run.settle()
    signed(run)
    assert run.holds("copies") == dict.fromkeys(many, "applied")
    assert list(run.holds(HASHES).values()) == ["applied"] * len(LINKS)


def standing_down(run: Run) -> None:
    """From the sign-off on: the statement is let be, uploads fall off, and two people stand down."""
    for ask in run.asks(kind="approval"):
        if "holding line" in ask.words:
            run.answer(ask, "reject", by="tom")
            run.settle()
            run.answer(run.ask(ask.step, kind="question"), "continue", by="zoe")
            run.settle()
    run.wait(3 * HOUR)
    last = run.ask(kind="approval")
    assert "Stand down" in last.words
    run.answer(last, by="ana")
    run.answer(last, by="omar")
    run.settle()


def signed_off(**given: Any) -> Run:
    run = attack(**given).launch()
    assert run.holds("cut") == dict.fromkeys(LINKS, "applied"), "the stream ends at once"
    return signed(run)


def signed(run: Run) -> Run:
    run.answer(run.ask(kind="task"), "done", by="tom", proof="POLICE-1")
    run.settle()
    assert run.state.clocks["eu-tco-threat-to-life"].met_at is not None
    run.answer("sign_off", by="omar")
    run.answer("sign_off", by="tom")
    return run.settle()


def test_every_copy_is_removed_for_fourteen_days() -> None:
    run = signed_off()
    assert run.holds("copies") == dict.fromkeys(COPIES, "applied")
    assert run.holds(HASHES) == dict.fromkeys(LINKS, "applied")
    standing_down(run)
    assert (run.ended, run.phase) == ("completed", "holding"), "the copies' time is owed"
    run.wait(14 * DAY)
    ask = run.ask("copies", why="expiry")
    assert str(ask.to[0]) == "policy.on_shift"
    assert ask.targets == COPIES
    run.answer(ask, "keep", by="omar", reason="they stay what they are")
    run.settle()
    assert run.phase == "closed"
    assert [one.id for one in review_of(run.plan, run.state).items][:1] == ["meeting"]


def test_a_removal_order_is_met_within_its_hour() -> None:
    run = attack(order_received_at="2026-03-04T02:40:00+00:00").launch()
    clock = run.state.clocks["eu-tco-removal-order"]
    assert clock.met_at is not None
    assert clock.met_at < clock.due_at


@pytest.mark.parametrize("choice", ["continue", "stop", "undo_all"])
def test_a_refused_sign_off_removes_no_copy(choice: str) -> None:
    run = attack().launch()
    run.answer(run.ask(kind="task"), "done", by="tom", proof="POLICE-1")
    run.answer("sign_off", "reject", by="omar")
    run.settle()
    run.answer(run.ask("sign_off", kind="question"), choice, by="ana")
    run.settle()
    assert not [path for kind, path, _ in run.world.touched if kind == "contain" and path.startswith(COPIED)]
    match choice:
        case "stop":
            assert run.ended == "stopped"
            assert run.holds("cut") == dict.fromkeys(LINKS, "applied")
            run.keep()
            assert run.phase == "closed"
        case "undo_all":
            assert run.ended == "undone"
            assert run.holds("cut") == dict.fromkeys(LINKS, "undone")
        case _:
            assert run.status(COPIED) == "not_needed"
            standing_down(run)
            assert (run.ended, run.phase) == ("completed", "closed")


def test_undoing_everything_does_not_end_the_duty_to_warn_of_a_threat_to_life() -> None:
    run = attack().launch()
    run.command("undo_all", reason="a game, not an attack")
    run.settle()
    assert run.phase == "holding"
    assert "threat to life" in run.ask(kind="task").words


def test_a_read_that_does_not_answer_is_asked_about() -> None:
    world = World()
    run = attack(world)
    world.reads["matches_of"] = RuntimeError("503")
    run.launch()
    run.answer(run.ask(kind="task"), "done", by="tom", proof="POLICE-1")
    run.answer("sign_off", by="omar")
    run.answer("sign_off", by="tom")
    run.settle()
    ask = run.ask(why="read")
    assert "matches_of" in ask.words
    world.reads["matches_of"] = COPIES
    run.answer(ask, "retry", by="ana")
    run.settle()
    assert run.holds("copies") == dict.fromkeys(COPIES, "applied")
