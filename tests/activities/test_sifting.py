"""Sift and notify each: what an attempt leaves behind another one goes on with, and nothing is asked or sent twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.attempt import Attempt
from activities.notifying_each import NotifyingEach
from activities.sifting import Sifting
from firedoor.connectors.errors import ConnectorError, Refused, Unavailable
from firedoor.people.signatures import SigningKey
from firedoor.plan import Audience, Plan, ReadAction
from firedoor.plan.expression import Const, Read
from firedoor.protocol import (
    Around,
    Launch,
    NotifyEachOrder,
    NotifyEachReport,
    NotifyOrder,
    NotifyReport,
    Page,
    Sifted,
    SiftOrder,
    Warrant,
)
from firedoor.records.all import Records, open_records
from firedoor.records.ledger import Intention
from tests.activities.notices import MONDAY, place
from tests.activities.orders import anyone
from tests.workflows import plans as p

ITEMS = [f"@u{number}:x" for number in range(6)]
PUBLIC = Read(call="is_public", site="is_public", argument=p.item("0"), type="yes_no")
OWNER = Read(call="owner_of", site="owner_of", argument=p.item("0"), type="account")
PLAN = p.plan(
    p.for_each(
        p.ACCOUNTS,
        p.contain("lock", p.item("0"), when=PUBLIC),
        p.notify(audience=(Audience(of=OWNER),)),
        at_once=2,
    )
)
INCIDENT = "inc-1"


@dataclass
class Systems:
    """What is asked, in order, and who is told; `fails` are errors by item."""

    records: Records
    plan: Plan
    asked: list[tuple[str, Any]]
    told: list[NotifyOrder]
    fails: dict[str, ConnectorError]

    async def ask(self, read: ReadAction, argument: Any) -> Any:
        if argument in self.fails:
            raise self.fails[argument]
        self.asked.append((read.name, argument))
        return True if read.name == "is_public" else f"@owner of {argument}"

    async def tell(self, order: NotifyOrder, attempt: Attempt) -> NotifyReport:
        if order.audience[0].name in self.fails:
            raise ApplicationError("nobody is there", type="NotReached", non_retryable=True)
        self.told.append(order)
        return NotifyReport()

    def warrant(self) -> Warrant:
        launch = Launch(
            person="ana",
            incident=INCIDENT,
            plan=self.plan.digest,
            nonce="n",
            issued=MONDAY,
            expires=MONDAY,
            aware_at=MONDAY,
            region="emea",
        )
        return Warrant(launch=SigningKey.generate().sign(launch))

    def page(self) -> Page:
        ref = self.records.lists.keep(ITEMS)
        return Page(list=ref.digest, of=ref.count, first=0, count=ref.count)

    async def sift(self, step: str = "0.0", *, attempt: int = 9, **more: Any) -> Sifted:
        order = SiftOrder(
            incident=INCIDENT,
            warrant=self.warrant(),
            step=step,
            loop="0",
            page=self.page(),
            around=Around(severity="sev1"),
            **more,
        )
        sifting = Sifting(self.ask, self.records, anyone)
        report = await place(MONDAY, attempt=attempt).run(sifting.sift, order)
        return Sifted.model_validate(report.value)

    async def notify(self) -> NotifyEachReport:
        order = NotifyEachOrder(
            incident=INCIDENT,
            warrant=self.warrant(),
            step="0.1",
            loop="0",
            key="0.1:each",
            audience=(),
            severity="sev1",
            region="emea",
            subject="SEV1",
            page=self.page(),
            around=Around(severity="sev1"),
        )
        each = NotifyingEach(self, self.ask, self.records, anyone)
        return await place(MONDAY).run(each.notify_each, order)


@pytest.fixture
async def systems(tmp_path: Path) -> AsyncIterator[Systems]:
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite3'}", synchronous="OFF")
    records.plans.keep(PLAN)
    yield Systems(records, PLAN, [], [], {})
    records.close()


async def test_each_item_is_asked_about_once_however_often_the_page_is_looked_at(systems: Systems) -> None:
    first = await systems.sift()
    assert first.chosen == 6
    assert first.of is not None
    assert list(systems.records.lists.get(first.of.digest)) == ITEMS
    assert await systems.sift() == first
    assert sorted(systems.asked) == [("is_public", item) for item in ITEMS]


async def test_an_attempt_goes_on_where_the_one_before_has_failed(systems: Systems) -> None:
    systems.fails[ITEMS[3]] = Unavailable("it is down")
    with pytest.raises(ApplicationError, match="it is down"):
        await systems.sift(attempt=1)
    systems.fails.clear()
    assert (await systems.sift(attempt=2)).chosen == 6
    assert sorted(systems.asked) == [("is_public", item) for item in ITEMS]


async def test_items_that_ask_the_same_of_a_system_that_is_down_all_fail_for_that_reason(systems: Systems) -> None:
    same = PUBLIC.model_copy(update={"argument": Const(value="open", type="text")})
    systems.plan = p.plan(p.for_each(p.ACCOUNTS, p.contain("lock", p.item("0"), when=same), at_once=3))
    systems.records.plans.keep(systems.plan)
    systems.fails["open"] = Refused("it is down")
    found = await systems.sift(at_once=3)
    assert (found.chosen, found.unread) == (0, 6)
    assert [problem for problem in found.problems if not problem.endswith("it is down")] == []
    systems.fails.clear()
    again = await systems.sift(at_once=3, again=1)
    assert (again.chosen, again.unread) == (6, 0)
    assert systems.asked == [("is_public", "open")]


async def test_what_is_unread_is_asked_about_again_in_another_pass_alone(systems: Systems) -> None:
    systems.fails[ITEMS[3]] = Refused("it says no")
    found = await systems.sift()
    assert (found.chosen, found.unread) == (5, 1)
    assert "it says no" in found.problems[0]
    systems.fails.clear()
    systems.asked.clear()
    again = await systems.sift(again=1)
    assert (again.chosen, again.unread) == (1, 0)
    assert systems.asked == [("is_public", ITEMS[3])]


async def test_an_item_that_was_not_contained_is_held_back_while_that_is_undecided(systems: Systems) -> None:
    await systems.sift()
    for item in ITEMS[:4]:
        intention = Intention(INCIDENT, "0.0", item, 1, "lock", "memory", "lock", "unlock", {}, item)
        entry = systems.records.ledger.enter(intention, MONDAY)
        systems.records.ledger.begin(entry.id, entry.thing, entry.number, {"held": False}, acts=True)
        systems.records.ledger.applied(entry.id, entry.number, MONDAY, None)
    held = await systems.sift("0.1", behind=("0.0",))
    assert (held.chosen, held.held_back) == (4, 2)
    later = await systems.sift("0.1", again=1)
    assert (later.chosen, later.held_back) == (2, 0)


async def test_each_item_has_a_notice_of_its_own_once(systems: Systems) -> None:
    await systems.sift("0.1")
    systems.fails[f"@owner of {ITEMS[2]}"] = Refused("nobody")
    report = await systems.notify()
    assert (report.told, report.missed) == (5, 1)
    assert ITEMS[2] in report.problems[0]
    systems.fails.clear()
    report = await systems.notify()
    assert (report.told, report.missed) == (6, 0)
    assert sorted(str(order.audience[0].name) for order in systems.told) == [f"@owner of {item}" for item in ITEMS]
    assert len({order.key for order in systems.told}) == 6


async def test_only_what_was_chosen_is_told(systems: Systems) -> None:
    report = await systems.notify()
    assert (report.told, report.missed) == (0, 6)
    assert not systems.told
