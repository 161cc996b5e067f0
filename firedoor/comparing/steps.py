"""One step in both versions: every option of every verb, and what a no, a silence and a failure mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from firedoor.comparing import signing
from firedoor.comparing.change import Matter
from firedoor.comparing.comparison import Comparison
from firedoor.comparing.speech import short
from firedoor.plan import (
    Approve,
    Audience,
    Consequence,
    Contain,
    Expr,
    ForEach,
    Group,
    MessageRef,
    Notify,
    Parallel,
    Span,
    Step,
    Task,
    Text,
    Undo,
    Wait,
)
from firedoor.plan.steps import consequences

_RELEASES = ("undo", "undo_all")


def compare_step(found: Comparison, old: Step, new: Step) -> None:
    name = found.new.step(new)
    _compare_common(found, old, new, name)
    match (old, new):
        case (Notify(), Notify()):
            _compare_notify(found, old, new)
        case (Approve(), Approve()):
            _compare_approve(found, old, new, name)
        case (Contain(), Contain()):
            _compare_contain(found, old, new, name)
        case (Undo(), Undo()):
            _compare_undo(found, old, new, name)
        case (Task(), Task()):
            _compare_task(found, old, new, name)
        case (Wait(), Wait()):
            _compare_wait(found, old, new, name)
        case (ForEach(), ForEach()):
            _compare_loop(found, old, new, name)
        case (Parallel() | Group(), Parallel() | Group()):
            _compare_group(found, old, new, name)


def _compare_common(found: Comparison, old: Step, new: Step, name: str) -> None:
    found.condition("acts", "step.when", new.at, old.when, new.when, step=name)
    for clock in old.meets:
        if clock not in new.meets:
            found.tell("time", "meets.gone", new.at, step=name, clock=clock)
    for clock in new.meets:
        if clock not in old.meets:
            found.tell("time", "meets.new", new.at, step=name, clock=clock)
    if old.id != new.id:
        names = [short(one.id) if one.id else found.speech("nothing") for one in (old, new)]
        if names[0] == names[1]:
            names = [old.id or names[0], new.id or names[1]]
        found.tell("texts", "step.id", new.at, step=name, old=names[0], new=names[1])
    before, now = dict(consequences(old)), dict(consequences(new))
    for option in dict.fromkeys([*before, *now]):
        _compare_consequence(found, f"{option}.{new.verb}", new, before.get(option), now.get(option))


def _compare_consequence(
    found: Comparison, occasion: str, step: Step, old: Consequence | None, new: Consequence | None
) -> None:
    speech, name = found.speech, found.new.step(step)
    holes = {"occasion": speech(_occasion(found, occasion), step=name), "before": found.old.follows("before", old)}
    if _shown(old) != _shown(new) or not found.step_alike(old.step if old else None, new.step if new else None):
        now = found.new.follows("now", new)
        if old is not None and new is not None and old.kind in _RELEASES and new.kind not in _RELEASES:
            held = speech("everything") if old.kind == "undo_all" else found.old.place(old.step)
            now = speech("now.kept", held=held, follows=found.new.follows("kept", new))
        found.tell("silence", "follows", step.at, now=now, **holes)
    elif old is not None and new is not None and old.may_continue != new.may_continue:
        key = "follows.may_continue" if new.may_continue else "follows.may_not_continue"
        found.tell("silence", key, step.at, occasion=holes["occasion"])


def _occasion(found: Comparison, occasion: str) -> str:
    """The phrase for when it happens, that of its verb where it has one of its own."""
    key = f"occasion.{occasion}"
    return key if found.speech.knows(key) else f"occasion.{occasion.partition('.')[0]}"


def _shown(means: Consequence | None) -> object:
    return (means.kind, means.asks) if means is not None else None


def _compare_notify(found: Comparison, old: Notify, new: Notify) -> None:
    compare_audience(found, new.at, old.audience, new.audience, found.new.said(new.say))
    compare_saying(found, found.new.step(new), new.at, old.say, new.say)


def compare_audience(found: Comparison, at: str, old: Sequence[Audience], new: Sequence[Audience], what: str) -> None:
    before = [one for one in old if not any(_audience_alike(found, one, other) for other in new)]
    now = [one for one in new if not any(_audience_alike(found, other, one) for other in old)]
    for who in found.old.audience(before):
        found.tell("told", "told.gone", at, who=who, what=what)
    for who in found.new.audience(now):
        found.tell("told", "told.new", at, who=who, what=what)


def _audience_alike(found: Comparison, old: Audience, new: Audience) -> bool:
    return old.who == new.who and found.alike(old.of, new.of)


def compare_saying(found: Comparison, subject: str, at: str, old: Text | MessageRef, new: Text | MessageRef) -> None:
    """What is said: a text, or a message of the book, whose own words are compared with the messages."""
    if isinstance(old, MessageRef) and isinstance(new, MessageRef):
        found.value("texts", "text.message", at, old.message, new.message, step=subject)
        _compare_context(found, subject, at, old.context, new.context)
    elif isinstance(old, Text) and isinstance(new, Text):
        found.text("text.changed", at, old, new, step=subject)
    else:
        found.tell("texts", "text.message", at, step=subject, old=found.old.said(old), new=found.new.said(new))


def _compare_context(
    found: Comparison, subject: str, at: str, old: Mapping[str, Expr], new: Mapping[str, Expr]
) -> None:
    for name in dict.fromkeys([*old, *new]):
        found.expression("texts", "text.context", at, old.get(name), new.get(name), step=subject, name=name)


def _compare_approve(found: Comparison, old: Approve, new: Approve, name: str) -> None:
    signing.compare_seats(found, name, new.at, old.needs, new.needs, guards=bool(old.unlocks))
    for who in old.not_by:
        if who not in new.not_by:
            found.tell("signs", "not_by.gone", new.at, who=found.old.who(who), step=name)
    for who in new.not_by:
        if who not in old.not_by:
            found.tell("signs", "not_by.new", new.at, who=found.new.who(who), step=name)
    if old.deadline != new.deadline:
        one = len(new.needs) == 1 and new.needs[0].seats == 1
        key = "deadline" if one else "deadline.several"
        found.length("time", key, new.at, old.deadline, new.deadline, "never", who=found.new.seats(new), step=name)
    found.length("time", "escalate", new.at, old.escalate, new.escalate, "never", step=name)
    _compare_shown(found, old, new, name)
    _compare_words(found, new.at, old.question, new.question, found.old.step(old), name)


def _compare_shown(found: Comparison, old: Approve, new: Approve, name: str) -> None:
    before, now = dict(old.show), dict(new.show)
    for label in dict.fromkeys([*before, *now]):
        if label not in now:
            found.tell("signs", "show.gone", new.at, what=label, step=name)
        elif label not in before:
            found.tell("signs", "show.new", new.at, what=label, step=name)
        else:
            found.expression("signs", "show.changed", new.at, before[label], now[label], what=label, step=name)


def _compare_words(found: Comparison, at: str, old: Text, new: Text, was: str, name: str) -> None:
    """The words that a step is called by: where the name itself changed, both are said."""
    if was != name:
        found.text("text.renamed", at, old, new, old=was, step=name)
    else:
        found.text("text.changed", at, old, new, step=name)


def _compare_contain(found: Comparison, old: Contain, new: Contain, name: str) -> None:
    found.value("acts", "act.action", new.at, old.action, new.action, step=name)
    found.expression("acts", "act.targets", new.at, old.targets, new.targets, step=name)
    for argument in dict.fromkeys([*old.arguments, *new.arguments]):
        before, now = old.arguments.get(argument), new.arguments.get(argument)
        found.expression("acts", "act.argument", new.at, before, now, argument=argument, step=name)
    found.length("time", "expires", new.at, old.expires, new.expires, "never", step=name)
    _compare_above(found, new.at, old.ask_above, new.ask_above, name)


def _compare_above(found: Comparison, at: str, old: int | None, new: int | None, name: str) -> None:
    def said(count: int | None) -> str:
        return str(count) if count is not None else found.speech("no_limit")

    found.value("time", "ask_above", at, old, new, said, step=name)


def _compare_undo(found: Comparison, old: Undo, new: Undo, name: str) -> None:
    if not found.step_alike(old.step, new.step):
        was, now = found.old.place(old.step), found.new.place(new.step)
        if was == now:
            was, now = f"{was} ({old.step})", f"{now} ({new.step})"
        found.tell("undo", "undo.step", new.at, old=was, new=now)
    say = tuple(
        lambda expr, side=side: side.expression(expr) if expr is not None else side.speech("everything")
        for side in (found.old, found.new)
    )
    found.expression("undo", "undo.targets", new.at, old.targets, new.targets, (say[0], say[1]), step=name)


def _compare_task(found: Comparison, old: Task, new: Task, name: str) -> None:
    if old.assign != new.assign:
        found.tell("acts", "assign", new.at, step=name, old=found.old.who(old.assign), new=found.new.who(new.assign))
    compare_due(found, "time", new.at, old.due, new.due, step=name, who=found.new.who(new.assign))
    found.value("acts", "proof", new.at, old.proof, new.proof, lambda one: one or found.speech("nothing"), step=name)
    _compare_words(found, new.at, old.words, new.words, found.old.step(old), name)


def compare_due(
    found: Comparison, matter: Matter, at: str, old: Span | None, new: Span | None, /, **holes: str
) -> None:
    compare_span(found, matter, "due" if old is not None and new is not None else "due.limit", at, old, new, **holes)


def compare_span(
    found: Comparison, matter: Matter, kind: str, at: str | None, old: Span | None, new: Span | None, /, **holes: str
) -> None:
    if old is not None and new is not None and not old.business_days and not new.business_days:
        found.length(matter, kind, at, old.seconds, new.seconds, "no_limit", **holes)
        return

    def said(span: Span | None) -> str:
        return found.speech.span(span) if span is not None else found.speech("no_limit")

    found.value(matter, kind, at, old, new, said, **holes)


def _compare_wait(found: Comparison, old: Wait, new: Wait, name: str) -> None:
    found.length("time", "wait.duration", new.at, old.duration, new.duration, "nothing", step=name)
    found.expression("acts", "wait.until", new.at, old.until, new.until, step=name)
    found.length("time", "wait.held_for", new.at, old.held_for, new.held_for, "nothing", step=name)
    found.length("time", "wait.check_every", new.at, old.check_every, new.check_every, "never", step=name)
    found.length("time", "wait.at_most", new.at, old.at_most, new.at_most, "no_limit", step=name)


def _compare_loop(found: Comparison, old: ForEach, new: ForEach, name: str) -> None:
    found.value("texts", "loop.item", new.at, old.item, new.item)
    found.expression("acts", "loop.items", new.at, old.items, new.items, step=name)
    found.value("time", "loop.at_once", new.at, old.at_once, new.at_once, step=name)
    _compare_above(found, new.at, old.ask_above, new.ask_above, name)


def _compare_group(found: Comparison, old: Parallel | Group, new: Parallel | Group, name: str) -> None:
    if old.verb != new.verb:
        found.tell("acts", f"becomes.{new.verb}", new.at, step=name)
    was, now = (one.playbook if isinstance(one, Group) else None for one in (old, new))
    found.value("acts", "group.playbook", new.at, was, now, lambda one: one or found.speech("nothing"), step=name)
    _compare_words(found, new.at, old.name, new.name, found.old.step(old), name)
