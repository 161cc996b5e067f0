"""What somebody was when they signed: who they answer for, whether they command, whether a seat is theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from firedoor.people.signatures import LEEWAY
from firedoor.plan import Approve, Plan, Who
from firedoor.protocol import Answer, Command, Launch, speaks_as


def answers_for(who: Who, word: Answer | Command, launch: Launch) -> bool:
    """Whether who signed the word was `who` then."""
    match who.kind:
        case "person":
            return speaks_as(word.person, word.holds, who.name or "")
        case "launcher":
            return speaks_as(word.person, word.holds, launch.person)
        case "region_manager":
            return f"region.manager:{launch.region}" in word.holds
        case "team" | "on_shift" | "manager" | "commander":
            return str(who) in word.holds
        case "contact" | "users" | "account":
            return False


def commands(plan: Plan, word: Answer | Command, launch: Launch, named: Collection[str] = ()) -> bool:
    """Whether who signed was the commander, or stood on the commander's ladder. `named`: those it was handed over to."""
    ladder = (plan.commander.source, *plan.commander.then)
    named_one = any(speaks_as(word.person, word.holds, person) for person in named)
    return named_one or "commander" in word.holds or any(answers_for(who, word, launch) for who in ladder)


def handed_over_to(plan: Plan, words: Iterable[Answer | Command], launch: Launch) -> frozenset[str]:
    """Everyone to whom a commander has handed over, in turn: at once, or as whoever was asked has accepted."""
    named: set[str] = set()
    asked: set[str] = set()
    for word in words:
        if isinstance(word, Answer):
            if word.choice == "accept" and word.person in asked and _is_about_a_handover(word):
                named.add(word.person)
        elif word.command in ("offer", "hand_over") and commands(plan, word, launch, named):
            (asked if word.command == "offer" else named).add(str(word.value))
    return frozenset(named)


def _is_about_a_handover(answer: Answer) -> bool:
    """By the ask's id, as in "question::handover:4"."""
    return answer.ask.startswith("question::handover:")


def commands_among(plan: Plan, words: Iterable[Answer | Command], word: Answer | Command, launch: Launch) -> bool:
    """Whether who signed was the commander, by these words of the run as well."""
    return commands(plan, word, launch, handed_over_to(plan, words, launch))


def sits(approve: Approve, answer: Answer, launch: Launch) -> bool:
    """Whether who answered may fill a seat of the approval."""
    beside = sum(seat.seats for seat in approve.needs) > 1
    return any(may_sit(seat.who, beside, answer, approve, launch) for seat in approve.needs)


def may_sit(who: Who, beside_another: bool, answer: Answer, approve: Approve, launch: Launch) -> bool:
    """The launcher fills no seat, nor does anyone of `not_by`; but whoever commands may fill a commander's seat that
    stands beside another. A manager signs for a team once the approval may have escalated to managers.
    """
    at_command = who.kind == "commander" and beside_another
    barred = answer.person == launch.person or any(answers_for(other, answer, launch) for other in approve.not_by)
    if barred and not at_command:
        return False
    if answers_for(who, answer, launch):
        return True
    managed = who.kind in ("team", "on_shift") and f"{who.name}.manager" in answer.holds
    return managed and _may_have_escalated(approve, answer, launch)


def _may_have_escalated(approve: Approve, answer: Answer, launch: Launch) -> bool:
    """Nothing signed says when it was asked; but it was not before the launch."""
    if approve.escalate is None:
        return False
    return answer.issued + LEEWAY >= launch.issued + timedelta(seconds=approve.escalate)
