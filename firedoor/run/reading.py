"""Reads: questions to a system, each put once for each place that asks, and recorded."""

from __future__ import annotations

from typing import Any

from firedoor.plan.evaluate import Unread, typed
from firedoor.protocol import ReadReport
from firedoor.run import bounds, questions
from firedoor.run.core import Core, read_key
from firedoor.run.state import Act


def request(core: Core, path: str, unread: Unread) -> None:
    """Ask for the read, unless it is under way or a question about its failure is open."""
    read = unread.read
    addition = core.adding.number if core.adding else None
    acts = [act for act in core.acts_of(path) if act.kind == "read" and act.addition == addition]
    asked = any(ask.why == "read" and ask.addition == addition for ask in core.asks_of(path))
    if asked or any(act.site == read.site for act in acts):
        return
    core.state.asked += 1
    number = f"{read.site}#{core.state.asked}"
    core.act("read", path, number=number, site=read.site, read=read.call, argument=unread.argument, addition=addition)


def ended(core: Core, act: Act, report: ReadReport | None, error: str | None) -> str | None:
    """Record the answer. Returns what is wrong, in words, when there is none."""
    read = core.plan.reads[act.read]
    if report is None:
        return error or "it was cancelled"
    wrong = mismatch(report.value, read.gives, listed=read.gives_list) or _too_large(core, report.value)
    if wrong is None:
        core.state.reads[read_key(act.path, act.site, act.addition)] = report.value
        core.changes += 1
    return wrong


def _too_large(core: Core, value: Any) -> str | None:
    found = bounds.size(value)
    if core.state.engine < 2 or found <= bounds.MOST_READ_BYTES:
        return None
    return f"the answer is {found // 1024} KiB, and a run carries {bounds.MOST_READ_BYTES // 1024}; ask for less"


def told(core: Core, act: Act, wrong: str | None) -> None:
    """Say on the timeline how it went; a read that is missing is asked about."""
    if wrong is None:
        core.row("read.answered", f"{act.read} has answered", step=act.path or None, id=act.id)
    else:
        core.row("read.failed", f"{act.read} did not answer: {wrong}", step=act.path or None, id=act.id)
        questions.about_read(core, act.path, act.read, wrong, act.addition)


_JSON: dict[str, type | tuple[type, ...]] = {"number": (int, float), "yes_no": bool, "duration": (int, float)}


def mismatch(value: Any, kind: str, *, listed: bool) -> str | None:
    """Why an answer is not what the book says that the read gives; None when it is."""
    items = value if listed else [value]
    if listed and not isinstance(value, list):
        return f"the answer is {type(value).__name__}, not a list"
    for item in items:
        if isinstance(item, bool) and kind != "yes_no":
            return f"the answer holds yes or no, not a {kind}"
        if not isinstance(item, _JSON.get(kind, str)):
            return f"the answer holds {type(item).__name__}, not a {kind}"
        try:
            typed(item, kind)
        except ValueError:
            return f"the answer holds text that is no {kind}"
    return None
