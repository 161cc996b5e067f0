"""What can go wrong with an outside system, by what to do about it: try again, or ask a person.

Texts reach timelines, logs and phones: they name the system, the call and the target, and hold no secret.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar


class ConnectorError(Exception):
    """An outside system did not do what it was asked. `retryable` says whether the same again can succeed."""

    retryable: ClassVar[bool] = False

    @property
    def type(self) -> str:
        """Stable name, for the failure's type in Temporal and in the record."""
        return type(self).__name__


class TargetMissing(ConnectorError):
    """There is no such account, item or thing on the platform."""


class Refused(ConnectorError):
    """The platform understood and said no."""


class UnknownCall(ConnectorError):
    """The connector has no such call, or not with such arguments."""


class BadSettings(ConnectorError):
    """The connector was set up wrongly, or its credentials are not accepted: a person has to mend it."""


class Unavailable(ConnectorError):
    """The platform cannot answer now. Whether it acted is not known, unless `untouched`.

    `retry_after` is what the platform asked for. `untouched` says that the request cannot have arrived; `answered`, that
    it is not on its way any more.
    """

    retryable = True

    def __init__(
        self,
        text: str,
        *,
        retry_after: timedelta | None = None,
        untouched: bool = False,
        answered: bool = False,
    ) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.untouched = untouched
        self.answered = answered


class Unconfirmed(Unavailable):
    """The platform took the call, and reading back does not show its effect (yet)."""


class Overtaken(ConnectorError):
    """The platform has seen a newer number for this thing: what was ordered is out of date."""
