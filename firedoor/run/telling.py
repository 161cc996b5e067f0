"""Steps in words, for the timeline, the asks and the views. Sensitive values are withheld: these words go everywhere."""

from __future__ import annotations

from firedoor.plan import Plan, Step, Text, paths
from firedoor.plan.evaluate import Known, Unread, render
from firedoor.plan.references import sensitivities


def plainly(plan: Plan, text: Text, known: Known) -> str:
    """A text in the organization's first language, with what is sensitive or not known yet left out."""
    prose = text.in_language(plan.languages[0], plan.languages)
    try:
        return render(prose, known, lambda part: bool(sensitivities(plan, part)))
    except (Unread, LookupError):
        return "".join(part if isinstance(part, str) else "…" for part in prose.of)


def name(plan: Plan, step: Step, path: str, known: Known) -> str:
    """What people call the step; in a loop, with the number of its round."""
    numbers = ".".join(str(number + 1) for _, number in paths.rounds(path))
    return words(plan, step, known) + (f" ({numbers})" if numbers else "")


def words(plan: Plan, step: Step, known: Known) -> str:
    match step.verb:
        case "contain":
            return step.action
        case "undo":
            undone = plan.by_path[step.step]
            return f"undo {undone.id or undone.path}"
        case "approve":
            return f"approval “{plainly(plan, step.question, known)}”"
        case "task":
            return f"task “{plainly(plan, step.words, known)}”"
        case "notify":
            return "notify " + ", ".join(str(a.who) if a.who else "the holder" for a in step.audience)
        case "wait":
            return f"wait{f' {step.id}' if step.id else ''}"
        case "for_each":
            return f"for each {step.item}"
        case _:
            return plainly(plan, step.name, known)
