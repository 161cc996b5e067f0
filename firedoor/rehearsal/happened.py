"""What happened, read from the rows of a run's timeline: which step ended how, what was held, who was told and asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from firedoor.compiler.rehearsals.script import Outcome, StepRef
from firedoor.people import directory
from firedoor.people.directory import NobodyKnown, Situation
from firedoor.people.organization import Organization
from firedoor.plan import Who, paths
from firedoor.protocol import Row
from firedoor.rehearsal.playing import Played

ENDED: Final = ("run.completed", "run.stopped", "run.undone")
_ENDS: Final = ("done", "approved", "rejected", "unanswered", "failed")
"""Outcomes that a step comes to by itself; the others are what became of one that was not needed any more."""
_WELL: Final = ("done", "approved")
"""Of these, what its name alone stands for: of an approval `approved`, of every other step `done`."""
_ASKED: Final = ("approval.asked", "task.asked", "question.asked")
_OF_HOLDS: Final[dict[str, Outcome]] = {"hold.failed": "failed", "hold.undone": "undone", "hold.expired": "expired"}
_ASK_NOTICE: Final = "#"
"""In the key of a notice about an ask: that is no notice of the playbook's."""


@dataclass(frozen=True)
class Ended:
    """A step that was asked about, or came to an end. `seq` is the row's."""

    seq: int
    at: datetime
    path: str
    outcome: Outcome
    words: str


class Happened:
    def __init__(self, played: Played, organization: Organization) -> None:
        self.played = played
        self.organization = organization
        self.rows = played.rows

    @cached_property
    def events(self) -> list[Ended]:
        return list(self._events())

    def _events(self) -> Iterator[Ended]:
        for row in self.rows:
            family, _, what = row.kind.partition(".")
            if not row.step or row.step == "":
                continue
            if row.kind in ("approval.asked", "task.asked"):
                yield Ended(row.seq, row.at, row.step, "asked", row.words)
            elif family == "step" and what in (*_ENDS, "skipped", "stopped"):
                yield Ended(row.seq, row.at, row.step, what, row.words)  # type: ignore[arg-type]
            elif row.kind in _OF_HOLDS:
                yield Ended(row.seq, row.at, row.step, _OF_HOLDS[row.kind], row.words)

    def of(self, step: StepRef, outcome: Outcome | None = None) -> list[Ended]:
        """Where a step came to that; without an outcome, where it succeeded."""
        wanted = (outcome,) if outcome else _WELL
        return [event for event in self.events if event.outcome in wanted and _is_of(event, step)]

    def ends(self, step: StepRef) -> list[Ended]:
        """Where a step came to any end of its own."""
        return [event for event in self.events if event.outcome in _ENDS and _is_of(event, step)]

    def acted(self, step: StepRef) -> Row | None:
        """The first sign that a step has done anything at all."""
        idle = ("step.stopped", "step.skipped", "step.not_needed")
        for row in self.rows:
            if row.step and paths.static(row.step) in step.paths and row.kind not in idle:
                return row
        return None

    @cached_property
    def end_row(self) -> Row | None:
        """Where the response has ended; None while it goes on."""
        return next((row for row in reversed(self.rows) if row.kind in ENDED), None)

    @cached_property
    def held(self) -> dict[tuple[str, str], None]:
        """(static path, target) of what was contained when the response had ended, or, while it goes on, at last.

        A step that ends with an undo lets the response end before the undo has: what was being undone by then is none of
        it, once it is undone."""
        last = self.end_row.seq if self.end_row else None
        begun = {_release(row) for row in self.rows if row.kind == "hold.undoing" and (last is None or row.seq <= last)}
        return self._held(
            row
            for row in self.rows
            if last is None or row.seq <= last or (row.kind == "hold.undone" and _release(row) in begun)
        )

    @cached_property
    def left(self) -> dict[tuple[str, str], None]:
        """The same at the very end, when what ran out after the response has run out."""
        return self._held(self.rows)

    def _held(self, rows: Iterable[Row]) -> dict[tuple[str, str], None]:
        found: dict[tuple[str, str], None] = {}
        for row in rows:
            for target in row.data.get("targets") or ():
                place = (paths.static(row.step or ""), str(target))
                if row.kind == "hold.applied":
                    found[place] = None
                elif row.kind == "hold.undone":
                    found.pop(place, None)
        return found

    def undone(self, step: StepRef) -> list[str]:
        """Targets of a step that were let go, each once."""
        rows = [row for row in self.rows if row.kind == "hold.undone" and paths.static(row.step or "") in step.paths]
        return list(dict.fromkeys(str(target) for row in rows for target in row.data.get("targets") or ()))

    # people

    def told(self, who: Who, says: str | None = None) -> Row | None:
        """The first notice of a step, or update, that reached somebody of `who`, and says that."""
        for row in self.rows:
            if row.kind != "notice.sent" or is_of_an_ask(row):
                continue
            if self._is(str(row.data.get("recipient")), who, row) and (says is None or self._says(row, says)):
                return row
        return None

    def _says(self, row: Row, says: str) -> bool:
        for channel, sent in self.played.sent:
            _, key, _, _, people = json.loads(sent.message.key)
            same = key == row.data.get("key") and channel == row.data.get("channel")
            text = f"{sent.message.subject}\n{sent.message.text}".casefold()
            if same and row.data.get("recipient") in people and says.casefold() in text:
                return True
        return False

    def asked(self, who: Who, kinds: Iterable[str] = _ASKED) -> Row | None:
        """The first ask that was put to `who`."""
        for row in self.rows:
            if row.kind in kinds and any(self._same(str(to), who, row) for to in row.data.get("to") or ()):
                return row
        return None

    def escalated(self, who: Who) -> Row | None:
        return self.asked(who, ("ask.escalated",))

    def _same(self, to: str, who: Who, row: Row) -> bool:
        """Whether who was asked is `who`: by name, a team being who is on shift in it; or a person in that role."""
        if to.removesuffix(".on_shift") == str(who).removesuffix(".on_shift"):
            return True
        return who.kind == "person" and who.name in self._ids(_named(to), row)

    def _is(self, recipient: str, who: Who, row: Row) -> bool:
        if who.kind in ("contact", "account", "users"):
            return recipient == (who.name or str(who))
        return recipient in self._ids(who, row)

    def _ids(self, who: Who, row: Row) -> set[str]:
        view = self.played.view
        situation = Situation(
            row.at, view.region if view else None, view.commander if view else None, view.launcher if view else None
        )
        try:
            return {person.id for person in directory.people_of(self.organization, who, situation).people}
        except NobodyKnown:
            return set()


def _is_of(event: Ended, step: StepRef) -> bool:
    if paths.static(event.path) not in step.paths:
        return False
    return not step.rounds or step.rounds == tuple(number + 1 for _, number in paths.rounds(event.path))


def _release(row: Row) -> tuple[str | None, object]:
    """Which undo a row tells of."""
    return row.step, row.data.get("release")


def is_of_an_ask(row: Row) -> bool:
    """Whether a notice tells of an ask, and is none of the playbook's."""
    return _ASK_NOTICE in str(row.data.get("key"))


def _named(to: str) -> Who:
    head, _, part = to.partition(".")
    match head, part:
        case "region", "manager":
            return Who(kind="region_manager")
        case _, "on_shift" | "manager":
            return Who(kind=part, name=head)
        case "commander" | "launcher", "":
            return Who(kind=head)
        case _:
            return Who(kind="team", name=to)
