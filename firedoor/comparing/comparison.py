"""Two versions of a playbook beside each other, and the changes that are found: what every part of comparing works on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firedoor.comparing import alignment, words
from firedoor.comparing.alignment import Alignment
from firedoor.comparing.change import Matter, TextChange
from firedoor.comparing.speech import Side, Speech
from firedoor.comparing.telling import Telling
from firedoor.people.organization import Organization
from firedoor.plan import Expr, Plan, Step, Text
from firedoor.plan.expression import Const, InputValue, Item, Read, RunField, SeverityNow, StepField, StepIs
from firedoor.plan.references import parts


@dataclass(kw_only=True)
class Comparison(Telling):
    old: Side
    new: Side
    steps: Alignment

    @classmethod
    def of(
        cls,
        old: Plan,
        new: Plan,
        speech: Speech,
        organizations: tuple[Organization | None, Organization | None] = (None, None),
    ) -> Comparison:
        before, now = Side(old, organizations[0], speech), Side(new, organizations[1], speech)
        steps = alignment.align(old, new, before.likeness, now.likeness)
        return cls(speech=speech, old=before, new=now, steps=steps)

    def condition(
        self, matter: Matter, kind: str, at: str | None, old: Expr | None, new: Expr | None, /, **holes: str
    ) -> None:
        """Tell a condition that has changed, in a phrase with `old` and `new`: "always" or "when …"."""
        self.expression(matter, kind, at, old, new, (self.old.when, self.new.when), **holes)

    def expression(
        self,
        matter: Matter,
        kind: str,
        at: str | None,
        old: Expr | None,
        new: Expr | None,
        say: tuple[Callable[[Expr | None], str], Callable[[Expr | None], str]] | None = None,
        /,
        **holes: str,
    ) -> None:
        if self.alike(old, new):
            return
        before, now = say if say is not None else (self.old.expression, self.new.expression)
        said, was = now(new), before(old)
        if said == was:
            said, was = (f"{one} ({self._leaves(expr)})" for one, expr in ((said, new), (was, old)))
        self.tell(matter, kind, at, **{**holes, "old": was, "new": said})

    def alike(self, old: Expr | None, new: Expr | None) -> bool:
        """Whether two expressions mean the same, each in its version."""
        if old is None or new is None:
            return old is new
        return _meaning(old, None) == _meaning(new, self.steps)

    def step_alike(self, old: str | None, new: str | None) -> bool:
        """Whether two paths lead to one step."""
        if old is None or new is None:
            return old == new
        found = self.steps.old_of.get(new)
        return found is not None and found.path == old

    def text(
        self, kind: str, at: str | None, old: Text | Mapping[str, str], new: Text | Mapping[str, str], /, **holes: str
    ) -> None:
        """Tell that a text has changed, and in which languages."""
        before, now = _languages(old, self.old), _languages(new, self.new)
        found = words.changed(before, now)
        if found:
            self.tell("texts", kind, at, found, languages=self._in(found), **holes)
        elif isinstance(old, Text) and isinstance(new, Text) and not self._same_holes(old, new):
            self.tell("texts", "text.holes", at, **holes)

    def _same_holes(self, old: Text, new: Text) -> bool:
        return all(self.alike(prose, new.by_language[key]) for key, prose in old.by_language.items())

    def _in(self, found: tuple[TextChange, ...]) -> str:
        """ " (English, German)"; nothing for a text that was written once."""
        named = [self.speech.in_language(one.language) for one in found if one.language != "*"]
        return self.speech("in.languages", languages=self.speech("comma").join(named)) if named else ""

    def _leaves(self, expr: Expr | None) -> str:
        """What the words of an expression stand for: only needed where two read alike."""
        found = dict.fromkeys(self._leaf(leaf) for leaf in _leaves(expr))
        return self.speech("comma").join(found)

    def _leaf(self, leaf: Expr) -> str:
        match leaf:
            case InputValue(name=name):
                return self.speech("leaf.input", name=name)
            case Const(value=value, type=kind):
                return self.speech("leaf.const", value=str(value), type=kind)
            case Read(call=call):
                return self.speech("leaf.read", name=call)
            case Item(loop=path) | StepIs(step=path) | StepField(step=path):
                return self.speech("leaf.step", path=path)
            case _:
                return self.speech("leaf.run", name=leaf.op)


def when_suffix(side: Side, step: Step) -> str:
    return side.speech("suffix.when", condition=side.expression(step.when)) if step.when is not None else ""


def _languages(text: Text | Mapping[str, str], side: Side) -> Mapping[str, str]:
    if isinstance(text, Text):
        return {language: side.prose(prose) for language, prose in text.by_language.items()}
    return text


def _leaves(expr: Expr | None) -> list[Expr]:
    if expr is None:
        return []
    inner = [leaf for part in parts(expr) for leaf in _leaves(part)]
    own: list[Expr] = (
        [expr]
        if isinstance(expr, InputValue | Const | Read | Item | StepIs | StepField | RunField | SeverityNow)
        else []
    )
    return own + inner


def _meaning(expr: Expr, steps: Alignment | None) -> str:
    """The expression with every step named by its path in the old version, and without what follows from elsewhere:
    the site of a read, and the types of inputs, items and answers."""
    return json.dumps(_named(expr.model_dump(mode="json"), steps), sort_keys=True)


def _named(data: Any, steps: Alignment | None) -> Any:
    if isinstance(data, list):
        return [_named(one, steps) for one in data]
    if not isinstance(data, dict):
        return data
    derived = {"site": True, "listed": True, "type": data.get("op") != "const"}
    found = {key: _named(value, steps) for key, value in data.items() if not derived.get(key)}
    for key in ("step", "loop"):
        if key in found and steps is not None:
            partner = steps.old_of.get(found[key])
            found[key] = partner.path if partner is not None else f"new {found[key]}"
    return found
