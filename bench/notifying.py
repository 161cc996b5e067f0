"""Notify and record for the bench: the channel in memory, and the rows that travel along written as everywhere."""

from __future__ import annotations

import asyncio

from temporalio import activity

from firedoor import protocol
from firedoor.connectors.channel import OutgoingMessage
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.protocol import Delivery, NotifyOrder, NotifyReport, RecordOrder, Report
from firedoor.records.all import Records


class Doubles:
    def __init__(self, records: Records) -> None:
        self._records = records
        self._channel = MemoryChannel()

    @activity.defn(name=protocol.NOTIFY)
    async def notify(self, order: NotifyOrder) -> NotifyReport:
        recorded = await asyncio.to_thread(self._records.timeline.write, order.incident, order.rows)
        to = str(order.audience[0])
        key = f"{order.incident}/{order.key}"
        text = order.texts[0].text
        message = OutgoingMessage(key=key, address=to, subject=order.subject, text=text, locale="*")
        sent = Delivery(recipient=to, channel="memory", state="sent", id=await self._channel.send(message))
        return NotifyReport(recorded=recorded, deliveries=(sent,))

    @activity.defn(name=protocol.RECORD)
    async def record(self, order: RecordOrder) -> Report:
        recorded = await asyncio.to_thread(self._records.timeline.write, order.incident, order.rows)
        await asyncio.to_thread(
            self._records.incidents.progressed,
            order.incident,
            phase=order.phase,
            severity=order.severity,
            closed_at=order.closed_at,
        )
        return Report(recorded=recorded)
