"""Who stands in for whom: a person who is away until a moment has named a colleague, who is asked and signs instead.

What somebody does for another is their own word, signed with their own name; `holds` says for whom they stood in.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from firedoor.people.organization import Away, Organization, Person

FOR: Final = "instead:"
"""Before the name of each person for whom somebody stands in, in what they hold (protocol.Answer.holds)."""


def away(person: Person, at: datetime) -> Away | None:
    """The absence that is on at a moment; its end is outside of it."""
    return next((one for one in person.away if one.starts <= at < one.until), None)


def chain(organization: Organization, person: str, at: datetime) -> tuple[str, ...]:
    """The person, whoever stands in for them, and so on; the last one is there. Ends before anyone comes a second time,
    which a book that compiles does not have."""
    found = [person]
    while (one := organization.people.get(found[-1])) and (absence := away(one, at)):
        if absence.instead in found:
            break
        found.append(absence.instead)
    return tuple(found)


def there(organization: Organization, person: str, at: datetime) -> str:
    """Whoever is asked when the person would be."""
    return chain(organization, person, at)[-1]


def stood_in_for(organization: Organization, person: str, at: datetime) -> tuple[str, ...]:
    """Everyone in whose place the person is asked at a moment."""
    others = (name for name in organization.people if name != person)
    return tuple(name for name in others if there(organization, name, at) == person)


def note(organization: Organization, person: str, at: datetime) -> str | None:
    """For a timeline, where somebody stands in."""
    one = organization.people[person]
    absence = away(one, at)
    instead = organization.people.get(there(organization, person, at))
    if absence is None or instead is None:
        return None
    return f"{one.name} is away until {absence.until:%Y-%m-%d %H:%M %Z}: {instead.name} stands in".replace("  ", " ")
