"""By what right something is contained that was let go, or after the end: somebody has signed for it since.

Whoever undoes everything wants no lock that comes back by itself. An attempt at what the ledger has already is another
matter: it is repeated as often as it must be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from firedoor.people import standing
from firedoor.people.given import values_of
from firedoor.people.past import Past
from firedoor.people.shown import Shown
from firedoor.people.signatures import LEEWAY
from firedoor.plan import Approve, Plan, paths
from firedoor.protocol import Answer, Command, ContainOrder, Launch

ENDS = ("undo_all", "stop")


@dataclass(frozen=True, slots=True)
class Again:
    """All of `words` are verified, and of this run: those that came with the order, and those of the record."""

    plan: Plan
    order: ContainOrder
    launch: Launch
    words: Sequence[Answer | Command]

    def needs_word(self, target: str, past: Past) -> bool:
        """Whether this target waits for somebody who asks for it."""
        step = self.order.step
        if (step, target, self.order.ordinal) in past.entered:
            return False
        ends = [word.issued for word in self.words if self._ends(word)]
        released = past.released.get((step, target))
        since = max([*ends, *([released - LEEWAY] if released else [])], default=None)
        if since is None and not past.closed:
            return False
        return not any(self._asks_for(word, target) and (since is None or word.issued >= since) for word in self.words)

    def is_ruled_out(self, now: datetime) -> bool:
        """Whether the step's condition is known not to hold."""
        shown = Shown(self.plan, self.launch, self.words, (), lambda _, __: False, now)
        return shown.is_ruled_out(self.order.step)

    def _ends(self, word: Answer | Command) -> bool:
        if isinstance(word, Command):
            return word.command in ENDS and self._commands(word)
        if word.ask.startswith("question:"):
            return word.choice in ENDS and self._commands(word)
        _, _, rest = word.ask.partition(":")
        step = self.plan.by_path.get(paths.static(rest.partition(":")[0]))
        rejects = isinstance(step, Approve) and word.choice == "reject" and step.on_reject.kind in ENDS
        return rejects and isinstance(step, Approve) and standing.sits(step, word, self.launch)

    def _asks_for(self, word: Answer | Command, target: str) -> bool:
        if isinstance(word, Answer):
            step = self.plan.by_path[paths.static(self.order.step)]
            asked = step.on_failure.asks
            theirs = asked is not None and standing.answers_for(asked, word, self.launch)
            here = word.ask.startswith(f"question:{self.order.step}:")
            return word.choice == "retry" and here and (theirs or self._commands(word))
        if not self._commands(word):
            return False
        if word.command == "add":
            return target in values_of(word.value)
        return word.command == "retry" and self._is_around(word.step or "")

    def _is_around(self, named: str) -> bool:
        """A retry of a group or a loop begins what is in it again."""
        by_id = self.plan.by_id.get(named)
        static = paths.static(self.order.step)
        return paths.within(static, by_id.path) if by_id else bool(named) and paths.within(self.order.step, named)

    def _commands(self, word: Answer | Command) -> bool:
        return standing.commands_among(self.plan, self.words, word, self.launch)
