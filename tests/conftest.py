"""Fixtures for every test, from tests/fixtures, which tests begin, and how the session ends."""

import time
from pathlib import Path

import pytest

pytest_plugins = ["tests.fixtures.servers"]

LONGEST = (
    "tests/e2e",
    "tests/bench",
    "tests/rehearsal",
    "tests/docs",
    "tests/compiler/proofs/test_soundness.py",
    "tests/activities/test_containing_property.py",
)
"""Where single tests take ten seconds to a minute."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """They begin: what begins last is waited for by all processes but one."""
    long = [config.rootpath / place for place in LONGEST]
    items.sort(key=lambda item: not any(_is_in(item.path, place) for place in long))


def _is_in(path: Path, place: Path) -> bool:
    return path == place or place in path.parents


def pytest_unconfigure() -> None:
    """Lets the Temporal SDK's threads finish: ending right after a client's call can crash the interpreter's own end
    and turn a green session red (temporalio/sdk-python issue 300)."""
    time.sleep(0.1)
