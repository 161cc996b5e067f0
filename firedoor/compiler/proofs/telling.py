"""Steps in words, for a proof's counter-example."""

from __future__ import annotations

from firedoor.plan.steps import Consequence, Step
from firedoor.plan.text import Text


def words(text: Text) -> str:
    """The text as its author wrote it, its holes left open."""
    prose = text.in_language("*", ("en",))
    return "".join(part if isinstance(part, str) else "…" for part in prose.of)


def described(step: Step) -> str:
    """The verb and what it says: `approve “Stand down”`, `contain lock_account`."""
    match step.verb:
        case "approve":
            return f"approve “{words(step.question)}”"
        case "task":
            return f"task “{words(step.words)}”"
        case "contain":
            return f"contain {step.action}"
        case "notify":
            return "notify " + ", ".join(str(one.who) if one.who is not None else "…" for one in step.audience)
        case "undo":
            return f"undo “{step.id}”" if step.id is not None else "undo"
        case "parallel" | "group":
            return f"{step.verb} “{words(step.name)}”"
        case "for_each":
            return f"for_each {step.item}"
        case _:
            return step.verb


def says(found: Consequence | None, *, may_leave: bool = False) -> str:
    """What a consequence leads to. `may_leave`: who is asked may leave out what follows."""
    if found is None or found.kind == "continue":
        return "it goes on"
    match found.kind:
        case "ask" if may_leave:
            return f"{found.asks} is asked, and may leave out what follows here"
        case "ask":
            return f"{found.asks} is asked, which counts as going on"
        case "undo":
            return "that is undone, and it goes on"
        case "undo_all":
            return "all is undone, and the response ends"
        case "leave":
            return "what follows here is left out"
        case _:
            return "the response ends"
