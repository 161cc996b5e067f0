"""The front door, opened for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.house import House, opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path / "home") as found:
        yield found
