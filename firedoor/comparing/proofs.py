"""What became of the proofs: how much time each clock leaves at worst, before and now."""

from __future__ import annotations

from collections.abc import Iterable

from firedoor.comparing.change import Change, Matter
from firedoor.comparing.speech import Speech
from firedoor.comparing.telling import Telling
from firedoor.compiler.proofs.clocks import Shown


def compare_shown(old: Iterable[Shown], new: Iterable[Shown], language: str, at: str) -> tuple[Change, ...]:
    """For each clock of both versions of which something else is shown now."""
    telling = Telling(speech=Speech(language))
    before = {one.clock.name: one for one in old}
    for now in new:
        was = before.get(now.clock.name)
        if was is None or _proof(was) == _proof(now):
            continue
        matter: Matter = "law" if now.clock.kind == "fixed" and not _both_in_time(was, now) else "time"
        said = {"new": _said(telling.speech, now), "old": _said(telling.speech, was)}
        place = now.at.at if now.at is not None else at
        telling.tell(matter, "clock.proof", place, name=now.clock.name, **said)
    return tuple(telling.changes)


def _proof(one: Shown) -> tuple[str, float | None]:
    """What is shown, without the words of why."""
    return one.verdict, one.margin if one.verdict in ("in time", "late") else None


def _both_in_time(was: Shown, now: Shown) -> bool:
    """Then only the time to spare is another one."""
    return was.verdict == now.verdict == "in time"


def _said(speech: Speech, one: Shown) -> str:
    match one.verdict:
        case "in time":
            return speech("proof.in_time", length=speech.length(one.margin))
        case "late":
            return speech("proof.late", length=speech.length(-one.margin))
        case "unmet":
            return speech("proof.unmet")
        case _:
            return speech("proof.not_shown")
