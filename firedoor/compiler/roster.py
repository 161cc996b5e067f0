"""Who a name in a playbook stands for: teams, people, contacts and roles, as the plan names them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from firedoor.compiler import suggest
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.nodes import Scalar
from firedoor.plan.who import Who, WhoKind

ROLES = ("commander", "launcher", "region.manager")
_NAME = re.compile(r"[A-Za-z][\w-]*(\.\w+)?")
_OF_A_TEAM: dict[str, WhoKind] = {"on_shift": "on_shift", "manager": "manager"}


@dataclass(frozen=True)
class Roster:
    """The names that the organization gives. None where it could not be read: then any name passes."""

    teams: Collection[str] | None = None
    people: Collection[str] | None = None
    contacts: Collection[str] | None = None

    def names(self, *, outsiders: bool = False) -> list[str]:
        found = [*ROLES, *(self.teams or ()), *(self.people or ())]
        return [*found, "users", *(self.contacts or ())] if outsiders else found


def is_name(text: str) -> bool:
    """Whether the text could name someone; anything else is an expression."""
    return bool(_NAME.fullmatch(text))


def who(scalar: Scalar, roster: Roster, findings: Findings, *, start: int = 0, on_shift: bool = False) -> Who | None:
    """Someone of the organization: a role, a team, who is on shift in it, its manager, a person.

    `on_shift` reads a team's bare name as those who are on shift in it.
    """
    text = scalar.text[start:].strip()
    found = find(text, roster)
    if found is None:
        end = start + len(scalar.text[start:].rstrip())
        tell_unknown(text, scalar.at(start, end), roster, findings)
        return None
    if found.kind in ("contact", "users"):
        message = f'"{text}" is outside of the organization: only `notify` reaches them'
        findings.add(
            "FD203", scalar.at(start, len(scalar.text)), message, fix=f"choose one of {suggest.listed(roster.names())}"
        )
        return None
    if on_shift and found.kind == "team":
        return _who("on_shift", found.name)
    return found


def find(text: str, roster: Roster) -> Who | None:
    """Whom the text names, or None."""
    if text in ("commander", "launcher", "users"):
        return _who(text)
    if text == "region.manager":
        return _who("region_manager")
    team, dot, part = text.partition(".")
    if dot:
        kind = _OF_A_TEAM.get(part)
        known = roster.teams is None or team in roster.teams
        return _who(kind, team) if kind and known else None
    for kind_, names in (("team", roster.teams), ("person", roster.people), ("contact", roster.contacts)):
        if names is not None and text in names:
            return _who(kind_, text)
    unread = None in (roster.teams, roster.people, roster.contacts)
    return _who("team", text) if unread else None


@lru_cache(maxsize=1024)
def _who(kind: WhoKind, name: str | None = None) -> Who:
    """The same few are named all over a book."""
    return Who(kind=kind, name=name)


def tell_unknown(
    text: str, place: Place, roster: Roster, findings: Findings, *, outsiders: bool = False, code: str = "FD203"
) -> None:
    """Tell of a name that nobody has."""
    team, dot, part = text.partition(".")
    if dot and team in (roster.teams or ()):
        parts = {one: f"{team}.{one}" for one in _OF_A_TEAM}
        near = suggest.close(part, parts)
        fix = f'write "{parts[near]}"' if near else f"choose one of {suggest.listed(parts.values())}"
        findings.add(code, place, f'a team has no "{part}"', fix=fix)
    elif dot and part in _OF_A_TEAM:
        message, known = f'no team is called "{team}"', suggest.close(team, roster.teams or ())
        mended = f'write "{known}.{part}"' if known else suggest.fix(team, roster.teams or ())
        findings.add(code, place, message, fix=mended, name=f"who {team}")
    else:
        names = roster.names(outsiders=outsiders)
        message = f'no team, person or role is called "{text}"'
        findings.add(code, place, message, fix=suggest.fix(text, names), name=f"who {text}")


def team(scalar: Scalar, roster: Roster, findings: Findings) -> str | None:
    if roster.teams is None or scalar.text in roster.teams:
        return scalar.text
    message, fix = f'no team is called "{scalar.text}"', suggest.fix(scalar.text, roster.teams)
    findings.add("FD203", scalar.place, message, fix=fix, name=f"who {scalar.text}")
    return None


def person(scalar: Scalar, roster: Roster, findings: Findings) -> str | None:
    if roster.people is None or scalar.text in roster.people:
        return scalar.text
    fix = suggest.fix(scalar.text, roster.people, "add them under `people`")
    findings.add("FD203", scalar.place, f'no person is called "{scalar.text}"', fix=fix, name=f"who {scalar.text}")
    return None
