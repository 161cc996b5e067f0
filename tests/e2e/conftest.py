"""Firedoor, up: once for the tests that only use it, and once for each that breaks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.upped import Upped


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upped]:
    upped = Upped(tmp_path_factory.mktemp("up"))
    upped.start()
    yield upped
    upped.stop()


@pytest.fixture
def own_up(tmp_path: Path) -> Iterator[Upped]:
    """One of the test's own, to be broken."""
    upped = Upped(tmp_path)
    upped.start()
    yield upped
    if upped.process is not None and upped.process.poll() is None:
        upped.stop()
