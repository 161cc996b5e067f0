"""What is different between the document that a person saw and the one there is now."""

from __future__ import annotations

import json
from typing import Any

_SKIPPED = ("incident", "plan", "ask", "step", "kind", "choices")


def between(seen: str | None, now: str) -> tuple[str, ...]:
    """In words, one for each thing that changed; nothing where what was seen is not known any more."""
    if seen is None:
        return ()
    before, after = json.loads(seen), json.loads(now)
    return tuple(
        _told(name.replace("_", " "), before.get(name), after.get(name))
        for name in after
        if name not in _SKIPPED and before.get(name) != after.get(name)
    )


def _told(name: str, before: Any, after: Any) -> str:
    if isinstance(before, list) and isinstance(after, list):
        new = [item for item in after if item not in before]
        gone = [item for item in before if item not in after]
        parts = [f"{len(new)} new: {_some(new)}"] if new else []
        parts += [f"{len(gone)} gone: {_some(gone)}"] if gone else []
        return f"{name}: " + ("; ".join(parts) or "in another order")
    return f"{name} was {_short(before)}, and is {_short(after)}"


def _some(items: list[Any]) -> str:
    return ", ".join(_short(item) for item in items[:3]) + (" …" if len(items) > 3 else "")


def _short(value: Any) -> str:
    if isinstance(value, dict):  # a seat, or an act with its targets
        named = value.get("who") or value.get("action")
        targets = value.get("targets")
        if named:
            return f"{named} on {len(targets)}" if isinstance(targets, list) else str(named)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
