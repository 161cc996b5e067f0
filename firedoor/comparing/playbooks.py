"""Two versions of one playbook: everything that its Plan holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from firedoor.comparing import shelf, signing, steps, structure
from firedoor.comparing.change import Change, Matter, ordered
from firedoor.comparing.comparison import Comparison
from firedoor.comparing.speech import Side, Speech
from firedoor.people.organization import Organization
from firedoor.plan import Clock, Expr, Input, Plan, Review, ReviewTask, SeverityRule, Updates
from firedoor.plan.time import DaysOff

CLOCKS, ORGANIZATION = "clocks.yaml", "organization.yaml"


def compare_plans(
    old: Plan,
    new: Plan,
    language: str = "en",
    organizations: tuple[Organization | None, Organization | None] = (None, None),
) -> tuple[Change, ...]:
    """What changed, what matters most first. Nothing changed: an empty tuple.

    `organizations`, old and new, give people and teams their names; what changed in them themselves is told by
    `firedoor.comparing.organizations`.
    """
    found = Comparison.of(old, new, Speech(language), organizations)
    signing.compare_coverage(found)
    structure.compare_structure(found)
    for before, now in found.steps.pairs:
        if before != now or not found.steps.in_place:
            steps.compare_step(found, before, now)
    _compare_head(found, old, new)
    _compare_inputs(found, old.input_names, new.input_names)
    _compare_severity(found, old.severity, new.severity)
    _compare_clocks(found, {one.name: one for one in old.clocks}, {one.name: one for one in new.clocks})
    _compare_updates(found, old.updates, new.updates)
    _compare_review(found, old.review, new.review)
    _compare_commander(found, old, new)
    shelf.compare_actions(found, old.actions, new.actions)
    shelf.compare_reads(found, old.reads, new.reads)
    shelf.compare_messages(found, old.messages, new.messages)
    return ordered(found.changes)


def _compare_head(found: Comparison, old: Plan, new: Plan) -> None:
    at = new.at
    for name in ("playbook", "version", "use_when"):
        found.value("texts", f"head.{name}", at, getattr(old, name), getattr(new, name))
    found.value("people", "head.owner", at, old.owner, new.owner)
    found.text("head.title", at, old.title, new.title)
    languages = [found.speech.listed([found.speech.in_language(one) for one in plan.languages]) for plan in (old, new)]
    if old.languages != new.languages:
        found.tell("told", "head.languages", ORGANIZATION, old=languages[0], new=languages[1])
    for region in dict.fromkeys([*old.zones, *new.zones]):
        if region not in new.zones:
            found.tell_gone("people", "org.region.gone", ORGANIZATION, name=region)
        elif region not in old.zones:
            found.tell("people", "org.region.new", ORGANIZATION, name=region)
        else:
            found.value("time", "head.zone", ORGANIZATION, old.zones[region], new.zones[region], region=region)
            _compare_days_off(found, region, old.calendar(region).off, new.calendar(region).off)


def _compare_days_off(found: Comparison, region: str, old: DaysOff, new: DaysOff) -> None:
    say = found.speech

    def weekdays(days: tuple[int, ...]) -> str:
        return say.listed([say(f"weekday.{day}") for day in days])

    def dates(days: tuple[date, ...]) -> str:
        return say.listed([day.isoformat() for day in days])

    found.value("time", "head.weekend", ORGANIZATION, old.weekend, new.weekend, weekdays, region=region)
    found.value("time", "head.holidays", ORGANIZATION, old.holidays, new.holidays, dates, region=region)


# --- launch


def _compare_inputs(found: Comparison, old: Mapping[str, Input], new: Mapping[str, Input]) -> None:
    at = found.new.plan.at
    for name, field in old.items():
        if name not in new:
            found.tell("launch", "input.gone", at, name=name)
        else:
            _compare_input(found, at, field, new[name])
    for name, field in new.items():
        if name not in old:
            needed = not field.optional and field.default is None
            key = "input.new" if needed else "input.new.optional"
            found.tell("launch", key, at, name=name, type=_type(found, field))
    both = [name for name in old if name in new]
    if both != [name for name in new if name in old]:
        found.tell("launch", "input.order", at, names=found.speech.listed(list(new)))


def _compare_input(found: Comparison, at: str, old: Input, new: Input) -> None:
    nothing = found.speech("nothing")
    found.value("launch", "input.type", at, _type(found, old), _type(found, new), name=new.name)
    for option in ("ask", "at_least", "at_most", "sensitive", "default"):
        before, now = getattr(old, option), getattr(new, option)
        matter: Matter = "told" if option == "sensitive" else "launch"
        found.value(matter, f"input.{option}", at, before, now, lambda one: _said(found, one), name=new.name)
    found.value(
        "launch", "input.choices", at, old.choices, new.choices, lambda one: ", ".join(one) or nothing, name=new.name
    )
    if old.optional != new.optional:
        found.tell("launch", "input.optional" if new.optional else "input.needed", at, name=new.name)


def _type(found: Comparison, field: Input) -> str:
    kind = field.type.replace("_", " ")
    return found.speech("list.of", type=kind) if field.listed else kind


def _said(found: Comparison, value: object) -> str:
    match value:
        case None:
            return found.speech("nothing")
        case bool():
            return found.speech.yes_no(value)
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(_said(found, one) for one in value)
        case _:
            return str(value)


def _compare_severity(found: Comparison, old: tuple[SeverityRule, ...], new: tuple[SeverityRule, ...]) -> None:
    at = found.new.plan.at
    for severity in sorted({rule.severity for rule in (*old, *new)}):
        before = [rule.when for rule in old if rule.severity == severity]
        now = [rule.when for rule in new if rule.severity == severity]
        if not now:
            found.tell("launch", "severity.gone", at, severity=severity)
        elif not before:
            whens = found.speech.listed([_rule(found.new, when) for when in now])
            found.tell("launch", "severity.new", at, severity=severity, when=whens)
        elif len(before) == len(now) == 1:
            say = (lambda when: _rule(found.old, when), lambda when: _rule(found.new, when))
            found.expression("launch", "severity.when", at, before[0], now[0], say, severity=severity)
        elif len(before) != len(now) or not all(map(found.alike, before, now)):
            was, is_ = (
                found.speech.listed([_rule(side, when) for when in whens])
                for side, whens in ((found.old, before), (found.new, now))
            )
            found.tell("launch", "severity.when", at, severity=severity, old=was, new=is_)


def _rule(side: Side, when: Expr | None) -> str:
    return side.when(when) if when is not None else side.speech("otherwise")


# --- time


def _compare_clocks(found: Comparison, old: Mapping[str, Clock], new: Mapping[str, Clock]) -> None:
    at = found.new.plan.at
    for name, clock in old.items():
        if name not in new:
            found.tell(_of_clock(clock), "clock.gone", at, name=name, law=clock.law)
        else:
            _compare_clock(found, at, clock, new[name])
    for name, clock in new.items():
        if name not in old:
            length = found.speech.length(clock.limit)
            starts = found.new.expression(clock.starts)
            found.tell(_of_clock(clock), "clock.new", at, name=name, limit=length, law=clock.law, starts=starts)


def _of_clock(*versions: Clock) -> Matter:
    return "law" if any(one.kind == "fixed" for one in versions) else "time"


def _compare_clock(found: Comparison, at: str, old: Clock, new: Clock) -> None:
    name, matter = new.name, _of_clock(old, new)
    found.length(matter, "clock.limit", CLOCKS, old.limit, new.limit, "no_limit", name=name)
    if old.kind != new.kind:
        found.tell(matter, f"clock.{new.kind}", CLOCKS, name=name)
    found.expression(matter, "clock.starts", at, old.starts, new.starts, name=name)
    found.condition(matter, "clock.when", at, old.when, new.when, name=name)
    found.expression(matter, "clock.not_due", at, old.not_due, new.not_due, name=name)
    found.value(matter, "clock.law", CLOCKS, old.law, new.law, name=name)
    grounds = found.speech.listed
    found.value(matter, "clock.may_pause", CLOCKS, old.may_pause, new.may_pause, grounds, name=name)
    if old.after_pause != new.after_pause:
        found.tell(matter, f"clock.after_pause.{new.after_pause.split()[-1]}", CLOCKS, name=name)


def _compare_updates(found: Comparison, old: Updates | None, new: Updates | None) -> None:
    at = found.new.plan.at
    if old is None and new is None:
        return
    if new is None and old is not None:
        found.tell("told", "updates.gone", at, who=found.speech.listed(found.old.audience(old.to)))
    elif old is None and new is not None:
        who = found.speech.listed(found.new.audience(new.to))
        every = found.speech.listed(
            [f"{severity}: {found.speech.length(seconds)}" for severity, seconds in new.every.items()]
        )
        found.tell("told", "updates.new", at, who=who, every=every)
    elif old is not None and new is not None:
        _compare_both_updates(found, at, old, new)


def _compare_both_updates(found: Comparison, at: str, old: Updates, new: Updates) -> None:
    for severity in sorted({*old.every, *new.every}):
        found.length(
            "told", "updates.every", at, old.every.get(severity), new.every.get(severity), "never", severity=severity
        )
    what = found.speech("step.updates")
    steps.compare_audience(found, at, old.to, new.to, what)
    steps.compare_saying(found, what, at, old.say, new.say)


# --- review and who commands


def _compare_review(found: Comparison, old: Review | None, new: Review | None) -> None:
    at = found.new.plan.at
    if old is None and new is None:
        return
    if old is None and new is not None:
        found.tell("review", "review.new", at, who=found.new.who(new.owner), count=str(len(new.tasks)))
    elif new is None and old is not None:
        found.tell("review", "review.gone", at)
    elif old is not None and new is not None:
        if old.owner != new.owner:
            found.tell("review", "review.owner", at, old=found.old.who(old.owner), new=found.new.who(new.owner))
        for severity in sorted({*old.meeting_within, *new.meeting_within}):
            before, now = old.meeting_within.get(severity), new.meeting_within.get(severity)
            steps.compare_span(found, "review", "review.meeting", at, before, now, severity=severity)
        _compare_tasks(found, old.tasks, new.tasks)


def _compare_tasks(found: Comparison, old: tuple[ReviewTask, ...], new: tuple[ReviewTask, ...]) -> None:
    """By their words; what is left over by its place, so that a task with new words is told as that."""
    left = list(old)
    pairs: list[tuple[ReviewTask | None, ReviewTask]] = []
    for task in new:
        same = next((one for one in left if found.old.text(one.words) == found.new.text(task.words)), None)
        if same is not None:
            left.remove(same)
        pairs.append((same, task))
    for number, (before, task) in enumerate(pairs):
        here = old[number] if number < len(old) else None
        if before is None and here is not None and here in left:
            left.remove(here)
            before = here
        if before is None:
            due = found.speech.span(task.due)
            words, who = found.new.text(task.words), found.new.who(task.assign)
            found.tell("review", "review.task.new", task.at, words=words, who=who, due=due)
        else:
            _compare_task(found, before, task)
    for task in left:
        found.tell_gone("review", "review.task.gone", task.at, words=found.old.text(task.words))


def _compare_task(found: Comparison, old: ReviewTask, new: ReviewTask) -> None:
    name = found.speech("quoted", words=found.new.text(new.words))
    if old.assign != new.assign:
        was, now = found.old.who(old.assign), found.new.who(new.assign)
        found.tell("review", "assign", new.at, step=name, old=was, new=now)
    steps.compare_due(found, "review", new.at, old.due, new.due, step=name, who=found.new.who(new.assign))
    found.condition("review", "step.when", new.at, old.when, new.when, step=name)
    was = found.speech("quoted", words=found.old.text(old.words))
    found.text("text.renamed" if was != name else "text.changed", new.at, old.words, new.words, old=was, step=name)


def _compare_commander(found: Comparison, old: Plan, new: Plan) -> None:
    before, now = old.commander, new.commander
    if before.source != now.source:
        was, is_ = found.old.who(before.source), found.new.who(now.source)
        found.tell("people", "commander.source", ORGANIZATION, old=was, new=is_)
    found.length("time", "commander.answers", ORGANIZATION, before.answers_within, now.answers_within, "never")
    if before.then != now.then:
        found.tell(
            "people", "commander.then", ORGANIZATION, old=found.old.whos(before.then), new=found.new.whos(now.then)
        )
