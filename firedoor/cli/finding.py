"""Which ask is meant: by its id, by the name that inbox and show print, or the only one that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from firedoor.cli.front import Front, Told, told
from firedoor.cli.screen import moment
from firedoor.plan.inputs import meant
from firedoor.protocol import AskView, ReviewView, Row, View
from firedoor.web import naming
from firedoor.web.messages import Inbox, InboxLine, Shown

MOST_LISTED: Final = 20
REVIEWING: Final = ("review", "verify")
"""Kinds of asks that a review puts, and not the run."""
_DECIDED: Final = {
    "approve": ("approval.signed", "approval.rejected"),
    "reject": ("approval.signed", "approval.rejected"),
    "need_fact": ("approval.signed", "approval.rejected"),
    "done": ("task.done",),
}
"""How rows tell that a choice was made already."""
_LOOK: Final = "See `firedoor inbox` for what waits for you, and `firedoor show` for whom it waits."


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks in one incident for what `choice` answers. Raises Told, with why nothing is found and how to go on."""

    front: Front
    incident: str
    choice: str
    typed: Callable[[InboxLine, str], str]
    """The command line that answers an ask by a name."""
    as_json: bool

    def find(self, named: str | None) -> InboxLine:
        """In a loop the step's name alone will do while only one round asks. What a run asks comes before what only its
        review does. An ask that is somebody else's is found by its name alone: whoever insists is told by the run, which
        writes it down, why it is not theirs.
        """
        inbox = self.front.get("/api/inbox", Inbox)
        if self.incident in inbox.silent:
            raise self._told(
                f"{self.incident} does not answer, so nothing was sent.",
                "Its worker is away or too slow. Try again in a moment; `firedoor up` says what became of it.",
                "no-worker",
            )
        mine = [ask for ask in inbox.asks if ask.incident == self.incident]
        called = _called(mine, named) if named else mine
        fits = [ask for ask in called if self.choice in ask.choices]
        if not named:
            fits = [ask for ask in fits if ask.kind not in REVIEWING] or fits
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise self._several(fits, mine)
        if named and called:
            raise self._no_choice(called[0])
        return self._of_others(inbox.person, named, mine)

    def _several(self, fits: Sequence[InboxLine], mine: Sequence[InboxLine]) -> Told:
        lines = [f"  {self.typed(ask, naming.shortest(ask, mine))}\n      {ask.words}" for ask in fits[:MOST_LISTED]]
        lines += [f"  and {len(fits) - MOST_LISTED} more: see `firedoor inbox`"] if len(fits) > MOST_LISTED else []
        return self._told(f"{len(fits)} questions fit. Say which one:", "\n".join(lines), "ambiguous")

    def _no_choice(self, ask: InboxLine) -> Told:
        choices = ", ".join(spelt(choice) for choice in ask.choices)
        return self._told(f"“{spelt(self.choice)}” is no choice here; it is one of {choices}.", _LOOK, "refused-choice")

    def _of_others(self, person: str, named: str | None, mine: Sequence[InboxLine]) -> InboxLine:
        view = self.front.get(f"/api/incidents/{self.incident}", View)
        asked = [InboxLine.of(view, ask) for ask in view.asks]
        if named:
            steps = {ask.id: ask.step for ask in view.asks}
            called = _called(asked, named) or [one for one in asked if steps[one.ask] == named]
            called = called or self._tasks(view, named)
            if fits := [one for one in called if self.choice in one.choices] or called[:1]:
                if len(fits) == 1:
                    return fits[0]
                to = next(ask.to for ask in view.asks if ask.id == fits[0].ask)
                raise self._none(f"“{named}” is asked of {', '.join(to)}, {len(fits)} times, and not of you.")
        elif open_ := [ask for ask in view.asks if self.choice in ask.choices]:
            raise self._none(self._whose(person, view, open_[0]))
        if row := self._decided(view, named):
            raise self._none(f"{row.words}, at {moment(row.at)}.")
        nothing = f"{self.incident} asks you nothing that is answered with “{spelt(self.choice)}”"
        if not named:
            raise self._none(f"{nothing}.")
        names = [one.step for one in mine] or [step.id for step in view.steps if step.id]
        near = f" Nothing here is called {named}: {meant(named, names)}." if names else ""
        raise self._none(f"{nothing}, called {named}.{near}")

    def _whose(self, person: str, view: View, ask: AskView) -> str:
        to = ", ".join(ask.to)
        if any(person in seat.signed_by for seat in ask.seats):
            to = ", ".join(seat.who for seat in ask.seats if len(seat.signed_by) < seat.seats)
            return f"You have signed {ask.words} already; it waits for {to}."
        people = ", ".join(self._people(ask))
        if person == view.launcher and ask.kind == "approval":
            return f"You launched it, so you sign nothing; {to}" + (f": {people} can." if people else " can.")
        signs = "signs this" if ask.kind == "approval" else "is asked this"
        return f"{to} {signs}" + (f": {people}." if people else ".")

    def _people(self, ask: AskView) -> Sequence[str]:
        try:
            return self.front.get(f"/api/incidents/{self.incident}/documents/{ask.id}", Shown).people
        except Told:  # withheld from whoever takes no part, or it has just closed
            return ()

    def _decided(self, view: View, named: str | None) -> Row | None:
        """The row that tells of the latest such choice, of the step of that name."""
        names = naming.names(view.steps)
        found: Row | None = None
        while True:
            for row in view.rows:
                of = (names.get(row.step or ""), row.step, row.data.get("ask"))
                if row.kind in _DECIDED.get(self.choice, ("question.answered",)) and (not named or named in of):
                    found = row
            if not view.more:
                return found if found and found.by else None
            view = self.front.get(f"/api/incidents/{self.incident}", View, since=view.next_row)

    def _tasks(self, view: View, named: str) -> list[InboxLine]:
        if not view.review:
            return []
        return [
            InboxLine(
                incident=view.incident,
                title=view.title,
                severity=view.severity,
                kind="verify" if item.state == "done" else "review",
                ask=item.id,
                step=item.id,
                words=item.words,
                choices=("verify", "again") if item.state == "done" else ("done",),
                deadline=item.due_at,
                document=item.document,
                drill=view.drill,
            )
            for item in self.front.get(f"/api/incidents/{view.incident}/review", ReviewView).items
            if item.id == named
        ]

    def _none(self, says: str) -> Told:
        return self._told(says, _LOOK, "no-such-ask")

    def _told(self, says: str, next_: str, error: str) -> Told:
        return told(says, next_, error=error, as_json=self.as_json)


def spelt(choice: str) -> str:
    """A choice as it is typed."""
    return choice.replace("_", "-")


def _called(asks: Iterable[InboxLine], named: str) -> list[InboxLine]:
    """Those of that name; else, of a step in a loop, those of all rounds."""
    asks = list(asks)
    exact = [ask for ask in asks if named in (ask.ask, ask.step)]
    return exact or [ask for ask in asks if naming.is_round(ask.step, named)]
