"""By what right an act is done, as tables: a true warrant passes, and each way of bending one is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.people.warrants import (
    Unwarranted,
    check_act,
    check_notify,
    check_read,
    check_record,
    check_release,
    launch_of,
)
from firedoor.plan import (
    Action,
    Approve,
    Commander,
    Consequence,
    Contain,
    ForEach,
    Input,
    Message,
    MessageRef,
    Notify,
    Plan,
    Prose,
    ReadAction,
    Seat,
    SeverityRule,
    Text,
    Who,
)
from firedoor.plan.expression import Const, InputValue, Item, Read, RunField, StepField
from firedoor.plan.lists import Opened
from firedoor.protocol import (
    Answer,
    Command,
    CommandKind,
    ContainOrder,
    Decision,
    Launch,
    NotifyOrder,
    Page,
    ReadOrder,
    RecordOrder,
    ReleaseOrder,
    Signed,
    Warrant,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=14)
KEY, MALLORY = SigningKey.generate(), SigningKey.generate()
KEYS = KeyRing({KEY.id: KEY.public})

POLICY, ENGINEERING, EXECS, LEGAL = (
    Who(kind="team", name=name) for name in ("policy", "engineering", "execs", "legal")
)
COMMANDER = Who(kind="commander")
LEAVE = Consequence(kind="leave")

LOCK = Action(
    name="lock_account", does="x", target="account", connector="synapse", call="lock_user", undo="unlock_user"
)
FREEZE = Action(
    name="freeze_posting",
    does="x",
    connector="http",
    call="POST /v1/freezes",
    requires=(Seat(who=POLICY), Seat(who=ENGINEERING), Seat(who=EXECS)),
)
DISCLOSE = Action(
    name="disclose", does="x", target="account", connector="http", call="POST /v1/d", requires=(Seat(who=LEGAL),)
)
MATCHES = ReadAction(name="matches_of", gives="content", gives_list=True, connector="http", call="GET /v1/matches")
ACCOUNTS = InputValue(name="accounts", type="account", listed=True)


def text(words: str) -> Text:
    return Text(by_language={"*": Prose(of=(words,))})


def approve(path: str, needs: tuple[Seat, ...], unlocks: tuple[str, ...], **options: Any) -> Approve:
    return Approve(
        path=path,
        at=f"x.yaml:{path}",
        question=text("?"),
        needs=needs,
        deadline=900,
        on_reject=LEAVE,
        on_timeout=LEAVE,
        unlocks=unlocks,
        **options,
    )


PLAN = Plan(
    playbook="takeover",
    version="1",
    owner="crt",
    title=text("Takeover"),
    use_when="x",
    at="x.yaml:1",
    languages=("en",),
    zones={},
    inputs=(
        Input(name="accounts", type="account", listed=True),
        Input(name="extra", type="account", optional=True),
        Input(name="standing", type="account", listed=True, default=["@default:x"]),
    ),
    severity=(SeverityRule(severity="sev1"),),
    steps=(
        Contain(path="0", at="x.yaml:10", action="lock_account", targets=ACCOUNTS),
        approve("1", FREEZE.requires, ("2",), escalate=600),
        Contain(path="2", at="x.yaml:12", action="freeze_posting", arguments={"class": Const(value="verified")}),
        ForEach(
            path="3",
            at="x.yaml:13",
            item="account",
            items=ACCOUNTS,
            steps=(
                approve("3.0", (Seat(who=LEGAL, seats=2),), ("3.1",), not_by=(Who(kind="person", name="tom"),)),
                Contain(path="3.1", at="x.yaml:15", action="disclose", targets=Item(loop="3", type="account")),
            ),
        ),
        approve("4", (Seat(who=LEGAL), Seat(who=COMMANDER)), ("5", "6"), not_by=(COMMANDER,)),
        Contain(
            path="5",
            at="x.yaml:17",
            action="disclose",
            targets=Read(call="matches_of", site="5", type="content", listed=True),
        ),
        Contain(path="6", at="x.yaml:18", action="lock_account", targets=StepField(step="0", field="held")),
        approve("7", (Seat(who=POLICY),), ("8",)),
        Contain(path="8", at="x.yaml:20", action="disclose", targets=ACCOUNTS),
        Contain(
            path="9",
            at="x.yaml:21",
            action="lock_account",
            targets=InputValue(name="standing", type="account", listed=True),
        ),
        approve("10", (Seat(who=LEGAL), Seat(who=EXECS, when=ACCOUNTS)), ("11",)),
        Contain(path="11", at="x.yaml:23", action="disclose", targets=ACCOUNTS),
        Notify(path="12", at="x.yaml:24", audience=(), say=text("hello")),
        Contain(
            path="13",
            at="x.yaml:25",
            action="lock_account",
            targets=ACCOUNTS,
            arguments={"reason": Prose(of=("taken over",)), "hours": RunField(field="region")},
            expires=3600,
            on_expiry=Consequence(kind="undo"),
        ),
    ),
    messages={"holding": Message(by_language={"en": "Hello"})},
    commander=Commander(source=Who(kind="on_shift", name="crt"), answers_within=300),
    actions={action.name: action for action in (LOCK, FREEZE, DISCLOSE)},
    reads={"matches_of": MATCHES},
)


def launch(key: SigningKey = KEY, **changes: Any) -> Signed:
    data: dict[str, Any] = {
        "person": "ana",
        "incident": "inc-1",
        "plan": PLAN.digest,
        "nonce": "n0",
        "issued": NOW,
        "expires": NOW + timedelta(minutes=5),
        "inputs": {"accounts": ["@a:x", "@b:x"]},
        "aware_at": NOW,
        "region": "emea",
    }
    return key.sign(Launch(**{**data, **changes}))


def document(path: str, unlocked: dict[str, Any], number: int = 1, **changes: Any) -> str:
    act: dict[str, Any] = {"action": "disclose", "targets": None, "read": None, "at_most": None, "arguments": {}}
    step = PLAN.by_path[path.replace("[0]", "").replace("[1]", "")]
    assert isinstance(step, Approve)
    shown = {
        "incident": "inc-1",
        "plan": PLAN.digest,
        "ask": f"approve:{path}:{number}",
        "step": path,
        "kind": "approval",
        "question": "?",
        "severity": "sev1",
        "shown": {},
        "seats": [{"who": str(seat.who), "seats": seat.seats} for seat in step.needs],
        "unlocks": [{**act, **unlocked}],
        "choices": ["approve", "reject", "need_fact"],
    }
    return json.dumps({**shown, **changes}, sort_keys=True, separators=(",", ":"))


def decide(about: str, person: str, *held: str, key: SigningKey = KEY, **changes: Any) -> Decision:
    data: dict[str, Any] = {
        "person": person,
        "incident": "inc-1",
        "plan": PLAN.digest,
        "nonce": f"n-{person}",
        "issued": NOW + timedelta(minutes=20),
        "expires": NOW + timedelta(minutes=25),
        "ask": json.loads(about)["ask"],
        "document": hashlib.sha256(about.encode()).hexdigest(),
        "choice": "approve",
        "holds": held,
    }
    return Decision(signed=key.sign(Answer(**{**data, **changes})), document=about)


def command(kind: CommandKind, value: Any, **changes: Any) -> Signed:
    data: dict[str, Any] = {
        "person": "ana",
        "incident": "inc-1",
        "plan": PLAN.digest,
        "nonce": "c1",
        "issued": NOW,
        "expires": NOW + timedelta(minutes=5),
        "command": kind,
        "value": value,
        "holds": ("crt", "crt.on_shift", "commander"),
    }
    return KEY.sign(Command(**{**data, **changes}))


def act(path: str, *targets: str, decisions: tuple[Decision, ...] = (), **changes: Any) -> ContainOrder:
    step = PLAN.by_path[path.replace("[0]", "").replace("[1]", "")]
    assert isinstance(step, Contain)
    warrant = changes.pop("warrant", None) or Warrant(launch=launch(), decisions=decisions)
    data: dict[str, Any] = {
        "incident": "inc-1",
        "warrant": warrant,
        "step": path,
        "ordinal": 1,
        "action": PLAN.actions[step.action],
        "targets": targets,
        "arguments": {"class": "verified"} if step.action == "freeze_posting" else {},
    }
    return ContainOrder(**{**data, **changes})


FREEZE_DOCUMENT = document(
    "1", {"step": "2", "action": "freeze_posting", "targets": [""], "arguments": {"class": "verified"}}
)
FREEZE_EVERYONE = document(
    "1", {"step": "2", "action": "freeze_posting", "targets": [""], "arguments": {"class": "everyone"}}
)
OMAR = decide(FREEZE_DOCUMENT, "omar", "policy", "policy.on_shift")
LI = decide(FREEZE_DOCUMENT, "li", "engineering")
NOOR = decide(FREEZE_DOCUMENT, "noor", "execs")


def round_(number: int = 0, target: str = "@a:x") -> str:
    return document(f"3[{number}].0", {"step": "3.1", "targets": [target]})


def both(about: str, **changes: Any) -> tuple[Decision, Decision]:
    return decide(about, "klara", "legal", **changes), decide(about, "hana", "legal", **changes)


def four(act_: dict[str, Any]) -> str:
    return document("4", act_)


def lawyer_and_commander(about: str, **changes: Any) -> tuple[Decision, Decision]:
    return decide(about, "klara", "legal", **changes), decide(about, "ana", "crt", "commander", **changes)


READ_DOCUMENT = four({"step": "5", "read": "matches_of", "at_most": 3})
HELD_DOCUMENT = four({"step": "6", "action": "lock_account", "targets": ["@a:x"]})
EIGHT = document("7", {"step": "8", "targets": ["@a:x", "@b:x"]})
ELEVEN = document("10", {"step": "11", "targets": ["@a:x", "@b:x"]})


GOOD: dict[str, Callable[[], ContainOrder]] = {
    "an act that nobody has to sign": lambda: act("0", "@a:x", "@b:x"),
    "a default that the launch left as it is": lambda: act("9", "@default:x"),
    "a target that was added": lambda: act(
        "0", "@c:x", warrant=Warrant(launch=launch(), commands=(command("add", {"accounts": ["@c:x"]}),))
    ),
    "a target that was added by somebody to whom the commander handed over": lambda: act(
        "0",
        "@c:x",
        warrant=Warrant(
            launch=launch(),
            commands=(
                command("hand_over", "zoe"),
                command("add", {"accounts": ["@c:x"]}, person="zoe", holds=("comms",)),
            ),
        ),
    ),
    "a lease, and words that the playbook has written in full": lambda: act(
        "13", "@a:x", expires=3600, arguments={"reason": "taken over", "hours": "emea"}
    ),
    "three seats, three people": lambda: act("2", "", decisions=(OMAR, LI, NOOR)),
    "the order in which they signed does not count": lambda: act("2", "", decisions=(NOOR, OMAR, LI)),
    "a manager for a team, where the approval escalates": lambda: act(
        "2", "", decisions=(decide(FREEZE_DOCUMENT, "priya", "policy.manager"), LI, NOOR)
    ),
    "people who could sit in several seats are seated so that all are filled": lambda: act(
        "2",
        "",
        decisions=(
            decide(FREEZE_DOCUMENT, "ravi", "engineering", "policy", "execs"),
            decide(FREEZE_DOCUMENT, "li", "engineering", "policy"),
            decide(FREEZE_DOCUMENT, "omar", "policy"),
        ),
    ),
    "a decision more than is needed": lambda: act(
        "2", "", decisions=(OMAR, LI, NOOR, decide(FREEZE_DOCUMENT, "ines", "policy"))
    ),
    "two lawyers in this round": lambda: act("3[0].1", "@a:x", decisions=both(round_())),
    "other rounds' decisions beside this one's": lambda: act(
        "3[1].1", "@b:x", decisions=(*both(round_(0)), *both(round_(1, "@b:x")))
    ),
    "the launcher as commander beside a lawyer, though not_by names commanders": lambda: act(
        "6", "@a:x", decisions=lawyer_and_commander(HELD_DOCUMENT)
    ),
    "what a read found, within the maximum": lambda: act(
        "5", "mxc://x/1", "mxc://x/2", "mxc://x/3", decisions=lawyer_and_commander(READ_DOCUMENT)
    ),
    "what was asked twice, part by part": lambda: act(
        "3[0].1",
        "@a:x",
        decisions=(
            *both(round_()),
            *both(document("3[0].0", {"step": "3.1", "targets": ["@z:x"]}, number=2)),
        ),
    ),
    "an addition that was refused does not take back what was approved": lambda: act(
        "3[0].1",
        "@a:x",
        decisions=(
            *both(round_()),
            decide(
                document("3[0].0", {"step": "3.1", "targets": ["@c:x"]}, number=2), "klara", "legal", choice="reject"
            ),
        ),
    ),
    "fewer than were shown": lambda: act(
        "11", "@a:x", decisions=(decide(ELEVEN, "klara", "legal", targets=("@a:x",)), decide(ELEVEN, "noor", "execs"))
    ),
    "a seat on a condition that did not hold when it was shown": lambda: (
        lambda shown: act("11", "@a:x", decisions=(decide(shown, "klara", "legal"),))
    )(document("10", {"step": "11", "targets": ["@a:x"]}, seats=[{"who": "legal", "seats": 1}])),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_true_warrant_passes(case: str) -> None:
    check_act(PLAN, GOOD[case](), KEYS, LATER)


def bent(order: ContainOrder, **changes: Any) -> ContainOrder:
    return order.model_copy(update=changes)


def freeze(*decisions: Decision, **changes: Any) -> ContainOrder:
    return act("2", "", decisions=decisions, **changes)


HOME_MADE = Plan.model_validate({**PLAN.model_dump(), "use_when": "mine"})

BAD: dict[str, tuple[Callable[[], ContainOrder], str]] = {
    # The launch.
    "a launch by a key of one's own": (lambda: act("0", "@a:x", warrant=Warrant(launch=launch(MALLORY))), "not known"),
    "a launch of another incident": (
        lambda: act("0", "@a:x", warrant=Warrant(launch=launch(incident="inc-2"))),
        "another incident",
    ),
    "a launch over another plan": (
        lambda: act("0", "@a:x", warrant=Warrant(launch=launch(plan="00" * 32))),
        "another plan",
    ),
    "a decision as a launch": (lambda: act("0", "@a:x", warrant=Warrant(launch=OMAR.signed)), "no launch"),
    "an exercise's launch for an act in earnest": (
        lambda: act("0", "@a:x", warrant=Warrant(launch=launch(drill=True))),
        "exercise",
    ),
    "an exercise on a launch in earnest": (lambda: act("0", "@a:x", drill=True), "exercise"),
    "a launch from the future": (
        lambda: act("0", "@a:x", warrant=Warrant(launch=launch(issued=LATER + timedelta(hours=1)))),
        "later time",
    ),
    # The act.
    "a step that is not there": (lambda: bent(act("0", "@a:x"), step="99"), "does not have"),
    "a step that is no act": (lambda: bent(act("0", "@a:x"), step="1"), "no act"),
    "another action than the step's": (lambda: bent(act("0", "@a:x"), action=FREEZE), "not the one"),
    "the step's action without its seats": (
        lambda: bent(freeze(), action=FREEZE.model_copy(update={"requires": ()})),
        "not the one",
    ),
    "the step's action on another connector's call": (
        lambda: bent(act("0", "@a:x"), action=LOCK.model_copy(update={"call": "erase_user"})),
        "not the one",
    ),
    "a target where there is none": (lambda: bent(freeze(OMAR, LI, NOOR), targets=("@a:x",)), "no target"),
    "a target that nobody gave": (lambda: act("0", "@a:x", "@mayor:x"), "nobody gave"),
    "a default that the launch replaced": (
        lambda: act(
            "9", "@default:x", warrant=Warrant(launch=launch(inputs={"standing": ["@s:x"], "accounts": ["@a:x"]}))
        ),
        "nobody gave",
    ),
    "a target from an addition to another incident": (
        lambda: act(
            "0",
            "@c:x",
            warrant=Warrant(launch=launch(), commands=(command("add", {"accounts": ["@c:x"]}, incident="inc-2"),)),
        ),
        "another incident",
    ),
    "a target from a note": (
        lambda: act("0", "@c:x", warrant=Warrant(launch=launch(), commands=(command("note", {"accounts": ["@c:x"]}),))),
        "nobody gave",
    ),
    "a target of another input": (
        lambda: act("0", "@c:x", warrant=Warrant(launch=launch(), commands=(command("input", {"extra": "@c:x"}),))),
        "nobody gave",
    ),
    # The seats.
    "nobody has signed": (lambda: freeze(), "not been signed"),
    "one is missing": (lambda: freeze(OMAR, LI), "not been signed"),
    "one person twice": (
        lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT, "omar", "policy", "execs", nonce="again")),
        "not been signed",
    ),
    "the launcher in a seat": (lambda: freeze(decide(FREEZE_DOCUMENT, "ana", "policy"), LI, NOOR), "not been signed"),
    "someone of another team": (lambda: freeze(decide(FREEZE_DOCUMENT, "zoe", "comms"), LI, NOOR), "not been signed"),
    "someone who holds nothing": (lambda: freeze(decide(FREEZE_DOCUMENT, "omar"), LI, NOOR), "not been signed"),
    "a manager, where the approval does not escalate": (
        lambda: act(
            "11", "@a:x", decisions=(decide(ELEVEN, "grace", "legal.manager"), decide(ELEVEN, "noor", "execs"))
        ),
        "not been signed",
    ),
    "someone of not_by": (
        lambda: act("3[0].1", "@a:x", decisions=(decide(round_(), "tom", "legal"), both(round_())[0])),
        "not been signed",
    ),
    "a commander in a seat that is not the commander's": (
        lambda: act(
            "6",
            "@a:x",
            decisions=(decide(HELD_DOCUMENT, "sam", "legal", "commander"), lawyer_and_commander(HELD_DOCUMENT)[1]),
        ),
        "not been signed",
    ),
    "a seat on a condition that held when it was shown": (
        lambda: act("11", "@a:x", decisions=(decide(ELEVEN, "klara", "legal"),)),
        "not been signed",
    ),
    "one of two seats of a team": (lambda: act("3[0].1", "@a:x", decisions=both(round_())[:1]), "not been signed"),
    "an approval whose seats are not those that the action requires": (
        lambda: act("8", "@a:x", decisions=(decide(EIGHT, "omar", "policy", "legal.manager"),)),
        "must be signed by legal",
    ),
    # The decisions.
    "a refusal": (
        lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT, "noor", "execs", choice="reject")),
        "not been signed",
    ),
    "a refusal beside enough": (
        lambda: freeze(OMAR, LI, NOOR, decide(FREEZE_DOCUMENT, "ines", "policy", choice="reject")),
        "not been signed",
    ),
    "a question": (lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT, "noor", "execs", choice="need_fact")), "not been"),
    "a decision by a key of one's own": (
        lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT, "noor", "execs", key=MALLORY)),
        "not known",
    ),
    "a decision in another incident": (
        lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT, "noor", "execs", incident="inc-2")),
        "another incident",
    ),
    "a decision on another plan": (
        lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT, "noor", "execs", plan="00" * 32)),
        "another incident or plan",
    ),
    "a decision from the future": (
        lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT, "noor", "execs", issued=LATER + timedelta(hours=1))),
        "later time",
    ),
    "a command as a decision": (
        lambda: freeze(OMAR, LI, Decision(signed=command("note", "approve"), document=FREEZE_DOCUMENT)),
        "no answer",
    ),
    "two documents, each half signed": (
        lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT.replace('"sev1"', '"sev2"'), "noor", "execs")),
        "not been signed",
    ),
    "an answer to another ask": (
        lambda: freeze(OMAR, LI, decide(FREEZE_DOCUMENT, "noor", "execs", ask="approve:1:2")),
        "something else",
    ),
    "an approval of another step": (
        lambda: act("3[0].1", "@a:x", decisions=both(document("4", {"step": "3.1", "targets": ["@a:x"]}))),
        "not been signed",
    ),
    "an approval of another round": (
        lambda: act("3[1].1", "@a:x", decisions=both(round_(0))),
        "not been signed",
    ),
    "a task's answer": (
        lambda: act(
            "3[0].1", "@a:x", decisions=both(document("3[0].0", {"step": "3.1", "targets": ["@a:x"]}, kind="task"))
        ),
        "not been signed",
    ),
    # The document.
    "a document that was changed after it was signed": (
        lambda: freeze(OMAR, LI, NOOR.model_copy(update={"document": FREEZE_DOCUMENT.replace("verified", "everyone")})),
        "another document",
    ),
    "a document with half a character for a question mark": (
        lambda: freeze(OMAR, LI, NOOR.model_copy(update={"document": FREEZE_DOCUMENT.replace('"?"', '"\ud800"')})),
        "cannot be read",
    ),
    "a document that is none": (lambda: freeze(OMAR, LI, _about_nothing("[" * 9000)), "cannot be read"),
    "a document that is a list": (lambda: freeze(OMAR, LI, _about_nothing("[]")), "cannot be read"),
    "a document of another incident": (
        lambda: (
            lambda d: freeze(
                *(decide(d, n, t) for n, t in (("omar", "policy"), ("li", "engineering"), ("noor", "execs")))
            )
        )(FREEZE_DOCUMENT.replace("inc-1", "inc-2")),
        "something else",
    ),
    # The scope.
    "other arguments than the plan's": (
        lambda: freeze(OMAR, LI, NOOR, arguments={"class": "everyone"}),
        "order's class",
    ),
    "an argument more than the plan's": (
        lambda: freeze(OMAR, LI, NOOR, arguments={"class": "verified", "for": "ever"}),
        "arguments are not",
    ),
    "other arguments than were shown": (
        lambda: freeze(
            *(decide(FREEZE_EVERYONE, *who) for who in (("omar", "policy"), ("li", "engineering"), ("noor", "execs")))
        ),
        "beyond",
    ),
    "a hold for longer than the plan's, where nobody has to sign": (
        lambda: act("0", "@a:x", expires=86_400),
        "another time",
    ),
    "a hold for ever where the plan's is a lease": (lambda: act("13", "@a:x"), "another time"),
    "other words than the plan's, where nobody has to sign": (
        lambda: act("13", "@a:x", expires=3600, arguments={"reason": "because", "hours": "emea"}),
        "order's reason",
    ),
    "a target that was added by somebody who does not command": (
        lambda: act(
            "0",
            "@c:x",
            warrant=Warrant(
                launch=launch(), commands=(command("add", {"accounts": ["@c:x"]}, person="zoe", holds=("comms",)),)
            ),
        ),
        "nobody gave",
    ),
    "a target that was added by somebody to whom nobody who commands handed over": (
        lambda: act(
            "0",
            "@c:x",
            warrant=Warrant(
                launch=launch(),
                commands=(
                    command("hand_over", "zoe", person="zoe", holds=("comms",)),
                    command("add", {"accounts": ["@c:x"]}, person="zoe", holds=("comms",)),
                ),
            ),
        ),
        "nobody gave",
    ),
    "a manager before the approval can have escalated": (
        lambda: freeze(
            decide(FREEZE_DOCUMENT, "priya", "policy.manager", issued=NOW + timedelta(seconds=600 - 121)), LI, NOOR
        ),
        "not been signed",
    ),
    "a target that was not shown": (lambda: act("3[0].1", "@b:x", decisions=both(round_())), "beyond"),
    "a target that one decider left out": (
        lambda: act(
            "11",
            "@a:x",
            "@b:x",
            decisions=(decide(ELEVEN, "klara", "legal", targets=("@a:x",)), decide(ELEVEN, "noor", "execs")),
        ),
        "beyond",
    ),
    "an act that was not shown": (
        lambda: act("3[0].1", "@a:x", decisions=both(document("3[0].0", {"step": "0", "targets": ["@a:x"]}))),
        "beyond",
    ),
    "another action than was shown": (
        lambda: act(
            "3[0].1",
            "@a:x",
            decisions=both(document("3[0].0", {"step": "3.1", "action": "lock_account", "targets": ["@a:x"]})),
        ),
        "beyond",
    ),
    "neither targets nor a read": (
        lambda: act("3[0].1", "@a:x", decisions=both(document("3[0].0", {"step": "3.1"}))),
        "beyond",
    ),
    "acts that are no list": (
        lambda: act("3[0].1", "@a:x", decisions=both(document("3[0].0", {"step": "3.1"}, unlocks="all"))),
        "beyond",
    ),
    "more than a read was to find": (
        lambda: act("5", "1", "2", "3", "4", decisions=lawyer_and_commander(READ_DOCUMENT)),
        "at most 3",
    ),
    "an act in an approval's scope, though its action requires no seat": (lambda: act("6", "@a:x"), "not been signed"),
}


def _about_nothing(document: str) -> Decision:
    return decide(FREEZE_DOCUMENT, "noor", "execs", document=hashlib.sha256(document.encode()).hexdigest()).model_copy(
        update={"document": document}
    )


@pytest.mark.parametrize("case", BAD)
def test_a_bent_warrant_is_refused(case: str) -> None:
    make, says = BAD[case]
    with pytest.raises(Unwarranted, match=says):
        check_act(PLAN, make(), KEYS, LATER)


def test_a_home_made_plan_contains_nothing() -> None:
    order = act("0", "@a:x")
    check_act(PLAN, order, KEYS, LATER)
    with pytest.raises(Unwarranted, match="another plan"):
        check_act(HOME_MADE, order, KEYS, LATER)
    mine = order.model_copy(update={"warrant": Warrant(launch=launch(MALLORY, plan=HOME_MADE.digest))})
    with pytest.raises(Unwarranted, match="not known"):
        check_act(HOME_MADE, mine, KEYS, LATER)


def test_what_a_read_found_is_bounded_over_all_parts() -> None:
    order = act("5", "3", "4", decisions=lawyer_and_commander(READ_DOCUMENT))
    check_act(PLAN, order, KEYS, LATER, acted={"5": ["3"]})
    check_act(PLAN, order, KEYS, LATER, acted={"5": ["2", "3"]})
    with pytest.raises(Unwarranted, match="4 targets"):
        check_act(PLAN, order, KEYS, LATER, acted={"5": ["1", "2"]})


def test_what_a_read_found_is_bounded_over_the_rounds_of_a_loop() -> None:
    items = Read(call="matches_of", site="1", type="account", listed=True)
    loop = ForEach(
        path="1",
        at="x.yaml:2",
        item="account",
        items=items,
        ask_above=3,
        steps=(Contain(path="1.0", at="x.yaml:3", action="disclose", targets=Item(loop="1", type="account")),),
    )
    plan = PLAN.model_copy(update={"steps": (approve("0", (Seat(who=LEGAL),), ("1.0",)), loop)})
    plan = Plan.model_validate(plan.model_dump(exclude_none=True))
    shown = json.dumps(
        {
            **json.loads(document("7", {"step": "1.0", "read": "matches_of", "at_most": 3})),
            "plan": plan.digest,
            "ask": "approve:0:1",
            "step": "0",
            "seats": [{"who": "legal", "seats": 1}],
        }
    )
    decision = decide(shown, "klara", "legal", plan=plan.digest)
    order = act("8", "@d:x").model_copy(
        update={"step": "1[3].0", "warrant": Warrant(launch=launch(plan=plan.digest), decisions=(decision,))}
    )
    rounds = {f"1[{number}].0": [f"@{name}:x"] for number, name in enumerate("abc")}
    check_act(plan, order, KEYS, LATER, acted={name: rounds[name] for name in list(rounds)[:2]})
    with pytest.raises(Unwarranted, match="4 targets, and at most 3"):
        check_act(plan, order, KEYS, LATER, acted=rounds)


@pytest.mark.parametrize("shown", [1, 2])
def test_a_second_seat_of_one_team_counts_where_it_was_shown(shown: int) -> None:
    needs = (Seat(who=LEGAL), Seat(who=LEGAL, when=ACCOUNTS))
    freeze = Contain(path="1", at="x.yaml:3", action="disclose", targets=ACCOUNTS)
    plan = PLAN.model_copy(update={"steps": (approve("0", needs, ("1",)), freeze)})
    plan = Plan.model_validate(plan.model_dump(exclude_none=True))
    seats = [{"who": "legal", "seats": 1}] * shown
    signed = json.dumps(
        {
            **json.loads(document("7", {"step": "1", "targets": ["@a:x"]}, seats=seats)),
            "plan": plan.digest,
            "ask": "approve:0:1",
            "step": "0",
        }
    )
    decisions = tuple(decide(signed, person, "legal", plan=plan.digest) for person in ("klara", "tom"))
    for number in (1, 2):
        warrant = Warrant(launch=launch(plan=plan.digest), decisions=decisions[:number])
        order = act("8", "@a:x").model_copy(update={"step": "1", "warrant": warrant})
        if number < shown:
            with pytest.raises(Unwarranted):
                check_act(plan, order, KEYS, LATER)
        else:
            check_act(plan, order, KEYS, LATER)


def test_the_launch_says_which_plan() -> None:
    assert launch_of(act("0", "@a:x"), KEYS).plan == PLAN.digest


def test_releases_reads_notices_and_records_need_the_launch_and_stand_in_the_plan() -> None:
    warrant = Warrant(launch=launch())
    release = ReleaseOrder(
        incident="inc-1",
        warrant=Warrant(launch=launch(), commands=(command("undo_all", None),)),
        step="3[1].1",
        ordinal=1,
        action=DISCLOSE,
        cause="x",
    )
    read = ReadOrder(incident="inc-1", warrant=warrant, site="5", read=MATCHES)
    notify = NotifyOrder(
        incident="inc-1",
        warrant=warrant,
        key="12:1",
        step="12",
        audience=(),
        severity="sev1",
        region="emea",
        subject="x",
    )
    record = RecordOrder(incident="inc-1", warrant=warrant, phase="responding", severity="sev1")
    check_release(PLAN, release, KEYS, LATER)
    check_read(PLAN, read, KEYS, LATER)
    check_notify(PLAN, notify, KEYS, LATER)
    check_notify(PLAN, notify.model_copy(update={"step": None}), KEYS, LATER)
    check_record(PLAN, record, KEYS, LATER)
    holding = {"message": MessageRef(message="holding"), "templates": {"en": "Hello"}}
    check_notify(PLAN, notify.model_copy(update=holding), KEYS, LATER)

    forged = {"warrant": Warrant(launch=launch(MALLORY))}
    refusals: tuple[Callable[[], None], ...] = (
        lambda: check_release(PLAN, release.model_copy(update=forged), KEYS, LATER),
        lambda: check_release(PLAN, release.model_copy(update={"step": "12"}), KEYS, LATER),
        lambda: check_release(PLAN, release.model_copy(update={"action": LOCK}), KEYS, LATER),
        lambda: check_release(PLAN, release.model_copy(update={"drill": True}), KEYS, LATER),
        lambda: check_read(PLAN, read.model_copy(update=forged), KEYS, LATER),
        lambda: check_read(
            PLAN, read.model_copy(update={"read": MATCHES.model_copy(update={"call": "GET /keys"})}), KEYS, LATER
        ),
        lambda: check_notify(PLAN, notify.model_copy(update=forged), KEYS, LATER),
        lambda: check_notify(PLAN, notify.model_copy(update={"step": "99"}), KEYS, LATER),
        lambda: check_notify(PLAN, notify.model_copy(update={"drill": True}), KEYS, LATER),
        lambda: check_notify(PLAN, notify.model_copy(update={"templates": {"en": "{{ 7 * 7 }}"}}), KEYS, LATER),
        lambda: check_notify(
            PLAN, notify.model_copy(update={**holding, "templates": {"en": "{{ 7 * 7 }}"}}), KEYS, LATER
        ),
        lambda: check_record(PLAN, record.model_copy(update=forged), KEYS, LATER),
    )
    for refused in refusals:
        with pytest.raises(Unwarranted):
            refused()


# --- long lists ---------------------------------------------------------------------------------------------------------

CROWD = Opened([f"@user{number}:x" for number in range(9)])
OTHERS = Opened(["@mallory:x", *CROWD])


def load(digest: str) -> Opened:
    return {CROWD.ref.digest: CROWD, OTHERS.ref.digest: OTHERS}[digest]


def crowd(**changes: Any) -> dict[str, Any]:
    return {**CROWD.ref.model_dump(mode="json"), **changes}


def page(
    path: str, *targets: str, accounts: Any = None, decisions: tuple[Decision, ...] = (), of: int = 9
) -> ContainOrder:
    """An order for a page, as whoever acts has opened it."""
    warrant = Warrant(launch=launch(inputs={"accounts": accounts or crowd()}), decisions=decisions)
    part = Page(list=CROWD.ref.digest, of=of, first=0, count=len(targets))
    return act(path, *targets, warrant=warrant, page=part)


def test_a_page_of_a_list_that_was_given_is_contained() -> None:
    check_act(PLAN, page("0", *CROWD[2:5]), KEYS, LATER, lists=load)


LONG_BAD: dict[str, tuple[Callable[[], ContainOrder], str]] = {
    "a target that is not in the list": (lambda: page("0", "@user1:x", "@mallory:x"), "nobody gave"),
    "a list that is not here": (lambda: page("0", "@user1:x", accounts=crowd(digest="0" * 64)), "cannot be opened"),
    "another list under the reference's words": (
        lambda: page("0", "@user1:x", accounts=crowd(digest=OTHERS.ref.digest)),
        "cannot be opened",
    ),
    "a document that shows another list": (
        lambda: page("8", "@mallory:x", accounts=OTHERS.ref.model_dump(mode="json"), decisions=_signed(crowd())),
        "beyond what was shown",
    ),
    "a document whose list is not here": (
        lambda: page("8", "@user1:x", decisions=_signed(crowd(digest="0" * 64))),
        "cannot be read",
    ),
    "more than a read was to find at most, in all": (
        lambda: page("5", "1", "2", decisions=lawyer_and_commander(READ_DOCUMENT), of=4),
        "for 4 targets",
    ),
}


def _signed(targets: dict[str, Any]) -> tuple[Decision, ...]:
    about = document("7", {"step": "8", "targets": targets})
    return (decide(about, "omar", "policy"),)


@pytest.mark.parametrize("case", LONG_BAD)
def test_a_bent_long_list_is_refused(case: str) -> None:
    make, words = LONG_BAD[case]
    with pytest.raises(Unwarranted, match=words):
        check_act(PLAN, make(), KEYS, LATER, lists=load)


def test_a_document_that_shows_a_long_list_lets_its_pages_through() -> None:
    plan = PLAN.model_copy(update={"actions": {**PLAN.actions, "disclose": DISCLOSE}})
    about = document("10", {"step": "11", "targets": crowd()}, seats=[{"who": "legal", "seats": 1}])
    order = page("11", *CROWD[:4], decisions=(decide(about, "klara", "legal"),))
    check_act(plan, order, KEYS, LATER, lists=load)
    other = document("10", {"step": "11", "targets": ["@user0:x"]}, seats=[{"who": "legal", "seats": 1}])
    order = page("11", *CROWD[:4], decisions=(decide(other, "klara", "legal"),))
    with pytest.raises(Unwarranted, match="beyond what was shown"):
        check_act(plan, order, KEYS, LATER, lists=load)
