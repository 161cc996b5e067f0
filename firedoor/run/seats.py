"""Seats: who may fill one, and which are still missing."""

from __future__ import annotations

from firedoor.plan import Seat, Who
from firedoor.protocol import Answer, Decision
from firedoor.run.core import Core
from firedoor.run.state import Ask, SeatState


def missing(core: Core, required: tuple[Seat, ...], decisions: list[Decision], path: str) -> list[Seat]:
    """Seats of `required` that these signatures do not fill, each person filling one."""
    answers = {answer.person: answer for answer in (Answer.model_validate_json(d.signed.body) for d in decisions)}
    wanted = [seat for seat in required if seat.when is None or core.value(seat.when, path) is True]
    places = [seat for seat in wanted for _ in range(seat.seats)]
    fitting = [[_fits(core, seat.who, answer, by_manager=True) for answer in answers.values()] for seat in places]
    return [seat for seat, person in zip(places, match(fitting), strict=True) if person is None]


def match(fitting: list[list[bool]]) -> list[int | None]:
    """Give each one of the left a partner of its own on the right, as many as can be; those who come first keep one.

    `fitting[left][right]` says who goes with whom. Augmenting paths; both sides are small.
    """
    taken: dict[int, int] = {}

    def place(left: int, seen: list[int]) -> bool:
        for right, ok in enumerate(fitting[left]):
            if ok and right not in seen:
                seen.append(right)
                if right not in taken or place(taken[right], seen):
                    taken[right] = left
                    return True
        return False

    for left in range(len(fitting)):
        place(left, [])
    found: list[int | None] = [None] * len(fitting)
    for right, left in taken.items():
        found[left] = right
    return found


def _fits(core: Core, who: Who, answer: Answer, *, by_manager: bool) -> bool:
    if core.matches(who, answer.person, answer.holds):
        return True
    return by_manager and who.kind in ("team", "on_shift") and f"{who.name}.manager" in answer.holds


def seat(core: Core, ask: Ask, answer: Answer) -> list[int] | None:
    """The seat of each signature and, last, of this one; None where the person finds none.

    Who can fill several seats moves on to another one where that makes room for somebody who can fill only this.
    """
    answers = [Answer.model_validate_json(signature.decision.signed.body) for signature in ask.signatures]
    people = [*answers, answer]
    places = [number for number, seat in enumerate(ask.seats) for _ in range(seat.seats)]
    fitting = [[fits(core, ask, ask.seats[number], person) for number in places] for person in people]
    found = match(fitting)
    return [places[place] for place in found if place is not None] if None not in found else None


def fits(core: Core, ask: Ask, seat: SeatState, answer: Answer) -> bool:
    """The launcher fills no seat, but for a commander's beside another one."""
    if answer.person == core.state.launcher:
        beside = len(ask.seats) > 1
        if not (seat.who.kind == "commander" and beside):
            return False
    return _fits(core, seat.who, answer, by_manager=seat.by_manager)
