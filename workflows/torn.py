"""A guard against a fault of the SDK that makes a run unreplayable, found by killing workers.

A query that reaches a worker without the run in its cache brings the history as it is then. When an activity or a timer
has just ended, and the workflow task for that is still to come, the SDK (temporalio 1.35) applies that end while it
answers the query: ahead of the task, at the moment of the task before. An update that comes with the task then sees,
and is written down behind, what in a replay comes after it; from then on no worker can replay the run.

Such an activation shows itself: the history has grown, and the moment is still the old one. So whatever moves a run on
looks here first, and the activation fails. The query fails with it, the run leaves the cache, the task comes as it
should, and whoever asked asks again (firedoor.incidents).
"""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

from firedoor.protocol import TORN


class Torn(Exception):
    """The run was moved on by a query. No ApplicationError: that would end the run."""


class Guard:
    def __init__(self) -> None:
        self._length = 0
        self._now: datetime | None = None

    def look(self) -> None:
        """Raises Torn where the run would be moved on outside of a workflow task."""
        length, now = workflow.info().get_current_history_length(), workflow.now()
        if length > self._length and now == self._now:
            raise Torn(TORN)
        self._length, self._now = length, now
