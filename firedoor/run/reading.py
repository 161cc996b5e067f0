"""Reads: questions to a system, each put once for each place that asks, and recorded."""

from __future__ import annotations

from typing import Any

from firedoor.plan.evaluate import Unread, Unworked, typed
from firedoor.plan.lists import Question, reference
from firedoor.protocol import ReadReport
from firedoor.run import batches, bounds, questions
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
    question = unread.question if isinstance(unread, Unworked) else None
    core.act(
        "read",
        path,
        number=number,
        site=read.site,
        read=read.call,
        argument=unread.argument,
        question=question,
        arguments=batches.surroundings(core, path) if question is not None and question.asks == "sift" else {},
        addition=addition,
    )


def ended(core: Core, act: Act, report: ReadReport | None, error: str | None) -> str | None:
    """Record the answer. Returns what is wrong, in words, when there is none."""
    if report is None:
        return error or "it was cancelled"
    if act.question is not None:
        _worked_out(core, act.question, report.value)
        return None
    read = core.plan.reads[act.read]
    wrong = mismatch(report.value, read.gives, listed=read.gives_list) or _too_large(core, report.value)
    if wrong is None:
        core.state.reads[read_key(act.path, act.site, act.addition)] = report.value
        core.changes += 1
    return wrong


def _worked_out(core: Core, question: Question, value: Any) -> None:
    """Keep the answer. What a step held before is not asked for again."""
    answers = core.state.worked_out
    if question.asks == "held":
        for old in [key for key in answers if key.startswith(f"held:{question.step}:")]:
            del answers[old]
    answers[question.key] = value
    core.changes += 1


def _too_large(core: Core, value: Any) -> str | None:
    found = bounds.size(value)
    if core.state.engine < 2 or found <= bounds.MOST_READ_BYTES:
        return None
    return f"the answer is {found // 1024} KiB, and a run carries {bounds.MOST_READ_BYTES // 1024}; ask for less"


def told(core: Core, act: Act, wrong: str | None) -> None:
    """Say on the timeline how it went; a read that is missing is asked about."""
    if wrong is None:
        if act.question is None:
            core.row("read.answered", f"{act.read} has answered", step=act.path or None, id=act.id)
    else:
        asked = act.read if act.question is None else "what a long list holds"
        core.row("read.failed", f"{asked} did not answer: {wrong}", step=act.path or None, id=act.id)
        questions.about_read(core, act.path, asked, wrong, act.addition)


_JSON: dict[str, type | tuple[type, ...]] = {"number": (int, float), "yes_no": bool, "duration": (int, float)}


def mismatch(value: Any, kind: str, *, listed: bool) -> str | None:
    """Why an answer is not what the book says that the read gives; None when it is."""
    if listed and reference(value) is not None:
        return None
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
