"""Questions that the run puts: about a failure, a silence, a refusal, a size, an expiry. They never lapse."""

from __future__ import annotations

from datetime import datetime, timedelta

from firedoor.plan import Consequence, Step, Who
from firedoor.run import asking, documents, pages
from firedoor.run.core import Core
from firedoor.run.state import Ask, HoldStatus, Why

COMMANDER = Who(kind="commander")


def blocks(core: Core, path: str) -> bool:
    """Whether an open question holds up what stands after the step."""
    return any(ask.blocks for ask in core.state.asks.values() if ask.step == path)


def put(
    core: Core,
    path: str,
    why: Why,
    words: str,
    choices: list[str],
    *,
    to: Who | None = None,
    targets: list[str] | None = None,
    consequence: Consequence | None = None,
    addition: int | None = None,
    about: str | None = None,
    asker: str | None = None,
    deadline: datetime | None = None,
    silence: str = "it stays open, and goes up the ladder",
    block: bool = True,
) -> Ask:
    if block and path:
        core.rewind(path)
    ask = Ask(
        id=f"question:{path}:{why}:{core.state.asked + 1}",
        kind="question",
        step=path,
        why=why,
        to=[to or COMMANDER],
        choices=choices,
        words=words,
        silence=silence,
        opened_at=core.now,
        deadline=deadline,
        escalate_at=core.now + timedelta(seconds=core.plan.commander.answers_within),
        targets=targets or [],
        consequence=consequence,
        addition=addition,
        about=about,
        asker=asker,
        blocks=block,
        document="",
        hash="",
    )
    ask.document = documents.of_question(core, ask)
    ask.hash = documents.hash_of(ask.document)
    asking.open_(core, ask)
    return ask


def about_failure(core: Core, step: Step, path: str, targets: list[str] | None = None, *, block: bool = True) -> None:
    """An act or a loop has failed for good, for some targets (`targets`) or as a whole."""
    consequence = step.on_failure
    reason = core.at(path).reason
    which = f" for {some(targets)}" if targets else ""
    words = f"{core.name(path)} failed{which}: {reason or 'no reason was given'}"
    if any(target in core.at(path).pages for target in targets or []):
        words = f"{core.name(path)} failed for {pages.failed_words(core.at(path), targets or [])}"
    put(
        core,
        path,
        "failure",
        words,
        [
            "retry",
            "skip",
            *(["continue"] if consequence.may_continue else []),
            *(["undo"] if step.verb == "contain" else []),
            "stop",
            "undo_all",
        ],
        to=consequence.asks,
        targets=targets,
        consequence=consequence,
        block=block,
    )


def about_outcome(core: Core, path: str, why: Why, consequence: Consequence, words: str) -> None:
    """A refusal or a silence whose consequence is to ask. Where going on could let something through that nobody has
    signed, what an approval leaves to do is to leave: nothing that stands behind it in its group is done."""
    on = "continue" if consequence.may_continue else "leave" if core.step(path).verb == "approve" else None
    put(
        core,
        path,
        why,
        words,
        ["again", *([on] if on else []), "stop", "undo_all"],
        to=consequence.asks,
        consequence=consequence,
    )


def about_size(
    core: Core, step: Step, path: str, found: int, bound: int, most: int | None, addition: int | None = None
) -> None:
    """`most`: as many as deciders have signed for; going on with more is not offered. `addition`: it has grown so by
    this addition, which waits for the answer; the step itself goes on."""
    goes_on = most is None or found <= most
    words = (
        f"{core.name(path)} would act on {found}, more than {bound if goes_on else f'the {most} that were signed for'}"
    )
    choices = [*(["continue"] if goes_on else []), "skip", "stop", "undo_all"]
    put(core, path, "above", words, choices, to=step.on_failure.asks, addition=addition, block=addition is None)


def about_read(core: Core, path: str, read: str, reason: str, addition: int | None = None) -> None:
    words = f"{core.name(path)}: the answer of {read} is missing: {reason}"
    choices = ["retry", *(["skip"] if path and core.step(path).verb != "approve" else []), "stop", "undo_all"]
    put(core, path, "read", words, choices, addition=addition, block=addition is None)


def about_unread(core: Core, step: Step, path: str, count: int, problems: list[str]) -> None:
    """A read did not answer for some items of a long loop. The others go on."""
    words = f"{core.name(path)}: for {count} items an answer is missing: {'; '.join(problems)}"
    choices = ["retry", "continue", "stop", "undo_all"]
    put(core, path, "unread", words, choices, to=step.on_failure.asks, block=False)


def about_expiry(core: Core, path: str, targets: list[str], to: Who | None) -> None:
    """Pages of a long list run out one after the other: they are asked about together."""
    state = core.at(path)
    open_ = [ask for ask in core.asks_of(path) if ask.why == "expiry" and any(t in state.pages for t in ask.targets)]
    every = [*(target for ask in open_ for target in ask.targets), *targets]
    paged = any(target in state.pages for target in every)
    words = f"{core.name(path)}: the time is over for {which(core, path, every)}; it stays contained until you decide"
    if not open_ or not paged:
        put(core, path, "expiry", words, ["undo", "again", "keep"], to=to, targets=every, block=False)
        return
    open_[0].words, open_[0].targets = words, every
    open_[0].document = documents.of_question(core, open_[0])
    open_[0].hash = documents.hash_of(open_[0].document)
    core.changes += 1


def about_undo(core: Core, path: str, targets: list[str], reason: str) -> None:
    words = f"{core.name(path)}: undoing failed for {which(core, path, targets)}: {reason}"
    put(core, path, "undo_failed", words, ["retry", "continue"], targets=targets, block=False)


def about_severity(core: Core, path: str) -> None:
    """A changed severity concerns a step that is over: it is offered, not forced."""
    if any(ask.why == "severity" for ask in core.asks_of(path)):
        return
    words = f"At {core.state.severity}, {core.name(path)} applies; it was passed over as not needed"
    put(core, path, "severity", words, ["retry", "skip"], block=False)


def offered(core: Core) -> bool:
    """Whether the commander is still asked about a step that a changed severity concerns."""
    return any(ask.why == "severity" for ask in core.state.asks.values())


def about_fact(core: Core, approval: Ask, person: str, fact: str) -> None:
    """Who has to sign needs to know something first. The approval goes on meanwhile, and so does its time."""
    words = f"{person} needs one fact for {approval.words}: {fact}"
    put(core, approval.step, "fact", words, ["answer"], about=approval.id, asker=person, block=False)


def settle(core: Core, ask: Ask) -> None:
    """Withdraw a question: what it was about has been settled otherwise."""
    asking.close(core, ask)
    core.row("question.settled", f"{ask.words}: settled otherwise", step=ask.step or None, ask=ask.id)


def tidy(core: Core) -> None:
    """Close questions that have been settled otherwise: about targets that were let go, kept, or contained after all;
    about a fact for an approval that is over."""
    for ask in list(core.state.asks.values()):
        if ask.why == "fact" and not any(other.kind == "approval" for other in core.asks_of(ask.step)):
            settle(core, ask)
            continue
        open_in = _OPEN_IN.get(ask.why or "reject")
        if open_in is None or not ask.targets or ask.blocks:
            continue
        holds = [hold for target in ask.targets if (hold := core.at(ask.step).holds.get(target)) is not None]
        failing = ask.why == "failure"
        if not any(
            (hold.status in open_in or (failing and pages.has_failed(hold))) and not hold.lasting
            for hold in holds
            if ask.why != "expiry" or not hold.until
        ):
            settle(core, ask)


_OPEN_IN: dict[Why, tuple[HoldStatus, ...]] = {
    "expiry": ("applied", "unknown"),
    "undo_failed": ("undo_failed",),
    "failure": ("refused", "failed", "unknown"),
}
"""In which states a hold still needs an answer, by what the question is about."""


def about_cancellation(core: Core) -> None:
    if any(ask.why == "cancelled" for ask in core.state.asks.values()):
        return
    words = "Someone asked the server to cancel this run. Nothing was cancelled; decide what is to happen"
    put(core, "", "cancelled", words, ["continue", "stop", "undo_all"], block=False)


def which(core: Core, path: str, targets: list[str]) -> str:
    """The first few of them, in words; of pages, how many targets they are."""
    state = core.at(path)
    if not any(target in state.pages for target in targets):
        return some(targets)
    return f"{sum(state.holds[target].count or 1 for target in targets)} targets"


def some(targets: list[str] | None) -> str:
    """The first few of them, in words."""
    shown = ", ".join(repr(target)[1:-1] or "it" for target in (targets or [])[:3])
    more = len(targets or []) - 3
    return f"{shown} and {more} more" if more > 0 else shown
