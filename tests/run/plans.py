"""Plans by hand: steps without places, which `plan` puts in order. "#id" stands for a step's path anywhere inside."""

from __future__ import annotations

import re
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
    Review,
    Seat,
    SeverityRule,
    Span,
    Step,
    Task,
    Text,
    Undo,
    Updates,
    Wait,
    Who,
)
from firedoor.plan.expression import (
    Compare,
    Const,
    Given,
    InputValue,
    Item,
    Not,
    Outcome,
    Read,
    RunField,
    SeverityNow,
    StepField,
    StepIs,
    ValueType,
)

MINUTE = 60
HOUR = 3600
DAY = 86_400

COMMANDER = Who(kind="commander")


def who(name: str) -> Who:
    """ "policy", "policy.on_shift", "policy.manager", "region.manager", "commander", "launcher", "@person"."""
    head, _, tail = name.partition(".")
    match (head, tail):
        case ("commander", _) | ("launcher", _) | ("users", _):
            return Who.model_validate({"kind": head})
        case ("region", "manager"):
            return Who(kind="region_manager")
        case (_, "on_shift") | (_, "manager"):
            return Who.model_validate({"kind": tail, "name": head})
        case _ if head.startswith("@"):
            return Who(kind="person", name=head[1:])
        case _:
            return Who(kind="team", name=head)


def text(words: str | Prose) -> Text:
    return Text(by_language={"*": Prose(of=(words,)) if isinstance(words, str) else words})


# --- what a consequence says: "continue", "leave", "stop", "undo all", "undo #lock", "ask commander" ------------------


def then(words: str, *, may_continue: bool = False) -> Consequence:
    verb, _, rest = words.partition(" ")
    match (verb, rest):
        case ("undo", "all"):
            return Consequence(kind="undo_all")
        case ("undo", _):
            return Consequence(kind="undo", step=rest or None)
        case ("ask", _):
            return Consequence(kind="ask", asks=who(rest), may_continue=may_continue)
        case _:
            return Consequence.model_validate({"kind": verb})


# --- expressions ------------------------------------------------------------------------------------------------------


def given(name: str, kind: ValueType = "account", *, listed: bool = True) -> InputValue:
    return InputValue(name=name, type=kind, listed=listed)


def yes(name: str) -> InputValue:
    return InputValue(name=name, type="yes_no")


def is_(step: str, outcome: Outcome) -> StepIs:
    return StepIs(step=step, outcome=outcome)


def held(step: str) -> StepField:
    return StepField(step=step, field="held")


def item(loop: str) -> Item:
    return Item(loop=loop, type="account")


def read(
    call: str, site: str, argument: Expr | None = None, *, listed: bool = False, kind: ValueType = "number"
) -> Read:
    return Read(call=call, site=site, argument=argument, type=kind, listed=listed)


def below(left: Expr, number: float) -> Compare:
    return Compare(sign="<", left=left, right=Const(value=number, type="number"))


def at_sev1() -> Compare:
    return Compare(sign="==", left=SeverityNow(), right=Const(value="sev1", type="severity"))


def not_(of: Expr) -> Not:
    return Not(of=of)


def is_given(name: str, kind: ValueType = "text") -> Given:
    return Given(of=InputValue(name=name, type=kind))


AWARE_AT = RunField(field="aware_at")


# --- steps ------------------------------------------------------------------------------------------------------------

NOWHERE: dict[str, Any] = {"path": "", "at": ""}


def _common(
    name: str | None, when: Expr | None, meets: str | tuple[str, ...], on_failure: str | Consequence | None
) -> dict[str, Any]:
    clocks = (meets,) if isinstance(meets, str) else meets
    common: dict[str, Any] = {**NOWHERE, "id": name, "when": when, "meets": tuple(name for name in clocks if name)}
    if on_failure is not None:
        common["on_failure"] = then(on_failure) if isinstance(on_failure, str) else on_failure
    return common


def notify(
    to: str = "crt.on_shift",
    say: str | Prose = "Look at this.",
    *,
    name: str | None = None,
    when: Expr | None = None,
    meets: str | tuple[str, ...] = (),
    on_failure: str | Consequence | None = None,
    of: Expr | None = None,
) -> Notify:
    audience = Audience(of=of) if of is not None else Audience(who=who(to))
    return Notify(**_common(name, when, meets, on_failure), audience=(audience,), say=text(say))


def seat(name: str, seats: int = 1, when: Expr | None = None) -> Seat:
    return Seat(who=who(name), seats=seats, when=when)


def approve(
    question: str = "May it be done?",
    *needs: str | Seat,
    name: str | None = None,
    when: Expr | None = None,
    meets: str | tuple[str, ...] = (),
    deadline: int = HOUR,
    escalate: int | None = None,
    on_reject: str | Consequence = "ask commander",
    on_timeout: str | Consequence = "ask commander",
    unlocks: tuple[str, ...] = (),
    show: tuple[tuple[str, Expr], ...] = (),
    not_by: tuple[str, ...] = (),
) -> Approve:
    return Approve(
        **_common(name, when, meets, None),
        question=text(question),
        needs=tuple(seat(need) if isinstance(need, str) else need for need in needs or ("policy",)),
        not_by=tuple(who(name) for name in not_by),
        show=show,
        deadline=deadline,
        escalate=escalate,
        on_reject=then(on_reject) if isinstance(on_reject, str) else on_reject,
        on_timeout=then(on_timeout) if isinstance(on_timeout, str) else on_timeout,
        unlocks=unlocks,
    )


def contain(
    action: str = "lock_account",
    targets: Expr | None = None,
    *,
    name: str | None = None,
    when: Expr | None = None,
    meets: str | tuple[str, ...] = (),
    on_failure: str | Consequence | None = None,
    expires: int | None = None,
    on_expiry: str | Consequence | None = None,
    ask_above: int | None = None,
    arguments: dict[str, Expr] | None = None,
) -> Contain:
    return Contain(
        **_common(name, when, meets, on_failure),
        action=action,
        targets=targets,
        arguments=arguments or {},
        expires=expires,
        on_expiry=then(on_expiry) if isinstance(on_expiry, str) else on_expiry,
        ask_above=ask_above,
    )


def lock(name: str | None = "lock", **options: Any) -> Contain:
    """Lock the accounts that the launch names."""
    return contain("lock_account", given("accounts"), name=name, **options)


def undo(
    step: str = "#lock",
    targets: Expr | None = None,
    *,
    name: str | None = None,
    when: Expr | None = None,
    meets: str | tuple[str, ...] = (),
    on_failure: str | Consequence | None = None,
) -> Undo:
    return Undo(**_common(name, when, meets, on_failure), step=step, targets=targets)


def task(
    words: str | Prose = "Look into it",
    assign: str = "crt.on_shift",
    *,
    name: str | None = None,
    when: Expr | None = None,
    meets: str | tuple[str, ...] = (),
    due: int | Span | None = None,
    on_timeout: str | Consequence | None = None,
    proof: str | None = None,
) -> Task:
    return Task(
        **_common(name, when, meets, None),
        words=text(words),
        assign=who(assign),
        due=Span(seconds=due) if isinstance(due, int) else due,
        on_timeout=then(on_timeout) if isinstance(on_timeout, str) else on_timeout,
        proof=proof,
    )


def wait(
    duration: int | None = None,
    *,
    until: Expr | None = None,
    name: str | None = None,
    when: Expr | None = None,
    meets: str | tuple[str, ...] = (),
    held_for: int = 0,
    check_every: int = MINUTE,
    at_most: int | None = None,
    on_timeout: str | Consequence | None = None,
) -> Wait:
    return Wait(
        **_common(name, when, meets, None),
        duration=duration,
        until=until,
        held_for=held_for,
        check_every=check_every,
        at_most=at_most,
        on_timeout=then(on_timeout) if isinstance(on_timeout, str) else on_timeout,
    )


def parallel(
    *steps: Step, name: str | None = None, when: Expr | None = None, meets: str | tuple[str, ...] = ()
) -> Parallel:
    return Parallel(**_common(name, when, meets, None), name=text("At once"), steps=steps)


def group(*steps: Step, name: str | None = None, when: Expr | None = None, meets: str | tuple[str, ...] = ()) -> Group:
    return Group(**_common(name, when, meets, None), name=text("In order"), steps=steps)


def for_each(
    items: Expr,
    *steps: Step,
    name: str | None = "loop",
    when: Expr | None = None,
    at_once: int = 1,
    ask_above: int | None = None,
    on_failure: str | Consequence | None = None,
    meets: str | tuple[str, ...] = (),
) -> ForEach:
    common = _common(name, when, meets, on_failure)
    return ForEach(**common, item="one", items=items, steps=steps, at_once=at_once, ask_above=ask_above)


# --- the plan ---------------------------------------------------------------------------------------------------------

ACTIONS = {
    "lock_account": Action(
        name="lock_account", does="Lock.", target="account", connector="memory", call="lock", undo="unlock"
    ),
    "remove": Action(name="remove", does="Hide.", target="content", connector="memory", call="hide", undo="show"),
    "freeze": Action(
        name="freeze",
        does="Freeze posting.",
        connector="memory",
        call="freeze",
        undo="lift",
        requires=(Seat(who=Who(kind="team", name="policy")), Seat(who=Who(kind="team", name="legal"))),
    ),
    "disclose": Action(
        name="disclose",
        does="Disclose.",
        target="account",
        connector="memory",
        call="disclose",
        irreversible=True,
        requires=(Seat(who=Who(kind="team", name="legal")),),
    ),
}

READS = {
    "count_of": ReadAction(name="count_of", gives="number", connector="memory", call="count"),
    "matches_of": ReadAction(
        name="matches_of",
        takes=(("account", True),),
        gives="account",
        gives_list=True,
        connector="memory",
        call="matches",
    ),
}

INPUTS = (
    Input(name="accounts", type="account", listed=True),
    Input(name="office", type="yes_no", default=False),
    Input(name="serious", type="yes_no", optional=True),
    Input(name="order_at", type="date_time", optional=True),
    Input(name="note", type="text", optional=True, sensitive="personal"),
)

SEVERITY = (
    SeverityRule(severity="sev1", when=yes("office")),
    SeverityRule(severity="sev2"),
)


def clock(
    name: str = "law",
    limit: int = 4 * HOUR,
    starts: Expr = AWARE_AT,
    *,
    when: Expr | None = None,
    not_due: Expr | None = None,
    fixed: bool = True,
    may_pause: tuple[str, ...] = (),
    after_pause: str = "the rest",
) -> Clock:
    kind = "fixed" if fixed else "standard"
    return Clock.model_validate(
        {
            "name": name,
            "kind": kind,
            "limit": limit,
            "law": "Some Act, Article 1",
            "starts": starts,
            "when": when,
            "not_due": not_due,
            "may_pause": may_pause,
            "after_pause": after_pause,
        }
    )


def plan(
    *steps: Step,
    inputs: tuple[Input, ...] = INPUTS,
    severity: tuple[SeverityRule, ...] = SEVERITY,
    clocks: tuple[Clock, ...] = (),
    updates: Updates | None = None,
    review: Review | None = None,
    actions: dict[str, Action] = ACTIONS,
    reads: dict[str, ReadAction] = READS,
    answers_within: int = 5 * MINUTE,
) -> Plan:
    """A plan of these steps, each put in its place, with every "#id" replaced by the path of that step."""
    placed = tuple(_place(step, str(number)) for number, step in enumerate(steps))
    draft = Plan(
        playbook="by-hand",
        version="1",
        owner="crt",
        title=text("By hand"),
        use_when="In a test.",
        at="by-hand.yaml:1",
        languages=("en",),
        zones={"emea": "Europe/Dublin"},
        inputs=inputs,
        severity=severity,
        clocks=clocks,
        updates=updates,
        steps=placed,
        review=review,
        commander=Commander(
            source=who("crt.on_shift"),
            answers_within=answers_within,
            then=(who("crt.manager"), who("region.manager")),
        ),
        actions=actions,
        reads=reads,
    )
    ids = {name: step.path for name, step in draft.by_id.items()}
    return Plan.model_validate(_resolved(draft.model_dump(mode="json"), ids))


def _place(step: Step, path: str) -> Step:
    update: dict[str, Any] = {"path": path, "at": f"by-hand.yaml:{path}"}
    if step.verb in ("parallel", "group", "for_each"):
        update["steps"] = tuple(_place(child, f"{path}.{number}") for number, child in enumerate(step.steps))
    return step.model_copy(update=update)


def _resolved(data: Any, ids: dict[str, str]) -> Any:
    match data:
        case dict():
            return {key: _resolved(value, ids) for key, value in data.items()}
        case list():
            return [_resolved(value, ids) for value in data]
        case str() if re.fullmatch("#[a-z0-9_]+", data):
            return ids[data[1:]]
        case _:
            return data
