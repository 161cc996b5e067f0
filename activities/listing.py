"""Long lists where they are: what runs need to know of them, worked out by an activity, and pages opened for acts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from firedoor.plan.evaluate import plain
from firedoor.plan.lists import WHOLE, Question, opened
from firedoor.protocol import ContainOrder, Page, PageReport, ReleaseOrder, TargetOutcome
from firedoor.records.ledger import TO_RELEASE, Ledger
from firedoor.records.lists import Lists, TooLong, UnknownList

Paged = TypeVar("Paged", ContainOrder, ReleaseOrder)

MOST_PROBLEMS: Final = 5
MOST_PROBLEM: Final = 300
"""Characters of a target's error in the report of a page. Whole, it is in the ledger."""


def with_targets(order: Paged, lists: Lists) -> Paged:
    """The order with the targets of its page, as the list has them whose digest it names. Raises UnknownList."""
    if order.page is None:
        return order
    return order.model_copy(update={"targets": targets_of(order.page, lists)})


def targets_of(page: Page, lists: Lists) -> tuple[str, ...]:
    """Raises UnknownList."""
    items = lists.get(page.list)
    if page.of != len(items) or page.first < 0 or page.count < 1 or page.first + page.count > len(items):
        raise UnknownList(f"the list {page.list[:12]} has {len(items)} items, and the order names others")
    return tuple(items[page.first : page.first + page.count])


def report_of(outcomes: Sequence[TargetOutcome], left: int) -> PageReport:
    """The outcomes of a page as counts. `left`: targets without one, since the run asked to stop."""
    counts = Counter(outcome.state for outcome in outcomes)
    let_go = sum(outcome.state in ("undone", "kept") and outcome.number is not None for outcome in outcomes)
    problems = [outcome for outcome in outcomes if outcome.state not in ("applied", "undone", "kept")]
    return PageReport(
        applied=counts["applied"],
        refused=counts["refused"],
        failed=counts["failed"],
        unknown=counts["unknown"],
        undone=let_go,
        undo_failed=counts["undo_failed"],
        left=left,
        last_at=max((outcome.at for outcome in outcomes if outcome.state == "applied" and outcome.at), default=None),
        problems=tuple(_short(outcome) for outcome in problems[:MOST_PROBLEMS]),
    )


def _short(outcome: TargetOutcome) -> TargetOutcome:
    return outcome.model_copy(update={"error": outcome.error[:MOST_PROBLEM] if outcome.error else None})


def answered(lists: Lists, ledger: Ledger, incident: str, question: Question) -> Any:
    """What a run needs to know. Raises UnknownList, TooLong, and ValueError for a reference that is none of ours."""
    found = [opened(ref.model_dump(mode="json"), lists.get) for ref in question.lists]
    match question.asks:
        case "whole":
            if len(found[0]) > WHOLE:
                raise TooLong(f"a list of {len(found[0])} items is not carried whole")
            return list(found[0])
        case "last":
            return found[0][-1]
        case "in":
            return str(question.argument) in set(found[0])
        case "unique":
            return _kept(lists, found[0])
        case "joined":
            return _kept(lists, [item for items in found for item in items] + list(question.argument))
        case "beyond":
            of, but = question.argument["of"], set(question.argument["but"])
            but.update(item for items in (found[1:] if of is None else found) for item in items)
            return _kept(lists, [item for item in (found[0] if of is None else of) if item not in but])
        case "held":
            return _kept(lists, [entry.target for entry in ledger.of_step(incident, question.step, TO_RELEASE)])
        case "kept":
            return plain(lists.keep(question.argument))
        case "sift":
            raise ValueError("what a page gives for a step is worked out by an order of its own")


def _kept(lists: Lists, items: Sequence[str]) -> Any:
    return plain(lists.inline(list(dict.fromkeys(items))))
