"""The clocks of a plan in words: the limit and its law, what starts and meets it, the worst case, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from firedoor.compiler.clocks import ClockRow
from firedoor.compiler.proofs.clocks import Shown, clocks
from firedoor.compiler.proofs.reaching import Flow
from firedoor.compiler.proofs.situations import Situations
from firedoor.compiler.proofs.worst import Worst
from firedoor.explain.prose import Item, Section
from firedoor.explain.reader import Reader, capital, ended, listed
from firedoor.plan import Clock, Plan
from firedoor.plan.expression import Given
from firedoor.plan.time import spelt_out


def shown(plan: Plan, worst: Worst) -> list[Shown]:
    """What the compiler shows of each clock of the plan."""
    return clocks(plan, Situations(plan), Flow(plan), worst)


def glance(reader: Reader, worst: Worst) -> Iterator[str]:
    """A line for each clock."""
    found = shown(reader.plan, worst)
    if not found:
        return
    for one in found:
        yield f"{one.clock.name}: {hours(one.clock.limit)}; {verdict(one)}."


def section(reader: Reader, worst: Worst, rows: Mapping[str, ClockRow]) -> Section:
    items = tuple(_item(reader, one, rows.get(one.clock.name)) for one in shown(reader.plan, worst))
    says = ("The worst case counts every step on the way at its longest, and each question as answered in time.",)
    return Section(heading="Time limits", says=says if items else (), items=items)


def _item(reader: Reader, one: Shown, row: ClockRow | None) -> Item:
    clock = one.clock
    number = f"set by {clock.law}" if clock.kind == "fixed" else f"our own target ({clock.law})"
    says = [f"{capital(hours(clock.limit))}, {number}.", *_cited(row), _starts(reader, clock)]
    meets = [step.path for step in reader.plan.by_path.values() if clock.name in step.meets]
    says.append(_met_by(reader, meets))
    if clock.not_due is not None:
        says.append(f"It is no longer owed if {reader.condition(clock.not_due)}.")
    if clock.may_pause:
        says.append(
            "The commander may pause it, only on these grounds of the law: "
            f"{listed((f'“{ground}”' for ground in clock.may_pause), 'or')}; when it goes on it has "
            + ("all of its time again." if clock.after_pause == "anew" else "what was left.")
        )
    says += _worst(reader, one)
    if row is not None and row.then:
        says.append(ended(f"Owed besides: {'; '.join(row.then)}"))
    return Item(head=f"{clock.name}:", says=tuple(says))


def _cited(row: ClockRow | None) -> Iterator[str]:
    """What the law says, where it can be read, and when counsel last looked at it."""
    if row is None:
        return
    if row.wording:
        yield f"Its wording: “{row.wording}”."
    if row.source:
        yield f"It can be read at {listed(row.source)}."
    if row.checked:
        yield f"Counsel last looked at it on {row.checked}."


def _met_by(reader: Reader, meets: list[str]) -> str:
    if not meets:
        return "No step meets it."
    each = ", in a loop for each of them" if any(reader.in_loop(path) for path in meets) else ""
    held = any(reader.plan.by_path[path].verb in ("parallel", "group", "for_each") for path in meets)
    whole = ", with all in it that is needed" if held else ""
    return f"It is met when {'one of ' if len(meets) > 1 else ''}{reader.steps(meets)} succeeds{each}{whole}."


def _starts(reader: Reader, clock: Clock) -> str:
    only = f", if {reader.condition(clock.when)}" if clock.when is not None else ""
    if isinstance(clock.when, Given) and clock.when.of == clock.starts:
        only = ", if that was given"
    return f"It runs from {reader.value(clock.starts)}{only}."


def verdict(one: Shown) -> str:
    match one.verdict:
        case "in time":
            return f"met with {hours(one.margin)} to spare at worst"
        case "late":
            return f"at worst {hours(-one.margin)} too {'late' if one.clock.kind == 'fixed' else 'long'}"
        case "unmet":
            return "it can start and be met by no step"
        case _:
            return "not shown to be met in time"


def _worst(reader: Reader, one: Shown) -> Iterator[str]:
    if one.verdict == "unmet":
        yield "It can start, and then be met by no step."
        return
    if one.verdict == "not shown" or one.at is None:
        yield f"It is not shown that it is met in time: {_plain(one.why)}."
        return
    since = f"after {reader.step(one.since)}" if one.since is not None else "after the launch"
    takes = hours(round(one.longest.seconds))
    yield f"At worst it is met {takes} {since}, by {reader.step(one.at.path)}."
    if one.margin < 0:
        yield f"That is {hours(-one.margin)} too {'late' if one.clock.kind == 'fixed' else 'long for that target'}."
    elif one.since is None:
        yield f"That leaves {hours(one.margin)} for launching late."
    else:
        yield f"That leaves {hours(one.margin)}."


def _plain(why: str) -> str:
    """A reason of the proof's without the author's keys."""
    return why.replace("`due`", "due date").replace("`at_most`", "longest time")


def hours(seconds: int) -> str:
    """As laws count: 72 hours, not 3 days."""
    return spelt_out(seconds, hours=True)
