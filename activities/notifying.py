"""Notify: a notice becomes messages, each recorded before it is tried, and sent again only if it was not sent.

Whom it reaches is found when it is sent: who is on shift then, or who stands in. Each recipient is told on every channel
that the organization names for the severity. One channel that fails stops no other, and both outcomes are reported. The
notice is done when each recipient was reached on at least one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.attempt import Attempt
from activities.containing import Verify
from activities.delivering import Delivering, Parcel, addresses
from activities.wording import NoWords, Renders, Wording, Words
from firedoor.connectors.channel import Channel
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.people.directory import Situation
from firedoor.people.organization import Organization, Sensitivity
from firedoor.people.recipients import Reached, Recipient, clears, reach, recipients_of
from firedoor.people.signatures import Forged, read
from firedoor.protocol import NOTIFY, Delivery, NotifyOrder, NotifyReport
from firedoor.records.deliveries import Deliveries
from firedoor.records.timeline import Timeline

NO_WARRANT: Final = "NoWarrant"
ROSTER: Final = "roster"
"""The "channel" of what is said about an audience itself: who stands in, and whom nobody knows."""
IN_DRILL: Final = "drill:"


class Tells(Protocol):
    async def tell(self, order: NotifyOrder, attempt: Attempt) -> NotifyReport:
        """Raises ApplicationError, as Notifying.notify does."""
        ...


class Notifying:
    """`organization` gives it as it is now. `channels` go by the names that the organization gives them.

    An exercise tells staff for real, and says so in every text. Nobody outside is told in one: messages to contacts and
    users go to channels in memory (`drill` makes one for each name).
    """

    def __init__(
        self,
        organization: Callable[[], Organization],
        channels: Mapping[str, Channel],
        deliveries: Deliveries,
        timeline: Timeline,
        verify: Verify,
        renderer: Renders,
        *,
        drill: Callable[[str], Channel] = MemoryChannel,
    ) -> None:
        self._organization = organization
        self._channels = dict(channels)
        self._deliveries = deliveries
        self._timeline = timeline
        self._verify = verify
        self._renderer = renderer
        self._drill = drill

    @activity.defn(name=NOTIFY)
    async def notify(self, order: NotifyOrder) -> NotifyReport:
        """Tell everyone of the audience who was not told yet.

        Raises ApplicationError of the type NotReached when someone was reached on no channel. It is not retryable when
        another try would come to the same, or when none fits in the budget (schedule-to-close) any more. Its details
        are what a report would have been.
        """
        attempt = Attempt()
        return await attempt.run(self._notify(order, attempt))

    async def _notify(self, order: NotifyOrder, attempt: Attempt) -> NotifyReport:
        recorded = await self._admit(order)
        return await self.tell(order, attempt, recorded)

    async def tell(self, order: NotifyOrder, attempt: Attempt, recorded: int = 0) -> NotifyReport:
        """As `notify`, for an order that was admitted."""
        organization = self._organization()
        situation = Situation(attempt.now(), order.region, order.commander, _launcher(order))
        reached = recipients_of(organization, order.audience, situation)
        work = Delivering(self._deliveries, order, attempt)
        await work.remember()
        parcels = await self._parcels(organization, reached, order, work)
        await work.send(parcels)
        report = NotifyReport(recorded=recorded, deliveries=(*_about(reached), *work.outcomes()))
        missed = [recipient for recipient in reached.recipients if not work.reached(recipient)]
        if missed or reached.unknown:
            raise work.failure(report, missed, len(reached.unknown), len(reached.recipients))
        return report

    async def _admit(self, order: NotifyOrder) -> int:
        """Fail closed without a warrant; then write the rows that travel with the order. Returns the highest one."""
        try:
            await asyncio.to_thread(self._verify, order)
        except ValueError as error:
            raise ApplicationError(str(error), type=NO_WARRANT, non_retryable=True) from error
        return await asyncio.to_thread(self._timeline.write, order.incident, order.rows)

    async def _parcels(
        self, organization: Organization, reached: Reached, order: NotifyOrder, work: Delivering
    ) -> list[Parcel]:
        """Everything that is to be sent; what cannot be is told to `work` at once."""
        shared: dict[tuple[str, str], list[Recipient]] = {}
        for recipient in reached.recipients:
            names = reach(organization, recipient, order.severity, urgent=order.urgent)
            if not names:
                work.cannot(recipient, "", f"the organization names no channel for this at {order.severity}")
            for name in names:
                address = self._address(recipient, name, order, work)
                if address is not None:
                    shared.setdefault((name, address), []).append(recipient)
        words = Words(order, self._renderer)
        parcels: list[Parcel] = []
        for (name, address), recipients in shared.items():
            # Whoever shares an address reads what is sent there to the others, so the least cleared decides.
            cleared = frozenset[Sensitivity].intersection(
                *(clears(organization, recipient, name) for recipient in recipients)
            )
            parcels += await self._worded(words, name, address, recipients, cleared, order, work)
        return parcels

    async def _worded(
        self,
        words: Words,
        name: str,
        address: str,
        recipients: Sequence[Recipient],
        cleared: frozenset[Sensitivity],
        order: NotifyOrder,
        work: Delivering,
    ) -> list[Parcel]:
        by_wording: dict[Wording, Parcel] = {}
        for recipient in recipients:
            own = addresses(recipient) if len(recipients) == 1 else frozenset[str]()
            try:
                wording = await words.for_reader(
                    recipient.languages,
                    cleared,
                    reads_any=recipient.reads_any,
                    staff=recipient.kind == "person",
                    own=own,
                )
            except NoWords as error:
                work.cannot(recipient, name, str(error))
                continue
            shown, channel = self._way(recipient, name, order)
            if channel is not None:
                parcel = by_wording.setdefault(wording, Parcel(shown, channel, address, wording))
                parcel.recipients.append(recipient)
        return list(by_wording.values())

    def _address(self, recipient: Recipient, name: str, order: NotifyOrder, work: Delivering) -> str | None:
        shown, channel = self._way(recipient, name, order)
        if channel is None:
            work.cannot(recipient, shown, "this channel is not set up")
            return None
        address = channel.address(recipient)
        if address is None:
            work.cannot(recipient, shown, "there is no address for this channel")
        return address

    def _way(self, recipient: Recipient, name: str, order: NotifyOrder) -> tuple[str, Channel | None]:
        """The channel, and its name in the report. In an exercise nobody outside is told."""
        if not order.drill or recipient.kind == "person":
            return name, self._channels.get(name)
        shown = IN_DRILL + name
        if shown not in self._channels:
            self._channels[shown] = self._drill(shown)
        return shown, self._channels[shown]


def _about(reached: Reached) -> tuple[Delivery, ...]:
    """What is to be said of the audience itself, as deliveries that failed: those who were meant were not reached."""
    return tuple(
        Delivery(recipient=who, channel=ROSTER, state="failed", error=why)
        for who, why in (*reached.notes, *reached.unknown)
    )


def _launcher(order: NotifyOrder) -> str | None:
    """Who launched, by the launch that was verified."""
    try:
        return read(order.warrant.launch).person
    except Forged:
        return None
