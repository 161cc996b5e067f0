"""What is written from answers compiles without findings, whatever is answered, and a copy compiles as its original."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from firedoor.authoring import copying, playbook, rehearsal
from firedoor.authoring.drafts import CannotStart, Draft, brought, compiled, write
from firedoor.authoring.first_book import first_book
from firedoor.authoring.questions import KEYS, Answers, next_question
from firedoor.compiler import Book, load_book, renderers
from firedoor.plan.model import walk
from tests.docs.pages import ROOT

SHIPPED = ROOT / "playbooks"
Given = dict[str, list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(first_book(tmp_path / "book"))
    return tmp_path / "book"


def test_a_first_book_has_nothing_wrong(folder: Path) -> None:
    book = load_book(folder)
    assert renderers.text(book.findings) == ""
    assert book.actions
    assert book.clocks


def _some_way(book: Book, chance: random.Random) -> Given:
    """A way through the questions: of choices one, and where several may be, some or all."""
    given: Given = {}
    while (question := next_question(book, "x", given)) is not None:
        choices = list(question.choices or [question.default or 'It: "happened", {they} say #1'])
        positive = [one for one in choices if one not in ("nothing", "nobody")]
        several = question.many and chance.random() < 0.5
        given[question.key] = (
            chance.sample(positive, chance.randint(1, len(positive))) if several else [chance.choice(choices)]
        )
    return given


@pytest.mark.parametrize(("shipped", "count"), [(False, 30), (True, 3)])
def test_whatever_is_answered_compiles_without_findings(folder: Path, shipped: bool, count: int) -> None:
    where = SHIPPED if shipped else folder
    book = load_book(where)
    chance, asked = random.Random(7), set[str]()
    for _ in range(count):
        way = _some_way(book, chance)
        asked |= way.keys()
        answers = Answers(way)
        draft = Draft(where / "x.yaml", playbook.playbook(book, "x", answers))
        assert renderers.text(brought(where, [draft])) == "", f"{way}\n{draft.text}"
        plan = compiled(where, [draft]).plans["x"]
        acts = {step.action for step in walk(plan.steps) if step.verb == "contain"}
        assert acts == set(answers.some("actions"))
        named = set(re.findall(r"\w+_step|signed", rehearsal.rehearsal(book, "x", answers)))
        assert named <= {step.id for step in walk(plan.steps)}
    assert asked == set(KEYS) or shipped


def test_an_act_that_needs_no_signature_comes_first_and_is_signed_for(folder: Path) -> None:
    book = load_book(folder)
    way = {"title": ["It"], "use_when": ["It is."], "owner": ["crt"], "acts_on": ["account"], "sign": ["policy"]}
    way |= {"actions": ["lock_account"], "deadline": ["1h"], "no": ["undo all"], "silence": ["ask commander"]}
    answers = Answers({**way, "tell": ["crt.on_shift"], "clock": ["none"]})
    plan = compiled(folder, [Draft(folder / "x.yaml", playbook.playbook(book, "x", answers))]).plans["x"]
    assert [step.verb for step in walk(plan.steps)] == ["parallel", "group", "contain", "approve", "notify"]


def test_an_act_that_requires_signatures_waits_for_them(folder: Path) -> None:
    book = load_book(folder)
    way = {"title": ["It"], "use_when": ["It is."], "owner": ["crt"], "acts_on": ["no target"], "sign": ["policy"]}
    way |= {"actions": ["freeze_posting"], "deadline": ["1h"], "no": ["stop"], "silence": ["ask commander"]}
    answers = Answers({**way, "tell": ["crt.on_shift"], "clock": ["none"]})
    plan = compiled(folder, [Draft(folder / "x.yaml", playbook.playbook(book, "x", answers))]).plans["x"]
    approval = plan.by_id["signed"]
    assert approval.verb == "approve"
    assert approval.unlocks == (plan.by_id["freeze_posting_step"].path,)
    assert {str(seat.who) for seat in approval.needs} == {"policy", "legal"}


@pytest.mark.parametrize("name", ["high-profile-takeover", "livestreamed-attack", "public-statement"])
def test_a_copy_compiles_as_its_original_and_is_another(name: str) -> None:
    book = load_book(SHIPPED)
    text = copying.copy(book, name, "copy", "A title: of its own")
    draft = Draft(SHIPPED / "copy.yaml", text)
    assert renderers.text(brought(SHIPPED, [draft])) == ""
    old, new = book.plans[name], compiled(SHIPPED, [draft]).plans["copy"]
    assert (new.playbook, new.version, new.title.in_language("en").of) == ("copy", "0.1", ("A title: of its own",))
    assert [step.verb for step in walk(new.steps)] == [step.verb for step in walk(old.steps)]
    kept = {line.strip() for line in book.sources[book.files[name]].text.splitlines() if " # " in line and ":" in line}
    assert all(line in text for line in kept if not line.startswith(("title", "version"))), "comments are kept"
    assert text.count("# decide: ") > 5


def test_a_copy_takes_the_rehearsal_along(tmp_path: Path) -> None:
    path = tmp_path / "rehearsals" / "any.yaml"
    path.parent.mkdir()
    path.write_text("# It.\nrehearse: takeover   # that one\nat: 2026-03-04T02:45:00+00:00\n")
    assert copying.rehearsal(tmp_path, "takeover", "copy") == (
        "# It.\nrehearse: copy   # that one\nat: 2026-03-04T02:45:00+00:00\n"
    )
    assert copying.rehearsal(tmp_path, "take", "copy") is None


def test_nothing_is_written_over(folder: Path) -> None:
    before = (folder / "actions.yaml").read_bytes()
    drafts = [Draft(folder / "new.yaml", "x"), Draft(folder / "actions.yaml", "x")]
    with pytest.raises(CannotStart, match="is there already"):
        write(drafts)
    assert (folder / "actions.yaml").read_bytes() == before
    assert not (folder / "new.yaml").exists()
