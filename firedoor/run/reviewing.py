"""What the review has to do, when the response has ended: the playbook's tasks and the meeting.

What is held stands in the run, which asks about it until it is decided: the review only says how much it was. A list of
it here, or a task, would be wrong with the next undo.
"""

from __future__ import annotations

from firedoor.plan import Plan
from firedoor.protocol import ReviewItem, ReviewOrder
from firedoor.run import remaining, telling
from firedoor.run.core import Core, Scope
from firedoor.run.state import State


def review_of(plan: Plan, state: State) -> ReviewOrder:
    review = plan.review
    if review is None:
        raise AssertionError("the playbook has no review")
    core = Core(plan, state, state.now)
    calendar = plan.calendar(state.region)
    items: list[ReviewItem] = []
    meeting = review.meeting_within.get(state.highest)
    if meeting is not None:
        due = meeting.after(state.now, calendar)
        items.append(ReviewItem(id="meeting", words="Hold the review meeting", assign=review.owner, due_at=due))
    for number, task in enumerate(review.tasks, start=1):
        if task.when is None or core.value(task.when, "") is True:
            words = telling.plainly(plan, task.words, Scope(core, ""))
            due = task.due.after(state.now, calendar)
            items.append(ReviewItem(id=f"task-{number}", words=words, assign=task.assign, due_at=due))
    return ReviewOrder(
        incident=state.incident,
        plan=plan.digest,
        title=state.title or telling.plainly(plan, plan.title, Scope(core, "")),
        severity=state.highest,
        region=state.region,
        owner=review.owner,
        items=tuple(items),
        held=sum(len(targets) for targets in remaining.undecided(core).values()),
        opened_at=state.now,
        launch=state.launch,
        languages=plan.languages,
        commander=state.commander,
        drill=state.drill,
    )
