"""Long lists in a run: by reference, in pages, with counts in the state and the targets in the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from firedoor.plan import Expr, Plan
from firedoor.plan.expression import Const, Filter, Within
from firedoor.run import pages, validity
from tests.run import plans as p
from tests.run.driver import Run, World

MANY = [f"@user{number}" for number in range(10)]
SIZE = 4


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SIZE", SIZE)


def started(plan: Plan, items: list[str] = MANY, **more: Any) -> Run:
    world = World()
    return Run(plan, {"accounts": world.keep(items)}, world=world, **more)


def lock(**more: Any) -> Any:
    return p.contain("lock_account", p.given("accounts"), name="lock", **more)


def touched(run: Run, kind: str) -> list[str]:
    return [target for what, _, target in run.world.touched if what == kind]


def counts(run: Run, step: str = "lock") -> list[tuple[str, int, int]]:
    return [(hold.status, hold.count, hold.failed) for hold in run.step(step).holds.values()]


def test_a_long_list_is_contained_page_by_page() -> None:
    run = started(p.plan(lock())).launch()
    assert touched(run, "contain") == MANY
    assert counts(run) == [("applied", 4, 0), ("applied", 4, 0), ("applied", 2, 0)]
    assert [row.data["count"] for row in run.told("hold.applied")] == [4, 4, 2]
    assert run.ended == "completed"
    assert len(run.state.model_dump_json()) < 8_000
    assert not any("@user7" in str(order.model_dump()) for order in run.world.orders)


def test_one_page_at_a_time() -> None:
    run = started(p.plan(lock()))
    run.stays = ["contain"]
    run.launch()
    assert [run.world.page(run.step("lock").pages[name]) for name in run.act("contain").targets or []] == [
        tuple(MANY[:4]),
        tuple(MANY[4:8]),
        tuple(MANY[8:]),
    ]
    run.end(run.act("contain"))
    assert len(run.act("contain").targets or []) == 2


def test_what_fails_is_asked_about_together_and_tried_again_alone() -> None:
    run = started(p.plan(lock(expires=3600, on_expiry="undo")))
    for target in ("@user1", "@user5", "@user6"):
        run.world.targets[target] = ["refused"]
    run.launch()
    ask = run.ask("lock")
    assert "failed for 3 of 10: @user1: the platform says no; @user5" in ask.words
    assert run.status("lock") == "done"
    first = run.now
    run.wait(600)
    run.answer(ask, "retry", by="ana")
    run.settle()
    assert sorted(touched(run, "contain")) == sorted(MANY)
    assert not run.asks("lock")
    assert counts(run)[:3] == [("applied", 3, 0), ("applied", 2, 0), ("applied", 2, 0)]
    untils = {hold.until for hold in run.step("lock").holds.values()}
    assert len(untils) == 2, "what was contained later has its own lease"
    assert min(until for until in untils if until) > first
    run.wait(2 * 3600)
    assert sorted(touched(run, "release")) == sorted(MANY)
    assert not run.world.contained


def test_where_nothing_of_a_page_can_be_contained_a_person_is_asked_before_the_rest_is_tried() -> None:
    run = started(p.plan(lock()))
    run.stays = ["contain"]
    run.launch()
    run.end(run.act("contain"))
    run.world.acts["contain"] = ["the platform is down"]
    run.end(run.act("contain"))
    run.stays = []
    run.settle()
    assert touched(run, "contain") == MANY[:4]
    ask = run.ask("lock")
    assert "failed for 6 of 10" in ask.words
    run.answer(ask, "retry", by="ana")
    run.settle()
    assert touched(run, "contain") == MANY
    assert run.ended == "completed"


def test_a_failure_that_the_playbook_goes_on_after_holds_up_no_page() -> None:
    run = started(p.plan(lock(on_failure=p.then("continue"))))
    run.world.acts["contain"] = ["the platform is down"]
    run.launch()
    assert touched(run, "contain") == MANY[4:]
    assert run.ended == "completed"


def test_undo_all_lets_go_of_what_was_contained_and_tries_nothing_more() -> None:
    run = started(p.plan(lock()))
    run.stays = ["contain"]
    run.world.reports_when_ended = True
    run.launch()
    run.end(run.act("contain"))
    run.command("undo_all")
    run.stays = []
    run.settle()
    assert touched(run, "contain") == MANY[:5], "the attempt that was ended had done one more"
    assert sorted(touched(run, "release")) == MANY[:5]
    assert run.ended == "undone"
    assert run.phase == "closed"


@pytest.mark.parametrize("reports", [True, False])
def test_a_pause_ends_the_attempt_and_the_same_page_goes_on(reports: bool) -> None:
    run = started(p.plan(lock()))
    run.stays = ["contain"]
    run.world.reports_when_ended = reports
    run.launch()
    run.command("pause")
    run.settle()
    assert touched(run, "contain") == (MANY[:1] if reports else [])
    run.command("resume")
    run.stays = []
    run.settle()
    assert touched(run, "contain") == MANY
    assert run.step("lock").ordinal == 1


def test_undo_while_it_acts_waits_for_the_page_and_lets_go_of_it() -> None:
    run = started(p.plan(lock(), p.wait(3600)))
    run.stays = ["contain"]
    run.world.reports_when_ended = True
    run.launch()
    run.end(run.act("contain"))
    run.command("undo", "lock")
    run.stays = []
    run.settle()
    assert not run.world.contained
    assert touched(run, "contain") == MANY[:5]
    assert run.status("lock") == "done"


def test_what_failed_of_a_page_is_not_tried_again_while_the_page_is_let_go() -> None:
    run = started(p.plan(lock(), p.wait(3600)))
    run.world.targets["@user1"] = ["refused"]
    run.launch()
    ask = run.ask("lock")
    run.stays = ["release"]
    run.command("undo", "lock")
    run.settle()
    with pytest.raises(validity.Refused, match="not open any more"):
        run.answer(ask, "retry", by="ana")
    run.stays = []
    run.settle()
    assert not run.world.contained


def test_some_are_let_go_by_name() -> None:
    run = started(p.plan(lock(), p.wait(3600))).launch()
    run.command("undo", "lock", target=("@user3",))
    run.settle()
    assert touched(run, "release") == ["@user3"]
    assert pages.held(run.step("lock")) == 9
    run.world.contained.pop(("0", "@user3"))
    run.command("undo", "lock")
    run.settle()
    assert sorted(touched(run, "release")) == sorted(MANY)
    assert pages.held(run.step("lock")) == 0


def test_a_page_is_no_target_that_a_person_names() -> None:
    run = started(p.plan(lock(expires=3600, on_expiry="undo"), p.wait(3600))).launch()
    page = next(iter(run.step("lock").pages))
    for command, value in (("undo", None), ("extend", 600), ("keep", None)):
        with pytest.raises(validity.Refused, match="long list"):
            run.command(command, "lock", target=(page,), value=value)  # type: ignore[arg-type]
    run.command("extend", "lock", value=3600)
    until = {hold.until for hold in run.step("lock").holds.values()}
    assert until == {run.now + timedelta(hours=2)}
    run.command("keep", "lock")
    assert all(hold.lasting for hold in run.step("lock").holds.values())


def test_what_could_not_be_undone_is_asked_about_once() -> None:
    run = started(p.plan(lock(), p.undo("#lock", name="open")))
    for target in ("@user1", "@user9"):
        run.world.targets[target] = ["applied", "undo_failed"]
    run.launch()
    ask = run.ask("open")
    assert touched(run, "release")[:1] == ["@user8"], "the newest page first"
    run.answer(ask, "retry", by="ana")
    run.settle()
    assert not run.world.contained
    assert run.phase == "closed"


def test_leases_of_pages_are_asked_about_in_one_question() -> None:
    run = started(p.plan(lock(expires=3600, on_expiry="ask policy")))
    run.stays = ["contain"]
    run.launch()
    for _ in range(3):
        run.end(run.act("contain"))
        run.wait(120)
    run.wait(3600 - 300)
    assert "for 4 targets" in run.ask("lock").words
    run.wait(300)
    assert "for 10 targets" in run.ask("lock").words
    run.answer(run.ask("lock"), "undo", by="omar")
    run.settle()
    assert not run.world.contained


def seen(expr: Expr, items: list[str] = MANY) -> bool:
    """Whether a step on this condition is taken."""
    run = started(p.plan(p.notify("crt.on_shift", "Look", name="act", when=expr)), items).launch()
    return run.status("act") == "done"


def test_expressions_on_a_long_list() -> None:
    accounts = p.given("accounts")
    count = Filter(name="count", of=accounts)
    assert not seen(p.below(count, 10))
    assert seen(p.below(count, 11))
    assert seen(Within(left=Const(value="@user7", type="account"), right=accounts))
    assert not seen(Within(left=Const(value="@nobody", type="account"), right=accounts))
    assert seen(p.below(Filter(name="count", of=Filter(name="unique", of=accounts)), 4), ["@a", "@b", "@c"] * 3)


def test_what_a_step_holds_is_seen_by_the_next() -> None:
    plan = p.plan(lock(), p.contain("remove", p.held("#lock"), name="also"))
    run = started(plan)
    run.world.targets["@user1"] = ["refused"]
    run.launch()
    assert [t for what, path, t in run.world.touched if path == "1"] == [one for one in MANY if one != "@user1"]


def test_deciders_see_how_many_and_the_first_few_and_approve_all_or_none() -> None:
    run = started(p.plan(p.approve("Freeze?", p.seat("policy"), name="gate", unlocks=("#lock",)), lock())).launch()
    ask = run.ask("gate")
    assert '"count":10' in ask.document
    assert "@user4" in ask.document
    assert "@user7" not in ask.document
    with pytest.raises(validity.Refused, match="approve it whole"):
        run.answer(ask, targets=("@user1",))
    run.answer(ask)
    run.settle()
    assert touched(run, "contain") == MANY


def test_more_than_a_size_asks_first() -> None:
    run = started(p.plan(lock(ask_above=9))).launch()
    assert "would act on 10, more than 9" in run.ask("lock").words
    run.answer(run.ask("lock"), "continue", by="ana")
    run.settle()
    assert touched(run, "contain") == MANY


@pytest.mark.parametrize("more", [["@user3", "@new"], ["@user3", "@new", *(f"@new{n}" for n in range(5))]])
def test_what_is_added_is_contained_once(more: list[str]) -> None:
    run = started(p.plan(lock(), p.wait(3600))).launch()
    given = run.world.keep(more) if len(more) > 2 else more
    run.command("add", value={"accounts": given})
    run.settle()
    assert touched(run, "contain") == [*MANY, *more[1:]]
    assert not run.asks()
    run.command("undo", "lock")
    run.settle()
    assert not run.world.contained


def test_a_long_list_is_added_to_a_short_one() -> None:
    world = World()
    run = Run(p.plan(lock(), p.wait(3600)), {"accounts": ["@user3"]}, world=world).launch()
    run.command("add", value={"accounts": world.keep(MANY)})
    run.settle()
    assert sorted(touched(run, "contain")) == sorted(MANY)
    run.command("undo_all")
    run.settle()
    assert sorted(touched(run, "release")) == sorted(MANY)
    assert run.phase == "closed"


def test_a_read_gives_a_long_list() -> None:
    plan = p.plan(p.contain("remove", p.read("matches_of", "site", p.given("accounts"), listed=True), name="copies"))
    world = World()
    world.reads["matches_of"] = world.keep(MANY)
    run = Run(plan, world=world).launch()
    assert touched(run, "contain") == MANY


def test_a_clock_is_met_when_every_page_is_contained() -> None:
    run = started(p.plan(lock(meets=("law",)), clocks=(p.clock("law", 3600),)))
    run.world.targets["@user9"] = ["refused"]
    run.launch()
    assert run.state.clocks["law"].met_at is None
    run.answer(run.ask("lock"), "retry", by="ana")
    run.settle()
    assert run.state.clocks["law"].met_at is not None
