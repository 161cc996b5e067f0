"""Approvals: one decision by named seats, about the exact thing that was shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from firedoor.plan import Clock, Plan
from firedoor.run.events import Time
from firedoor.run.view import view
from tests.run.driver import Run, refused
from tests.run.plans import (
    HOUR,
    MINUTE,
    approve,
    at_sev1,
    clock,
    contain,
    given,
    group,
    held,
    is_,
    lock,
    notify,
    parallel,
    plan,
    read,
    seat,
    task,
    then,
)


def asked(*needs: str, clocks: tuple[Clock, ...] = (), **options: Any) -> Run:
    return Run(plan(approve("Go?", *needs, name="ok", **options), task("After", name="after"), clocks=clocks)).launch()


# --- seats ------------------------------------------------------------------------------------------------------------


def test_all_seats_have_to_sign() -> None:
    run = asked("policy", "legal")
    assert run.answer("ok", by="omar").says == "Signed. Still needed: legal."
    assert run.status("ok") == "asking"
    run.answer("ok", by="tom")
    assert run.status("ok") == "approved"


def test_one_rejection_decides() -> None:
    run = asked("policy", "legal", on_reject="continue")
    run.answer("ok", by="omar")
    run.answer("ok", "reject", by="tom", reason="It is lawful")
    run.settle()
    assert run.status("ok") == "rejected"
    assert run.status("after") == "asking"
    assert "It is lawful" in run.told("approval.rejected")[0].words


def test_whoever_could_fill_a_seat_that_is_taken_may_still_reject() -> None:
    run = asked("policy", "legal", on_reject="continue")
    run.answer("ok", by="omar")
    run.answer("ok", "reject", by="ines")
    assert run.status("ok") == "rejected"


def test_nobody_fills_two_seats() -> None:
    run = asked("policy", "legal")
    run.answer("ok", by="both")
    refused("twice", lambda: run.answer("ok", by="both"))
    assert run.status("ok") == "asking"


def test_whoever_has_signed_may_still_reject() -> None:
    run = asked("policy", "legal", on_reject="continue")
    run.answer("ok", by="omar")
    run.answer("ok", "reject", by="omar", reason="I was wrong")
    assert run.status("ok") == "rejected"


def test_two_seats_of_a_team_take_two_people() -> None:
    run = Run(plan(approve("Go?", seat("policy", 2), name="ok"))).launch()
    run.answer("ok", by="omar")
    run.answer("ok", by="ines")
    assert run.status("ok") == "approved"


def test_a_seat_that_is_taken_is_refused() -> None:
    run = asked("policy", "legal")
    run.answer("ok", by="omar")
    refused("seat", lambda: run.answer("ok", by="ines"))


def test_who_can_fill_several_seats_makes_room() -> None:
    """A case that failed: who came first took the first seat that fitted, and the last seat could not be filled."""
    run = asked("policy", "legal")
    run.answer("ok", by="both")
    run.answer("ok", by="omar")
    assert run.status("ok") == "approved"


def test_who_holds_no_seat_is_refused() -> None:
    run = asked("policy")
    refused("seat", lambda: run.answer("ok", by="tom"))
    refused("seat", lambda: run.answer("ok", "reject", by="nobody"))
    refused("seat", lambda: run.answer("ok", "need_fact", by="ana", reason="Why?"))


def test_the_launcher_fills_none() -> None:
    run = asked("crt")
    refused("launcher", lambda: run.answer("ok", by="luis"))
    run.answer("ok", by="sam")
    assert run.status("ok") == "approved"


def test_the_launcher_fills_the_commanders_seat_only_beside_another() -> None:
    beside = Run(plan(approve("Go?", "commander", "policy", name="ok")), launcher="ana").launch()
    beside.answer("ok", by="ana")
    assert beside.ask("ok").signatures[0].person == "ana"
    alone = Run(plan(approve("Go?", "commander", name="ok")), launcher="ana").launch()
    refused("launcher", lambda: alone.answer("ok", by="ana"))


def test_whom_the_playbook_excludes() -> None:
    run = asked("policy", not_by=("@omar",))
    refused("not_by", lambda: run.answer("ok", by="omar"))
    run.answer("ok", by="ines")


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_reminder_at_half_of_what_is_left() -> None:
    run = asked("policy", deadline=HOUR)
    run.wait(HOUR - 1)
    minutes = [(row.at - run.rows[0].at).total_seconds() / MINUTE for row in run.told("ask.reminded")]
    assert minutes == [30, 45, 52.5, 56.25]


def test_escalation_lets_the_manager_sign() -> None:
    run = asked("policy", "legal", escalate=15 * MINUTE)
    run.answer("ok", by="tom")
    refused("seat", lambda: run.answer("ok", by="priya", holds=("policy.manager",)))
    run.wait(15 * MINUTE)
    assert run.told("ask.escalated")[0].data["to"] == ["policy.manager"], "only of the seat that is empty"
    run.answer("ok", by="priya", holds=("policy.manager",))
    assert run.status("ok") == "approved"


def test_an_answer_and_an_escalation_at_one_instant_the_answer_first() -> None:
    run = asked("policy", escalate=15 * MINUTE)
    run.now += timedelta(minutes=15)
    run.answer("ok", by="omar")
    run.happen(Time(at=run.now))
    assert run.status("ok") == "approved"
    assert not run.told("ask.escalated")


def test_after_the_deadline_it_is_refused_although_the_timer_is_late() -> None:
    run = asked("policy", deadline=HOUR)
    run.now += timedelta(hours=1)
    assert "The time for this was over" in refused("late", lambda: run.answer("ok", by="omar"))


def test_a_late_signature_counts_while_the_ask_about_the_silence_is_open() -> None:
    run = asked("policy")
    run.wait(2 * HOUR)
    assert run.ask("ok", kind="question").why == "timeout"
    assert run.ask("ok", kind="approval").late
    run.answer(run.ask("ok", kind="approval"), by="omar")
    run.settle()
    assert run.status("ok") == "approved"
    assert run.step("ok").past == []
    assert not run.asks("ok")
    assert run.status("after") == "asking"


def test_a_late_rejection_counts_as_well() -> None:
    run = asked("policy", on_reject="stop")
    run.wait(2 * HOUR)
    run.answer(run.ask("ok", kind="approval"), "reject", by="omar")
    run.settle()
    assert run.status("ok") == "rejected"
    assert run.ended == "stopped"


def test_no_signature_counts_once_the_silence_is_decided() -> None:
    run = Run(
        plan(
            approve("Go?", name="ok", on_timeout=then("ask commander", may_continue=True)), task("After", name="after")
        )
    ).launch()
    run.wait(HOUR)
    late = run.ask("ok", kind="approval")
    run.answer(run.ask("ok", kind="question"), "continue", by="ana")
    run.settle()
    assert run.status("ok") == "unanswered"
    assert run.status("after") == "asking"
    refused("closed", lambda: run.answer(late, by="omar"))


def test_asked_again_has_a_full_time_and_a_new_ordinal() -> None:
    run = asked("policy", "legal")
    run.answer("ok", by="omar")
    run.wait(HOUR)
    run.answer(run.ask("ok", kind="question"), "again", by="ana")
    run.settle()
    again = run.ask("ok")
    assert again.id == "approve:0:2"
    assert again.signatures == []
    assert again.deadline is None
    assert again.seats[0].deadline == run.now + timedelta(hours=1)


# --- the document -----------------------------------------------------------------------------------------------------


def test_the_document_names_the_acts_and_their_targets() -> None:
    gate = approve("Go?", name="ok", unlocks=("#act",), show=(("who", given("accounts")),))
    run = Run(plan(gate, contain("lock_account", given("accounts"), name="act", when=is_("#ok", "approved")))).launch()
    document = json.loads(run.ask("ok").document)
    assert document["shown"] == {"who": ["@a"]}
    assert document["unlocks"][0] == {
        "step": "1",
        "action": "lock_account",
        "targets": ["@a"],
        "read": None,
        "at_most": None,
        "arguments": {},
    }


def test_the_document_names_the_read_that_will_find_targets_and_its_maximum() -> None:
    matches = read("matches_of", "m", given("accounts"), listed=True, kind="account")
    run = Run(plan(approve("Go?", name="ok", unlocks=("#act",)), contain("remove", matches, name="act", ask_above=9)))
    unlocked = json.loads(run.launch().ask("ok").document)["unlocks"][0]
    assert (unlocked["targets"], unlocked["read"], unlocked["at_most"]) == (None, "matches_of", 9)


def test_a_document_that_changes_voids_what_was_signed_and_the_deadline_stays() -> None:
    run = Run(plan(approve("Go?", "policy", "legal", name="ok", show=(("who", given("accounts")),)))).launch()
    run.answer("ok", by="omar")
    before = run.ask("ok").model_copy(deep=True)
    run.wait(10 * MINUTE)
    run.command("add", value={"accounts": ["@b"]})
    run.settle()
    ask = run.ask("ok")
    assert ask.hash != before.hash
    assert ask.signatures == []
    assert [seat.deadline for seat in ask.seats] == [seat.deadline for seat in before.seats]
    assert run.told("approval.changed")[0].data["void"] == ["omar"]
    refused("changed", lambda: run.answer("ok", by="tom", document=before.hash))
    run.answer("ok", by="tom")
    run.answer("ok", by="omar")
    assert run.status("ok") == "approved"


def test_a_document_changes_with_what_is_held() -> None:
    """A case that failed: only severity and inputs were watched, and not the ledger."""
    run = Run(plan(lock(), approve("Keep?", name="ok", show=(("held", held("#lock")),)))).launch()
    before = run.ask("ok").hash
    run.command("undo", "lock")
    run.settle()
    assert run.ask("ok").hash != before
    assert json.loads(run.ask("ok").document)["shown"] == {"held": []}


def test_what_does_not_change_the_document_voids_nothing() -> None:
    run = asked("policy", "legal")
    run.answer("ok", by="omar")
    run.command("note", value="so it is")
    run.command("input", value={"note": "Bo"})
    run.wait(20 * MINUTE)
    assert len(run.ask("ok").signatures) == 1


def test_a_seat_that_a_raised_severity_adds_has_a_full_time() -> None:
    run = Run(plan(approve("Go?", "policy", seat("legal", when=at_sev1()), name="ok", deadline=HOUR))).launch()
    run.wait(40 * MINUTE)
    run.command("severity", value="sev1")
    policy, legal = run.ask("ok").seats
    assert policy.deadline == run.now + timedelta(minutes=20)
    assert legal.deadline == run.now + timedelta(minutes=60)
    run.answer("ok", by="omar")
    run.wait(30 * MINUTE)
    assert run.status("ok") == "asking"
    run.wait(30 * MINUTE)
    assert run.step("ok").pending == "unanswered"


def test_a_seat_that_was_added_late_escalates_as_well() -> None:
    """A case that failed: an approval that had escalated did so never again, for a seat that came later."""
    gate = approve("Go?", "policy", seat("legal", when=at_sev1()), name="ok", escalate=10 * MINUTE)
    run = Run(plan(gate)).launch()
    run.wait(20 * MINUTE)
    run.command("severity", value="sev1")
    run.wait(10 * MINUTE)
    assert run.told("ask.escalated")[-1].data["to"] == ["policy.manager", "legal.manager"]


def test_where_no_seat_applies_nobody_has_approved() -> None:
    run = Run(plan(approve("Go?", seat("legal", when=at_sev1()), name="ok", on_timeout="stop"))).launch()
    assert run.status("ok") == "unanswered"
    assert run.ended == "stopped"


def test_where_no_seat_applies_any_more_nobody_has_approved() -> None:
    """A case that failed: a lowered severity left an approval that nobody owned and nobody could end."""
    gate = approve("Go?", seat("legal", when=at_sev1()), name="ok", on_timeout="ask commander")
    run = Run(plan(gate), {"accounts": ["@a"], "office": True}).launch()
    run.command("severity", value="sev2", by="omar")
    run.settle()
    assert run.step("ok").pending == "unanswered"
    assert run.ask("ok").kind == "question"


# --- one fact ---------------------------------------------------------------------------------------------------------


def test_need_one_fact_asks_the_commander_and_stops_no_clock() -> None:
    run = asked("policy")
    deadline = run.ask("ok").seats[0].deadline
    refused("reason", lambda: run.answer("ok", "need_fact"))
    run.answer("ok", "need_fact", reason="Whose account is it?")
    run.settle()
    assert "omar needs one fact for approval “Go?”: Whose account is it?" in run.notices()
    fact = run.ask("ok", why="fact")
    assert fact.to[0].kind == "commander"
    assert run.ask("ok", kind="approval").seats[0].deadline == deadline
    run.answer(run.ask("ok", kind="approval"))
    run.settle()
    assert run.status("ok") == "approved"
    assert not run.asks("ok"), "nobody has to answer for an approval that is over"


def test_a_fact_is_answered_and_shown_and_leaves_what_was_signed() -> None:
    run = asked("policy", "legal")
    run.answer("ok")
    run.answer("ok", "need_fact", by="tom", reason="Is the owner travelling?")
    run.settle()
    approval, fact = run.ask("ok", kind="approval"), run.ask("ok", why="fact")
    shown = approval.hash
    refused("role", lambda: run.answer(fact, "answer", by="tom", reason="yes"))
    refused("reason", lambda: run.answer(fact, "answer", by="ana"))
    run.answer(fact, "answer", by="ana", reason="Yes, says her office.")
    run.settle()
    told = "tom needs one fact for approval “Go?”: Is the owner travelling? — ana answered: Yes, says her office."
    assert run.step("ok").facts == [told]
    assert [ask.facts for ask in view(run.plan, run.state).asks] == [(told,)]
    assert run.told("approval.fact")[0].words == told
    assert any(subject.startswith(told) for subject in run.notices())
    assert approval.hash == shown
    assert [signature.person for signature in approval.signatures] == ["omar"]
    run.answer(run.ask("ok"), by="tom")
    assert run.status("ok") == "approved"


def test_a_fact_may_be_needed_once_at_a_time_and_not_for_ever() -> None:
    run = asked("policy")
    for number in range(20):
        run.answer(run.ask("ok", kind="approval"), "need_fact", reason=f"{number}?")
        refused("twice", lambda: run.answer(run.ask("ok", kind="approval"), "need_fact", reason="And?"))
        run.answer(run.ask("ok", why="fact"), "answer", by="ana", reason="Yes")
        run.settle()
    refused("many", lambda: run.answer("ok", "need_fact", reason="One more?"))


def test_an_unanswered_fact_goes_up_the_ladder_and_ends_with_its_approval() -> None:
    run = asked("policy", "legal")
    run.answer("ok", "need_fact", reason="Whose account is it?")
    run.wait(11 * MINUTE)
    assert [str(who) for who in run.ask("ok", why="fact").to] == ["commander", "crt.manager", "region.manager"]
    run.answer(run.ask("ok", kind="approval"), "reject", by="tom")
    run.settle()
    assert not run.asks("ok", why="fact")


# --- skipped ----------------------------------------------------------------------------------------------------------


def test_a_skipped_approval_whose_silence_asks_can_be_left() -> None:
    """A case that failed: there was no way on but to end the whole response."""
    gate = approve("Go?", name="ok", unlocks=("#act",), on_timeout="ask commander")
    act = contain("lock_account", given("accounts"), name="act", when=is_("#ok", "approved"))
    run = Run(plan(group(gate, act, task("Inside", name="inside")), task("After", name="after"))).launch()
    run.command("skip", "ok")
    run.command("skip", "ok", by="sam")
    run.settle()
    ask = run.ask("ok", kind="question")
    assert ask.choices == ["again", "leave", "stop", "undo_all"]
    run.answer(ask, "leave", by="ana")
    run.settle()
    assert (run.status("ok"), run.status("act"), run.status("inside")) == ("skipped", "not_needed", "not_needed")
    assert run.status("after") == "asking"


# --- fewer ------------------------------------------------------------------------------------------------------------

THREE = {"accounts": ["@a", "@b", "@c"]}


def gated(*needs: str) -> Plan:
    return plan(
        approve("Go?", *needs, name="ok", unlocks=("#act",)),
        contain("lock_account", given("accounts"), name="act", when=is_("#ok", "approved")),
    )


def test_approving_fewer_targets() -> None:
    run = Run(gated(), THREE).launch()
    run.answer("ok", targets=("@c", "@a"))
    run.settle()
    assert run.holds("act") == {"@a": "applied", "@c": "applied"}
    assert run.told("contain.fewer")[0].data["targets"] == ["@b"]


def test_only_what_all_deciders_approved() -> None:
    run = Run(gated("policy", "legal"), THREE).launch()
    run.answer("ok", by="omar", targets=("@a", "@b"))
    run.answer("ok", by="tom", targets=("@b", "@c"))
    run.settle()
    assert run.holds("act") == {"@b": "applied"}


def test_nothing_is_contained_where_deciders_agree_on_nothing() -> None:
    run = Run(gated("policy", "legal"), THREE).launch()
    run.answer("ok", by="omar", targets=("@a",))
    run.answer("ok", by="tom", targets=("@c",))
    run.settle()
    assert run.status("act") == "done"
    assert run.holds("act") == {}


def test_fewer_is_said_of_targets_that_were_shown() -> None:
    run = Run(gated(), THREE).launch()
    refused("targets", lambda: run.answer("ok", targets=("@stranger",)))
    refused("targets", lambda: run.answer("ok", targets=()))
    refused("targets", lambda: run.answer("ok", "reject", targets=("@a",)))
    no_act = asked("policy")
    refused("targets", lambda: no_act.answer("ok", targets=("@a",)))


def test_more_than_was_signed_for_cannot_be_allowed_by_the_commander() -> None:
    """A read finds more than the maximum that deciders were shown: the question does not offer to go on."""
    matches = read("matches_of", "m", given("accounts"), listed=True, kind="account")
    gate = approve("Go?", name="ok", unlocks=("#act",))
    run = Run(plan(gate, contain("remove", matches, name="act", when=is_("#ok", "approved"), ask_above=1))).launch()
    run.world.reads["matches_of"] = ["@x", "@y"]
    run.answer("ok")
    run.settle()
    assert run.ask("act", why="above").choices == ["skip", "stop", "undo_all"]


# --- what requires a signature ----------------------------------------------------------------------------------------


def test_what_requires_seats_does_not_act_without_them() -> None:
    run = Run(plan(contain("freeze", name="freeze"), task("After"))).launch()
    assert run.step("freeze").pending == "failed"
    assert "has not signed" in run.ask("freeze").words
    assert not run.told("contain.begun")


@pytest.mark.parametrize("needs", [("policy",), ("legal",)])
def test_an_approval_with_other_seats_is_not_enough(needs: tuple[str, ...]) -> None:
    gate = approve("Go?", *needs, name="ok", unlocks=("#freeze",))
    run = Run(plan(gate, contain("freeze", name="freeze", when=is_("#ok", "approved")))).launch()
    run.answer("ok", by="both")
    run.settle()
    assert run.step("freeze").pending == "failed"


def test_what_requires_seats_acts_with_them() -> None:
    gate = approve("Go?", "policy", "legal", name="ok", unlocks=("#freeze",))
    run = Run(plan(gate, contain("freeze", name="freeze", when=is_("#ok", "approved")))).launch()
    run.answer("ok", by="omar")
    run.answer("ok", by="tom")
    run.settle()
    assert run.holds("freeze") == {"": "applied"}


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_same_word_again_is_the_same_decision() -> None:
    run = asked("policy", "legal")
    receipt = run.answer("ok", by="omar", nonce="once")
    assert run.deliver(run.words["once"]) == receipt
    assert len(run.told("approval.signed")) == 1
    assert [row.seq for row in run.told("approval.signed")] == [receipt.row]


def test_another_word_under_a_nonce_is_refused() -> None:
    run = asked("policy", "legal")
    run.answer("ok", by="omar", nonce="once")
    refused("nonce", lambda: run.answer("ok", by="tom", nonce="once"))


def test_an_answer_to_what_is_not_open_is_refused() -> None:
    run = asked("policy")
    ask = run.ask("ok")
    run.answer("ok")
    refused("closed", lambda: run.answer(ask, by="ines"))


def test_an_answer_that_is_no_choice_is_refused() -> None:
    run = asked("policy")
    refused("choice", lambda: run.answer("ok", "maybe"))


def test_an_approval_beside_others_decides_its_own_branch() -> None:
    first = group(approve("One?", name="one", on_reject="leave"), task("Behind one", name="behind"))
    run = Run(plan(parallel(first, group(approve("Two?", name="two"), notify(name="told"))))).launch()
    run.answer("one", "reject")
    run.answer("two")
    run.settle()
    assert (run.status("behind"), run.status("told")) == ("not_needed", "done")
    assert run.phase == "closed"


def test_an_approval_that_meets_a_clock() -> None:
    run = asked("policy", meets="law", clocks=(clock(),))
    run.answer("ok")
    run.settle()
    assert run.state.clocks["law"].met_by == "0"
