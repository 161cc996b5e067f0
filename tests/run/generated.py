"""Plans as hypothesis makes them: every verb, loops, branches, gates with several seats, leases, clocks and reads."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from firedoor.plan import Audience, Clock, Consequence, Expr, Plan, Prose, Review, ReviewTask, Seat, Span, Step, Updates
from firedoor.plan.expression import InputValue, StepField
from tests.run import plans as p

DURATIONS = (10 * p.MINUTE, p.HOUR, 5 * p.HOUR)


@dataclass
class Sight:
    """What a step may refer to from where it stands."""

    names: list[str]
    """All that were given so far, so that each is given once."""
    contains: list[str] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    depth: int = 0

    def name(self) -> str:
        self.names.append(f"s{len(self.names)}")
        return self.names[-1]

    def inside(self, loop: str | None = None) -> Sight:
        """What is named below is not seen from above."""
        loops = [*self.loops, loop] if loop else [*self.loops]
        return Sight(self.names, [*self.contains], [*self.approvals], [*self.waits], loops, self.depth + 1)


@st.composite
def consequences(draw: st.DrawFn, sight: Sight, *, itself: bool = False) -> Consequence:
    """What a no, a silence or a failure leads to. `itself`: a bare undo is this step's."""
    choices = ["continue", "leave", "stop", "undo all", "ask commander", "ask commander", "ask legal.manager"]
    choices += [f"undo #{name}" for name in sight.contains]
    choices += ["undo"] if itself else []
    return p.then(draw(st.sampled_from(choices)), may_continue=draw(st.booleans()))


@st.composite
def conditions(draw: st.DrawFn, sight: Sight) -> Expr | None:
    options: list[Expr | None] = [None] * 6
    options += [p.yes("office"), p.yes("serious"), p.at_sev1(), p.not_(p.yes("serious"))]
    options += [p.is_(f"#{name}", "approved") for name in sight.approvals]
    options += [p.is_(f"#{name}", "skipped") for name in sight.approvals[:1]]
    options += [p.is_(f"#{name}", "done") for name in sight.waits[:2]]
    when = draw(st.sampled_from(options))
    if draw(st.integers(0, 11)) == 0:
        return p.below(p.read("count_of", sight.name()), 50)
    return when


@st.composite
def targets(draw: st.DrawFn, sight: Sight) -> Expr:
    options: list[Expr] = [p.given("accounts")]
    options += [p.item(f"#{loop}") for loop in sight.loops] * 2
    options += [p.held(f"#{name}") for name in sight.contains]
    found = draw(st.sampled_from(options))
    if draw(st.integers(0, 7)) == 0:
        return p.read("matches_of", sight.name(), p.given("accounts"), listed=True, kind="account")
    return found


def meets(draw: st.DrawFn) -> tuple[str, ...]:
    return draw(st.sampled_from([(), (), (), ("law",), ("house",), ("law", "house")]))


@st.composite
def seats(draw: st.DrawFn) -> tuple[Seat, ...]:
    options = [p.seat("policy"), p.seat("legal"), p.seat("policy", 2), p.seat("commander"), p.seat("legal.on_shift")]
    first = draw(st.sampled_from(options[:3]))
    others = draw(st.lists(st.sampled_from(options), max_size=1))
    if draw(st.booleans()):
        others.append(p.seat("execs", when=p.at_sev1()))
    if draw(st.integers(0, 5)) == 0:
        first = first.model_copy(update={"when": p.at_sev1()})
    return (first, *others)


@st.composite
def contains(
    draw: st.DrawFn, sight: Sight, *, name: str, action: str = "lock_account", when: Expr | None = None
) -> Step:
    expires = draw(st.sampled_from([None, None, *DURATIONS]))
    return p.contain(
        action,
        None if action == "freeze" else draw(targets(sight)),
        name=name,
        when=when,
        meets=meets(draw),
        on_failure=draw(st.none() | consequences(sight, itself=True)),
        expires=expires,
        on_expiry=draw(st.sampled_from(["undo", "ask policy"])) if expires else None,
        ask_above=draw(st.sampled_from([None, None, 1])),
    )


@st.composite
def approvals(draw: st.DrawFn, sight: Sight, *, name: str, unlocks: tuple[str, ...] = ()) -> Step:
    needs = draw(seats())
    if draw(st.booleans()) and unlocks:
        needs = (p.seat("policy"), p.seat("legal"), *needs[1:])
    return p.approve(
        f"May {name} be?",
        *needs,
        name=name,
        when=draw(conditions(sight)) if not unlocks else None,
        deadline=draw(st.sampled_from(DURATIONS)),
        escalate=draw(st.sampled_from([None, 5 * p.MINUTE])),
        on_reject=draw(consequences(sight)),
        on_timeout=draw(consequences(sight)),
        unlocks=tuple(f"#{one}" for one in unlocks),
        show=(("accounts", p.given("accounts")), *((f"held {n}", p.held(f"#{n}")) for n in sight.contains[:1])),
        not_by=draw(st.sampled_from([(), ("@omar",)])),
    )


@st.composite
def gates(draw: st.DrawFn, sight: Sight) -> list[Step]:
    """An approval, and what stands behind it."""
    gate, name = sight.name(), sight.name()
    action = draw(st.sampled_from(["lock_account", "freeze", "disclose"]))
    approval = draw(approvals(sight, name=gate, unlocks=(name,)))
    sight.approvals.append(gate)
    act = draw(contains(sight, name=name, action=action, when=p.is_(f"#{gate}", "approved")))
    sight.contains.append(name)
    return [approval, act]


@st.composite
def leaves(draw: st.DrawFn, sight: Sight) -> list[Step]:
    verbs = ["notify", "contain", "contain", "approve", "task", "wait", "gate", "undo"]
    verb = draw(st.sampled_from(verbs if sight.contains else verbs[:-1]))
    if verb == "gate":
        return draw(gates(sight))
    name, when = sight.name(), draw(conditions(sight))
    step: Step
    match verb:
        case "notify":
            say = Prose(of=("Of ", p.given("accounts"), " and ", InputValue(name="note", type="text")))
            of = draw(st.sampled_from([None, None, *([p.item(f"#{sight.loops[0]}")] if sight.loops else [])]))
            failing = draw(st.none() | consequences(sight))
            step = p.notify("crt.on_shift", say, name=name, when=when, meets=meets(draw), on_failure=failing, of=of)
        case "contain":
            step = draw(contains(sight, name=name, when=when))
            sight.contains.append(name)
        case "approve":
            step = draw(approvals(sight, name=name))
            sight.approvals.append(name)
        case "task":
            due = draw(st.sampled_from([None, *DURATIONS]))
            step = p.task(
                Prose(of=("See to ", p.given("accounts"))),
                draw(st.sampled_from(["crt.on_shift", "legal.on_shift", "policy"])),
                name=name,
                when=when,
                meets=meets(draw),
                due=due,
                on_timeout=draw(consequences(sight)) if due else None,
                proof=draw(st.sampled_from([None, "case number"])),
            )
            sight.waits.append(name)
        case "wait":
            step = draw(waits(sight, name=name, when=when))
            sight.waits.append(name)
        case _:
            holder = draw(st.sampled_from(sight.contains))
            only = draw(st.sampled_from([None, *[p.item(f"#{loop}") for loop in sight.loops]]))
            failing = draw(st.none() | consequences(sight))
            step = p.undo(f"#{holder}", only, name=name, when=when, meets=meets(draw), on_failure=failing)
    return [step]


@st.composite
def waits(draw: st.DrawFn, sight: Sight, *, name: str, when: Expr | None) -> Step:
    if draw(st.booleans()):
        return p.wait(draw(st.sampled_from(DURATIONS)), name=name, when=when, meets=meets(draw))
    return p.wait(
        until=p.below(p.read("count_of", sight.name()), 20),
        name=name,
        when=when,
        held_for=draw(st.sampled_from([0, 20 * p.MINUTE])),
        check_every=10 * p.MINUTE,
        at_most=draw(st.sampled_from(DURATIONS)),
        on_timeout=draw(consequences(sight)),
    )


@st.composite
def sequences(draw: st.DrawFn, sight: Sight, most: int) -> tuple[Step, ...]:
    found: list[Step] = []
    for _ in range(draw(st.integers(1 if sight.depth else 2, most))):
        kinds = ["leaf", "leaf", "leaf", "leaf", "parallel", "group", "for_each"]
        kind = "leaf" if sight.depth >= 2 else draw(st.sampled_from(kinds))
        if kind == "leaf":
            found += draw(leaves(sight))
            continue
        name, when = sight.name(), draw(conditions(sight))
        if kind == "for_each":
            items = draw(targets(sight))
            inner = draw(sequences(sight.inside(name), 3))
            above = draw(st.sampled_from([None, None, 1]))
            many = draw(st.integers(1, 3))
            own = meets(draw) if draw(st.integers(0, 2)) == 0 else ()
            found.append(p.for_each(items, *inner, name=name, when=when, at_once=many, ask_above=above, meets=own))
        elif kind == "group":
            own = meets(draw) if draw(st.integers(0, 2)) == 0 else ()
            found.append(p.group(*draw(sequences(sight.inside(), 3)), name=name, when=when, meets=own))
        else:  # what one branch names, no other one sees
            branches = [draw(sequences(sight.inside(), 1)) for _ in range(draw(st.integers(1, 3)))]
            sides = [branch[0] if len(branch) == 1 else p.group(*branch) for branch in branches]
            own = meets(draw) if draw(st.integers(0, 2)) == 0 else ()
            found.append(p.parallel(*sides, name=name, when=when, meets=own))
    return tuple(found)


@st.composite
def clocks(draw: st.DrawFn, sight: Sight) -> tuple[Clock, ...]:
    starts: list[Expr] = [p.AWARE_AT, p.AWARE_AT, InputValue(name="order_at", type="date_time")]
    starts += [StepField(step=f"#{name}", field="done_at") for name in (*sight.waits[:1], *sight.approvals[:1])]
    law = p.clock(
        "law",
        draw(st.sampled_from(DURATIONS)),
        draw(st.sampled_from(starts)),
        when=draw(st.sampled_from([None, p.yes("office")])),
        not_due=draw(st.sampled_from([None, *(p.is_(f"#{name}", "rejected") for name in sight.approvals[:1])])),
        may_pause=("a flood",),
        after_pause=draw(st.sampled_from(["the rest", "anew"])),
    )
    house = p.clock("house", draw(st.sampled_from(DURATIONS)), fixed=False)
    return tuple(one for one in (law, house) if draw(st.booleans()))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    sight = Sight(names=[])
    steps = draw(sequences(sight, 6))
    updates = Updates(
        every={"sev1": 1800, "sev2": 7200},
        to=(Audience(who=p.who("execs")),),
        say=p.text(Prose(of=("Still about ", p.given("accounts")))),
    )
    review = Review(
        owner=p.COMMANDER,
        meeting_within={"sev1": Span(business_days=3)},
        tasks=(ReviewTask(words=p.text("Look back"), assign=p.who("crt"), due=Span(seconds=p.DAY), at="by-hand"),),
    )
    return p.plan(
        *steps,
        clocks=draw(clocks(sight)),
        updates=draw(st.sampled_from([None, None, updates])),
        review=draw(st.sampled_from([None, review])),
    )
