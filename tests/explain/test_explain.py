"""A playbook told as prose: word for word for the book of these tests, and whole for any plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from firedoor.compiler import load_book
from firedoor.compiler.proofs.worst import Worst
from firedoor.explain import Explanation, Item, Reader, explain, layout
from firedoor.explain.holding import Holding
from firedoor.plan import Plan, Step
from firedoor.plan.expression import And, Compare, Const, Expr, Filter, InputValue, Not, Or, Prose, StepIs, Within
from firedoor.plan.steps import consequences
from firedoor.plan.time import spelt_out
from tests.docs.pages import ROOT
from tests.explain import golden
from tests.run import plans as p
from tests.run.generated import plans

QUICK = settings(max_examples=20, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("path", [*golden.expected()], ids=lambda path: path.name)
def test_it_is_told_in_these_words(path: Path) -> None:
    assert golden.expected()[path] == path.read_text(encoding="utf-8"), golden.AGAIN


def test_no_golden_file_is_left_over() -> None:
    assert golden.expected().keys() == {*golden.GOLDEN.iterdir()}


# --- nothing is left out, whatever the plan ---------------------------------------------------------------------------


@given(plan=plans())
@QUICK
def test_everything_of_a_plan_is_told(plan: Plan) -> None:
    told = explain(plan)
    items = {item.number: item for item in _numbered(told)}
    reader, worst, holding = Reader(plan), Worst(plan), Holding(plan)
    assert [*items] == [reader.number(path) for path in plan.by_path]
    for path, step in plan.by_path.items():
        item = items[reader.number(path)]
        _is_told(reader, step, item, holding)
        if step.verb in ("contain", "undo", "approve", "notify"):
            assert item.longest == f"at worst {spelt_out(worst.of(step))}"
    _clocks_are_told(plan, told)
    assert not re.search(r"\bNone\b|op=|\{'|<[a-z]", layout.text(told, 80))


def _numbered(told: Explanation) -> Iterator[Item]:
    queue = [item for section in told.sections for item in section.items]
    while queue:
        item = queue.pop(0)
        if item.number:
            yield item
        queue = [*item.items, *queue]


def _is_told(reader: Reader, step: Step, item: Item, holding: Holding) -> None:
    words = " ".join([item.head, *item.says, *(f"{point.label}: {point.says}" for point in item.points)])
    if step.when is not None:
        assert f"{reader.only_if(step.when)}." in words
    for option, means in consequences(step):
        fails = option == "on_failure" and step.verb in ("notify", "contain", "undo", "for_each")
        lapses = option == "on_expiry" and step.verb == "contain" and not holding.irreversible(step)
        if option in ("on_reject", "on_timeout") or lapses or (fails and means.kind != "ask"):
            assert reader.consequence(means, step) in words, (option, words)
    assert all(clock in words for clock in step.meets)
    match step.verb:
        case "approve":
            assert reader.text(step.question) in item.head
            assert all(reader.seat(seat).lower() in words.lower() for seat in step.needs)
            assert words.count(spelt_out(step.deadline)) >= 2  # until when, and what silence means
            assert all(reader.number(path) in words for path in step.unlocks)
        case "contain":
            assert step.action in item.head
            irreversible = holding.irreversible(step)
            assert ("cannot be undone" in words) is irreversible
            assert irreversible or re.search(r"undoes it\.|can undo it\.", words)
            assert step.expires is None or irreversible or f"After {spelt_out(step.expires)}" in words
        case "undo":
            assert item.head.startswith(f"Undo {reader.step(step.step)}")
        case "task":
            assert reader.text(step.words) in item.head
            assert step.due is not None or "no due date" in words
        case _:
            pass


def _clocks_are_told(plan: Plan, told: Explanation) -> None:
    limits = next((section for section in told.sections if section.heading == "Time limits"), None)
    said = {item.head: " ".join(item.says) for item in limits.items} if limits else {}
    assert said.keys() == {f"{clock.name}:" for clock in plan.clocks}
    for clock in plan.clocks:
        words = said[f"{clock.name}:"]
        assert spelt_out(clock.limit, hours=True).lower() in words.lower()
        assert clock.law in words
        assert re.search(r"At worst it is met|not shown that it is met|no step", words)


def test_each_shipped_playbook_is_told() -> None:
    book = load_book(ROOT / "playbooks")
    for plan in book.plans.values():
        told = explain(plan, book.organization)
        assert [item.number for item in _numbered(told)] == [Reader(plan).number(path) for path in plan.by_path]


# --- who undoes what --------------------------------------------------------------------------------------------------


def test_a_no_that_has_come_before_the_act_undoes_nothing_of_it() -> None:
    plan = p.plan(p.approve(name="first", on_reject="undo all"), p.lock(), p.approve(name="then", on_reject="undo all"))
    act = plan.by_id["lock"]
    assert act.verb == "contain"
    assert [(step.id, option) for step, option in Holding(plan).let_go_by(act)] == [("then", "on_reject")]


def test_in_a_loop_the_no_of_a_later_round_undoes_it() -> None:
    loop = p.for_each(p.given("accounts"), p.approve(name="first", on_reject="undo all"), p.lock())
    plan = p.plan(loop)
    act = plan.by_id["lock"]
    assert act.verb == "contain"
    assert [step.id for step, _ in Holding(plan).let_go_by(act)] == ["first"]


# --- conditions -------------------------------------------------------------------------------------------------------

COUNT = Filter(name="count", of=p.given("accounts"))
COUNTRY = InputValue(name="country", type="country")


def _is(sign: str, left: Expr, value: object, kind: str) -> Compare:
    return Compare.model_validate(
        {"sign": sign, "left": left, "right": Const.model_validate({"value": value, "type": kind})}
    )


CONDITIONS: list[tuple[Expr, str]] = [
    (p.yes("public_office"), "“public office” is yes"),
    (Not(of=p.yes("public_office")), "“public office” is no"),
    (p.is_given("note"), "“note” was given"),
    (Not(of=p.is_given("note")), "“note” was not given"),
    (p.at_sev1(), "the severity is sev1"),
    (_is(">=", p.at_sev1().left, "sev2", "severity"), "the severity is sev2 or more severe"),
    (_is(">=", COUNT, 3, "number"), "there are 3 or more “accounts”"),
    (_is(">", InputValue(name="views", type="number"), 100000, "number"), "“views” is more than 100,000"),
    (_is("==", COUNTRY, "IN", "country"), "“country” is India"),
    (
        Within(left=COUNTRY, right=Const(value=["IN", "US"], type="country")),
        "“country” is among India, United States",
    ),
    (_is("<", p.AWARE_AT, "2026-01-01T00:00:00+00:00", "date_time"), "the moment it became known is before 2026-01-01"),
    (StepIs(step="0", outcome="rejected"), "step 1 was refused"),
    (Not(of=StepIs(step="0", outcome="done")), "step 1 was not done"),
    (
        Or(of=(p.yes("a"), And(of=(p.yes("b"), p.yes("c"))))),
        "“a” is yes, or (“b” is yes and “c” is yes)",
    ),
    (Not(of=Or(of=(p.yes("a"), p.yes("b")))), "“a” is no and “b” is no"),
    (p.below(p.read("count_of", "x"), 20), "“count of” (asked of the system) is less than 20"),
]


@pytest.mark.parametrize(("expr", "words"), CONDITIONS, ids=lambda one: one if isinstance(one, str) else "")
def test_conditions_read_as_clauses(expr: Expr, words: str) -> None:
    assert Reader(p.plan(p.lock())).condition(expr).startswith(words)


# --- what an author writes stays text ---------------------------------------------------------------------------------

NASTY = "<img src=x> *bold* [link](http://x) `code` a_b _c_ | # 1 & ~"


def test_in_markdown_what_the_author_wrote_is_text() -> None:
    plan = p.plan(p.task(NASTY)).model_copy(update={"title": p.text(Prose(of=(NASTY,)))})
    shown = layout.markdown(explain(plan))
    assert re.sub(r"\\(.)", r"\1", shown).count(NASTY) == 2
    assert not re.search(r"(?<!\\)[<\[`|]", shown)
    assert r"\*bold\*" in shown
    assert "a_b" in shown
