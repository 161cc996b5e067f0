"""Loops over long lists: each step for all items, in pages, with counts in the state and the items in the record."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedoor.compiler import load_book
from firedoor.plan import Audience, Plan, Step
from firedoor.plan.batches import may_go_in_batches, why_not
from firedoor.plan.expression import Expr, Item, Prose, Read, StepIs
from firedoor.run import pages, validity, walking
from firedoor.run.orders import order_of
from firedoor.run.view import view
from tests.run import plans as p
from tests.run.driver import Run, World
from tests.run.test_every_playbook import PLAYBOOKS
from tests.run.test_properties import HAPPENINGS, _live

MANY = [f"@user{number}" for number in range(10)]
ITEM = Item(loop="#loop", type="account")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SIZE", 4)
    monkeypatch.setattr(walking, "MOST_ROUNDS", 5)
    monkeypatch.setattr(walking, "MOST_ROUNDS_WITH_PEOPLE", 5)


def read(name: str, **more: Any) -> Read:
    return Read(call=name, site=name, argument=ITEM, **more)


READS = {
    **p.READS,
    "is_public": p.READS["count_of"].model_copy(
        update={"name": "is_public", "takes": (("account", False),), "gives": "yes_no"}
    ),
    "owner_of": p.READS["count_of"].model_copy(
        update={"name": "owner_of", "takes": (("account", False),), "gives": "account"}
    ),
}
PUBLIC = read("is_public", type="yes_no")
OWNER = read("owner_of", type="account")


def lock(**more: Any) -> Any:
    return p.contain("lock_account", ITEM, name=more.pop("name", "lock"), **more)


def tell(**more: Any) -> Any:
    step = p.notify("crt", **more)
    return step.model_copy(update={"audience": (Audience(of=OWNER),)})


def loop(*steps: Step, **more: Any) -> Any:
    return p.for_each(p.given("accounts"), *steps, **more)


def started(plan: Plan, items: list[str] = MANY, **more: Any) -> Run:
    world = World()
    world.reads["is_public"] = lambda account: int(account[5:]) % 2 == 0
    world.reads["owner_of"] = lambda account: account.replace("user", "owner")
    return Run(plan, {"accounts": world.keep(items)}, world=world, **more)


def plan_of(*steps: Step, **more: Any) -> Plan:
    return p.plan(*steps, reads=READS, **more)


def test_each_step_is_done_for_all_items_before_the_next_one_begins() -> None:
    run = started(plan_of(loop(lock(when=PUBLIC), tell(name="tell")))).launch()
    assert [target for _, _, target in run.world.touched] == MANY[::2]
    assert run.world.looping.told == [("0.1", item) for item in MANY]
    assert run.ended == "completed"
    assert [(step.path, step.detail) for step in view(run.plan, run.state).steps] == [
        ("0", "10 items"),
        ("0.0", "5 contained, 5 not needed"),
        ("0.1", "told about 10"),
    ]
    assert not any("@user7" in str(order.model_dump()) for order in run.world.orders)
    assert len(run.state.model_dump_json()) < 12_000


def test_a_list_within_the_bound_keeps_its_rounds() -> None:
    run = started(plan_of(loop(lock())), MANY[:4]).launch()
    assert set(run.state.steps) == {"0", "0[0].0", "0[1].0", "0[2].0", "0[3].0"}


def test_a_run_from_before_there_were_batches_asks() -> None:
    run = started(plan_of(loop(lock())))
    run.state.batches = False
    run.launch()
    assert "launched before such loops went in batches" in run.ask("0").words


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((p.task("Call them"),), "it holds a task"),
        ((p.wait(60),), "it holds a wait"),
        ((lock(), p.undo("#lock")), "it holds an undo"),
        ((p.for_each(p.given("accounts"), lock(), name="inner"),), "it holds another loop"),
        ((lock(on_failure="leave"),), "a failure in it would end one round"),
        ((lock(on_failure="undo #lock"),), "a failure in it would undo what one round holds"),
        ((lock(ask_above=3),), "a contain in it has an ask_above of its own"),
        ((lock(), tell(when=StepIs(step="#lock", outcome="done"))), "looks at another one of the same round"),
        ((p.group(lock(), p.task("Call them")),), "it holds a task"),
    ],
)
def test_what_cannot_go_in_batches_asks_and_says_why(steps: tuple[Step, ...], reason: str) -> None:
    plan = plan_of(loop(*steps))
    assert not may_go_in_batches(plan) or steps[0].verb == "for_each"
    run = started(plan).launch()
    assert reason in run.ask("0").words
    assert not run.world.touched


def test_with_that_differs_by_item_asks() -> None:
    step = lock(arguments={"note": Prose(of=("by ", ITEM))})
    assert "another “with” for each item" in (why_not(*_placed(plan_of(loop(step)))) or "")


def _placed(plan: Plan) -> tuple[Plan, Any]:
    return plan, plan.steps[0]


def test_more_than_it_may_take_without_asking() -> None:
    run = started(plan_of(loop(lock(), ask_above=9))).launch()
    assert not run.world.touched
    run.answer("0", "continue", by="ana")
    run.settle()
    assert len(run.world.touched) == 10


def test_a_target_that_fails_is_asked_about_and_what_stands_behind_it_waits_for_that() -> None:
    run = started(plan_of(loop(lock(), tell(name="tell")), p.task("Go on")))
    run.world.targets["@user6"] = ["refused"]
    run.launch()
    assert run.ask("lock").words.startswith("lock_account failed for 1 of 10: @user6")
    assert [item for _, item in run.world.looping.told] == [item for item in MANY if item != "@user6"]
    assert run.asks(kind="task"), "it holds up nothing else"
    run.answer("lock", "retry", by="ana")
    run.settle()
    assert [item for _, item in run.world.looping.told][-1] == "@user6"
    assert Counter(item for _, item in run.world.looping.told) == Counter(MANY)
    assert not run.asks("lock")


def test_going_on_without_it_lets_what_stands_behind_it_go_on() -> None:
    run = started(plan_of(loop(lock(), tell(name="tell"))))
    run.world.targets["@user6"] = ["refused"]
    run.launch()
    run.answer("lock", "continue", by="ana")
    run.settle()
    assert Counter(item for _, item in run.world.looping.told) == Counter(MANY)
    assert run.ended == "completed"


def test_a_failure_that_does_not_ask_holds_nothing_back() -> None:
    run = started(plan_of(loop(lock(on_failure="continue"), tell(name="tell"))))
    run.world.targets["@user6"] = ["refused"]
    run.launch()
    assert Counter(item for _, item in run.world.looping.told) == Counter(MANY)
    assert run.ended == "completed"


def test_items_without_an_answer_are_asked_about_and_the_others_go_on() -> None:
    run = started(plan_of(loop(lock(when=PUBLIC), tell(name="tell")), p.task("Go on")))
    run.world.looping.silent = {"@user2"}
    run.launch()
    ask = run.ask("lock")
    assert "for 1 items an answer is missing: @user2: no answer" in ask.words
    assert [target for _, _, target in run.world.touched] == ["@user0", "@user4", "@user6", "@user8"]
    assert "@user2" not in {item for _, item in run.world.looping.told}
    run.world.looping.silent = set()
    run.answer(ask, "retry", by="ana")
    run.settle()
    assert [target for _, _, target in run.world.touched][-1] == "@user2"
    assert Counter(item for _, item in run.world.looping.told) == Counter(MANY)


def test_who_is_not_reached_is_asked_about_and_tried_again() -> None:
    run = started(plan_of(loop(tell(name="tell")), p.task("Go on")))
    run.world.looping.deaf = {"@user1", "@user9"}
    run.launch()
    ask = run.ask("tell")
    assert "2 were not reached: @user1: nobody there; @user9: nobody there" in ask.words
    run.world.looping.deaf = {"@user9"}
    run.answer(ask, "retry", by="ana")
    run.settle()
    assert Counter(item for _, item in run.world.looping.told) == Counter(MANY[:9])
    assert "1 were not reached" in run.ask("tell").words


def test_a_condition_on_a_group_is_read_for_each_item() -> None:
    run = started(plan_of(loop(p.group(lock(), tell(name="tell"), when=PUBLIC)))).launch()
    assert [target for _, _, target in run.world.touched] == MANY[::2]
    assert [item for _, item in run.world.looping.told] == MANY[::2]


def test_branches_do_not_wait_for_each_other() -> None:
    run = started(plan_of(loop(p.parallel(lock(), tell(name="tell")))))
    run.world.targets["@user6"] = ["refused"]
    run.launch()
    assert Counter(item for _, item in run.world.looping.told) == Counter(MANY)


def test_undo_by_the_authors_name_lets_all_of_it_go() -> None:
    run = started(plan_of(loop(lock()), p.task("Go on"))).launch()
    run.command("undo", "lock")
    run.settle()
    assert [target for kind, _, target in run.world.touched if kind == "release"] == [
        *MANY[8:],
        *MANY[4:8],
        *MANY[:4],
    ]
    assert not run.world.contained


def test_undo_all_while_it_acts() -> None:
    run = started(plan_of(loop(lock(), tell())))
    run.stays = ["contain"]
    run.launch()
    run.end(run.act("contain"))
    run.world.reports_when_ended = True
    run.command("undo_all")
    run.settle()
    assert run.ended == "undone"
    assert not run.world.contained
    assert not run.world.looping.told


def test_a_pause_holds_the_notices() -> None:
    run = started(plan_of(loop(lock(), tell())))
    run.stays = ["notify"]
    run.launch()
    run.command("pause")
    run.settle()
    run.stays = []
    run.settle()
    assert not run.world.looping.told
    run.command("resume")
    run.settle()
    assert len(run.world.looping.told) == 10


def test_added_items_go_through_all_steps() -> None:
    run = started(plan_of(loop(lock(when=PUBLIC), tell(name="tell")), p.task("Go on"))).launch()
    run.command("add", value={"accounts": ["@user3", "@user20"]})
    run.settle()
    assert [target for _, _, target in run.world.touched][-1] == "@user20"
    assert Counter(item for _, item in run.world.looping.told) == Counter([*MANY, "@user20"])
    assert view(run.plan, run.state).steps[0].detail == "11 items"


def test_a_clock_is_met_only_when_all_items_were_come_to() -> None:
    clock = p.clock("law", p.HOUR, p.AWARE_AT)
    run = started(plan_of(loop(lock(meets=("law",))), p.task("Go on"), clocks=(clock,)))
    run.world.targets["@user6"] = ["refused"]
    run.launch()
    assert run.state.clocks["law"].met_at is None
    run.answer("lock", "retry", by="ana")
    run.settle()
    assert run.state.clocks["law"].met_at is not None


def test_a_lease_of_what_a_long_loop_contains_runs_out() -> None:
    run = started(plan_of(loop(lock(expires=p.HOUR, on_expiry="undo")))).launch()
    run.wait(2 * p.HOUR)
    assert not run.world.contained


def test_a_step_in_a_round_that_is_not_there_is_not_known() -> None:
    run = started(plan_of(loop(lock()), p.task("Go on"))).launch()
    with pytest.raises(validity.Refused):
        run.command("undo", "0[3].0")


LATER = [pytest.param(tell(name="later"), id="tell"), pytest.param(lock(name="later"), id="contain")]


def come_to(run: Run, step: str) -> Counter[str]:
    """How often the step was done for each item."""
    path = run.path(step)
    told = [item for there, item in run.world.looping.told if there == path]
    return Counter([*told, *(target for _, there, target in run.world.touched if there == path)])


@pytest.mark.parametrize("later", LATER)
def test_undoing_the_act_that_has_failed_decides_about_what_stands_behind_it(later: Step) -> None:
    run = started(plan_of(loop(lock(), later), p.task("Go on")))
    run.world.targets["@user6"] = ["refused"]
    run.launch()
    assert "@user6" not in come_to(run, "later")
    run.command("undo", "lock")
    run.settle()
    assert not run.asks("lock")
    assert come_to(run, "later") == Counter(MANY)


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("choice", ["continue", "retry"])
def test_a_decision_that_comes_while_the_list_is_looked_at_is_not_lost(later: Step, choice: str) -> None:
    run = started(plan_of(loop(lock(), later), p.task("Go on")))
    run.world.targets["@user6"] = ["refused"]
    run.stays = ["0.1"]
    run.launch()
    run.end(run.act("read", "later"))
    order = order_of(run.plan, run.state, look := run.act("read", "later"), ())
    held_back = run.world.end(run.plan, look, order, run.now)
    run.answer("lock", choice, by="ana")
    run.happen(held_back)
    run.stays = []
    run.settle()
    assert come_to(run, "later") == Counter(MANY)
    run.answer(run.ask(kind="task"), "done", by="ana")
    assert run.settle().ended == "completed"


def test_a_decision_that_comes_last_of_all_is_waited_for() -> None:
    run = started(plan_of(loop(lock(), tell(name="tell"))))
    run.world.targets["@user6"] = ["refused", "refused"]
    run.launch()
    run.stays = ["contain"]
    run.answer("lock", "retry", by="ana")
    run.settle()
    assert run.ended is None, "it is being tried again"
    run.stays = []
    run.settle()
    assert run.ended is None, "it has failed again"
    run.answer("lock", "continue", by="ana")
    run.settle()
    assert come_to(run, "tell") == Counter(MANY)
    assert run.ended == "completed"


def test_what_was_decided_does_not_wait_until_everyone_was_told_of_the_question() -> None:
    run = started(plan_of(loop(lock(), tell(name="tell")), p.task("Go on")))
    run.world.targets["@user6"] = ["refused"]
    run.stays = ["notify"]
    run.launch()
    run.stays = [act.id for act in run.state.acts.values() if act.ask == run.ask("lock").id]
    run.settle()
    run.answer("lock", "continue", by="ana")
    run.settle()
    assert run.stays[0] in run.state.acts
    assert come_to(run, "tell") == Counter(MANY)


# --- whatever happens -------------------------------------------------------------------------------------------------

CONDITIONS: list[Expr | None] = [None, None, PUBLIC]


@st.composite
def bodies(draw: st.DrawFn, depth: int = 0) -> list[Step]:
    found: list[Step] = []
    for number in range(draw(st.integers(1, 3))):
        when = draw(st.sampled_from(CONDITIONS))
        name = f"s{depth}{number}{draw(st.integers(0, 10**6))}"
        ends = draw(st.sampled_from([None, None, "continue", "stop"]))
        match draw(st.sampled_from(["lock", "lock", "tell", "group", "parallel"] if depth == 0 else ["lock", "tell"])):
            case "lock":
                lease = draw(st.sampled_from([{}, {"expires": p.HOUR, "on_expiry": "undo"}]))
                meets = draw(st.sampled_from([(), ("law",)]))
                found.append(
                    lock(
                        name=name, when=when, on_failure=draw(st.sampled_from([ends, "undo all"])), meets=meets, **lease
                    )
                )
            case "tell":
                found.append(tell(name=name, when=when, on_failure=ends))
            case "group":
                found.append(p.group(*draw(bodies(depth + 1)), name=name, when=when))
            case _:
                found.append(p.parallel(*draw(bodies(depth + 1)), name=name, when=when))
    return found


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    steps: list[Step] = [loop(*draw(bodies()), ask_above=draw(st.sampled_from([None, None, 3])))]
    if draw(st.booleans()):
        steps.append(p.task("Go on"))
    if draw(st.booleans()):
        steps.insert(0, p.approve(name="sign", on_reject="leave", on_timeout="leave"))
    return plan_of(*steps, clocks=(p.clock("law", p.DAY, p.AWARE_AT),))


@given(plan=plans(), happenings=HAPPENINGS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_to_a_long_loop(plan: Plan, happenings: list[int]) -> None:
    world = World()
    world.reads["is_public"] = lambda account: hash(account) % 2 == 0
    world.reads["owner_of"] = "@owner"
    run = _live(plan, happenings, {"accounts": world.keep(["@a", "@b", "@c", "@d", "@e", "@f"])}, world)
    over = [state for state in run.state.steps.values() if state.status == "done" and state.tally is not None]
    held_back = [state for state in over if state.tally and state.tally.held_back]
    assert run.ended != "completed" or not held_back, "items were never come to"
    told = Counter(world.looping.told)
    assert not told or max(told.values()) == 1, "an item was told twice"


# --- the shipped book -------------------------------------------------------------------------------------------------


def test_the_owners_of_twenty_thousand_copies_may_be_told_in_a_loop() -> None:
    plan = next(plan for name, plan in load_book(PLAYBOOKS).plans.items() if name == "livestreamed-attack")
    (loop,) = [step for step in plan.by_path.values() if step.verb == "for_each"]
    assert why_not(plan, loop) is None
    copies = plan.by_path[loop.path.rpartition(".")[0] + ".0"]
    assert copies.verb == "contain"
    assert copies.ask_above == 20_000


def test_copies_may_be_removed_and_their_owners_told_in_one_loop() -> None:
    matches = Read(call="matches_of", site="matches_of", argument=p.given("accounts"), type="account", listed=True)
    plan = plan_of(p.for_each(matches, lock(when=PUBLIC), tell(name="tell"), at_once=50, ask_above=20_000))
    run = started(plan)
    run.world.reads["matches_of"] = run.world.keep([f"@copy{number}" for number in range(20)])
    run.world.reads["is_public"] = True
    run.launch()
    assert len(run.world.touched) == len(run.world.looping.told) == 20


def test_items_that_give_the_same_targets_contain_them_once() -> None:
    same = p.contain("lock_account", OWNER, name="lock")
    run = started(plan_of(loop(same)))
    run.world.reads["owner_of"] = "@owner"
    run.launch()
    assert run.world.touched == [("contain", "0.0", "@owner")]
    assert run.ended == "completed"


def test_a_list_that_came_as_it_is_asks_how_to_give_it() -> None:
    run = Run(plan_of(loop(lock())), {"accounts": MANY}).launch()
    assert "POST /api/lists" in run.ask("0").words


def test_what_was_added_is_let_go_when_that_is_refused_afterwards() -> None:
    sign = p.approve("Hide them too?", on_reject="continue", unlocks=("#later",), name="sign")
    later = p.contain("lock_account", p.given("accounts"), name="later", when=StepIs(step="#sign", outcome="approved"))
    run = started(plan_of(loop(lock()), sign, later, p.task("Go on"))).launch()
    run.answer("sign", "approve")
    run.settle()
    before = len(run.world.touched)
    run.command("add", value={"accounts": ["@user20"]})
    run.settle()
    assert run.world.touched[before:] == [("contain", "0.0", "@user20")]
    run.answer(run.ask("sign"), "reject")
    run.settle()
    assert run.world.touched[before + 1 :] == [("release", "0.0", "@user20")]


def test_additions_do_not_lose_what_waits_for_a_decision() -> None:
    run = started(plan_of(loop(lock(), tell(name="tell")), p.task("Go on")))
    run.world.targets["@user6"] = ["refused"]
    run.launch()
    run.command("add", value={"accounts": ["@user20"]})
    run.settle()
    run.answer("lock", "continue", by="ana")
    run.settle()
    assert Counter(item for _, item in run.world.looping.told) == Counter([*MANY, "@user20"])


def test_a_list_as_it_is_that_was_too_long_is_still_known_when_more_is_added() -> None:
    """As before there were batches: a run that asked then asks the same when it is replayed."""
    plan = p.plan(p.for_each(p.given("accounts"), p.notify("crt"), p.task("Call them")), p.task("Go on"))
    run = Run(plan, {"accounts": MANY[:6]}).launch()
    run.answer("0", "continue", by="ana")
    assert len(run.state.steps["0"].items or []) == 6
    run.command("add", value={"accounts": ["@new"]})
    assert [ask.why for ask in run.asks("0")] == ["above"]
