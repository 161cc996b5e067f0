"""Which words a reader gets, as tables: language first, and never more than they are cleared for."""

from __future__ import annotations

from typing import Any

import pytest

from activities.rendering import RenderFailed
from activities.wording import NoWords, Words, fittest, preference
from firedoor.people.organization import Sensitivity
from firedoor.plan import MessageRef
from firedoor.protocol import NotifyOrder, Rendering
from tests.activities.notices import notice


def says(language: str, text: str, *needs: Sensitivity) -> Rendering:
    return Rendering(language=language, text=text, needs=needs)


@pytest.mark.parametrize(
    ("written", "wanted", "best"),
    [
        (["en", "de", "ja"], ["de", "en"], "de"),
        (["en", "de"], ["ja", "de"], "de"),
        (["en", "de"], ["de-AT"], "de"),
        (["en", "pt-BR"], ["pt"], "pt-BR"),
        (["en", "de-AT", "de"], ["de"], "de"),
        (["en", "de-AT", "de-CH"], ["DE-ch"], "de-CH"),
        (["ja", "en"], ["ar"], "en"),
        (["ja"], ["ar"], "ja"),
        (["*"], ["ar"], "*"),
        (["fr", "*"], ["ar"], "*"),
        (["fr", "es"], ["ar"], "fr"),
        (["*", "de"], ["de"], "de"),
    ],
)
def test_language(written: list[str], wanted: list[str], best: str) -> None:
    ranked = preference(written, wanted, ("en", "de"))
    assert ranked[0] == best
    assert sorted(ranked) == sorted(written), "every text stays in reach"


TEXTS = (
    says("en", "a link to the video of Ana", "graphic", "personal"),
    says("en", "a link to [withheld] of Ana", "personal"),
    says("en", "the video of [withheld]", "graphic"),
    says("en", "[withheld]"),
)


@pytest.mark.parametrize(
    ("cleared", "text"),
    [
        (set(), "[withheld]"),
        ({"personal"}, "a link to [withheld] of Ana"),
        ({"graphic"}, "the video of [withheld]"),
        ({"graphic", "personal"}, "a link to the video of Ana"),
    ],
)
def test_clearance(cleared: set[str], text: str) -> None:
    found = fittest(TEXTS, "en", cleared)
    assert found is not None
    assert found.text == text


class Fake:
    """Renders by showing the context."""

    def __init__(self, fails: bool = False) -> None:
        self.contexts: list[dict[str, Any]] = []
        self.fails = fails

    async def render(self, source: str, context: dict[str, Any]) -> str:
        self.contexts.append(context)
        if self.fails or (source == "de" and "[withheld]" in context.values()):
            raise RenderFailed("broken")
        return f"{source}: {context}"


def message(**changes: Any) -> NotifyOrder:
    data: dict[str, Any] = {
        "texts": (),
        "message": MessageRef(message="holding"),
        "templates": {"en": "en", "de": "de"},
        "context": {"name": "Ana", "links": ["mxc://a/1", "mxc://a/2"], "mail": "ana@x.example", "both": "x", "n": 3},
        "sensitive": {"name": "personal", "links": "graphic", "mail": "personal", "both": "graphic personal"},
    }
    return notice(**{**data, **changes})


@pytest.mark.parametrize(
    ("cleared", "own", "shown"),
    [
        (
            set(),
            (),
            {"name": "[withheld]", "links": ["[withheld]"], "mail": "[withheld]", "both": "[withheld]", "n": 3},
        ),
        (
            {"personal"},
            (),
            {"name": "Ana", "links": ["[withheld]"], "mail": "ana@x.example", "both": "[withheld]", "n": 3},
        ),
        (
            set(),
            ("ana@x.example",),
            {"name": "[withheld]", "links": ["[withheld]"], "mail": "ana@x.example", "both": "[withheld]", "n": 3},
        ),
    ],
)
async def test_a_template_gets_what_may_be_shown(
    cleared: set[Sensitivity], own: tuple[str, ...], shown: dict[str, Any]
) -> None:
    fake = Fake()
    wording = await Words(message(), fake).for_reader(["en"], cleared, own=frozenset(own))
    assert fake.contexts == [shown]
    assert wording.languages == ("en",)


async def test_a_template_is_rendered_once_for_each_language_and_clearance() -> None:
    fake = Fake()
    words = Words(message(), fake)
    for _ in range(3):
        await words.for_reader(["en"], ["personal", "graphic"])
        await words.for_reader(["en"], [])
    assert len(fake.contexts) == 2


async def test_another_language_is_better_than_nothing() -> None:
    assert (await Words(message(), Fake()).for_reader(["de"], [])).languages == ("en",)


async def test_staff_are_told_that_there_is_something_and_outsiders_nothing() -> None:
    words = Words(message(), Fake(fails=True))
    assert "Open the incident" in (await words.for_reader(["en"], [])).text
    with pytest.raises(NoWords):
        await words.for_reader(["en"], [], staff=False)
    with pytest.raises(NoWords):
        await Words(message(sensitive={}), Fake(fails=True)).for_reader(["en"], [])
    with pytest.raises(NoWords, match="no words"):
        await Words(notice(texts=()), Fake()).for_reader(["en"], [])


async def test_prose_that_is_sensitive_throughout_is_closed_to_staff() -> None:
    words = Words(notice(texts=(says("*", "Ana", "personal"),)), Fake())
    closed = await words.for_reader(["en"], [])
    assert "Ana" not in closed.text
    assert "SEV1 Takeover" in closed.text
    with pytest.raises(NoWords):
        await words.for_reader(["en"], [], staff=False)


async def test_who_may_read_any_language_gets_them_all() -> None:
    texts = (says("en", "Hello"), says("de", "Hallo"), says("fr", "Salut"))
    wording = await Words(notice(texts=texts), Fake()).for_reader(["en", "de", "ja"], [], reads_any=True)
    assert wording.languages == ("en", "de")
    assert wording.text == "Hello\n\n———\n\nHallo"
    once = await Words(notice(), Fake()).for_reader(["en", "de"], [], reads_any=True)
    assert once.languages == ("*",)


async def test_an_exercise_says_so_first() -> None:
    for order in (notice(drill=True), message(drill=True)):
        wording = await Words(order, Fake()).for_reader(["en"], [])
        assert wording.text.startswith("DRILL")
