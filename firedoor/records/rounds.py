"""What became of each item of a long loop, by step, and what systems answered about it: the run keeps counts alone.

A row is written once its item is looked at, and says what the step does for it; whether a target of it is contained is in
the ledger. An answer is written before anything rests on it, and the first one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Column, Integer, RowMapping, String, Table, Text, bindparam, select, update

from firedoor.records.database import Database, JsonData, insert_new, metadata

RoundState = Literal["chosen", "not_needed", "unread", "told", "missed"]

AT_ONCE: Final = 400
MOST_ERROR: Final = 2_000

rounds_table = Table(
    "rounds",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("state", String(12), nullable=False),
    Column("looked", Integer, nullable=False),
    Column("targets", JsonData),
    Column("error", Text),
)

answers_table = Table(
    "answers",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("asked", String(64), primary_key=True),
    Column("answer", JsonData, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Round:
    """`looked`: in which pass over the list this was found. `targets`: what a contain acts on for the item."""

    item: str
    state: RoundState
    looked: int = 0
    targets: tuple[str, ...] = ()
    error: str | None = None


class Rounds:
    """Methods are synchronous, one transaction each, and safe to call from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def found(self, incident: str, step: str, rounds: Sequence[Round]) -> None:
        """Write these down. One that was settled stays as it is; one that was unread is written anew."""
        mine = [{"incident": incident, "step": step, **_row(one)} for one in rounds]
        later = [one for one in mine if one["looked"]]
        with self._database.write() as connection:
            for part in _parts(mine):
                insert_new(connection, rounds_table, list(part))
            again = [{"of": one["item"], **{f"new_{name}": one[name] for name in CHANGES}} for one in later]
            if again:
                unread = update(rounds_table).where(
                    rounds_table.c.incident == incident,
                    rounds_table.c.step == step,
                    rounds_table.c.item == bindparam("of"),
                    rounds_table.c.state == "unread",
                )
                connection.execute(unread.values({name: bindparam(f"new_{name}") for name in CHANGES}), again)

    def ended(self, incident: str, step: str, item: str, error: str | None) -> None:
        """Everyone was told about the item, or (`error`) somebody was not. Who was told stays told."""
        mine = (rounds_table.c.incident == incident, rounds_table.c.step == step, rounds_table.c.item == item)
        values = {"state": "missed" if error else "told", "error": error[:MOST_ERROR] if error else None}
        with self._database.write() as connection:
            connection.execute(update(rounds_table).where(*mine, rounds_table.c.state != "told").values(values))

    def of(self, incident: str, step: str, items: Sequence[str]) -> dict[str, Round]:
        """What was found for these items, by item."""
        mine = select(rounds_table).where(rounds_table.c.incident == incident, rounds_table.c.step == step)
        found: dict[str, Round] = {}
        with self._database.read() as connection:
            for part in _parts(items):
                for row in connection.execute(mine.where(rounds_table.c.item.in_(part))).mappings():
                    found[row["item"]] = _round(row)
        return found

    def of_incident(self, incident: str) -> list[tuple[str, Round]]:
        """Every item of every step in a long loop, each with the step's path in the run."""
        columns = rounds_table.c
        mine = select(rounds_table).where(columns.incident == incident).order_by(columns.step, columns.item)
        with self._database.read() as connection:
            return [(row["step"], _round(row)) for row in connection.execute(mine).mappings()]

    def answer(self, incident: str, step: str, site: str, asked: str) -> Any:
        """The recorded answer, in a list of its own; None where there is none."""
        columns = answers_table.c
        mine = (columns.incident == incident, columns.step == step, columns.site == site, columns.asked == asked)
        with self._database.read() as connection:
            return connection.execute(select(columns.answer).where(*mine)).scalar_one_or_none()

    def answered(self, incident: str, step: str, site: str, asked: str, value: Any) -> Any:
        """Write the answer down, unless there is one; returns, in a list of its own, the one that counts."""
        row = {"incident": incident, "step": step, "site": site, "asked": asked, "answer": [value]}
        with self._database.write() as connection:
            if insert_new(connection, answers_table, [row]):
                return [value]
        return self.answer(incident, step, site, asked)


CHANGES: Final = ("state", "looked", "targets", "error")


def _round(row: RowMapping) -> Round:
    return Round(row["item"], row["state"], row["looked"], tuple(row["targets"] or ()), row["error"])


def _row(one: Round) -> dict[str, Any]:
    error = one.error[:MOST_ERROR] if one.error else None
    return {"item": one.item, "state": one.state, "looked": one.looked, "targets": list(one.targets), "error": error}


def _parts(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[first : first + AT_ONCE] for first in range(0, len(items), AT_ONCE)]
