"""Notices, sent: who is told, on which channels, in which words, once; and what is said when someone was not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import delivering
from activities.notifying import Notifying
from firedoor.connectors.channel import OutgoingMessage
from firedoor.connectors.errors import BadSettings, Refused, TargetMissing, Unavailable
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.people.organization import Reach
from firedoor.plan import MessageRef, Who
from firedoor.protocol import NotifyOrder, NotifyReport, Rendering
from tests.activities.notices import (
    CRT,
    EXECS,
    LEGAL,
    MAYOR,
    MONDAY,
    POLICE,
    POLICY,
    SATURDAY,
    USERS,
    Desk,
    notice,
    place,
    texts,
    to,
)
from tests.activities.orders import row


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk.at(tmp_path)
    yield made
    await made.close()


async def failure(desk: Desk, order: NotifyOrder, **info: Any) -> tuple[ApplicationError, NotifyReport]:
    with pytest.raises(ApplicationError) as failed:
        await desk.send(order, **info)
    assert failed.value.type == "NotReached"
    return failed.value, NotifyReport.model_validate(failed.value.details[0])


# --- who, and where ---------------------------------------------------------------------------------------------------


async def test_at_sev1_two_channels_and_both_are_reported(desk: Desk) -> None:
    report = await desk.send(notice(CRT))
    assert to(desk.page) == to(desk.chat) == ["jonas", "niamh"]
    assert [(one.recipient, one.channel, one.state) for one in report.deliveries] == [
        ("jonas", "chat", "sent"),
        ("jonas", "page", "sent"),
        ("niamh", "chat", "sent"),
        ("niamh", "page", "sent"),
    ]
    assert all(one.id for one in report.deliveries)


@pytest.mark.parametrize(("severity", "urgent", "pages"), [("sev2", False, 0), ("sev4", False, 0), ("sev4", True, 2)])
async def test_reach_goes_by_severity_unless_it_is_urgent(desk: Desk, severity: str, urgent: bool, pages: int) -> None:
    await desk.send(notice(CRT, severity=severity, urgent=urgent))
    assert len(desk.page.sent()) == pages
    assert len(desk.chat.sent()) == 2
    assert {sent.message.urgent for sent in desk.chat.sent()} == {urgent}


async def test_outsiders_and_users_have_ways_of_their_own(desk: Desk) -> None:
    await desk.send(notice(CRT, POLICE, MAYOR, USERS))
    assert to(desk.email) == ["police"]
    assert to(desk.platform) == ["@mayor:platform.example", "users"]
    assert to(desk.page) == ["jonas", "niamh"]


async def test_who_stands_in_is_told_and_it_is_said(desk: Desk) -> None:
    report = await desk.send(notice(LEGAL), now=SATURDAY)
    assert to(desk.page) == ["grace"]
    (about,) = [one for one in report.deliveries if one.channel == "roster"]
    assert about.recipient == "legal.on_shift"
    assert about.error == "Legal has nobody on shift: Grace, who manages it, stands in"


async def test_whom_nobody_knows_fails_the_notice_and_stops_nobody_else(desk: Desk) -> None:
    error, report = await failure(desk, notice(CRT, Who(kind="team", name="gone"), Who(kind="person", name="x")))
    assert error.non_retryable
    assert to(desk.page) == ["jonas", "niamh"]
    assert {one.recipient for one in report.deliveries if one.channel == "roster"} == {"gone", "x"}
    assert "2 known to nobody" in str(error)


async def test_nobody_to_tell_is_nothing_to_do(desk: Desk) -> None:
    empty = NotifyOrder.model_validate({**notice().model_dump(), "audience": ()})
    assert (await desk.send(empty)).deliveries == ()


async def test_the_commander_of_the_run_is_told(desk: Desk) -> None:
    await desk.send(notice(Who(kind="commander"), commander="sam"))
    assert to(desk.page) == ["sam"]
    await desk.send(notice(Who(kind="region_manager"), region="apac", key="2"))
    assert to(desk.page) == ["sam", "wei"]


# --- what -------------------------------------------------------------------------------------------------------------


async def test_everyone_reads_their_own_language(desk: Desk) -> None:
    said = tuple(
        Rendering(language=tag, text=text) for tag, text in (("en", "Hello"), ("de", "Hallo"), ("ja", "どうも"))
    )
    report = await desk.send(notice(CRT, POLICY, texts=said))
    assert texts(desk.chat)["jonas"] == "Hallo"
    assert texts(desk.chat)["niamh"] == "Hello"
    assert texts(desk.chat)["yuki"] == "どうも"
    assert {one.language for one in report.deliveries if one.recipient == "jonas"} == {"de"}


async def test_channel_and_reader_must_both_be_cleared(desk: Desk) -> None:
    said = (Rendering(language="*", text="Ana", needs=("personal",)), Rendering(language="*", text="[withheld]"))
    book = desk.book.model_copy(update={"reach": Reach(otherwise=("chat", "email"))})
    desk.book = book
    await desk.send(notice(POLICY, EXECS, texts=said))
    assert texts(desk.email)["ines"] == "Ana"
    assert texts(desk.email)["noor"] == "[withheld]"
    assert set(texts(desk.chat).values()) == {"[withheld]"}


async def test_a_message_of_the_book_is_rendered(desk: Desk) -> None:
    order = notice(
        CRT,
        POLICE,
        texts=(),
        message=MessageRef(message="holding"),
        templates={"en": "{{ severity }}: {{ name }}", "de": "{{ severity }}: {{ name }} (de)"},
        context={"severity": "sev1", "name": "Ana"},
        sensitive={"name": "personal"},
    )
    await desk.send(order)
    assert texts(desk.chat)["jonas"] == "sev1: [withheld] (de)"
    assert texts(desk.email)["police"] == "sev1: [withheld] (de)"


async def test_a_message_that_cannot_be_rendered_is_a_failure_that_says_little(desk: Desk) -> None:
    order = notice(
        CRT,
        texts=(),
        message=MessageRef(message="holding"),
        templates={"en": "{{ secret_name }}"},
        context={"n": "hunter2"},
    )
    error, report = await failure(desk, order)
    assert error.non_retryable
    assert "hunter2" not in f"{error} {report}"
    assert {one.state for one in report.deliveries} == {"failed"}


async def test_an_exercise_says_so_everywhere_and_tells_nobody_outside(desk: Desk) -> None:
    report = await desk.send(notice(CRT, POLICE, MAYOR, USERS, drill=True))
    assert to(desk.page) == to(desk.chat) == ["jonas", "niamh"]
    assert not desk.email.sent()
    assert not desk.platform.sent()
    assert to(desk.drills["drill:email"]) == ["police"]
    assert to(desk.drills["drill:platform"]) == ["@mayor:platform.example", "users"]
    for channel in (desk.page, desk.chat, *desk.drills.values()):
        for sent in channel.sent():
            assert sent.message.text.startswith("DRILL")
            assert sent.message.subject.startswith("DRILL")
            assert sent.message.drill
    assert {one.channel for one in report.deliveries} == {"page", "chat", "drill:email", "drill:platform"}


async def test_whoever_shares_a_room_gets_one_message_and_the_least_cleared_decides(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path, chat=MemoryChannel("chat", room="#crisis"))
    chat = desk.book.channels["chat"].model_copy(update={"clears": ("personal",)})
    desk.book = desk.book.model_copy(
        update={"channels": {**desk.book.channels, "chat": chat}, "reach": Reach(otherwise=("chat",))}
    )
    said = (Rendering(language="*", text="Ana", needs=("personal",)), Rendering(language="*", text="[withheld]"))
    await desk.send(notice(POLICY, texts=said, key="1"))
    await desk.send(notice(POLICY, EXECS, texts=said, key="2"))
    first, second = (sent.message for sent in desk.chat.sent())
    assert (first.text, second.text) == ("Ana", "[withheld]")
    assert first.to == ("Omar", "Ines", "Yuki")
    assert second.mentions[-1] == "@noor:platform.example"
    await desk.close()


# --- once, and when something fails -----------------------------------------------------------------------------------


async def test_one_channel_that_fails_stops_no_other_and_both_are_reported(desk: Desk) -> None:
    desk.page.fail(BadSettings, times=9)
    report = await desk.send(notice(CRT))
    assert to(desk.chat) == ["jonas", "niamh"]
    failed = [one for one in report.deliveries if one.state == "failed"]
    assert {(one.recipient, one.channel) for one in failed} == {("jonas", "page"), ("niamh", "page")}
    assert all(one.error == "page was told to fail" for one in failed)


async def test_the_same_order_again_sends_nothing_again(desk: Desk) -> None:
    first = await desk.send(notice(CRT))
    assert await desk.send(notice(CRT), attempt=2) == first
    assert desk.page.tries() == desk.chat.tries() == 2
    await desk.send(notice(CRT, key="0:2"))
    assert desk.page.tries() == 4


async def test_another_attempt_sends_what_was_not_sent(desk: Desk) -> None:
    for channel in (desk.page, desk.chat):
        channel.fail(Unavailable, address="jonas")
    error, report = await failure(desk, notice(CRT))
    assert not error.non_retryable
    assert str(error) == "NotReached: 1 of 2 were not reached (chat: Unavailable; page: Unavailable)"
    assert {one.recipient for one in report.deliveries if one.state == "sent"} == {"niamh"}
    again = await desk.send(notice(CRT), attempt=2)
    assert {one.state for one in again.deliveries} == {"sent"}
    assert desk.page.tries() == 3


@pytest.mark.parametrize("error", [Refused, TargetMissing, BadSettings])
async def test_what_another_attempt_cannot_mend_is_not_tried_again(desk: Desk, error: type[Exception]) -> None:
    for channel in (desk.page, desk.chat):
        channel.fail(error, address="jonas")  # type: ignore[arg-type]
    failed, _ = await failure(desk, notice(CRT))
    assert failed.non_retryable


async def test_the_last_attempt_carries_what_was_delivered(desk: Desk) -> None:
    for channel in (desk.page, desk.chat):
        channel.fail(Unavailable, times=9)
    error, report = await failure(desk, notice(CRT), budget=60, spent=56)
    assert error.non_retryable
    assert len(report.deliveries) == 4
    assert {one.error for one in report.deliveries} == {"page was told to fail", "chat was told to fail"}


async def test_what_a_channel_asks_for_is_waited(desk: Desk) -> None:
    for channel in (desk.page, desk.chat):
        channel.fail(Unavailable, address="jonas", retry_after=timedelta(seconds=40))
    error, _ = await failure(desk, notice(CRT))
    assert error.next_retry_delay == timedelta(seconds=40)
    for channel in (desk.page, desk.chat):
        channel.fail(Unavailable, address="jonas", retry_after=timedelta(hours=1))
    error, _ = await failure(desk, notice(CRT))
    assert error.non_retryable, "an hour does not fit"


async def test_an_answer_that_was_lost_is_no_second_message(desk: Desk) -> None:
    for channel in (desk.page, desk.chat):
        channel.fail(Unavailable, times=2, after=True)
    await failure(desk, notice(CRT))
    await desk.send(notice(CRT), attempt=2)
    assert to(desk.page) == to(desk.chat) == ["jonas", "niamh"]
    assert desk.page.tries() == 4


async def test_channels_are_used_at_the_same_time(desk: Desk) -> None:
    under_way = asyncio.Barrier(2)

    class Waiting(MemoryChannel):
        """A message is on its way until one is on the other channel too."""

        async def send(self, message: OutgoingMessage) -> str:
            async with asyncio.timeout(60):
                await under_way.wait()
            return await super().send(message)

    desk.others = {name: Waiting(name, at_once=1) for name in ("page", "chat")}
    report = await desk.send(notice(CRT))
    assert [(one.channel, one.state) for one in report.deliveries] == [("chat", "sent"), ("page", "sent")] * 2


async def test_a_channel_that_does_not_answer_stops_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "SEND_SECONDS", 0.2)
    desk.page.delay = 60
    report = await desk.send(notice(CRT))
    assert to(desk.chat) == ["jonas", "niamh"]
    assert {one.error for one in report.deliveries if one.channel == "page"} == {"page did not answer within 0.2 s"}


async def test_a_channel_that_cannot_be_reached_is_not_tried_for_everyone(desk: Desk) -> None:
    class Down(MemoryChannel):
        async def send(self, message: OutgoingMessage) -> str:
            self.tried = getattr(self, "tried", 0) + 1
            raise Unavailable("page cannot be reached", untouched=True)

    down = Down("page", at_once=1)
    desk.others["page"] = down
    report = await desk.send(notice(POLICY, CRT))
    assert down.tried == 1
    assert len([one for one in report.deliveries if one.state == "failed"]) == 5


async def test_a_channel_that_breaks_its_contract_stops_no_other(desk: Desk) -> None:
    class Broken(MemoryChannel):
        async def send(self, message: OutgoingMessage) -> str:
            raise KeyError(message.text)

    desk.others["page"] = Broken("page")
    report = await desk.send(notice(CRT))
    assert to(desk.chat) == ["jonas", "niamh"]
    assert {one.error for one in report.deliveries if one.channel == "page"} == {"page broke: KeyError"}


async def test_a_channel_that_is_not_set_up_and_a_severity_without_one(desk: Desk) -> None:
    desk.missing = ("page",)
    report = await desk.send(notice(CRT))
    assert {one.error for one in report.deliveries if one.state == "failed"} == {"this channel is not set up"}
    desk.book = desk.book.model_copy(update={"reach": Reach()})
    error, report = await failure(desk, notice(CRT, key="2"))
    assert error.non_retryable
    assert "names no channel" in str(report.deliveries[0].error)
    assert "(the organization names no channel for this at sev1)" in str(error)


async def test_why_nobody_is_reachable_by_a_channel_is_said_in_words(desk: Desk) -> None:
    desk.missing = ("page", "chat")
    error, _ = await failure(desk, notice(CRT))
    assert "nobody is reachable by chat: this channel is not set up" in str(error)


async def test_the_run_may_stop_it_and_what_was_sent_stays_sent(desk: Desk) -> None:
    desk.page.delay, desk.page.at_once = 0.2, 1
    desk.missing = ("chat",)
    where: ActivityEnvironment = place(MONDAY)
    sending: asyncio.Task[NotifyReport] = asyncio.ensure_future(where.run(desk.notifying().notify, notice(POLICY, CRT)))
    await asyncio.sleep(0.3)
    where.cancel(cancellation_details=_asked())
    with pytest.raises(asyncio.CancelledError):
        await sending
    sent = len(desk.page.sent())
    assert 1 <= sent < 5
    await desk.send(notice(POLICY, CRT), attempt=2)
    assert len(desk.page.sent()) == desk.page.tries() == 5


def _asked() -> Any:
    from temporalio.activity import ActivityCancellationDetails

    return ActivityCancellationDetails(cancel_requested=True)


# --- by what right, and what is written -------------------------------------------------------------------------------


async def test_without_a_warrant_nothing_is_written_or_sent(desk: Desk) -> None:
    def refuse(order: object) -> None:
        raise ValueError("the launch is not believed")

    strict = Notifying(
        lambda: desk.book,
        {"page": desk.page},
        desk.records.deliveries,
        desk.records.timeline,
        refuse,
        desk.renderer,
    )
    with pytest.raises(ApplicationError, match="not believed") as failed:
        await place(MONDAY).run(strict.notify, notice(CRT, rows=(row(1),)))
    assert failed.value.type == "NoWarrant"
    assert failed.value.non_retryable
    assert not desk.page.tries()
    assert desk.records.timeline.recorded("inc-1") == 0


async def test_rows_come_first(desk: Desk) -> None:
    for channel in (desk.page, desk.chat):
        channel.fail(Refused, times=9)
    _, report = await failure(desk, notice(CRT, rows=(row(1), row(2))))
    assert report.recorded == desk.records.timeline.recorded("inc-1") == 2


async def test_each_message_is_in_the_record(desk: Desk) -> None:
    desk.page.fail(Refused, address="jonas")
    await desk.send(notice(CRT))
    rows = {(one.recipient, one.channel): one for one in desk.records.deliveries.of("inc-1", "0:1")}
    assert rows["jonas", "page"].state == "failed"
    assert rows["jonas", "chat"].state == "sent"
    assert rows["jonas", "chat"].provider_id
    assert rows["jonas", "chat"].language == "*"


async def test_errors_name_nobody_and_quote_nothing(desk: Desk) -> None:
    for channel in (desk.page, desk.chat, desk.email, desk.platform):
        channel.fail(Refused, times=99)
    error, _ = await failure(desk, notice(CRT, POLICE, MAYOR))
    for hidden in ("jonas", "niamh", "police", "mayor", "accounts", "Takeover"):
        assert hidden not in error.message
