"""Plans by hand, one small piece for each verb, so that a test of a run shows the plan that it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from firedoor.plan import (
    Action,
    Approve,
    Audience,
    Clock,
    Commander,
    Consequence,
    Contain,
    Expr,
    ForEach,
    Group,
    Input,
    Notify,
    Parallel,
    Plan,
    Prose,
    ReadAction,
    Seat,
    SeverityRule,
    Span,
    Step,
    Task,
    Text,
    Undo,
    Wait,
    Who,
)
from firedoor.plan.expression import InputValue, Item, Read, RunField

COMMANDER = Who(kind="commander")
CRT = Who(kind="on_shift", name="crt")
POLICY = Who(kind="team", name="policy")
LEGAL = Who(kind="team", name="legal")

ASK = Consequence(kind="ask", asks=COMMANDER, may_continue=True)
GO_ON = Consequence(kind="continue")
LEAVE = Consequence(kind="leave")
STOP = Consequence(kind="stop")
UNDO_ALL = Consequence(kind="undo_all")

ACCOUNTS = InputValue(name="accounts", type="account", listed=True)
AWARE = RunField(field="aware_at")

ACTIONS = {
    "lock": Action(
        name="lock", does="locks it", target="account", connector="memory", call="lock", undo="unlock", retries_for=10
    ),
    "hide": Action(
        name="hide", does="hides it", target="account", connector="memory", call="hide", undo="show", retries_for=10
    ),
    "freeze": Action(
        name="freeze",
        does="freezes it",
        target="account",
        connector="memory",
        call="freeze",
        undo="thaw",
        requires=(Seat(who=POLICY),),
        retries_for=10,
    ),
}
READS = {
    "is_calm": ReadAction(name="is_calm", gives="yes_no", connector="memory", call="is_calm"),
    "copies": ReadAction(name="copies", gives="account", gives_list=True, connector="memory", call="copies"),
    "owner_of": ReadAction(
        name="owner_of", takes=(("account", False),), gives="account", connector="memory", call="owner_of"
    ),
    "is_public": ReadAction(
        name="is_public", takes=(("account", False),), gives="yes_no", connector="memory", call="is_public"
    ),
}


def text(words: str) -> Text:
    return Text(by_language={"*": Prose(of=(words,))})


def notify(**more: Any) -> Notify:
    given: dict[str, Any] = {"audience": (Audience(who=CRT),), "say": text("It has begun"), **more}
    return Notify(path="", at="plan:1", **given)


def approve(*needs: Who, **more: Any) -> Approve:
    given: dict[str, Any] = {
        "question": text("Keep them locked?"),
        "deadline": 3600,
        "on_reject": UNDO_ALL,
        "on_timeout": ASK,
        **more,
    }
    return Approve(path="", at="plan:2", needs=tuple(Seat(who=who) for who in needs or (POLICY,)), **given)


def contain(action: str = "lock", targets: Expr | None = ACCOUNTS, **more: Any) -> Contain:
    return Contain(path="", at="plan:3", action=action, targets=targets, **more)


def undo(step: str, **more: Any) -> Undo:
    return Undo(path="", at="plan:4", step=step, **more)


def task(**more: Any) -> Task:
    given: dict[str, Any] = {"words": text("Verify who owns it"), "assign": CRT, **more}
    return Task(path="", at="plan:5", **given)


def wait(**more: Any) -> Wait:
    return Wait(path="", at="plan:6", **more)


def parallel(*steps: Step, **more: Any) -> Parallel:
    return Parallel(path="", at="plan:7", name=text("at the same time"), steps=steps, **more)


def group(*steps: Step, **more: Any) -> Group:
    return Group(path="", at="plan:8", name=text("together"), steps=steps, **more)


def for_each(items: Expr, *steps: Step, **more: Any) -> ForEach:
    return ForEach(path="", at="plan:9", item="one", items=items, steps=steps, **more)


def item(loop: str) -> Item:
    return Item(loop=loop, type="account")


def clock(name: str, seconds: int, starts: Expr = AWARE, **more: Any) -> Clock:
    return Clock(name=name, kind=more.pop("kind", "fixed"), limit=seconds, law="Art. 33", starts=starts, **more)


def plan(*steps: Step, **more: Any) -> Plan:
    """A playbook of these steps, each at its path: "0", "1", "1.0" …"""
    given: dict[str, Any] = {
        "playbook": "takeover",
        "version": "1",
        "owner": "crt",
        "title": text("Takeover"),
        "use_when": "",
        "at": "takeover.yaml:1",
        "languages": ("en",),
        "zones": {"emea": "Europe/Dublin"},
        "inputs": (Input(name="accounts", type="account", listed=True, at_least=1),),
        "severity": (SeverityRule(severity="sev2"),),
        "commander": Commander(source=CRT, answers_within=600, then=(Who(kind="manager", name="crt"),)),
        "actions": ACTIONS,
        "reads": READS,
        **more,
    }
    return Plan(steps=placed(steps), **given)


def placed(steps: Sequence[Step], beside: str = "") -> tuple[Step, ...]:
    found: list[Step] = []
    for number, step in enumerate(steps):
        path = f"{beside}.{number}" if beside else str(number)
        changes: dict[str, Any] = {"path": path}
        if step.verb in ("parallel", "group", "for_each"):
            changes["steps"] = placed(step.steps, path)
        found.append(step.model_copy(update=changes))
    return tuple(found)


def due(hours: float) -> Span:
    return Span(seconds=int(hours * 3600))


def read_of(name: str) -> Read:
    """The answer of a read that gives accounts."""
    return Read(call=name, site=name, type="account", listed=True)
