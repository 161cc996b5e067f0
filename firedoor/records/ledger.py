"""The ledger of holds: every act is entered here, with its undo and a number, before it is tried.

One row per (incident, step, target, ordinal): entering the same again, after a crash, gives the same row and number.
States:

    entered → applied · refused · unknown → undoing → undone · undo_failed

`entered`, `applied` and `unknown` are open: they hold the thing (firedoor.records.things), across incidents. `unknown`
says that the act may have happened; `refused` that it has not, whatever the reason. A release takes a number too, and
keeps it when it is retried.

Two steps lead back. Where an attempt ends and something that it sent may have landed after a newer state was settled,
`applied` holds on the thing become `unknown`, and its own `undone` entry becomes `undo_failed`. So `applied` is claimed
only of what the platform has shown since the last thing that can have spoilt it; except where whoever sent that died,
and nobody tries again for it. Whoever settles the thing next brings these entries back.

An act without an undo is a deed: done once for each entry, and shared with nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)

from firedoor.records import things
from firedoor.records.database import BigId, Database, Instant, JsonData, metadata
from firedoor.records.things import Beginning, State, Wanted
from firedoor.run.leases import Lease


class EntryState(StrEnum):
    ENTERED = "entered"
    APPLIED = "applied"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"


OPEN: Final = (EntryState.ENTERED, EntryState.APPLIED, EntryState.UNKNOWN)
"""The states that hold the thing."""

TO_RELEASE: Final = (*OPEN, EntryState.UNDOING, EntryState.UNDO_FAILED)
"""The states that a release has work with."""

MOST_ERROR: Final = 2_000

AT_ONCE: Final = 500
"""Targets in one statement; SQLite bounds its parameters."""

LANDED_LATE: Final = "an earlier act on it may have landed late, and could not be corrected yet"

entries = Table(
    "entries",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("incident", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("thing", BigId, ForeignKey("things.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("action", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("undo", Text),
    Column("arguments", JsonData, nullable=False),
    Column("tried", Integer, nullable=False),
    Column("undo_tried", Integer, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("applied_at", Instant),
    Column("until", Instant),
    Column("release_ordinal", Integer),
    Column("release_number", BigInteger),
    Column("released_at", Instant),
    Column("undone_at", Instant),
    Column("kept", Boolean, nullable=False),
    Column("cause", Text),
    Column("error", Text),
    Column("error_type", Text),
    UniqueConstraint("incident", "step", "target", "ordinal"),
    Index("entries_by_thing", "thing", "state"),
    Index("entries_by_until", "state", "until"),
)


class EntryConflict(ValueError):
    """An entry of that incident, step, target and ordinal is there, and orders something else."""


@dataclass(frozen=True, slots=True)
class Intention:
    """What is about to be done. `identity` is what is really held (Platform.identify); the target, in general.

    `shared` is False for a deed: an act that is done once for each entry, whatever others have done.
    """

    incident: str
    step: str
    target: str
    ordinal: int
    action: str
    connector: str
    call: str
    undo: str | None
    arguments: dict[str, Any]
    identity: str
    shared: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """The platform shows the state of `number` of the entry's thing, since `at`."""

    entry: int
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger. Moments are in UTC.

    `tried` and `undo_tried` count the requests that may have reached the platform. `kept` says of an undone entry that
    the thing stayed contained, because someone else holds it.
    """

    id: int
    incident: str
    step: str
    target: str
    ordinal: int
    thing: int
    number: int
    state: EntryState
    action: str
    connector: str
    call: str
    undo: str | None
    arguments: dict[str, Any]
    tried: int
    undo_tried: int
    entered_at: datetime
    applied_at: datetime | None
    until: datetime | None
    release_ordinal: int | None
    release_number: int | None
    released_at: datetime | None
    undone_at: datetime | None
    kept: bool
    cause: str | None
    error: str | None
    error_type: str | None

    @property
    def open(self) -> bool:
        return self.state in OPEN


class Ledger:
    """Entries and holds. Methods are synchronous, one transaction each, and safe to call from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._id: str | None = None

    # --- acts -------------------------------------------------------------------------------------------------------

    def enter(self, intention: Intention, at: datetime) -> Entry:
        """Write the intention, and take the thing's next number for it. Again: the same row.

        Raises EntryConflict when that row orders something else.
        """
        with self._database.write() as connection:
            there = _find(connection, intention.incident, intention.step, intention.target, intention.ordinal)
            if there is None:
                self._id = self._id or things.ledger_id(connection)
                named = (intention.connector, _effect(intention), intention.identity)
                thing = things.lock_or_make(connection, things.key_of(self._id, *named), *named)
                if connection.dialect.name != "sqlite":  # another worker may have entered it while this one waited
                    there = _find(connection, intention.incident, intention.step, intention.target, intention.ordinal)
                if there is None:
                    return _enter(connection, thing, intention, at)
        agree(there, intention.connector, intention.call, intention.undo, intention.arguments)
        return there

    def enter_all(self, intentions: Sequence[Intention], at: datetime) -> list[tuple[Entry, Wanted]]:
        """As `enter`, for targets of one step under one ordinal, in one transaction; each with the newest state that its
        thing should be in. Raises EntryConflict."""
        with self._database.write() as connection:
            self._id = self._id or things.ledger_id(connection)
            named = [(one.connector, _effect(one), one.identity) for one in intentions]
            keys = [things.key_of(self._id, *name) for name in named]
            locked = things.lock_or_make_all(connection, dict(zip(keys, named, strict=True)))
            there = _entered(connection, intentions)
            new = [(one, key) for one, key in zip(intentions, keys, strict=True) if one.target not in there]
            there |= _enter_all(connection, new, locked, at)
        for one in intentions:
            agree(there[one.target], one.connector, one.call, one.undo, one.arguments)
        return [(there[one.target], locked[key].wanted) for one, key in zip(intentions, keys, strict=True)]

    def wanted(self, thing: int) -> Wanted:
        """The newest state that the thing should be in, its number, and what was there before."""
        with self._database.read() as connection:
            return things.wanted(connection, thing)

    def begin(self, entry: int, thing: int, number: int, before: dict[str, Any], *, acts: bool) -> bool:
        """Store what is there `before` the first act; where one follows (`acts`), count it.

        False, and nothing is stored, when `number` has been overtaken.
        """
        return self.begin_all([Beginning(entry, thing, number, before, acts)])[0]

    def begin_all(self, beginnings: Sequence[Beginning]) -> list[bool]:
        """As `begin`, for acts that go on beside each other, in one transaction."""
        with self._database.write() as connection:
            newest = things.begin_all(connection, beginnings)
            acting = [{"begun": one.entry} for one, new in zip(beginnings, newest, strict=True) if new and one.acts]
            if acting:
                undoing = case((entries.c.state == EntryState.UNDOING, 1), else_=0)
                counted = {"tried": entries.c.tried + 1 - undoing, "undo_tried": entries.c.undo_tried + undoing}
                connection.execute(update(entries).where(entries.c.id == bindparam("begun")).values(counted), acting)
            return newest

    def applied(self, entry: int, number: int, at: datetime, expires: timedelta | None) -> bool:
        """The platform shows the state of `number`; the entry, if it is still open, is applied.

        False when `number` has been overtaken: act again, for the newest.
        """
        return self.applied_all([Shown(entry, number, at)], expires)[0] is not None

    def applied_all(self, shown: Sequence[Shown], expires: timedelta | None) -> list[Entry | None]:
        """As `applied`, for acts that go on beside each other, in one transaction: each entry as it is then, or None."""
        with self._database.write() as connection:
            rows = _lock_all(connection, [one.entry for one in shown])
            settled = _settle_all(connection, [(rows[one.entry].thing, one.number) for one in shown])
            new = []
            for one, newest in zip(shown, settled, strict=True):
                row = rows[one.entry]
                if newest and row.state in (EntryState.ENTERED, EntryState.UNKNOWN) and row.applied_at is None:
                    until = one.at + expires if expires is not None else None
                    new.append({"shown": one.entry, "applied_at": one.at, "until": until})
            if new:
                told = {"state": EntryState.APPLIED, "error": None, "error_type": None}
                connection.execute(update(entries).where(entries.c.id == bindparam("shown")).values(told), new)
            now = _lock_all(connection, [one.entry for one in shown])
            return [now[one.entry] if newest else None for one, newest in zip(shown, settled, strict=True)]

    def doubt(self, entry: int, error: str, error_type: str, *, harmless: bool, sent: Collection[State] = ()) -> Entry:
        """A try failed, and may have acted nevertheless, unless it is known to have been `harmless`.

        `sent`, here and below: the states that the attempt may have brought about, at any time until now or later.
        """
        with self._database.write() as connection:
            row = _lock(connection, entry)
            less = 1 if harmless else 0
            told = {"error": error[:MOST_ERROR], "error_type": error_type}
            if row.state in (EntryState.ENTERED, EntryState.UNKNOWN):
                tried = max(row.tried - less, 0)
                state = EntryState.UNKNOWN if tried or row.applied_at is not None else EntryState.ENTERED
                _set(connection, entry, state=state, tried=tried, **told)
            elif row.state == EntryState.UNDOING:
                _set(connection, entry, undo_tried=max(row.undo_tried - less, 0), **told)
            _doubt_what_followed(connection, row, sent)
            return _entry(connection, entry)

    def refuse(
        self,
        entry: int,
        error: str,
        error_type: str,
        *,
        harmless: int,
        gone: bool = False,
        sent: Collection[State] = (),
    ) -> Entry:
        """The act has failed for good. It is refused where that is known to have changed nothing, and unknown else.

        `harmless`: so many of the entry's tries are known not to have acted. `gone`: there is no such target (any more).
        An entry that nobody else would clean up after stays open, as unknown, so that undoing it will.
        """
        with self._database.write() as connection:
            row = _lock(connection, entry)
            if row.state in (EntryState.ENTERED, EntryState.UNKNOWN):
                certain = gone or (row.tried <= harmless and row.applied_at is None)
                refused = certain and _let_go_refused(connection, row, free=gone)
                state = EntryState.REFUSED if refused else EntryState.UNKNOWN
                _set(connection, entry, state=state, error=error[:MOST_ERROR], error_type=error_type)
            _doubt_what_followed(connection, row, sent)
            return _entry(connection, entry)

    def renew(self, thing: int, number: int, found: dict[str, Any] | None) -> None:
        """What `number` stands for must be done again, as a new number. `found`: someone outside had undone it."""
        with self._database.write() as connection:
            things.lock(connection, thing)
            things.renew(connection, thing, number, found)

    # --- releases ---------------------------------------------------------------------------------------------------

    def release(self, entry: int, ordinal: int, cause: str, at: datetime) -> Entry:
        """Let the entry's hold go, and take the thing's next number for it. Again: the same number.

        `ordinal` counts the releases of the step. A release that failed is tried again by a new one, with a new number.
        An entry that holds nothing (refused, undone) stays as it is.
        """
        with self._database.write() as connection:
            _release(connection, _lock(connection, entry), ordinal, cause, at)
            return _entry(connection, entry)

    def release_all(self, ids: Sequence[int], ordinal: int, cause: str, at: datetime) -> list[tuple[Entry, Wanted]]:
        """As `release`, for many entries in one transaction; each with the newest state that its thing should be in."""
        with self._database.write() as connection:
            rows = _lock_all(connection, ids)
            on = Counter(row.thing for row in rows.values())
            on.update(_open_on(connection, list(on), but=ids))
            alone = [row for row in rows.values() if row.open and on[row.thing] == 1]
            _release_alone(connection, alone, ordinal, cause, at)
            for entry in ids:
                if on[rows[entry].thing] > 1 or not rows[entry].open:
                    _release(connection, _entry(connection, entry), ordinal, cause, at)
            now = _lock_all(connection, ids)
            newest = things.wanted_all(connection, list(on))
            return [(now[entry], newest[now[entry].thing]) for entry in ids]

    def undone(self, entry: int, number: int, at: datetime) -> bool:
        """The platform shows the state of `number`, and the entry holds nothing any more. False when overtaken."""
        return self.undone_all([Shown(entry, number, at)])[0] is not None

    def undone_all(self, shown: Sequence[Shown]) -> list[Entry | None]:
        """As `undone`, for releases that go on beside each other: each entry as it is then, or None."""
        with self._database.write() as connection:
            rows = _lock_all(connection, [one.entry for one in shown])
            settled = _settle_all(connection, [(rows[one.entry].thing, one.number) for one in shown])
            new = [
                {"shown": one.entry, "undone_at": one.at, "kept": _stays(newest)}
                for one, newest in zip(shown, settled, strict=True)
                if newest is not None and rows[one.entry].state == EntryState.UNDOING
            ]
            if new:
                told = {"state": EntryState.UNDONE, "error": None, "error_type": None}
                connection.execute(update(entries).where(entries.c.id == bindparam("shown")).values(told), new)
            now = _lock_all(connection, [one.entry for one in shown])
            return [now[one.entry] if newest else None for one, newest in zip(shown, settled, strict=True)]

    def undo_failed(self, entry: int, error: str, error_type: str, *, sent: Collection[State] = ()) -> Entry:
        """The release was given up. The thing is in doubt until another release, or another hold, settles it."""
        with self._database.write() as connection:
            row = _lock(connection, entry)
            if row.state == EntryState.UNDOING:
                _set(
                    connection,
                    entry,
                    state=EntryState.UNDO_FAILED,
                    error=error[:MOST_ERROR],
                    error_type=error_type,
                )
            _doubt_what_followed(connection, row, sent)
            return _entry(connection, entry)

    # --- questions --------------------------------------------------------------------------------------------------

    def find(self, incident: str, step: str, target: str, ordinal: int) -> Entry | None:
        with self._database.read() as connection:
            return _find(connection, incident, step, target, ordinal)

    def of_incident(self, incident: str) -> list[Entry]:
        """All entries of an incident, oldest first."""
        return self._list(entries.c.incident == incident)

    def of_step(self, incident: str, step: str, states: Collection[EntryState] | None = None) -> list[Entry]:
        """All entries of a step (its path in the run), oldest first."""
        wanted: list[ColumnElement[bool]] = [entries.c.incident == incident, entries.c.step == step]
        return self._list(*wanted, *([entries.c.state.in_(tuple(states))] if states is not None else []))

    def of_targets(self, incident: str, step: str, targets: Sequence[str]) -> list[Entry]:
        """The entries of these targets of a step, oldest first."""
        found: list[Entry] = []
        for part in _parts(targets):
            found += self._list(entries.c.incident == incident, entries.c.step == step, entries.c.target.in_(part))
        return sorted(found, key=lambda entry: entry.id)

    def entered(self, incident: str, step: str | None) -> list[tuple[str, str]]:
        """The (step, target) of every entry of a step, or of the incident."""
        found = select(entries.c.step, entries.c.target).where(entries.c.incident == incident).distinct()
        with self._database.read() as connection:
            rows = connection.execute(found if step is None else found.where(entries.c.step == step))
            return [(row.step, row.target) for row in rows]

    def failed(self, incident: str) -> frozenset[str]:
        """The steps of an incident with an entry that went wrong and was never contained."""
        found = select(entries.c.step).where(
            entries.c.incident == incident, entries.c.applied_at.is_(None), entries.c.error.is_not(None)
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(found.distinct()).scalars())

    def holders(self, thing: int) -> list[Entry]:
        """The open entries on a thing, oldest first."""
        return self._list(entries.c.thing == thing, entries.c.state.in_(OPEN))

    def held(self, incident: str) -> list[Entry]:
        """What an incident still holds, or has failed to let go."""
        return self._list(entries.c.incident == incident, entries.c.state.in_(TO_RELEASE))

    def overdue(self, at: datetime) -> list[Entry]:
        """Leases that have ended by `at` and are not released: a watchdog's question."""
        return self._list(entries.c.state.in_(TO_RELEASE), entries.c.until < at)

    def unsettled(self, since: datetime) -> list[Entry]:
        """Acts and releases that were begun before `since` and have no outcome yet: a watchdog's question."""
        acting = (entries.c.state.in_((EntryState.ENTERED, EntryState.UNKNOWN))) & (entries.c.entered_at < since)
        undoing = (entries.c.state == EntryState.UNDOING) & (entries.c.released_at < since)
        return self._list(acting | undoing)

    def _list(self, *conditions: ColumnElement[bool]) -> list[Entry]:
        with self._database.read() as connection:
            return _all(connection, select(entries).where(*conditions).order_by(entries.c.id))


def move_lease(connection: Connection, incident: str, lease: Lease) -> None:
    """Move a step's leases on, never back; None makes them lasting. What is lasting, or let go, stays as it is."""
    leased = update(entries).where(
        entries.c.incident == incident,
        entries.c.step == lease.step,
        entries.c.state.in_(TO_RELEASE),
        entries.c.until.is_not(None) if lease.until is None else entries.c.until < lease.until,
    )
    for targets in [None] if lease.targets is None else _parts(lease.targets):
        mine = leased if targets is None else leased.where(entries.c.target.in_(targets))
        connection.execute(mine.values(until=lease.until))


def _parts(targets: Sequence[str]) -> list[Sequence[str]]:
    return [targets[first : first + AT_ONCE] for first in range(0, len(targets), AT_ONCE)]


def _effect(intention: Intention) -> str:
    if intention.shared:
        return intention.call
    return f"{intention.call} #{intention.ordinal} of {intention.step} in {intention.incident}"


def _enter(connection: Connection, thing: int, intention: Intention, at: datetime) -> Entry:
    number = things.next_number(connection, thing)
    row = insert(entries).values(_new(intention, thing, number, at))
    entry = _row(connection.execute(row.returning(*entries.c)).mappings().one())
    things.want(connection, thing, held_state(entry), number)
    return entry


def _new(intention: Intention, thing: int, number: int, at: datetime) -> dict[str, Any]:
    return {
        "incident": intention.incident,
        "step": intention.step,
        "target": intention.target,
        "ordinal": intention.ordinal,
        "thing": thing,
        "number": number,
        "state": EntryState.ENTERED,
        "action": intention.action,
        "connector": intention.connector,
        "call": intention.call,
        "undo": intention.undo,
        "arguments": intention.arguments,
        "tried": 0,
        "undo_tried": 0,
        "kept": False,
        "entered_at": at,
    }


def _enter_all(
    connection: Connection, new: Sequence[tuple[Intention, str]], locked: dict[str, things.Locked], at: datetime
) -> dict[str, Entry]:
    """Enter what is new on things whose rows are locked. Several targets can be one thing: each takes a number."""
    if not new:
        return {}
    rows = []
    for one, key in new:
        thing = locked[key]
        wanted = State(held=True, call=one.call, undo=one.undo, target=one.target, arguments=one.arguments)
        rows.append(_new(one, thing.id, thing.take(wanted), at))
    things.keep_all(connection, [locked[key] for key in dict.fromkeys(key for _, key in new)])
    connection.execute(insert(entries), rows)
    return _entered(connection, [one for one, _ in new])


def _entered(connection: Connection, intentions: Sequence[Intention]) -> dict[str, Entry]:
    """The entries of these intentions that are there, by target."""
    first = intentions[0]
    found = select(entries).where(
        entries.c.incident == first.incident,
        entries.c.step == first.step,
        entries.c.ordinal == first.ordinal,
        entries.c.target.in_([one.target for one in intentions]),
    )
    return {entry.target: entry for entry in _all(connection, found)}


def agree(there: Entry, connector: str, call: str, undo: str | None, arguments: dict[str, Any]) -> None:
    """Raises EntryConflict when the entry orders something else."""
    if (there.connector, there.call, there.undo, there.arguments) != (connector, call, undo, arguments):
        raise EntryConflict(
            f"step {there.step} of {there.incident} has entered {there.call} (ordinal {there.ordinal}) "
            f"on {there.target or 'no target'}, and now orders something else"
        )


def held_state(entry: Entry) -> State:
    """What the entry's act brings about."""
    return State(held=True, call=entry.call, undo=entry.undo, target=entry.target, arguments=entry.arguments)


def _want_newest(connection: Connection, gone: Entry, number: int) -> None:
    """After `gone` has let go: the newest hold that is left decides, or else what was there before."""
    left = select(entries).where(entries.c.thing == gone.thing, entries.c.state.in_(OPEN), entries.c.id != gone.id)
    holders = _all(connection, left.order_by(entries.c.number.desc()).limit(1))
    state = held_state(holders[0]) if holders else free_state(gone)
    things.want(connection, gone.thing, state, number)


def free_state(entry: Entry) -> State:
    """What the entry's release brings about, where nobody else holds the thing."""
    return State(held=False, call=entry.call, undo=entry.undo, target=entry.target, arguments=entry.arguments)


def _let_go_refused(connection: Connection, row: Entry, *, free: bool) -> bool:
    """Take a refused entry out of the holds. False when nobody would be left to undo what others may have done."""
    now = things.wanted(connection, row.thing)
    others = _all(connection, select(entries).where(entries.c.thing == row.thing, entries.c.id != row.id))
    held = any(other.open for other in others)
    cleaned_up = any(other.state in (EntryState.UNDOING, EntryState.UNDO_FAILED) for other in others)
    acted = any(other.tried and other.number >= now.number for other in others)
    clean = free or now.before is None or (now.before_by == row.id and not now.settled and not acted)
    if not (held or cleaned_up or clean):
        return False
    number = things.next_number(connection, row.thing)
    _want_newest(connection, row, number)
    if clean and not held:
        things.settle_all(connection, [(row.thing, number)])
    return True


def _doubt_what_followed(connection: Connection, row: Entry, sent: Collection[State]) -> None:
    """Something else was `sent` than what the thing should be in by now: that has to be shown anew, by a new number."""
    now = things.wanted(connection, row.thing)
    if all(now.same_state(state) for state in sent):
        return
    things.renew(connection, row.thing, now.number, None)
    told = {"error": LANDED_LATE, "error_type": "Unconfirmed"}
    if now.held:
        holds = (entries.c.thing == row.thing) & (entries.c.state == EntryState.APPLIED)
        connection.execute(update(entries).where(holds).values(state=EntryState.UNKNOWN, **told))
    elif row.state == EntryState.UNDONE:
        _set(connection, row.id, state=EntryState.UNDO_FAILED, **told)


def _release(connection: Connection, row: Entry, ordinal: int, cause: str, at: datetime) -> None:
    again = row.release_ordinal is not None and row.release_ordinal >= ordinal
    if row.open or (row.state == EntryState.UNDO_FAILED and not again):
        number = things.next_number(connection, row.thing)
        _set(connection, row.id, release_number=number, **_undoing(ordinal, cause, at))
        _want_newest(connection, row, number)
    elif row.state == EntryState.UNDOING and not again:
        _set(connection, row.id, release_ordinal=ordinal, cause=cause)


def _release_alone(connection: Connection, rows: Sequence[Entry], ordinal: int, cause: str, at: datetime) -> None:
    """Release open entries that are the only ones which hold their things."""
    if not rows:
        return
    locked = things.locked_all(connection, [row.thing for row in rows])
    numbers = [{"released": row.id, "release_number": locked[row.thing].take(free_state(row))} for row in rows]
    things.keep_all(connection, list(locked.values()))
    told = update(entries).where(entries.c.id == bindparam("released")).values(_undoing(ordinal, cause, at))
    connection.execute(told, numbers)


def _undoing(ordinal: int, cause: str, at: datetime) -> dict[str, Any]:
    return {
        "state": EntryState.UNDOING,
        "release_ordinal": ordinal,
        "released_at": at,
        "cause": cause,
        "error": None,
        "error_type": None,
    }


def _open_on(connection: Connection, on: Sequence[int], but: Sequence[int]) -> Counter[int]:
    """How many other entries hold each of these things."""
    others = entries.c.thing.in_(on) & entries.c.state.in_(OPEN) & entries.c.id.not_in(but)
    found = select(entries.c.thing, func.count()).where(others).group_by(entries.c.thing)
    return Counter({row[0]: row[1] for row in connection.execute(found)})


def _settle_all(connection: Connection, shown: Sequence[tuple[int, int]]) -> list[things.Wanted | None]:
    """The platform shows the state of a number of each thing: what was in doubt about that is so no more. None for each
    that was overtaken."""
    found = things.settle_all(connection, shown)
    for (thing, number), now in zip(shown, found, strict=True):
        if now is not None and not now.settled and number != 1:  # a doubt comes with another number
            _doubt_no_more(connection, thing, now)
    return found


def _doubt_no_more(connection: Connection, thing: int, now: things.Wanted) -> None:
    held = (entries.c.state == EntryState.UNKNOWN) & entries.c.applied_at.is_not(None)
    undone = (entries.c.state == EntryState.UNDO_FAILED) & entries.c.undone_at.is_not(None)
    certain = {
        "state": case((held, EntryState.APPLIED), else_=EntryState.UNDONE),
        "kept": case((held, entries.c.kept), else_=_stays(now)),
        "error": None,
        "error_type": None,
    }
    connection.execute(update(entries).where(entries.c.thing == thing, held | undone).values(certain))


def _stays(now: things.Wanted) -> bool:
    """Whether the thing stays contained for others when a hold on it ends."""
    return now.held or bool(now.before and now.before["held"])


def _lock(connection: Connection, entry: int) -> Entry:
    """The entry, with its thing's row held until the transaction ends: all changes queue at the thing."""
    if connection.dialect.name != "sqlite":
        things.lock(connection, connection.execute(select(entries.c.thing).where(entries.c.id == entry)).scalar_one())
    return _entry(connection, entry)


def _lock_all(connection: Connection, ids: Sequence[int]) -> dict[int, Entry]:
    """The entries by their ids, with the rows of their things held, in one order for all who do that."""
    mine = entries.c.id.in_(ids)
    if connection.dialect.name != "sqlite":
        things.lock_all(connection, connection.execute(select(entries.c.thing).where(mine)).scalars().all())
    return {entry.id: entry for entry in _all(connection, select(entries).where(mine))}


def _set(connection: Connection, entry: int, **values: Any) -> None:
    connection.execute(update(entries).where(entries.c.id == entry).values(values))


def _entry(connection: Connection, entry: int) -> Entry:
    return _row(connection.execute(select(entries).where(entries.c.id == entry)).mappings().one())


def _find(connection: Connection, incident: str, step: str, target: str, ordinal: int) -> Entry | None:
    found = select(entries).where(
        entries.c.incident == incident,
        entries.c.step == step,
        entries.c.target == target,
        entries.c.ordinal == ordinal,
    )
    row = connection.execute(found).mappings().one_or_none()
    return _row(row) if row is not None else None


def _all(connection: Connection, query: Select[Any]) -> list[Entry]:
    rows: Sequence[RowMapping] = connection.execute(query).mappings().all()
    return [_row(row) for row in rows]


def _row(row: RowMapping) -> Entry:
    return Entry(**{**row, "state": EntryState(row["state"])})
