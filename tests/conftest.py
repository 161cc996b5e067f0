"""Fixtures for every test, from tests/fixtures, and how the session ends."""

import time

pytest_plugins = ["tests.fixtures.servers"]


def pytest_unconfigure() -> None:
    """Lets the Temporal SDK's threads finish: ending right after a client's call can crash the interpreter's own end
    and turn a green session red (temporalio/sdk-python issue 300)."""
    time.sleep(0.1)
