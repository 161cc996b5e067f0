"""Whom a notice reaches, in which languages, on which channels, and what of it they are cleared to read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from firedoor.people.directory import NobodyKnown, Situation, people_of, teams_of
from firedoor.people.organization import Contact, Organization, Person, Sensitivity
from firedoor.plan import Who
from firedoor.plan.model import Severity

Kind = Literal["person", "contact", "account", "users"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One addressee of a notice. `id` is what deliveries are recorded under."""

    id: str
    kind: Kind
    name: str
    languages: tuple[str, ...]
    """Best first. For users and accounts it is not known which they read: they get every one of these."""
    clears: frozenset[Sensitivity] = frozenset()
    email: str | None = None
    matrix: str | None = None
    phone: str | None = None
    channels: tuple[str, ...] | None = None
    """The channels of this recipient alone; None for those of the organization's `reach`."""

    @property
    def reads_any(self) -> bool:
        """Whether the languages are a choice of ours (best first), or all are needed since the reader's is not known."""
        return self.kind in ("users", "account")


@dataclass(frozen=True, slots=True)
class Reached:
    """The recipients of an audience, without repeats; `notes` tell who stands in, and `unknown` whom nobody knows.

    Both are pairs: the name as the playbook wrote it, and what there is to say about it.
    """

    recipients: tuple[Recipient, ...]
    notes: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()


def recipients_of(
    organization: Organization,
    audience: Iterable[Who],
    situation: Situation,
    environment: Mapping[str, str] = os.environ,
) -> Reached:
    """Everyone an audience stands for, each once, cleared for what any of the names that they answer to is cleared for."""
    found: dict[str, Recipient] = {}
    notes: list[tuple[str, str]] = []
    unknown: list[tuple[str, str]] = []
    for who in audience:
        try:
            recipients, told = _recipients(organization, who, situation, environment)
        except NobodyKnown as error:
            unknown.append((str(who), str(error)))
            continue
        if not recipients:
            unknown.append((str(who), "it stands for nobody at this moment"))
        notes.extend((str(who), note) for note in told if (str(who), note) not in notes)
        for recipient in recipients:
            known = found.get(recipient.id)
            found[recipient.id] = replace(recipient, clears=recipient.clears | known.clears) if known else recipient
    return Reached(tuple(found.values()), tuple(notes), tuple(unknown))


def reach(
    organization: Organization, recipient: Recipient, severity: Severity, *, urgent: bool = False
) -> tuple[str, ...]:
    """The names of the channels for a recipient. An urgent word to staff goes the way of sev1, whatever the severity."""
    match recipient.kind:
        case "person":
            return organization.reach.of_staff("sev1" if urgent else severity)
        case "contact":
            return organization.reach.outside if recipient.channels is None else recipient.channels
        case "account" if recipient.email:
            return organization.reach.outside
        case "users" | "account":
            return organization.reach.users


def clears(organization: Organization, recipient: Recipient, channel: str) -> frozenset[Sensitivity]:
    """What may reach this recipient on this channel: only what both are cleared for."""
    way = organization.channels.get(channel)
    return recipient.clears & frozenset(way.clears) if way else frozenset()


def _recipients(
    organization: Organization, who: Who, situation: Situation, environment: Mapping[str, str]
) -> tuple[list[Recipient], tuple[str, ...]]:
    match who.kind:
        case "users":
            return [Recipient("users", "users", "the platform's users", organization.languages)], ()
        case "account":
            return [_account(organization, who.name or "")], ()
        case "contact":
            contact = organization.contacts.get(who.name or "")
            if contact is None:
                raise NobodyKnown(f"the organization has no contact called {who.name}")
            return [_contact(organization, contact, environment)], ()
        case _:
            found = people_of(organization, who, situation)
            return [_person(organization, person, who) for person in found.people], found.notes


def _person(organization: Organization, person: Person, who: Who) -> Recipient:
    return Recipient(
        id=person.id,
        kind="person",
        name=person.name,
        languages=person.languages or organization.languages,
        clears=_clearance(organization, person, who),
        email=person.email,
        matrix=person.matrix,
        phone=person.phone,
    )


def _clearance(organization: Organization, person: Person, who: Who) -> frozenset[Sensitivity]:
    """Of the team that is addressed; of whoever is addressed in their own right, of all teams they are in or manage."""
    if who.kind in ("team", "on_shift", "manager"):
        return frozenset(organization.teams[who.name or ""].clears)
    teams = [
        *(organization.teams[name] for name in teams_of(organization, person.id)),
        *(team for team in organization.teams.values() if team.manager == person.id),
    ]
    return frozenset(kind for team in teams for kind in team.clears)


def _contact(organization: Organization, contact: Contact, environment: Mapping[str, str]) -> Recipient:
    address = contact.address
    if address is None and contact.address_from:
        address = environment.get(contact.address_from) or None
    return Recipient(
        id=contact.name,
        kind="contact",
        name=contact.title or contact.name,
        languages=contact.languages or organization.languages,
        email=address if address and not address.startswith(("@", "!", "#", "+")) else None,
        matrix=address if address and address.startswith(("@", "!", "#")) else None,
        phone=address if address and address.startswith("+") else None,
        channels=(contact.channel,) if contact.channel else None,
    )


def _account(organization: Organization, account: str) -> Recipient:
    is_mail = "@" in account and not account.startswith("@")
    return Recipient(
        id=account,
        kind="account",
        name=account,
        languages=organization.languages,
        email=account if is_mail else None,
        matrix=account if account.startswith("@") else None,
    )
