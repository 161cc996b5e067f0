"""The organization of a book, as data: who answers, where and when, and how each is reached.

The compiler fills these models from `organization.yaml`, so whatever is found here has been checked: every name that
one part gives another exists, and every zone is known. The functions over them are in `firedoor.people.directory`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from firedoor.plan.base import Frozen
from firedoor.plan.time import USUAL, DaysOff
from firedoor.plan.who import Who

Severity = Literal["sev1", "sev2", "sev3", "sev4"]
Sensitivity = Literal["personal", "graphic"]

MINUTES_A_DAY = 24 * 60
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


class Region(Frozen):
    name: str
    timezone: str
    """IANA name."""
    manager: str
    """Id of a person."""
    off: DaysOff = USUAL


class Shift(Frozen):
    """The same hours on each of `days`, in the local time of `region`."""

    region: str
    starts: int
    """Minutes after local midnight, 0 to 1439."""
    ends: int
    """Minutes after local midnight, 1 to 1440. At or before `starts` it is the next day's: the shift passes midnight."""
    days: tuple[int, ...] = EVERY_DAY
    """Weekdays on which the shift begins, Monday being 0."""
    on: tuple[str, ...]
    """Ids of people."""

    @property
    def passes_midnight(self) -> bool:
        return self.ends <= self.starts

    @property
    def minutes(self) -> int:
        """How long one shift is by the clock on the wall; twenty-four hours where it ends when it starts."""
        return self.ends - self.starts + (MINUTES_A_DAY if self.passes_midnight else 0)


class Team(Frozen):
    """People who answer together: those whom the shifts name, and `members`, who are on shift always."""

    name: str
    title: str
    manager: str
    """Id of a person, who is no member unless listed as one."""
    clears: tuple[Sensitivity, ...] = ()
    """What sensitive data may reach the team; nothing else does."""
    shifts: tuple[Shift, ...] = ()
    members: tuple[str, ...] = ()


class Away(Frozen):
    """From when to when (the end is outside) somebody is away, and who is asked instead: a person's id."""

    starts: datetime
    until: datetime
    instead: str


class Person(Frozen):
    id: str
    name: str
    languages: tuple[str, ...]
    """The one that is read best first."""
    email: str | None = None
    matrix: str | None = None
    phone: str | None = None
    away: tuple[Away, ...] = ()


class CommanderRule(Frozen):
    """Who commands when nobody is named, and the ladder that an unanswered ask climbs, a rung each `answers_within`."""

    source: Who
    answers_within: int
    """Seconds."""
    then: tuple[Who, ...] = ()


class Reach(Frozen):
    """Channels by severity for staff, and those for the platform's users and for contacts outside."""

    by_severity: dict[Severity, tuple[str, ...]] = Field(default_factory=dict)
    otherwise: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    def of_staff(self, severity: Severity) -> tuple[str, ...]:
        return self.by_severity.get(severity, self.otherwise)


class Contact(Frozen):
    """Someone outside whom crises tell. The address is in the book, or in an environment variable."""

    name: str
    title: str | None = None
    channel: str | None = None
    """None: the organization's `reach.outside`."""
    address: str | None = None
    address_from: str | None = None
    """Name of the environment variable that holds the address."""
    languages: tuple[str, ...] = ()
    """Empty: the organization's."""


class Channel(Frozen):
    """A connector and its settings. Settings that end in `_from` name an environment variable that holds the value."""

    name: str
    connector: str
    settings: dict[str, str] = Field(default_factory=dict)
    clears: tuple[Sensitivity, ...] = ()


class Organization(Frozen):
    name: str
    languages: tuple[str, ...]
    """The first is the default."""
    regions: dict[str, Region]
    teams: dict[str, Team]
    people: dict[str, Person]
    commander: CommanderRule
    reach: Reach = Reach()
    contacts: dict[str, Contact] = Field(default_factory=dict)
    channels: dict[str, Channel] = Field(default_factory=dict)
