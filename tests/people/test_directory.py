"""Who a name stands for, as tables, on the organization of the example book."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from firedoor.people.directory import (
    NobodyKnown,
    Situation,
    holds,
    members,
    on_shift,
    people_of,
    region_at,
    region_of,
    teams_of,
)
from firedoor.people.organization import CommanderRule
from firedoor.plan import Who
from tests.people.book import organization

BOOK = organization()

MONDAY = "2026-01-05"
SATURDAY = "2026-01-10"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("team", "moment", "who"),
    [
        ("crt", f"{MONDAY}T10:00", "niamh jonas"),
        ("crt", f"{MONDAY}T18:00", "ana luis"),
        ("crt", f"{MONDAY}T03:00", "mei arjun"),
        # Los Angeles ends at 17:00, an hour after Singapore has begun.
        ("crt", f"{MONDAY}T00:30", "ana luis mei arjun"),
        # The weeks in which only America has changed its clocks: it begins an hour earlier in UTC.
        ("crt", "2026-03-10T15:30", "ana luis niamh jonas"),
        ("crt", "2026-10-28T15:30", "ana luis niamh jonas"),
        ("crt", "2026-07-06T07:30", "niamh jonas mei arjun"),
        ("policy", f"{SATURDAY}T10:00", "ines"),
        ("engineering", f"{MONDAY}T03:00", "ravi li"),
        # Legal in emea is there from Monday to Friday.
        ("legal", "2026-01-09T15:59", "klara"),
        ("legal", f"{SATURDAY}T07:59", "hana"),
        ("legal", f"{SATURDAY}T08:00", ""),
        ("legal", f"{SATURDAY}T15:59", ""),
        ("legal", f"{SATURDAY}T16:00", "tom"),
        ("legal", "2026-01-11T12:00", ""),
        ("legal", "2026-01-12T08:00", "klara"),
    ],
)
def test_on_shift(team: str, moment: str, who: str) -> None:
    assert [person.id for person in on_shift(BOOK, team, at(moment))] == who.split()


@pytest.mark.parametrize("team", ["crt", "policy"])
def test_the_sun_does_not_set_on_teams_that_follow_it(team: str) -> None:
    moment, end = at("2026-01-01T00:00"), at("2027-01-01T00:00")
    while moment < end:
        assert on_shift(BOOK, team, moment), moment
        moment += timedelta(minutes=30)


def test_legals_hole_is_emeas_weekend_and_nothing_else() -> None:
    moment, end = at("2026-01-01T00:00"), at("2027-01-01T00:00")
    empty = []
    while moment < end:
        if not on_shift(BOOK, "legal", moment):
            empty.append(moment)
        moment += timedelta(minutes=30)
    assert {moment.weekday() for moment in empty} == {5, 6}
    assert {moment.hour for moment in empty} == set(range(8, 16)), "Singapore ends at 08:00 UTC the whole year"
    assert not [moment for moment in empty if moment.hour == 15 and 4 <= moment.month <= 9], (
        "in summer Tom is there at 15"
    )


@pytest.mark.parametrize(
    ("who", "moment", "people", "note"),
    [
        (Who(kind="team", name="policy"), MONDAY, "omar ines yuki", ""),
        (Who(kind="team", name="execs"), MONDAY, "noor", ""),
        (Who(kind="on_shift", name="policy"), f"{MONDAY}T10:00", "ines", ""),
        (
            Who(kind="on_shift", name="legal"),
            f"{SATURDAY}T10:00",
            "grace",
            "Legal has nobody on shift: Grace, who manages it, stands in",
        ),
        (Who(kind="manager", name="legal"), MONDAY, "grace", ""),
        (Who(kind="region_manager"), MONDAY, "eoin", ""),
        (Who(kind="commander"), f"{MONDAY}T10:00", "niamh jonas", ""),
        (Who(kind="launcher"), MONDAY, "ana", ""),
        (Who(kind="person", name="paz"), MONDAY, "paz", ""),
        (Who(kind="contact", name="gifct"), MONDAY, "", ""),
        (Who(kind="account", name="@u:x"), MONDAY, "", ""),
        (Who(kind="users"), MONDAY, "", ""),
    ],
    ids=str,
)
def test_people_of(who: Who, moment: str, people: str, note: str) -> None:
    found = people_of(BOOK, who, Situation(at(moment), region="emea", launcher="ana"))
    assert [person.id for person in found.people] == people.split()
    assert "".join(found.notes) == note


@pytest.mark.parametrize(
    "who",
    [
        Who(kind="team", name="polcy"),
        Who(kind="on_shift"),
        Who(kind="manager", name="nobody"),
        Who(kind="person", name="nobody"),
        Who(kind="region_manager"),
    ],
    ids=str,
)
def test_an_unknown_name_is_an_error_and_not_nobody(who: Who) -> None:
    with pytest.raises(NobodyKnown):
        people_of(BOOK, who, Situation(at(MONDAY), region="moon"))


def test_whoever_is_named_commands() -> None:
    found = people_of(BOOK, Who(kind="commander"), Situation(at(MONDAY), commander="sam"))
    assert [person.id for person in found.people] == ["sam"]


def test_a_commander_who_has_left_is_replaced_and_it_is_said() -> None:
    found = people_of(BOOK, Who(kind="commander"), Situation(at(f"{MONDAY}T10:00"), commander="gone"))
    assert [person.id for person in found.people] == ["niamh", "jonas"]
    assert "gone" in found.notes[0]


def test_the_commanders_rule_ends_with_someone() -> None:
    legal = CommanderRule(source=Who(kind="on_shift", name="legal"), answers_within=300)
    book = BOOK.model_copy(update={"commander": legal})
    found = people_of(book, Who(kind="commander"), Situation(at(f"{SATURDAY}T10:00")))
    assert [person.id for person in found.people] == ["grace"]
    assert found.notes
    loop = CommanderRule(source=Who(kind="commander"), answers_within=300, then=(Who(kind="region_manager"),))
    book = BOOK.model_copy(update={"commander": loop})
    assert [p.id for p in people_of(book, Who(kind="commander"), Situation(at(MONDAY), region="apac")).people] == [
        "wei"
    ]
    assert not people_of(book, Who(kind="commander"), Situation(at(MONDAY))).people


@pytest.mark.parametrize(
    ("person", "moment", "commander", "held"),
    [
        ("ines", f"{MONDAY}T10:00", None, "policy policy.on_shift"),
        ("ines", f"{MONDAY}T18:00", None, "policy"),
        ("niamh", f"{MONDAY}T10:00", None, "crt crt.on_shift commander"),
        ("niamh", f"{MONDAY}T10:00", "jonas", "crt crt.on_shift"),
        ("jonas", f"{MONDAY}T20:00", "jonas", "crt commander"),
        ("priya", MONDAY, None, "policy.manager"),
        ("ravi", MONDAY, None, "engineering engineering.on_shift engineering.manager"),
        ("eoin", MONDAY, None, "region.manager:emea"),
        ("grace", f"{SATURDAY}T10:00", None, "legal.manager"),
        ("nobody", MONDAY, None, ""),
    ],
)
def test_holds(person: str, moment: str, commander: str | None, held: str) -> None:
    assert " ".join(holds(BOOK, person, at(moment), commander=commander)) == held


@pytest.mark.parametrize(
    ("person", "moment", "region"),
    [
        ("ana", f"{MONDAY}T10:00", "amer"),
        ("klara", f"{SATURDAY}T10:00", "emea"),
        ("wei", f"{MONDAY}T10:00", "apac"),
        ("zoe", f"{MONDAY}T10:00", "emea"),
        ("zoe", f"{MONDAY}T20:00", "amer"),
        ("zoe", f"{MONDAY}T03:00", "apac"),
    ],
)
def test_region_of(person: str, moment: str, region: str) -> None:
    assert region_of(BOOK, person, at(moment)) == region


def test_the_shift_that_is_on_says_where_someone_is() -> None:
    crt = BOOK.teams["crt"]
    travelling = crt.model_copy(
        update={"shifts": tuple(s.model_copy(update={"on": (*s.on, "ana")}) for s in crt.shifts)}
    )
    book = BOOK.model_copy(update={"teams": {**BOOK.teams, "crt": travelling}})
    assert region_of(book, "ana", at(f"{MONDAY}T10:00")) == "emea"
    assert region_of(book, "ana", at(f"{MONDAY}T03:00")) == "apac"


def test_a_moment_has_a_region_even_where_nobody_is_on() -> None:
    managed = CommanderRule(source=Who(kind="manager", name="crt"), answers_within=300)
    book = BOOK.model_copy(update={"commander": managed, "teams": {}})
    assert region_at(book, at(f"{MONDAY}T12:00")) == "emea"
    assert region_at(book, at(f"{MONDAY}T20:00")) == "amer"


def test_members_and_teams() -> None:
    assert [person.id for person in members(BOOK, "crt")] == ["ana", "luis", "niamh", "jonas", "mei", "arjun"]
    assert teams_of(BOOK, "ravi") == ("engineering",)
    assert teams_of(BOOK, "sam") == (), "a manager is no member unless listed"
