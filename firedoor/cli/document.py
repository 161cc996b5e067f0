"""A document as it is shown to whoever signs it: what is asked, what a yes and a no and a silence lead to, and its hash."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from firedoor.cli.screen import drill, heading, left, line, seen, severity
from firedoor.plan.lists import reference
from firedoor.web.messages import InboxLine, Shown


def picture(ask: InboxLine, shown: Shown) -> Group:
    """The document in words."""
    said = json.loads(shown.text)
    parts: list[RenderableType] = [
        Text.assemble(severity(ask.severity), " ", (seen(said.get("question")), "bold"), drill(shown.drill)),
        line((f"{ask.incident}, {ask.title}", "dim")),
    ]
    if said.get("severity", ask.severity) != ask.severity:
        parts.append(line(f"It was asked at {said['severity']}; the incident is {ask.severity} now."))
    parts += [line("  ", (f"{name.replace('_', ' ')}: ", "bold"), _value(value)) for name, value in _shown(said)]
    unlocks = said.get("unlocks") or []
    if unlocks:
        parts.append(heading("If it is approved"))
        parts += [line("  ", _act(act)) for act in unlocks]
    if said.get("kind") == "approval" and not unlocks:
        parts.append(line("  It unlocks no act; the run goes on."))
    if shown.refused:
        parts.append(line(f"If it is refused: {shown.refused}."))
    if ask.facts:
        parts.append(heading("Facts that were asked for"))
        parts += [line("  ", seen(fact)) for fact in ask.facts]
    if ask.deadline or ask.silence:
        silence = f"If nobody answers: {ask.silence}. " if ask.silence else ""
        parts.append(Text.assemble(seen(silence), left(ask.deadline)))
    parts.append(line((f"Document {shown.document}", "dim")))
    return Group(*parts)


def _shown(said: dict[str, Any]) -> list[tuple[str, Any]]:
    found = list((said.get("shown") or {}).items())
    if said.get("added"):
        found.append(("added", said["added"]))
    found += [(name, said[name]) for name in ("targets", "why", "proof", "done_by", "status") if said.get(name)]
    if said.get("seats"):
        found.append(("seats", [f"{seat['seats']} of {seat['who']}" for seat in said["seats"]]))
    return found


def _act(act: dict[str, Any]) -> str:
    targets = act.get("targets")
    if targets is None:
        most = f", at most {act['at_most']}" if act.get("at_most") is not None else ""
        on = f" on what {act.get('read') or 'is found later'} finds{most}"
    elif targets == [""]:
        on = ""
    else:
        on = f" on {_value(targets)}"
    arguments = ", ".join(f"{name}: {_value(value)}" for name, value in (act.get("arguments") or {}).items())
    return f"{act.get('action')}{on}" + (f" ({arguments})" if arguments else "")


def _value(value: Any) -> str:
    match value:
        case None:
            return "not given"
        case bool():
            return "yes" if value else "no"
        case list():
            more = f" and {len(value) - 10} more" if len(value) > 10 else ""
            return ", ".join(_value(one) for one in value[:10]) + more
        case dict() if (ref := reference(value)) is not None:
            return f"{ref.count} of list {ref.digest[:12]}: {ref}"
        case _:
            return str(value)
