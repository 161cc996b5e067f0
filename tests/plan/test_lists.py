"""Long lists by reference: what a reference says, and that it is believed only as far as its list bears it out."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.plan.evaluate import plain, said, typed
from firedoor.plan.inputs import check_inputs
from firedoor.plan.lists import Opened, Question, no_lists, opened, reference, referred
from tests.run import plans as p

MANY = [f"@user{number}" for number in range(8)]
REF = referred(MANY)


def load(digest: str) -> Opened:
    return {REF.digest: Opened(MANY)}[digest]


def test_it_says_which_how_many_and_the_first_few() -> None:
    assert (REF.count, REF.first, REF.unique) == (8, tuple(MANY[:5]), True)
    assert not referred(["@a", "@a"]).unique
    assert said(REF) == "@user0, @user1, @user2, @user3, @user4 and 3 more"
    assert referred(MANY).digest != referred(list(reversed(MANY))).digest
    assert typed(plain(REF), "account") == REF


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"digest": REF.digest},
        {**REF.model_dump(), "count": 0},
        {**REF.model_dump(), "digest": "../etc"},
        {**REF.model_dump(), "first": []},
        {**REF.model_dump(), "more": 1},
    ],
)
def test_what_is_no_reference(value: Any) -> None:
    assert reference(value) is None


def test_a_value_is_opened_wherever_a_reference_stands_in_it() -> None:
    value = {"accounts": plain(REF), "acts": [{"targets": plain(REF)}], "office": True}
    assert opened(value, load) == {"accounts": MANY, "acts": [{"targets": MANY}], "office": True}


@pytest.mark.parametrize("lie", [{"count": 7}, {"first": ["@other"]}, {"unique": False}])
def test_a_reference_that_lies_about_its_list_is_not_opened(lie: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not the one"):
        opened({**plain(REF), **lie}, load)
    with pytest.raises(LookupError):
        opened(plain(REF), no_lists)


def test_an_input_may_be_a_reference_where_it_is_a_list_of_names() -> None:
    plan = p.plan(p.wait(60))
    assert check_inputs(plan, {"accounts": plain(REF)}).values["accounts"] == plain(REF)
    problems = check_inputs(plan, {"accounts": ["@a"], "office": plain(REF)}).problems
    assert [problem.name for problem in problems] == ["office"]


def test_the_same_question_has_one_key() -> None:
    one = Question(asks="in", lists=(REF,), argument="@user1")
    assert one.key == Question.model_validate_json(one.model_dump_json()).key
    others = [
        Question(asks="in", lists=(REF,), argument="@user2"),
        Question(asks="in", lists=(referred(MANY[:7]),), argument="@user1"),
        Question(asks="held", step="0", argument=[1]),
        Question(asks="held", step="0", argument=[2]),
    ]
    assert len({one.key, *(other.key for other in others)}) == 5
