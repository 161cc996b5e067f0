"""Somebody is away until a moment: a colleague is asked instead, holds what they would, and signs as themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from firedoor.people import away, directory
from firedoor.people.directory import Situation
from firedoor.people.organization import Away, Organization
from firedoor.people.standing import answers_for
from firedoor.plan import Who
from firedoor.protocol import Answer, Launch
from tests.people.book import organization

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
"""A Wednesday: the shift of Europe."""
HOUR = timedelta(hours=1)


def absent(**instead: str) -> Organization:
    """Each is away for an hour from noon."""
    return but({person: [Away(starts=NOON, until=NOON + HOUR, instead=other)] for person, other in instead.items()})


def but(absences: dict[str, list[Away]]) -> Organization:
    book = organization()
    people = {
        name: person.model_copy(update={"away": tuple(absences.get(name, ()))}) for name, person in book.people.items()
    }
    return book.model_copy(update={"people": people})


def asked(book: Organization, who: Who, at: datetime = NOON, **situation: str) -> list[str]:
    return [person.id for person in directory.people_of(book, who, Situation(at, "emea", **situation)).people]


def on_shift(team: str) -> str:
    return directory.on_shift(organization(), team, NOON)[0].id


ONE = on_shift("policy")
OTHER = next(p.id for p in directory.members(organization(), "policy") if p.id != ONE)
MANAGER = organization().teams["policy"].manager
REGIONS = organization().regions["emea"].manager


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOON - timedelta(seconds=1), ONE),
        (NOON, OTHER),
        (NOON + HOUR - timedelta(seconds=1), OTHER),
        (NOON + HOUR, ONE),
    ],
)
def test_from_and_until_to_the_second_and_the_end_is_outside(at: datetime, expected: str) -> None:
    book = absent(**{ONE: OTHER})
    assert away.there(book, ONE, at) == expected
    assert expected in [person.id for person in directory.on_shift(book, "policy", at)]


@pytest.mark.parametrize(
    ("who", "absence", "expected"),
    [
        (Who(kind="on_shift", name="policy"), {ONE: OTHER}, [OTHER]),
        (Who(kind="person", name=ONE), {ONE: OTHER}, [OTHER]),
        (Who(kind="manager", name="policy"), {MANAGER: OTHER}, [OTHER]),
        (Who(kind="region_manager"), {REGIONS: MANAGER}, [MANAGER]),
        (Who(kind="person", name=ONE), {ONE: OTHER, OTHER: MANAGER}, [MANAGER]),
        (Who(kind="person", name=ONE), {OTHER: MANAGER}, [ONE]),
    ],
)
def test_who_is_asked(who: Who, absence: dict[str, str], expected: list[str]) -> None:
    assert asked(absent(**absence), who) == expected


def test_the_commander_and_the_launcher_are_stood_in_for_and_it_is_said() -> None:
    book = absent(**{ONE: OTHER})
    assert asked(book, Who(kind="commander"), commander=ONE) == [OTHER]
    assert asked(book, Who(kind="launcher"), launcher=ONE) == [OTHER]
    found = directory.people_of(book, Who(kind="person", name=ONE), Situation(NOON))
    names = book.people[ONE].name, book.people[OTHER].name
    assert found.notes == (f"{names[0]} is away until 2026-11-25 13:00 UTC: {names[1]} stands in",)


def test_who_stands_in_holds_what_the_other_would_and_who_is_away_their_teams_alone() -> None:
    book = absent(**{MANAGER: OTHER, REGIONS: MANAGER, ONE: OTHER})
    held = directory.holds(book, OTHER, NOON, region="emea")
    for role in ("policy", "policy.on_shift", "policy.manager", f"instead:{ONE}", "region.manager:emea"):
        assert role in held, role
    assert set(directory.holds(book, ONE, NOON, region="emea")) <= set(directory.teams_of(book, ONE))
    after = NOON + HOUR
    assert directory.holds(book, OTHER, after) == directory.holds(organization(), OTHER, after)


def test_a_manager_who_stands_in_for_a_member_sits_for_the_team() -> None:
    assert "policy" in directory.holds(absent(**{ONE: MANAGER}), MANAGER, NOON)


def test_the_word_of_who_stands_in_is_theirs_and_says_for_whom() -> None:
    book = absent(**{ONE: OTHER})
    launch = Launch(
        person="luis", incident="i", plan="p", nonce="l", issued=NOON, expires=NOON, aware_at=NOON, region="emea"
    )
    word = Answer(
        person=OTHER,
        incident="i",
        plan="p",
        nonce="n",
        issued=NOON,
        expires=NOON,
        ask="task:0:1",
        document="00" * 32,
        choice="done",
        holds=directory.holds(book, OTHER, NOON, region="emea"),
    )
    assert answers_for(Who(kind="person", name=ONE), word, launch)
    later = word.model_copy(update={"holds": directory.holds(book, OTHER, NOON + HOUR, region="emea")})
    assert not answers_for(Who(kind="person", name=ONE), later, launch)
    assert directory.called(OTHER, word.holds) >= {OTHER, ONE}


def test_a_circle_that_no_book_that_compiles_has_ends_all_the_same() -> None:
    assert away.there(absent(**{ONE: OTHER, OTHER: ONE}), ONE, NOON) in (ONE, OTHER)
