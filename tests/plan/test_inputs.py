"""Launch inputs: what is right comes back the same for ever, and every problem is told at once."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedoor.plan import Commander, Input, Plan, Text, Who
from firedoor.plan.expression import Prose, ValueType
from firedoor.plan.inputs import MOST_INPUT_BYTES, check_inputs, check_late, hint
from firedoor.plan.model import SeverityRule


def plan_of(*inputs: Input) -> Plan:
    return Plan(
        playbook="takeover",
        version="1",
        owner="crt",
        title=Text(by_language={"*": Prose(of=("Takeover",))}),
        use_when="",
        at="takeover.yaml:1",
        languages=("en",),
        zones={"emea": "Europe/Dublin"},
        inputs=inputs,
        severity=(SeverityRule(severity="sev2"),),
        steps=(),
        commander=Commander(source=Who(kind="on_shift", name="crt"), answers_within=300),
    )


def one(kind: ValueType, value: object, **options: Any) -> Any:
    values, problems = check_inputs(plan_of(Input(name="x", type=kind, **options)), {"x": value})
    assert not problems, [str(problem) for problem in problems]
    return values["x"]


def wrong(kind: ValueType, value: object, **options: Any) -> str:
    values, problems = check_inputs(plan_of(Input(name="x", type=kind, **options)), {"x": value})
    assert "x" not in values
    assert len(problems) == 1, problems
    return str(problems[0])


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "  the march \r\n on Friday ", "the march \n on Friday"),
        ("number", "1200", 1200),
        ("number", "0.5", 0.5),
        ("number", 3.0, 3),
        ("yes_no", "yes", True),
        ("yes_no", "No", False),
        ("yes_no", True, True),
        ("date_time", "2026-03-04T02:45:00Z", "2026-03-04T02:45:00+00:00"),
        ("date_time", "2026-03-04 02:45+01:00", "2026-03-04T02:45:00+01:00"),
        ("duration", "15m", 900),
        ("duration", "1h 30m", 5400),
        ("duration", "2 days", 172_800),
        ("duration", 90, 90),
        ("url", "https://platform.example/x?a=1,2", "https://platform.example/x?a=1,2"),
        ("email", "ana@platform.example", "ana@platform.example"),
        ("country", "nz", "NZ"),
        ("language", "PT-br", "pt-BR"),
        ("account", " @mayor:platform.example ", "@mayor:platform.example"),
        ("person", "ana", "ana"),
        ("severity", "SEV1", "sev1"),
    ],
)
def test_a_value_is_read_by_its_type(kind: ValueType, value: object, expected: object) -> None:
    found = one(kind, value)
    assert found == expected
    assert type(found) is type(expected)
    assert one(kind, found) == found


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("number", "many", 'x: "many" is not a number; give a number, as 1200 or 0.5'),
        ("number", True, "not a number"),
        ("number", "nan", "too large"),
        ("yes_no", "maybe", "neither yes nor no; give yes or no"),
        ("yes_no", 1, "neither yes nor no"),
        ("date_time", "2026-03-04T02:45:00", "does not say which zone's time it is; write 2026-03-04T02:45:00Z"),
        ("date_time", "yesterday", "not a date with a time"),
        ("duration", "15", "not a length of time"),
        ("duration", "5 business days", "not a length of time"),
        ("duration", "1:30", "not a length of time"),
        ("url", "platform.example", "not a web address"),
        ("url", "https://platform.example@evil.example/", "not a web address"),
        ("url", "javascript:alert(1)", "not a web address"),
        ("email", "ana", "not a mail address"),
        ("country", "New Zealand", 'write "NZ"'),
        ("country", "UK", 'write "GB"'),
        ("account", "@a:x @b:x", "has a space"),
        ("text", 5, "is not text"),
        ("text", {"a": 1}, "is not text"),
        ("text", "safe\u202etxt.exe", "cannot be seen (U+202E)"),
        ("text", "half \ud83d", "cannot be seen (U+D83D)"),
        ("severity", "sev5", "no severity"),
        ("text", ["a", "b"], "takes one value, and 2 were given"),
    ],
)
def test_a_wrong_value_says_what_to_give_instead(kind: ValueType, value: object, says: str) -> None:
    assert says in wrong(kind, value)


def test_choices_suggest_the_close_one() -> None:
    assert one("choice", "Mail", choices=("mail", "phone")) == "mail"
    assert 'write "phone"' in wrong("choice", "phon", choices=("mail", "phone"))
    assert "choose one of: mail, phone" in wrong("choice", "pigeon", choices=("mail", "phone"))


def test_lists_are_typed_with_commas_or_lines_and_hold_each_once() -> None:
    assert one("account", "@a:x, @b:x\n@a:x", listed=True) == ["@a:x", "@b:x"]
    assert one("account", ["@a:x", "@b:x"], listed=True) == ["@a:x", "@b:x"]
    assert one("text", "Smith, John\nDoe, Jane", listed=True) == ["Smith, John", "Doe, Jane"]
    assert one("url", "https://a.example/1,2,https://b.example", listed=True) == [
        "https://a.example/1,2",
        "https://b.example",
    ]
    assert one("number", "1,1,2", listed=True) == [1, 1, 2]


def test_bounds_count_a_lists_items_and_measure_a_number() -> None:
    assert "has 1 item; give at least 2" in wrong("account", "@a:x,@a:x", listed=True, at_least=2)
    assert "give at most 1" in wrong("account", "@a:x,@b:x", listed=True, at_most=1)
    assert "is 3; give at most 2" in wrong("number", "3", at_most=2)
    assert "give at least 1h" in wrong("duration", "15m", at_least=3600)


def test_defaults_fill_in_and_optional_ones_stay_out() -> None:
    plan = plan_of(
        Input(name="countries", type="country", listed=True, default=["NZ"]),
        Input(name="tool", type="yes_no", default=False),
        Input(name="views", type="number", optional=True),
        Input(name="event", type="text"),
    )
    assert check_inputs(plan, {"event": "x", "views": " "}).values == {"countries": ["NZ"], "tool": False, "event": "x"}
    (problem,) = check_inputs(plan, {"event": ""}).problems
    assert str(problem) == "event: is not given; give text"


def test_every_problem_is_told_at_once() -> None:
    plan = plan_of(
        Input(name="accounts", type="account", listed=True, at_least=1),
        Input(name="public_office", type="yes_no"),
        Input(name="views", type="number", optional=True),
    )
    found = check_inputs(plan, {"acounts": "@a:x", "public_office": "perhaps", "views": "lots"})
    assert found.values == {}
    assert [problem.name for problem in found.problems] == ["acounts", "accounts", "public_office", "views"]
    assert found.problems[0].give == 'write "accounts"'


def test_an_item_that_is_wrong_is_named_by_its_place() -> None:
    assert "x[2]: " in wrong("country", ["NZ", "XX"], listed=True)


def test_people_are_known_where_the_organization_is() -> None:
    plan = plan_of(Input(name="who", type="person"))
    assert check_inputs(plan, {"who": "omar"}, people=("ana", "omar")).values == {"who": "omar"}
    (problem,) = check_inputs(plan, {"who": "oma"}, people=("ana", "omar")).problems
    assert problem.give == 'write "omar"'


def test_what_is_sensitive_is_not_repeated_in_the_problem() -> None:
    assert "secret" not in wrong("email", "secret", sensitive="personal")


def test_too_much_is_refused() -> None:
    plan = plan_of(Input(name="x", type="text"))
    (problem,) = check_inputs(plan, {"x": "a" * MOST_INPUT_BYTES}).problems
    assert "64 KiB is the most" in str(problem)


def test_a_long_list_of_mistakes_is_cut() -> None:
    plan = plan_of(Input(name="x", type="country", listed=True))
    problems = check_inputs(plan, {"x": ["??"] * 20_000}).problems
    assert len(problems) == 51
    assert problems[-1].says == "have 19950 more problems"


def test_hints_name_lists_and_choices() -> None:
    assert hint(Input(name="x", type="account", listed=True)).startswith("give one or more, with a comma")
    assert hint(Input(name="x", type="choice", choices=("a", "b"))) == "give one of: a, b"


def test_late_inputs_are_only_those_that_are_given() -> None:
    plan = plan_of(
        Input(name="accounts", type="account", listed=True, at_least=2),
        Input(name="public_office", type="yes_no"),
        Input(name="tool", type="yes_no", default=False),
    )
    assert check_late(plan, {"public_office": "yes"}) == ({"public_office": True}, ())
    assert check_late(plan, {"accounts": "@c:x"}, adding=True) == ({"accounts": ["@c:x"]}, ())
    assert "at least 2" in str(check_late(plan, {"accounts": "@c:x"}).problems[0])
    assert "no list to add to" in str(check_late(plan, {"tool": "yes"}, adding=True).problems[0])
    assert "is empty" in str(check_late(plan, {"tool": ""}).problems[0])
    assert "name one of: accounts" in str(check_late(plan, {}).problems[0])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
types = st.sampled_from(get_args(ValueType))


@given(types, st.booleans(), st.booleans(), anything)
def test_any_value_is_refused_in_words_or_comes_back_unchanged(
    kind: ValueType, listed: bool, sensitive: bool, value: object
) -> None:
    field = Input(
        name="x",
        type=kind,
        listed=listed,
        choices=("a", "b") if kind == "choice" else (),
        sensitive="personal" if sensitive else None,
    )
    plan = plan_of(field)
    values, problems = check_inputs(plan, {"x": value})
    assert bool(problems) != ("x" in values)
    for problem in problems:
        json.dumps(problem.model_dump(), ensure_ascii=False).encode()
    if not problems:
        crossed = json.loads(json.dumps(values))
        assert check_inputs(plan, crossed) == (values, ())
