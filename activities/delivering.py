"""The sending of one notice: each message is claimed in the record, handed over, and its outcome recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.attempt import Attempt, work_through
from activities.wording import Wording
from firedoor.connectors.channel import DRILL, Channel, OutgoingMessage
from firedoor.connectors.errors import ConnectorError, Unavailable
from firedoor.people.recipients import Recipient
from firedoor.protocol import Delivery, NotifyOrder, NotifyReport
from firedoor.records.deliveries import Deliveries

NOT_REACHED: Final = "NotReached"

SEND_SECONDS: Final = 10.0
"""How long one message may be on its way."""


@dataclass(slots=True)
class Parcel:
    """One message on one channel to one address, for whoever shares that address and reads the same words."""

    name: str
    """The channel's, as the report has it."""
    channel: Channel
    address: str
    wording: Wording
    recipients: list[Recipient] = field(default_factory=list)

    def message(self, order: NotifyOrder) -> OutgoingMessage:
        people = sorted(recipient.id for recipient in self.recipients)
        shared = len(people) > 1 or self.address not in addresses(self.recipients[0])
        told = [recipient for recipient in self.recipients if recipient.kind == "person"] if shared else []
        return OutgoingMessage(
            key=json.dumps([order.incident, order.key, self.name, self.address, people], ensure_ascii=False),
            address=self.address,
            subject=f"{DRILL}: {order.subject}" if order.drill else order.subject,
            text=self.wording.text,
            locale=self.wording.locale,
            urgent=order.urgent or order.severity == "sev1",
            drill=order.drill,
            to=tuple(recipient.name for recipient in told),
            mentions=tuple(recipient.matrix for recipient in told if recipient.matrix),
        )


class Delivering:
    """One attempt at an order: what is sent, what failed, and whether to try again."""

    def __init__(self, deliveries: Deliveries, order: NotifyOrder, attempt: Attempt) -> None:
        self._deliveries = deliveries
        self._order = order
        self._attempt = attempt
        self._outcomes: dict[tuple[str, str], Delivery] = {}
        self._errors: dict[tuple[str, str], ConnectorError | None] = {}
        """Why something failed; None where another attempt has not to fear the same."""
        self._final: dict[tuple[str, str], str] = {}
        """Why it will not succeed in another attempt either, in words that name nobody."""
        self._down: dict[str, Unavailable] = {}

    async def remember(self) -> None:
        """What earlier attempts have sent."""
        for row in await asyncio.to_thread(self._deliveries.of, self._order.incident, self._order.key):
            if row.state == "sent":
                self._outcomes[row.recipient, row.channel] = Delivery(
                    recipient=row.recipient,
                    channel=row.channel,
                    state="sent",
                    language=row.language,
                    id=row.provider_id,
                )

    def cannot(self, recipient: Recipient, channel: str, why: str) -> None:
        """Nothing was tried, and another attempt would come to the same. `why` names nobody."""
        self._fail(recipient, channel, why)
        self._final[recipient.id, channel] = why

    async def send(self, parcels: Sequence[Parcel]) -> None:
        """Send what was not sent, all channels at the same time."""
        by_channel: dict[str, list[Parcel]] = {}
        for parcel in parcels:
            by_channel.setdefault(parcel.name, []).append(parcel)
        lines = (work_through(mine, mine[0].channel.at_once, self._attempt, self._send) for mine in by_channel.values())
        for result in await asyncio.gather(*lines, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
        for parcel in parcels:
            for recipient in parcel.recipients:
                if (recipient.id, parcel.name) not in self._outcomes:
                    self._fail(recipient, parcel.name, "it was not tried in this attempt")

    async def _send(self, parcel: Parcel) -> None:
        left = [one for one in parcel.recipients if not self._was_sent(one, parcel.name)]
        if not left:
            return
        down = self._down.get(parcel.name)
        if down is not None:
            self._failed(parcel, left, down)
            return
        left = await asyncio.to_thread(self._begin, parcel, left)
        if not left:
            return
        try:
            async with self._attempt.in_time():
                known_as = await _hand_over(parcel, self._order)
        except ConnectorError as failed:
            error = failed
        else:
            await asyncio.to_thread(self._sent, parcel, left, known_as)
            return
        if isinstance(error, Unavailable) and error.untouched:
            self._down[parcel.name] = error
        await asyncio.to_thread(self._write_failures, parcel, left, str(error))
        self._failed(parcel, left, error)

    def outcomes(self) -> tuple[Delivery, ...]:
        return tuple(self._outcomes[key] for key in sorted(self._outcomes))

    def reached(self, recipient: Recipient) -> bool:
        return any(who == recipient.id and one.state == "sent" for (who, _), one in self._outcomes.items())

    def failure(self, report: NotifyReport, missed: Sequence[Recipient], unknown: int, known: int) -> BaseException:
        """What to raise when someone was not reached. The text names channels and kinds of failure, and nobody."""
        self._attempt.check_interrupted(len(missed))
        if self._attempt.stopped == "asked":
            return asyncio.CancelledError("the run asked to stop before everyone was told")
        ids = {recipient.id for recipient in missed}
        keys = [key for key, one in self._outcomes.items() if key[0] in ids and one.state == "failed"]
        kinds = {self._why(key) for key in keys}
        text = f"{len(missed) + unknown} of {known + unknown} were not reached"
        if unknown:
            kinds.add(f"{unknown} known to nobody")
        if kinds:
            text += f" ({'; '.join(sorted(kinds))})"
        tried = [self._errors.get(key) for key in keys if key not in self._final]
        mends = [error for error in tried if error is None or error.retryable]
        wait = _shortest(mends)
        again = bool(mends) and self._attempt.allows_another(wait)
        return ApplicationError(
            text, report.model_dump(mode="json"), type=NOT_REACHED, non_retryable=not again, next_retry_delay=wait
        )

    def _why(self, key: tuple[str, str]) -> str:
        """Why someone was not reached by a channel."""
        _, channel = key
        if key in self._final:
            return f"nobody is reachable by {channel}: {self._final[key]}" if channel else self._final[key]
        error = self._errors.get(key)
        return f"{channel}: {error.type if error is not None else 'not tried'}"

    # --- one parcel ---------------------------------------------------------------------------------------------------

    def _was_sent(self, recipient: Recipient, channel: str) -> bool:
        known = self._outcomes.get((recipient.id, channel))
        return known is not None and known.state == "sent"

    def _begin(self, parcel: Parcel, recipients: Sequence[Recipient]) -> list[Recipient]:
        """Claim what is to be sent now. An attempt that was given up, and goes on, may have sent it meanwhile."""
        order, now, channel = self._order, self._attempt.now(), parcel.name
        claimed: list[Recipient] = []
        for recipient in recipients:
            row = self._deliveries.begin(order.incident, order.key, recipient.id, channel, now, parcel.wording.locale)
            if row is not None:
                claimed.append(recipient)
            else:
                self._outcomes[recipient.id, channel] = Delivery(recipient=recipient.id, channel=channel, state="sent")
        return claimed

    def _sent(self, parcel: Parcel, recipients: Sequence[Recipient], known_as: str) -> None:
        order, now = self._order, self._attempt.now()
        for recipient in recipients:
            self._deliveries.sent(order.incident, order.key, recipient.id, parcel.name, now, known_as)
            self._outcomes[recipient.id, parcel.name] = Delivery(
                recipient=recipient.id,
                channel=parcel.name,
                state="sent",
                language=parcel.wording.locale,
                id=known_as,
            )

    def _write_failures(self, parcel: Parcel, recipients: Sequence[Recipient], error: str) -> None:
        order, now = self._order, self._attempt.now()
        for recipient in recipients:
            self._deliveries.failed(order.incident, order.key, recipient.id, parcel.name, now, error)

    def _failed(self, parcel: Parcel, recipients: Sequence[Recipient], error: ConnectorError) -> None:
        for recipient in recipients:
            self._fail(recipient, parcel.name, str(error), parcel.wording.locale)
            self._errors[recipient.id, parcel.name] = error

    def _fail(self, recipient: Recipient, channel: str, why: str, language: str = "") -> None:
        if not self._was_sent(recipient, channel):
            self._outcomes[recipient.id, channel] = Delivery(
                recipient=recipient.id, channel=channel, state="failed", language=language, error=why
            )


async def _hand_over(parcel: Parcel, order: NotifyOrder) -> str:
    try:
        async with asyncio.timeout(SEND_SECONDS):
            return await parcel.channel.send(parcel.message(order))
    except TimeoutError as error:
        raise Unavailable(f"{parcel.name} did not answer within {SEND_SECONDS:g} s") from error
    except ConnectorError:
        raise
    except Exception as error:  # a channel that breaks its contract: told as its failure, so that it stops no other
        raise Unavailable(f"{parcel.name} broke: {type(error).__name__}") from error


def _shortest(errors: Sequence[ConnectorError | None]) -> timedelta | None:
    """How long to wait at least, before any of these can succeed; None for the run's own pauses."""
    waits = [error.retry_after if isinstance(error, Unavailable) else None for error in errors]
    asked = [wait for wait in waits if wait is not None]
    return min(asked) if asked and len(asked) == len(waits) else None


def addresses(recipient: Recipient) -> frozenset[str]:
    """Everything that stands for this recipient alone."""
    known = (recipient.id, recipient.email, recipient.matrix, recipient.phone)
    return frozenset(address for address in known if address)
