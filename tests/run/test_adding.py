"""Late inputs and added targets: finished acts run for the new ones only, approvals are asked for the addition alone."""

from __future__ import annotations

import json

import pytest

from firedoor.plan import Input, Plan, Prose
from firedoor.plan.expression import Compare, Const, Filter
from firedoor.run.view import view
from tests.run.driver import Run, World, refused
from tests.run.plans import (
    HOUR,
    INPUTS,
    approve,
    at_sev1,
    clock,
    contain,
    for_each,
    given,
    group,
    held,
    is_,
    is_given,
    item,
    lock,
    notify,
    parallel,
    plan,
    read,
    seat,
    task,
    undo,
    yes,
)

NEW = {"accounts": ["@new"]}
MATCHES = read("matches_of", "m", given("accounts"), listed=True, kind="account")


def contained(run: Run) -> list[tuple[str, str]]:
    return [(path, target) for kind, path, target in run.world.touched if kind == "contain"]


# --- targets ----------------------------------------------------------------------------------------------------------


def test_finished_acts_run_for_the_new_ones_only() -> None:
    run = Run(plan(lock(), task("Then"), contain("remove", given("accounts"), name="hide"))).launch()
    assert run.command("add", value={"accounts": ["@a", "@new", "@new"]}).says.startswith("1 added")
    run.settle()
    assert contained(run) == [("0", "@a"), ("0", "@new")]
    run.answer("1", "done", by="ana")
    run.settle()
    assert run.holds("hide") == {"@a": "applied", "@new": "applied"}


def test_what_is_there_already_is_not_added() -> None:
    run = Run(plan(lock(), task("Then"))).launch()
    assert run.command("add", value={"accounts": ["@a"]}).says == "They were there already."
    assert not run.state.additions


def test_an_addition_while_the_step_acts_waits_for_its_end() -> None:
    run = Run(plan(lock(), task("Then")))
    run.stays = ["contain"]
    run.launch()
    run.command("add", value=NEW)
    assert run.act("contain").targets == ["@a"]
    run.stays = []
    run.settle()
    assert contained(run) == [("0", "@a"), ("0", "@new")]


def test_an_addition_while_a_failure_is_asked_about_is_part_of_the_next_try() -> None:
    """A case that failed: the addition's success made the step done beside its open question."""
    world = World()
    world.acts["contain"] = ["it is down"]
    run = Run(plan(lock(), task(name="after")), world=world).launch()
    run.command("add", value=NEW)
    run.settle()
    assert run.holds() == {"@a": "unknown"}
    run.answer(run.ask("lock"), "retry", by="ana")
    run.settle()
    assert run.holds() == {"@a": "applied", "@new": "applied"}


def test_an_addition_that_fails_is_asked_about_alone() -> None:
    run = Run(plan(lock(), task("Then"))).launch()
    run.world.targets["@new"] = ["failed"]
    run.command("add", value=NEW)
    run.settle()
    assert run.ask("lock").targets == ["@new"]
    run.answer(run.ask("lock"), "retry", by="ana")
    run.settle()
    assert run.hold("@new").status == "applied"


def test_an_addition_waits_for_a_pause() -> None:
    run = Run(plan(lock(), notify(say=Prose(of=("Of ", given("accounts")))), task("Then"))).launch()
    run.command("pause")
    run.command("add", value=NEW)
    run.settle()
    assert contained(run) == [("0", "@a")]
    run.command("resume")
    run.settle()
    assert contained(run) == [("0", "@a"), ("0", "@new")]


def test_an_addition_above_a_size_is_asked_first() -> None:
    """A case that failed: what had to be asked about at the launch was added without a question."""
    run = Run(plan(contain("lock_account", given("accounts"), name="lock", ask_above=1), task("Then"))).launch()
    run.command("add", value=NEW)
    run.settle()
    assert contained(run) == [("0", "@a")]
    assert "would act on 2, more than 1" in run.ask("lock", why="above").words
    run.answer(run.ask("lock"), "continue", by="ana")
    run.settle()
    assert contained(run) == [("0", "@a"), ("0", "@new")]


def test_an_addition_above_a_size_may_be_passed_over() -> None:
    run = Run(plan(contain("lock_account", given("accounts"), name="lock", ask_above=1))).launch()
    run = Run(plan(contain("lock_account", given("accounts"), name="lock", ask_above=1), task(name="then"))).launch()
    run.command("add", value=NEW)
    run.settle()
    run.answer(run.ask("lock"), "skip", by="ana")
    run.answer("then", "done", by="ana")
    run.settle()
    assert contained(run) == [("0", "@a")]
    assert run.phase == "closed"


def test_notices_repeat_only_with_the_added_targets() -> None:
    about = notify(say=Prose(of=("Taken over: ", given("accounts"))))
    run = Run(plan(about, notify(say="Nothing of it"), task("Then"))).launch()
    run.command("add", value=NEW)
    run.settle()
    said = [order.texts[0].text for order in run.world.orders if hasattr(order, "texts") and not order.urgent]
    assert said == ["Taken over: @a", "Nothing of it", "Taken over: @new"]


def test_a_repeated_notice_that_fails_is_not_swallowed() -> None:
    """A case that failed: the notice of an addition was lost without a word."""
    run = Run(plan(notify(say=Prose(of=("Of ", given("accounts"))), name="told"), task("Then"))).launch()
    run.world.acts["0"] = ["it is down"]
    run.command("add", value=NEW)
    run.settle()
    assert run.status("told") == "done"
    run.answer(run.ask("told", why="failure"), "retry", by="ana")
    run.settle()
    assert run.step("told").ordinal == 2
    assert not run.asks("told")


@pytest.mark.parametrize(("on_failure", "ended"), [("continue", None), ("stop", "stopped")])
def test_a_repeated_notice_that_fails_goes_by_its_on_failure(on_failure: str, ended: str | None) -> None:
    """A case that failed: the commander was asked about a notice that its author lets fail."""
    say = Prose(of=("Of ", given("accounts")))
    run = Run(plan(lock(), notify(say=say, name="told", on_failure=on_failure), task("Then"))).launch()
    run.world.acts["1"] = ["it is down"]
    run.command("add", value=NEW)
    run.settle()
    assert run.told("notice.failed")
    assert not run.asks("told")
    assert run.ended == ended


# --- loops ------------------------------------------------------------------------------------------------------------


def test_a_loop_takes_the_added_items_in_further_rounds() -> None:
    loop = for_each(given("accounts"), contain("remove", item("#loop"), name="hide"))
    run = Run(plan(loop, task("Then", name="then"))).launch()
    assert run.status("then") == "asking"
    run.command("add", value=NEW)
    run.settle()
    assert contained(run) == [("0[0].0", "@a"), ("0[1].0", "@new")]
    assert run.step("loop").past == ["done"]
    assert run.status("then") == "asking"


def test_a_loop_over_what_a_step_holds() -> None:
    run = Run(plan(lock(), for_each(held("#lock"), task("See to it")))).launch()
    run.command("add", value=NEW)
    run.settle()
    assert run.step("loop").items == ["@a", "@new"]


def test_a_read_is_put_again_for_the_addition_alone() -> None:
    """A case that failed: the recorded answer for the launch's targets was taken for that of the added ones."""
    run = Run(plan(for_each(MATCHES, contain("remove", item("#loop"), name="hide")), task("Then")))
    asked: list[list[str]] = []

    def matches(accounts: list[str]) -> list[str]:
        asked.append(accounts)
        return [f"{account}-copy" for account in accounts]

    run.world.reads["matches_of"] = matches
    run.launch()
    run.command("add", value=NEW)
    run.settle()
    assert asked == [["@a"], ["@new"]]
    assert [target for _, target in contained(run)] == ["@a-copy", "@new-copy"]


def test_a_read_for_an_addition_that_fails_is_asked_about_and_holds_up_nothing() -> None:
    run = Run(plan(contain("remove", MATCHES, name="hide"), task("Then", name="then"))).launch()
    run.world.reads["matches_of"] = OSError("it is down")
    run.command("add", value=NEW)
    run.settle()
    run.answer("then", "done", by="ana")
    run.settle()
    assert run.ended is None
    run.answer(run.ask("hide", why="read"), "retry", by="ana")
    run.settle()
    run.answer(run.ask("hide", why="read"), "skip", by="ana")
    run.settle()
    assert run.phase == "closed"


# --- approvals --------------------------------------------------------------------------------------------------------


def gated() -> Plan:
    gate = approve("Go?", "policy", name="ok", unlocks=("#act",), show=(("who", given("accounts")),))
    return plan(gate, contain("lock_account", given("accounts"), name="act", when=is_("#ok", "approved")), task("Then"))


def approved() -> Run:
    run = Run(gated()).launch()
    run.answer("ok")
    return run.settle()


def test_an_approval_is_asked_for_the_addition_alone() -> None:
    run = approved()
    run.command("add", value=NEW)
    run.settle()
    ask = run.ask("ok")
    document = json.loads(ask.document)
    assert document["added"] == ["@new"]
    assert document["shown"] == {"who": ["@new"]}
    assert document["unlocks"][0]["targets"] == ["@new"]
    assert contained(run) == [("1", "@a")]
    run.answer(ask)
    run.settle()
    assert contained(run) == [("1", "@a"), ("1", "@new")]
    assert run.status("ok") == "approved"


def test_the_step_shows_what_it_is_asked_for_again_and_skip_says_what_to_do() -> None:
    """A case that failed: the step was approved, a skip was refused since it had ended, and an ask was open."""
    run = approved()
    run.command("add", value=NEW)
    run.settle()
    (shown,) = [step for step in view(run.plan, run.state).steps if step.id == "ok"]
    assert (shown.state, shown.detail) == ("approved, asking", "asks for what was added: @new")
    assert "is about what was added. Sign it, or reject it" in refused("state", lambda: run.command("skip", "ok"))
    run.answer("ok", "reject")
    run.settle()
    (shown,) = [step for step in view(run.plan, run.state).steps if step.id == "ok"]
    assert (shown.state, shown.detail) == ("approved", "")


def test_an_addition_that_is_refused_is_not_contained_and_the_rest_stays() -> None:
    run = approved()
    run.command("add", value=NEW)
    run.settle()
    run.answer(run.ask("ok"), "reject")
    run.settle()
    assert run.holds("act") == {"@a": "applied"}
    assert run.status("ok") == "approved"


def test_an_addition_that_is_refused_is_let_go_where_it_was_contained_before() -> None:
    gate = approve("Keep?", name="ok", unlocks=("#act",), show=(("who", given("accounts")),))
    act = contain("remove", given("accounts"), name="act", when=is_("#ok", "approved"))
    run = Run(plan(lock(), gate, act, task("Then"))).launch()
    run.answer("ok")
    run.settle()
    run.command("add", value=NEW)
    run.settle()
    assert run.hold("@new").status == "applied"
    run.answer(run.ask("ok"), "reject")
    run.settle()
    assert run.holds() == {"@a": "applied", "@new": "undone"}


def test_silence_about_an_addition_decides_nothing_and_is_asked_again() -> None:
    run = approved()
    run.command("add", value=NEW)
    run.wait(3 * HOUR)
    run.answer(run.ask("ok"))
    run.settle()
    assert contained(run) == [("1", "@a"), ("1", "@new")]


def test_fewer_of_an_addition() -> None:
    """A case that failed: fewer of the addition became the approval's own limit, and was not applied to the addition."""
    run = approved()
    run.command("add", value={"accounts": ["@x", "@y"]})
    run.settle()
    run.answer(run.ask("ok"), targets=("@y",))
    run.settle()
    assert run.holds("act") == {"@a": "applied", "@y": "applied"}
    run.command("undo", "act")
    run.settle()
    run.command("retry", "act")
    run.settle()
    assert run.holds("act") == {"@a": "applied", "@y": "applied"}


def test_an_act_that_is_reached_while_the_addition_is_being_approved() -> None:
    """A case that failed: it acted on what nobody had signed for, and an act's own check refused it as a whole."""
    gate = approve("Go?", name="ok", unlocks=("#act",), show=(("who", given("accounts")),))
    act = contain("lock_account", given("accounts"), name="act", when=is_("#ok", "approved"))
    run = Run(plan(gate, task("First", name="first"), act, task("Then"))).launch()
    run.answer("ok")
    run.command("add", value=NEW)
    run.settle()
    run.answer("first", "done", by="ana")
    run.settle()
    assert run.holds("act") == {"@a": "applied"}
    run.answer(run.ask("ok"))
    run.settle()
    assert run.holds("act") == {"@a": "applied", "@new": "applied"}


def test_an_act_that_is_reached_after_the_addition_was_refused() -> None:
    gate = approve("Go?", name="ok", unlocks=("#act",), show=(("who", given("accounts")),))
    act = contain("lock_account", given("accounts"), name="act", when=is_("#ok", "approved"))
    run = Run(plan(gate, task("First", name="first"), act, task("Then"))).launch()
    run.answer("ok")
    run.command("add", value=NEW)
    run.settle()
    run.answer(run.ask("ok"), "reject")
    run.answer("first", "done", by="ana")
    run.settle()
    assert run.holds("act") == {"@a": "applied"}
    assert run.told("contain.fewer")[0].data["targets"] == ["@new"]


def test_an_addition_for_which_no_seat_applies_any_more_is_not_contained() -> None:
    gate = approve(
        "Go?", seat("policy", when=at_sev1()), name="ok", unlocks=("#act",), show=(("w", given("accounts")),)
    )
    act = contain("lock_account", given("accounts"), name="act", when=is_("#ok", "approved"))
    run = Run(plan(gate, act, task("Then")), {"accounts": ["@a"], "office": True}).launch()
    run.answer("ok")
    run.settle()
    run.command("severity", value="sev2", by="omar")
    run.command("add", value=NEW)
    run.settle()
    assert run.holds("act") == {"@a": "applied"}
    assert run.told("addition.refused")


def test_what_failed_for_want_of_a_signature_does_not_act_on_an_addition() -> None:
    """A case that failed: an addition asked nobody for the seats that its action requires."""
    disclose = contain("disclose", given("accounts"), name="act", on_failure="continue")
    run = Run(plan(disclose, task("Then"))).launch()
    assert run.status("act") == "failed"
    run.command("add", value=NEW)
    run.settle()
    assert contained(run) == []
    assert run.told("contain.unsigned")


# --- late inputs ------------------------------------------------------------------------------------------------------


def test_clocks_and_steps_that_now_apply_begin() -> None:
    law = clock(starts=given("order_at", "date_time", listed=False), when=is_given("order_at", "date_time"))
    steps = (
        parallel(
            contain("remove", given("accounts"), name="x", when=is_given("order_at", "date_time"), meets="law"),
            task("Beside"),
        ),
    )
    run = Run(plan(*steps, clocks=(law,))).launch()
    assert run.status("x") == "not_needed"
    assert not run.state.clocks
    run.command("input", value={"order_at": "2026-03-04T02:00:00+00:00"})
    run.settle()
    assert run.status("x") == "done"
    assert run.state.clocks["law"].met_by == run.path("x")


def test_a_step_in_a_group_that_is_over_begins_and_opens_it_again() -> None:
    run = Run(plan(group(notify(name="x", when=yes("serious")), name="group"), task(name="then"))).launch()
    run.command("input", value={"serious": True})
    run.settle()
    assert run.status("x") == "done"
    assert run.status("group") == "done"
    assert run.step("group").ordinal == 2


def test_an_addition_may_be_what_a_condition_waits_for() -> None:
    """A case that failed: only late inputs were looked at, and not what was added to a list."""
    many = Compare(sign=">", left=Filter(name="count", of=given("accounts")), right=Const(value=1, type="number"))
    run = Run(plan(notify(name="x", when=many), task("Then"))).launch()
    assert run.status("x") == "not_needed"
    run.command("add", value=NEW)
    run.settle()
    assert run.status("x") == "done"


def test_a_late_input_raises_the_severity_and_offers_what_applies_then() -> None:
    run = Run(plan(notify(name="x", when=at_sev1()), task("Then"))).launch()
    run.command("input", value={"office": True})
    run.settle()
    assert run.state.severity == "sev1"
    assert run.ask("x").why == "severity"


def test_what_was_given_is_not_given_again() -> None:
    """A case that failed: `office=no` was taken after the launch had said yes, and Policy signed a document that said no."""
    run = Run(plan(task("Then")), {"accounts": ["@a"], "office": True, "note": "Bo's"}).launch()
    assert "office is known: yes." in refused("known", lambda: run.command("input", value={"office": False}))
    refused("known", lambda: run.command("input", value={"office": True}))
    assert "note is known." in refused("known", lambda: run.command("input", value={"serious": True, "note": "Al's"}))
    assert run.state.inputs["office"] is True
    run.command("input", value={"serious": False})
    assert "serious is known: no." in refused("known", lambda: run.command("input", value={"serious": True}))


def test_a_default_that_nobody_gave_gives_way_once() -> None:
    run = Run(plan(task("Then"))).launch()
    run.command("input", value={"office": False})
    assert "office is known: no." in refused("known", lambda: run.command("input", value={"office": True}))
    run = Run(plan(task("Then"))).launch()
    run.command("input", value={"office": True})
    assert "office is known: yes." in refused("known", lambda: run.command("input", value={"office": False}))


def test_what_was_left_does_not_begin_any_more() -> None:
    inside = group(notify(name="x", when=yes("serious")), approve(name="ok", on_reject="leave"))
    run = Run(plan(inside, task("Then"))).launch()
    run.answer("ok", "reject")
    run.settle()
    run.command("input", value={"serious": True})
    run.settle()
    assert run.status("x") == "not_needed"


def test_an_addition_after_a_clock_was_met_leaves_it_met() -> None:
    run = Run(plan(lock(meets="law"), task("Then"), clocks=(clock(),))).launch()
    met = run.state.clocks["law"].met_at
    assert met is not None
    run.stays = ["contain"]
    run.command("add", value=NEW)
    run.settle()
    assert run.state.clocks["law"].met_at == met


def test_an_undo_lets_go_of_what_was_added_as_well() -> None:
    run = Run(plan(lock(), task("Then", name="then"), undo())).launch()
    run.command("add", value=NEW)
    run.settle()
    run.answer("then", "done", by="ana")
    run.settle()
    assert run.holds() == {"@a": "undone", "@new": "undone"}


def test_a_list_has_its_bound() -> None:
    inputs = (Input(name="accounts", type="account", listed=True, at_most=2), *INPUTS[1:])
    run = Run(plan(lock(), task("Then"), inputs=inputs)).launch()
    run.command("add", value=NEW)
    refused("value", lambda: run.command("add", value={"accounts": ["@third"]}))
    run.command("add", value=NEW)
