"""The bench, as small as it gets: what it writes, and that both sides really do the same."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bench import by_hand
from bench.__main__ import bench, order_of, write
from bench.compiling import Compiling, long_book, long_plan
from bench.history import orders
from bench.job import CONTAINS, NOTICES, PLAYBOOK, SIDES, Side, read_book
from bench.measures import Result
from bench.rehearsing import rehearsing
from bench.stage import Stage, staged
from bench.table import table
from firedoor.compiler.book import compile_book
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.proofs.proving import prove


def test_each_side_begins_every_other_round() -> None:
    assert [order_of(number)[0] for number in (1, 2, 3)] == ["compiled", "by hand", "compiled"]
    assert {frozenset(order_of(number)) for number in (1, 2)} == {frozenset(SIDES)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def benched() -> AsyncIterator[tuple[Stage, Result]]:
    """One round of one run of each side."""
    async with staged() as stage:
        yield stage, await bench(stage, rounds=1, runs=1, compiling=Compiling(lines=100, sizes=(10, 100)))


@pytest.mark.asyncio(loop_scope="module")
async def test_rows_are_written_to_a_file(benched: tuple[Stage, Result], tmp_path: Path) -> None:
    _, result = benched
    path = write(result, tmp_path / "results")
    data = json.loads(path.read_text())
    assert path.suffix == ".json"
    assert data["format"] == 1
    assert (data["notices"], data["contains"], data["runs_at_once"]) == (10, 10, 1)
    assert [row["name"] for row in data["rows"]] == [
        "events per run",
        "bytes of history per run",
        "runs per second",
        "worker CPU per run, ms",
        "server CPU per run, ms",
        "CPU of both per run, ms",
    ]
    for row in data["rows"]:
        assert row["better"] in ("lower", "higher")
        for spread in (row["compiled"], row["by_hand"], row["ratio"]):
            assert 0 < spread["min"] <= spread["median"] <= spread["max"]
    assert [row["name"] for row in data["compiling"]] == [
        "compile 100 lines, ms",
        "yaml.load of them, in C, ms",
        "compile ÷ yaml.load",
        "compile ÷ yaml.compose",
        "proofs of 10 steps, ms",
        "proofs of 100 steps, ms",
        "a step's proof, 100 ÷ 10",
    ]
    for row in data["compiling"]:
        assert 0 < row["value"]["min"] <= row["value"]["median"] <= row["value"]["max"]
    assert len(data["rounds"]) == 1
    assert Result.model_validate_json(path.read_text()) == result


@pytest.mark.asyncio(loop_scope="module")
async def test_the_table_says_every_row_and_what_the_difference_buys(benched: tuple[Stage, Result]) -> None:
    _, result = benched
    shown = table(result)
    for name in [row.name for row in result.rows] + [row.name for row in result.compiling]:
        assert name in shown
    for note in result.notes:
        assert note in shown


@pytest.mark.asyncio(loop_scope="module")
async def test_three_days_are_rehearsed_on_the_server_on_which_as_long_is_slept_by_hand(
    benched: tuple[Stage, Result],
) -> None:
    async with rehearsing() as rehearsed:
        await rehearsed.round()
    assert 72 <= rehearsed.lasted[0] < 73
    figures = rehearsed.figures()
    assert [figure.name for figure in figures] == [
        "a rehearsal, hours it spans",
        "a rehearsal, s",
        "time it spans ÷ it takes",
        "72 h slept by hand, s",
        "rehearsed ÷ slept by hand",
    ]
    assert all(0 < figure.value.min <= figure.value.median <= figure.value.max for figure in figures)
    shown = table(benched[1].model_copy(update={"rehearsing": figures}))
    for figure in figures:
        assert figure.name in shown


def test_what_is_compiled_is_a_sound_book_and_what_is_proved_is_proved() -> None:
    book = compile_book(Path("book"), long_book(4_000))
    assert book.findings == ()
    assert len(book.sources["long.yaml"].text.splitlines()) >= 4_000
    findings = Findings()
    plan = long_plan(500)
    shown = prove(plan, None, {}, findings)
    assert len(plan.by_path) == 500
    assert [one.clock.name for one in shown] == ["breach"]
    assert {found.code for found in findings} <= {"FD505"}  # an ask may leave out what follows it


@pytest.mark.asyncio(loop_scope="module")
async def test_both_sides_order_the_same_acts(benched: tuple[Stage, Result]) -> None:
    """But for the timeline, which each side tells in its own words, and what only records it."""
    stage, _ = benched
    compiled, hand = (_acts(stage, side) for side in SIDES)
    assert [name for name, _ in compiled] == ["notify"] * (NOTICES + 1) + ["contain"] * CONTAINS
    assert compiled == hand


def _acts(stage: Stage, side: Side) -> list[tuple[str, Any]]:
    found = []
    for name, order in orders(stage.histories[side][0]):
        if name != "record":
            found.append((name, _bare(order)))
    return found


def _bare(order: dict[str, Any]) -> dict[str, Any]:
    """The order without what is another in every run: the incident and its account, signatures, rows, an ask's words."""
    decisions = len(order["warrant"]["decisions"])
    bare = {name: value for name, value in order.items() if name not in ("incident", "warrant", "rows", "subject")}
    if order.get("urgent"):
        del bare["texts"]
    text = json.dumps({**bare, "decisions": decisions}).replace(order["incident"], "INCIDENT")
    found: dict[str, Any] = json.loads(text)
    return found


def test_by_hand_is_written_for_the_playbook() -> None:
    plan = read_book().plans[PLAYBOOK]
    contained = [plan.actions[step.action] for step in plan.steps if step.verb == "contain"]
    told = [audience.who for step in plan.steps if step.verb == "notify" for audience in step.audience]
    assert tuple(contained) == by_hand.MEASURES
    assert tuple(told) == by_hand.TOLD
