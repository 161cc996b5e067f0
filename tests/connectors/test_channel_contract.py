"""The one contract of all channels: the double in memory, a real mail server, a real homeserver, a real receiver."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from firedoor.connectors.apprise import AppriseChannel
from firedoor.connectors.channel import Channel, OutgoingMessage
from firedoor.connectors.errors import Unavailable
from firedoor.embedded.homeserver import Homeserver
from firedoor.people.recipients import Recipient
from tests.connectors.channel_kits import (
    SECRET,
    TOKEN,
    AppriseKit,
    AppriseMailKit,
    Form,
    Kit,
    MatrixKit,
    MemoryKit,
    Receiver,
    ServerNoticeKit,
    SmtpKit,
    WebhookKit,
)
from tests.connectors.http_platform import Served
from tests.fixtures.smtp import SmtpServer

SHARED = "matrix room"
"""The channel whose readers share what is sent."""
NEAR = ("memory", "memory in a file")
"""Channels that nothing stands between."""
KITS = [*NEAR, "mail", "webhook", SHARED, "matrix direct", "server notice", "apprise", "apprise mail"]

TEXT = "Zwei Konten — übernommen 🔥 漢字\n\n.\n<b>bold</b> &amp; {{ 7*7 }} “quoted”\nFrom here it goes on, to the end"


@pytest.fixture(params=KITS)
async def kit(
    request: pytest.FixtureRequest, homeserver: Homeserver, smtp_server: SmtpServer, tmp_path: Path
) -> AsyncIterator[Kit]:
    made: Kit
    match request.param:
        case "memory":
            made = MemoryKit()
        case "memory in a file":
            made = MemoryKit(tmp_path / "channel.db")
        case "mail":
            made = SmtpKit(smtp_server)
        case "webhook":
            receiver = Receiver()
            with Served(receiver.app()) as served:
                made = WebhookKit(receiver, served.url)
                yield made
                await made.close()
            return
        case "apprise":
            form = Form()
            with Served(form.app()) as served:
                made = AppriseKit(form, served.url)
                yield made
                await made.close()
            return
        case "apprise mail":
            made = AppriseMailKit(smtp_server)
        case "server notice":
            made = ServerNoticeKit(homeserver)
        case _:
            made = await MatrixKit.new(homeserver, shared=request.param == SHARED)
    yield made
    await made.close()


def message(kit: Kit, recipient: Recipient, **changes: Any) -> OutgoingMessage:
    address = kit.channel.address(recipient)
    assert address is not None
    data: dict[str, Any] = {
        "key": secrets.token_hex(8),
        "address": address,
        "subject": "SEV1 two accounts",
        "text": TEXT,
        "locale": "de",
    }
    return OutgoingMessage(**{**data, **changes})


def test_it_is_a_channel(kit: Kit) -> None:
    assert isinstance(kit.channel, Channel)


async def test_a_message_arrives_as_it_was_written(kit: Kit) -> None:
    reader = await kit.recipient()
    known_as = await kit.channel.send(message(kit, reader))
    (arrived,) = await kit.arrived(reader)
    assert arrived.text.rstrip("\n") == TEXT
    assert arrived.subject in (None, "SEV1 two accounts")
    assert known_as


async def test_the_same_key_is_one_message_where_the_system_can_tell(kit: Kit) -> None:
    reader = await kit.recipient()
    one = message(kit, reader)
    ids = [await kit.channel.send(one) for _ in range(3)]
    arrived = await kit.arrived(reader)
    assert len(set(ids)) == 1
    assert len({copy.id for copy in arrived}) == 1, "copies must be recognizable as one"
    if kit.channel.once:
        assert len(arrived) == 1


async def test_senders_that_race_with_one_key_send_one_message(kit: Kit) -> None:
    reader = await kit.recipient()
    one = message(kit, reader)
    ids = await asyncio.gather(*(kit.channel.send(one) for _ in range(5)), return_exceptions=True)
    sent = [known_as for known_as in ids if isinstance(known_as, str)]
    assert sent
    assert all(isinstance(error, Unavailable) for error in ids if not isinstance(error, str))
    assert len({copy.id for copy in await kit.arrived(reader)}) == 1
    if kit.channel.once:
        assert len(await kit.arrived(reader)) == 1


async def test_another_key_is_another_message(kit: Kit) -> None:
    reader = await kit.recipient()
    for number in range(2):
        await kit.channel.send(message(kit, reader, text=f"number {number}"))
    assert [copy.text.strip() for copy in await kit.arrived(reader)] == ["number 0", "number 1"]


@pytest.mark.parametrize("kit", [name for name in KITS if name != SHARED], indirect=True)
async def test_readers_do_not_get_each_others_messages(kit: Kit) -> None:
    one, other = await kit.recipient(), await kit.recipient()
    await kit.channel.send(message(kit, one, text="for one"))
    await kit.channel.send(message(kit, other, text="for the other"))
    assert [copy.text.strip() for copy in await kit.arrived(one)] == ["for one"]
    assert [copy.text.strip() for copy in await kit.arrived(other)] == ["for the other"]


async def test_a_subject_cannot_become_anything_else(kit: Kit) -> None:
    reader = await kit.recipient()
    attack = "SEV1\r\nBcc: everyone@platform.example\r\n\r\nand a body\u2028of its own\x00"
    await kit.channel.send(message(kit, reader, subject=attack, urgent=True, to=("Ana\r\nCc: x@y.example",)))
    (arrived,) = await kit.arrived(reader)
    assert "\n" not in (arrived.subject or "")
    assert TEXT in arrived.text.rstrip("\n") + "\n"


@pytest.mark.parametrize("kit", [name for name in KITS if name not in NEAR], indirect=True)
async def test_what_cannot_be_reached_is_tried_again(kit: Kit) -> None:
    channel = kit.unreachable()
    with pytest.raises(Unavailable) as failed:
        await channel.send(message(kit, await kit.recipient()))
    assert failed.value.retryable
    # Apprise does not say whether what failed can have arrived.
    assert failed.value.untouched or isinstance(channel, AppriseChannel)
    assert not any(hidden in str(failed.value) for hidden in (TOKEN, SECRET, "Konten"))
    await channel.close()


async def test_whoever_has_no_address_there_is_not_reached(kit: Kit) -> None:
    nobody = Recipient(id="x", kind="contact", name="X", languages=("en",))
    address = kit.channel.address(nobody)
    assert address in (None, "x") or address.startswith("#")


async def test_it_can_be_checked_without_telling_anyone(kit: Kit) -> None:
    await kit.channel.check()
