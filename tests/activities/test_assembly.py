"""What a worker is made of, and what it says of the connectors that it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.assembly import assemble, put_together
from firedoor.compiler.book import load_book
from firedoor.connectors.memory import MemoryPlatform
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.installation import Installation
from firedoor.people.signatures import KeyRing
from firedoor.protocol import CONTAIN, ContainReport
from firedoor.records.all import open_records
from tests.activities.orders import LOCK, anyone, contain, environment

BOOK = Path(__file__).parents[2] / "playbooks"


async def test_closing_it_closes_every_connector_even_after_one_that_fails(tmp_path: Path) -> None:
    closed: list[str] = []

    class Closing(MemoryPlatform):
        async def close(self) -> None:
            closed.append(self.name)
            if self.name == "second":
                raise OSError("the connection broke")

    class ClosingChannel(MemoryChannel):
        async def close(self) -> None:
            closed.append(self.name)

    organization = load_book(BOOK).organization
    assert organization is not None
    platforms = {name: Closing(name) for name in ("first", "second")}
    records = open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")
    assembly = put_together(records, platforms, {"mail": ClosingChannel("mail")}, organization, anyone, {})
    with pytest.raises(OSError, match="the connection broke"):
        await assembly.close()
    assert sorted(closed) == ["first", "mail", "second"]


async def test_an_act_on_a_connector_without_its_variable_says_which_one_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SYNAPSE_URL", raising=False)
    monkeypatch.delenv("SYNAPSE_TOKEN", raising=False)
    monkeypatch.setattr("activities.assembly.Warrants", lambda *_: anyone)
    installation = Installation(tmp_path)
    KeyRing().save(installation.key_ring)
    assembly = assemble(BOOK, installation)
    act = next(one for one in assembly.activities if getattr(one, "__name__", "") == CONTAIN)
    report = await environment().run(act, contain(action=LOCK.model_copy(update={"connector": "synapse"})))
    assert isinstance(report, ContainReport)
    (outcome,) = report.outcomes
    assert outcome.state == "refused"
    assert "SYNAPSE_URL, which is not set" in str(outcome.error)
    await assembly.close()
