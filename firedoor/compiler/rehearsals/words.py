"""What people say in a rehearsal, in the author's words: `approve ratify`, `finish identity with "CASE-1"`, `stop`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from firedoor.compiler import roster, suggest, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.nodes import Scalar
from firedoor.compiler.rehearsals import steps as steps_
from firedoor.compiler.rehearsals.script import StepRef, Word
from firedoor.compiler.rehearsals.steps import Steps
from firedoor.compiler.roster import Roster
from firedoor.plan import Plan, Who
from firedoor.plan.inputs import check_late

FORMS: Final = {
    "approve": "approve STEP",
    "reject": 'reject STEP because "…"',
    "need": 'need fact STEP with "…?"',
    "finish": 'finish STEP with "…"',
    "answer": "answer STEP with CHOICE",
    "stop": "stop",
    "undo": "undo STEP, or undo all",
    "pause": 'pause, or pause clock CLOCK on "…"',
    "resume": "resume, or resume clock CLOCK",
    "severity": "severity sev1",
    "add": 'add INPUT "…", "…"',
    "give": "give INPUT VALUE",
    "skip": 'skip STEP because "…"',
    "retry": "retry STEP",
    "keep": 'keep STEP because "…"',
    "extend": "extend STEP by 30m",
    "reassign": "reassign STEP to WHO",
    "hand": "hand over to WHO, or hand over now to WHO",
    "note": 'note "…"',
}
"""By their first word, how each is written."""

CHOICES: Final = (
    "accept",
    "again",
    "answer",
    "continue",
    "decline",
    "done",
    "keep",
    "leave",
    "not_due",
    "retry",
    "skip",
    "stop",
    "undo",
    "undo_all",
)
"""What a question can be answered with."""

EACH: Final = "each"
"""What stands for the answers that are the names of the case's `each`."""

BECAUSE: Final = "as this rehearsal has it"
"""The reason of a word that gives none."""

_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"|(?P<comma>,)|(?P<bare>[^\s,"]+)')
_CLAUSES = ("because", "with", "for", "only", "by", "to")
_TAKES: Final = {
    "approve": "only",
    "need": "with",
    "finish": "with",
    "answer": "with",
    "undo": "for",
    "extend": "by",
    "pause": "on",
    "reassign": "to",
    "hand": "to",
}
"""The clause that a word may have besides `because`."""


@dataclass
class _Said:
    """A word in its parts: what is said, and its clauses."""

    verb: str
    head: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    """The head's pieces, those in quotes or between commas whole."""
    clauses: dict[str, list[str]] = field(default_factory=dict)
    quoted: set[str] = field(default_factory=set)
    """Clauses whose text stands in quotes."""

    @property
    def named(self) -> str:
        return " ".join(self.head)

    def clause(self, name: str) -> str | None:
        found = self.clauses.get(name)
        return " ".join(found) if found else None


@dataclass(frozen=True)
class Reader:
    """Reads what people say about one plan."""

    plan: Plan
    steps: Steps
    roster: Roster
    findings: Findings
    ways: tuple[Scalar, ...] = ()
    """The names of the case's `each`."""

    def read(self, scalar: Scalar, who: Who, at: int) -> Word | None:
        """The word, or None with a finding."""
        said = _taken_apart(scalar.text)
        if said is None or said.verb not in FORMS:
            self._unknown(scalar, said.verb if said else scalar.text)
            return None
        for clause in said.clauses.keys() - {"because", _TAKES.get(said.verb)}:
            self.wrong(scalar, said.verb, f"says more than it can: it takes no `{clause}`")
            return None
        word = Word(line=str(scalar.place), at=at, who=who, text=scalar.text, reason=said.clause("because"))
        return _READERS[said.verb](self, scalar, said, word)

    def _unknown(self, scalar: Scalar, verb: str) -> None:
        near = suggest.close(verb, FORMS)
        fix = f"write {FORMS[near]}" if near else f"begin with one of {suggest.listed(FORMS)}"
        end = min(len(verb), len(scalar.text))
        self.findings.add("FD804", scalar.at(0, max(end, 1)), f'nobody can say "{scalar.text}"', fix=fix)

    def wrong(self, scalar: Scalar, verb: str, why: str, fix: str | None = None) -> None:
        self.findings.add("FD804", scalar.place, f'"{scalar.text}" {why}', fix=fix or f"write {FORMS[verb]}")

    def step(self, scalar: Scalar, said: _Said, *, verbs: tuple[str, ...] = (), about: bool = False) -> StepRef | None:
        """The step that is named, which must be of one of the verbs."""
        name = said.named.removeprefix("every ") if said.verb == "finish" else said.named
        if not name:
            self.wrong(scalar, said.verb, "does not say which step")
            return None
        found = steps_.step(name, scalar, self.steps, self.findings, about=about)
        if found is None or found.about:
            return found
        fitting = tuple(path for path in found.paths if not verbs or self.plan.by_path[path].verb in verbs)
        if not fitting:
            there = self.plan.by_path[found.paths[0]].verb
            message = f'"{name}" is a step that says `{there}`: nobody can {_infinitive(said.verb)} it'
            self.findings.add("FD805", scalar.place, message, fix=_FITS.get(there, "name another step"))
            return None
        return found.model_copy(update={"paths": fitting})

    def who(self, scalar: Scalar, said: _Said, name: str | None) -> Who | None:
        if not name:
            self.wrong(scalar, said.verb, "does not say to whom")
            return None
        found = roster.find(name, self.roster)
        if found is None or found.kind in ("contact", "users"):
            start = max(scalar.text.find(name), 0)
            place = scalar.at(start, start + len(name))
            roster.tell_unknown(name, place, self.roster, self.findings, code="FD803")
            return None
        return found


_FITS: Final = {
    "approve": "write approve STEP, or reject STEP",
    "task": "write finish STEP",
    "contain": "write answer STEP with CHOICE for what is asked about it",
}


def _infinitive(verb: str) -> str:
    return {"need": "need a fact about", "answer": "answer for"}.get(verb, verb)


def _taken_apart(text: str) -> _Said | None:
    tokens = list(_TOKEN.finditer(text))
    if not tokens or not tokens[0].group("bare"):
        return None
    said = _Said(tokens[0].group("bare"))
    into, clause = said.head, ""
    said.items.append("")
    for token in tokens[1:]:
        bare, quoted = token.group("bare"), token.group("quoted")
        if token.group("comma"):
            if not clause:
                said.items.append("")
            continue
        if (bare in _CLAUSES or (bare and bare == _TAKES.get(said.verb))) and (
            clause != "because" or bare == "because"
        ):
            clause = bare
            into = said.clauses.setdefault(clause, [])
            continue
        into.append(quoted if bare is None else bare)
        if bare is None and clause:
            said.quoted.add(clause)
        if not clause:
            if quoted is not None and said.items[-1]:
                said.items.append(quoted)
            else:
                said.items[-1] = f"{said.items[-1]} {quoted if bare is None else bare}".strip()
    return said


def _on(word: Word, step: StepRef | None, given: dict[str, Any]) -> Word | None:
    """The word about that step; None where there is none, which has been told."""
    return word.model_copy(update={**given, "step": step}) if step is not None else None


# --- answers


def _approve(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    step = reader.step(scalar, said, verbs=("approve",))
    targets = tuple(said.clauses["only"]) if said.clauses.get("only") else None
    return _on(word, step, {"choice": "approve", "targets": targets})


def _reject(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    step = reader.step(scalar, said, verbs=("approve",))
    return _on(word, step, {"choice": "reject", "reason": word.reason or BECAUSE})


def _need(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    if said.head[:1] != ["fact"]:
        reader.wrong(scalar, "need", "is no whole sentence")
        return None
    said.head = said.head[1:]
    fact = said.clause("with") or word.reason
    if not fact:
        reader.wrong(scalar, "need", "does not say which fact")
        return None
    step = reader.step(scalar, said, verbs=("approve",))
    return _on(word, step, {"choice": "need_fact", "reason": fact})


def _finish(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    every = said.head[:1] == ["every"]
    step = reader.step(scalar, said, verbs=("task", "contain", "approve", "notify"))
    given = {"choice": "done", "every": every, "proof": said.clause("with")}
    return _on(word, step, given)


def _answer(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    given = said.clause("with")
    if not given:
        reader.wrong(scalar, "answer", "does not say with what")
        return None
    step = reader.step(scalar, said, about=True)
    if step is None:
        return None
    if "with" in said.quoted:  # the fact that somebody needed
        return word.model_copy(update={"choice": "answer", "step": step, "reason": given})
    start = max(scalar.text.rfind(given), 0)
    place = scalar.at(start, start + len(given))
    if given == EACH and not reader.ways:
        message = f'"{scalar.text}" is answered once for each name under `each`, and the case has none'
        reader.findings.add("FD805", place, message, fix="write each: with the answers below, as again: {expect: …}")
        return None
    written = [(way.text, way.place) for way in reader.ways] if given == EACH else [(given, place)]
    unknown = [(text, where) for text, where in written if choice_of(text) not in CHOICES]
    for text, where in unknown:
        fix = suggest.fix(text, [choice.replace("_", " ") for choice in CHOICES])
        reader.findings.add("FD805", where, f'no question can be answered with "{text}"', fix=fix)
    if unknown:
        return None
    return word.model_copy(update={"choice": choice_of(given), "step": step, "reason": word.reason or BECAUSE})


def choice_of(text: str) -> str:
    return text.replace(" ", "_")


def gone(word: Word, way: str) -> Word:
    """The word as it is said where the case goes that way."""
    if word.choice != EACH:
        return word
    return word.model_copy(update={"choice": choice_of(way), "text": re.sub(r"\beach\b", way, word.text)})


# --- commands


def _plain(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    if said.head:
        reader.wrong(scalar, said.verb, "says more than this command takes")
        return None
    return word.model_copy(update={"command": said.verb, "reason": word.reason or BECAUSE})


def _pause(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    if said.head[:1] != ["clock"]:
        return _plain(reader, scalar, said, word)
    name, ground = " ".join(said.head[1:]), said.clause("on")
    declared = {clock.name: clock for clock in reader.plan.clocks}
    if name not in declared:
        fix = suggest.fix(name, declared, "the playbook has no clocks")
        reader.wrong(scalar, said.verb, f"names no clock of {reader.plan.playbook}", fix)
        return None
    word = word.model_copy(update={"reason": word.reason or BECAUSE})
    if said.verb == "resume":
        return word.model_copy(update={"command": "resume_clock", "value": name})
    if ground not in declared[name].may_pause:
        fix = suggest.fix(ground or "", declared[name].may_pause, f"give the clock {name} its `may_pause`")
        reader.wrong(scalar, said.verb, f"names no ground on which {name} may be paused", fix)
        return None
    return word.model_copy(update={"command": "pause_clock", "value": {"clock": name, "ground": ground}})


def _undo(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    word = word.model_copy(update={"reason": word.reason or BECAUSE})
    if said.named == "all":
        return word.model_copy(update={"command": "undo_all"})
    step = reader.step(scalar, said, verbs=("contain",))
    targets = tuple(said.clauses["for"]) if said.clauses.get("for") else None
    return _on(word, step, {"command": "undo", "targets": targets})


def _of_a_step(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    step = reader.step(scalar, said)
    given = {"command": said.verb, "reason": word.reason or BECAUSE}
    return _on(word, step, given)


def _severity(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    if said.named not in values.SEVERITIES:
        fix = suggest.fix(said.named, values.SEVERITIES)
        reader.wrong(scalar, "severity", "names no severity", fix)
        return None
    return word.model_copy(update={"command": "severity", "value": said.named, "reason": word.reason or BECAUSE})


def _input(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    adding = said.verb == "add"
    name, _, first = said.items[0].partition(" ")
    given: list[str] = [item for item in (first, *said.items[1:]) if item]
    known = reader.plan.input_names
    if name not in known:
        fix = suggest.fix(name, known, "the playbook has no inputs")
        start = max(scalar.text.find(name), 0) if name else 0
        place = scalar.at(start, start + max(len(name), 1))
        reader.findings.add("FD806", place, f'{reader.plan.playbook} has no input "{name}"', fix=fix)
        return None
    value: Any = given if known[name].listed else " ".join(given)
    checked = check_late(reader.plan, {name: value}, adding=adding)
    for problem in checked.problems[:1]:
        reader.findings.add("FD806", scalar.place, f"{problem.name}: {problem.says}", fix=problem.give)
        return None
    command = "add" if adding else "input"
    return word.model_copy(update={"command": command, "value": checked.values, "reason": word.reason})


def _extend(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    length = values.seconds_of(said.clause("by") or "")
    if not length:
        reader.wrong(scalar, "extend", "does not say by how long")
        return None
    step = reader.step(scalar, said)
    return _on(word, step, {"command": "extend", "value": length})


def _reassign(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    step = reader.step(scalar, said)
    who = reader.who(scalar, said, said.clause("to"))
    if step is None or who is None:
        return None
    return word.model_copy(update={"command": "reassign", "step": step, "value": str(who)})


def _hand(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    at_once = said.head == ["over", "now"]
    who = reader.who(scalar, said, said.clause("to") if at_once or said.head == ["over"] else None)
    if who is None:
        return None
    command, because = ("hand_over", word.reason or BECAUSE) if at_once else ("offer", word.reason)
    return word.model_copy(update={"command": command, "value": who.model_dump(), "reason": because})


def _note(reader: Reader, scalar: Scalar, said: _Said, word: Word) -> Word | None:
    if not said.head:
        reader.wrong(scalar, "note", "notes nothing")
        return None
    return word.model_copy(update={"command": "note", "reason": " ".join(filter(None, (said.named, word.reason)))})


_READERS: Final[dict[str, Callable[[Reader, Scalar, _Said, Word], Word | None]]] = {
    "approve": _approve,
    "reject": _reject,
    "need": _need,
    "finish": _finish,
    "answer": _answer,
    "stop": _plain,
    "pause": _pause,
    "resume": _pause,
    "undo": _undo,
    "skip": _of_a_step,
    "retry": _of_a_step,
    "keep": _of_a_step,
    "severity": _severity,
    "add": _input,
    "give": _input,
    "extend": _extend,
    "reassign": _reassign,
    "hand": _hand,
    "note": _note,
}
