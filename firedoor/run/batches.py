"""Long loops: their steps are done one after the other, each for all items, in pages (firedoor.plan.batches).

A step in such a loop stands at a path without a round. It first looks at the list, page by page: an activity tells for
how many items its conditions hold, and writes down what they give as lists of their own. These are pages of the step, as
those of a long list are (firedoor.run.pages). Of the items the run keeps counts; each is in the record (firedoor.records.
rounds). An item for which an act has failed does not come to what stands behind it until that is decided: by an answer,
or by what else happens to the act. That is not an event: a step that has held items back looks at the list again as soon
as nothing before it is undecided any more, whatever the order in which these things have come.
"""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.plan import Contain, ForEach, Notify, Plan, Step, paths
from firedoor.plan.batches import around, before, why_not
from firedoor.plan.lists import ListRef, Question
from firedoor.protocol import Page, Sifted
from firedoor.run import pages, questions, rounds
from firedoor.run.core import Core
from firedoor.run.state import FINAL, StepState, Tally

MOST_NAMED = 5
"""Items that a tally names."""


def loop_of(core: Core, path: str) -> str | None:
    """The long loop that a step of the run stands in, if it does."""
    return long_loop(core.plan, path)


def long_loop(plan: Plan, path: str) -> str | None:
    """As `loop_of`: a step in a long loop stands at a path without a round of it."""
    outer = paths.parent(path)
    while outer and not outer.endswith("]"):
        if plan.by_path[paths.static(outer)].verb == "for_each":
            return outer
        outer = paths.parent(outer)
    return None


def begin(core: Core, step: ForEach, path: str, ref: ListRef) -> str | None:
    """Take the list, each item once. Returns why the loop cannot go in batches, in words. Raises Unread."""
    reason = why_not(core.plan, step)
    if reason is None and not core.state.batches:
        reason = "this run was launched before such loops went in batches"
    if reason is None:
        core.at(path).lists = [_unique(core, path, ref)]
    return reason


def _unique(core: Core, path: str, ref: ListRef) -> ListRef:
    if ref.unique:
        return ref
    found = core.known(path).worked_out(Question(asks="unique", lists=(ref,)))
    return ListRef.model_validate(found)


def is_long(state: StepState) -> bool:
    """Whether the loop of this state goes in batches."""
    return bool(state.lists)


def look(core: Core, step: Contain | Notify, path: str) -> list[str]:
    """The pages that the step has to act on now. Raises Unread until every page of the loop was looked at."""
    state = core.at(path)
    tally = state.tally = state.tally or Tally()
    tally.waits_for += [name for name in _open_before(core, path) if name not in tally.waits_for]
    rounds.around(core, _steps(core, path), path)
    asked = [question for question in _questions(core, path) if _name(question) not in tally.looked]
    found = [core.known(path).worked_out(question) for question in asked]
    for question, value in zip(asked, found, strict=True):
        del core.state.worked_out[question.key]
        tally.looked.append(_name(question))
        _enter(core, path, question, Sifted.model_validate(value))
    core.changes += 1
    _ask_about_unread(core, step, path)
    return tally.fresh


def taken(state: StepState) -> list[str]:
    """The pages that the step acts on now: what it has found; or all that it had, where it is tried again as a whole."""
    tally = state.tally
    if tally is None:
        raise AssertionError("this step stands in no long loop")
    fresh, whole = tally.fresh, not tally.fresh and not tally.more
    tally.fresh, tally.more = [], False
    state.targets = [*(state.targets or []), *fresh]
    return list(state.targets) if whole else fresh


def _enter(core: Core, path: str, question: Question, found: Sifted) -> None:
    state = core.at(path)
    tally = state.tally
    if tally is None:
        raise AssertionError(f"{path} stands in no long loop")
    tally.chosen += found.chosen
    tally.not_needed += found.not_needed
    tally.held_back += found.held_back
    tally.unread += found.unread
    tally.problems = [*tally.problems, *found.problems][:MOST_NAMED]
    if found.of is None:
        return
    known = (*tally.fresh, *(state.targets or []))
    new = [name for name in pages.divided(state, found.of) if name not in known]
    tally.fresh += new
    for addition in core.state.additions:
        if question.lists[0].digest in addition.long:
            addition.held[path] = [*addition.held.get(path, []), *new]


def _ask_about_unread(core: Core, step: Step, path: str) -> None:
    tally = core.at(path).tally
    if tally is not None and tally.unread and not any(ask.why == "unread" for ask in core.asks_of(path)):
        questions.about_unread(core, step, path, tally.unread, tally.problems)


def _questions(core: Core, path: str) -> Iterator[Question]:
    """What is asked about each page of the loop's lists, in this and in each earlier pass."""
    loop, tally = loop_of(core, path), core.at(path).tally
    if loop is None or tally is None:
        return
    for again in range(tally.again + 1):
        for ref in core.at(loop).lists:
            for first in range(0, ref.count, pages.SIZE):
                asked = {"loop": loop, "first": first, "count": min(pages.SIZE, ref.count - first), "again": again}
                yield Question(asks="sift", lists=(ref,), step=path, argument=asked)


def _name(question: Question) -> str:
    asked = question.argument
    return f"{question.lists[0].digest[:12]}:{asked['first']}:{asked['again']}"


def page_of(question: Question) -> Page:
    """The page of the loop's list that a question is about."""
    ref, asked = question.lists[0], question.argument
    return Page(list=ref.digest, of=ref.count, first=asked["first"], count=asked["count"])


def _steps(core: Core, path: str) -> list[Step]:
    loop = loop_of(core, path)
    return list(around(core.plan, paths.static(loop), paths.static(path))) if loop is not None else []


def surroundings(core: Core, path: str) -> dict[str, object]:
    """What travels with an order about the step. Raises Unread."""
    return rounds.around(core, _steps(core, path), path).model_dump(mode="json")


def undecided(core: Core, path: str) -> list[str]:
    """Acts of the loop before this one whose failures wait for somebody, or are being tried again."""
    return [act for act in _before(core, path) if _asks(core, act) or _acts(core, act)]


def _before(core: Core, path: str) -> list[str]:
    loop = loop_of(core, path)
    if loop is None:
        return []
    return [paths.in_run(act, path) for act in before(core.plan, paths.static(loop), paths.static(path))]


def _asks(core: Core, path: str) -> list[str]:
    """Questions about the failures of one step, by their ids."""
    return [ask.id for ask in core.asks_of(path) if ask.why in ("failure", "unread")]


def _acts(core: Core, path: str) -> bool:
    """Whether an act of the step is under way; a notice about an ask decides nothing."""
    return any(act.kind in ("contain", "notify", "read") and act.ask is None for act in core.acts_of(path))


def waits(core: Core, path: str) -> bool:
    """Whether the step has to look again, and what stands before it is not done yet."""
    return any(_acts(core, act) for act in _before(core, path))


def has_more(core: Core, path: str) -> bool:
    """Whether a step that is over has pages to look at: of a list that was added, or again."""
    state = core.state.steps.get(path)
    if state is None or state.tally is None or not _may_go_on(core, path, state):
        return False
    return _lets_through(core, path, state) or any(
        _name(question) not in state.tally.looked for question in _questions(core, path)
    )


def _may_go_on(core: Core, path: str, state: StepState) -> bool:
    """Whether the step is over by itself, and was not left out."""
    return state.status in ("done", "failed") and not any(paths.within(path, scope) for scope in core.state.left)


def _lets_through(core: Core, path: str, state: StepState) -> bool:
    """Whether the step holds items back, and something before it was decided since it looked, or nothing is undecided."""
    if not _holds_back(core, path, state) or waits(core, path) or state.tally is None:
        return False
    open_ = _open_before(core, path)
    return not open_ or any(name not in open_ for name in state.tally.waits_for)


def _open_before(core: Core, path: str) -> list[str]:
    """Questions about failures of what stands before the step in its loop."""
    return [name for act in _before(core, path) for name in _asks(core, act)]


def _holds_back(core: Core, path: str, state: StepState) -> bool:
    return state.tally is not None and state.tally.held_back > 0 and _may_go_on(core, path, state)


def let_through(core: Core) -> None:
    """Have the walk come to the steps that have held items back, where what these waited for is decided."""
    for path, state in list(core.state.steps.items()):
        if _lets_through(core, path, state):
            core.rewind(path)
            core.reopen_outer(paths.parent(path))


def read_again(core: Core, path: str) -> None:
    """The reads that have not answered are put again."""
    state = core.at(path)
    if state.tally is None or core.state.intent != "respond" or core.state.ended is not None:
        return
    _pass_again(state.tally)
    core.changes += 1
    core.rewind(path)
    core.reopen_outer(paths.parent(path))


def are_held_back(core: Core) -> bool:
    """Whether there are items of a long loop that wait for a decision, or to be come to after one: until then the
    response goes on."""
    return any(
        _holds_back(core, path, state)
        or (state.tally is not None and state.tally.unread > 0 and bool(_asks(core, path)))
        for path, state in core.state.steps.items()
    )


def _pass_again(tally: Tally) -> None:
    tally.again += 1
    tally.held_back, tally.unread, tally.problems, tally.waits_for = 0, 0, [], []


def lengthened(core: Core, loop: str) -> None:
    """The loop has another list: its steps go on with that."""
    for path in list(core.state.steps):
        if path != loop and paths.within(path, loop):
            core.rewind(path)
            core.reopen_outer(paths.parent(path))
    core.reopen_outer(loop)
    core.changes += 1


def reopen(core: Core, path: str) -> None:
    """Begin a step again that is over, for what is new alone."""
    state = core.at(path)
    if state.status not in FINAL:
        raise AssertionError(f"{path} is not over: {state.status}")
    if state.tally is not None and _lets_through(core, path, state):
        _pass_again(state.tally)
    state.past.append(state.status)
    state.ordinal += 1
    state.status, state.pending, state.done_at, state.reason = "waiting", None, None, None
    if state.tally is not None:
        state.tally.more = True
    core.changes += 1


def words(state: StepState) -> str:
    """How many items it was done for, and what of the others."""
    tally = state.tally
    if tally is None:
        return ""
    missed = sum(tally.missed.values())
    parts = [
        *([f"told about {sum(tally.told.values())}"] if tally.told else []),
        *([f"{pages.held(state)} contained"] if state.holds else []),
        *(
            f"{count} {what}"
            for count, what in (
                (missed, "not reached"),
                (tally.not_needed, "not needed"),
                (tally.unread, "without an answer"),
                (tally.held_back, "held back"),
            )
            if count
        ),
    ]
    return ", ".join(parts)
