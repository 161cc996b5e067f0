"""A connector's error as Temporal's: its type by name, and whether and when to try again."""

from __future__ import annotations

from datetime import timedelta

from temporalio.exceptions import ApplicationError

from firedoor.connectors.errors import ConnectorError, Unavailable


def as_failure(error: ConnectorError, *, text: str | None = None, wait: timedelta | None = None) -> ApplicationError:
    """`text` replaces the error's own. `wait` is how long to wait at least; else what the error itself asks for."""
    asked = error.retry_after if isinstance(error, Unavailable) else None
    return ApplicationError(
        text or str(error), type=error.type, non_retryable=not error.retryable, next_retry_delay=wait or asked
    )
