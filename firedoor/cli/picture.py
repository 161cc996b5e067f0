"""An incident as a picture: what comes next, who is waited for, the clocks, what is contained, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from firedoor.cli.finding import spelt
from firedoor.cli.screen import drill, heading, left, line, moment, seen, severity, table
from firedoor.plan import paths
from firedoor.protocol import AskView, ReviewView, Row, StepView, View
from firedoor.web import naming
from firedoor.web.messages import InboxLine

STATE_STYLE: Final = {
    "done": "green",
    "approved": "green",
    "acting": "bold cyan",
    "asking": "bold yellow",
    "failed": "bold red",
    "rejected": "red",
    "unanswered": "red",
    "waiting": "dim",
    "skipped": "dim",
    "stopped": "dim",
    "not_needed": "dim",
}
_MARK: Final = {
    "done": "✓",
    "approved": "✓",
    "acting": "▶",
    "asking": "?",
    "failed": "✗",
    "rejected": "✗",
    "unanswered": "✗",
    "waiting": "·",
}


def whole(view: View, *, rows: int = 12, steps: bool = True, now: datetime | None = None) -> Group:
    """The picture. `rows`: how many of the latest lines of the timeline."""
    at = now or datetime.now(UTC)
    parts: list[RenderableType] = [*_head(view)]
    parts += _asks(view, at)
    parts += _clocks(view, at)
    parts += _holds(view, at)
    if steps:
        parts += [heading("Steps"), *(_step(step) for step in _needed(view.steps))]
    if rows and view.rows:
        parts += [heading("Latest"), *(row_line(row) for row in view.rows[-rows:])]
    return Group(*parts)


def _head(view: View) -> Iterator[RenderableType]:
    paused = ("  PAUSED", "bold yellow") if view.paused else ""
    ended = f", {view.ended}" if view.ended else ""
    yield Text.assemble(
        severity(view.severity),
        " ",
        (seen(view.title), "bold"),
        drill(view.drill),
        paused,
        "  ",
        (view.incident, "dim"),
    )
    yield line(
        f"{view.playbook} {view.version}, {view.phase}{ended}. Launched by {view.launcher} at "
        f"{moment(view.launched_at)}, {view.region}."
    )
    yield line(("In command: ", "bold"), _command(view))
    yield line(("Next: ", "bold"), (view.next_act, "cyan"))


def _command(view: View) -> str:
    """Who commands now, and who may as well: after a handover that is the whole ladder, else what stands above."""
    people = ", ".join(view.commanders) or view.commander or "nobody"
    by = "by handover" if view.commander else view.ladder[0] if view.ladder else ""
    also = view.ladder if view.commander else view.ladder[1:]
    return people + (f" ({by})" if by else "") + (f"; may command as well: {', '.join(also)}" if also else "")


def _asks(view: View, now: datetime) -> Iterator[RenderableType]:
    if not view.asks:
        return
    yield heading("Waiting for")
    lines = [InboxLine.of(view, ask) for ask in view.asks]
    for ask, asked in zip(view.asks, lines, strict=True):
        yield Text.assemble(
            "  ",
            (", ".join(seen(who) for who in ask.to), "bold yellow"),
            ": ",
            seen(ask.words),
            "  ",
            left(ask.deadline, now),
        )
        yield line(("      " + " · ".join(_about(ask, naming.shortest(asked, lines))), "dim"))


def _about(ask: AskView, name: str) -> Iterator[str]:
    yield name
    yield "/".join(spelt(choice) for choice in ask.choices)
    for seat in ask.seats:
        if seat.signed_by:
            yield f"{seat.who}: signed by {', '.join(seat.signed_by)}"
    if ask.proof:
        yield f"needs a {ask.proof}"
    if ask.silence:
        yield f"silence: {ask.silence}"
    yield from ask.facts
    if ask.reached is False:
        yield "nobody was reached"
    if ask.late:
        yield "late, and still counts"


def _clocks(view: View, now: datetime) -> Iterator[RenderableType]:
    if not view.clocks:
        return
    yield heading("Clocks")
    for clock in view.clocks:
        state = (
            left(clock.due_at, now) if clock.state == "running" else Text(clock.state, style=_clock_style(clock.state))
        )
        due = f"  {clock.ground}" if clock.state == "paused" else f"  due {moment(clock.due_at)}"
        yield Text.assemble(
            "  ",
            (seen(clock.name), "bold"),
            "  ",
            state,
            seen(due),
            (f"  {seen(clock.law)}", "dim"),
        )


def _clock_style(state: str) -> str:
    return {"met": "green", "not_due": "dim", "paused": "yellow"}.get(state, "bold red")


def _holds(view: View, now: datetime) -> Iterator[RenderableType]:
    held = [hold for hold in view.holds if hold.state not in ("undone", "failed", "refused")]
    if not held:
        return
    yield heading(f"Contained: {len(held)}")
    for hold in held[:20]:
        until = Text.assemble("  ", left(hold.until, now)) if hold.until else Text("")
        yield Text.assemble("  ", (seen(hold.target) or "it", "bold"), f"  {seen(hold.action)}, {hold.state}", until)
    if len(held) > 20:
        yield line((f"  and {len(held) - 20} more", "dim"))


def _needed(steps: Iterable[StepView]) -> Iterator[StepView]:
    """Without those that do not apply, and what stands inside them."""
    left_out: list[str] = []
    for step in steps:
        if any(paths.within(step.path, path) for path in left_out):
            continue
        if step.state == "not_needed":
            left_out.append(step.path)
            continue
        yield step


def _step(step: StepView) -> Text:
    state = step.state.partition(",")[0]
    style = STATE_STYLE.get(state, "")
    name = f" ({naming.called(step)})" if step.id else ""
    detail = f", {step.detail}" if step.detail else ""
    return line(
        "  " + "  " * step.depth,
        (f"{_MARK.get(state, '-')} ", style),
        f"{step.words}{name}",
        (f"  {step.state.replace('_', ' ')}{detail}", style or "dim"),
    )


def row_line(row: Row) -> Text:
    signed = ("  signed", "dim") if row.signed else ""
    return line((f"  {moment(row.at)}  ", "dim"), row.words, signed)


def review(view: ReviewView, now: datetime | None = None) -> Group:
    at = now or datetime.now(UTC)
    rows = table("Task", "What", "Who", "Due", "State")
    for item in view.items:
        state = item.state + (f" by {item.verified_by or item.done_by}" if item.done_by else "")
        due = left(item.due_at, at) if item.state == "open" else Text("")
        rows.add_row(item.id, seen(item.words), seen(item.assign), due, state)
    return Group(heading("Review" + (", closed" if view.closed else "")), rows)
