"""What a playbook takes of its book: actions, reads and messages."""

from __future__ import annotations

from collections.abc import Mapping

from firedoor.comparing import signing, words
from firedoor.comparing.comparison import Comparison
from firedoor.plan import Action, Message, ReadAction

ACTIONS = "actions.yaml"


def compare_actions(found: Comparison, old: Mapping[str, Action], new: Mapping[str, Action]) -> None:
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            found.tell_gone("texts", "action.gone", ACTIONS, name=name)
        elif name not in old:
            found.tell("texts", "action.new", ACTIONS, name=name, does=new[name].does)
        else:
            _compare_action(found, old[name], new[name])


def _compare_action(found: Comparison, old: Action, new: Action) -> None:
    name = new.name
    signing.compare_seats(found, name, ACTIONS, old.requires, new.requires, guards=True)
    nothing = found.speech("nothing")
    found.value("acts", "action.call", ACTIONS, _call(old), _call(new), name=name)
    found.value("acts", "action.target", ACTIONS, old.target, new.target, lambda one: one or nothing, name=name)
    if old.irreversible != new.irreversible:
        key = "action.irreversible" if new.irreversible else "action.reversible"
        found.tell("undo", key, ACTIONS, name=name)
    found.value("undo", "action.undo", ACTIONS, old.undo, new.undo, lambda one: one or nothing, name=name)
    found.length("time", "action.retries", ACTIONS, old.retries_for, new.retries_for, "never", name=name)
    found.value("texts", "action.does", ACTIONS, old.does, new.does, name=name)


def _call(action: Action | ReadAction) -> str:
    return f"{action.connector}: {action.call}"


def compare_reads(found: Comparison, old: Mapping[str, ReadAction], new: Mapping[str, ReadAction]) -> None:
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            found.tell_gone("texts", "read.gone", ACTIONS, name=name)
        elif name not in old:
            found.tell("texts", "read.new", ACTIONS, name=name)
        else:
            before, now = old[name], new[name]
            found.value("acts", "action.call", ACTIONS, _call(before), _call(now), name=name)
            found.value("acts", "read.shape", ACTIONS, _shape(found, before), _shape(found, now), name=name)


def _shape(found: Comparison, read: ReadAction) -> str:
    """ "(list of content) → account"."""
    takes = ", ".join(_type(found, kind, listed) for kind, listed in read.takes)
    return f"({takes}) → {_type(found, read.gives, read.gives_list)}"


def _type(found: Comparison, kind: str, listed: bool) -> str:
    said = kind.replace("_", " ")
    return found.speech("list.of", type=said) if listed else said


def compare_messages(found: Comparison, old: Mapping[str, Message], new: Mapping[str, Message]) -> None:
    for name in dict.fromkeys([*old, *new]):
        before = old[name].by_language if name in old else {}
        now = new[name].by_language if name in new else {}
        changed = words.changed(before, now)
        if not changed:
            continue
        at = f"messages/{name}.{changed[0].language}.md.j2:1"
        if name not in new:
            found.tell_gone("texts", "message.gone", at, message=name)
        elif name not in old:
            languages = found.speech.listed([found.speech.in_language(code) for code in now])
            found.tell("texts", "message.new", at, message=name, languages=languages)
        else:
            found.text("message.changed", at, before, now, message=name)
