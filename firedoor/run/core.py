"""The hands of the reducer: a run's plan, its state and the time, with the few primitives that every verb uses.

Nothing here is shared between runs and nothing reads a clock: `reduce` makes a Core for each event.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from firedoor.plan import Plan, Step, Who, paths
from firedoor.plan.evaluate import Unread, Unworked, plain, typed, value_of
from firedoor.plan.expression import Expr, Outcome, Read
from firedoor.plan.lists import WHOLE, ListRef, Question
from firedoor.protocol import Row, Signed, speaks_as
from firedoor.run import bounds, pages, telling
from firedoor.run.state import FINAL, HELD, Act, ActKind, Addition, Ask, Hold, State, StepState, StepStatus

RECENT_ROWS = 60
"""Recorded rows that are kept for the live view; older ones are read from the record."""


class Core:
    def __init__(self, plan: Plan, state: State, now: datetime) -> None:
        self.plan = plan
        self.state = state
        self.now = now
        self.changes = 0
        self.adding: Addition | None = None
        """The addition that is being walked: its inputs stand in for the run's own, and reads are put for it alone."""

    # steps

    def step(self, path: str) -> Step:
        return self.plan.by_path[paths.static(path)]

    def at(self, path: str) -> StepState:
        """The state of a step, made when it is first touched."""
        state = self.state.steps.get(path)
        if state is None:
            state = self.state.steps[path] = StepState()
            self.changes += 1
        return state

    def status(self, path: str) -> StepStatus:
        state = self.state.steps.get(path)
        return state.status if state else "waiting"

    def arrive(self, path: str, status: StepStatus) -> StepState:
        state = self.at(path)
        state.status = status
        state.arrived_at = self.now
        self.changes += 1
        return state

    def finish(self, path: str, status: StepStatus, words: str = "", **data: Any) -> None:
        """Write the outcome of a step. It is written once per ordinal."""
        state = self.at(path)
        if state.status in FINAL:
            raise AssertionError(f"{path} has ended already: {state.status}")
        state.status = status
        state.pending = None
        state.done_at = self.now
        self.changes += 1
        if status != "not_needed":
            told = words or f"{self.name(path)}: {status.replace('_', ' ')}"
            self.row(f"step.{status}", told, step=path, ordinal=state.ordinal, **data)

    def reopen(self, path: str) -> None:
        """Begin a step again that has ended, as a new ordinal; what stands around it is under way again."""
        state = self.at(path)
        if state.status in FINAL:
            state.past.append(state.status)
        state.ordinal += 1
        state.status, state.pending, state.done_at, state.reason = "waiting", None, None, None
        if self.step(path).verb == "for_each":
            state.items, state.lists, state.passed, state.allowed = None, [], [], False
        self.changes += 1
        self.rewind(path)
        self.reopen_outer(paths.parent(path))

    def rewind(self, path: str) -> None:
        """The walk has to look at this step again, and at those around it."""
        while path:
            outer = paths.parent(path)
            if not path.endswith("]"):
                number = int(path.rpartition(".")[2])
                self.state.over[outer] = min(number, self.state.over.get(outer, 0))
            path = outer

    def reopen_outer(self, path: str) -> None:
        """Groups and loops at and around `path` that were over are under way again."""
        self.rewind(path)
        while path:
            if path.endswith("]"):
                number = int(path.rpartition("[")[2][:-1])
                loop = self.at(paths.parent(path))
                loop.passed = [other for other in loop.passed if other != number]
            else:
                state = self.at(path)
                if state.status in FINAL:
                    state.past.append(state.status)
                    state.ordinal += 1
                    state.status, state.done_at = "acting", None
            path = paths.parent(path)

    def is_final(self, path: str) -> bool:
        return self.status(path) in FINAL

    def name(self, path: str) -> str:
        """What people call the step, for the timeline; "" is the whole run."""
        if not path:
            return "the run"
        return telling.name(self.plan, self.step(path), path, self.known(path))

    # values

    def known(self, path: str) -> Scope:
        return Scope(self, path)

    def value(self, expr: Expr, path: str) -> Any:
        """Raises Unread where the expression needs a read that is not recorded."""
        return value_of(expr, self.known(path))

    def items(self, expr: Expr, path: str) -> list[Any]:
        """A value as a list: nothing where it is unknown, and one item where it is one. Raises Unread, and TooLong."""
        found = self.value(expr, path)
        if isinstance(found, ListRef):
            return self.whole(found, path)
        value = plain(found)
        return value if isinstance(value, list) else [] if value is None else [value]

    def whole(self, ref: ListRef, path: str) -> list[Any]:
        """The items of a long list, where each is needed here. Raises Unread, and TooLong."""
        if ref.count > WHOLE:
            raise TooLong(ref.count)
        found: list[Any] = self.known(path).worked_out(Question(asks="whole", lists=(ref,)))
        return found

    def beyond(self, path: str, found: list[Any] | ListRef) -> list[Any] | ListRef:
        """Those of `found` that the step at the path does not work on already. Raises Unread."""
        state = self.state.steps.get(path)
        known = state.targets or [] if state is not None else []
        lists = state.lists if state is not None else []
        if isinstance(found, list) and not lists:
            return [item for item in found if item not in known]
        return self.without(path, found, lists, [target for target in known if state and target not in state.pages])

    def without(
        self, path: str, found: list[Any] | ListRef, lists: list[ListRef], but: list[Any]
    ) -> list[Any] | ListRef:
        """Those of `found` that are in none of the lists, nor in `but`. Raises Unread."""
        first, of = ((found,), None) if isinstance(found, ListRef) else ((), found)
        question = Question(asks="beyond", lists=(*first, *lists), argument={"of": of, "but": but})
        answer: list[Any] | ListRef = typed(self.known(path).worked_out(question), "text")
        return answer

    def held(self, path: str) -> list[str]:
        """Targets that a step still contains, and pages of which it contains some, oldest entry first."""
        state = self.state.steps.get(path)
        if state is None:
            return []
        return [h.target for h in sorted(state.holds.values(), key=lambda h: h.entered) if h.status in HELD]

    def holds(self) -> Iterable[tuple[str, Hold]]:
        for path, state in self.state.steps.items():
            for hold in state.holds.values():
                yield path, hold

    # acts

    def act(self, kind: ActKind, path: str, **fields: Any) -> Act:
        """Ask for an activity. The id says what it is, so that the same act is never asked for twice at once."""
        number = fields.pop("number", None)
        state = self.state.steps.get(path)
        ordinal = state.ordinal if state else 1
        name = f"{kind}:{path}:{ordinal}" if number is None else f"{kind}:{path}:{number}"
        if name in self.state.acts:
            raise AssertionError(f"{name} is under way already")
        act = Act(id=name, kind=kind, path=path, ordinal=ordinal, **fields)
        self.state.acts[name] = act
        self.changes += 1
        return act

    def acts_of(self, path: str) -> list[Act]:
        return [act for act in self.state.acts.values() if act.path == path]

    # asks

    def asks_of(self, path: str) -> list[Ask]:
        return [ask for ask in self.state.asks.values() if ask.step == path]

    # the timeline

    def row(
        self,
        kind: str,
        words: str,
        *,
        step: str | None = None,
        by: str | None = None,
        signed: Signed | None = None,
        **data: Any,
    ) -> Row:
        self.state.seq += 1
        row = Row(
            seq=self.state.seq,
            at=self.now,
            kind=kind,
            words=words,
            step=step,
            by=by,
            signed=signed,
            data={key: value for key, value in data.items() if value is not None},
        )
        self.state.pending.append(row)
        self.changes += 1
        return row

    def recorded(self, first: int, last: int) -> None:
        """Rows first..last are in the record now."""
        state = self.state
        state.recent += [row for row in state.pending if first <= row.seq <= last]
        state.recent = bounds.latest(sorted(state.recent, key=lambda row: row.seq)[-RECENT_ROWS:])
        state.pending = [row for row in state.pending if not first <= row.seq <= last]
        self.changes += 1

    # people

    def matches(self, who: Who, person: str, holds: tuple[str, ...]) -> bool:
        """Whether a person, who held these roles when the word was signed, is `who`."""
        state = self.state
        match who.kind:
            case "commander":
                if state.commander:
                    return speaks_as(person, holds, state.commander)
                return "commander" in holds or str(self.plan.commander.source) in holds
            case "launcher":
                return speaks_as(person, holds, state.launcher)
            case "person":
                return speaks_as(person, holds, who.name or "")
            case "region_manager":
                return f"region.manager:{state.region}" in holds
            case _:
                return str(who) in holds


class Scope:
    """What an expression may know, as seen from the path where it stands."""

    def __init__(self, core: Core, path: str) -> None:
        self.core = core
        self.path = path

    def input(self, name: str) -> Any:
        adding = self.core.adding
        if adding is not None and name in adding.inputs:
            return adding.inputs[name]
        return self.core.state.inputs.get(name)

    def run(self, field: str) -> Any:
        value = getattr(self.core.state, field)
        return value.isoformat() if isinstance(value, datetime) else value

    def severity(self) -> str:
        return self.core.state.severity

    def item(self, loop: str) -> Any:
        for static, number in paths.rounds(self.path):
            if static == loop:
                state = self.core.state.steps.get(paths.in_run(loop, self.path))
                if state is not None and state.items is not None and number < len(state.items):
                    return state.items[number]
        raise NoRound(loop)

    def is_(self, step: str, outcome: Outcome) -> bool:
        return self.core.status(paths.in_run(step, self.path)) == outcome

    def field(self, step: str, field: str) -> Any:
        path = paths.in_run(step, self.path)
        state = self.core.state.steps.get(path)
        if field == "held":
            return self._held(state, path) if state is not None and state.pages else self.core.held(path)
        if state is None:
            return None
        if field == "targets" and state.pages:
            return self._joined(state.lists, [target for target in state.targets or [] if target not in state.pages])
        value = getattr(state, field)
        return value.isoformat() if isinstance(value, datetime) else value

    def read(self, read: Read, argument: Any) -> Any:
        adding = self.core.adding
        key = read_key(self.path, read.site, adding.number if adding else None)
        if key not in self.core.state.reads:
            raise Unread(read, argument)
        return self.core.state.reads[key]

    def worked_out(self, question: Question) -> Any:
        if question.key not in self.core.state.worked_out:
            raise Unworked(question)
        return self.core.state.worked_out[question.key]

    def _held(self, state: StepState, path: str) -> Any:
        """What a step with pages still contains: a whole list, where all of it is, or what the ledger has now."""
        count = pages.held(state)
        if not count:
            return []
        if count == sum(ref.count for ref in state.lists) and not any(
            pages.has_failed(h) for h in state.holds.values()
        ):
            return self._joined(state.lists, [])
        now = [state.moved, *(hold.status for name, hold in state.holds.items() if name not in state.pages)]
        return self.worked_out(Question(asks="held", step=path, argument=now))

    def _joined(self, lists: list[ListRef], more: list[str]) -> Any:
        if len(lists) == 1 and not more:
            return lists[0].model_dump(mode="json")
        return self.worked_out(Question(asks="joined", lists=tuple(lists), argument=more))


class TooLong(Exception):
    """A list with so many items is needed whole, in a place that takes WHOLE at most."""

    def __init__(self, count: int) -> None:
        super().__init__(f"a list of {count} items is more than the {WHOLE} that are taken here")


def read_key(path: str, site: str, addition: int | None = None) -> str:
    """Under what an answer is recorded: a read is put once for each place of a run, and once for each addition."""
    return f"{path}|{site}" + (f"+{addition}" if addition is not None else "")


class NoRound(LookupError):
    """An expression asks for a loop's item from outside of a round: its value is not known yet."""
