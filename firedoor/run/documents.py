"""What a person is shown and signs: canonical JSON of the question, the acts that it unlocks, and the severity.

The hash of this text is in the signature. If the text changes while it waits, what was signed is void.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from firedoor.plan import Approve, Step, paths
from firedoor.plan.evaluate import Unread, Unworked, plain, value_of
from firedoor.plan.expression import Expr, Item
from firedoor.plan.lists import reference
from firedoor.plan.references import reads_in
from firedoor.run.core import Core, NoRound
from firedoor.run.state import Ask, SeatState


def hash_of(document: str) -> str:
    """SHA-256 of the document's UTF-8 bytes, in hex."""
    return hashlib.sha256(document.encode()).hexdigest()


def canonical(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def of_approval(core: Core, step: Approve, path: str, ask: str, seats: list[SeatState], added: list[str] | None) -> str:
    """`added`: the targets of an addition, where the approval is about them alone."""
    return canonical(
        {
            **_head(core, ask, path, "approval", core.name(path)),
            "shown": {label: _shown(core, expr, path) for label, expr in step.show},
            "seats": [{"who": str(seat.who), "seats": seat.seats} for seat in seats],
            "unlocks": [_unlocked(core, unlocked, path, added) for unlocked in step.unlocks],
            "added": added,
            "choices": ["approve", "reject", "need_fact"],
        }
    )


def targets_of(document: str) -> list[str]:
    """The targets that a document of an approval names; those of long lists are not named."""
    found = [act["targets"] for act in json.loads(document)["unlocks"]]
    named = [targets for targets in found if isinstance(targets, list)]
    return list(dict.fromkeys(str(target) for targets in named for target in targets if target))


def shows_long_list(document: str) -> bool:
    """Whether an act that it unlocks is on a long list, which it shows by reference."""
    return any(reference(act["targets"]) is not None for act in json.loads(document)["unlocks"])


def of_question(core: Core, ask: Ask) -> str:
    return canonical(
        {
            **_head(core, ask.id, ask.step, ask.kind, ask.words),
            "why": ask.why,
            "targets": ask.targets,
            "choices": ask.choices,
            "proof": ask.proof,
            **_round(core, ask),
        }
    )


def _round(core: Core, ask: Ask) -> dict[str, Any]:
    """Which items a task in a loop is about, by the loop: so that its answer stands for no other round."""
    if ask.kind != "task":
        return {}
    known = core.known(ask.step)
    items = {loop: plain(known.item(loop)) for loop, _ in paths.rounds(ask.step)}
    return {"round": items} if items else {}


def _head(core: Core, ask: str, path: str, kind: str, question: str) -> dict[str, Any]:
    return {
        "incident": core.state.incident,
        "plan": core.plan.digest,
        "ask": ask,
        "step": path,
        "kind": kind,
        "question": question,
        "severity": core.state.severity,
    }


def _shown(core: Core, expr: Expr, path: str) -> Any:
    try:
        return plain(core.value(expr, path))
    except Unworked:
        raise
    except (Unread, NoRound):
        return None


def _unlocked(core: Core, static: str, path: str, added: list[str] | None) -> dict[str, Any]:
    """An act in scope: with its targets where they are known, else the read that will find them and its maximum."""
    step = core.plan.by_path[static]
    act: dict[str, Any] = {
        "step": static,
        "action": step.action if step.verb == "contain" else step.verb,
        "targets": None,
        "read": None,
        "at_most": None,
        "arguments": {},
    }
    if step.verb != "contain":
        return act
    act["arguments"] = {name: _shown(core, expr, path) for name, expr in step.arguments.items()}
    if step.targets is None:
        act["targets"] = [""]
    else:
        _find(core, step, step.targets, path, act)
    if added is not None and act["targets"] is not None:
        found = reference(act["targets"]) or act["targets"]
        act["targets"] = plain(core.beyond(paths.in_run(static, path), found))
    return act


def _find(core: Core, step: Step, targets: Expr, path: str, act: dict[str, Any]) -> None:
    source, bound = targets, getattr(step, "ask_above", None)
    if isinstance(source, Item) and all(loop != source.loop for loop, _ in paths.rounds(path)):
        loop = core.plan.by_path[source.loop]
        if loop.verb == "for_each":
            source, bound = loop.items, loop.ask_above if loop.ask_above is not None else bound
    beside = paths.in_run(step.path, path)
    try:
        value = plain(value_of(source, core.known(beside)))
    except Unworked:
        raise
    except (Unread, NoRound):
        act["read"] = next((read.call for read in reads_in(source)), "later")
        act["at_most"] = bound
    else:
        listed = isinstance(value, list) or reference(value) is not None
        act["targets"] = value if listed else [] if value is None else [value]
        act["at_most"] = bound
