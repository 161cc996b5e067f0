"""An organization's channels are made from its book and the environment; one that is wrong keeps no other from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor.connectors.channel import OutgoingMessage
from firedoor.connectors.channels import build
from firedoor.connectors.errors import Refused, TargetMissing
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.people.organization import Channel
from tests.connectors.channel_kits import SECRET, TOKEN
from tests.people.book import organization

ENVIRON = {
    "PAGER_URL": "https://pager.example/v2",
    "WEBHOOK_SECRET": SECRET,
    "MATRIX_URL": "https://matrix.example",
    "MATRIX_TOKEN": TOKEN,
    "SYNAPSE_URL": "https://matrix.example",
    "SYNAPSE_TOKEN": TOKEN,
    "SMTP_URL": "smtps://mail.example",
    "SMTP_SENDER": "firedoor@platform.example",
}


def test_the_example_book_needs_no_more_than_the_environment() -> None:
    made, wrong = build(organization(), ENVIRON)
    assert not wrong
    assert {name: type(channel).__name__ for name, channel in made.items()} == {
        "page": "WebhookChannel",
        "chat": "MatrixChannel",
        "email": "SmtpChannel",
        "platform": "ServerNoticeChannel",
    }
    assert [channel.name for channel in made.values()] == list(made)


def test_one_that_is_wrong_is_named_and_keeps_no_other_from_being_used() -> None:
    book = organization()
    book = book.model_copy(update={"channels": {**book.channels, "fax": Channel(name="fax", connector="fax")}})
    made, wrong = build(book, {name: value for name, value in ENVIRON.items() if name != "SMTP_URL"})
    assert set(made) == {"page", "chat", "platform"}
    assert "SMTP_URL" in str(wrong["email"])
    assert "there is no fax" in str(wrong["fax"])


async def test_the_double_counts_and_fails_as_told(tmp_path: Path) -> None:
    path = tmp_path / "sent.db"
    channel = MemoryChannel("page", path=path)
    one = OutgoingMessage("k", "ana", "s", "t", "en", to=("Ana",), mentions=("@ana:x",))
    channel.fail(Refused, address="omar")
    channel.fail(TargetMissing, times=2)
    channel.fail(Refused, after=True)
    for _ in range(2):
        with pytest.raises(TargetMissing):
            await channel.send(one)
    with pytest.raises(Refused):
        await channel.send(one)
    assert len(channel.sent()) == 1, "it had arrived, and its answer was lost"
    assert await channel.send(one) == channel.sent()[0].id
    await channel.close()

    again = MemoryChannel("page", path=path)
    assert [sent.message for sent in again.sent("ana")] == [one]
    assert again.tries() == 4
    with pytest.raises(Refused):
        await again.send(OutgoingMessage("k2", "omar", "s", "t", "en"))
    again.mend()
    await again.close()
