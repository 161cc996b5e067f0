"""Makes a playbook's plan: everything above its steps, and what they use of the book."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from firedoor.compiler import expressions, prose, roster, schema, scope, starting, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.lowering import Body, Made, Shelf
from firedoor.compiler.names import Scope, Vocabulary
from firedoor.compiler.nodes import Mapping, Scalar
from firedoor.compiler.playbook import Playbook
from firedoor.compiler.proofs.clocks import Shown
from firedoor.compiler.proofs.proving import prove
from firedoor.compiler.scope import Hazard
from firedoor.compiler.shape import Fields, as_mapping, as_text, fields
from firedoor.compiler.verbs import VERBS
from firedoor.people.organization import Organization
from firedoor.plan.model import (
    MOST_BYTES,
    MOST_STEPS,
    Action,
    Commander,
    Plan,
    ReadAction,
    Review,
    ReviewTask,
    SeverityRule,
    Updates,
)
from firedoor.plan.model import Severity as SeverityName
from firedoor.plan.steps import Step
from firedoor.plan.time import USUAL, DaysOff, Span


@dataclass
class _Planning:
    playbook: Playbook
    shelf: Shelf
    findings: Findings
    organization: Organization | None
    unsound: Set[str]

    def __post_init__(self) -> None:
        catalog = self.shelf.catalog
        self.made = Made()
        self.clocks: tuple[Shown, ...] = ()
        self.top = Scope(
            catalog.vocabulary if catalog is not None else Vocabulary(None, None),
            self.made.sites,
            inputs=self.playbook.bound,
            outline=self.playbook.own_outline,
            unnamed=self.playbook.unsure,
        )
        self.whole_run = replace(self.top, steps="any")
        self.body = Body(
            self.shelf, self.made, self.findings, self.playbook, starting.names(self.playbook), verbs=VERBS
        )

    def plan(self) -> Plan | None:
        found = self.playbook.fields
        owner = found.text("owner")
        if owner is not None:
            roster.team(owner, self.shelf.roster, self.findings)
        title = self.body.text("title", found, self.top)
        self._keep("title", found, "title")
        rules = self._severity()
        starting.start(self.body, self.whole_run)
        updates = self._updates()
        steps = self.body.steps(found.items("steps"), "", self.top)
        review = self._review()
        if self.made.steps > MOST_STEPS:
            message = f"the playbook has over {MOST_STEPS} steps, those of the playbooks that it runs included"
            self.findings.add("FD119", found.place, message, fix="split it, or run fewer playbooks within it")
        if self.findings.errors or not self.made.whole or not steps or self.made.files & self.unsound:
            return None
        if self.organization is None or self.shelf.catalog is None or title is None:
            return None
        steps = scope.settle(steps, self._actions(), self._refuse)
        return self._whole(
            Plan(
                playbook=self.playbook.name,
                version=self._text("version"),
                owner=self._text("owner"),
                title=title,
                use_when=self._text("use_when"),
                at=found.at,
                languages=self.organization.languages,
                zones={region.name: region.timezone for region in self.organization.regions.values()},
                days_off=self._days_off(self.organization),
                inputs=self.playbook.inputs,
                severity=rules,
                clocks=tuple(self.made.clocks.values()),
                updates=updates,
                steps=steps,
                review=review,
                commander=Commander(
                    source=self.organization.commander.source,
                    answers_within=self.organization.commander.answers_within,
                    then=self.organization.commander.then,
                ),
                actions=self._actions(),
                reads=self._reads(),
                messages={name: self.shelf.messages[name].message for name in sorted(self.made.messages)},
            )
        )

    def _days_off(self, organization: Organization) -> dict[str, DaysOff] | None:
        """Only what is not usual: a plan of before is the same plan, to the letter."""
        found = {region.name: region.off for region in organization.regions.values() if region.off != USUAL}
        return found or None

    def _whole(self, plan: Plan) -> Plan | None:
        if self.findings.errors:
            return None
        self.clocks = prove(plan, self.organization, self.made.places, self.findings)
        return self._bounded(plan)

    def _bounded(self, plan: Plan) -> Plan | None:
        if self.findings.errors:
            return None
        if len(plan.model_dump_json(exclude_none=True)) <= MOST_BYTES:
            return plan  # packed it is smaller
        size = len(plan.pack())
        if size > MOST_BYTES:
            message = f"the plan has {size // 1024} KiB; {MOST_BYTES // 1024} KiB is the most"
            self.findings.add("FD119", self.playbook.fields.place, message, fix="split it, or shorten its messages")
            return None
        return plan

    def _text(self, name: str) -> str:
        scalar = self.playbook.fields.text(name)
        return scalar.text if scalar is not None else ""

    # --- parts

    def _severity(self) -> tuple[SeverityRule, ...]:
        mapping = self.playbook.fields.mapping("severity")
        inputs = replace(self.top, may_say_severity=False)
        rules: list[SeverityRule] = []
        otherwise: list[Scalar] = []
        for key, node in mapping.entries if mapping is not None else ():
            name = values.severity(key, self.findings)
            scalar = as_text(node, f"`{key.text}`", self.findings)
            if scalar is None:
                continue
            if scalar.text.strip() == "otherwise":
                otherwise.append(scalar)
                when = None
            else:
                when = expressions.condition(scalar, inputs, self.findings)
                if when is None:
                    continue
            if name is not None:
                rules.append(SeverityRule(severity=name, when=when))
        if mapping is not None and not otherwise:
            message = "no severity holds where none of these conditions does"
            place = self.playbook.fields.key_place("severity")
            self.findings.add("FD102", place, message, fix="write otherwise for the least one: sev3: otherwise")
        for scalar in otherwise[1:]:
            self.findings.add("FD209", scalar.place, "two severities say `otherwise`", fix="keep one")
        return tuple(sorted(rules, key=lambda rule: rule.severity))

    def _updates(self) -> Updates | None:
        mapping = self.playbook.fields.mapping("updates")
        if mapping is None:
            return None
        found = fields(mapping, schema.UPDATES, self.findings, self.playbook.fields.key("updates"))
        every: dict[SeverityName, int] = {}
        for _, name, scalar in self._by_severity(found.mapping("every")):
            seconds = values.seconds(scalar, self.findings)
            if name is not None and seconds is not None:
                every[name] = seconds
        to = [self.body.audience(scalar, self.whole_run) for scalar in found.texts("to", self.findings)]
        node = found.values.get("say")
        if node is not None:
            self.made.places["updates", "say"] = node
        say = (
            prose.say(node, self.whole_run, self.shelf.messages, self.findings, self.made.messages)
            if node is not None
            else None
        )
        told = tuple(one for one in to if one is not None)
        return Updates(every=every, to=told, say=say) if say is not None and told and every else None

    def _review(self) -> Review | None:
        mapping = self.playbook.fields.mapping("review")
        if mapping is None:
            return None
        found = fields(mapping, schema.REVIEW, self.findings, self.playbook.fields.key("review"))
        owner = self.body.who("owner", found)
        meeting: dict[SeverityName, Span] = {}
        for _, name, scalar in self._by_severity(found.mapping("meeting_within")):
            span = values.span(scalar, self.findings)
            if name is not None and span is not None:
                meeting[name] = span
        nodes = [as_mapping(node, "a review task", self.findings) for node in found.items("tasks")]
        tasks = [self._task(node) for node in nodes if node is not None]
        if owner is None:
            return None
        return Review(owner=owner, meeting_within=meeting, tasks=tuple(task for task in tasks if task is not None))

    def _task(self, node: Mapping) -> ReviewTask | None:
        key = node.key("task")
        found = fields(node, schema.REVIEW_TASK, self.findings, key)
        words, assign = self.body.text("task", found, self.whole_run), self.body.who("assign", found)
        due = found.text("due")
        span = values.span(due, self.findings) if due is not None else None
        when = self.body.condition("when", found, self.whole_run)
        if words is None or assign is None or span is None:
            return None
        at = found.at
        self._keep(f"review {at}", found, "task")
        return ReviewTask(words=words, assign=assign, due=span, when=when, at=at)

    def _keep(self, name: str, found: Fields, key: str) -> None:
        """Remember where words are written that are looked at once the plan is whole."""
        if key in found.values:
            self.made.places[name, "say"] = found.values[key]

    def _by_severity(self, mapping: Mapping | None) -> list[tuple[Scalar, SeverityName | None, Scalar]]:
        found = []
        for key, node in mapping.entries if mapping is not None else ():
            name = values.severity(key, self.findings)
            scalar = as_text(node, f"`{key.text}`", self.findings)
            if scalar is not None:
                found.append((key, name, scalar))
        return found

    def _refuse(self, step: Step, hazard: Hazard) -> None:
        place = self.made.places[step.path, "on_timeout"].place
        message = f"silence goes on here to {hazard.why}"
        name = step.id.rpartition("/")[2] if step.id else None
        outcome = {"approve": "approved", "task": "done", "wait": "done"}.get(step.verb, "done")
        guard = f"{name} is {outcome}" if name else f"ID is {outcome}"
        fix = f"write ask commander, or give that step when: {guard}"
        self.findings.add("FD302", place, message, fix=fix, notes=[f"that step is at {hazard.step.at}"])

    # --- what the plan takes of the book

    def _actions(self) -> dict[str, Action]:
        catalog = self.shelf.catalog
        known = catalog.actions if catalog is not None else {}
        return {name: action for name in sorted(self.made.actions) if (action := known.get(name)) is not None}

    def _reads(self) -> dict[str, ReadAction]:
        catalog = self.shelf.catalog
        known = catalog.reads if catalog is not None else {}
        return {name: read for name in sorted(self.made.sites.reads) if (read := known.get(name)) is not None}


@dataclass(frozen=True)
class Planned:
    """A playbook's plan, None where it or what it stands on has mistakes; the mistakes; and what is shown of its clocks."""

    plan: Plan | None
    findings: Findings
    clocks: tuple[Shown, ...]


def plan(
    playbook: Playbook, shelf: Shelf, organization: Organization | None, unsound: Set[str] = frozenset()
) -> Planned:
    """`unsound` are files that have mistakes already: what refers to these is not told again, and nothing is proved."""
    findings = Findings()
    planning = _Planning(playbook, shelf, findings, organization, unsound)
    made = planning.plan()
    return Planned(made, findings, planning.clocks)
