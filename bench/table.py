"""The table, as people read it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measures import Result, Spread

NAME, COLUMN = 28, 26


def table(result: Result) -> str:
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    rounds = len(result.rounds)
    yield (
        f"{result.notices} notices, an approval, {result.contains} contains; {result.runs_at_once} runs at once; "
        f"{rounds} {'round' if rounds == 1 else 'rounds'} of each side, in turns"
    )
    yield ", ".join(f"{name} {value}" for name, value in result.machine.items())
    yield ""
    yield f"{'median (smallest to largest)':{NAME}}" + "".join(
        f"{head:>{COLUMN}}" for head in ("compiled", "by hand", "compiled ÷ by hand")
    )
    for row in result.rows:
        spreads = (_number(row.compiled), _number(row.by_hand), _ratio(row.ratio))
        yield f"{row.name:{NAME}}" + "".join(f"{spread:>{COLUMN}}" for spread in spreads)
    yield ""
    for figure in result.compiling:
        yield f"{figure.name:{NAME}}{_number(figure.value):>{COLUMN}}"
    yield ""
    for figure in result.rehearsing:
        yield f"{figure.name:{NAME}}{_number(figure.value):>{COLUMN}}"
    yield ""
    yield "Of events and acts a run has more as a compiled playbook:"
    yield "  " + (", ".join(f"{more:+g} {name}" for name, more in result.difference.items()) or "no more and no less")
    for note in result.notes:
        yield f"  {note}"


def _number(spread: Spread) -> str:
    def shown(value: float) -> str:
        if value < 100:
            return f"{value:.2f}"
        return f"{value:,.1f}" if value < 1_000 else f"{value:,.0f}"

    return f"{shown(spread.median)} ({shown(spread.min)} to {shown(spread.max)})"


def _ratio(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.min:.2f} to {spread.max:.2f})"
