"""The shapes of a rehearsal's file, as data."""

from __future__ import annotations

from firedoor.compiler.shape import Key, Shape

_COMMON = {
    "at": Key("text", "when it begins: a date, a time and an offset"),
    "launcher": Key("text", "the person who launches; whoever is on shift unless said"),
    "aware": Key("text", "how long before the beginning it became known, such as 20m"),
    "given": Key("map", "the launch form"),
    "answers": Key("map", "what each read answers"),
    "faults": Key("list", "what does not work, and from when to when"),
    "people": Key("list", "who says what, and when"),
}

REHEARSAL = Shape(
    "a rehearsal",
    {
        "rehearse": Key("text", "the playbook that is rehearsed", required=True, example="PLAYBOOK"),
        **_COMMON,
        "at": Key(
            "text", "when it begins: a date, a time and an offset", required=True, example="2026-03-04T02:45:00+00:00"
        ),
        "cases": Key("list", "each thing that could happen", required=True, example="[{name: …, expect: {…}}]"),
    },
    hints={"playbook": "rehearse", "reads": "answers", "fails": "faults", "begins": "at", "inputs": "given"},
)

CASE = Shape(
    "a case",
    {
        "name": Key("text", "what happens in it, in words", required=True, example="Policy signs"),
        **_COMMON,
        "silent": Key("texts", "who of the file's `people` says nothing in this case"),
        "until": Key("text", "how long it is looked at, such as 15 days"),
        "expect": Key("map", "what must have happened", required=True, example="{ends: completed}"),
    },
    hints={"case": "name", "reads": "answers", "fails": "faults", "inputs": "given", "expects": "expect"},
)

FAULT = Shape(
    "a fault",
    {
        "down": Key("text", "a connector, action, read or channel that does not answer"),
        "refuses": Key("text", "a connector, action, read or channel that says no"),
        "missing": Key("texts", "targets that the platform does not know"),
        "of": Key("texts", "only these targets, or people"),
        "from": Key("text", "when it begins"),
        "to": Key("text", "when it is over"),
        "once": Key("text", "yes: only the first time"),
    },
    hints={"fails": "down", "until": "to", "targets": "of", "action": "down", "connector": "down"},
)

EXPECT = Shape(
    "what is expected",
    {
        "severity": Key("text", "the severity at the end"),
        "order": Key("list", "steps that end one after the other; others may come between"),
        "times": Key("map", "when each step has ended"),
        "contained_within": Key("text", "when the first thing is contained at the latest"),
        "never": Key("list", "steps or actions that do not happen"),
        "held": Key("any", "what is contained when the response has ended", empty=True),
        "undone": Key("any", "steps whose containment was undone"),
        "told": Key("any", "who got a notice of a step, or an update"),
        "not_told": Key("list", "who got none"),
        "asked": Key("list", "who was asked for an approval, a task or a decision"),
        "escalated": Key("list", "to whom an unanswered question went on"),
        "clocks": Key("map", "how each clock ended"),
        "ends": Key("text", "completed, stopped, undone, holding or waiting"),
    },
    hints={"contained": "held", "ended": "ends", "sequence": "order", "notified": "told", "never_told": "not_told"},
)
