"""A plan in which every model and every field of a Plan has something to say."""

from __future__ import annotations

from datetime import date
from typing import Any

from firedoor.plan import (
    Audience,
    Input,
    Message,
    MessageRef,
    Plan,
    Prose,
    Review,
    ReviewTask,
    Seat,
    Span,
    Text,
    Updates,
)
from firedoor.plan.expression import (
    And,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Filter,
    InputValue,
    Listing,
    Or,
    RunField,
    StepField,
    Within,
)
from firedoor.plan.time import DaysOff
from tests.run import plans as p

LATER = Arithmetic(sign="+", left=RunField(field="aware_at"), right=Const(value=1800, type="duration"))
SAID = Text(
    by_language={
        "en": Prose(of=("Of ", p.given("accounts"), " now")),
        "de": Prose(of=("Von ", p.given("accounts"), " jetzt")),
    }
)
INPUTS = (
    *p.INPUTS,
    Input(name="people", type="number", at_least=1, at_most=9, default=3, ask="How many people?"),
    Input(name="kind", type="choice", choices=("spam", "scam"), optional=True),
)
BAD: Expr = Or(
    of=(
        And(of=(p.yes("office"), p.not_(p.yes("serious")))),
        Within(left=InputValue(name="kind", type="choice"), right=Listing(of=(Const(value="spam", type="choice"),))),
        Compare(sign=">", left=Filter(name="count", of=p.given("accounts")), right=Const(value=3, type="number")),
        p.is_given("note"),
    )
)
JOINED = Prose(of=("For ", Filter(name="join", of=p.given("accounts"), argument="; ")))


def whole() -> Plan:
    steps = (
        p.lock(when=p.yes("office"), expires=p.HOUR, on_expiry="ask policy", ask_above=5, arguments={"why": JOINED}),
        p.lock("other"),
        p.approve(
            "May it be?",
            p.seat("policy", 2),
            p.seat("legal", when=p.at_sev1()),
            name="ok",
            deadline=p.HOUR,
            escalate=10 * p.MINUTE,
            on_reject="undo #lock",
            on_timeout="ask commander",
            unlocks=("#frozen",),
            show=(("accounts", p.given("accounts")), ("held", p.held("#lock"))),
            not_by=("@omar", "legal.manager"),
        ),
        p.contain("freeze", None, name="frozen", when=p.is_("#ok", "approved")),
        p.notify("crt.on_shift", JOINED, name="told", of=p.read("matches_of", "r1", p.given("accounts"), listed=True)),
        p.task("Look", "crt.on_shift", name="look", due=p.HOUR, on_timeout="stop", proof="case number", meets="law"),
        p.wait(30 * p.MINUTE, name="pause"),
        p.wait(
            until=p.below(p.read("count_of", "r2"), 20),
            name="calm",
            held_for=p.HOUR,
            check_every=10 * p.MINUTE,
            at_most=p.DAY,
            on_timeout="undo all",
        ),
        p.parallel(p.notify("legal"), p.notify("execs", "Brief."), name="both", when=BAD),
        p.group(p.task("Call", "policy.on_shift", when=_late("#lock")), name="calls"),
        p.for_each(p.held("#lock"), p.undo("#lock", p.item("#loop")), name="loop", at_once=2, ask_above=10),
        p.for_each(p.given("accounts"), p.undo("#other", p.item("#second")), name="second"),
        p.undo("#other", name="freed"),
    )
    made = p.plan(
        *steps,
        inputs=INPUTS,
        clocks=(_clock(), p.clock("house", p.HOUR, fixed=False)),
        updates=Updates(
            every={"sev1": 1800, "sev2": 7200},
            to=(Audience(who=p.who("execs")), Audience(who=p.who("legal"))),
            say=MessageRef(message="brief", context={"line": p.given("accounts")}),
        ),
        review=Review(
            owner=p.COMMANDER,
            meeting_within={"sev1": Span(business_days=3), "sev2": Span(seconds=p.DAY)},
            tasks=(
                ReviewTask(
                    words=p.text("Look back"), assign=p.who("crt"), due=Span(seconds=p.DAY), when=BAD, at="by-hand:9"
                ),
                ReviewTask(words=SAID, assign=p.who("policy"), due=Span(business_days=5), at="by-hand:10"),
            ),
        ),
    )
    return _with(made)


def _late(step: str) -> Expr:
    return Compare(sign=">", left=StepField(step=step, field="done_at"), right=LATER)


def _clock() -> Any:
    clock = p.clock("law", when=p.yes("office"), not_due=p.is_("#ok", "rejected"))
    return clock.model_copy(update={"may_pause": ("a holiday", "a flood"), "after_pause": "anew"})


def _with(made: Plan) -> Plan:
    """What the helpers of tests.run do not give: more languages, regions, messages, seats of actions."""
    more: dict[str | None, dict[str, Any]] = {"calls": {"playbook": "calls"}, "ok": {"question": SAID}}
    steps = tuple(step.model_copy(update=more.get(step.id, {})) for step in made.steps)
    freeze = made.actions["freeze"]
    seats = (*freeze.requires, Seat(who=p.who("execs"), seats=2, when=None))
    return Plan(
        **{
            **{name: getattr(made, name) for name in Plan.model_fields},
            "steps": steps,
            "languages": ("en", "de"),
            "title": SAID,
            "zones": {"emea": "Europe/Dublin", "amer": "America/Los_Angeles"},
            "days_off": {"emea": DaysOff(weekend=(4, 5), holidays=(date(2026, 12, 25),))},
            "messages": {
                "brief": Message(by_language={"en": "At {{ severity }}: look.", "de": "Bei {{ severity }}: sieh."}),
                "spare": Message(by_language={"en": "Nothing."}),
            },
            "actions": {**made.actions, "freeze": freeze.model_copy(update={"requires": seats})},
        }
    )
