"""Puts another playbook's steps in the place of a `run`: its inputs stand for what was passed, its clocks join."""

from __future__ import annotations

from dataclasses import replace

from firedoor.compiler import prose, starting
from firedoor.compiler.lowering import Body, Common
from firedoor.compiler.names import Bound, Scope
from firedoor.compiler.nodes import Scalar
from firedoor.compiler.playbook import Playbook
from firedoor.plan.steps import Step
from firedoor.plan.text import Text


def inline(
    body: Body, playbook: Playbook, passed: dict[str, Bound], common: Common, scope: Scope, name: Scalar
) -> tuple[Text | None, tuple[Step, ...]]:
    """The playbook's title and steps, as they are inside of the step `common`. Its ids become "playbook/id"."""
    prefix = f"{common.path}."
    inside = Scope(
        scope.vocabulary,
        scope.sites,
        inputs=passed,
        outline=playbook.outline(prefix),
        here=common.path,
        unnamed=playbook.unsure,
        around=scope,
    )
    within = replace(
        body.inside(common),
        playbook=playbook,
        prefix=_prefix(body, playbook.name),
        running=(*body.running, body.playbook.name),
    )
    if playbook.fields.items("clocks") and in_loop(scope, common.path):
        message = f"{playbook.name} has clocks, and a clock cannot be started once for each round of a loop"
        body.findings.add(
            "FD224", name.place, message, fix="run it outside of the loop, or move its clocks to this playbook"
        )
        clocks = starting.names(playbook)
    else:
        clocks = starting.start(within, inside, name.place)
    title = playbook.fields.values.get("title")
    words = prose.text(title, inside, body.findings) if title is not None else None
    return words, replace(within, clocks=clocks).steps(playbook.fields.items("steps"), prefix, inside)


def _prefix(body: Body, name: str) -> str:
    """Of the playbook's ids. A second run of the same one gets a number, so that ids stay distinct."""
    number, prefix = 1, f"{body.prefix}{name}/"
    while prefix in body.made.prefixes:
        number += 1
        prefix = f"{body.prefix}{name}#{number}/"
    body.made.prefixes.add(prefix)
    return prefix


def in_loop(scope: Scope | None, path: str) -> bool:
    """Whether the path is inside of a loop of its playbook, or of one around it."""
    while scope is not None:
        loops = [loop for loop, verb in scope.outline.verbs.items() if verb == "for_each"]
        if any(path.startswith(loop + ".") for loop in loops):
            return True
        scope = scope.around
    return False
