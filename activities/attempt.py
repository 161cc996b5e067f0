"""One attempt of an activity: its time by the server's clock, whether another one fits, and how it is told to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from firedoor.connectors.errors import Unavailable

T = TypeVar("T")

RESERVE: Final = timedelta(seconds=5)
"""What an attempt needs at least: when less is left, nothing new is started, so that it ends by itself and can tell."""

CUT_OFF: Final = timedelta(seconds=1)
"""What is under way is given up so long before the server gives up the attempt."""

FIRST_BEAT_SECONDS: Final = 0.5
"""Most acts are over by then, and each heartbeat is a write of the server's."""
BEAT_SECONDS: Final = 2.5

LEAST_ATTEMPTS: Final = 3
"""Where the run sets no bound on retries."""

Reason = Literal["asked", "budget", "attempt", "interrupted"]


class Attempt:
    """Begun at the start of an activity. Moments are the server's, so that leases agree with the run's own time."""

    def __init__(self) -> None:
        self.info = activity.info()
        self._began = time.monotonic()
        self.stopped: Reason | None = None
        """Why nothing more may be started: the run asked, the budget ends, or this worker does."""

    def now(self) -> datetime:
        return self.info.started_time + timedelta(seconds=time.monotonic() - self._began)

    def left(self) -> timedelta | None:
        """What is left of the budget (schedule-to-close); None where it has no bound."""
        return self._until(self.info.scheduled_time, self.info.schedule_to_close_timeout)

    def allows_another(self, wait: timedelta | None) -> bool:
        """Whether the server would run another attempt after `wait` (None: after its own backoff), with time to act."""
        policy = self.info.retry_policy
        if policy is not None:
            if policy.maximum_attempts and self.info.attempt >= policy.maximum_attempts:
                return False
            if wait is None:
                wait = policy.initial_interval * min(policy.backoff_coefficient ** (self.info.attempt - 1), 1e6)
                wait = min(wait, policy.maximum_interval or policy.initial_interval * 100)
        left = self.left()
        return left is None or left > (wait or timedelta()) + _reserve(self.info.schedule_to_close_timeout)

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Give up what runs inside just before the server gives up this attempt. Raises Unavailable then."""
        ends = [self._until(self.info.started_time, self.info.start_to_close_timeout), self.left()]
        bounds = [(end - CUT_OFF).total_seconds() for end in ends if end is not None]
        try:
            async with asyncio.timeout(max(0.1, min(bounds)) if bounds else None):
                yield
        except TimeoutError as error:
            raise Unavailable("no answer before the attempt's time was up") from error

    def _until(self, start: datetime, length: timedelta | None) -> timedelta | None:
        return None if length is None else start + length - self.now()

    async def run(self, work: Awaitable[T]) -> T:
        """Await the work to its end, whatever comes: a cancellation only sets `stopped`, and the work minds that.

        Heartbeats go out all the while, since cancellations come back on them. When the worker ends, or nobody waits
        for this attempt any more, ApplicationError (retryable) is raised once what was begun has ended.
        """
        task = asyncio.ensure_future(work)
        async with self._beating():
            while True:
                try:
                    return await asyncio.shield(task)
                except asyncio.CancelledError:
                    if task.cancelled():
                        raise
                    self.stopped = _why()

    @asynccontextmanager
    async def _beating(self) -> AsyncIterator[None]:
        beats = asyncio.ensure_future(self._beat())
        try:
            yield
        finally:
            beats.cancel()

    async def _beat(self) -> None:
        timeout = self.info.heartbeat_timeout
        pause = min(BEAT_SECONDS, timeout.total_seconds() / 3) if timeout else BEAT_SECONDS
        await asyncio.sleep(min(FIRST_BEAT_SECONDS, pause))
        while True:
            self.stopped = self.stopped or self._time_is_up()
            activity.heartbeat()
            await asyncio.sleep(pause)

    def _time_is_up(self) -> Reason | None:
        budget, attempt = self.info.schedule_to_close_timeout, self.info.start_to_close_timeout
        left = self.left()
        if left is not None and left < _reserve(budget):
            return "budget"
        left = self._until(self.info.started_time, attempt)
        return "attempt" if left is not None and left < _reserve(attempt) else None

    def check_interrupted(self, left: int) -> None:
        """Raises where this attempt ends with work `left` that another one should go on with, and can."""
        if self.stopped == "interrupted" or (self.stopped == "attempt" and left and self.allows_another(timedelta())):
            raise ApplicationError(f"the attempt ended with {left} left to do", type="Interrupted")


async def work_through(items: list[T], at_once: int, attempt: Attempt, act: Callable[[T], Awaitable[None]]) -> None:
    """Act on the items in order, `at_once` of them at a time, and start no more once the attempt is stopped.

    All that was started ends before the first exception is raised.
    """
    waiting = iter(items)

    async def one_after_the_other() -> None:
        while attempt.stopped is None and (item := next(waiting, None)) is not None:
            await act(item)

    lines = (one_after_the_other() for _ in range(min(at_once, len(items))))
    for result in await asyncio.gather(*lines, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _reserve(length: timedelta | None) -> timedelta:
    return min(RESERVE, length / 5) if length else RESERVE


def _why() -> Reason:
    details = activity.cancellation_details()
    return "asked" if details is not None and details.cancel_requested else "interrupted"
