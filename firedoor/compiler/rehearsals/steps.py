"""Which step a rehearsal means: by its id, by what it does, or by its words, as the timeline has them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from firedoor.compiler import suggest
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.nodes import Scalar
from firedoor.compiler.rehearsals.script import StepRef
from firedoor.plan import Plan, Step, Text
from firedoor.plan.model import walk

ABOUT = ("held", "clock", "handover", "cancelled")
"""Questions about the run as a whole, by what they are about."""

HOLDER = "the holder"
"""Whoever a notice finds by an account or an item, and not by their place in the organization."""

_ROUND = re.compile(r"\[(\d{1,4})\]")
_LEAST = 4
"""Characters of a step's words that can stand for them."""


class Steps:
    """The steps of one plan, by all names that they have."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._names: dict[str, list[str]] = {}
        self._words: list[tuple[str, str]] = []
        for step in walk(plan.steps):
            for name in _names(plan, step):
                self._names.setdefault(name, []).append(step.path)
            self._words += [(text, step.path) for text in _words(step)]

    def find(self, text: str) -> StepRef | None:
        """The step or steps of that name; `identity[2]` is the second round."""
        rounds = tuple(int(number) for number in _ROUND.findall(text))
        name = _ROUND.sub("", text).strip()
        paths = self._names.get(name) or self._by_words(name)
        return StepRef(named=text, paths=tuple(paths), rounds=rounds) if paths else None

    def _by_words(self, text: str) -> list[str]:
        wanted = _plain(text)
        same = [path for words, path in self._words if words == wanted]
        if same or len(wanted) < _LEAST:
            return list(dict.fromkeys(same))
        begin = list(dict.fromkeys(path for words, path in self._words if words.startswith(wanted)))
        return begin if len(begin) == 1 else []

    @property
    def names(self) -> list[str]:
        """What authors call them: ids and acts, and the words of those that have no id."""
        found = [name for name in self._names if " " not in name or name.startswith("undo ")]
        words = [text for step in walk(self.plan.steps) if step.id is None for text in list(_words(step))[:1]]
        return [*found, *words]


def step(text: str, scalar: Scalar, steps: Steps, findings: Findings, *, about: bool = False) -> StepRef | None:
    """The step that `text`, a part of the scalar, names. `about`: what a question can be about will do as well."""
    found = steps.find(text)
    if found is None and about and text in ABOUT:
        return StepRef(named=text, about=text)
    if found is None:
        start = max(scalar.text.find(text), 0)
        place = scalar.at(start, start + len(text)) if text else scalar.place
        fix = suggest.fix(text, steps.names, "the playbook has no step that can be named")
        findings.add("FD802", place, f'{steps.plan.playbook} has no step "{text}"', fix=fix)
    return found


def _names(plan: Plan, step: Step) -> Iterator[str]:
    if step.id:
        yield step.id
        if "/" in step.id:
            yield step.id.rpartition("/")[2]  # of an inlined playbook, where that name is its alone
    match step.verb:
        case "contain":
            yield step.action
        case "undo":
            yield f"undo {plan.by_path[step.step].id or step.step}"
        case "notify":
            yield from ("notify", *(f"notify {audience.who or HOLDER}" for audience in step.audience))
        case "wait":
            yield "wait"
        case "group" if step.playbook:
            yield f"run {step.playbook}"


def _words(step: Step) -> Iterator[str]:
    match step.verb:
        case "approve":
            yield from _texts(step.question)
        case "task":
            yield from _texts(step.words)
        case "group" | "parallel":
            yield from _texts(step.name)


def _texts(text: Text) -> Iterator[str]:
    for prose in text.by_language.values():
        yield _plain("".join(part if isinstance(part, str) else "…" for part in prose.of))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
