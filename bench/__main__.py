"""`python -m bench --rounds N`: prints the table, and writes its rows to a JSON file that it names."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench.compiling import Compiling
from bench.history import difference, notes_on
from bench.job import SIDES, Side
from bench.measures import Figure, Measured, Result, Round, rows_of
from bench.rehearsing import rehearsing
from bench.stage import Stage, staged
from bench.table import table

RESULTS: Final = Path(__file__).with_name("results")

ALWAYS: Final = (
    "the plan travels in the first event, packed: what a run does is what was launched, whatever the book says later",
    "by hand has no failures that ask, no undo, no interruptions, no view, no search attributes, no continue-as-new",
)


def order_of(number: int) -> tuple[Side, ...]:
    """The sides of a round, by its number from 1."""
    return SIDES if number % 2 else SIDES[::-1]


async def bench(
    stage: Stage, rounds: int, runs: int, compiling: Compiling, rehearsed: tuple[Figure, ...] = ()
) -> Result:
    """Let the sides run in turns. Who begins alternates: the first of a round finds the machine cooler."""
    found: list[Round] = []
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}:", end="", flush=True)
        measured: dict[Side, Measured] = {}
        for side in order_of(number):
            measured[side] = await stage.round(side, runs)
            print(f" {side} {measured[side].runs_per_second:.2f} runs/s", end="", flush=True)
        compiling.round()
        print(f" compile ÷ yaml.load {compiling.compiled[-1] / compiling.loaded[-1]:.1f}", flush=True)
        found.append(Round(compiled=measured["compiled"], by_hand=measured["by hand"]))
    differs = difference(stage.histories["compiled"], stage.histories["by hand"])
    return Result(
        made_at=datetime.now(UTC),
        runs_at_once=runs,
        machine={
            "CPUs": str(os.cpu_count()),
            "load": f"{os.getloadavg()[0]:.1f}",
            "Python": platform.python_version(),
            "temporalio": version("temporalio"),
        },
        rows=rows_of(found),
        compiling=compiling.figures(),
        rehearsing=rehearsed,
        rounds=tuple(found),
        difference=differs,
        notes=(*notes_on(differs), *ALWAYS),
    )


def write(result: Result, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.made_at:%Y%m%d-%H%M%S}.json"
    path.write_text(result.model_dump_json(indent=1) + "\n")
    return path


async def _main(rounds: int, runs: int, results: Path) -> None:
    async with rehearsing() as rehearsed:
        await rehearsed.warm_up()
        for _ in range(rounds):
            await rehearsed.round()
            print(f"{rehearsed.lasted[-1]:.0f} h rehearsed in {rehearsed.rehearsed[-1]:.1f} s", flush=True)
    async with staged() as stage:
        result = await bench(stage, rounds, runs, Compiling(), rehearsed.figures())
    print(f"\n{table(result)}\n")
    path = write(result, results)
    print(f"rows: {os.path.relpath(path)}")


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=_at_least_one, default=5, help="of each side, in turns (default: 5)")
    parser.add_argument("--runs", type=_at_least_one, default=10, help="at once in a round (default: 10)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of the JSON file")
    given = parser.parse_args()
    asyncio.run(_main(given.rounds, given.runs, given.results))


if __name__ == "__main__":
    main()
