"""Record: the timeline's rows, and what lists show of a run, for when Temporal is away or has forgotten it."""

from __future__ import annotations

import asyncio

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.containing import Verify
from firedoor.protocol import RECORD, RecordOrder, Report
from firedoor.records.plans import Incidents
from firedoor.records.timeline import Timeline


class Recording:
    def __init__(self, timeline: Timeline, incidents: Incidents, verify: Verify) -> None:
        self._timeline = timeline
        self._incidents = incidents
        self._verify = verify

    @activity.defn(name=RECORD)
    async def record(self, order: RecordOrder) -> Report:
        """Write the rows that are not there yet, then how far the run is. Safe to repeat.

        Raises ApplicationError (NoWarrant, not retryable) for an order without a warrant, and writes nothing then.
        """
        return await asyncio.to_thread(self._record, order)

    def _record(self, order: RecordOrder) -> Report:
        try:
            self._verify(order)
        except ValueError as error:
            raise ApplicationError(str(error), type="NoWarrant", non_retryable=True) from error
        recorded = self._timeline.write(order.incident, order.rows)
        if order.phase is not None:
            self._incidents.progressed(
                order.incident,
                phase=order.phase,
                severity=order.severity,
                closed_at=order.closed_at,
                at=activity.info().started_time,
            )
        return Report(recorded=recorded)
