"""Names, lengths of time and phrases in one language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from firedoor.comparing.phrases import CATALOGUES
from firedoor.people.organization import Organization
from firedoor.plan import Approve, Audience, Consequence, Expr, MessageRef, Plan, Prose, Span, Step, Text, Who, spoken

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Speech:
    """The phrases of one language (firedoor.comparing.phrases)."""

    language: str

    def __call__(self, key: str, **holes: str) -> str:
        return CATALOGUES[self.language][key].format(**holes)

    def begins_with(self, key: str) -> str | None:
        """The hole that a phrase begins with, if it begins with one."""
        found = re.match(r"\{(\w+)\}", CATALOGUES[self.language][key])
        return found[1] if found else None

    def knows(self, key: str) -> bool:
        return key in CATALOGUES[self.language]

    def listed(self, parts: Sequence[str]) -> str:
        """ "a", "a and b", "a, b and c"; "nothing" of none."""
        if not parts:
            return self("nothing")
        if len(parts) == 1:
            return parts[0]
        return self("and", left=self("comma").join(parts[:-1]), right=parts[-1])

    def length(self, seconds: float) -> str:
        """ "30 minutes", "1 hour 30 minutes"."""
        rest, parts = round(seconds), []
        for unit, size in _UNITS:
            count, rest = divmod(rest, size)
            parts += [self._count(unit, count)] if count else []
        return self("space").join(parts) or self._count("second", 0)

    def span(self, span: Span) -> str:
        if span.business_days:
            return self._count("business", span.business_days)
        return self.length(span.seconds)

    def lengths(self, new: float, old: float) -> tuple[str, str]:
        """Two lengths beside each other: the unit is said once where it is the same, as in "30 minutes, was 15"."""
        said, before = self.length(new), self.length(old)
        count, _, unit = before.partition(" ")
        return said, (count if unit and " " not in unit and said.endswith(f" {unit}") else before)

    def in_language(self, code: str) -> str:
        key = f"language.{code}"
        return self(key) if self.knows(key) else code

    def yes_no(self, value: bool) -> str:
        return self("yes" if value else "no")

    def _count(self, unit: str, count: int) -> str:
        return self(f"{unit}.one" if count == 1 else f"{unit}.many", count=str(count))


@dataclass(frozen=True)
class Side:
    """One of the two versions, and how its things are called."""

    plan: Plan
    organization: Organization | None
    speech: Speech

    def who(self, who: Who) -> str:
        return named(who, self.organization, self.speech)

    def whos(self, whos: Sequence[Who]) -> str:
        return self.speech.listed([self.who(one) for one in whos])

    def audience(self, audience: Sequence[Audience]) -> list[str]:
        return [
            self.who(one.who) if one.who else self.speech("who.of", what=self.expression(one.of)) for one in audience
        ]

    def expression(self, expr: Expr | None) -> str:
        return spoken.expression(self.plan, expr) if expr is not None else self.speech("nothing")

    def when(self, expr: Expr | None) -> str:
        """ "always", "when severity == sev1"."""
        return self.speech("when", condition=self.expression(expr)) if expr is not None else self.speech("always")

    def prose(self, prose: Prose) -> str:
        """As the author wrote it, holes as holes."""
        return "".join(part if isinstance(part, str) else f"{{{{ {self.expression(part)} }}}}" for part in prose.of)

    def text(self, text: Text) -> str:
        return self.prose(text.in_language(self.speech.language, self.plan.languages))

    def said(self, say: Text | MessageRef) -> str:
        if isinstance(say, MessageRef):
            return self.speech("step.message", message=say.message)
        return self.speech("quoted", words=self.text(say))

    def step(self, step: Step) -> str:
        """What people call the step."""
        match step.verb:
            case "contain":
                does = self.speech("quoted", words=self.plan.actions[step.action].does.rstrip(". "))
                return self.speech("step.act", does=does, name=short(step.id or step.action))
            case "undo":
                return self.speech("step.undo", step=self.place(step.step))
            case "approve":
                return self.speech("quoted", words=self.text(step.question))
            case "task":
                return self.speech("quoted", words=self.text(step.words))
            case "notify":
                return self.speech("step.notify", who=self.speech.listed(self.audience(step.audience)))
            case "wait":
                until = self.expression(step.until) if step.until is not None else None
                key = "step.wait.until" if until else "step.wait"
                return self.speech(key, until=until or "", length=self.speech.length(step.duration or 0))
            case "for_each":
                return self.speech("step.loop", item=step.item)
            case _:
                return self.speech("quoted", words=self.text(step.name))

    def likeness(self, step: Step) -> str:
        """What the step is found again by: an act by its action, whatever that is said to do."""
        return f"{step.action} {short(step.id or '')}" if step.verb == "contain" else self.step(step)

    def place(self, path: str | None) -> str:
        """The step at a path, by its name."""
        step = self.plan.by_path.get(path or "")
        return self.step(step) if step is not None else self.speech("step.itself")

    def parent(self, path: str) -> str:
        step = self.plan.by_path.get(path)
        return self.step(step) if step is not None else self.speech("step.playbook")

    def seats(self, approve: Approve) -> str:
        parts = [
            self.speech("seat.of", who=self.who(seat.who), count=str(seat.seats))
            if seat.seats > 1
            else self.who(seat.who)
            for seat in approve.needs
        ]
        return self.speech.listed(list(dict.fromkeys(parts)))

    def follows(self, tense: str, means: Consequence | None) -> str:
        """What follows, in one of the ways in which a sentence has it: `now`, `plain`, `kept`, `before`."""
        if means is None:
            return self.speech(f"{tense}.nothing")
        if tense == "kept" and not self.speech.knows(f"kept.{means.kind}"):
            tense = "plain"
        who = self.who(means.asks) if means.asks is not None else self.speech("who.commander")
        return self.speech(f"{tense}.{means.kind}", who=who, step=self.place(means.step))


def short(id_: str) -> str:
    """An id without the names of the playbooks that were inlined around it."""
    return id_.rpartition("/")[2]


def named(who: Who, organization: Organization | None, speech: Speech) -> str:
    """Whom a playbook names, by the title of the team or the name of the person."""
    name = who.name or ""
    if organization is not None:
        if who.kind in ("team", "on_shift", "manager") and name in organization.teams:
            name = organization.teams[name].title
        elif who.kind == "person" and name in organization.people:
            name = organization.people[name].name
        elif who.kind == "contact" and name in organization.contacts:
            name = organization.contacts[name].title or name
    return speech(f"who.{who.kind}", name=name)
