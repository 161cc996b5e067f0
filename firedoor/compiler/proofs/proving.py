"""Tells what could not be proved of a plan, each at its place, with the way on which it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

from firedoor.compiler.diagnostics import MOST_OF_A_FILE, Findings, Place
from firedoor.compiler.nodes import Node, Scalar
from firedoor.compiler.proofs import mending
from firedoor.compiler.proofs.clocks import Shown, clocks
from firedoor.compiler.proofs.deciding import undecided
from firedoor.compiler.proofs.leases import lapses
from firedoor.compiler.proofs.reaching import Flow
from firedoor.compiler.proofs.signatures import unsigned
from firedoor.compiler.proofs.situations import Situations
from firedoor.compiler.proofs.telling import described
from firedoor.compiler.proofs.undoing import Refused, refused
from firedoor.compiler.proofs.unreachable import unreachable
from firedoor.compiler.proofs.wording import EVERYONE, Uncleared, Untold, uncleared, untold
from firedoor.compiler.proofs.worst import Longest, Worst, amount, told
from firedoor.people.organization import Organization
from firedoor.plan.model import Plan
from firedoor.plan.steps import Step
from firedoor.plan.time import written

Places = Mapping[tuple[str, str], Node]
"""(static path of a step, or "clock:" and a clock's name; option) → where it is written. "" is the verb."""


def prove(plan: Plan, organization: Organization | None, places: Places, findings: Findings) -> tuple[Shown, ...]:
    """Adds what does not hold to the findings, and gives what was found of each clock."""
    situations, flow, worst = Situations(plan), Flow(plan), Worst(plan)
    file = plan.at.rpartition(":")[0]

    def place(step: Step, option: str = "") -> Place:
        here, _, line = step.at.rpartition(":")
        node = places.get((step.path, option)) or places.get((step.path, ""))
        return node.place if node is not None else Place(here, int(line))

    for step in unreachable(plan, situations, flow):
        if step.at.rpartition(":")[0] == file:
            message = f"{described(step)} never happens: nothing that leads here makes its condition hold"
            fix = "mend the condition, or remove the step"
            findings.add("FD225", place(step, "when"), message, fix=fix)
    _signatures(plan, situations, flow, place, findings)
    for lapse in islice(lapses(plan, flow, worst), MOST_OF_A_FILE):
        message = (
            f"what {described(lapse.step)} holds is let go after {written(lapse.step.expires or 0)}, "
            f"and {described(lapse.approval)} may decide about it after {amount(lapse.longest.seconds)}"
        )
        fix = f"let it expire after {amount(lapse.longest.seconds)} or later, or write on_expiry: ask commander"
        if lapse.longest.unbounded is not None:
            message = message.rpartition(" after ")[0] + " later than any time"
            fix = "write on_expiry: ask commander"
        findings.add("FD405", place(lapse.step, "expires"), message, fix=fix, notes=_sum(lapse.longest, plan))
    for undo in islice(refused(plan, flow), MOST_OF_A_FILE):
        message, fix = _undo(undo, plan)
        where = () if undo.because is undo.step else (f"that step is at {undo.because.at}",)
        findings.add("FD406", place(undo.step), message, fix=fix, notes=where)
    if organization is not None:
        _wording(
            plan,
            organization,
            lambda step, option: (
                place(step, option) if step else places["updates" if option == "say" else option, "say"].place
            ),
            findings,
        )
    shown = tuple(clocks(plan, situations, flow, worst))
    for found in shown:
        _clock(plan, worst, found, places, place(found.at, "meets") if found.at is not None else None, findings)
    return shown


def _signatures(
    plan: Plan, situations: Situations, flow: Flow, place: Callable[[Step, str], Place], findings: Findings
) -> None:
    """Acts that can be reached unsigned, and approvals whose no changes nothing."""
    lacking: set[str] = set()
    for one in islice(unsigned(plan, situations, flow), MOST_OF_A_FILE):
        wants = " and ".join(one.wants)
        message = f"{one.step.action} requires {wants} to have signed, and can be reached without"
        if one.asked is None:
            seats = ", ".join(f"{{team: {who}}}" for who in one.wants)
            fix = f"put before it an approve with needs: [{seats}], and give this step when: ID is approved"
        else:
            lacking.add(one.asked.path)
            name = one.asked.id.rpartition("/")[2] if one.asked.id else None
            fix = f"give this step when: {name or 'ID'} is approved"
            fix += "" if name else f", with that id at {one.asked.at}"
        notes = one.path or (
            "no way could be shown on which it happens: this proof follows approvals, not other conditions",
        )
        findings.add("FD305", place(one.step, ""), message, fix=fix, notes=notes)
    for approval in undecided(plan):
        if approval.at.rpartition(":")[0] == plan.at.rpartition(":")[0] and approval.path not in lacking:
            name = approval.id.rpartition("/")[2] if approval.id else "ID"
            message = f"a no here changes nothing: {described(approval)} goes on as after a yes"
            fix = f"give what waits for the yes when: {name} is approved, or write on_reject: leave, undo STEP or stop"
            findings.add("FD306", place(approval, "on_reject"), message, fix=fix)


def _undo(found: Refused, plan: Plan) -> tuple[str, str]:
    """What is not signed for, and what to write instead."""
    held = plan.by_path[found.step.step]
    of = held.id.rpartition("/")[2] if held.id else "ID"
    approval = (
        "approve: …, with id: let_go, needs: … and on_reject: continue; and give the undo when: let_go is approved"
    )
    match found.why:
        case "before":
            what = "the wait before it" if found.because.verb == "wait" else described(found.because)
            message = f"no signed word says that {what} is over, so this undo would be refused"
            fix = f"put an approval between them: {approval}"
        case "condition" if found.because is found.step:
            message = "no signed word says that this condition holds, so this undo would be refused"
            fix = f"put an approval before it: {approval} (and …)"
        case "condition":
            message = f"no signed word says that the condition of {described(found.because)} holds, so this undo would be refused"
            fix = f"put an approval before the undo: {approval}"
        case _:
            message = f"no signed word says what {described(found.because)} goes over, so this undo would be refused"
            fix = f"write undo: {of} outside of the loop; or let a task of the round say so: when: TASK is done"
    if held.verb == "contain" and held.expires is None and found.why == "before":
        fix += f". Where time alone decides, give {of} an end: expires: …, with on_expiry: undo"
    return message, fix


def _wording(
    plan: Plan, organization: Organization, place: Callable[[Step | None, str], Place], findings: Findings
) -> None:
    lacking: dict[tuple[str | None, tuple[str, ...]], list[Untold]] = {}
    for lack in untold(plan, organization):
        lacking.setdefault((lack.step.path if lack.step is not None else None, lack.lacks), []).append(lack)
    for (_, tags), lacks in lacking.items():
        whos, why = " and ".join(one.audience for one in lacks), "; ".join(one.why for one in lacks)
        message = f"what is said to {whos} is not there in {' or '.join(tags)}: {why}"
        findings.add("FD707", place(lacks[0].step, "say"), message, fix=f"write it in {tags[0]} as well")
    told: dict[tuple[object, ...], list[Uncleared]] = {}
    for one in uncleared(plan, organization):
        path = one.step.path if one.step is not None else None
        told.setdefault((path, one.option, one.what, one.kind), []).append(one)
    for several in told.values():
        _uncleared(several, place, findings)


def _uncleared(several: list[Uncleared], place: Callable[[Step | None, str], Place], findings: Findings) -> None:
    """One thing that is said or shown at one place, for all whom it reaches."""
    first = several[0]
    if first.audience == EVERYONE:
        message = f"{first.what} is {first.kind}, and these words go everywhere, so that it is left out of them"
        fix = "leave it out, and say it in a notice to those who are cleared"
        if first.step is not None and first.step.verb == "approve":
            fix = "leave it out, and show it to those who sign, under `show`"
        findings.add("FD708", place(first.step, first.option), message, fix=fix)
        return
    whos = dict.fromkeys(
        one.audience if one.channel is None else f"the channel {one.channel}, which reaches {one.audience},"
        for one in several
    )
    message = f"{first.what} is {first.kind}, and {' and '.join(whos)} {'is' if len(whos) == 1 else 'are'} not cleared for that"
    lacking = " and ".join(dict.fromkeys(one.channel or one.audience for one in several))
    fix = f"leave it out, or add clears: [{first.kind}] to {lacking} in organization.yaml"
    meaning = None if first.withheld else "who signs is shown it all the same: what is signed is never withheld"
    findings.add("FD708", place(first.step, first.option), message, fix=fix, meaning=meaning)


def _clock(plan: Plan, worst: Worst, found: Shown, places: Places, meets: Place | None, findings: Findings) -> None:
    clock = found.clock

    def written_when(step: Step) -> str | None:
        node = places.get((step.path, "when"))
        return " ".join(node.text.split()) if isinstance(node, Scalar) else None

    file, _, line = plan.at.rpartition(":")
    node = places.get((f"clock:{clock.name}", ""))
    here = node.place if node is not None else Place(file, int(line))
    match found.verdict:
        case "unmet" if not found.situation:
            fix = f"give the step that does it meets: {clock.name}"
            findings.add("FD505", here, f"no step meets the clock {clock.name}", fix=fix)
        case "unmet":
            message = f"the clock {clock.name} can start and be met by no step"
            fix = mending.unmet(plan, clock, found.outcomes, written_when)
            findings.add("FD505", here, message, fix=fix, notes=found.situation)
        case "late" if clock.kind == "fixed":
            longest = amount(found.longest.seconds) + (" or more" if found.at_least else "")
            message = (
                f"the clock {clock.name} has {written(clock.limit)}, and this step may end {longest} after it starts"
            )
            fix = f"save {written(-found.margin)} on the way: shorter deadlines, or the step earlier"
            findings.add(
                "FD503", meets or here, message, fix=fix, notes=_sum(found.longest, plan, at_least=found.at_least)
            )
        case "not shown" if clock.kind == "fixed":
            endless = found.longest.unbounded
            message = f"it is not shown that the clock {clock.name} is met in time: {found.why}"
            notes = [*found.situation]
            fix = "let a step meet it that nothing else decides about: a task without a condition, after the others"
            if endless is not None:
                notes = [f"that is {described(endless.step)} at {endless.step.at}"]
                fix = mending.endless(endless, plan, worst)
            findings.add("FD504", meets or here, message, fix=fix, notes=notes)


def _sum(longest: Longest, plan: Plan, *, at_least: bool = False) -> list[str]:
    asked = written(plan.commander.answers_within)
    whole = f"{amount(longest.seconds):>12}  in all, when each ask is answered within {asked}"
    if at_least:
        whole = f"{amount(longest.seconds):>12}  at least, with what else is on the way and has no bound"
    careful = any(part.step.when is not None for part in longest.parts)
    return [*told(longest), whole, *(["a step with a condition is counted as if it held"] if careful else [])]
