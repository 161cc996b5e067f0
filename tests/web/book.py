"""A small book for the front door: the takeover, by hand, on the example organization."""

from __future__ import annotations

from dataclasses import dataclass, field

from firedoor.people.organization import Organization
from firedoor.plan import (
    Action,
    Approve,
    Audience,
    Clock,
    Commander,
    Consequence,
    Contain,
    Group,
    Input,
    Notify,
    Plan,
    Review,
    ReviewTask,
    Seat,
    Span,
    Task,
    Text,
    Who,
)
from firedoor.plan.expression import Compare, Const, Filter, InputValue, Or, Prose, RunField, StepIs
from firedoor.plan.model import SeverityRule
from tests.people.book import organization

CRT = Who(kind="on_shift", name="crt")
POLICY = Who(kind="team", name="policy")
ASK_COMMANDER = Consequence(kind="ask", asks=Who(kind="commander"))
ACCOUNTS = InputValue(name="accounts", type="account", listed=True)
OFFICE = InputValue(name="public_office", type="yes_no")
TOOL = InputValue(name="internal_tool_suspected", type="yes_no")


def text(words: str) -> Text:
    return Text(by_language={"*": Prose(of=(words,))})


def takeover() -> Plan:
    return Plan(
        playbook="takeover",
        version="2.0",
        owner="crt",
        title=text("High-profile account takeover"),
        use_when="A well-known account posts as if someone else held it.",
        at="takeover.yaml:1",
        languages=("en", "de", "ja"),
        zones={"amer": "America/Los_Angeles", "emea": "Europe/Dublin", "apac": "Asia/Singapore"},
        inputs=(
            Input(name="accounts", type="account", listed=True, at_least=1),
            Input(name="public_office", type="yes_no", ask="Does any of them hold a public office?"),
            Input(name="internal_tool_suspected", type="yes_no", default=False),
            Input(name="contact", type="email", optional=True, sensitive="personal"),
        ),
        severity=(
            SeverityRule(
                severity="sev1",
                when=Or(
                    of=(
                        Compare(sign=">=", left=Filter(name="count", of=ACCOUNTS), right=Const(value=3, type="number")),
                        OFFICE,
                        TOOL,
                    )
                ),
            ),
            SeverityRule(severity="sev2"),
        ),
        clocks=(
            Clock(
                name="tell",
                kind="fixed",
                limit=3600,
                law="Regulation X",
                starts=RunField(field="aware_at"),
                when=OFFICE,
                may_pause=("the order is unclear", "force majeure"),
            ),
        ),
        steps=(
            Notify(
                path="0",
                at="takeover.yaml:20",
                audience=(Audience(who=CRT),),
                say=Text(by_language={"*": Prose(of=(Filter(name="count", of=ACCOUNTS), " account(s) taken over"))}),
            ),
            Contain(path="1", id="lock", at="takeover.yaml:22", action="lock_account", targets=ACCOUNTS),
            Approve(
                path="2",
                id="ratify",
                at="takeover.yaml:25",
                question=text("Keep these accounts locked"),
                needs=(Seat(who=POLICY),),
                show=(("accounts", ACCOUNTS),),
                deadline=3600,
                escalate=1800,
                on_reject=Consequence(kind="undo_all"),
                on_timeout=ASK_COMMANDER,
                unlocks=("3.0",),
            ),
            Group(
                path="3",
                at="takeover.yaml:35",
                name=text("Freeze"),
                when=TOOL,
                steps=(
                    Contain(
                        path="3.0",
                        at="takeover.yaml:37",
                        action="freeze_posting",
                        when=StepIs(step="2", outcome="approved"),
                    ),
                ),
            ),
            Task(
                path="4",
                id="identity",
                at="takeover.yaml:40",
                words=text("Verify the owner"),
                assign=CRT,
                due=Span(seconds=4 * 3600),
                on_timeout=ASK_COMMANDER,
                proof="case number",
            ),
        ),
        review=Review(
            owner=Who(kind="commander"),
            tasks=(
                ReviewTask(
                    words=text("How did they get in?"),
                    assign=Who(kind="team", name="engineering"),
                    due=Span(seconds=5 * 86_400),
                    at="takeover.yaml:50",
                ),
            ),
        ),
        commander=Commander(source=CRT, answers_within=300, then=(Who(kind="manager", name="crt"),)),
        actions={
            "lock_account": Action(
                name="lock_account",
                does="Stop the account from signing in.",
                target="account",
                connector="memory",
                call="lock",
                undo="unlock",
            ),
            "freeze_posting": Action(
                name="freeze_posting",
                does="Stop a class of accounts from posting.",
                connector="memory",
                call="freeze",
                undo="lift",
                requires=(Seat(who=POLICY),),
            ),
        },
    )


@dataclass(frozen=True)
class Finding:
    file: str
    severity: str = "error"


@dataclass
class ExampleBook:
    organization: Organization = field(default_factory=organization)
    plans: dict[str, Plan] = field(default_factory=lambda: {"takeover": takeover()})
    findings: tuple[Finding, ...] = ()
