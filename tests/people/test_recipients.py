"""Whom an audience reaches, where, and what they may read, as tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from firedoor.people.directory import Situation
from firedoor.people.recipients import Recipient, clears, reach, recipients_of
from firedoor.plan import Who
from firedoor.plan.model import Severity
from tests.people.book import organization

BOOK = organization()
NOW = Situation(datetime(2026, 1, 5, 10, tzinfo=UTC), region="emea", launcher="ana")
WEEKEND = Situation(datetime(2026, 1, 10, 10, tzinfo=UTC), region="emea", launcher="ana")

CRT = Who(kind="on_shift", name="crt")
POLICY = Who(kind="team", name="policy")
GIFCT = Who(kind="contact", name="gifct")
POLICE = Who(kind="contact", name="police")
MAYOR = Who(kind="account", name="@mayor:platform.example")
PRESS = Who(kind="account", name="press@city.example")
USERS = Who(kind="users")


def one(who: Who, environment: dict[str, str] | None = None) -> Recipient:
    (recipient,) = recipients_of(BOOK, [who], NOW, environment or {}).recipients
    return recipient


@pytest.mark.parametrize(
    ("who", "severity", "urgent", "channels"),
    [
        (Who(kind="person", name="ana"), "sev1", False, ("page", "chat")),
        (Who(kind="person", name="ana"), "sev2", False, ("chat",)),
        (Who(kind="person", name="ana"), "sev4", True, ("page", "chat")),
        (GIFCT, "sev1", False, ("email",)),
        (POLICE, "sev1", True, ("email",)),
        (MAYOR, "sev1", True, ("platform",)),
        (PRESS, "sev1", False, ("email",)),
        (USERS, "sev3", False, ("platform",)),
    ],
    ids=str,
)
def test_reach(who: Who, severity: Severity, urgent: bool, channels: tuple[str, ...]) -> None:
    assert reach(BOOK, one(who), severity, urgent=urgent) == channels


def test_an_audience_names_everyone_once() -> None:
    reached = recipients_of(BOOK, [CRT, Who(kind="commander"), Who(kind="team", name="crt"), CRT], NOW)
    assert [recipient.id for recipient in reached.recipients] == ["niamh", "jonas", "ana", "luis", "mei", "arjun"]
    assert not reached.unknown


def test_who_stands_in_is_said_once() -> None:
    legal = Who(kind="on_shift", name="legal")
    reached = recipients_of(BOOK, [legal, legal], WEEKEND)
    assert [recipient.id for recipient in reached.recipients] == ["grace"]
    assert len(reached.notes) == 1


def test_whom_nobody_knows_is_listed_and_keeps_nobody_else_from_being_told() -> None:
    unknown = [Who(kind="team", name="gone"), Who(kind="contact", name="gone"), Who(kind="launcher")]
    nobody = Situation(NOW.at)
    reached = recipients_of(BOOK, [*unknown, CRT], nobody)
    assert [name for name, _ in reached.unknown] == ["gone", "gone", "launcher"]
    assert [recipient.id for recipient in reached.recipients] == ["niamh", "jonas"]


@pytest.mark.parametrize(
    ("who", "channel", "cleared"),
    [
        (CRT, "email", {"personal"}),
        (CRT, "chat", set()),
        (POLICY, "email", {"personal"}),
        (Who(kind="manager", name="legal"), "email", {"personal"}),
        (Who(kind="person", name="ana"), "email", {"personal"}),
        (Who(kind="person", name="priya"), "email", {"personal"}),
        (Who(kind="person", name="zoe"), "email", set()),
        (Who(kind="team", name="execs"), "email", set()),
        (POLICE, "email", set()),
        (MAYOR, "platform", set()),
        (CRT, "no such channel", set()),
    ],
    ids=str,
)
def test_clears(who: Who, channel: str, cleared: set[str]) -> None:
    recipient = recipients_of(BOOK, [who], NOW).recipients[0]
    assert clears(BOOK, recipient, channel) == cleared


def test_clearance_is_of_the_role_that_is_addressed() -> None:
    execs = BOOK.teams["execs"].model_copy(update={"members": ("noor", "omar")})
    book = BOOK.model_copy(update={"teams": {**BOOK.teams, "execs": execs}})
    as_exec = Who(kind="team", name="execs")
    assert recipients_of(book, [as_exec], NOW).recipients[1].clears == frozenset()
    assert recipients_of(book, [as_exec, POLICY], NOW).recipients[1].clears == {"personal"}


def test_addresses_of_contacts_come_from_the_book_or_the_environment() -> None:
    assert one(GIFCT, {"GIFCT_EMAIL": "ops@gifct.example"}).email == "ops@gifct.example"
    assert one(GIFCT).email is None
    assert one(POLICE).email == "desk@police.example"
    assert one(POLICE).languages == ("de",)
    assert one(POLICE).name == "The police"


def test_users_languages_are_all_of_the_organizations() -> None:
    assert one(USERS).languages == one(MAYOR).languages == ("en", "de", "ja")
    assert one(USERS).reads_any
    assert one(MAYOR).matrix == "@mayor:platform.example"
    assert one(PRESS).email == "press@city.example"
