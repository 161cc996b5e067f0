"""Two versions of an organization: who fills a seat and when, who commands, and how people are reached."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from firedoor.comparing.change import Change, Matter, ordered
from firedoor.comparing.speech import Speech, named
from firedoor.comparing.telling import Telling
from firedoor.people.organization import Channel, Contact, Organization, Person, Region, Shift, Team
from firedoor.plan import Plan, Who
from firedoor.plan.model import walk

AT = "organization.yaml"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_T = TypeVar("_T")


@dataclass(kw_only=True)
class _Comparing(Telling):
    old: Organization
    new: Organization
    signing: Collection[str]
    """Teams that have a seat in some approval."""

    def person(self, side: Organization, id_: str) -> str:
        return side.people[id_].name if id_ in side.people else id_

    def people(self, side: Organization, ids: Iterable[str]) -> str:
        return self.speech.listed([self.person(side, one) for one in ids])

    def whos(self, side: Organization, whos: Sequence[Who]) -> str:
        return self.speech.listed([named(who, side, self.speech) for who in whos])

    def each(
        self, section: str, matter: Matter, old: Mapping[str, _T], new: Mapping[str, _T]
    ) -> Iterable[tuple[_T, _T]]:
        """Tell what came and went; give what there is in both."""
        for name in dict.fromkeys([*old, *new]):
            if name not in new:
                self.tell_gone(matter, f"{section}.gone", AT, name=_title(old[name], name))
            elif name not in old:
                self.tell(matter, f"{section}.new", AT, name=_title(new[name], name))
            else:
                yield old[name], new[name]

    def named_values(self, values: Iterable[str]) -> str:
        return self.speech.listed(list(values))


def _title(thing: object, name: str) -> str:
    match thing:
        case Team(title=title):
            return title
        case Person(name=called):
            return called
        case _:
            return name


def compare_organizations(
    old: Organization, new: Organization, language: str = "en", plans: Iterable[Plan] = ()
) -> tuple[Change, ...]:
    """What changed, what matters most first. `plans` of both versions say which teams sign."""
    found = _Comparing(speech=Speech(language), old=old, new=new, signing=_signing(plans))
    found.value("texts", "org.name", AT, old.name, new.name)
    if old.languages != new.languages:
        said = [found.named_values(map(found.speech.in_language, one.languages)) for one in (old, new)]
        found.tell("told", "head.languages", AT, old=said[0], new=said[1])
    for before, now in found.each("org.region", "people", old.regions, new.regions):
        _compare_region(found, before, now)
    for team_before, team in found.each("org.team", "people", old.teams, new.teams):
        _compare_team(found, team_before, team)
    for person_before, person in found.each("org.person", "people", old.people, new.people):
        _compare_person(found, person_before, person)
    for contact_before, contact in found.each("org.contact", "told", old.contacts, new.contacts):
        _compare_contact(found, contact_before, contact)
    for channel_before, channel in found.each("org.channel", "told", old.channels, new.channels):
        _compare_channel(found, channel_before, channel)
    _compare_commander(found)
    _compare_reach(found)
    return ordered(found.changes)


def _signing(plans: Iterable[Plan]) -> set[str]:
    return {
        seat.who.name
        for plan in plans
        for step in walk(plan.steps)
        if step.verb == "approve"
        for seat in step.needs
        if seat.who.name is not None
    }


def _compare_region(found: _Comparing, old: Region, new: Region) -> None:
    found.value("time", "head.zone", AT, old.timezone, new.timezone, region=new.name)
    if old.manager != new.manager:
        was, now = found.person(found.old, old.manager), found.person(found.new, new.manager)
        found.tell("people", "org.region.manager", AT, name=new.name, old=was, new=now)


def _compare_team(found: _Comparing, old: Team, new: Team) -> None:
    matter: Matter = "signs" if new.name in found.signing else "people"
    name = new.title
    before, now = _everyone(old), _everyone(new)
    for id_ in before:
        if id_ not in now:
            found.tell(matter, "org.team.left", AT, person=found.person(found.old, id_), name=name)
    for id_ in now:
        if id_ not in before:
            found.tell(matter, "org.team.joined", AT, person=found.person(found.new, id_), name=name)
    if old.manager != new.manager:
        was, is_ = found.person(found.old, old.manager), found.person(found.new, new.manager)
        found.tell(matter, "org.team.manager", AT, name=name, old=was, new=is_)
    _compare_shifts(found, name, old.shifts, new.shifts)
    for id_ in dict.fromkeys([*old.members, *new.members]):
        if (id_ in old.members) != (id_ in new.members) and id_ in before and id_ in now:
            key = "org.team.always" if id_ in new.members else "org.team.shifts"
            found.tell("people", key, AT, person=found.person(found.new, id_), name=name)
    _compare_clears(found, name, old.clears, new.clears)
    found.value("texts", "org.team.title", AT, old.title, new.title, name=new.name)


def _compare_shifts(found: _Comparing, name: str, old: Sequence[Shift], new: Sequence[Shift]) -> None:
    """By their hours: who is on may change."""
    left = [shift for shift in old if shift not in new]
    for shift in new:
        if shift in old:
            continue
        said = _shift(found, found.new, shift)
        same = next((one for one in left if one.model_copy(update={"on": shift.on}) == shift), None)
        if same is None:
            found.tell("people", "org.shift.new", AT, name=name, shift=said)
        else:
            left.remove(same)
            found.tell("people", "org.shift.on", AT, name=name, shift=said, old=found.people(found.old, same.on))
    for shift in left:
        found.tell("people", "org.shift.gone", AT, name=name, shift=_shift(found, found.old, shift))


def _everyone(team: Team) -> list[str]:
    return list(dict.fromkeys([*team.members, *(id_ for shift in team.shifts for id_ in shift.on)]))


def _shift(found: _Comparing, side: Organization, shift: Shift) -> str:
    """ "08:00-17:00 in amer, mon, tue: Ana and Luis"."""
    hours = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (shift.starts, shift.ends))
    days = ", ".join(_DAYS[day] for day in shift.days) if len(shift.days) < 7 else found.speech("every_day")
    people = found.people(side, shift.on)
    return found.speech("org.shift", hours=hours, region=shift.region, days=days, people=people)


def _compare_clears(found: _Comparing, name: str, old: Sequence[str], new: Sequence[str]) -> None:
    for kind in old:
        if kind not in new:
            found.tell("told", "org.clears.gone", AT, name=name, kind=kind)
    for kind in new:
        if kind not in old:
            found.tell("told", "org.clears.new", AT, name=name, kind=kind)


def _compare_person(found: _Comparing, old: Person, new: Person) -> None:
    found.value("texts", "org.person.name", AT, old.name, new.name)
    _compare_languages(found, new.name, old.languages, new.languages)
    for way in ("email", "matrix", "phone"):
        was, now = getattr(old, way), getattr(new, way)
        if was != now:
            key = "org.person.address" if now is not None else "org.person.address.gone"
            found.tell("told", key, AT, name=new.name, way=way)


def _compare_languages(found: _Comparing, name: str, old: Sequence[str], new: Sequence[str]) -> None:
    def said(codes: Sequence[str]) -> str:
        return found.named_values(map(found.speech.in_language, codes))

    found.value("told", "org.person.languages", AT, old, new, said, name=name)


def _compare_contact(found: _Comparing, old: Contact, new: Contact) -> None:
    name = new.title or new.name
    if (old.address, old.address_from) != (new.address, new.address_from):
        found.tell("told", "org.contact.address", AT, name=name)
    usual = found.speech("org.usual")
    found.value("told", "org.contact.channel", AT, old.channel, new.channel, lambda one: one or usual, name=name)
    _compare_languages(found, name, old.languages, new.languages)
    found.value("texts", "org.contact.title", AT, old.title, new.title, lambda one: one or new.name, name=new.name)


def _compare_channel(found: _Comparing, old: Channel, new: Channel) -> None:
    found.value("told", "org.channel.connector", AT, old.connector, new.connector, name=new.name)
    for key in dict.fromkeys([*old.settings, *new.settings]):
        if old.settings.get(key) != new.settings.get(key):
            found.tell("told", "org.channel.setting", AT, name=new.name, setting=key)
    _compare_clears(found, new.name, old.clears, new.clears)


def _compare_commander(found: _Comparing) -> None:
    old, new = found.old.commander, found.new.commander
    if old.source != new.source:
        was, now = found.whos(found.old, [old.source]), found.whos(found.new, [new.source])
        found.tell("people", "commander.source", AT, old=was, new=now)
    found.length("time", "commander.answers", AT, old.answers_within, new.answers_within, "never")
    if old.then != new.then:
        was, now = found.whos(found.old, old.then), found.whos(found.new, new.then)
        found.tell("people", "commander.then", AT, old=was, new=now)


def _compare_reach(found: _Comparing) -> None:
    old, new = found.old.reach, found.new.reach
    for severity in ("sev1", "sev2", "sev3", "sev4"):
        was, now = old.of_staff(severity), new.of_staff(severity)
        found.value("told", "org.reach", AT, was, now, found.named_values, severity=severity)
    found.value("told", "org.reach.users", AT, old.users, new.users, found.named_values)
    found.value("told", "org.reach.outside", AT, old.outside, new.outside, found.named_values)
