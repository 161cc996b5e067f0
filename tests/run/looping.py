"""Long loops in the world of a test: what its systems say of each item, and who is told about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from firedoor.plan import Contain, Notify, Plan, paths
from firedoor.plan.batches import around
from firedoor.plan.evaluate import holds, plain
from firedoor.plan.lists import Opened
from firedoor.protocol import NotifyEachOrder, NotifyEachReport, Sifted, SiftOrder
from firedoor.run import saying
from firedoor.run.rounds import Round


class Silent(Exception):
    """A system does not answer."""


class Looping:
    """`reads` are the world's answers; `silent` are items about which nothing answers, `deaf` those whose people are not
    reached."""

    def __init__(self, reads: dict[str, Any], lists: dict[str, Opened], contained: dict[tuple[str, str], int]) -> None:
        self.reads = reads
        self.lists = lists
        self.contained = contained
        self.silent: set[str] = set()
        self.deaf: set[str] = set()
        self.found: dict[tuple[str, str], tuple[str, int, tuple[str, ...]]] = {}
        """By step and item: the state, the pass, and the targets."""
        self.told: list[tuple[str, str]] = []
        """(step, item) of each notice that went out."""

    def page(self, order: SiftOrder | NotifyEachOrder) -> Sequence[str]:
        page = order.page
        return self.lists[page.list][page.first : page.first + page.count]

    def sift(self, plan: Plan, order: SiftOrder) -> Sifted:
        held = 0
        for item in self.page(order):
            there = self.found.get((order.step, item))
            if there is not None and (there[0] != "unread" or there[1] >= order.again):
                continue
            if any(self._holds_back(plan, act, item) for act in order.behind):
                held += 1
                continue
            try:
                self.found[order.step, item] = self._look(plan, order, item)
            except Silent:
                self.found[order.step, item] = ("unread", order.again, ())
        mine = [(item, self.found[key]) for item in self.page(order) if (key := (order.step, item)) in self.found]
        new = [(item, state, targets) for item, (state, again, targets) in mine if again == order.again]
        chosen = [(item, targets) for item, state, targets in new if state not in ("unread", "not_needed")]
        if plan.by_path[paths.static(order.step)].verb == "contain":
            named = list(dict.fromkeys(target for _, targets in chosen for target in targets))
        else:
            named = [item for item, _ in chosen]
        unread = [item for item, state, _ in new if state == "unread"]
        return Sifted(
            of=self.keep(named) if named else None,
            chosen=len(chosen),
            not_needed=sum(state == "not_needed" for _, state, _ in new),
            held_back=held,
            unread=len(unread),
            problems=tuple(f"{item}: no answer" for item in unread[:2]),
        )

    def keep(self, items: Sequence[str]) -> Any:
        kept = Opened(items)
        self.lists[kept.ref.digest] = kept
        return kept.ref

    def notify(self, order: NotifyEachOrder, done: int | None = None) -> NotifyEachReport:
        """`done`: the attempt was ended after so many."""
        step = order.step or ""
        items = [item for item in self.page(order) if (step, item) in self.found]
        before = [item for item in items if (step, item) in self.told]
        fresh = [item for item in items if item not in before]
        new = [item for item in fresh[:done] if item not in self.deaf]
        missed = [item for item in fresh[:done] if item in self.deaf]
        self.told += [(step, item) for item in new]
        for item in missed:
            _, again, _ = self.found[step, item]
            self.found[step, item] = ("missed", again, ())
        return NotifyEachReport(
            told=len(before) + len(new),
            missed=len(missed),
            left=len(fresh) - len(fresh[:done]),
            problems=tuple(f"{item}: nobody there" for item in missed[:2]),
        )

    def _holds_back(self, plan: Plan, act: str, item: str) -> bool:
        there = self.found.get((act, item))
        if there is None or there[0] in ("unread", "missed"):
            return True
        state, _, targets = there
        step = plan.by_path[paths.static(act)]
        wants = isinstance(step, Contain) and state == "chosen" and bool(targets)
        return wants and all((act, target) not in self.contained for target in targets)

    def _look(self, plan: Plan, order: SiftOrder, item: str) -> tuple[str, int, tuple[str, ...]]:
        def read(read: Any, argument: Any) -> Any:
            if item in self.silent:
                raise Silent
            answer = self.reads[read.call]
            return answer(argument) if callable(answer) else answer

        def worked_out(question: Any) -> Any:
            assert question.asks == "in"
            return question.argument in self.lists[question.lists[0].digest]

        seen = Round(order.around, order.loop, item, read, worked_out)
        *outer, step = around(plan, paths.static(order.loop), paths.static(order.step))
        if not all(holds(one.when, seen) for one in (*outer, step)):
            return "not_needed", order.again, ()
        if isinstance(step, Contain) and step.targets is not None:
            value = plain(saying.value(step.targets, seen))
            named = value if isinstance(value, list) else [] if value is None else [value]
            return "chosen", order.again, tuple(dict.fromkeys(str(one) for one in named))
        if isinstance(step, Notify):
            saying.audience(plan, step, seen, self.lists.__getitem__)
            saying.words(plan, step, seen)
        return "chosen", order.again, ()
