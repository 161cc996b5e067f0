"""Puts an explanation together: when, what is asked, how bad, who decides, what happens, what limits time, and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isinf
from types import MappingProxyType

from firedoor.compiler.clocks import ClockRow
from firedoor.compiler.proofs.worst import Worst
from firedoor.explain import conditions, limits, messages
from firedoor.explain.holding import Holding
from firedoor.explain.prose import Explanation, Item, Section
from firedoor.explain.reader import Reader, capital, ended, every, listed
from firedoor.explain.steps import Steps, endless
from firedoor.people.organization import Organization
from firedoor.plan import Approve, Contain, Input, Plan, Who, paths
from firedoor.plan.time import spelt_out

_TYPES = {
    "text": ("a text", "texts"),
    "number": ("a number", "numbers"),
    "yes_no": ("yes or no", "answers of yes or no"),
    "choice": ("a choice", "choices"),
    "date_time": ("a date and time", "dates and times"),
    "duration": ("a length of time", "lengths of time"),
    "url": ("a web address", "web addresses"),
    "email": ("a mail address", "mail addresses"),
    "document": ("a document", "documents"),
    "country": ("a country", "countries"),
    "language": ("a language", "languages"),
    "account": ("an account", "accounts"),
    "content": ("an item on the platform", "items on the platform"),
    "person": ("a person", "people"),
    "severity": ("a severity", "severities"),
}
_SENSITIVE = {"personal": "It is personal data", "graphic": "It may be graphic"}


def explain(
    plan: Plan,
    organization: Organization | None = None,
    language: str | None = None,
    rows: Mapping[str, ClockRow] = MappingProxyType({}),
) -> Explanation:
    """Tell the plan. With its organization, teams and people have their titles; `language` picks the author's texts.
    `rows` are those of clocks.yaml, which say more about a time limit than a run needs.

    Takes as long as the proof of the plan's clocks: milliseconds, for a large one a second.
    """
    reader, worst, holding = Reader(plan, organization, language), Worst(plan), Holding(plan)
    sections = [
        Section(heading="When to use it", says=(plan.use_when,)),
        _at_a_glance(reader, worst, holding),
        _inputs(reader),
        _severity(reader),
        _people(reader),
        Section(heading="What happens, step by step", items=Steps(reader, worst, holding).tell(plan.steps)),
        limits.section(reader, worst, rows),
        _undoing(reader, holding),
        _updates(reader),
        _review(reader),
        messages.section(reader),
    ]
    return Explanation(
        playbook=plan.playbook,
        version=plan.version,
        digest=plan.digest,
        title=reader.text(plan.title),
        under_title=f"The playbook {plan.playbook}, version {plan.version}. {capital(reader.team(plan.owner))} owns it.",
        sections=tuple(one for one in sections if one.says or one.items),
    )


def _approvals(plan: Plan) -> list[Approve]:
    return [step for step in plan.by_path.values() if step.verb == "approve"]


# --- at a glance ----------------------------------------------------------------------------------------------------


def _at_a_glance(reader: Reader, worst: Worst, holding: Holding) -> Section:
    plan = reader.plan
    first = [one for one in holding.acts() if not holding.signed_by(one)]
    signed = [one for one in holding.acts() if holding.signed_by(one)]
    lasting = [one for one in holding.acts() if holding.irreversible(one)]
    parts = [
        (
            "Who decides:",
            [_decides(reader, one) for one in _approvals(plan)] or ["Nobody is asked to approve anything."],
        ),
        ("Done at once, before any signature:", [_named(reader, first)] if first else ["Nothing."]),
        ("Done only once it is signed for:", [_named(reader, signed)] if signed else []),
        ("Cannot be undone:", [_named(reader, lasting)] if lasting else ["Nothing."]),
        ("Time limits:", [*limits.glance(reader, worst)]),
        ("How long it takes at worst:", [_longest(reader, worst)]),
    ]
    items = tuple(Item(head=head, says=tuple(says)) for head, says in parts if says)
    return Section(heading="At a glance", items=items)


def _longest(reader: Reader, worst: Worst) -> str:
    plan = reader.plan
    longest = sum(worst.of(step) for step in plan.steps)
    if not isinf(longest):
        return f"{capital(spelt_out(longest))}."
    return f"Nothing limits {reader.steps(path for path, step in plan.by_path.items() if endless(worst, step))}."


def _decides(reader: Reader, one: Approve) -> str:
    always = reader.seats(seat for seat in one.needs if seat.when is None)
    sometimes = reader.seats(seat for seat in one.needs if seat.when is not None)
    who = always + (f" and, on a condition, {sometimes}" if always and sometimes else sometimes)
    return f"{capital(who)} within {spelt_out(one.deadline)} (step {reader.number(one.path)})."


def _named(reader: Reader, acts: list[Contain]) -> str:
    told = []
    for one in acts:
        on = ", on a condition" if _conditional(reader.plan, one.path) else ""
        told.append(f"{reader.does(one)} (step {reader.number(one.path)}{on})")
    return "; ".join(told) + "."


def _conditional(plan: Plan, path: str) -> bool:
    """Whether the step, or what it stands in, has a `when`."""
    while path:
        if plan.by_path[path].when is not None:
            return True
        path = paths.parent(path)
    return False


# --- asked at launch ------------------------------------------------------------------------------------------------


def _inputs(reader: Reader) -> Section:
    plan = reader.plan
    if not plan.inputs:
        return Section(heading="What is asked at launch", says=("Nothing is asked.",))
    items = tuple(Item(head=f"{capital(conditions.plain(one.name))}:", says=tuple(_asked(one))) for one in plan.inputs)
    return Section(heading="What is asked at launch", items=items)


def _asked(one: Input) -> Iterator[str]:
    single, many = _TYPES[one.type]
    kind = f"a list of {many}" if one.listed else single
    if one.choices:
        kind = f"{'some' if one.listed else 'one'} of {listed(one.choices, 'or')}"
    yield f"“{one.ask}” {capital(kind)}{_bounds(one)}." if one.ask else f"{kind}{_bounds(one)}."
    if one.default is not None:
        yield f"Unless said, {conditions.constant(one.default, one.type)}."
    elif one.optional:
        yield "It may be left out."
    if one.sensitive:
        yield f"{_SENSITIVE[one.sensitive]}, and reaches only teams and channels that are cleared for that."


def _bounds(one: Input) -> str:
    least = f"at least {one.at_least:g}" if one.at_least is not None else ""
    most = f"at most {one.at_most:g}" if one.at_most is not None else ""
    found = " and ".join(bound for bound in (least, most) if bound)
    return f", {found}" if found else ""


# --- severity, people -----------------------------------------------------------------------------------------------


def _severity(reader: Reader) -> Section:
    rules = reader.plan.severity
    items = tuple(
        Item(head=f"{rule.severity}", says=(f"if {reader.condition(rule.when)}." if rule.when else "otherwise.",))
        for rule in rules
    )
    says = ("The worst that holds counts.",) if len(rules) > 1 else ()
    return Section(heading="How bad it is judged", says=says, items=items)


def _people(reader: Reader) -> Section:
    plan, commander = reader.plan, reader.plan.commander
    says = [f"The commander is {reader.who(commander.source)}."]
    within = spelt_out(commander.answers_within)
    ladder = (
        f" After {within} it also goes to {', then to '.join(map(reader.who, commander.then))}."
        if commander.then
        else ""
    )
    says.append(
        f"Where somebody is asked, the question stays open until it is answered; silence decides nothing.{ladder}"
    )
    says.append(
        "Unless a step says otherwise, the commander is asked when an act or a notice fails: to try again, to pass it "
        "over, to undo what the act contains, to end the response, or to undo everything."
    )
    if _approvals(plan):
        says.append(
            "Whoever is asked about a no or a silence may ask again, end the response, or undo everything; they may let it "
            "go on only where nothing that the missing signature had to allow can follow, and elsewhere leave out what "
            "stands behind it."
        )
        says.append(
            "Nobody signs twice in one decision, and whoever launched does not sign"
            + (", except as the commander beside somebody else." if _commander_signs(plan) else ".")
        )
    return Section(heading="Who decides what the playbook leaves open", says=tuple(says))


def _commander_signs(plan: Plan) -> bool:
    return any(seat.who == Who(kind="commander") for one in _approvals(plan) for seat in one.needs)


# --- undoing, updates, review ---------------------------------------------------------------------------------------


def _undoing(reader: Reader, holding: Holding) -> Section:
    acts = holding.acts()
    if not acts:
        return Section(heading="What can be undone")
    lasting = [one for one in acts if holding.irreversible(one)]
    others = [one for one in acts if one not in lasting]
    says = []
    if others:
        says.append(
            f"The commander can undo {reader.steps(one.path for one in others)} at any time. Undoing restores what was "
            "there before; what somebody else has contained as well stays contained until they let go."
        )
    says += [f"Step {reader.number(one.path)} cannot be undone: {reader.does(one)}." for one in lasting]
    if not lasting:
        says.append("Nothing that this playbook does is beyond undoing.")
    says.append(
        "What is still contained when the response ends stays so, and the incident stays open until each of it is undone, or "
        "accepted as lasting."
    )
    return Section(heading="What can be undone", says=tuple(says))


def _updates(reader: Reader) -> Section:
    updates = reader.plan.updates
    if updates is None:
        return Section(heading="Who is kept informed")
    times = listed(f"{every(seconds)} at {severity}" for severity, seconds in sorted(updates.every.items()))
    says = (
        f"While the response runs, {reader.audience(updates.to)} are told {times}: {ended(reader.message(updates.say))}",
    )
    return Section(heading="Who is kept informed", says=says)


def _review(reader: Reader) -> Section:
    review = reader.plan.review
    if review is None:
        return Section(heading="Afterwards", says=("There is no review.",))
    says = [f"When the response has ended, a review begins. {capital(reader.who(review.owner))} owns it."]
    if review.meeting_within:
        each = listed(f"within {reader.span(span)} at {one}" for one, span in sorted(review.meeting_within.items()))
        says.append(f"The review meeting is held {each}, by the highest severity that was reached.")
    items = tuple(
        Item(
            head=f"{capital(reader.who(task.assign))}, within {reader.span(task.due)}:",
            says=(
                f"“{reader.text(task.words)}”"
                + (f", if {reader.condition(task.when)}." if task.when is not None else ""),
            ),
        )
        for task in review.tasks
    )
    if items:
        says.append("Its tasks are chased until they are done, and each is verified by somebody else than who did it:")
    return Section(heading="Afterwards", says=tuple(says), items=items)
