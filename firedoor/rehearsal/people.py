"""The scripted people: who speaks for a role at a moment, and how a word goes in by the same door as everybody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from firedoor.compiler.rehearsals.script import Word
from firedoor.incidents import Trouble
from firedoor.people import directory
from firedoor.people.directory import Situation
from firedoor.plan import Who, paths
from firedoor.protocol import AskView, View
from firedoor.web import naming, words
from firedoor.web.door import NO_ROWS, Door
from firedoor.web.messages import AnswerRequest, CommandRequest
from firedoor.web.problems import Wrong

_KINDS = {"approve": "approval", "reject": "approval", "need_fact": "approval", "done": "task"}


class NotSaid(Exception):
    """A word that could not be said, or was refused. Its text says which and why."""


@dataclass
class People:
    door: Door
    incident: str
    moved: Callable[[dict[str, Any]], dict[str, Any]]
    """Inputs, with their moments in the calendar of the run."""
    said: int = 0
    by: dict[str, str] = field(default_factory=dict)
    """By line, who has said a word in the end."""

    async def say(self, word: Word) -> None:
        """Raises NotSaid."""
        try:
            view = await self.door.incidents.view(self.incident, NO_ROWS)
            if word.choice is None:
                await self._command(word, view)
            else:
                for ask in self._asks(word, view):
                    await self._answer(word, ask, view)
        except Wrong as wrong:
            raise NotSaid(f"{self._who(word)}: {'; '.join(str(problem) for problem in wrong.problems)}") from wrong
        except Trouble as trouble:
            raise NotSaid(f"{self._who(word)}: {trouble.says}") from trouble

    def _who(self, word: Word) -> str:
        named = self.by.get(word.line)
        return f"{word.who} ({named}) was refused" if named and named != str(word.who) else f"{word.who} was refused"

    def _asks(self, word: Word, view: View) -> list[AskView]:
        """What a word answers. Raises NotSaid where nothing, or more than one thing, is asked so."""
        about = [ask for ask in view.asks if self._is_about(word, ask, view)]
        kind = _KINDS.get(str(word.choice), "question")
        fitting = [ask for ask in about if ask.kind == kind and str(word.choice) in ask.choices]
        named = word.step.named if word.step else ""
        if not fitting and about:
            can = "; ".join(f"it can be answered with {', '.join(ask.choices)}" for ask in about)
            raise NotSaid(f"{named} is asked about, but {can}")
        if not fitting:
            open_ = ", ".join(_called(ask, view) for ask in view.asks) or "nothing"
            raise NotSaid(f"nothing is asked about {named}{self._state(word, view)}; open is {open_}")
        if len(fitting) > 1 and not word.every:
            which = ", ".join(_called(ask, view) for ask in fitting)
            raise NotSaid(f"{len(fitting)} are open: say which of {which}, or every {named}")
        return fitting

    def _state(self, word: Word, view: View) -> str:
        there = [step for step in view.steps if word.step and paths.static(step.path) in word.step.paths]
        return f", which is {there[0].state.replace('_', ' ')}" if len(there) == 1 else ""

    def _is_about(self, word: Word, ask: AskView, view: View) -> bool:
        if word.step is None:
            return False
        if word.step.about is not None:
            return not ask.step and naming.of_ask(ask, {}) == word.step.about
        if paths.static(ask.step) not in word.step.paths:
            return False
        return not word.step.rounds or word.step.rounds == tuple(number + 1 for _, number in paths.rounds(ask.step))

    async def _answer(self, word: Word, ask: AskView, view: View) -> None:
        person = self._speaker(word, view, ask)
        request = AnswerRequest(
            ask=ask.id,
            choice=str(word.choice),
            document=ask.document,
            nonce=self._nonce(),
            reason=word.reason,
            proof=word.proof,
            targets=word.targets,
        )
        await words.answer(self.door, person, self.incident, request)

    async def _command(self, word: Word, view: View) -> None:
        person = self._speaker(word, view, None)
        value = word.value
        if word.command in ("add", "input"):
            value = self.moved(value)
        if word.command in ("offer", "hand_over"):  # a role stands for whoever fills it now
            value = (self._people(Who.model_validate(value), view) or [""])[0]
        request = CommandRequest(
            command=word.command or "note",
            nonce=self._nonce(),
            step=self._step(word, view),
            target=word.targets,
            value=value,
            reason=word.reason,
        )
        await words.command(self.door, person, self.incident, request)

    def _step(self, word: Word, view: View) -> str | None:
        """The run's path of the step that is meant. Raises NotSaid where it has several rounds."""
        if word.step is None:
            return None
        there = [step for step in view.steps if paths.static(step.path) in word.step.paths]
        if word.step.rounds:
            there = [
                step for step in there if tuple(number + 1 for _, number in paths.rounds(step.path)) == word.step.rounds
            ]
        open_ = [step for step in there if step.state not in ("done", "not_needed", "skipped", "stopped")]
        chosen = open_ if len(there) > 1 and open_ else there
        if len(chosen) > 1:
            raise NotSaid(f"{word.step.named} is {len(chosen)} steps here: say which, as {naming.called(chosen[0])}")
        return chosen[0].path if chosen else word.step.paths[0]

    def _speaker(self, word: Word, view: View, ask: AskView | None) -> str:
        people = self._people(word.who, view)
        if not people:
            raise NotSaid(f"nobody is {word.who} at this moment")
        free = people
        if ask is not None and ask.kind == "approval":
            signed = {person for seat in ask.seats for person in seat.signed_by}
            barred = {view.launcher} if word.who.kind != "commander" else set[str]()
            free = [person for person in people if person not in signed | barred]
        self.by[word.line] = (free or people)[0]
        return self.by[word.line]

    def _people(self, who: Who, view: View) -> list[str]:
        situation = Situation(self.door.now(), view.region, view.commander, view.launcher)
        found = [person.id for person in directory.people_of(self.door.organization, who, situation).people]
        if who.kind == "team":
            there = {
                person.id for person in directory.on_shift(self.door.organization, who.name or "", self.door.now())
            }
            found.sort(key=lambda person: person not in there)
        return found

    def _nonce(self) -> str:
        self.said += 1
        return f"rehearsed-{self.said}"


def _called(ask: AskView, view: View) -> str:
    """By its id; a step without one by its words."""
    name = naming.of_ask(ask, naming.names(view.steps))
    return f"“{ask.words}”" if name == ask.step else name
