"""What must hold after every event of every run, whatever the plan and whatever happens (SEMANTICS.md, "Rules")."""

from __future__ import annotations

import json
from typing import Any

from firedoor.compiler.proofs.reaching import Flow
from firedoor.compiler.proofs.undoing import refused
from firedoor.people.past import NO_PAST, Past
from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.people.warrants import Unwarranted, check_act, check_release
from firedoor.plan import Plan, paths
from firedoor.plan.lists import Load, no_lists
from firedoor.protocol import ContainOrder, ReleaseOrder, Row
from firedoor.run import State, asking, reduce, wake_at
from firedoor.run.events import ActEnded, Event
from firedoor.run.reducer import may_begin
from firedoor.run.state import FINAL, HELD, StepState
from firedoor.run.view import view

INTENTS = ("respond", "stop", "undo_all")
PHASES = ("responding", "holding", "closed")
BRANCHING = ("parallel", "group", "for_each")

KEY = SigningKey.generate()
KEYS = KeyRing({KEY.id: KEY.public})


def dumped(state: State) -> str:
    return state.model_dump_json()


class Before:
    """What is compared with the state after an event."""

    def __init__(self, state: State) -> None:
        self.intent = state.intent
        self.phase = state.phase
        self.acts = list(state.acts)
        self.closed = state.model_dump_json(exclude={"now"}) if state.phase == "closed" else None


def _was_changed(plan: Plan, state: State, order: ReleaseOrder) -> bool:
    """Whether a person has given or changed what conditions look at, or had something contained once more, which no yes
    of before is about."""
    words = [json.loads(signed.body) for signed in (*state.commands, *state.let_go)]
    changed = any(word.get("command") in ("add", "input", "severity") for word in words)
    return changed or any(_contains_again(plan, word, order) for word in words)


def _contains_again(plan: Plan, word: dict[str, Any], order: ReleaseOrder) -> bool:
    if word.get("command") == "retry":
        by_id = plan.by_id.get(word["step"])
        named = by_id.path if by_id else paths.static(word["step"])
        return paths.within(paths.static(order.step), named)
    return word.get("choice") == "retry" and word["ask"].startswith(f"question:{order.step}:failure:")


def _failed(step: StepState) -> bool:
    """Whether the record would know of a failure: an outcome that is still to be written counts."""
    holds = step.holds.values()
    return (
        step.pending == "failed"
        or "failed" in step.past
        or any(h.status in ("refused", "unknown") or h.failed for h in holds)
    )


class Invariants:
    """Applies events, and checks what must hold across them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows: list[Row] = []
        self.outcomes: dict[tuple[str, int], str] = {}
        self.acted: list[tuple[str, str]] = []
        self.refused = {found.step.path for found in refused(plan, Flow(plan))}
        self._told: dict[str, Row] = {}

    def step(self, state: State, event: Event) -> State:
        """The state after the event. A copy that crossed as JSON has to go the same way, from before every event."""
        copy = State.model_validate_json(state.model_dump_json(exclude_defaults=True))
        before = Before(state)
        state = reduce(self.plan, state, event)
        reduce(self.plan, copy, event)
        after = dumped(state)
        assert dumped(copy) == after, "a state that crossed as JSON goes another way"
        self._rises(before, state)
        self._outcomes(state)
        self._acts(before, state, event)
        self._asks(state)
        self._steps(state)
        self._holds(state)
        self._leaves_nothing(state)
        self._goes_on(state)
        self._rows(state)
        view(self.plan, state)
        assert dumped(state) == after, "a view has changed the state"
        return state

    def _rises(self, before: Before, state: State) -> None:
        assert INTENTS.index(state.intent) >= INTENTS.index(before.intent)
        assert PHASES.index(state.phase) >= PHASES.index(before.phase)
        if before.closed is not None:
            assert before.closed == state.model_dump_json(exclude={"now"}), "a closed run has changed"

    def _outcomes(self, state: State) -> None:
        """Written once per path and ordinal."""
        for path, step in state.steps.items():
            if step.status in FINAL:
                known = self.outcomes.setdefault((path, step.ordinal), step.status)
                assert known == step.status, f"{path} was {known}, is {step.status}"

    def _acts(self, before: Before, state: State, event: Event) -> None:
        ended = event.act if isinstance(event, ActEnded) else None
        new = [act for act in state.acts.values() if act.id not in before.acts or act.id == ended]
        for act in state.acts.values():
            if act.kind == "contain":
                for target in act.targets or []:
                    hold = state.steps[act.path].holds.get(target)
                    assert hold is not None, f"{act.id} acts on {target}, which is not in the ledger"
                    assert hold.status == "entered", f"{act.id} acts on {target}, which is {hold.status}"
        for act in new:
            if act.kind == "contain":
                assert state.intent == "respond", f"{act.id} begins after {state.intent}"
            if act.kind == "notify" and act.path and act.ask is None:
                assert state.intent == "respond", f"{act.id} begins after {state.intent}"
        if state.intent != "respond":
            going = [act.id for act in state.acts.values() if act.kind in ("contain", "read") and not act.cancel]
            assert not going, f"{going} go on after {state.intent}"
        targets = [(act.path, t) for act in state.acts.values() if act.kind == "contain" for t in act.targets or []]
        assert len(targets) == len(set(targets)), "two acts on one hold"

    def warranted(
        self, state: State, order: ContainOrder | ReleaseOrder, by_step: str | None, lists: Load = no_lists
    ) -> str | None:
        """Whoever holds the credentials to act would act: what was launched, given and signed covers the order.

        The words of the refusal where an undo of the playbook is one that the compiler finds (FD406), or rests on a
        condition that was changed on the way: it is asked about then.
        """
        if isinstance(order, ReleaseOrder):
            failed = [path for path, step in state.steps.items() if step.status == "failed" or _failed(step)]
            try:
                words = [row.signed for row in self.rows if row.signed is not None]
                check_release(self.plan, order, KEYS, state.now, Past(failed=failed, words=words), lists)
            except Unwarranted as error:
                if by_step is None or not (
                    paths.static(by_step) in self.refused or _was_changed(self.plan, state, order)
                ):
                    raise
                return str(error)
            return None
        acted: dict[str, list[str]] = {}
        for step, target in self.acted:
            if paths.static(step) == paths.static(order.step):
                acted.setdefault(step, []).append(target)
        check_act(self.plan, order, KEYS, state.now, acted, NO_PAST, lists)
        self.acted += [(order.step, target) for target in order.targets]
        return None

    def _asks(self, state: State) -> None:
        for ask in state.asks.values():
            assert ask.to, f"{ask.id} has no owner"
            assert ask.choices
            assert ask.document
            assert ask.kind == "question" or ask.step in state.steps

    def _steps(self, state: State) -> None:
        """Whatever is under way is under way somewhere: nothing is stuck."""
        if state.phase == "closed":
            return
        for path, step in state.steps.items():
            static = self.plan.by_path[paths.static(path)]
            acts = [act for act in state.acts.values() if path in (act.path, act.by_step)]
            asks = [ask for ask in state.asks.values() if ask.step == path]
            if step.status == "acting" and static.verb not in BRANCHING:
                assert acts, f"{path} acts, and nothing does"
            if step.status == "asking":
                polls = step.ends_at or step.poll_at or acts
                assert asks or (static.verb == "wait" and polls), f"{path} asks, and nobody is asked"
            if step.pending:
                assert step.status == "asking"
                assert asks, f"{path} is to be {step.pending}, and nobody decides"
            if static.verb in BRANCHING and step.status in FINAL:
                for inner, child in state.steps.items():
                    below = inner != path and paths.within(inner, path)
                    kept = any(ask.id.endswith(":kept") for ask in state.asks.values() if ask.step == inner)
                    over = child.status in FINAL or (child.status == "waiting" and child.arrived_at is None)
                    assert not below or over or kept, f"{inner} is {child.status} in {path}, which ended"

    def _holds(self, state: State) -> None:
        for path, step in state.steps.items():
            for hold in step.holds.values():
                kind = {"entered": "contain", "undoing": "release"}.get(hold.status)
                if kind:
                    acts = [a for a in state.acts.values() if (a.kind, a.path) == (kind, path)]
                    assert any(hold.target in (a.targets or []) for a in acts), f"{path} {hold.target} is {hold.status}"
                assert hold.until is None or hold.status in ("applied", "unknown")
        if state.phase == "closed" and state.ended == "undone":
            left = [h for s in state.steps.values() for h in s.holds.values() if h.status in ("applied", "unknown")]
            assert not [hold for hold in left if not hold.lasting], "everything was undone, and something is held"

    def _leaves_nothing(self, state: State) -> None:
        """No run closes with a clock that runs, or with containment that was stopped short and nobody decided about."""
        if state.phase != "closed" or state.engine < 2:
            return
        running = [name for name, clock in state.clocks.items() if clock.met_at is None and not clock.not_due]
        assert not running, f"{running} run, and the run is closed"
        open_ = [h for step in state.steps.values() for h in step.holds.values() if h.status in HELD and not h.lasting]
        assert state.ended == "completed" or not open_, "nobody has decided what becomes of this"

    def _goes_on(self, state: State) -> None:
        """A run that is not closed waits for something, and its timer never goes off for nothing."""
        wake = wake_at(state)
        assert wake is None or wake > state.now, f"wakes at {wake}, and it is {state.now}"
        for ask in state.asks.values():
            until = asking.deadline(ask)
            over = [moment for moment in (until, ask.remind_at, ask.escalate_at) if moment and moment <= state.now]
            assert not over or state.closing, f"{ask.id} was due at {over[0]}"
        for path, step in state.steps.items():
            if step.status == "asking" and step.pending is None:
                due = [moment for moment in (step.poll_at, step.ends_at) if moment and moment <= state.now]
                assert not due, f"{path} was due at {due[0]}"
        if state.phase == "closed":
            assert not state.acts
            assert not state.asks
            assert not state.pending
            assert wake is None
            return
        going = [act for act in state.acts.values() if act.cancel or may_begin(state, act)]
        waits = going or state.asks or wake or state.review == "wanted" or state.paused
        assert waits, "the run stands still"

    def _rows(self, state: State) -> None:
        """Numbered without gaps, and no two alike: the record knows a row by what it says."""
        last = self.rows[-1].seq if self.rows else 0
        for row in state.pending:
            if row.seq <= last:
                continue
            assert row.seq == last + 1, f"row {last + 1} is missing"
            last = row.seq
            key = json.dumps(
                row.model_dump(mode="json", include={"kind", "step", "words", "by", "data"}), sort_keys=True
            )
            assert key not in self._told, f"told twice: {key}"
            self._told[key] = row
            self.rows.append(row)
        assert state.seq == last
