"""A rehearsal's file, read: the file's own keys are for all its cases, and a case may say otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from firedoor.compiler import literals, roster, suggest, values
from firedoor.compiler.diagnostics import Findings, Place
from firedoor.compiler.kinds import Kind
from firedoor.compiler.nodes import Mapping, Node, Scalar, Sequence
from firedoor.compiler.rehearsals import expecting, faults, schema
from firedoor.compiler.rehearsals.script import Case, Expectations, Fault, Rehearsal, Reply, Word
from firedoor.compiler.rehearsals.steps import Steps
from firedoor.compiler.rehearsals.words import Reader, gone
from firedoor.compiler.roster import Roster
from firedoor.compiler.shape import Fields, as_mapping, as_text, fields
from firedoor.people.organization import Organization
from firedoor.plan import Plan, ReadAction, Who
from firedoor.plan.inputs import check_inputs

EVERYBODY: Final = "everybody"


@dataclass(frozen=True)
class World:
    """What a book gives its rehearsals. `playbooks`: every name that a file has, with mistakes or without."""

    organization: Organization
    plans: MappingABC[str, Plan]
    playbooks: Collection[str]
    reads: MappingABC[str, ReadAction | None]
    roster: Roster


def read(root: Node, world: World, findings: Findings) -> Rehearsal | None:
    """The rehearsal; None where it cannot be read, or its playbook has mistakes, which have been told."""
    node = as_mapping(root, "a rehearsal", findings)
    if node is None:
        return None
    before = findings.errors
    found = fields(node, schema.REHEARSAL, findings)
    plan = _plan(found, world, findings)
    if plan is None:
        return None
    cases = _Cases(found, plan, world, findings).read()
    if findings.errors > before:
        return None
    return Rehearsal(file=node.source.name, playbook=plan.playbook, cases=tuple(cases))


def _plan(found: Fields, world: World, findings: Findings) -> Plan | None:
    name = found.text("rehearse")
    if name is None:
        return None
    if name.text not in world.playbooks:
        fix = suggest.fix(name.text, world.playbooks, "write the playbook first")
        findings.add("FD801", name.place, f'no playbook is called "{name.text}"', fix=fix)
    return world.plans.get(name.text)


class _Cases:
    def __init__(self, file: Fields, plan: Plan, world: World, findings: Findings) -> None:
        self.file = file
        self.plan = plan
        self.world = world
        self.findings = findings
        self.steps = Steps(plan)
        self.reader = Reader(plan, self.steps, world.roster, findings)

    def read(self) -> list[Case]:
        begin = self._begin(self.file)
        replies = self._replies(self.file)
        faults_ = self._faults(self.file)
        words = self._words(self.file)
        found: list[Case] = []
        names: dict[str, Place] = {}
        for node in self.file.items("cases"):
            mapping = as_mapping(node, "a case", self.findings)
            if mapping is None:
                continue
            case = fields(mapping, schema.CASE, self.findings)
            name = case.text("name")
            made = self._case(case, name, begin, replies, faults_, words)
            for called, place in _names(case):
                if called in names:
                    message = f'two cases are called "{called}": this one, and that on line {names[called].line}'
                    self.findings.add("FD810", place, message, fix="give one of them another name")
                names.setdefault(called, place)
            if made is not None:
                found += self._ways(case, made, {word.line for word in words})
        return found

    def _case(
        self,
        case: Fields,
        name: Scalar | None,
        begin: datetime | None,
        replies: tuple[Reply, ...],
        faults_: tuple[Fault, ...],
        words: tuple[Word, ...],
    ) -> Case | None:
        begin = self._begin(case) or begin
        silent = self._silent(case)
        spoken = [word for word in words if not _is_silent(word, silent)]
        each = case.mapping("each")
        own = self._words(case, tuple(key for key, _ in each) if each else ())
        given = self._given(case) if each is None else {}
        if name is None or begin is None:
            return None
        return Case(
            name=name.text,
            line=str(name.place),
            at=begin,
            launcher=self._launcher(case) or self._launcher(self.file),
            aware=self._aware(case) or self._aware(self.file) or 0,
            given=given,
            words=_in_order(spoken, own),
            faults=(*faults_, *self._faults(case)),
            replies=_over(replies, self._replies(case)),
            until=self._until(case),
            expect=self._expected(case),
        )

    def _ways(self, case: Fields, made: Case, shared: Collection[str]) -> list[Case]:
        """The case; where it goes in several ways, one for each. `shared`: the lines of the words of all cases."""
        each = case.mapping("each")
        if each is None:
            return [made]
        found: list[Case] = []
        for key, node in each:
            mapping = as_mapping(node, f"`{key.text}`", self.findings)
            if mapping is None:
                continue
            way = fields(mapping, schema.WAY, self.findings, head=key)
            silent = self._silent(way)
            spoken = [
                gone(word, key.text) for word in made.words if word.line not in shared or not _is_silent(word, silent)
            ]
            found.append(
                made.model_copy(
                    update={
                        "name": f"{made.name}: {key.text}",
                        "line": str(key.place),
                        "given": self._given(case, way),
                        "words": _in_order(spoken, self._words(way)),
                        "faults": (*made.faults, *self._faults(way)),
                        "replies": _over(made.replies, self._replies(way)),
                        "until": self._until(way) or made.until,
                        "expect": expecting.besides(made.expect, self._expected(way)),
                    }
                )
            )
        return found

    def _until(self, found: Fields) -> int | None:
        until = found.text("until")
        return values.seconds(until, self.findings) if until else None

    def _expected(self, found: Fields) -> Expectations:
        expect = found.mapping("expect")
        if expect is None:
            return Expectations()
        return expecting.read(expect, self.plan, self.steps, self.world.roster, self.findings)

    # --- how it begins

    def _begin(self, found: Fields) -> datetime | None:
        at = found.text("at")
        text = values.moment(at, self.findings) if at else None
        return datetime.fromisoformat(text) if text else None

    def _launcher(self, found: Fields) -> str | None:
        scalar = found.text("launcher")
        if scalar is None:
            return None
        if scalar.text in self.world.organization.people:
            return scalar.text
        fix = suggest.fix(scalar.text, self.world.organization.people)
        self.findings.add("FD803", scalar.place, f'no person is called "{scalar.text}"', fix=fix)
        return None

    def _aware(self, found: Fields) -> int | None:
        scalar = found.text("aware")
        return values.seconds(scalar, self.findings, zero=True) if scalar else None

    def _given(self, *layers: Fields) -> dict[str, Any]:
        """The launch form of a case: the file's, and, one over the other, what each layer says otherwise."""
        mappings = [layer.mapping("given") for layer in (self.file, *layers)]
        entries = {key.text: (key, node) for mapping in mappings if mapping for key, node in mapping}
        given: dict[str, Any] = {}
        meant: set[str] = set()
        for key, node in entries.values():
            known = self.plan.input_names.get(key.text)
            if known is None:
                fix = suggest.fix(key.text, self.plan.input_names, "the playbook has no inputs")
                self.findings.add("FD806", key.place, f'{self.plan.playbook} has no input "{key.text}"', fix=fix)
                meant.add(suggest.close(key.text, self.plan.input_names) or "")
                continue
            value = literals.literal(
                node, Kind(known.type, known.listed, known.choices), f"`{key.text}`", self.findings
            )
            if value is None:
                return {}
            given[key.text] = value
        self._launchable(layers[-1], entries, given, meant)
        return given

    def _launchable(
        self, case: Fields, entries: MappingABC[str, tuple[Scalar, Node]], given: dict[str, Any], told: Collection[str]
    ) -> None:
        """What the launch form would refuse, told at its value, else at the case's name. `told`: inputs that a name
        which was refused was meant to be."""
        name = case.text("name")
        for problem in check_inputs(self.plan, given, self.world.organization.people).problems:
            entry = entries.get(problem.name)
            place = entry[1].place if entry else name.place if name else case.place
            if problem.name not in self.plan.input_names or problem.name in told:
                continue
            self.findings.add("FD806", place, f"`{problem.name}` {problem.says}", fix=problem.give)

    # --- what answers, what fails

    def _replies(self, found: Fields) -> tuple[Reply, ...]:
        mapping = found.mapping("answers")
        replies: list[Reply] = []
        for key, node in mapping.entries if mapping else ():
            known = self.world.reads.get(key.text)
            if known is None:
                fix = suggest.fix(key.text, self.world.reads, "declare it under `reads` of actions.yaml")
                self.findings.add("FD807", key.place, f'no read is called "{key.text}"', fix=fix)
            else:
                replies += faults.replies(known, node, self.findings)
        return tuple(replies)

    def _faults(self, found: Fields) -> tuple[Fault, ...]:
        made = (faults.read(node, self.world.organization, self.plan, self.findings) for node in found.items("faults"))
        return tuple(fault for fault in made if fault is not None)

    # --- who says what

    def _silent(self, case: Fields) -> set[str]:
        """Who says nothing of what the file has them say, as they are named there; or everybody."""
        found: set[str] = set()
        for scalar in case.texts("silent", self.findings) if "silent" in case else ():
            if scalar.text == EVERYBODY:
                found.add(EVERYBODY)
                continue
            who = self._speaker(scalar)
            found |= {str(who)} if who else set()
        return found

    def _speaker(self, scalar: Scalar) -> Who | None:
        who = roster.find(scalar.text, self.world.roster)
        if who is None:
            roster.tell_unknown(scalar.text, scalar.place, self.world.roster, self.findings, code="FD803")
        elif who.kind in ("contact", "users"):
            message = f'"{scalar.text}" is outside of the organization, and says nothing in a run'
            fix = f"choose one of {suggest.listed(self.world.roster.names())}"
            self.findings.add("FD803", scalar.place, message, fix=fix)
            return None
        return who

    def _words(self, found: Fields, ways: tuple[Scalar, ...] = ()) -> tuple[Word, ...]:
        reader = replace(self.reader, ways=ways)
        words: list[Word] = []
        for node in found.items("people"):
            mapping = as_mapping(node, "what someone says", self.findings)
            if mapping is not None:
                words += self._said(mapping, reader)
        return tuple(words)

    def _said(self, mapping: Mapping, reader: Reader) -> list[Word]:
        moment = mapping.get("at")
        if moment is None:
            if not mapping.refused:
                message = "it is not said when this is said"
                self.findings.add(
                    "FD102", mapping.place, message, fix="add at: and how long after the beginning, as 12m"
                )
            return []
        scalar = as_text(moment, "`at`", self.findings)
        at = values.seconds(scalar, self.findings, zero=True) if scalar else None
        words: list[Word] = []
        for key, node in mapping:
            if key.text == "at":
                continue
            who = self._speaker(key)
            for item in node.items if isinstance(node, Sequence) else [node]:
                text = as_text(item, f"what {key.text} says", self.findings)
                word = reader.read(text, who, at or 0) if text and who else None
                words += [word] if word else []
        if len(mapping.entries) == 1:
            message = "nobody says anything at this moment"
            self.findings.add(
                "FD102", mapping.place, message, fix="add who says what, such as policy.on_shift: approve STEP"
            )
        return words if at is not None else []


def _is_silent(word: Word, silent: Collection[str]) -> bool:
    return EVERYBODY in silent or str(word.who) in silent


def _names(case: Fields) -> Iterator[tuple[str, Place]]:
    """The case's own, and those of its ways."""
    name, each = case.text("name"), case.mapping("each")
    if name is not None:
        yield name.text, name.place
        yield from ((f"{name.text}: {key.text}", key.place) for key, _ in (each or ()))


def _in_order(first: Iterable[Word], then: Iterable[Word]) -> tuple[Word, ...]:
    return tuple(sorted([*first, *then], key=lambda word: word.at))


def _over(replies: tuple[Reply, ...], own: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """What is answered where some reads have answers of their own."""
    replaced = {reply.read for reply in own}
    return (*(reply for reply in replies if reply.read not in replaced), *own)
