"""Long lists in a containment: worked through page by page, each page one entry of the run's state.

A page stands in a step's `targets` and `holds` under a name of its own, as one target would: it is contained, let go,
leased, kept and asked about as a whole. How many targets of it are contained, and how many have failed, it keeps as
counts; each target is in the ledger. An act with several pages works on the first, and goes on with the others.
"""

from __future__ import annotations

from collections.abc import Iterable

from firedoor.plan.lists import ListRef
from firedoor.protocol import Page
from firedoor.run.state import HELD, Act, Hold, StepState

SIZE = 2_000
"""Targets of a page. Runs that were recorded divide their lists anew when they replay: it changes only with the engine."""


def divided(state: StepState, ref: ListRef) -> list[str]:
    """The names of the list's pages, which the step knows from now on."""
    if ref not in state.lists:
        state.lists.append(ref)
    names = []
    for first in range(0, ref.count, SIZE):
        count = min(SIZE, ref.count - first)
        name = f"{first + 1} to {first + count} of list {ref.digest[:12]}"
        state.pages[name] = Page(list=ref.digest, of=ref.count, first=first, count=count)
        names.append(name)
    return names


def is_of(state: StepState, act: Act) -> bool:
    """Whether the act works on pages."""
    return bool(act.targets) and act.targets is not None and act.targets[0] in state.pages


def apart(state: StepState, targets: Iterable[str]) -> list[list[str]]:
    """The targets as acts take them: single ones together, and pages together."""
    single: list[str] = []
    paged: list[str] = []
    for target in targets:
        (paged if target in state.pages else single).append(target)
    return [group for group in (single, paged) if group]


def size(state: StepState, targets: Iterable[str]) -> int:
    """How many targets these are."""
    return sum(state.pages[target].count if target in state.pages else 1 for target in targets)


def held(state: StepState) -> int:
    """How many targets the step still contains."""
    count = sum(hold.count for hold in state.holds.values() if hold.status in HELD)
    return max(count - state.let_go, 0) if state.pages else count


def has_failed(hold: Hold) -> bool:
    """Whether some of it, or all, is not contained as it should be. A page that is being let go, or was, is not missed."""
    return hold.status in ("refused", "failed", "unknown") or (hold.status == "applied" and hold.failed > 0)


def failures(state: StepState, targets: Iterable[str]) -> int:
    """How many targets of these have failed. A page that was not begun has failed as a whole."""
    return sum(_failed(state, target) if target in state.pages else 1 for target in targets)


def _failed(state: StepState, page: str) -> int:
    return state.holds[page].failed if page in state.holds else state.pages[page].count


def entered(state: StepState, targets: Iterable[str], *, failed: bool) -> None:
    """The pages are about to be acted on under the step's ordinal. `failed`: only what is not contained of them."""
    for name in targets:
        if name in state.pages:
            since = {} if name in state.holds else {"since": state.ordinal}
            changes = {"last": state.ordinal, "failed": failed, **since}
            state.pages[name] = state.pages[name].model_copy(update=changes)


def again(state: StepState, targets: Iterable[str]) -> list[str]:
    """What is to be tried again, where these have failed. Of a page that is contained in part the rest is a page of its
    own, so that each has its own lease."""
    found = []
    for target in targets:
        hold = state.holds[target]
        if target not in state.pages or hold.status != "applied":
            found.append(target)
            continue
        name = f"{target}, again {state.ordinal}"
        state.pages[name] = state.pages[target]
        hold.failed, hold.problems, hold.error = 0, [], None
        found.append(name)
    return found


def failed_words(state: StepState, targets: list[str]) -> str:
    """How many have failed, and the first few of them with what is wrong."""
    named = [problem for target in targets if target in state.holds for problem in state.holds[target].problems]
    shown = f": {'; '.join(named[:3]) or state.reason}" if named or state.reason else ""
    return f"{failures(state, targets)} of {size(state, state.targets or targets)}{shown}"
