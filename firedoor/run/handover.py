"""Handing over: whoever is to command is asked, and accepts. Until then whoever hands over commands, so that somebody does.

Nobody answers within the organization's `answers_within`: whoever hands over is asked again, and the ladder as well.
Who accepts of those commands then. At once, without asking, is the command `hand_over`, which needs a reason.
"""

from __future__ import annotations

from firedoor.plan import Who
from firedoor.protocol import Answer, Command, Rendering
from firedoor.run import questions
from firedoor.run.core import Core
from firedoor.run.state import Ask, Notice


def offer(core: Core, command: Command) -> str:
    """Ask the person named. An earlier offer that is still open gives way."""
    withdraw(core)
    giver, to = command.person, str(command.value)
    because = f": {command.reason}" if command.reason else ""
    questions.put(
        core,
        "",
        "handover",
        f"{giver} hands the command over to {to}{because}",
        ["accept", "decline"],
        to=Who(kind="person", name=to),
        about=to,
        asker=giver,
        silence=f"{giver} goes on commanding; {giver} and who is next on the ladder are asked as well",
        block=False,
    )
    return f"{to} is asked; until {to} accepts, you command."


def at_once(core: Core, to: str) -> str:
    withdraw(core)
    core.state.commander = to
    core.changes += 1
    return f"{to} commands now."


def withdraw(core: Core) -> None:
    """An offer that is open is not asked any more."""
    for ask in [ask for ask in core.state.asks.values() if ask.why == "handover"]:
        questions.settle(core, ask)


def answered(core: Core, ask: Ask, answer: Answer) -> None:
    """Whoever accepts commands, also where that is the next on the ladder and not who was named."""
    because = f": {answer.reason}" if answer.reason else ""
    after = int((core.now - ask.opened_at).total_seconds())
    if answer.choice == "accept":
        core.state.commander = answer.person
        kind, words = "handover.accepted", f"{answer.person} commands now; {ask.asker} has handed over"
    else:
        kind, words = "handover.declined", f"{answer.person} does not take the command over{because}"
    core.row(kind, words, by=answer.person, ask=ask.id, offered_by=ask.asker, offered_to=ask.about, after=after)
    if answer.person != ask.asker:
        _tell(core, ask, words)


def _tell(core: Core, ask: Ask, words: str) -> None:
    key = f"{ask.id}#answered"
    still = "" if core.state.commander == ask.about else f". Who commands: firedoor show {core.state.incident}"
    notice = Notice(
        key=key,
        audience=[Who(kind="person", name=ask.asker or "")],
        subject=words,
        texts=[Rendering(language="*", text=f"{words}{still}")],
        urgent=True,
    )
    core.act("notify", "", number=key, notice=notice)
