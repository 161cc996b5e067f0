"""Whom a notice is for and what it says, evaluated where it stands: in the run, or for one item of a long loop."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any, Literal, cast

from firedoor.plan import Notify, Plan, Text, Who
from firedoor.plan.evaluate import Known, plain, render, unique, value_of
from firedoor.plan.expression import Expr
from firedoor.plan.lists import WHOLE, ListRef, Load
from firedoor.plan.references import sensitivities
from firedoor.plan.text import MessageRef
from firedoor.protocol import Rendering

Sensitivity = Literal["personal", "graphic"]

value = value_of


def renderings(plan: Plan, say: Text, known: Known) -> list[Rendering]:
    """Each language once for each clearance under which it reads differently. Raises Unread."""
    found: list[Rendering] = []
    for language, prose in say.by_language.items():
        kinds = sorted({kind for part in prose.of if not isinstance(part, str) for kind in sensitivities(plan, part)})
        for cleared in _subsets(kinds):
            withheld = set(kinds) - set(cleared)

            def hidden(part: Expr, withheld: set[str] = withheld) -> bool:
                return bool(sensitivities(plan, part) & withheld)

            text = render(prose, known, hidden)
            found.append(Rendering(language=language, text=text, needs=cast("tuple[Sensitivity, ...]", cleared)))
    return found


def _subsets(kinds: list[str]) -> Iterable[tuple[str, ...]]:
    return (subset for size in range(len(kinds), -1, -1) for subset in combinations(kinds, size))


def audience(plan: Plan, step: Notify, known: Known, load: Load) -> list[Who]:
    """As notifying.audience_of, for an item of a long loop. Raises Unread, and ValueError for more than a notice takes."""
    found: list[Who] = []
    for member in step.audience:
        if member.who is not None:
            found.append(member.who)
        if member.of is not None:
            found += [Who(kind="account", name=str(account)) for account in _whole(value_of(member.of, known), load)]
    return unique(found)


def _whole(given: Any, load: Load) -> list[Any]:
    if isinstance(given, ListRef):
        if given.count > WHOLE:
            raise ValueError(f"a list of {given.count} items is more than a notice is sent to")
        return load(given.digest)
    found = plain(given)
    return found if isinstance(found, list) else [] if found is None else [found]


def words(plan: Plan, step: Notify, known: Known) -> tuple[list[Rendering], dict[str, Any]]:
    """The prose, or what the names of a template mean here. Raises Unread."""
    if isinstance(step.say, MessageRef):
        return [], {name: plain(value_of(expr, known)) for name, expr in step.say.context.items()}
    return renderings(plan, step.say, known), {}
