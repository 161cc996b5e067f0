"""The shapes of a rehearsal's file, as data."""

from __future__ import annotations

from typing import get_args

from firedoor.compiler import meanings as a
from firedoor.compiler.meanings import Value
from firedoor.compiler.rehearsals.script import ClockEnd
from firedoor.compiler.rehearsals.words import FORMS
from firedoor.compiler.shape import Key, Kind, Named, OneOf, Shape
from firedoor.compiler.values import SEVERITIES


def _k(kind: Kind, says: str, of: Value | Shape | Named = a.TEXT, *, empty: bool = False) -> Key:
    return Key(kind, says, of=of, empty=empty)


def _must(kind: Kind, says: str, of: Value | Shape | Named, example: str) -> Key:
    return Key(kind, says, required=True, example=example, of=of)


_SAYS = Value(
    'what they say, such as approve STEP, or finish STEP with "…"',
    dict.fromkeys(FORMS.values(), ""),
    form=rf"\s*{a.one_of(FORMS)}(?:[\s\",][\s\S]*)?",
    reads=(),
)
_BEGINS = "when it begins: a date, a time and an offset"
_SEVERITY = Value("a severity", dict.fromkeys(SEVERITIES, ""), reads=())
_ENDS = Value(
    "completed, stopped, undone, holding or waiting",
    {
        "completed": "every step has ended",
        "stopped": "someone ended it, and what is contained stays",
        "undone": "everything was released",
        "holding": "it has ended, and something is still contained",
        "waiting": "someone has not answered yet",
    },
    reads=(),
)
_WHEN = Value(
    "how long after the beginning: within 5m, at 2h, or 5m",
    form=rf"(?:(?:at|within) )?{a.ANY_TIME.form}",
    examples=("within 5m", "at 2h"),
    reads=(),
)
_CLOCK_ENDS = Value(
    "how it ended, such as met, met within 48h, or breached",
    dict.fromkeys(get_args(ClockEnd), ""),
    form=rf"\s*{a.one_of(get_args(ClockEnd))}\s*(?: within {a.ANY_TIME.form})?",
    reads=(),
)

SAYING = Shape(
    "what is said at one moment",
    {"at": _must("text", "how long after the beginning", a.ANY_TIME, "12m")},
    open=Named(a.WHO, _SAYS, inside=("list",)),
)

FAULT = Shape(
    "a fault",
    {
        "down": _k("text", "a connector, action, read or channel that does not answer"),
        "refuses": _k("text", "a connector, action, read or channel that says no"),
        "missing": _k("texts", "targets that the platform does not know"),
        "of": _k("texts", "only these targets, or people"),
        "from": _k("text", "when it begins", a.ANY_TIME),
        "to": _k("text", "when it is over", a.ANY_TIME),
        "once": _k("text", "yes: only the first time", a.YES_NO),
    },
    rules=(OneOf(("down", "refuses", "missing")),),
    hints={"fails": "down", "until": "to", "targets": "of", "action": "down", "connector": "down"},
)

EXPECT = Shape(
    "what is expected",
    {
        "severity": _k("text", "the severity at the end", _SEVERITY),
        "order": _k("list", "steps that end one after the other; others may come between"),
        "times": _k("map", "when each step has ended", Named(a.TEXT, _WHEN)),
        "contained_within": _k("text", "when the first thing is contained at the latest", a.TIME),
        "never": _k("list", "steps or actions that do not happen"),
        "held": _k("any", "what is contained when the response has ended", empty=True),
        "undone": _k("any", "steps whose containment was undone"),
        "told": _k("any", "who got a notice of a step, or an update"),
        "not_told": _k("list", "who got none", a.AUDIENCE),
        "asked": _k("list", "who was asked for an approval, a task or a decision", a.AUDIENCE),
        "escalated": _k("list", "to whom an unanswered question went on", a.AUDIENCE),
        "clocks": _k("map", "how each clock ended", Named(a.CLOCK, _CLOCK_ENDS)),
        "ends": _k("text", "completed, stopped, undone, holding or waiting", _ENDS),
    },
    hints={"contained": "held", "ended": "ends", "sequence": "order", "notified": "told", "never_told": "not_told"},
)

_COMMON = {
    "at": _k("text", _BEGINS, a.DATED),
    "launcher": _k("text", "the person who launches; whoever is on shift unless said", a.PERSON),
    "aware": _k("text", "how long before the beginning it became known, such as 20m", a.ANY_TIME),
    "given": _k("map", "the launch form", Named(a.ID, a.TEXT, inside=("list",))),
    "answers": _k("map", "what each read answers", Named(a.ID, a.TEXT, inside=("list", "map"))),
    "faults": _k("list", "what does not work, and from when to when", FAULT),
    "people": _k("list", "who says what, and when", SAYING),
}

_SILENT = _k("texts", "who of the file's `people` says nothing in this case", a.SILENT)
_UNTIL = _k("text", "how long it is looked at, such as 15 days", a.TIME)

WAY = Shape(
    "one way that a case goes",
    {
        **{name: _COMMON[name] for name in ("given", "answers", "faults", "people")},
        "silent": _SILENT,
        "until": _UNTIL,
        "expect": _must("map", "what must have happened besides", EXPECT, "{ends: completed}"),
    },
    hints={"reads": "answers", "fails": "faults", "inputs": "given", "expects": "expect"},
)

CASE = Shape(
    "a case",
    {
        "name": _must("text", "what happens in it, in words", a.TEXT, "Policy signs"),
        **_COMMON,
        "silent": _SILENT,
        "until": _UNTIL,
        "expect": _must("map", "what must have happened", EXPECT, "{ends: completed}"),
        "each": _k("map", "ways that it goes: it is played once for each", Named(a.TEXT, WAY)),
    },
    hints={
        "ways": "each",
        "either": "each",
        "case": "name",
        "reads": "answers",
        "fails": "faults",
        "inputs": "given",
        "expects": "expect",
    },
)

REHEARSAL = Shape(
    "a rehearsal",
    {
        "rehearse": _must("text", "the playbook that is rehearsed", a.PLAYBOOK, "PLAYBOOK"),
        **_COMMON,
        "at": _must("text", _BEGINS, a.DATED, "2026-03-04T02:45:00+00:00"),
        "cases": _must("list", "each thing that could happen", CASE, "[{name: …, expect: {…}}]"),
    },
    hints={"playbook": "rehearse", "reads": "answers", "fails": "faults", "begins": "at", "inputs": "given"},
)
