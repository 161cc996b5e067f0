"""By what right something is let go, as tables: what the playbook or a signed word says, and no run's word."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from firedoor.people.past import Past
from firedoor.people.signatures import SigningKey
from firedoor.people.warrants import Unwarranted, check_release
from firedoor.plan import (
    Consequence,
    Contain,
    Expr,
    ForEach,
    Group,
    Parallel,
    Plan,
    Seat,
    Span,
    Step,
    Task,
    Undo,
    Wait,
    Who,
)
from firedoor.plan.expression import (
    And,
    Compare,
    Const,
    Given,
    InputValue,
    Item,
    Not,
    Read,
    SeverityNow,
    StepField,
    StepIs,
)
from firedoor.protocol import Answer, Decision, ReleaseOrder, Signed, Warrant
from tests.people.test_warrants import (
    ACCOUNTS,
    KEY,
    KEYS,
    LEGAL,
    LOCK,
    MALLORY,
    NOW,
    PLAN,
    POLICY,
    approve,
    document,
    launch,
    text,
)
from tests.people.test_warrants import command as command_on_plan
from tests.people.test_warrants import decide as decide_on_plan

SOON = NOW + timedelta(minutes=1)
SOON_AFTER = NOW + timedelta(minutes=21)
"""A minute after it was signed for."""
LATER = NOW + timedelta(days=14)
UNDO_ALL = Consequence(kind="undo_all")


def lock(path: str = "0", **more: Any) -> Contain:
    return Contain(path=path, at="x.yaml:1", action="lock_account", targets=ACCOUNTS, **more)


def plan(*steps: Step) -> Plan:
    made = PLAN.model_copy(update={"steps": steps})
    return Plan.model_validate(made.model_dump(exclude_none=True))


LASTING = plan(lock())
UNDONE = plan(lock(), Undo(path="1", at="x.yaml:2", step="0"))
EXTRA = InputValue(name="extra", type="account")
PARTLY = plan(lock(), Undo(path="1", at="x.yaml:2", step="0", targets=EXTRA))
APPROVED = plan(lock(), approve("1", (Seat(who=POLICY),), ("2",)), Undo(path="2", at="x.yaml:3", step="0"))
REJECTED = plan(
    lock(), approve("1", (Seat(who=POLICY), Seat(who=LEGAL)), ()).model_copy(update={"on_reject": UNDO_ALL})
)
STEP_REJECTED = plan(
    lock(), approve("1", (Seat(who=POLICY),), ()).model_copy(update={"on_reject": Consequence(kind="undo", step="0")})
)
SILENT = plan(lock(), approve("1", (Seat(who=POLICY),), ()).model_copy(update={"on_timeout": UNDO_ALL}))
OVERDUE = plan(
    lock(),
    Task(path="1", at="x", words=text("?"), assign=POLICY, due=Span(seconds=7200), on_timeout=UNDO_ALL),
)
LEASED = plan(lock(expires=7200, on_expiry=Consequence(kind="undo")))
ASKED = plan(lock(expires=7200, on_expiry=Consequence(kind="ask", asks=Who(kind="team", name="legal"))))
FAILING = plan(lock(), lock("1").model_copy(update={"on_failure": Consequence(kind="undo", step="0")}))
ADDING = plan(lock(), approve("1", (Seat(who=POLICY),), ()))
CRT = Who(kind="on_shift", name="crt")
IDENTITY = StepIs(step="1.0", outcome="done")
ONE = Item(loop="1", type="account")


def flagship(identity: Step, undo: Undo) -> Plan:
    """As playbooks/high-profile-takeover.yaml ends: each account goes when somebody has verified its owner."""
    held = StepField(step="0", field="held")
    return plan(lock(), ForEach(path="1", at="x", item="account", items=held, steps=(identity, undo)))


VERIFY = Task(path="1.0", at="x", words=text("?"), assign=CRT)
FLAGSHIP = flagship(VERIFY, Undo(path="1.1", at="x", step="0", targets=ONE, when=IDENTITY))
UNCONDITIONAL = flagship(VERIFY, Undo(path="1.1", at="x", step="0", targets=ONE))
WHEN_FAILED = plan(lock(), Undo(path="1", at="x", step="0", when=StepIs(step="0", outcome="failed")))
WHEN_READ = plan(lock(), Undo(path="1", at="x", step="0", when=Read(call="is_calm", site="1", type="yes_no")))
WHEN_NOT_READ = plan(
    lock(), Undo(path="1", at="x", step="0", when=Not(of=Read(call="is_calm", site="1", type="yes_no")))
)
WHEN_NOT_DONE = plan(
    lock(),
    Task(path="1", at="x", words=text("?"), assign=CRT),
    Undo(path="2", at="x", step="0", when=Not(of=StepIs(step="1", outcome="done"))),
)
WHEN_GIVEN = plan(lock(), Undo(path="1", at="x", step="0", when=Given(of=EXTRA)))
AFTER_A_WAIT = plan(lock(), Wait(path="1", at="x", duration=7200), Undo(path="2", at="x", step="0"))
BUSINESS_DAYS = plan(
    lock(), Task(path="1", at="x", words=text("?"), assign=POLICY, due=Span(business_days=3), on_timeout=UNDO_ALL)
)


CALM = Read(call="is_calm", site="1", type="yes_no")
UNTIL_CALM = Wait(path="1", at="x", until=CALM)
TWO_HOURS = Wait(path="1", at="x", id="pause", duration=7200)
SIGNED = StepIs(step="2", outcome="approved")


def calm_then(*more: Step) -> Plan:
    """Lock, wait until it is calm, which no word shows, and what stands after that."""
    return plan(lock(), UNTIL_CALM, *more)


def stand_down(*unlocked: str, path: str = "2") -> Step:
    return approve(path, (Seat(who=POLICY),), unlocked)


def let_go(path: str, when: Expr | None = None, **more: Any) -> Undo:
    return Undo(path=path, at="x", id="loosen", step="0", when=when, **more)


CALM_ALONE = calm_then(let_go("2"))
CALM_THEN_SIGNED = calm_then(stand_down("3"), let_go("3"))
CALM_THEN_NAMED = calm_then(stand_down("3"), let_go("3", And(of=(SIGNED, Not(of=CALM)))))
CALM_IN_A_GROUP = plan(
    lock(),
    Group(
        path="1",
        at="x",
        name=text("?"),
        steps=(Wait(path="1.0", at="x", until=CALM), stand_down("2", path="1.1")),
    ),
    let_go("2"),
)
CALM_BESIDE = plan(
    lock(),
    Parallel(
        path="1",
        at="x",
        name=text("?"),
        steps=(Wait(path="1.0", at="x", until=CALM), stand_down("2", path="1.1")),
    ),
    let_go("2"),
)
SIGNED_THEN_CALM = plan(lock(), stand_down("3", path="1"), Wait(path="2", at="x", until=CALM), let_go("3"))
SIGNED_THEN_HOURS = plan(lock(), stand_down("3", path="1"), Wait(path="2", at="x", duration=7200), let_go("3"))
SIGNED_THEN_WORK = plan(
    lock(), stand_down("3", path="1"), Task(path="2", at="x", words=text("?"), assign=CRT), let_go("3")
)
OF_OTHERS = calm_then(stand_down(), stand_down("4", path="3"), let_go("4"))
CALM_THEN_WORK = calm_then(Task(path="2", at="x", words=text("?"), assign=CRT), let_go("3"))
CALM_THEN_PARTLY = calm_then(let_go("2", targets=EXTRA))
WAIT_IS_DONE = plan(lock(), TWO_HOURS, let_go("2", StepIs(step="1", outcome="done")))
CALM_IS_DONE = calm_then(let_go("2", StepIs(step="1", outcome="done")))
AT_SEV2 = Compare(sign="==", left=SeverityNow(), right=Const(value="sev2", type="severity"))
WHEN_SEV2 = plan(lock(), let_go("1", AT_SEV2))
SEV2_WHEN_GIVEN = plan(lock(), let_go("1", And(of=(AT_SEV2, Given(of=EXTRA)))))
WORK_AT_SEV1 = plan(lock(), Task(path="1", at="x", words=text("?"), assign=CRT, when=Not(of=AT_SEV2)), let_go("2"))
WORK_AT_SEV2 = plan(lock(), Task(path="1", at="x", words=text("?"), assign=CRT, when=AT_SEV2), let_go("2"))
WHEN_GIVEN_AND_SIGNED = calm_then(stand_down("3"), let_go("3", And(of=(SIGNED, Given(of=EXTRA)))))
WORK_WHEN_SIGNED = plan(
    lock(),
    stand_down(path="1").model_copy(update={"on_reject": Consequence(kind="continue")}),
    Task(path="2", at="x", words=text("?"), assign=CRT, when=StepIs(step="1", outcome="approved")),
    let_go("3"),
)
ASKED_TO_GO_ON = plan(
    lock(),
    Task(
        path="1",
        at="x",
        words=text("?"),
        assign=CRT,
        due=Span(seconds=7200),
        on_timeout=Consequence(kind="ask", asks=Who(kind="team", name="legal"), may_continue=True),
    ),
    let_go("2"),
)

TO_LEGAL = Consequence(kind="ask", asks=Who(kind="team", name="legal"))


def asked_first(path: str = "1", **ends: Consequence) -> Step:
    """An approval that unlocks nothing by itself, since more than a yes leads past it."""
    return approve(path, (Seat(who=POLICY),), ()).model_copy(update=ends)


def ends_with(on_reject: Consequence, on_timeout: Consequence) -> Plan:
    return plan(lock(), asked_first(on_reject=on_reject, on_timeout=on_timeout), let_go("2"))


def late(kind: Any) -> Plan:
    """Work that nobody does, which leads to this."""
    due, end = Span(seconds=7200), Consequence(kind=kind)
    return plan(lock(), Task(path="1", at="x", words=text("?"), assign=CRT, due=due, on_timeout=end), let_go("2"))


def waits_at_most(end: Consequence) -> Plan:
    return plan(lock(), Wait(path="1", at="x", until=CALM, at_most=7200, on_timeout=end), let_go("2"))


def no(of: Plan, path: str = "1", ordinal: str = "1", **changes: Any) -> Signed:
    return answer(of, f"approve:{path}:{ordinal}", "reject", "omar", "policy", **changes)


GOES_ON = Consequence(kind="continue")
LEAVES = Consequence(kind="leave")
STOPS = Consequence(kind="stop")
LEFT_AT_A_NO = ends_with(LEAVES, TO_LEGAL)
LEFT_AT_A_SILENCE = ends_with(GOES_ON, LEAVES)
STOPPED_AT_A_NO = ends_with(STOPS, GOES_ON)
ASKED_AT_A_NO = ends_with(TO_LEGAL, GOES_ON)
ASKED_AT_A_SILENCE = ends_with(GOES_ON, TO_LEGAL)
GROUP_LEFT_AT_A_SILENCE = plan(
    lock(),
    Group(
        path="1",
        at="x",
        name=text("?"),
        steps=(
            asked_first("1.0", on_reject=GOES_ON, on_timeout=LEAVES),
            Task(path="1.1", at="x", words=text("?"), assign=CRT),
        ),
    ),
    let_go("2"),
)
GROUP_LEFT_AT_A_NO = plan(
    lock(),
    Group(
        path="1",
        at="x",
        name=text("?"),
        steps=(
            asked_first("1.0", on_reject=LEAVES, on_timeout=TO_LEGAL),
            Task(path="1.1", at="x", words=text("?"), assign=CRT),
        ),
    ),
    let_go("2"),
)


def work(of: Plan, path: str) -> Decision:
    shown = {"incident": "inc-1", "ask": f"task:{path}:1", "step": path, "kind": "task"}
    held = ("crt", "crt.on_shift")
    return decide_on_plan(json.dumps(shown), "ana", *held, plan=of.digest, choice="done", issued=NOW)


def done(of: Plan, number: int, account: str, person: str = "ana", *held: str) -> Decision:
    path = f"1[{number}].0"
    shown = {"incident": "inc-1", "ask": f"task:{path}:1", "step": path, "kind": "task", "round": {"1": account}}
    return decide_on_plan(
        json.dumps(shown), person, *(held or ("crt", "crt.on_shift")), plan=of.digest, choice="done", issued=NOW
    )


IN_ROUNDS = plan(
    ForEach(
        path="0",
        at="x",
        item="account",
        items=ACCOUNTS,
        steps=(
            Contain(path="0.0", at="x", action="lock_account", targets=Item(loop="0", type="account")),
            approve("0.1", (Seat(who=POLICY),), ("0.2",)),
            Undo(path="0.2", at="x", step="0.0"),
        ),
    )
)


def order(
    of: Plan,
    *words: Signed,
    step: str = "0",
    targets: tuple[str, ...] | None = ("@a:x",),
    decisions: tuple[Decision, ...] = (),
    **more: Any,
) -> tuple[Plan, ReleaseOrder]:
    warrant = Warrant(launch=launch(plan=of.digest), commands=words, decisions=decisions)
    given = {"warrant": warrant, "targets": targets, **more}
    return of, ReleaseOrder(incident="inc-1", step=step, ordinal=1, action=LOCK, cause="x", **given)


def command(of: Plan, kind: Any, **changes: Any) -> Signed:
    return command_on_plan(kind, changes.pop("value", None), plan=of.digest, **changes)


def answer(of: Plan, ask: str, choice: str, person: str = "luis", *held: str, **changes: Any) -> Signed:
    data: dict[str, Any] = {
        "person": person,
        "incident": "inc-1",
        "plan": of.digest,
        "nonce": "a1",
        "issued": NOW,
        "expires": NOW + timedelta(minutes=5),
        "ask": ask,
        "document": "00" * 32,
        "choice": choice,
        "holds": held or ("crt", "crt.on_shift", "commander"),
    }
    key: SigningKey = changes.pop("key", KEY)
    return key.sign(Answer(**{**data, **changes}))


def signed_for(of: Plan, path: str, choice: str = "approve", undo: str = "2", **changes: Any) -> Decision:
    """Policy's answer, twenty minutes after the launch, about a document that shows this undo."""
    shown = {
        **json.loads(document("7", {"step": undo, "action": "undo"})),
        "plan": of.digest,
        "ask": f"approve:{path}:1",
        "step": path,
        **changes.pop("shown", {}),
    }
    return decide_on_plan(json.dumps(shown), "omar", "policy", plan=of.digest, choice=choice, **changes)


Case = Callable[[], tuple[Plan, ReleaseOrder]]

GIVEN: dict[str, tuple[Case, datetime]] = {
    "the commander undoes the step": (lambda: order(LASTING, command(LASTING, "undo", step="0")), SOON),
    "the commander undoes one target": (
        lambda: order(LASTING, command(LASTING, "undo", step="0", target=("@a:x",))),
        SOON,
    ),
    "the commander undoes everything": (lambda: order(LASTING, command(LASTING, "undo_all"), targets=None), SOON),
    "the next on the ladder does": (
        lambda: order(LASTING, command(LASTING, "undo_all", person="sam", holds=("crt.on_shift",))),
        SOON,
    ),
    "somebody to whom it was handed over does": (
        lambda: order(
            LASTING,
            command(LASTING, "hand_over", value="zoe"),
            command(LASTING, "undo_all", person="zoe", holds=("comms",)),
        ),
        SOON,
    ),
    "somebody who was asked to take over and has accepted does": (
        lambda: order(
            LASTING,
            command(LASTING, "offer", value="zoe"),
            answer(LASTING, "question::handover:3", "accept", "zoe", "comms"),
            command(LASTING, "undo_all", person="zoe", holds=("comms",)),
        ),
        SOON,
    ),
    "a question is answered with undo": (lambda: order(LASTING, answer(LASTING, "question:0:failure:1", "undo")), SOON),
    "the question at the end is answered with undo": (
        lambda: order(LASTING, answer(LASTING, "question::held:4", "undo")),
        SOON,
    ),
    "a question is answered with undo all": (
        lambda: order(LASTING, answer(LASTING, "question:7:read:1", "undo_all")),
        SOON,
    ),
    "an undo that failed is tried again": (
        lambda: order(LASTING, answer(LASTING, "question:0:undo_failed:2", "retry")),
        SOON,
    ),
    "the team that is asked about an expiry says undo": (
        lambda: order(ASKED, answer(ASKED, "question:0:expiry:1", "undo", "klara", "legal")),
        SOON,
    ),
    "an approval is rejected that undoes all": (
        lambda: order(REJECTED, answer(REJECTED, "approve:1:1", "reject", "omar", "policy")),
        SOON,
    ),
    "an approval is rejected that undoes the step": (
        lambda: order(STEP_REJECTED, answer(STEP_REJECTED, "approve:1:1", "reject", "omar", "policy")),
        SOON,
    ),
    "an approval of an addition is rejected": (
        lambda: order(
            ADDING,
            command(ADDING, "add", value={"accounts": ["@c:x"]}),
            answer(ADDING, "approve:1:1+1", "reject", "omar", "policy"),
            targets=("@c:x",),
        ),
        SOON,
    ),
    "an undo stands in the playbook": (lambda: order(UNDONE), SOON),
    "an undo stands behind an approval that was signed": (
        lambda: order(APPROVED, decisions=(signed_for(APPROVED, "1"),)),
        LATER,
    ),
    "an undo stands behind the approval of its round": (
        lambda: order(IN_ROUNDS, step="0[1].0", decisions=(signed_for(IN_ROUNDS, "0[1].1", undo="0.2"),)),
        LATER,
    ),
    "it was signed for after a wait for a condition": (
        lambda: order(CALM_THEN_SIGNED, decisions=(signed_for(CALM_THEN_SIGNED, "2", undo="3"),)),
        SOON_AFTER,
    ),
    "it was signed for, and its own condition cannot be shown": (
        lambda: order(CALM_THEN_NAMED, decisions=(signed_for(CALM_THEN_NAMED, "2", undo="3"),)),
        SOON_AFTER,
    ),
    "it was signed for in a group, after a wait for a condition": (
        lambda: order(CALM_IN_A_GROUP, decisions=(signed_for(CALM_IN_A_GROUP, "1.1"),)),
        SOON_AFTER,
    ),
    "it was signed for, and two hours have passed since": (
        lambda: order(SIGNED_THEN_HOURS, decisions=(signed_for(SIGNED_THEN_HOURS, "1", undo="3"),)),
        NOW + timedelta(minutes=20, seconds=7200),
    ),
    "it was signed for, and the work after that is done": (
        lambda: order(
            SIGNED_THEN_WORK,
            decisions=(signed_for(SIGNED_THEN_WORK, "1", undo="3"), work(SIGNED_THEN_WORK, "2")),
        ),
        SOON_AFTER,
    ),
    "it was signed for with what was given since": (
        lambda: order(
            WHEN_GIVEN_AND_SIGNED,
            command(WHEN_GIVEN_AND_SIGNED, "input", value={"extra": "@e:x"}),
            decisions=(signed_for(WHEN_GIVEN_AND_SIGNED, "2", undo="3"),),
        ),
        SOON_AFTER,
    ),
    "the commander tries the undo step again": (
        lambda: order(CALM_ALONE, command(CALM_ALONE, "retry", step="2")),
        SOON,
    ),
    "the commander tries it again by its id": (
        lambda: order(CALM_ALONE, command(CALM_ALONE, "retry", step="loosen")),
        SOON,
    ),
    "the question about the undo step is answered with trying again": (
        lambda: order(CALM_ALONE, answer(CALM_ALONE, "question:2:failure:1", "retry")),
        SOON,
    ),
    "a changed severity concerns the undo step, and the commander takes it up": (
        lambda: order(WHEN_READ, answer(WHEN_READ, "question:1:severity:1", "retry")),
        SOON,
    ),
    "a no that leads on": (lambda: order(ASKED_AT_A_SILENCE, no(ASKED_AT_A_SILENCE)), SOON),
    "a silence that leads on": (lambda: order(ASKED_AT_A_NO), LATER),
    "a silence that leads on, after a no that was asked about and asked again": (
        lambda: order(
            ASKED_AT_A_NO,
            no(ASKED_AT_A_NO),
            answer(ASKED_AT_A_NO, "question:1:reject:2", "again", "klara", "legal", issued=SOON),
        ),
        LATER,
    ),
    "whom the playbook asks about a no goes on": (
        lambda: order(
            ASKED_AT_A_NO,
            no(ASKED_AT_A_NO),
            answer(ASKED_AT_A_NO, "question:1:reject:2", "continue", "klara", "legal"),
        ),
        SOON,
    ),
    "a no has left the group before it": (lambda: order(GROUP_LEFT_AT_A_NO, no(GROUP_LEFT_AT_A_NO, "1.0")), SOON),
    "a silence has left the group before it": (lambda: order(GROUP_LEFT_AT_A_SILENCE), LATER),
    "a condition on a wait that is over": (lambda: order(WAIT_IS_DONE), NOW + timedelta(seconds=7200)),
    "a condition on the severity that a person has set": (
        lambda: order(WHEN_SEV2, command(WHEN_SEV2, "severity", value="sev2", person="omar", holds=("policy",))),
        SOON,
    ),
    "a severity that there was when the input was given": (
        lambda: order(
            SEV2_WHEN_GIVEN,
            command(SEV2_WHEN_GIVEN, "input", value={"extra": "@e:x"}, issued=SOON_AFTER),
            command(SEV2_WHEN_GIVEN, "severity", value="sev2", person="omar", holds=("policy",)),
            command(SEV2_WHEN_GIVEN, "severity", value="sev1", issued=LATER),
        ),
        LATER,
    ),
    "work before it that was not needed at the severity that there always was": (
        lambda: order(WORK_AT_SEV2),
        SOON,
    ),
    "an approval was refused, and the work after it was not needed": (
        lambda: order(WORK_WHEN_SIGNED, answer(WORK_WHEN_SIGNED, "approve:1:1", "reject", "omar", "policy")),
        SOON,
    ),
    "whom the playbook asks about a silence goes on": (
        lambda: order(ASKED_TO_GO_ON, answer(ASKED_TO_GO_ON, "question:1:timeout:1", "continue", "klara", "legal")),
        SOON,
    ),
    "an approval's time is over": (lambda: order(SILENT), NOW + timedelta(seconds=900)),
    "an approval was skipped": (lambda: order(SILENT, command(SILENT, "skip", step="1")), SOON),
    "a task's time is over": (lambda: order(OVERDUE), NOW + timedelta(seconds=7200)),
    "a lease is over": (lambda: order(LEASED), NOW + timedelta(seconds=7200)),
    "the owner of the account was verified": (
        lambda: order(FLAGSHIP, decisions=(done(FLAGSHIP, 0, "@a:x"),)),
        SOON,
    ),
    "it was, by somebody to whom the task was reassigned": (
        lambda: order(
            FLAGSHIP,
            command(FLAGSHIP, "reassign", value="zoe", step="1[0].0"),
            decisions=(done(FLAGSHIP, 0, "@a:x", "zoe", "comms"),),
        ),
        SOON,
    ),
    "it was, before an undo without a condition": (
        lambda: order(UNCONDITIONAL, decisions=(done(UNCONDITIONAL, 0, "@a:x"),)),
        SOON,
    ),
    "a condition on what was given since": (
        lambda: order(WHEN_GIVEN, command(WHEN_GIVEN, "input", value={"extra": "@e:x"})),
        SOON,
    ),
    "the commander answers for what cannot be shown": (
        lambda: order(WHEN_READ, answer(WHEN_READ, "question:0:undo_failed:2", "retry")),
        SOON,
    ),
    "a wait before it is over": (lambda: order(AFTER_A_WAIT), NOW + timedelta(seconds=7200)),
}


@pytest.mark.parametrize("case", GIVEN)
def test_what_may_be_let_go(case: str) -> None:
    make, now = GIVEN[case]
    check_release(*make(), KEYS, now)


def anchored(of: Plan, path: str, undo: str, **changes: Any) -> tuple[Plan, ReleaseOrder]:
    return order(of, decisions=(signed_for(of, path, undo=undo, **changes),))


NOT_GIVEN: dict[str, tuple[Case, datetime]] = {
    "nobody has said anything": (lambda: order(LASTING), LATER),
    "an order of a run from before words travelled with it": (lambda: order(REJECTED, targets=None), LATER),
    "another step is undone": (lambda: order(LASTING, command(LASTING, "undo", step="1")), LATER),
    "another target is undone": (
        lambda: order(LASTING, command(LASTING, "undo", step="0", target=("@b:x",))),
        LATER,
    ),
    "one target is undone, and the order is for all": (
        lambda: order(LASTING, command(LASTING, "undo", step="0", target=("@a:x",)), targets=None),
        LATER,
    ),
    "the commander stops": (lambda: order(LASTING, command(LASTING, "stop")), LATER),
    "somebody who does not command undoes it": (
        lambda: order(LASTING, command(LASTING, "undo_all", person="zoe", holds=("comms",))),
        LATER,
    ),
    "somebody hands it over to themselves": (
        lambda: order(
            LASTING,
            command(LASTING, "hand_over", value="zoe", person="zoe", holds=("comms",)),
            command(LASTING, "undo_all", person="zoe", holds=("comms",)),
        ),
        LATER,
    ),
    "somebody who was asked to take over and has not accepted undoes it": (
        lambda: order(
            LASTING,
            command(LASTING, "offer", value="zoe"),
            answer(LASTING, "question::handover:3", "decline", "zoe", "comms"),
            command(LASTING, "undo_all", person="zoe", holds=("comms",)),
        ),
        LATER,
    ),
    "somebody accepts what was offered to another, or by nobody who commands": (
        lambda: order(
            LASTING,
            command(LASTING, "offer", value="noor"),
            command(LASTING, "offer", value="zoe", person="zoe", holds=("comms",)),
            answer(LASTING, "question::handover:3", "accept", "zoe", "comms"),
            command(LASTING, "undo_all", person="zoe", holds=("comms",)),
        ),
        LATER,
    ),
    "somebody accepts something else than a handover": (
        lambda: order(
            LASTING,
            command(LASTING, "offer", value="zoe"),
            answer(LASTING, "question::held:3", "accept", "zoe", "comms"),
            command(LASTING, "undo_all", person="zoe", holds=("comms",)),
        ),
        LATER,
    ),
    "a question is answered by somebody who is not asked": (
        lambda: order(LASTING, answer(LASTING, "question:0:failure:1", "undo", "zoe", "comms")),
        LATER,
    ),
    "a question about another step is answered with undo": (
        lambda: order(LASTING, answer(LASTING, "question:1:failure:1", "undo")),
        LATER,
    ),
    "a question is answered with trying again": (
        lambda: order(LASTING, answer(LASTING, "question:0:failure:1", "retry")),
        LATER,
    ),
    "a question is answered with keeping it": (
        lambda: order(LASTING, answer(LASTING, "question::held:1", "keep")),
        LATER,
    ),
    "an approval is rejected by nobody of its seats": (
        lambda: order(REJECTED, answer(REJECTED, "approve:1:1", "reject", "zoe", "comms")),
        LATER,
    ),
    "an approval is rejected by who launched": (
        lambda: order(REJECTED, answer(REJECTED, "approve:1:1", "reject", "ana", "policy")),
        LATER,
    ),
    "an approval is approved": (
        lambda: order(REJECTED, answer(REJECTED, "approve:1:1", "approve", "omar", "policy")),
        LATER,
    ),
    "an approval is rejected that undoes nothing": (
        lambda: order(ADDING, answer(ADDING, "approve:1:1", "reject", "omar", "policy")),
        LATER,
    ),
    "an addition is rejected, and the order is for what was launched with": (
        lambda: order(
            ADDING,
            command(ADDING, "add", value={"accounts": ["@c:x", "@a:x"]}),
            answer(ADDING, "approve:1:1+1", "reject", "omar", "policy"),
        ),
        LATER,
    ),
    "an undo stands behind an approval that nobody has signed": (lambda: order(APPROVED), LATER),
    "an undo stands behind an approval that was rejected": (
        lambda: order(APPROVED, decisions=(signed_for(APPROVED, "1", "reject"),)),
        LATER,
    ),
    "an undo stands behind the approval of another round": (
        lambda: order(IN_ROUNDS, step="0[1].0", decisions=(signed_for(IN_ROUNDS, "0[0].1"),)),
        LATER,
    ),
    "a wait for a condition is said to be over": (lambda: order(CALM_ALONE), LATER),
    "a wait for a condition is said to be over, and the undo is on that": (lambda: order(CALM_IS_DONE), LATER),
    "a wait is over, and nobody has signed for what follows": (lambda: order(CALM_THEN_SIGNED), LATER),
    "somebody else has signed for what follows": (
        lambda: order(
            CALM_THEN_SIGNED,
            decisions=(signed_for(CALM_THEN_SIGNED, "2", undo="3", holds=("comms",)),),
        ),
        LATER,
    ),
    "what follows was refused": (lambda: anchored(CALM_THEN_SIGNED, "2", "3", choice="reject"), LATER),
    "what was signed shows another step": (lambda: anchored(CALM_THEN_SIGNED, "2", "9"), LATER),
    "what was signed is about an addition alone": (
        lambda: anchored(CALM_THEN_SIGNED, "2", "3", shown={"added": ["@c:x"]}),
        LATER,
    ),
    "what was signed is another approval": (lambda: anchored(OF_OTHERS, "2", "4"), LATER),
    "it was signed for beside a wait for a condition": (lambda: anchored(CALM_BESIDE, "1.1", "2"), LATER),
    "it was signed for before a wait for a condition": (lambda: anchored(SIGNED_THEN_CALM, "1", "3"), LATER),
    "it was signed for, and two hours have not passed since": (
        lambda: anchored(SIGNED_THEN_HOURS, "1", "3"),
        NOW + timedelta(minutes=20, seconds=7200 - 121),
    ),
    "it was signed for, and the work after that is not done": (lambda: anchored(SIGNED_THEN_WORK, "1", "3"), LATER),
    "it was signed for, on what nobody has given": (lambda: anchored(WHEN_GIVEN_AND_SIGNED, "2", "3"), LATER),
    "work is done after a wait for a condition": (
        lambda: order(CALM_THEN_WORK, decisions=(work(CALM_THEN_WORK, "2"),)),
        LATER,
    ),
    "the undo step is tried again by nobody who commands": (
        lambda: order(CALM_ALONE, command(CALM_ALONE, "retry", step="2", person="zoe", holds=("comms",))),
        LATER,
    ),
    "another step is tried again": (lambda: order(CALM_ALONE, command(CALM_ALONE, "retry", step="0")), LATER),
    "an undo of other targets is tried again": (
        lambda: order(CALM_THEN_PARTLY, command(CALM_THEN_PARTLY, "retry", step="2")),
        LATER,
    ),
    "a no that leaves what it stands in": (lambda: order(LEFT_AT_A_NO, no(LEFT_AT_A_NO)), LATER),
    "a no that stops": (lambda: order(STOPPED_AT_A_NO, no(STOPPED_AT_A_NO)), LATER),
    "a no that is asked about": (lambda: order(ASKED_AT_A_NO, no(ASKED_AT_A_NO)), LATER),
    "a no that is asked about, and somebody leaves": (
        lambda: order(
            ASKED_AT_A_NO,
            no(ASKED_AT_A_NO),
            answer(ASKED_AT_A_NO, "question:1:reject:2", "leave", "klara", "legal"),
        ),
        LATER,
    ),
    "a no to an addition, where a no leads on": (
        lambda: order(ASKED_AT_A_SILENCE, no(ASKED_AT_A_SILENCE, ordinal="1+1")),
        LATER,
    ),
    "a silence that is asked about": (lambda: order(ASKED_AT_A_SILENCE), LATER),
    "a silence that is asked about, and somebody leaves": (
        lambda: order(
            ASKED_AT_A_SILENCE,
            answer(ASKED_AT_A_SILENCE, "question:1:timeout:1", "leave", "klara", "legal"),
        ),
        LATER,
    ),
    "a silence that leaves": (lambda: order(LEFT_AT_A_SILENCE), LATER),
    "an approval is skipped whose silence leaves": (
        lambda: order(LEFT_AT_A_SILENCE, command(LEFT_AT_A_SILENCE, "skip", step="1")),
        SOON,
    ),
    "a fact is answered that somebody needs to sign": (
        lambda: order(ASKED_AT_A_SILENCE, answer(ASKED_AT_A_SILENCE, "question:1:fact:1", "answer")),
        LATER,
    ),
    "a no that leads on in a group, before work that is not done": (
        lambda: order(GROUP_LEFT_AT_A_SILENCE, no(GROUP_LEFT_AT_A_SILENCE, "1.0")),
        LATER,
    ),
    "late work that leaves": (lambda: order(late("leave")), LATER),
    "late work that stops": (lambda: order(late("stop")), LATER),
    "late work that is asked about": (lambda: order(ASKED_TO_GO_ON), LATER),
    "a wait that was too long, which stops": (lambda: order(waits_at_most(STOPS)), LATER),
    "a wait that was too long, which is asked about": (lambda: order(waits_at_most(TO_LEGAL)), LATER),
    "a system is asked again for what the undo is on": (
        lambda: order(WHEN_READ, answer(WHEN_READ, "question:1:read:1", "retry")),
        LATER,
    ),
    "an addition that nobody has answered, by any approval's time": (
        lambda: order(ADDING, command(ADDING, "add", value={"accounts": ["@c:x"]}), targets=("@c:x",)),
        LATER,
    ),
    "an addition, after a no to another one": (
        lambda: order(
            ADDING,
            command(ADDING, "add", value={"accounts": ["@c:x"]}, issued=SOON_AFTER),
            answer(ADDING, "approve:1:1+1", "reject", "omar", "policy"),
            targets=("@c:x",),
        ),
        SOON_AFTER,
    ),
    "a severity that there never was": (lambda: order(WHEN_SEV2), LATER),
    "a severity that whoever commands has lowered, who is not of Policy": (
        lambda: order(WHEN_SEV2, command(WHEN_SEV2, "severity", value="sev2")),
        LATER,
    ),
    "a severity that there was no more when the input was given": (
        lambda: order(
            SEV2_WHEN_GIVEN,
            command(SEV2_WHEN_GIVEN, "severity", value="sev2", person="omar", holds=("policy",)),
            command(SEV2_WHEN_GIVEN, "severity", value="sev1", issued=SOON),
            command(SEV2_WHEN_GIVEN, "input", value={"extra": "@e:x"}, issued=SOON_AFTER),
        ),
        LATER,
    ),
    "a severity that nobody who may has set": (
        lambda: order(WHEN_SEV2, command(WHEN_SEV2, "severity", value="sev2", person="zoe", holds=("comms",))),
        LATER,
    ),
    "work before it at the severity that there is": (lambda: order(WORK_AT_SEV1), LATER),
    "an approval was given, and the work after it is not done": (
        lambda: order(WORK_WHEN_SIGNED, decisions=(signed_for(WORK_WHEN_SIGNED, "1", undo="3"),)),
        LATER,
    ),
    "somebody who is not asked goes on": (
        lambda: order(ASKED_TO_GO_ON, answer(ASKED_TO_GO_ON, "question:1:timeout:1", "continue", "zoe", "comms")),
        SOON,
    ),
    "an undo is about other targets": (lambda: order(PARTLY), LATER),
    "nobody has verified the owner": (lambda: order(FLAGSHIP), LATER),
    "nobody has, before an undo without a condition": (lambda: order(UNCONDITIONAL), LATER),
    "the owner of another account was verified": (
        lambda: order(FLAGSHIP, decisions=(done(FLAGSHIP, 1, "@b:x"),)),
        LATER,
    ),
    "the owner of one account was verified, and the order is for all": (
        lambda: order(FLAGSHIP, decisions=(done(FLAGSHIP, 0, "@a:x"),), targets=None),
        LATER,
    ),
    "somebody says that it is done who does not have the task": (
        lambda: order(FLAGSHIP, decisions=(done(FLAGSHIP, 0, "@a:x", "zoe", "comms"),)),
        LATER,
    ),
    "somebody who does not have the task shows another account in the round": (
        lambda: order(FLAGSHIP, decisions=(done(FLAGSHIP, 1, "@a:x", "zoe", "comms"), done(FLAGSHIP, 1, "@b:x"))),
        LATER,
    ),
    "a task is reassigned by nobody who commands": (
        lambda: order(
            FLAGSHIP,
            command(FLAGSHIP, "reassign", value="zoe", step="1[0].0", person="zoe", holds=("comms",)),
            decisions=(done(FLAGSHIP, 0, "@a:x", "zoe", "comms"),),
        ),
        LATER,
    ),
    "a condition on a failure": (lambda: order(WHEN_FAILED), LATER),
    "a condition on a read": (lambda: order(WHEN_READ), LATER),
    "a condition on a read that is not so": (lambda: order(WHEN_NOT_READ), LATER),
    "a condition on what has not come": (lambda: order(WHEN_NOT_DONE), LATER),
    "a condition on what nobody has given": (lambda: order(WHEN_GIVEN), LATER),
    "a condition on what was given by nobody who commands": (
        lambda: order(
            WHEN_GIVEN, command(WHEN_GIVEN, "input", value={"extra": "@e:x"}, person="zoe", holds=("comms",))
        ),
        LATER,
    ),
    "a wait before it is not over": (lambda: order(AFTER_A_WAIT), NOW + timedelta(seconds=7200 - 121)),
    "a failure that nobody knows of": (lambda: order(FAILING), LATER),
    "business days that are not over": (lambda: order(BUSINESS_DAYS), NOW + timedelta(days=1)),
    "an approval's time is not over": (lambda: order(SILENT), NOW + timedelta(seconds=900 - 121)),
    "an approval was skipped by nobody who commands": (
        lambda: order(SILENT, command(SILENT, "skip", step="1", person="zoe", holds=("comms",))),
        SOON,
    ),
    "a task's time is not over": (lambda: order(OVERDUE), NOW + timedelta(seconds=7200 - 121)),
    "a lease is not over": (lambda: order(LEASED), NOW + timedelta(seconds=7200 - 121)),
    "a lease is over that is asked about": (lambda: order(ASKED), LATER),
}


@pytest.mark.parametrize("case", NOT_GIVEN)
def test_what_may_not_be_let_go(case: str) -> None:
    make, now = NOT_GIVEN[case]
    with pytest.raises(Unwarranted, match="nobody has signed for letting go of what lock_account contains"):
        check_release(*make(), KEYS, now)


def test_a_failure_that_the_ledger_knows_undoes_what_follows_from_it() -> None:
    check_release(*order(FAILING), KEYS, SOON, Past(failed={"1"}))
    with pytest.raises(Unwarranted, match="nobody has signed"):
        check_release(*order(FAILING), KEYS, SOON, Past(failed={"0"}))


def test_there_was_no_silence_where_the_record_has_the_signature() -> None:
    make, now = GIVEN["an approval's time is over"]
    signed = answer(SILENT, "approve:1:1", "approve", "omar", "policy")
    check_release(*make(), KEYS, now)
    check_release(*make(), KEYS, now, Past(words=[answer(SILENT, "approve:1:1", "approve", "luis")]))
    with pytest.raises(Unwarranted, match="nobody has signed"):
        check_release(*make(), KEYS, now, Past(words=[signed]))


ADDED_AT = NOW + timedelta(hours=2)


def showing(when: Expr | None, **show: Any) -> Plan:
    """An approval with one seat, which stands after the lock and unlocks nothing."""
    return plan(lock(), approve("1", (Seat(who=POLICY, when=when),), (), **show))


def test_an_addition_goes_when_nobody_can_sign_for_it() -> None:
    """By the record, and where the approval is asked for additions at all."""

    def made(of: Plan, *more: Signed) -> tuple[tuple[Plan, ReleaseOrder], Past]:
        added = command(of, "add", value={"accounts": ["@c:x"]}, issued=ADDED_AT)
        return order(of, targets=("@c:x",)), Past(words=[added, *more])

    def refuse(of: Plan, *more: Signed) -> None:
        release, past = made(of, *more)
        with pytest.raises(Unwarranted, match="nobody has signed"):
            check_release(*release, KEYS, LATER, past)

    def given(of: Plan, ordinal: str = "1", **more: Any) -> Signed:
        return answer(of, f"approve:1:{ordinal}", "approve", "omar", "policy", **more)

    shown = {"show": (("accounts", ACCOUNTS),)}
    of = showing(AT_SEV2, **shown)
    release, past = made(of, given(of))
    check_release(*release, KEYS, LATER, past)
    refuse(of)
    refuse(of, given(of), given(of, "1+1", issued=ADDED_AT))
    for other in (showing(None, **shown), showing(AT_SEV2)):
        refuse(other, given(other))


A_YES_BEFORE = ends_with(STOPS, STOPS)


@pytest.mark.parametrize(("of", "path", "undo"), [(CALM_THEN_SIGNED, "2", "3"), (A_YES_BEFORE, "1", "2")])
def test_a_yes_is_not_about_what_was_added_after_it(of: Plan, path: str, undo: str) -> None:
    """The record has the word, whether it came with the order or not."""
    yes = signed_for(of, path, undo=undo)
    made = order(of, decisions=(yes,), targets=("@new:x",))
    before, after = (command(of, "add", value={"accounts": ["@new:x"]}, issued=at) for at in (SOON, SOON_AFTER))
    check_release(*made, KEYS, LATER, Past(words=[before]))
    check_release(*order(of, decisions=(yes,)), KEYS, LATER, Past(words=[after]))
    for targets in (("@new:x",), ("@a:x", "@new:x"), None):
        with pytest.raises(Unwarranted, match="nobody has signed"):
            check_release(*order(of, decisions=(yes,), targets=targets), KEYS, LATER, Past(words=[after]))


def test_a_yes_to_an_addition_is_about_it_beside_the_first_one() -> None:
    of, ask = CALM_THEN_SIGNED, "approve:2:1+1"
    added = Past(words=[command(of, "add", value={"accounts": ["@new:x"]}, issued=SOON_AFTER)])
    first = signed_for(of, "2", undo="3")
    more = signed_for(of, "2", undo="3", issued=SOON_AFTER, shown={"added": ["@new:x"], "ask": ask})
    check_release(*order(of, decisions=(first, more), targets=("@a:x", "@new:x")), KEYS, LATER, added)
    with pytest.raises(Unwarranted, match="nobody has signed"):
        check_release(*order(of, decisions=(more,), targets=("@new:x",)), KEYS, LATER, added)


def test_a_yes_is_not_about_what_was_contained_once_more_after_it() -> None:
    of = CALM_THEN_SIGNED
    made = order(of, decisions=(signed_for(of, "2", undo="3"),))
    check_release(*made, KEYS, LATER, Past(words=[command(of, "retry", step="0", issued=SOON)]))
    for again in (
        command(of, "retry", step="0", issued=SOON_AFTER),
        answer(of, "question:0:failure:4", "retry", issued=SOON_AFTER),
    ):
        with pytest.raises(Unwarranted, match="nobody has signed"):
            check_release(*made, KEYS, LATER, Past(words=[again]))


FORGED: dict[str, tuple[Case, str]] = {
    "a word by a key of one's own": (
        lambda: order(LASTING, answer(LASTING, "question::held:1", "undo", key=MALLORY)),
        "not known",
    ),
    "a word in another incident": (
        lambda: order(LASTING, command(LASTING, "undo_all", incident="inc-2")),
        "another incident",
    ),
    "a word on another plan": (lambda: order(LASTING, command(UNDONE, "undo_all")), "another incident or plan"),
    "a word from the future": (
        lambda: order(LASTING, command(LASTING, "undo_all", issued=LATER + timedelta(hours=1))),
        "later time",
    ),
    "a signature by a key of one's own": (
        lambda: anchored(CALM_THEN_SIGNED, "2", "3", key=MALLORY),
        "not known",
    ),
    "a signature in another incident": (
        lambda: anchored(CALM_THEN_SIGNED, "2", "3", incident="inc-2"),
        "another incident",
    ),
    "a signature on another plan": (
        lambda: order(CALM_THEN_SIGNED, decisions=(signed_for(CALM_THEN_NAMED, "2", undo="3"),)),
        "another incident or plan",
    ),
    "a signature about another document": (
        lambda: anchored(CALM_THEN_SIGNED, "2", "3", document="00" * 32),
        "another document",
    ),
    "a launch as a word": (lambda: order(LASTING, launch(plan=LASTING.digest)), "no word that asks"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_word_lets_nothing_go(case: str) -> None:
    make, says = FORGED[case]
    with pytest.raises(Unwarranted, match=says):
        check_release(*make(), KEYS, LATER)


IN_BATCHES = plan(
    ForEach(
        path="0",
        at="x",
        item="account",
        items=ACCOUNTS,
        steps=(Contain(path="0.0", at="x", action="lock_account", targets=Item(loop="0", type="account")),),
    )
)


@pytest.mark.parametrize(
    ("of", "right", "wrong"),
    [
        (LASTING, ("0",), ("0[0]", "0[1]", "0[1][2]")),
        (IN_ROUNDS, ("0[0].0", "0[12].0"), ("0.0", "0[01].0", "0[0].0[0]", "0[0][1].0")),
        (IN_BATCHES, ("0.0", "0[1].0"), ("0[1].0[0]", "0[1][1].0")),
    ],
)
def test_a_step_has_one_name_for_what_it_holds(of: Plan, right: tuple[str, ...], wrong: tuple[str, ...]) -> None:
    for step in right:
        check_release(*order(of, command(of, "undo_all"), step=step), KEYS, SOON)
    for step in wrong:
        with pytest.raises(Unwarranted, match="in rounds that it does not have"):
            check_release(*order(of, command(of, "undo_all"), step=step), KEYS, SOON)
