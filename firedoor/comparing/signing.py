"""Who signs, and for what: seats of approvals, what actions require, and which acts stand behind which approval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from firedoor.comparing.change import Matter
from firedoor.comparing.comparison import Comparison
from firedoor.comparing.speech import Side
from firedoor.compiler.scope import approved_by
from firedoor.plan import Approve, Plan, Seat, Step, Who
from firedoor.plan.model import walk


def compare_coverage(found: Comparison) -> None:
    """For each step that there is in both versions: the approvals without which it cannot happen."""
    before, now = _covering(found.old.plan), _covering(found.new.plan)
    for old, new in found.steps.pairs:
        lost = [one for one in before[old.path] if not _still(found, one, now[new.path])]
        gained = [one for one in now[new.path] if found.steps.old_of.get(one.path) not in before[old.path]]
        if lost or gained:
            _tell_coverage(found, new, lost, gained)


def _still(found: Comparison, approval: Approve, covering: Sequence[Approve]) -> bool:
    return found.steps.new_of.get(approval.path) in covering


def _tell_coverage(found: Comparison, step: Step, lost: Sequence[Approve], gained: Sequence[Approve]) -> None:
    name = found.new.step(step)
    was, now = _approvals(found.old, lost), _approvals(found.new, gained)
    if not gained:
        matter: Matter = "signs" if step.verb == "undo" else "unsigned"
        found.tell(matter, "unsigned.approval", step.at, step=name, approval=was)
    elif not lost:
        found.tell("signs", "signs.approval", step.at, step=name, approval=now)
    else:
        matter = "unsigned" if _signers(lost) - _signers(gained) else "signs"
        found.tell(matter, "signs.instead", step.at, step=name, new=now, old=was)


def _approvals(side: Side, approvals: Sequence[Approve]) -> str:
    return side.speech.listed(
        [side.speech("approval.by", approval=side.step(one), who=side.seats(one)) for one in approvals]
    )


def _signers(approvals: Sequence[Approve]) -> set[str]:
    return {str(seat.who) for one in approvals for seat in one.needs}


def covering(plan: Plan, step: Step) -> list[Approve]:
    return _covering(plan)[step.path]


def _covering(plan: Plan) -> dict[str, list[Approve]]:
    """An act stands behind what the run enforces; a notice and a task behind what conditions ask."""
    covered: dict[str, list[Approve]] = defaultdict(list)
    for step in walk(plan.steps):
        if step.verb == "approve":
            for path in dict.fromkeys(step.unlocks):
                covered[path].append(step)
        elif step.verb in ("notify", "task"):
            covered[step.path] = _approved_around(plan, step.path)
    return covered


def _approved_around(plan: Plan, path: str) -> list[Approve]:
    """The approvals that are approved wherever the step happens, by its condition and those around it."""
    found: dict[str, Approve] = {}
    while path:
        for name in sorted(approved_by(plan.by_path[path].when)):
            step = plan.by_path[name]
            if step.verb == "approve":
                found[name] = step
        path = path.rpartition(".")[0]
    return list(found.values())


def compare_seats(
    found: Comparison, subject: str, at: str | None, old: Sequence[Seat], new: Sequence[Seat], *, guards: bool
) -> None:
    """`guards`: whether an act stands behind these signatures, so that one less lets it through."""
    less: Matter = "unsigned" if guards else "signs"
    before, now = _by_who(old), _by_who(new)
    for who in dict.fromkeys([*before, *now]):
        mine, theirs = before.get(who, []), now.get(who, [])
        if mine and theirs:
            _compare_same(found, subject, at, (mine, theirs), less)
        elif mine:
            found.tell(less, "seat.gone", at, who=found.old.who(who), step=subject)
        else:
            count = sum(seat.seats for seat in theirs)
            key = "seat.new" if count == 1 else "seat.new.several"
            when = _suffix(found.new, theirs)
            found.tell("signs", key, at, who=found.new.who(who), step=subject, count=str(count), when=when)


def _suffix(side: Side, seats: Sequence[Seat]) -> str:
    whens = [side.expression(seat.when) for seat in seats if seat.when is not None]
    return side.speech("suffix.when", condition=side.speech.listed(whens)) if whens else ""


def _compare_same(
    found: Comparison, subject: str, at: str | None, seats: tuple[list[Seat], list[Seat]], less: Matter
) -> None:
    old, new = seats
    who = found.new.who(new[0].who)
    if len(old) == len(new) == 1:
        before, now = old[0], new[0]
        matter = less if now.seats < before.seats else "signs"
        found.value(matter, "seat.count", at, before.seats, now.seats, str, who=who, step=subject)
        matter = less if now.when is not None else "signs"
        found.condition(matter, "seat.when", at, before.when, now.when, who=who, step=subject)
        return
    gone = [one for one in old if not any(_seat_alike(found, one, other) for other in new)]
    more = [one for one in new if not any(_seat_alike(found, other, one) for other in old)]
    if gone or more or len(old) != len(new):
        now_said, was_said = (_spelt(side, one) for side, one in ((found.new, new), (found.old, old)))
        matter = less if gone or len(new) < len(old) else "signs"
        found.tell(matter, "seat.split", at, who=who, step=subject, new=now_said, old=was_said)


def _seat_alike(found: Comparison, old: Seat, new: Seat) -> bool:
    return old.seats == new.seats and found.alike(old.when, new.when)


def _spelt(side: Side, seats: Sequence[Seat]) -> str:
    return side.speech.listed([f"{seat.seats} {side.when(seat.when)}" for seat in seats])


def _by_who(seats: Sequence[Seat]) -> dict[Who, list[Seat]]:
    found: dict[Who, list[Seat]] = defaultdict(list)
    for seat in seats:
        found[seat.who].append(seat)
    return found
