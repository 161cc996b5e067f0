"""Seats: who may fill one, and which are still missing."""

from __future__ import annotations

from firedoor.plan import Seat, Who
from firedoor.protocol import Answer, Decision
from firedoor.run.core import Core
from firedoor.run.state import Ask, SeatState


def missing(core: Core, required: tuple[Seat, ...], decisions: list[Decision], path: str) -> list[Seat]:
    """Seats of `required` that these signatures do not fill, each person filling one."""
    answers = [Answer.model_validate_json(decision.signed.body) for decision in decisions]
    wanted = [seat for seat in required if seat.when is None or core.value(seat.when, path) is True]
    places = [seat for seat in wanted for _ in range(seat.seats)]
    filled = match(places, [[_fits(core, seat.who, answer, by_manager=True) for answer in answers] for seat in places])
    return [seat for seat, person in zip(places, filled, strict=True) if person is None]


def match(places: list[Seat], fits: list[list[bool]]) -> list[int | None]:
    """Give each place a person of its own, as many as can be (augmenting paths; both sides are small)."""
    taken: dict[int, int] = {}

    def place(number: int, seen: list[int]) -> bool:
        for person, ok in enumerate(fits[number]):
            if ok and person not in seen:
                seen.append(person)
                if person not in taken or place(taken[person], seen):
                    taken[person] = number
                    return True
        return False

    for number in range(len(places)):
        place(number, [])
    found: list[int | None] = [None] * len(places)
    for person, number in taken.items():
        found[number] = person
    return found


def _fits(core: Core, who: Who, answer: Answer, *, by_manager: bool) -> bool:
    if core.matches(who, answer.person, answer.holds):
        return True
    return by_manager and who.kind in ("team", "on_shift") and f"{who.name}.manager" in answer.holds


def seat_for(core: Core, ask: Ask, answer: Answer) -> int | None:
    """The first seat that is still empty and that the person may fill."""
    for number, seat in enumerate(ask.seats):
        filled = sum(signature.seat == number for signature in ask.signatures)
        if filled < seat.seats and fits(core, ask, seat, answer):
            return number
    return None


def fits(core: Core, ask: Ask, seat: SeatState, answer: Answer) -> bool:
    """The launcher fills no seat, but for a commander's beside another one."""
    if answer.person == core.state.launcher:
        beside = len(ask.seats) > 1
        if not (seat.who.kind == "commander" and beside):
            return False
    return _fits(core, seat.who, answer, by_manager=seat.by_manager)
