"""How bad it is: the worst rule that holds. It rises by itself; only a person lowers it, and only one of Policy."""

from __future__ import annotations

from firedoor.plan import Expr, paths
from firedoor.plan.evaluate import Unread, Unworked
from firedoor.plan.model import Severity
from firedoor.run import questions, reading
from firedoor.run.core import Core, NoRound

URGENCY: dict[str, int] = {"sev1": 4, "sev2": 3, "sev3": 2, "sev4": 1}
LOWERED_BY = "policy"
"""The team that may lower it (LANGUAGE: "only Policy lowers it")."""


def by_rules(core: Core) -> Severity | None:
    """The worst severity whose condition holds; `otherwise` always does."""
    found: list[Severity] = []
    for rule in core.plan.severity:
        try:
            if rule.when is None or core.value(rule.when, "") is True:
                found.append(rule.severity)
        except Unworked as unworked:
            reading.request(core, "", unworked)
        except (Unread, NoRound):
            continue
    return max(found, key=lambda severity: URGENCY[severity], default=None)


def watch(core: Core) -> None:
    """Raise it when the inputs say so now. Once a person has set it, only by more than the rules said then."""
    found, state = by_rules(core), core.state
    known = state.severity_ruled
    news = known is None or (found is not None and URGENCY[found] > URGENCY[known])
    if found is not None and news and URGENCY[found] > URGENCY[state.severity]:
        set_(core, found, by_person=False)


def set_(core: Core, severity: Severity, *, by_person: bool) -> None:
    """Steps that are over and would apply now are offered to the commander."""
    before = core.state.severity
    core.state.severity = severity
    core.state.severity_changes += 1
    if by_person:
        core.state.severity_set = True
        core.state.severity_ruled = by_rules(core)
    core.changes += 1
    if URGENCY[severity] > URGENCY[core.state.highest]:
        core.state.highest = severity
    if before != severity:
        words, number = f"Severity is {severity}, was {before}", core.state.severity_changes
        core.row("run.severity", words, to=severity, was=before, number=number)
    if core.state.intent == "respond" and core.state.ended is None:
        _offer(core)


def _offer(core: Core) -> None:
    for path, state in list(core.state.steps.items()):
        step = core.step(path)
        left = any(paths.within(path, scope) for scope in core.state.left)
        if state.status == "not_needed" and step.when is not None and not left and _applies(core, step.when, path):
            questions.about_severity(core, path)


def _applies(core: Core, when: Expr, path: str) -> bool:
    try:
        return core.value(when, path) is True
    except (Unread, NoRound):
        return False
