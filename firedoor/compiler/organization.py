"""Reads organization.yaml. Names that it gives count even where the rest of it is wrong, so that nothing cascades."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from typing import TypeVar, cast
from zoneinfo import available_timezones

from firedoor.compiler import absences, schema, suggest, values
from firedoor.compiler import roster as people
from firedoor.compiler.absences import Told
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.nodes import Mapping, Node, Scalar
from firedoor.compiler.roster import Roster
from firedoor.compiler.shape import Fields, Shape, as_mapping, fields
from firedoor.people.organization import (
    MINUTES_A_DAY,
    Away,
    Channel,
    CommanderRule,
    Contact,
    Organization,
    Person,
    Reach,
    Region,
    Sensitivity,
    Shift,
    Team,
)
from firedoor.plan.time import SATURDAY_AND_SUNDAY, DaysOff

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS_IN_WORDS = {"weekdays": "mon-fri", "weekday": "mon-fri", "weekends": "[sat, sun]", "weekend": "[sat, sun]"}
_HOURS = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_Made = TypeVar("_Made")
_timezones = cache(available_timezones)


def read(root: Node | None, findings: Findings) -> tuple[Organization | None, Roster]:
    """The organization, None where it has mistakes; and the names that it gives."""
    node = as_mapping(root, "organization.yaml", findings)
    if node is None:
        return None, Roster()
    before = findings.errors
    reader = _Reader(node, findings)
    made = reader.organization()
    if made is not None and findings.errors == before:
        absences.check(made, reader.absences, findings)
    roster = Roster(*(_keys(node, name) for name in ("teams", "people", "contacts")))
    return (made if findings.errors == before else None), roster


def _keys(node: Mapping, name: str) -> list[str] | None:
    section = node.get(name)
    if isinstance(section, Mapping):
        return None if section.refused else [key.text for key, _ in section.entries]
    return [] if section is None and name == "contacts" else None


def _day(text: str) -> int | None:
    """A day of the week by its name, or three of its letters or more."""
    return next((n for n, day in enumerate(_WEEK) if len(text) >= 3 and day.startswith(text)), None)


class _Reader:
    def __init__(self, node: Mapping, findings: Findings) -> None:
        self.findings = findings
        self.top = fields(node, schema.ORGANIZATION, findings)
        self.roster = Roster(*(_keys(node, name) for name in ("teams", "people", "contacts")))
        self.regions = _keys(node, "regions")
        self.channels = _keys(node, "channels")
        self.absences: list[Told] = []

    def organization(self) -> Organization | None:
        self._distinct_names()
        name = self.top.text("organization")
        languages = self._languages(self.top, "languages")
        regions = self._each("regions", schema.REGION, self._region)
        teams = self._each("teams", schema.TEAM, self._team)
        persons = self._each("people", schema.PERSON, self._person)
        contacts = self._each("contacts", schema.CONTACT, self._contact)
        channels = self._each("channels", schema.CHANNEL, self._channel)
        commander = self._commander()
        reach = self._reach()
        if name is None or not languages or commander is None or reach is None:
            return None
        return Organization(
            name=name.text,
            languages=languages,
            regions=regions,
            teams=teams,
            people=persons,
            commander=commander,
            reach=reach,
            contacts=contacts,
            channels=channels,
        )

    def _distinct_names(self) -> None:
        """A team, a person and a contact are named alike in playbooks, so no two may share a name."""
        seen: dict[str, str] = {}
        for section, noun in (("teams", "team"), ("people", "person"), ("contacts", "contact")):
            mapping = self.top.mapping(section)
            for key, _ in mapping.entries if mapping else ():
                other = seen.setdefault(key.text, noun)
                if other != noun:
                    message = f'"{key.text}" is a {other} and a {noun}'
                    self.findings.add("FD209", key.place, message, fix=f"give the {noun} another name")

    def _each(self, section: str, shape: Shape, make: Callable[[str, Fields], _Made | None]) -> dict[str, _Made]:
        made: dict[str, _Made] = {}
        mapping = self.top.mapping(section)
        for key, value in mapping.entries if mapping else ():
            name = values.kebab(key, shape.noun, self.findings)
            if key.text in values.TAKEN:
                message = f'{shape.noun} cannot be called "{key.text}", which has a meaning of its own'
                self.findings.add("FD113", key.place, message, fix="choose another name")
            node = as_mapping(value, f'"{key.text}"', self.findings)
            if node is None:
                if isinstance(value, Scalar) and value.is_empty:
                    continue
                continue
            found = make(key.text, fields(node, shape, self.findings, key, f'{shape.noun.split()[-1]} "{key.text}"'))
            if name and found is not None:
                made[name] = found
        return made

    # --- the parts

    def _region(self, name: str, found: Fields) -> Region | None:
        zone, manager = found.text("timezone"), self._person_named(found, "manager")
        if zone is not None and zone.text not in _timezones():
            near = suggest.close(zone.text, _timezones()) if "/" in zone.text else None
            fix = f'write "{near}"' if near else "write an IANA name, such as Europe/Dublin"
            self.findings.add("FD115", zone.place, f'no time zone is called "{zone.text}"', fix=fix)
            return None
        off = self._days_off(found)
        return Region(name=name, timezone=zone.text, manager=manager, off=off) if zone and manager else None

    def _days_off(self, found: Fields) -> DaysOff:
        weekend = self._days(found, "weekend") if "weekend" in found else SATURDAY_AND_SUNDAY
        if len(weekend) == len(_WEEK):
            message = "a weekend of seven days leaves no business day"
            fix = "write the days that are free, such as [fri, sat]"
            self.findings.add("FD115", found.key_place("weekend"), message, fix=fix)
        holidays = [self._date(scalar) for scalar in found.texts("holidays", self.findings)]
        return DaysOff(weekend=weekend, holidays=tuple(sorted({day for day in holidays if day is not None})))

    def _date(self, scalar: Scalar) -> date | None:
        try:
            if _DATE.fullmatch(scalar.text):
                return date.fromisoformat(scalar.text)
        except ValueError:
            pass
        fix = "write a year, a month and a day, such as 2026-12-25"
        self.findings.add("FD115", scalar.place, f'"{scalar.text}" is no date', fix=fix)
        return None

    def _team(self, name: str, found: Fields) -> Team | None:
        title, manager = found.text("title"), self._person_named(found, "manager")
        shifts = [self._shift(node) for node in found.items("shifts")]
        members, clears = self._people(found, "members"), self._clears(found)
        if not {"shifts", "members"} & (found.values.keys() | found.broken) and not found.node.refused:
            message = f'nobody is in team "{name}"'
            self.findings.add("FD602", found.place, message, fix="add members: [...], or shifts")
        if title is None or manager is None:
            return None
        return Team(
            name=name,
            title=title.text,
            manager=manager,
            clears=clears,
            shifts=tuple(shift for shift in shifts if shift is not None),
            members=members,
        )

    def _shift(self, node: Node) -> Shift | None:
        mapping = as_mapping(node, "a shift", self.findings)
        if mapping is None:
            return None
        found = fields(mapping, schema.SHIFT, self.findings)
        region = found.text("region")
        if region is not None and self.regions is not None and region.text not in self.regions:
            fix = suggest.fix(region.text, self.regions)
            message = f'no region is called "{region.text}"'
            self.findings.add("FD203", region.place, message, fix=fix, name=f"region {region.text}")
            region = None
        hours, days = self._hours(found.text("hours")), self._days(found)
        on = self._people(found, "on")
        if region is None or hours is None or not days or not on:
            return None
        return Shift(region=region.text, starts=hours[0], ends=hours[1], days=days, on=on)

    def _hours(self, scalar: Scalar | None) -> tuple[int, int] | None:
        if scalar is None:
            return None
        found = _HOURS.fullmatch(scalar.text.strip())
        if found:
            first, second, third, fourth = (int(part) for part in found.groups())
            starts, ends = first * 60 + second, third * 60 + fourth
            if second < 60 and fourth < 60 and starts < MINUTES_A_DAY and ends <= MINUTES_A_DAY:
                return starts, ends or MINUTES_A_DAY
        fix = 'write two hours of the day, such as "08:00-17:00"; a shift may pass midnight'
        self.findings.add("FD115", scalar.place, f'"{scalar.text}" says no hours', fix=fix)
        return None

    def _days(self, found: Fields, key: str = "days") -> tuple[int, ...]:
        days: list[int] = []
        for scalar in found.texts(key, self.findings):
            days += self._days_of(scalar)
        return tuple(sorted(set(days)))

    def _days_of(self, scalar: Scalar) -> list[int]:
        text = " ".join(scalar.text.lower().split())
        if text in values.EVERY_DAY:
            return list(range(7))
        numbers = [_day(part.strip()) for part in text.split("-")]
        first, last = numbers[0], numbers[-1]
        if first is None or last is None or len(numbers) > 2:
            fix = "write every day, a range such as mon-fri, or a list such as [sat, sun]"
            if text in _DAYS_IN_WORDS:
                fix = f"write {_DAYS_IN_WORDS[text]}"
            self.findings.add("FD115", scalar.place, f'"{scalar.text}" says no days', fix=fix)
            return []
        return [(first + step) % 7 for step in range((last - first) % 7 + 1)]

    def _person(self, name: str, found: Fields) -> Person | None:
        called = found.text("name")
        languages = self._languages(found, "languages")
        texts = {key: scalar.text for key in ("email", "matrix", "phone") if (scalar := found.text(key))}
        absences = tuple(one for node in found.items("away") if (one := self._absence(name, node)) is not None)
        if called is None or not languages:
            return None
        return Person(id=name, name=called.text, languages=languages, away=absences, **texts)

    def _absence(self, person: str, node: Node) -> Away | None:
        mapping = as_mapping(node, "an absence", self.findings)
        if mapping is None:
            return None
        found = fields(mapping, schema.AWAY, self.findings)
        starts, until = self._moment(found, "from"), self._moment(found, "until")
        instead = self._person_named(found, "instead")
        if starts is None or until is None or instead is None:
            return None
        if until <= starts:
            fix = "write the earlier moment after from, and the later one after until"
            self.findings.add("FD605", found.key_place("until"), f"{person} is back before they are away", fix=fix)
            return None
        made = Away(starts=starts, until=until, instead=instead)
        scalar = found.text("instead")
        self.absences.append(Told(person, made, scalar.place if scalar else found.place))
        return made

    def _moment(self, found: Fields, key: str) -> datetime | None:
        scalar = found.text(key)
        text = values.moment(scalar, self.findings) if scalar else None
        return datetime.fromisoformat(text) if text else None

    def _contact(self, name: str, found: Fields) -> Contact | None:
        channel = found.text("channel")
        if channel is not None:
            self._channel_named(channel)
        if ("address" in found) == ("address_from" in found):
            message = f'contact "{name}" needs one of `address` and `address_from`'
            self.findings.add("FD102", found.place, message, fix="write address_from: NAME_OF_AN_ENVIRONMENT_VARIABLE")
            return None
        self._variable(found.text("address_from"))
        texts = {
            key: scalar.text for key in ("title", "channel", "address", "address_from") if (scalar := found.text(key))
        }
        return Contact(name=name, languages=self._languages(found, "languages"), **texts)

    def _channel(self, name: str, found: Fields) -> Channel | None:
        connector = found.text("connector")
        settings: dict[str, str] = {}
        for key in found.values:
            scalar = found.text(key)
            if key in ("connector", "clears") or scalar is None:
                continue
            if key.endswith("_from"):
                self._variable(scalar)
            settings[key] = scalar.text
        clears = self._clears(found)
        if connector is None:
            return None
        return Channel(name=name, connector=connector.text, settings=settings, clears=clears)

    def _commander(self) -> CommanderRule | None:
        node = self.top.mapping("commander")
        if node is None:
            return None
        found = fields(node, schema.COMMANDER, self.findings, self.top.key("commander"))
        from_, within = found.text("from"), found.text("answers_within")
        source = people.who(from_, self.roster, self.findings, on_shift=True) if from_ else None
        seconds = values.seconds(within, self.findings) if within else None
        ladder = [
            people.who(scalar, self.roster, self.findings, on_shift=True)
            for scalar in found.texts("then", self.findings)
        ]
        if source is not None and source.kind == "commander":
            self.findings.add(
                "FD203",
                from_.place if from_ else found.place,
                "the commander cannot come from the commander",
                fix="name a team's shift, such as crt.on_shift",
            )
            return None
        if source is None or seconds is None:
            return None
        return CommanderRule(source=source, answers_within=seconds, then=tuple(rung for rung in ladder if rung))

    def _reach(self) -> Reach | None:
        node = self.top.mapping("reach")
        if node is None:
            return None
        found = fields(node, schema.REACH, self.findings, self.top.key("reach"))
        lists = {key: tuple(self._channels(found, key)) for key in found.values}
        return Reach(
            by_severity={name: lists[name] for name in values.SEVERITIES if name in lists},
            otherwise=lists.get("otherwise", ()),
            users=lists.get("users", ()),
            outside=lists.get("outside", ()),
        )

    # --- small ones

    def _channels(self, found: Fields, key: str) -> Iterator[str]:
        for scalar in found.texts(key, self.findings):
            if self._channel_named(scalar):
                yield scalar.text

    def _channel_named(self, scalar: Scalar) -> bool:
        if self.channels is None or scalar.text in self.channels:
            return True
        fix = suggest.fix(scalar.text, self.channels)
        message = f'no channel is called "{scalar.text}"'
        self.findings.add("FD220", scalar.place, message, fix=fix, name=f"channel {scalar.text}")
        return False

    def _people(self, found: Fields, key: str) -> tuple[str, ...]:
        named = [people.person(scalar, self.roster, self.findings) for scalar in found.texts(key, self.findings)]
        return tuple(dict.fromkeys(name for name in named if name))

    def _person_named(self, found: Fields, key: str) -> str | None:
        scalar = found.text(key)
        return people.person(scalar, self.roster, self.findings) if scalar else None

    def _languages(self, found: Fields, key: str) -> tuple[str, ...]:
        languages = [values.language(scalar, self.findings) for scalar in found.texts(key, self.findings)]
        return tuple(dict.fromkeys(language for language in languages if language))

    def _clears(self, found: Fields) -> tuple[Sensitivity, ...]:
        words = [
            values.choice(scalar, values.SENSITIVITIES, "kind of sensitive data", self.findings)
            for scalar in found.texts("clears", self.findings)
        ]
        return tuple(cast("Sensitivity", word) for word in words if word)

    def _variable(self, scalar: Scalar | None) -> None:
        if scalar is not None and not _VARIABLE.fullmatch(scalar.text):
            message = f'"{scalar.text}" is no name of an environment variable'
            fix = "write the variable's name in capitals; the secret itself never stands in a book"
            self.findings.add("FD113", scalar.place, message, fix=fix)
