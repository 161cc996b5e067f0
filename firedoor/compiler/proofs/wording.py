"""Proves that what is said exists in the languages of whom it is for, and holds nothing that they are not cleared for.

It agrees with what a run does (`firedoor.run.notifying`, `firedoor.people.recipients`): what is sensitive is withheld
from a reader, or on a channel, that is not cleared for it. Text that was written once, in no named language, is not
checked for languages. Who commands later is not known: the commander is whom the organization names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firedoor.compiler import templates
from firedoor.people.directory import members, teams_of
from firedoor.people.organization import Organization, Person
from firedoor.plan.expression import Expr, InputValue
from firedoor.plan.model import Plan
from firedoor.plan.references import sensitivities
from firedoor.plan.steps import Approve, Step
from firedoor.plan.text import MessageRef, Text
from firedoor.plan.who import Audience, Who

_ONCE = "*"


@dataclass(frozen=True)
class Untold:
    """Languages that a text lacks for one audience."""

    step: Step | None
    """None for the regular updates."""
    audience: str
    why: str
    """Who reads what: "klara reads de", "users read en, de"."""
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Uncleared:
    """Something sensitive that an audience, or a channel, is not cleared for."""

    step: Step | None
    what: str
    kind: str
    audience: str
    channel: str | None
    """The channel that is not cleared; None where the audience is not."""
    withheld: bool
    """Whether the run withholds it; what deciders are shown it does not."""
    option: str = "say"
    """Where it is said: an option of the step, "" for its verb; without a step, a place of the playbook."""


@dataclass(frozen=True)
class _Reader:
    """Someone, or everyone of a kind, whom an audience stands for."""

    name: str
    languages: tuple[str, ...]
    reads_all: bool
    """Whether every one of these is needed, since nobody knows who reads which."""
    clears: frozenset[str]
    channels: tuple[str, ...]


def untold(plan: Plan, organization: Organization) -> Iterator[Untold]:
    """The first reader of each audience who would find none of their languages."""
    for step, say, audience in _said(plan):
        written = _languages(plan, say)
        if _ONCE in written:
            continue
        for one in audience:
            for reader in _readers(organization, one):
                missing = [tag for tag in reader.languages if not any(_near(tag, other) for other in written)]
                if missing and (reader.reads_all or len(missing) == len(reader.languages)):
                    reads = f"{reader.name} read{'' if reader.reads_all else 's'} {', '.join(reader.languages)}"
                    yield Untold(step, _name(one), reads, tuple(missing))
                    break


def uncleared(plan: Plan, organization: Organization) -> Iterator[Uncleared]:
    """What would be withheld, once for each thing and audience."""
    for step, say, audience in _said(plan):
        for what, expr in _holes(plan, say, step):
            for kind in sorted(sensitivities(plan, expr)):
                for one in audience:
                    found = None if _is_own(say, expr, one) else _who_is_not(organization, one, kind)
                    if found is not None:
                        yield Uncleared(step, what, kind, _name(one), found[0], withheld=True)
    for step in plan.by_path.values():
        if step.verb == "approve":
            yield from _shown(plan, organization, step)
    yield from _everywhere(plan)


EVERYONE = "everyone"
"""Who reads the words of an approval, a task and a review, and the title: in lists, timelines and records."""


def _everywhere(plan: Plan) -> Iterator[Uncleared]:
    """What is sensitive in words that go everywhere: the run leaves it out of them, whoever reads."""
    said: list[tuple[Step | None, Text, str]] = [(None, plan.title, "title")]
    for step in plan.by_path.values():
        match step.verb:
            case "approve":
                said.append((step, step.question, ""))
            case "task":
                said.append((step, step.words, ""))
    said += [(None, task.words, f"review {task.at}") for task in (plan.review.tasks if plan.review else ())]
    for where, text, option in said:
        for what, expr in _holes(plan, text, where):
            for kind in sorted(sensitivities(plan, expr)):
                yield Uncleared(where, what, kind, EVERYONE, None, withheld=True, option=option)


def _shown(plan: Plan, organization: Organization, step: Approve) -> Iterator[Uncleared]:
    for label, expr in step.show:
        for kind in sorted(sensitivities(plan, expr)):
            for seat in step.needs:
                readers = _readers(organization, Audience(who=seat.who))
                if any(kind not in reader.clears for reader in readers):
                    yield Uncleared(step, label, kind, str(seat.who), None, withheld=False, option="show")


def _said(plan: Plan) -> Iterator[tuple[Step | None, Text | MessageRef, tuple[Audience, ...]]]:
    """Everything that is sent: what, and to whom."""
    for step in plan.by_path.values():
        if step.verb == "notify":
            yield step, step.say, step.audience
    if plan.updates is not None:
        yield None, plan.updates.say, plan.updates.to


def _languages(plan: Plan, say: Text | MessageRef) -> tuple[str, ...]:
    if isinstance(say, MessageRef):
        found = plan.messages.get(say.message)
        return tuple(found.by_language) if found is not None else (_ONCE,)
    return tuple(say.by_language)


def _holes(plan: Plan, say: Text | MessageRef, step: Step | None) -> Iterator[tuple[str, Expr]]:
    """What the text says of what the run knows: each once, with its name where it has one."""
    if isinstance(say, Text):
        seen: list[Expr] = []
        for prose in say.by_language.values():
            seen += [part for part in prose.of if not isinstance(part, str) and part not in seen]
        for part in seen:
            yield (part.name if isinstance(part, InputValue) else "what stands in it"), part
        return
    message = plan.messages.get(say.message)
    names = (
        frozenset[str]().union(*(templates.vet(one).names for one in message.by_language.values())) if message else ()
    )
    loops = dict(_loops(plan, step))
    for name in sorted(names):
        if name in say.context:
            yield name, say.context[name]
        elif name in loops:
            yield name, loops[name]
        elif name in plan.input_names:
            yield name, InputValue(name=name, type=plan.input_names[name].type)


def _loops(plan: Plan, step: Step | None) -> Iterator[tuple[str, Expr]]:
    path = step.path if step is not None else ""
    while path := path.rpartition(".")[0]:
        loop = plan.by_path[path]
        if loop.verb == "for_each":
            yield loop.item, loop.items


def _is_own(say: Text | MessageRef, expr: Expr, audience: Audience) -> bool:
    """Whether a message says to an address what it is: that is no secret to its owner."""
    return isinstance(say, MessageRef) and isinstance(expr, InputValue) and expr == audience.of and expr.type == "email"


def _who_is_not(organization: Organization, audience: Audience, kind: str) -> tuple[str | None] | None:
    """Which channel is not cleared, (None,) where the audience itself is not; None where all are."""
    for reader in _readers(organization, audience):
        if kind not in reader.clears:
            return (None,)
        for channel in reader.channels:
            known = organization.channels.get(channel)
            if known is None or kind not in known.clears:
                return (channel,)
    return None


def _readers(organization: Organization, audience: Audience) -> Iterator[_Reader]:
    if audience.who is None:
        outside = isinstance(audience.of, InputValue) and audience.of.type == "email"
        channels = organization.reach.outside if outside else organization.reach.users
        yield _Reader("who is told", organization.languages, True, frozenset(), channels)
        return
    who = audience.who
    match who.kind:
        case "users" | "account":
            yield _Reader("users", organization.languages, True, frozenset(), organization.reach.users)
        case "contact":
            contact = organization.contacts.get(who.name or "")
            if contact is not None:
                channels = (contact.channel,) if contact.channel else organization.reach.outside
                languages = contact.languages or organization.languages
                yield _Reader(contact.name, languages, not contact.languages, frozenset(), channels)
        case _:
            for person in _people(organization, who):
                languages = person.languages or organization.languages
                yield _Reader(person.id, languages, False, _clearance(organization, person, who), _ways(organization))


def _people(organization: Organization, who: Who) -> tuple[Person, ...]:
    """The people that a name can stand for. The launcher can be anyone, so nothing is claimed."""
    people = organization.people
    match who.kind:
        case "team" | "on_shift" if who.name in organization.teams:
            return members(organization, who.name)
        case "manager" if who.name in organization.teams:
            return (people[organization.teams[who.name].manager],)
        case "region_manager":
            return tuple(people[region.manager] for region in organization.regions.values())
        case "person" if who.name in people:
            return (people[who.name],)
        case "commander" if organization.commander.source.kind != "commander":
            return _people(organization, organization.commander.source)
        case _:
            return ()


def _clearance(organization: Organization, person: Person, who: Who) -> frozenset[str]:
    if who.kind in ("team", "on_shift", "manager"):
        return frozenset(organization.teams[who.name or ""].clears)
    managed = [team for team in organization.teams.values() if team.manager == person.id]
    teams = [*(organization.teams[name] for name in teams_of(organization, person.id)), *managed]
    return frozenset(kind for team in teams for kind in team.clears)


def _ways(organization: Organization) -> tuple[str, ...]:
    """Every channel by which staff is told at some severity."""
    reach = organization.reach
    named = [*reach.by_severity.values(), *([reach.otherwise] if len(reach.by_severity) < 4 else [])]
    return tuple(dict.fromkeys(name for names in named for name in names))


def _name(audience: Audience) -> str:
    return str(audience.who) if audience.who is not None else "whom it names"


def _near(one: str, other: str) -> bool:
    """Whether who reads one of two languages reads the other: "de" and "de-AT"."""
    return one.partition("-")[0].lower() == other.partition("-")[0].lower()
