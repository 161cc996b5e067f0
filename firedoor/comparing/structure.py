"""Steps that came, went, and moved."""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.comparing import signing
from firedoor.comparing.alignment import children, out_of_order
from firedoor.comparing.change import Matter
from firedoor.comparing.comparison import Comparison, when_suffix
from firedoor.comparing.speech import Side
from firedoor.plan import Plan, Step, paths
from firedoor.plan.model import walk

_MATTERS: dict[str, Matter] = {"approve": "signs", "notify": "told", "undo": "undo", "wait": "time"}
_BRANCHING = ("parallel", "group", "for_each")


def compare_structure(found: Comparison) -> None:
    for step in found.steps.removed:
        _tell_removed(found, step)
    for step in found.steps.added:
        _tell_added(found, step)
    _tell_moved(found)


def _matter(step: Step) -> Matter:
    return _MATTERS.get(step.verb, "acts")


# --- came and went


def _tell_added(found: Comparison, step: Step) -> None:
    side, speech = found.new, found.speech
    holes = {"step": side.step(step), "when": when_suffix(side, step)}
    match step.verb:
        case "contain":
            targets = side.expression(step.targets) if step.targets is not None else speech("everything")
            approvals = signing.covering(side.plan, step)
            names = [speech("approval.by", approval=side.step(one), who=side.seats(one)) for one in approvals]
            key = "added.contain.signed" if names else "added.contain.unsigned"
            found.tell("acts", key, step.at, targets=targets, approval=speech.listed(names), **holes)
        case "approve":
            found.tell(
                "signs",
                "added.approve",
                step.at,
                who=side.seats(step),
                length=speech.length(step.deadline),
                no=side.follows("plain", step.on_reject),
                silence=side.follows("plain", step.on_timeout),
                **holes,
            )
        case "notify":
            who = speech.listed(side.audience(step.audience))
            found.tell("told", "added.notify", step.at, who=who, what=side.said(step.say), when=holes["when"])
        case "task":
            key = "added.task.due" if step.due is not None else "added.task"
            due = speech.span(step.due) if step.due is not None else ""
            found.tell("acts", key, step.at, who=side.who(step.assign), due=due, **holes)
        case "parallel" | "group" | "for_each":
            _tell_container(found, side, step, f"around.{step.verb}", f"added.{step.verb}", holes)
        case _:
            found.tell(_matter(step), "added.step", step.at, **holes)


def _tell_removed(found: Comparison, step: Step) -> None:
    side = found.old
    name, when = side.step(step), when_suffix(side, step)
    match step.verb:
        case "approve":
            found.tell_gone("signs", "removed.approve", step.at, step=name, who=side.seats(step))
        case "notify":
            who = found.speech.listed(side.audience(step.audience))
            found.tell_gone("told", "removed.notify", step.at, who=who, what=side.said(step.say))
        case "parallel" | "group" | "for_each":
            _tell_container(found, side, step, "around.gone", "removed.step", {"step": name, "when": when})
        case _:
            found.tell_gone(_matter(step), "removed.step", step.at, step=name, when=when)


def _tell_container(found: Comparison, side: Side, step: Step, around: str, alone: str, holes: dict[str, str]) -> None:
    """A group around steps that there are in both versions, or one that came or went with all that is in it."""
    partners = found.steps.old_of if side is found.new else found.steps.new_of
    kept = [side.step(child) for child in _inside(step) if child.path in partners]
    tell = found.tell if side is found.new else found.tell_gone
    if kept:
        tell("acts", around, step.at, **{**holes, "steps": found.speech.listed(kept)})
    else:
        tell("acts", alone, step.at, **holes)


def _inside(step: Step) -> Iterator[Step]:
    return (child for child in walk(children(step)) if child.verb not in _BRANCHING)


# --- moved


def _tell_moved(found: Comparison) -> None:
    for new_parent in ("", *(new.path for _, new in found.steps.pairs if new.verb in _BRANCHING)):
        partner = found.steps.old_of.get(new_parent)
        old_parent = partner.path if partner is not None else ""
        now = _flat(found.new.plan, new_parent, found.steps.old_of)
        before = _flat(found.old.plan, old_parent, found.steps.new_of)
        _tell_order(found, new_parent, before, now)


def _flat(plan: Plan, parent: str, partners: dict[str, Step]) -> list[Step]:
    """The steps directly inside, those of a group that is in one version only in the group's place."""
    flat: list[Step] = []
    for step in children(plan.by_path[parent]) if parent else plan.steps:
        if step.path not in partners and step.verb in _BRANCHING:
            flat += _flat(plan, step.path, partners)
        else:
            flat.append(step)
    return flat


def _tell_order(found: Comparison, parent: str, before: list[Step], now: list[Step]) -> None:
    places = {step.path: number for number, step in enumerate(before)}
    stayed: list[Step] = []
    for step in now:
        old = found.steps.old_of.get(step.path)
        if old is None:
            continue
        if old.path in places:
            stayed.append(step)
        else:
            above = found.old.parent(_matched_parent(found, old))
            into = found.new.parent(parent)
            found.tell(_matter(step), "moved.from", step.at, step=found.new.step(step), new=into, old=above)
    if parent and found.new.plan.by_path[parent].verb == "parallel":
        return
    numbers = [places[found.steps.old_of[step.path].path] for step in stayed]
    moved = out_of_order(numbers)
    for index, step in enumerate(stayed):
        if numbers[index] in moved:
            after = stayed[index - 1] if index else None
            _tell_place(found, step, after)


def _tell_place(found: Comparison, step: Step, after: Step | None) -> None:
    name = found.new.step(step)
    if after is None:
        found.tell(_matter(step), "moved.first", step.at, step=name)
    else:
        found.tell(_matter(step), "moved.after", step.at, step=name, after=found.new.step(after))


def _matched_parent(found: Comparison, old: Step) -> str:
    """The nearest group around the old step that there is in both versions; "" at the top."""
    above = paths.parent(old.path)
    while above and above not in found.steps.new_of:
        above = paths.parent(above)
    return above
