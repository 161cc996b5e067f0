"""No field of a plan changes without a sentence, but for those that are said to follow from others."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedoor.comparing import LANGUAGES, compare_plans
from firedoor.plan import Plan
from tests.comparing.mutations import FOLLOWS, KEPT, is_told, models, mutations
from tests.comparing.whole import whole
from tests.run import generated

ENOUGH = 4
"""Times that each field of each model is changed."""
FEW = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def test_each_field_that_a_plan_can_have_is_changed_and_told() -> None:
    plan = whole()
    told: dict[tuple[str, str], int] = defaultdict(int)
    for mutation in mutations(plan):
        if told[mutation.model, mutation.field] == ENOUGH:
            continue
        changes = compare_plans(plan, mutation.plan)
        assert changes, f"{mutation.model}.{mutation.field} changed in silence: {mutation.where}"
        told[mutation.model, mutation.field] += 1
    fields = {(model.__name__, field) for model in models() for field in model.model_fields if is_told(model, field)}
    untried = fields - told.keys() - KEPT
    assert not untried, f"no plan of the tests changes these: {sorted(untried)}"


def test_what_follows_from_others_is_there() -> None:
    names = {(model.__name__, field) for model in models() for field in model.model_fields}
    for model, field in FOLLOWS:
        assert any(other == field and model in ("*", name) for name, other in names), (model, field)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_plan_says_nothing(language: str) -> None:
    assert compare_plans(whole(), Plan.model_validate_json(whole().canonical), language) == ()


@pytest.mark.long
def test_one_field_of_very_many_plans() -> None:
    settings(FEW, max_examples=1_000)(test_one_field_of_any_plan_gives_a_sentence_and_none_gives_none)()


@given(st.data())
@FEW
def test_one_field_of_any_plan_gives_a_sentence_and_none_gives_none(data: st.DataObject) -> None:
    plan = data.draw(generated.plans())
    language = data.draw(st.sampled_from(LANGUAGES))
    assert compare_plans(plan, Plan.model_validate_json(plan.canonical), language) == ()
    mutation = data.draw(st.sampled_from(list(mutations(plan))))
    changes = compare_plans(plan, mutation.plan, language)
    assert changes, mutation.where
    assert all("{" not in change.says.replace("{{", "") or "{{" in change.says for change in changes)
    assert compare_plans(mutation.plan, plan, language), f"and back: {mutation.where}"
