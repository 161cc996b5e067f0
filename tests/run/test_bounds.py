"""How much a run carries: past that it refuses in words, and never outgrows what the server takes."""

from __future__ import annotations

import zlib

import pytest

from firedoor.protocol import MOST_PAGE_BYTES
from firedoor.run import bounds, launching
from firedoor.run.view import view
from tests.run.driver import Run, World, refused
from tests.run.plans import DAY, HOUR, approve, contain, for_each, given, held, is_, lock, plan, read, task

MATCHES = read("matches_of", "matches", given("accounts"), listed=True, kind="account")


def accounts(count: int, first: int = 0) -> list[str]:
    return [f"@account-{number:06}:platform.example" for number in range(first, first + count)]


def test_an_addition_that_does_not_fit_is_refused_with_how_many_do() -> None:
    gate = approve("Go?", name="ok", unlocks=("#lock",), show=(("accounts", given("accounts")),))
    run = Run(plan(gate, lock(when=is_("#ok", "approved"))), {"accounts": accounts(1000)}).launch()
    why = refused("many", lambda: run.command("add", value={"accounts": accounts(1500, 1000)}))
    assert "“accounts” would have 2500 items; about 18" in why
    run.command("add", value={"accounts": accounts(700, 1000)})
    run.settle()
    assert len(run.ask("ok").document.encode()) < bounds.MOST_DOCUMENT_BYTES


def test_additions_count_together() -> None:
    run = Run(plan(lock(), task("Then")), {"accounts": accounts(1000)}).launch()
    for part in (1, 2):
        run.command("add", value={"accounts": accounts(1000, part * 1000)})
        run.settle()
    refused("many", lambda: run.command("add", value={"accounts": accounts(1000, 3000)}))
    assert len(run.holds()) == 3000


def test_a_launch_that_does_not_fit_fails_as_a_launch() -> None:
    gate = approve("Go?", name="ok", unlocks=("#a", "#b", "#c"), show=(("accounts", given("accounts")),))
    acts = [contain("lock_account", given("accounts"), name=name, when=is_("#ok", "approved")) for name in "abc"]
    with pytest.raises(launching.Unfit, match="about .* fit into one run"):
        Run(plan(gate, *acts), {"accounts": accounts(1200)})


def test_an_answer_of_a_read_that_is_too_large_is_asked_about() -> None:
    world = World()
    world.reads["matches_of"] = accounts(5000)
    run = Run(plan(contain("lock_account", MATCHES, name="lock")), world=world).launch()
    ask = run.ask("lock", why="read")
    assert "a run carries 96" in ask.words
    assert not run.state.reads
    world.reads["matches_of"] = accounts(10)
    run.answer(ask, "retry", by="ana")
    run.settle()
    assert len(run.holds()) == 10


def test_an_approval_that_would_show_too_much_is_asked_about_and_lets_nothing_through() -> None:
    world = World()
    world.reads["matches_of"] = accounts(2000)
    copies = tuple(
        contain(
            "lock_account", read("matches_of", f"m{n}", given("accounts"), listed=True, kind="account"), name=f"c{n}"
        )
        for n in range(2)
    )
    gate = approve("Go?", name="ok", unlocks=("#later",), show=(("one", held("#c0")), ("two", held("#c1"))))
    later = contain("lock_account", held("#c0"), name="later", when=is_("#ok", "approved"))
    run = Run(plan(*copies, gate, later), world=world).launch()
    ask = run.ask("ok", kind="question")
    assert "more to show than fits" in ask.words
    assert ask.choices == ["again", "leave", "stop", "undo_all"]
    run.answer(ask, "leave", by="ana")
    run.settle()
    assert run.status("later") == "not_needed"


def test_more_entries_than_a_run_carries_are_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_ENTRIES", 5)
    run = Run(plan(lock(), contain("remove", given("accounts"), name="hide"), task("Then")), {"accounts": accounts(3)})
    run.launch()
    assert "more than the 5 it carries" in run.ask("hide").words
    assert not run.holds("hide")
    run.answer("hide", "skip", by="ana")
    run.settle()
    run.command("add", value={"accounts": ["@1", "@2", "@3"]})
    run.settle()
    assert run.told("contain.too_many")
    assert len(run.holds()) == 3


def test_as_many_entries_as_a_run_carries_still_cross() -> None:
    """Half of what can cross is left for everything else."""
    run = Run(plan(lock(), task("Then")), {"accounts": accounts(1200)}).launch()
    state = zlib.compress(run.state.model_dump_json(exclude_defaults=True).encode(), 6)
    assert len(state) * bounds.MOST_ENTRIES / 1200 < 512 * 1024 / 2


def test_words_are_short_and_facts_shorter() -> None:
    run = Run(plan(approve("Go?", name="ok"), task("Then"))).launch()
    refused("size", lambda: run.command("note", reason="x" * 4001))
    refused("size", lambda: run.answer("ok", "reject", reason="x" * 4001))
    refused("size", lambda: run.answer("ok", "need_fact", reason="x" * 1001))
    run.answer("ok", "need_fact", reason="x" * 1000)
    refused("size", lambda: run.answer(run.ask("ok", why="fact"), "answer", by="ana", reason="x" * 1001))


def test_a_word_is_remembered_until_it_cannot_come_again_and_a_day_longer() -> None:
    run = Run(plan(task("Then"))).launch()
    for _ in range(50):
        run.command("note", reason="Seen")
    assert len(run.state.accepted) == 50
    run.wait(HOUR)
    run.command("note", reason="Seen")
    assert len(run.state.accepted) == 51
    run.wait(DAY)
    run.command("note", reason="Seen")
    assert len(run.state.accepted) == 2


def test_large_rows_leave_the_state_when_they_are_recorded() -> None:
    run = Run(plan(task("Then"))).launch()
    for number in range(100):
        run.command("note", reason=f"{number} {'x' * 3900}")
        run.settle()
    assert len(run.state.recent) < 40
    assert sum(len(row.model_dump_json()) for row in run.state.recent) <= 128 * 1024
    assert run.state.recent[-1].seq == run.state.seq
    assert len(view(run.plan, run.state).model_dump_json().encode()) <= MOST_PAGE_BYTES


def test_a_view_of_a_full_approval_is_one_page() -> None:
    run = Run(plan(approve("Go?", *["policy"] * 3, name="ok"))).launch()
    for number in range(20):
        run.answer(run.ask("ok", kind="approval"), "need_fact", reason=f"{number} {'x' * 990}")
        run.answer(run.ask("ok", why="fact"), "answer", by="ana", reason="y" * 1000)
        run.settle()
    shown = view(run.plan, run.state)
    assert [len(ask.facts) for ask in shown.asks] == [20]
    assert len(shown.model_dump_json().encode()) <= MOST_PAGE_BYTES


def test_a_question_about_an_approval_goes_on_when_its_loop_is_left() -> None:
    gate = approve("Go?", name="ok", on_timeout="ask commander")
    run = Run(plan(for_each(given("accounts"), gate)), {"accounts": ["@a", "@b"]}).launch()
    run.wait(2 * HOUR)
    run.answer(run.ask("0[0].0", kind="question"), "leave", by="ana")
    run.settle()
    assert run.status("0[1].0") == "asking"
